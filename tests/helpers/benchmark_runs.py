"""Tiny benchmarks: two photographs, networks of a few channels, and networks that record, fail or end their process."""

import contextlib
import os
import signal
from unittest import mock

import cv2
import torch
import torch.nn.functional as F
from basicsr.archs import build_network
from basicsr.utils.registry import ARCH_REGISTRY
from torch import nn

from helpers.trainings import write_photos
from mzsr_basicsr.benchmark import study
from mzsr_basicsr.benchmark.run import bench
from mzsr_basicsr.benchmark.run.methods import build_method
from mzsr_basicsr.benchmark.run.options import BenchmarkOptions
from mzsr_basicsr.benchmark.run.plan import make_plan
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.weights.files import save_atomically

NETWORK = {"type": "MZSRNetLR", "num_feat": 4, "num_conv": 2, "scale": 2}
FAULTS = {
    "RuntimeError": RuntimeError("two\nlines"),
    "AssertionError": AssertionError("no such size"),
    "ImportError": ImportError("no such part"),
}


@ARCH_REGISTRY.register()
class WatchedNet(nn.Module):
    """Repeats pixels; every input is kept."""

    seen: list[torch.Tensor] = []

    def __init__(self, scale=2):
        super().__init__()
        self.scale, self.weight = scale, nn.Parameter(torch.ones(1))

    def forward(self, lq):
        WatchedNet.seen.append(lq.detach().clone())
        return F.interpolate(lq * self.weight, scale_factor=self.scale)


@ARCH_REGISTRY.register()
class FaultyNet(WatchedNet):
    """Repeats pixels, but for images of one width (LR px)."""

    def __init__(self, fault="RuntimeError", width=0, scale=2):
        super().__init__(scale)
        self.fault, self.width = fault, width

    def forward(self, lq):
        if lq.shape[-1] != self.width:
            return super().forward(lq)
        if self.fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "nan":
            return super().forward(lq) * float("nan")
        if self.fault == "small":
            return super().forward(lq)[..., 1:]
        raise FAULTS[self.fault]


def make_place(root, odd=True):
    """Write photographs p0 (48x40 px) and p1 (45x39 px) to root/gt, and the weights net.pth, spy.pth and faulty.pth."""
    photos = write_photos(root / "gt", 2)
    if odd:
        cv2.imwrite(str(photos / "p1.png"), cv2.imread(str(photos / "p1.png"))[:39, :45])
    save(root / "net.pth")
    for name, kind in (("spy", "WatchedNet"), ("faulty", "FaultyNet")):
        save(root / f"{name}.pth", {"type": kind, "scale": 2}, rates=None)
    return root


def save(path, network=NETWORK, seed=0, rates=0.02, **about):
    """Save a network as an MZSRModel does, and give it."""
    torch.manual_seed(seed)
    built = build_network(dict(network)).eval()
    content = {"params": built.state_dict()}
    content["about"] = {"scale": float(network.get("scale", 2)), "network_g": dict(network), **about}
    if rates is not None:
        content["rates"] = torch.full((5, len(list(built.parameters()))), rates)
    save_atomically(content, path)
    return built


def network_method(file, **more):
    return {"type": "network", "weights": str(file), **more}


def faulty(root, fault, width=23, **more):
    """A method that fails on p1."""
    section = {"type": "FaultyNet", "fault": fault, "width": width, "scale": 2}
    return network_method(root / "faulty.pth", network_g=section, **more)


def options(root, **changes):
    """The content of an option file."""
    given = {"name": "tiny", "output": str(root / "out"), "datasets": {"Tiny": str(root / "gt")}}
    return {**given, "device": "cpu", "kernels": ["g2.0d"], "methods": {"bicubic": {}}, **changes}


def planned(content):
    return make_plan(parse(BenchmarkOptions, "", content))


def benchmark(content, update=False, reports=False, **choice):
    """Run a benchmark; give its results and its folder."""
    silent = contextlib.nullcontext() if reports else mock.patch.object(study, "write_reports")
    with silent:
        return study.run_benchmark(planned(content), study.Choice(**choice), update)


def count_calls(monkeypatch, stop_at=None):
    """Note (label, kernel, width of the LR image) of every call of a method; stop as Ctrl-C does before one."""
    calls = []

    def build(label, *rest):
        method = build_method(label, *rest)

        def run(lq, degradation):
            if len(calls) == stop_at:
                raise KeyboardInterrupt
            calls.append((label, degradation.name, lq.shape[-1]))
            return method(lq, degradation)

        return run

    monkeypatch.setattr(bench, "build_method", build)
    return calls


def read(path):
    """Read a picture with OpenCV: (H, W, 3) uint8 RGB."""
    return cv2.imread(str(path))[..., ::-1].copy()
