"""The README's examples run, and say what is true."""

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import yaml
from basicsr.utils.options import ordered_yaml

from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.host import launch
from mzsr_basicsr.meta import LEARNERS, MetaStep, Pairs, Task

README = (Path(__file__).parents[1] / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
YAML = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def task() -> Task:
    hr = torch.rand(2, 3, 16, 16)
    pairs = Pairs(F.avg_pool2d(hr, 2), hr)
    return Task(pairs, pairs, Degradation(gaussian_kernel(1.0, 1.0, 0.0).float(), 2.0))


@pytest.fixture
def examples():
    """Run the example code as a user's module would be; registries are put back."""
    from basicsr.utils.registry import ARCH_REGISTRY

    names: dict = {}
    for code in PYTHON:
        exec(compile(code, "README.md", "exec"), names)  # noqa: S102
    yield names
    ARCH_REGISTRY._obj_map.pop("TinyNet")
    LEARNERS.pop("reptile")


def test_the_architecture_takes_a_meta_step(examples) -> None:
    network = examples["TinyNet"]()
    loss, _ = MetaStep(network, LEARNERS["maml"], F.l1_loss, 2, 1e-2)([task()], (0.0, 1.0))
    loss.backward()
    assert all(p.grad.abs().sum() > 0 for p in network.parameters())


def test_the_meta_learner_points_to_the_adapted_parameters(examples) -> None:
    """With one step Reptile's gradient is the rate times the support gradient."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 12, 3, padding=1), torch.nn.PixelShuffle(2))
    given = task()
    step = MetaStep(network, examples["reptile"], F.l1_loss, 1, 0.1)
    step([given], (1.0,))[0].backward()
    expected = torch.autograd.grad(F.l1_loss(network(given.support.lq), given.support.gt), list(network.parameters()))
    for parameter, slope in zip(network.parameters(), expected):
        torch.testing.assert_close(parameter.grad, 0.1 * slope, atol=1e-7, rtol=1e-4)


def test_the_photo_is_upscaled(examples) -> None:
    assert examples["enlarged"].shape == (96, 128, 3) and examples["enlarged"].dtype == "uint8"
    assert len(examples["result"].losses) == 11


def test_the_examples_are_about_30_lines() -> None:
    assert len(PYTHON) == 3
    assert all(code.count("\n") <= 30 for code in PYTHON)


def test_the_option_example_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "o.yml"
    file.write_text(YAML[0])
    launch.check_option_file(file, training=False)
    opt = yaml.load(YAML[0], Loader=ordered_yaml()[0])
    assert opt["datasets"]["test"]["type"] == "ZeroShotDataset"


def test_named_files_exist() -> None:
    root = Path(__file__).parents[1]
    for name in re.findall(r"`([\w/]+\.(?:yml|md|py))`", README):
        assert any((root / folder / name).exists() for folder in ("", "options", "mzsr_basicsr")), name
