"""What would end a run with a traceback ends it with one line, before anything is made or an earlier run is moved."""

import contextlib
import random
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from basicsr.utils.registry import ARCH_REGISTRY
from helpers.launches import TEST, TRAIN, changed, launch, make_place
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from mzsr_basicsr import test, train
from mzsr_basicsr.host import sections, trial

NETWORK = "network_g: {type: MZSRNetLR, num_feat: 6, num_conv: 3}"


class Attention(nn.Module):
    """Attention over all pixels, under the backend that torch chooses, or under the one that can be derived twice."""

    def __init__(self, math=False):
        super().__init__()
        self.math = math
        self.first, self.last = nn.Conv2d(3, 24, 1), nn.Conv2d(8, 12, 3, padding=1)

    def forward(self, lq):
        parts = [x.flatten(2).transpose(1, 2)[:, None] for x in self.first(lq).chunk(3, 1)]
        with sdpa_kernel(SDPBackend.MATH) if self.math else contextlib.nullcontext():
            seen = F.scaled_dot_product_attention(*parts)[:, 0]
        return F.pixel_shuffle(self.last(seen.transpose(1, 2).reshape(len(lq), 8, *lq.shape[-2:])), 2)


class Needy(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Conv2d(3, 12, 3, padding=1)

    def forward(self, lq, sigma):
        return F.pixel_shuffle(self.last(lq), 2)


@pytest.fixture(autouse=True)
def _networks(monkeypatch):
    for network in (Attention, Needy):
        monkeypatch.setitem(ARCH_REGISTRY._obj_map, network.__name__, network)


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "experiments/tiny/models").mkdir(parents=True)
    (tmp_path / "experiments/tiny/models/good.pth").write_text("an earlier run")
    return make_place(tmp_path, monkeypatch)


def network(text: str) -> tuple[str, str]:
    return NETWORK, f"network_g: {{{text}}}"


BAD_TRAININGS = {
    "a GPU": ([("num_gpu: 0", "num_gpu: 1")], "num_gpu: 1, but PyTorch finds no GPU here; give 0 for the CPU, or auto"),
    "GPUs as text": ([("num_gpu: 0", "num_gpu: one")], "num_gpu: 'one'; give 0 for the CPU"),
    "a misspelt key": ([("ema_decay", "ema_dacay")], "train.ema_dacay: unknown key; did you mean `ema_decay`?"),
    "missing data": ([("dataroot_gt: photos\n", "dataroot_gt: none\n")], "datasets.train.dataroot_gt: folder none"),
    "missing test data": ([("dataroot_gt: photos, k", "dataroot_gt: none, k")], "datasets.val.dataroot_gt: folder none"),
    "a missing kernel": ([("gaussian:1.0", "none.mat")], "none.mat"),
    "a phase of tests": ([("  val: {name", "  test: {name")], "datasets.test: no section of a training; allowed: train, val"),
    "two training sets": ([("  val: {name", "  train_2: {name")], "datasets.train_2: no section of a training"),
    "no training set": ([("  train:\n    name: t", "  val_2:\n    name: t")], "datasets.train: required key is missing"),
    "a set as text": ([("  val: {name", "  val_2: photos\n  val: {name")], "datasets.val_2: 'photos' is no section"),
    "a path as number": ([("path: {", "path: {root: 3, ")], "path.root: 3 is no path"),
    "half a validation": ([("val_freq: 1000, ", "")], "val.val_freq: required key is missing"),
    "no workers": ([("    num_worker_per_gpu: 0\n", "")], "datasets.train.num_worker_per_gpu: required key is missing"),
    "grey images": ([network("type: MSRResNet, num_in_ch: 1, num_feat: 4, num_block: 1, upscale: 2")], "network_g: MSRResNet takes no RGB image"),
    "another argument": ([network("type: Needy")], "network_g: Needy takes no RGB image"),
    "no argument": ([network("type: EDSR")], "network_g: EDSR cannot be built (TypeError: EDSR.__init__() missing 2 required"),
    "attention": ([network("type: Attention")], "train.meta.outer: second_order differentiates Attention twice, which a part of it cannot"),
    "no updates": ([("updates: [0, 1]", "updates: []")], "val.zero_shot.updates: []; give one or more numbers"),
    "a metric's key": ([("crop_border: 2", "crop_bordre: 2")], "val.metrics"),
    "a folder as name": ([("name: tiny", "name: a/b")], "name: 'a/b' names a folder: give a text without slashes"),
    "a number as name": ([("name: tiny", "name: 12")], "name: 12 names a folder"),
    "a text as seed": ([("manual_seed: 0", "manual_seed: none")], "manual_seed: 'none'; give a whole number, or ~"),
    "loaders": ([("    num_worker_per_gpu: 0", "    num_worker_per_gpu: 0\n    persistent_workers: true")], "datasets.train: KernelMetaDataset gives no item (ValueError: persistent_workers"),
    "prefetching on a GPU": ([("    num_worker_per_gpu: 0", "    num_worker_per_gpu: 0\n    prefetch_mode: cuda")], "datasets.train.prefetch_mode: cuda needs a GPU"),
    "wandb alone": ([("project: ~", "project: p")], "logger.wandb.project: wandb copies tensorboard's log"),
    "a model that is not ours": ([("model_type: MZSRModel", "model_type: SRGANModel")], "model_type: SRGANModel cannot start with these options"),
    "a set that is not ours": ([("type: ZeroShotDataset", "type: PairedImageDataset")], "datasets.val: PairedImageDataset gives no item"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "line"), BAD_TRAININGS.values(), ids=BAD_TRAININGS)
def test_a_bad_training_leaves_the_earlier_run_alone(place, monkeypatch, changes, line) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    before = sorted(place.rglob("*"))
    assert f"error: {line}" in launch(monkeypatch, train, changed(TRAIN, *changes))
    assert sorted(place.rglob("*")) == sorted([*before, place / "o.yml"])


@pytest.mark.parametrize("place_of_it", ["gt", "lq"])
def test_a_bad_validation_image_is_found_at_the_start(place, monkeypatch, place_of_it) -> None:
    shutil.copytree("photos", "others")
    Path("others/p2.png").write_bytes(Path("others/p2.png").read_bytes()[:90])
    given = "dataroot_gt: others" if place_of_it == "gt" else "dataroot_gt: photos, dataroot_lq: others"
    line = launch(monkeypatch, train, changed(TRAIN, ("dataroot_gt: photos, k", f"{given}, k")))
    assert "others/p" in line and ("p2.png: damaged" in line) == (place_of_it == "gt")
    assert (place / "experiments/tiny/models/good.pth").is_file()


def test_an_image_too_small_for_a_metric_is_found_at_the_start(place, monkeypatch) -> None:
    cv2.imwrite("photos/p1.png", np.zeros((3, 4, 3), np.uint8))
    line = launch(monkeypatch, test, TEST)
    assert "metric: shaving 2 px off 3x4 must leave 1 px or more" in line and not Path("results").exists()


@pytest.mark.parametrize("package", ["tensorboard", "wandb"])
def test_a_missing_logger_is_said(place, monkeypatch, package) -> None:
    module = {"tensorboard": "torch.utils.tensorboard"}.get(package, package)
    monkeypatch.setitem(sys.modules, module, None)
    changes = [("use_tb_logger: false", "use_tb_logger: true"), ("project: ~", "project: p")]
    line = launch(monkeypatch, train, changed(TRAIN, *changes[: 1 if package == "tensorboard" else 2]))
    assert f"needs the package {package}, which cannot be imported" in line and f"pip install {package}" in line
    assert (place / "experiments/tiny/models/good.pth").is_file()


def test_a_wandb_that_makes_no_name(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", type(sys)("wandb"))
    opt = {"name": "x", "logger": {"use_tb_logger": True, "wandb": {"project": "p"}}}
    with pytest.raises(ValueError, match=r"logger.wandb.resume_id: this wandb makes no name"):
        sections.check_loggers(opt)
    sections.check_loggers({**opt, "name": "debug_x"})
    opt["logger"]["wandb"]["resume_id"] = "mine"
    sections.check_loggers(opt)


def test_a_training_file_is_no_test(place, monkeypatch) -> None:
    assert "error: datasets.train: a training file cannot be tested with; run `mzsr train`" in launch(
        monkeypatch, test, TRAIN
    )
    assert "error: datasets.test: no section of a training" in launch(monkeypatch, train, TEST)
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("updates: [0, 1]", "updates: []", "val.zero_shot.updates: []"),
        ("dataroot_gt: photos", "dataroot_gt: none", "datasets.test.dataroot_gt: folder none does not exist"),
        ("updates: [0, 1]", "updates: [0, 1], rates: learned", "the weights hold no rates"),
        (NETWORK, "network_g: {type: Needy}", "network_g: Needy takes no RGB image"),
        ("num_gpu: 0", "num_gpu: 1", "num_gpu: 1, but PyTorch finds no GPU"),
    ],
)
def test_a_bad_test_leaves_the_earlier_results_alone(place, monkeypatch, old, new, line) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert line in launch(monkeypatch, test, changed(TEST, (old, new)))
    assert not Path("results").exists()


def test_what_works_instead_of_torchs_own_attention(place, monkeypatch) -> None:
    math = changed(TRAIN, network("type: Attention, math: true"))
    assert launch(monkeypatch, train, math) == ""
    first = changed(TRAIN, network("type: Attention"), ("inner_steps: 2,", "inner_steps: 2, order: 1,"))
    assert launch(monkeypatch, train, changed(first, ("name: tiny", "name: first"))) == ""


def test_sizes_in_multiples_are_trained_and_tested(place, monkeypatch) -> None:
    swin = "type: SwinIR, upscale: 2, img_size: 16, window_size: 8, embed_dim: 12, depths: [2], num_heads: [2], upsampler: pixelshuffledirect"
    text = changed(TRAIN, network(swin), ("gt_size: 16", "gt_size: 18"))
    assert launch(monkeypatch, train, text) == ""
    weights = "experiments/tiny/models/net_g_latest.pth"
    trained = changed(TEST, network(swin), ("pretrain_network_g: ~", f"pretrain_network_g: {weights}"))
    assert launch(monkeypatch, test, trained) == ""


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("name", "--force_yml name: write KEY:KEY=VALUE"),
        ("trian:total_iter=3", "--force_yml trian:total_iter=3: write KEY:KEY=VALUE, of a section that"),
        ("name=a=b", "--force_yml name=a=b: write KEY:KEY=VALUE"),
        ("val:zero_shot:updates=[0,", "--force_yml val:zero_shot:updates=[0,: [0, cannot be read"),
        ("train:total_iter=0", "train.total_iter"),
        ("model_type=MSZRModel", "model_type: 'MSZRModel' is not registered"),
    ],
)
def test_forced_values_are_checked_too(place, monkeypatch, entry, line) -> None:
    assert line in launch(monkeypatch, train, TRAIN, "--force_yml", entry)


@pytest.mark.parametrize(("name", "program"), [("pytorch", "torchrun"), ("slurm", "Slurm")])
def test_a_launcher_that_has_not_launched(place, monkeypatch, name, program) -> None:
    for variable in ("RANK", "SLURM_PROCID"):
        monkeypatch.delenv(variable, raising=False)
    line = launch(monkeypatch, train, TRAIN, "--launcher", name)
    assert line.startswith(f"error: --launcher {name}: is for processes of {program}; start them by")


def test_random_numbers_are_as_if_nothing_had_been_tried() -> None:
    def draw():
        return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002

    def seed():
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        torch.manual_seed(1)

    seed()
    expected = draw()
    seed()
    with trial.untouched():
        draw()
    assert draw() == expected
