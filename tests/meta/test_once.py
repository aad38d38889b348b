"""What LR image and kernel alone decide is computed once for a task, however many inner steps there are."""

from collections import Counter
from importlib import import_module

import pytest
import torch
import torch.nn.functional as F

from mzsr_basicsr.archs import mzsr_arch, mzsr_lr_arch, mzsr_unrolled_arch, mzsr_wiener_arch
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
from mzsr_basicsr.models.inner_loop import by_signal
from mzsr_basicsr.signals import SignalSettings

CASES = {
    "paper": (lambda: mzsr_arch.MZSRNet(num_feat=4, num_conv=2), mzsr_arch, ["upscale"]),
    "lr": (lambda: mzsr_lr_arch.MZSRNetLR(num_feat=4, num_conv=2), mzsr_lr_arch, ["upscale"]),
    "conditioned": (
        lambda: mzsr_lr_arch.MZSRNetLR(num_feat=4, num_conv=2, kernel_code=3),
        mzsr_lr_arch,
        ["upscale"],
    ),
    "wiener": (lambda: mzsr_wiener_arch.MZSRNetWiener(num_feat=4, num_block=1), mzsr_wiener_arch, ["linear_upscale"]),
    "unrolled": (
        lambda: mzsr_unrolled_arch.MZSRNetUnrolled(num_feat=4, stages=[1, 1]),
        mzsr_unrolled_arch,
        ["linear_upscale", "wiener_filter"],
    ),
}


def counted(monkeypatch: pytest.MonkeyPatch, module: object, names: list[str], counts: Counter) -> None:
    for name in names:
        monkeypatch.setattr(module, name, counting(getattr(module, name), name, counts))


def counting(function, name: str, counts: Counter):
    def called(*args, **given):
        counts[name] += 1
        return function(*args, **given)

    return called


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("options", [{}, {"recompute": True}, {"mixed": True}])
def test_once_for_each_set_of_a_task(monkeypatch: pytest.MonkeyPatch, kind: str, steps: int, options: dict) -> None:
    build, module, names = CASES[kind]
    network, counts = build(), Counter()
    kernel = gaussian_kernel(1.0, 1.0, 0.0, 5).float()
    tasks = [
        Task(Pairs(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 16, 16)), Pairs(*[torch.rand(1, 3, n, n) for n in (8, 16)]), Degradation(kernel, 2))
        for _ in range(2)
    ]  # fmt: skip
    step = MetaStep(network, maml, F.l1_loss, steps, 0.01, **options)
    counted(monkeypatch, module, names, counts)
    step(tasks, (1 / steps,) * steps)[0].backward()
    assert counts == dict.fromkeys(names, 4)  # two tasks of two sets


@pytest.mark.parametrize("steps", [1, 5])
def test_the_son_is_made_once(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    network, counts = CASES["lr"][0](), Counter()
    kernel = gaussian_kernel(1.0, 1.0, 0.0, 5).float()
    image, truth = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 32, 32)
    task = Task(
        Pairs(torch.rand(1, 3, 8, 8), image), Pairs(image, truth), Degradation(kernel, 2), made=Degradation(kernel, 2)
    )
    teach = by_signal(SignalSettings("son"), True)
    counted(monkeypatch, import_module("mzsr_basicsr.signals.son"), ["make_son"], counts)
    step = MetaStep(network, maml, F.l1_loss, steps, 0.01, teach=teach)
    step([task], (1 / steps,) * steps)[0].backward()
    assert counts["make_son"] == 1
