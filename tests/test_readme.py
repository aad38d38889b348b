"""The examples of the README and of docs run, and do what the text says."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import yaml
from basicsr.utils.options import ordered_yaml
from basicsr.utils.registry import ARCH_REGISTRY, DATASET_REGISTRY
from helpers.documents import PAGES, blocks, name
from helpers.places import ROOT
from helpers.trainings import write_photos

from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.host import launch
from mzsr_basicsr.meta import LEARNERS, OUTERS, RULES, SCOPES, MetaStep, Pairs, Task, maml
from mzsr_basicsr.signals import SIGNALS

YAML = [(name(page), text) for page in PAGES for text in blocks(page, "yaml")]
SCRIPTS = {"export.md"}  # with a command line of their own; tests/cli/test_export.py runs it
WITH_EXAMPLES = [page for page in PAGES if blocks(page, "python") and page.name not in SCRIPTS]
EXTEND = ROOT / "docs" / "extend.md"
UPSCALE = ROOT / "docs" / "upscale.md"


def task() -> Task:
    from mzsr_basicsr import Degradation

    hr = torch.rand(2, 3, 16, 16)
    pairs = Pairs(F.avg_pool2d(hr, 2), hr)
    return Task(pairs, pairs, Degradation(gaussian_kernel(1.0, 1.0, 0.0).float(), 2.0))


@pytest.fixture(autouse=True)
def _registries() -> Iterator[None]:
    """What examples register is taken out again."""
    registries = (ARCH_REGISTRY._obj_map, DATASET_REGISTRY._obj_map, LEARNERS, OUTERS, RULES, SCOPES, SIGNALS)
    before = [dict(names) for names in registries]
    yield
    for names, kept in zip(registries, before):
        names.clear()
        names.update(kept)


def run(page: Path, *words: str) -> dict:
    """Run the blocks of a page that hold a word, or all, one after the other as a user's module would be."""
    names: dict = {}
    chosen = [code for code in blocks(page, "python") if not words or any(word in code for word in words)]
    assert chosen
    for code in chosen:
        exec(compile(code, page.name, "exec"), names)  # noqa: S102
    return names


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name)
def test_all_examples_of_a_page_run(page: Path) -> None:
    run(page)


def test_the_architecture_takes_a_meta_step() -> None:
    network = run(EXTEND, "TinyNet")["TinyNet"]()
    loss, _ = MetaStep(network, maml, F.l1_loss, 2, 1e-2)([task()], (0.0, 1.0))
    loss.backward()
    assert all(p.grad.abs().sum() > 0 for p in network.parameters())


def test_the_meta_learner_points_to_the_adapted_parameters() -> None:
    """With one step the average is its end, and the gradient the rate times the support gradient, as Reptile's."""
    outer = run(EXTEND, "towards_average")["towards_average"]
    assert OUTERS[LEARNERS["lazy_reptile"].outer] is outer
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 12, 3, padding=1), torch.nn.PixelShuffle(2))
    given = task()
    step = MetaStep(network, outer, F.l1_loss, 1, 0.1)
    step([given], (1.0,))[0].backward()
    expected = torch.autograd.grad(F.l1_loss(network(given.support.lq), given.support.gt), list(network.parameters()))
    for parameter, slope in zip(network.parameters(), expected):
        torch.testing.assert_close(parameter.grad, 0.1 * slope, atol=1e-7, rtol=1e-4)


def test_the_data_set_draws_its_own_kernels(tmp_path: Path) -> None:
    run(EXTEND, "MeasuredKernelDataset")
    kernels = [gaussian_kernel(variance, 1.0, 0.0) for variance in (1.0, 3.0)]
    for index, kernel in enumerate(kernels):
        np.save(tmp_path / f"{index}.npy", kernel.numpy())
    section = {
        "name": "mine", "type": "MeasuredKernelDataset", "phase": "train", "scale": 2, "gt_size": 32, "task": "internal",
        "dataroot_gt": str(write_photos(tmp_path / "photos", 2)), "kernel_folder": str(tmp_path),
        "batch_size_per_gpu": 1, "num_worker_per_gpu": 0, "length": 12,
    }  # fmt: skip
    dataset = DATASET_REGISTRY.get("MeasuredKernelDataset")(section)
    drawn = [dataset[i]["kernel"] for i in range(12)]
    found = [[torch.equal(kernel.float(), one) for kernel in kernels].index(True) for one in drawn]
    assert set(found) == {0, 1}
    assert torch.equal(dataset[3]["kernel"], drawn[3])


@pytest.mark.parametrize("page", [ROOT / "README.md", UPSCALE], ids=name)
def test_the_photo_is_upscaled(page: Path) -> None:
    examples = run(page, "enlarged")
    assert examples["enlarged"].shape == (96, 128, 3) and examples["enlarged"].dtype == "uint8"
    if "result" in examples:
        assert len(examples["result"].losses) == 11


def test_a_kernel_may_be_an_array() -> None:
    examples = run(UPSCALE)
    np.testing.assert_allclose(examples["known"].kernel, examples["flat"])


def test_the_degradation_serves_adaptation() -> None:
    examples = run(EXTEND, "zero_shot(")
    assert examples["lq"].shape == (1, 3, 24, 32)
    assert examples["adapted"].images[5].shape == (1, 3, 48, 64) and len(examples["adapted"].losses) == 6


def test_the_examples_are_about_30_lines() -> None:
    assert all(code.count("\n") <= 30 for page in PAGES for code in blocks(page, "python"))


@pytest.mark.parametrize("text", [text for _, text in YAML], ids=[page for page, _ in YAML])
def test_the_option_example_is_valid(text: str, tmp_path: Path) -> None:
    file = tmp_path / "o.yml"
    file.write_text(text)
    launch.check_option_file(file, training=False)
    opt = yaml.load(text, Loader=ordered_yaml()[0])
    assert opt["datasets"]["test"]["type"] == "ZeroShotDataset"


def test_fenced_blocks_are_of_known_kinds() -> None:
    """So that none escapes these tests by another word after the fence."""
    opened = [kind for page in PAGES for kind in re.findall(r"^```(.*)$", page.read_text(), re.MULTILINE)]
    assert set(opened) <= {"", "python", "yaml"}
    assert len(opened) % 2 == 0
