"""Choices, images and weights that `mzsr_basicsr.upscaling.api.upscale` refuses, each in one line."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from basicsr.archs import build_network
from helpers.small_networks import photo, save_network

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, ImageError, KernelError, MZSRError, WeightsError
from mzsr_basicsr.upscaling.api import Result, upscale
from mzsr_basicsr.upscaling.device import choose_device
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.weights.files import save_atomically


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


def plain(image: object, weights: str, **choices: object) -> Result:
    base = {"weights": weights, "kernel": "gaussian:1.0", "updates": 0, "noise": 0, "device": "cpu"}
    return upscale(image, **{**base, **choices})


BAD = [
    ({"image": np.zeros((1, 1, 3), np.uint8)}, ImageError, "1x1 px is too small; at least 8x8 px"),
    ({"image": np.zeros((0, 40, 3), np.uint8)}, ImageError, "40x0 px is too small"),
    ({"image": np.full((9, 9), math.nan, np.float32)}, ImageError, "image: 0 px hold data, all others NaN, infinite"),
    ({"image": torch.full((3, 9, 9), math.inf)}, ImageError, "image: 0 px hold data, all others NaN, infinite"),
    ({"image": np.full((9, 9), 7, np.uint8), "nodata": 7}, ImageError, "image: 0 px hold data"),
    (
        {"image": np.dstack([np.ones((9, 9)), np.full((9, 9), math.inf)]), "alpha": False},
        ImageError,
        "px in band 2 hold",
    ),
    ({"image": np.where(np.eye(9) > 0, np.ones((9, 9)), math.nan)}, ImageError, "image: 9 px hold data"),
    ({"image": np.dstack([np.ones((9, 9)), np.full((9, 9), math.nan)])}, ImageError, "NaN or infinite; repair it"),
    ({"nodata": "none"}, ConfigError, "nodata: 'none' must be a number"),
    ({"nodata": True}, ConfigError, "nodata: True must be a number"),
    ({"image": torch.zeros(3, 9, 9, dtype=torch.bfloat16)}, ImageError, "torch.bfloat16 pixels; convert them"),
    ({"image": torch.zeros(2, 3, 9, 9)}, ImageError, "shape (2, 3, 9, 9); allowed: (H, W)"),
    ({"image": np.zeros(9)}, ImageError, "shape (9,); allowed"),
    ({"image": [[1, 2], [3, 4]]}, ImageError, "a list; give a NumPy array or a torch tensor"),
    ({"image": np.zeros((9, 9), np.int32)}, ImageError, "int32 pixels; supported: uint8"),
    ({"image": np.zeros((9, 9, 1), np.uint8), "alpha": True}, ImageError, "an image is (H, W) or (H, W, C)"),
    ({"image": photo(9, 9), "kernel": "gaussian:2,2,0,21"}, KernelError, "larger than the image at x2 (18 px); give a"),
    ({"kernel": "gausian:1"}, KernelError, "gausian:1: unknown kernel, did you mean gaussian? allowed:"),
    ({"kernel": np.ones((3, 3))}, KernelError, "kernel: kernel sums to 9; it must sum to 1"),
    ({"kernel": torch.ones(2, 2) / 4}, KernelError, "kernel: kernel is 2x2; it must be square with an odd side"),
    ({"kernel": np.ones((19, 19)) / 361}, KernelError, "the 19 px kernel is larger than the image at x2 (18 px)"),
    ({"kernel": 2.0}, ConfigError, "kernel: a float; give a text, a file, an array or a Degradation"),
    ({"kernel": Degradation("delta", 3)}, ConfigError, "scale: 2, but the degradation's is 3; give the same scale"),
    ({"kernel": "auto-free", "subsampling": "bicubic"}, ConfigError, "bicubic does not go with the kernel auto-free"),
    ({"subsampling": "nearest"}, ConfigError, "subsampling: 'nearest'; allowed: auto, direct, bicubic"),
    ({"device": "tpu"}, ConfigError, "device: 'tpu'; allowed: auto, cpu, cuda, mps"),
    ({"scale": 4.5}, ConfigError, "scale: 4.5 must be from 1 to 4"),
    ({"scale": math.nan}, ConfigError, "scale: nan must be a number from 1 to 4"),
    ({"updates": 2.5}, ConfigError, "updates: 2.5 must be a whole number from 0 to 10000"),
    ({"updates": -1}, ConfigError, "updates: -1 must be from 0 to 10000"),
    ({"back_projection": 1.5}, ConfigError, "back-projection: 1.5 must be a whole number"),
    ({"seed": "a"}, ConfigError, "seed: 'a' must be a whole number"),
    ({"tile": 8}, ConfigError, "tile: 8 must be from 32 to 8192"),
    ({"noise": "loud"}, ConfigError, "noise: 'loud' must be"),
    ({"noise": True}, ConfigError, "noise: True must be"),
    ({"tiles": 8}, ConfigError, "unknown choice 'tiles'; known: back_projection, device"),
    ({"weights": Path("w.pth")}, ConfigError, "give a text"),
    ({"weights": "none.pth"}, WeightsError, "none.pth: weights file does not exist"),
    ({"weights": "shipped:none"}, WeightsError, "shipped:none: no such network is shipped; allowed: shipped:"),
]


@pytest.mark.parametrize(("choices", "error", "message"), BAD, ids=[message[:20] for *_, message in BAD])
def test_bad_input_is_told_in_one_line(small: str, choices: dict, error: type[MZSRError], message: str) -> None:
    with pytest.raises(error) as caught:
        plain(**{"image": photo(9, 9), "weights": small, **choices})
    assert message in str(caught.value) and "\n" not in str(caught.value)


class Trap:
    """A pickle that would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("kind", ["text", "empty", "list", "no network", "code", "real scale", "KernelNet"])
def test_weights_that_are_not_weights_are_refused_and_run_no_code(tmp_path: Path, kind: str) -> None:
    path, made = tmp_path / "w.pth", tmp_path / "made"
    network = {"type": "MZSRNet", "num_feat": 4, "num_conv": 2}
    content = {
        "list": [1, 2],
        "no network": {"params": {}, "about": {"scale": 2.0}},
        "code": {"params": Trap(made), "about": {"scale": 2.0, "network_g": network}},
        "real scale": {
            "params": build_network(dict(network)).state_dict(),
            "about": {"scale": 2.5, "network_g": network},
        },
    }
    if kind in content:
        save_atomically(content[kind], path)
    elif kind != "KernelNet":
        path.write_bytes(b"weights" if kind == "text" else b"")
    weights = "shipped:kernel_net" if kind == "KernelNet" else str(path)
    with pytest.raises((WeightsError, ConfigError)) as caught:
        plain(photo(), weights)
    assert (weights in str(caught.value)) and "\n" not in str(caught.value)
    assert not made.exists()
    torch.load(path, weights_only=False) if kind == "code" else None
    assert made.exists() == (kind == "code")  # the trap works


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"about": 5}, "does not say which network it is for"),
        ({"about": {"scale": "x"}}, "does not say which network it is for"),
        ({"about": {"scale": math.nan}}, "does not say which network it is for"),
        ({"about": {"scale": 3.0}}, "says it is for scale 3, but its network is not"),
        ({"rates": 5}, "its learned rates do not fit its network"),
        ({"rates": torch.ones(2, 3)}, "its learned rates do not fit its network"),
        ({"params": math.nan}, "holds weights that are NaN or infinite"),
    ],
)
def test_weights_that_contradict_themselves_are_refused(tmp_path: Path, change: dict, message: str) -> None:
    path = save_network(tmp_path / "w.pth")
    content = torch.load(path, weights_only=True)
    if isinstance(change.get("about"), dict):
        change = {"about": content["about"] | change["about"]}
    if "params" in change:
        change = {"params": {name: value * change["params"] for name, value in content["params"].items()}}
    save_atomically(content | change, path)
    with pytest.raises(WeightsError) as caught:
        plain(photo(), path)
    assert str(caught.value).startswith(f"{path}: {message}") and "\n" not in str(caught.value)


def test_a_device_that_is_not_there_is_told() -> None:
    for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if not there:
            with pytest.raises(ConfigError, match=f"device: {name} is not there; found: .*cpu"):
                choose_device(name)
    assert choose_device("cpu") == torch.device("cpu")


def test_the_weights_of_the_nearest_scale_are_taken() -> None:
    names = {2: "shipped:mzsr_domains_x2", 3: "shipped:mzsr_x3", 4: "shipped:mzsr_x4"}
    for scale, expected in ((1, 2), (1.7, 2), (2.4, 2), (2.5, 3), (3, 3), (3.5, 4), (4, 4)):
        assert UpscaleSettings(scale=scale).weights_file() == names[expected]
    assert UpscaleSettings(scale=4, weights="w.pth").weights_file() == "w.pth"
