"""ZSSRModel through BasicSR's own test pipeline: its results are those of `zssr`, and a wrong file is one line."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from basicsr.archs import build_network
from helpers.commands import restored_signals
from helpers.trainings import write_photos

from mzsr_basicsr.cli import main as cli
from mzsr_basicsr.data.zero_shot_dataset import ZeroShotDataset
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.models.zssr_model import ZSSRModel
from mzsr_basicsr.zssr import ZSSRSettings, zssr

OPTIONS = """plugin: !!python/name:mzsr_basicsr.PLUGIN
name: tiny_zssr
model_type: ZSSRModel
scale: 2
num_gpu: 0
manual_seed: 3
datasets:
  test: {{name: Tiny, type: ZeroShotDataset, dataroot_gt: {photos}, kernel: "gaussian:1.0", subsampling: direct}}
network_g: {{type: MZSRNet, num_feat: 4, num_conv: 2}}
path: {{pretrain_network_g: ~}}
val:
  save_img: true
  metrics: {{psnr: {{type: calculate_psnr_paper, crop_border: 2}}}}
  zssr: {{updates: [1, 4], crop: 16, back_projection: 1}}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 2)
    return tmp_path


def run(monkeypatch, text: str) -> str:
    """Run the command; give the line it ends with, or nothing."""
    Path("o.yml").write_text(text)
    shutil.rmtree("results", ignore_errors=True)  # BasicSR would rename it, by the second
    monkeypatch.setattr(sys, "argv", ["mzsr", "test", "-opt", "o.yml"])
    with restored_signals():
        try:
            cli.main()
        except SystemExit as end:
            return str(end.code or "")
    return ""


def test_the_pipeline_gives_what_zssr_gives(place, monkeypatch) -> None:
    assert run(monkeypatch, OPTIONS.format(photos="photos")) == ""
    rows = json.loads(Path("results/tiny_zssr/Tiny.json").read_text())
    assert [row["image"] for row in rows] == ["p0", "p1", "mean"]
    data = ZeroShotDataset(
        {
            "name": "Tiny",
            "type": "ZeroShotDataset",
            "phase": "test",
            "scale": 2,
            "dataroot_gt": "photos",
            "kernel": "gaussian:1.0",
        }
    )
    from basicsr.utils import set_random_seed

    set_random_seed(3)
    network = build_network({"type": "MZSRNet", "num_feat": 4, "num_conv": 2})
    settings = ZSSRSettings(updates=(1, 4), crop=16, back_projection=1)
    for row, item in zip(rows, data):
        result = zssr(network, item["lq"][None], Degradation(item["kernel"], 2), settings)
        gt = (item["gt"] * 255).round().byte().permute(1, 2, 0).numpy()
        for update in (1, 4):
            sr = torch.round(result.images[update][0] * 255).byte().permute(1, 2, 0).numpy()
            assert row["values"][str(update)]["psnr"] == pytest.approx(
                psnr_y(np.ascontiguousarray(sr), gt, 2), abs=0.02
            )
    assert len(list(Path("results/tiny_zssr").rglob("*updates_*.png"))) == 4


def test_wrong_files_are_one_line(place, monkeypatch) -> None:
    text = OPTIONS.format(photos="photos")
    assert "val.zssr.crops: unknown key; did you mean `crop`?" in run(monkeypatch, text.replace("crop:", "crops:"))
    assert "val.zero_shot: unknown key" in run(monkeypatch, text.replace("  zssr: {", "  zero_shot: {"))
    assert "val.zssr.gradual: [3.0] must rise" in run(monkeypatch, text.replace("crop: 16", "crop: 16, gradual: [3.0]"))
    assert "network_g.scale: 4 differs from `scale` 2" in run(
        monkeypatch, text.replace("num_conv: 2", "num_conv: 2, scale: 4")
    )


def test_it_does_not_train() -> None:
    with pytest.raises(ConfigError, match="ZSSRModel learns each image at the test"):
        ZSSRModel({"is_train": True})
