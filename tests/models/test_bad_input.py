"""Every bad input ends the launcher with one clear line and exit status 1; run in this process, through the real pipeline."""

import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mzsr_basicsr import test, train
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR

OPTIONS = """plugin: !!python/name:mzsr_basicsr.PLUGIN
name: bad
model_type: MZSRModel
scale: 2
num_gpu: 0
manual_seed: 0
datasets:
  train:
    name: t
    type: KernelMetaDataset
    dataroot_gt: photos
    support: 1
    query: 1
    gt_size: 16
    length: 10
    batch_size_per_gpu: 1
    num_worker_per_gpu: 0
network_g: {type: MZSRNetLR, num_feat: 4, num_conv: 2}
path:
  pretrain_network_g: ~
  strict_load_g: true
  resume_state: ~
train:
  total_iter: 1
  optim_g: {type: Adam, lr: 1.0e-4}
  scheduler: {type: MultiStepLR, milestones: [1]}
  pixel_opt: {type: L1Loss, loss_weight: 1.0, reduction: mean}
  meta: {inner_steps: 1}
logger: {print_freq: 1, save_checkpoint_freq: 1, use_tb_logger: false}
"""
TEST = """plugin: !!python/name:mzsr_basicsr.PLUGIN
name: bad_test
model_type: MZSRModel
scale: 2
num_gpu: 0
manual_seed: 0
datasets:
  test:
    name: z
    type: ZeroShotDataset
    dataroot_gt: photos
    kernel: gaussian:1.0
network_g: {type: MZSRNetLR, num_feat: 4, num_conv: 2}
path: {pretrain_network_g: ~}
val: {save_img: false, metrics: {psnr: {type: calculate_psnr_paper, crop_border: 2}}, zero_shot: {updates: [0, 1]}}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "photos").mkdir()
    for i in range(2):
        image = np.random.default_rng(i).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / "photos" / f"{i}.png"), image)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, launcher, text: str, *arguments: str) -> str:
    """Run a launcher and return the line it exits with ("" after a success)."""
    Path("opt.yml").write_text(text)
    shutil.rmtree("results", ignore_errors=True)  # BasicSR would rename it, at most once a second
    monkeypatch.setattr(sys, "argv", ["launcher", "-opt", "opt.yml", *arguments])
    try:
        launcher.main()
    except SystemExit as end:
        assert isinstance(end.code, str)  # Python prints it and exits with status 1
        assert end.code.count("\n") == 0
        return end.code
    return ""


def test_the_good_files_run(place, monkeypatch) -> None:
    assert run(monkeypatch, train, OPTIONS) == ""
    assert torch.load("experiments/bad/models/net_g_latest.pth", weights_only=True)["rates"].shape == (1, 4)
    assert run(monkeypatch, test, TEST) == ""
    assert Path("results/bad_test/z.json").is_file()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("total_iter: 1", "total_iter: 1\n  ema_dacay: 0.9", "error: train.ema_dacay: unknown key; did you mean `ema_decay`?"),
        ("lr: 1.0e-4", "lr: fast", "error: train.optim_g.lr: 'fast' must be a positive number, as 1.0e-4"),
        ("lr: 1.0e-4", "lr: -1e-4", "error: train.optim_g.lr: -0.0001 must be a positive number, as 1.0e-4"),
        ("milestones: [1]", "milestones: 1", "error: train.scheduler.milestones: 1: Expected `array`, got `int`"),
        ("milestones: [1]", "restarts: [0, 1], milestones: [1]", "error: train.scheduler.restart_weights: 1 for 2 restarts; give one for each"),
        ("MultiStepLR, milestones: [1]", "CosineAnnealingRestartLR, periods: [0]", "error: train.scheduler.periods: [0]: Expected `int` >= 1"),
        ("MultiStepLR, milestones: [1]", "CosineAnnealingRestartLR, periods: [1, 1]", "error: train.scheduler.restart_weights: 1 for 2 periods; give one for each"),
        ("MultiStepLR, milestones: [1]", "CosineAnnealingRestartLR, periods: []\n    , restart_weights: []", "error: train.scheduler.periods: [] end after 0 iterations, train.total_iter is 1; they must sum to 1 or more"),
        ("  total_iter: 1\n", "", "error: train.total_iter: required key is missing; add it to the option file"),
        ("inner_steps: 1", "inner_steps: one", "error: train.meta.inner_steps: 'one': Expected `int`, got `str`"),
        ("inner_steps: 1", "learner: reptil", "error: train.meta.learner: 'reptil' is not registered; did you mean `reptile`?"),
        ("type: L1Loss", "type: L1Los", "error: train.pixel_opt.type: 'L1Los' is not registered; did you mean `L1Loss`?"),
        ("reduction: mean", "reduktion: mean", "error: train.pixel_opt.reduktion: unknown key; did you mean `reduction`?"),
        ("type: MultiStepLR", "type: StepLR", "error: train.scheduler.type: 'StepLR' is not registered; did you mean `MultiStepLR`?"),
        ("milestones: [1]", "milestone: [1]", "error: train.scheduler.milestone: unknown key; did you mean `milestones`?"),
        ("type: Adam", "type: Adan", "error: train.optim_g.type: 'Adan'; allowed: Adam, AdamW"),
        ("gt_size: 16", "gt_size: 25", ".png: 24x24 is smaller than gt_size 25"),
        ("    batch_size_per_gpu: 1\n", "", "error: datasets.train.batch_size_per_gpu: required key is missing"),
        ("gt_size: 16", "gt_siz: 16", "error: datasets.train.gt_siz: unknown key; did you mean `gt_size`?"),
        ("dataroot_gt: photos", "dataroot_gt: nowhere", "error: datasets.train.dataroot_gt: folder nowhere does not exist"),
        ("length: 10", "kernel_law: {lambda1: [-1.0, 2.0]}", "error: datasets.train.kernel_law.lambda1"),
        ("total_iter: 1", "total_iter: 11", "error: datasets.train.length: 10 tasks; train.total_iter needs 11"),
        ("pretrain_network_g: ~", "pretrain_network_g: none.pth", "error: none.pth: weights file does not exist"),
        ("pretrain_network_g: ~", "pretrain_network_g: shipped:none", "error: shipped:none: no such network is shipped; allowed: shipped:"),
        ("support: 1", "support: 0", "error: datasets.train.support: 0"),
        ("length: 10", "length: 10\n    kernel_law: {shapes: 1.5}", "error: datasets.train.kernel_law.shapes: 1.5"),
        ("length: 10", "length: 10\n    subsampling: bicubic\n    kernel_law: {bicubic: 0.5}", "error: datasets.train.kernel_law.bicubic: a share"),
        ("total_iter: 1", "total_iter: 1\n  precision: half", "error: train.precision: 'half'"),
        ("num_conv: 2", "num_conv: 1", "error: network_g.num_conv: 1 is too small"),
        ("num_conv: 2", "num_cnv: 2", "error: network_g.num_cnv: unknown key; did you mean `num_conv`?"),
        ("type: MZSRNetLR", "type: MZSRNett", "error: network_g.type: 'MZSRNett' is not registered; did you mean `MZSRNet`?"),
        ("num_conv: 2", "num_conv: 2, scale: 4", "error: network_g.scale: 4 differs from `scale` 2; make them equal"),
        ("num_gpu: 0", "num_gpu: 2", "error: num_gpu: 2"),
        ("type: MZSRNetLR", "type: [MZSRNetLR]", "error: network_g.type: ['MZSRNetLR'] is not registered"),
        ("model_type: MZSRModel", "model_type: {a: 1}", "error: model_type: OrderedDict("),
        ("type: KernelMetaDataset", "type: !!set {a}", "error: datasets.train.type: {'a'} is not registered"),
        ("{type: MZSRNetLR, num_feat: 4, num_conv: 2}", "{type: EDSR, num_in_ch: 3, num_out_ch: 3, num_feat: 4, num_block: 1}", "error: network_g: EDSR makes 32x32 px of 8x8 px, where scale 2 needs 16x16"),
    ],
)  # fmt: skip
def test_bad_training_options(place, monkeypatch, old, new, message) -> None:
    assert old in OPTIONS
    assert message in run(monkeypatch, train, OPTIONS.replace(old, new, 1))
    assert not list(place.rglob("*.pth"))


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        ("kernel: missing.mat", "missing.mat"),
        ("kernel: even.npy", "4x4"),
        ("kernel: half.npy", "sum"),
        ("kernel: negative.npy", "negative"),
        ("kernel: nan.npy", "NaN"),
        ("kernel: gaussian:2.0,x", "gaussian:2.0,x"),
        ("kernel: disk:big", "disk:big: not numbers"),
        ("kernel: delta\n    told_kernel: missing.mat", "missing.mat"),
        ("kernel_folder: photos/none", "has no kernel"),
        ("subsampling: direct", "give exactly one of `kernel`"),
    ],
)  # fmt: skip
def test_bad_kernels(place, monkeypatch, kernel, message) -> None:
    np.save("even.npy", np.full((4, 4), 1 / 16))
    np.save("half.npy", np.full((3, 3), 1 / 18))
    np.save("negative.npy", np.array([[0, -0.5, 0], [0, 2.0, 0], [0, -0.5, 0]]))
    np.save("nan.npy", np.full((3, 3), np.nan))
    line = run(monkeypatch, test, TEST.replace("kernel: gaussian:1.0", kernel))
    assert line.startswith("error: ")
    assert message in line


def save(path: str, content: object) -> None:
    torch.save(content, path)


def test_bad_weights(place, monkeypatch) -> None:
    text = TEST.replace("pretrain_network_g: ~", "pretrain_network_g: w.pth")
    save("w.pth", {"params": MZSRNetLR(num_feat=6, num_conv=3).state_dict()})
    line = run(monkeypatch, test, text)
    assert "w.pth: weights of another network than this MZSRNetLR" in line
    assert "unexpected body.4.weight (12, 6, 3, 3)" in line
    assert "body.0.weight is (6, 3, 3, 3), needs (4, 3, 3, 3)" in line
    save("w.pth", {"params": MZSRNetLR(num_feat=4, num_conv=2).state_dict(), "about": {"scale": 4.0}})
    assert "w.pth: trained for scale 4, the options say 2" in run(monkeypatch, test, text)
    Path("w.pth").write_bytes(b"not a file of torch")
    assert "w.pth: damaged, or no weights file that can be loaded safely" in run(monkeypatch, test, text)
    save("w.pth", {"params": print})  # carries code
    assert "w.pth: damaged, or no weights file that can be loaded safely" in run(monkeypatch, test, text)
    save("w.pth", {"weights": {}})
    assert "w.pth: has no `params`; it holds: weights" in run(monkeypatch, test, text)
    save("w.pth", {"params": MZSRNetLR(num_feat=4, num_conv=2).state_dict()})
    learned = text.replace("updates: [0, 1]", "updates: [0, 1], rates: learned")
    assert "the weights hold no rates" in run(monkeypatch, test, learned)
    for rates, message in (
        (torch.ones(2, 9), "w.pth: its learned rates do not fit its network"),
        ("many", "the weights hold no rates"),
    ):
        save("w.pth", {"params": MZSRNetLR(num_feat=4, num_conv=2).state_dict(), "rates": rates})
        assert message in run(monkeypatch, test, learned)
        assert run(monkeypatch, test, text) == ""
    save("w.pth", {"state_dict": {f"net_g.{k}": v for k, v in MZSRNetLR(num_feat=4, num_conv=2).state_dict().items()}})
    assert run(monkeypatch, test, text) == ""


def test_the_default_length_is_checked_too(place, monkeypatch) -> None:
    text = OPTIONS.replace("    length: 10\n", "").replace("total_iter: 1\n", "total_iter: 1000001\n")
    assert "datasets.train.length: 1000000 tasks; train.total_iter needs 1000001" in run(monkeypatch, train, text)


def test_an_experiments_folder_of_another_run(place, monkeypatch) -> None:
    assert run(monkeypatch, train, OPTIONS) == ""
    line = run(monkeypatch, train, OPTIONS.replace("num_feat: 4", "num_feat: 6"), "--auto_resume")
    assert "belongs to another run: its `network_g` is" in line
    assert "give this run another `name`" in line


def test_option_files_that_are_none(place, monkeypatch) -> None:
    assert "opt.yml" in run(monkeypatch, train, "name: [unclosed")
    assert "model_type: 'MSZRModel' is not registered; did you mean `MZSRModel`?" in run(
        monkeypatch, train, OPTIONS.replace("MZSRModel", "MSZRModel", 1)
    )
    assert "error: scale: required key is missing" in run(monkeypatch, test, TEST.replace("scale: 2\n", "", 1))
    monkeypatch.setattr(sys, "argv", ["launcher", "-opt", "absent.yml"])
    with pytest.raises(SystemExit, match="absent.yml"):
        train.main()


def test_a_network_of_another_scale_is_no_test_either(place, monkeypatch) -> None:
    edsr = "{type: EDSR, num_in_ch: 3, num_out_ch: 3, num_feat: 4, num_block: 1}"
    line = run(monkeypatch, test, TEST.replace("{type: MZSRNetLR, num_feat: 4, num_conv: 2}", edsr))
    assert line.startswith("error: network_g: EDSR makes ") and "where scale 2 needs" in line
    zssr = TEST.replace("model_type: MZSRModel", "model_type: ZSSRModel").replace(
        "zero_shot: {updates: [0, 1]}", "zssr: {updates: [2]}"
    )
    line = run(monkeypatch, test, zssr.replace("{type: MZSRNetLR, num_feat: 4, num_conv: 2}", edsr))
    assert line.startswith("error: network_g: EDSR makes ") and "where scale 2 needs" in line


def test_bad_metrics(place, monkeypatch) -> None:
    line = run(monkeypatch, test, TEST.replace("crop_border: 2", "crop_bordre: 2"))
    assert "val.metrics" in line
    assert "crop_border" in line
