"""A small training and a small test, run by our launchers in this process."""

import shutil
import sys
from pathlib import Path

import pytest

from helpers.commands import restored_signals
from helpers.trainings import OPTIONS, write_photos

TRAIN = OPTIONS.format(photos="photos", total=2, batch=1, workers=0)
TEST = """plugin: !!python/name:mzsr_basicsr.PLUGIN
name: small_test
model_type: MZSRModel
scale: 2
num_gpu: 0
manual_seed: 0
datasets:
  test: {name: z, type: ZeroShotDataset, dataroot_gt: photos, kernel: "gaussian:1.0"}
network_g: {type: MZSRNetLR, num_feat: 6, num_conv: 3}
path: {pretrain_network_g: ~}
val: {save_img: false, metrics: {psnr: {type: calculate_psnr_paper, crop_border: 2}}, zero_shot: {updates: [0, 1]}}
"""


def make_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with three photographs in `photos`."""
    write_photos(folder / "photos", 3)
    monkeypatch.chdir(folder)
    return folder


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Replace parts of an option file that must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def launch(monkeypatch: pytest.MonkeyPatch, launcher, text: str, *arguments: str) -> str:
    """Run a launcher and return the one line that it ends with ("" after a success)."""
    Path("o.yml").write_text(text)
    shutil.rmtree("results", ignore_errors=True)  # BasicSR would rename it, at most once a second
    monkeypatch.setattr(sys, "argv", ["launcher", "-opt", "o.yml", *arguments])
    with restored_signals():
        try:
            launcher.main()
        except SystemExit as end:
            assert isinstance(end.code, str) and "\n" not in end.code  # Python prints it and exits with status 1
            return end.code
    return ""
