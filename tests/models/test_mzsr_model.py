"""MZSRModel through BasicSR's own pipeline: what it logs, saves and leaves behind."""

import json
import logging
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from basicsr.data import build_dataset
from basicsr.models import build_model
from basicsr.utils.logger import initialized_logger
from basicsr.utils.options import ordered_yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mzsr_basicsr import test, train
from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.errors import TrainingError
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.metrics.results import load_json
from mzsr_basicsr.weights.manner import manner_as_plain

OPTIONS = """plugin: !!python/name:mzsr_basicsr.PLUGIN
name: whole
model_type: MZSRModel
scale: 2
num_gpu: 0
manual_seed: 0
datasets:
  train: {name: t, type: KernelMetaDataset, dataroot_gt: photos, support: 2, query: 2, gt_size: 16, length: 10, batch_size_per_gpu: 2, num_worker_per_gpu: 0}
  val: {name: v, type: ZeroShotDataset, dataroot_gt: photos, kernel: "gaussian:1.0"}
network_g: {type: MZSRNetLR, num_feat: 4, num_conv: 2, kernel_code: 3}
path: {pretrain_network_g: ~, strict_load_g: true, resume_state: ~}
train:
  total_iter: 4
  ema_decay: 0.5
  clip_grad_norm: 0.5
  optim_g: {type: AdamW, lr: 1.0e-3, weight_decay: 0.01}
  scheduler: {type: MultiStepLR, milestones: [2]}
  pixel_opt: {type: L1Loss, loss_weight: 1.0, reduction: mean}
  meta: {inner_steps: 2, learn_rates: true, loss_weights: annealed}
val:
  val_freq: 2
  save_img: true
  metrics: {psnr: {type: calculate_psnr_paper, crop_border: 2}, ssim: {type: calculate_ssim_paper, crop_border: 2}, float: {type: calculate_psnr, crop_border: 2, test_y_channel: true}}
  zero_shot: {updates: [0, 2], rates: learned}
logger: {print_freq: 1, save_checkpoint_freq: 2, use_tb_logger: true}
"""
TEST = """plugin: !!python/name:mzsr_basicsr.PLUGIN
name: whole_test
model_type: MZSRModel
scale: 2
num_gpu: 0
manual_seed: 0
datasets:
  test: {name: z, type: ZeroShotDataset, dataroot_gt: photos, kernel: "gaussian:1.0"}
network_g: {type: MZSRNetLR, num_feat: 4, num_conv: 2, kernel_code: 3}
path: {pretrain_network_g: experiments/whole/models/net_g_latest.pth}
val:
  save_img: true
  suffix: x
  comparison: true
  metrics: {psnr: {type: calculate_psnr_paper, crop_border: 2}}
  zero_shot: {updates: [0, 2], rates: learned, back_projection: 1, self_ensemble: true, early_stop: 1, son_noise: 0.01}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train and test once; the tests below look at what that left."""
    root = tmp_path_factory.mktemp("whole")
    (root / "photos").mkdir()
    for i in range(3):
        small = np.random.default_rng(i).integers(0, 256, (12, 13, 3), dtype=np.uint8)
        cv2.imwrite(str(root / "photos" / f"p{i}.png"), cv2.resize(small, (101, 97), interpolation=cv2.INTER_CUBIC))
    (root / "train.yml").write_text(OPTIONS)
    (root / "test.yml").write_text(TEST)
    initialized_logger.clear()  # an earlier test may have begun the log elsewhere
    logging.getLogger("basicsr").handlers.clear()
    patch = pytest.MonkeyPatch()
    patch.chdir(root)
    for launcher, file in ((train, "train.yml"), (test, "test.yml")):
        patch.setattr(sys, "argv", ["launcher", "-opt", file])
        launcher.main()
    patch.undo()
    return root


def test_training_moves_weights_rates_and_ema(place: Path) -> None:
    saved = [torch.load(place / f"experiments/whole/models/net_g_{n}.pth", weights_only=True) for n in (2, 4)]
    for key in ("params", "params_ema"):
        assert any(not torch.equal(saved[0][key][name], saved[1][key][name]) for name in saved[0][key])
    assert saved[1]["rates"].shape == (2, 4)
    assert not torch.allclose(saved[1]["rates"], torch.full((2, 4), 1e-2), rtol=1e-6)
    network = {"type": "MZSRNetLR", "num_feat": 4, "num_conv": 2, "kernel_code": 3}
    assert saved[1]["about"] == {"scale": 2.0, "network_g": network, "manner": manner_as_plain(Manner())}


def test_the_ema_is_the_moving_average(tmp_path: Path, place: Path) -> None:
    saved = {n: torch.load(place / f"experiments/whole/models/net_g_{n}.pth", weights_only=True) for n in (4, "latest")}
    for name, value in saved[4]["params_ema"].items():
        assert torch.equal(value, saved["latest"]["params_ema"][name])
    assert not torch.equal(saved[4]["params"]["body.0.weight"], saved[4]["params_ema"]["body.0.weight"])


def test_before_and_after_reach_log_and_tensorboard(place: Path) -> None:
    log = next((place / "experiments" / "whole").glob("train_*.log")).read_text()
    assert "Validation v (psnr / ssim / float)" in log
    assert "before" in log
    assert "after 2" in log
    events = EventAccumulator(str(place / "tb_logger" / "whole"))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert {
        "metrics/v/psnr_0",
        "metrics/v/psnr_2",
        "metrics/v/psnr_bicubic",
        "metrics/v/p1/ssim_2",
        "losses/l_query",
    } <= tags
    scalars = events.Scalars("metrics/v/psnr_2")
    assert [scalar.step for scalar in scalars][:2] == [2, 4]
    per_image = [events.Scalars(f"metrics/v/p{i}/psnr_2")[0].value for i in range(3)]
    assert scalars[0].value == pytest.approx(np.mean(per_image), abs=1e-4)


def test_the_result_table_is_measured_on_the_written_images(place: Path) -> None:
    rows = load_json(place / "results/whole_test/z.json")
    assert [row.image for row in rows] == ["p0", "p1", "p2", "mean"]
    picture = cv2.imread(str(place / "results/whole_test/visualization/z/p1_2updates_x.png"))
    gt = cv2.imread(str(place / "photos/p1.png"))
    assert picture.shape == gt.shape == (97, 101, 3)  # an odd size keeps its extent
    assert rows[1].values["2"]["psnr"] == pytest.approx(psnr_y(picture[..., ::-1], gt[..., ::-1], 2), abs=1e-9)
    assert json.loads((place / "results/whole_test/z.json").read_text())[3]["image"] == "mean"


def test_the_comparison_picture_shows_every_column(place: Path) -> None:
    picture = cv2.imread(str(place / "results/whole_test/visualization/z/p0_comparison.png"))
    assert picture.shape[1] == 4 * (96 * 3 + 4)  # HR, bicubic, before, after 2


def build(place: Path, text: str, training: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(place)
    opt = yaml.load(text, Loader=ordered_yaml()[0])
    opt.update(dist=False, rank=0, world_size=1, auto_resume=False, is_train=training)
    for phase, section in opt["datasets"].items():
        section.update(phase=phase, scale=2)
    opt["path"].update(models=str(place), training_states=str(place), visualization=str(place), log=str(place))
    return build_model(opt), opt


def test_test_leaves_the_model_as_it_was_found(place: Path, monkeypatch) -> None:
    model, opt = build(place, OPTIONS, True, monkeypatch)
    before = {name: value.clone() for name, value in model.net_g.state_dict().items()}
    model.feed_data(torch.utils.data.default_collate([build_dataset(opt["datasets"]["val"])[0]]))
    model.test()
    assert all(torch.equal(value, before[name]) for name, value in model.net_g.state_dict().items())
    assert model.net_g.training
    assert set(model.result.images) == {0, 2}


def test_testing_takes_the_ema_weights_unless_told_otherwise(place: Path, monkeypatch) -> None:
    saved = torch.load(place / "experiments/whole/models/net_g_latest.pth", weights_only=True)
    model, _ = build(place, TEST, False, monkeypatch)
    assert torch.equal(model.net_g.body[0].weight, saved["params_ema"]["body.0.weight"])
    model, _ = build(place, TEST.replace("latest.pth", "latest.pth, param_key_g: params"), False, monkeypatch)
    assert torch.equal(model.net_g.body[0].weight, saved["params"]["body.0.weight"])


def test_zero_rates_and_no_training_is_bicubic(place: Path, monkeypatch) -> None:
    """A network whose last layer is zero scores bicubic's PSNR in every column, through the whole model."""
    text = TEST.replace(
        "path: {pretrain_network_g: experiments/whole/models/net_g_latest.pth}", "path: {pretrain_network_g: ~}"
    )
    text = text.replace(
        "rates: learned, back_projection: 1, self_ensemble: true, early_stop: 1, son_noise: 0.01",
        "rates: [[0, 1.0e-9]]",
    )
    model, opt = build(place, text, False, monkeypatch)
    torch.nn.init.zeros_(model.net_g.body[-1].weight)
    torch.nn.init.zeros_(model.net_g.body[-1].bias)
    item = build_dataset(opt["datasets"]["test"])[0]
    model.feed_data(torch.utils.data.default_collate([item]))
    model.test()
    torch.testing.assert_close(model.output, upscale(item["lq"][None], 2).clamp(0, 1), atol=1e-5, rtol=0)


def test_images_without_ground_truth_are_super_resolved(place: Path, monkeypatch) -> None:
    monkeypatch.chdir(place)
    shutil.rmtree(place / "results" / "no_gt", ignore_errors=True)
    text = TEST.replace("dataroot_gt", "dataroot_lq").replace("whole_test", "no_gt")
    (place / "no_gt.yml").write_text(text)
    monkeypatch.setattr(sys, "argv", ["launcher", "-opt", "no_gt.yml"])
    test.main()
    written = sorted(p.name for p in (place / "results/no_gt/visualization/z").glob("*.png"))
    assert written == [f"p{i}_{n}updates_x.png" for i in range(3) for n in (0, 2)]
    assert cv2.imread(str(place / f"results/no_gt/visualization/z/{written[0]}")).shape == (194, 202, 3)


def test_every_zero_shot_option_reaches_the_settings(place: Path, monkeypatch) -> None:
    given = {
        "son_noise": 0.25,
        "quantize_son": True,
        "back_projection": 3,
        "self_ensemble": False,
        "early_stop": 7,
        "seed": 5,
    }
    start, end = TEST.index("  zero_shot:"), TEST.rindex("}")
    text = (
        f"{TEST[:start]}  zero_shot: {json.dumps({'updates': [0, 4], 'rates': [[0, 0.5]], **given})}\n{TEST[end + 2 :]}"
    )
    model, _ = build(place, text, False, monkeypatch)
    settings = model.settings()
    assert {name: getattr(settings, name) for name in given} == given
    assert settings.updates == (0, 4) and settings.schedule.steps == ((0, 0.5),)


@pytest.mark.parametrize("rate", ["50.0", "1.0e+30"])
def test_a_wild_rate_stops_a_test_and_not_a_training(place: Path, monkeypatch, caplog, rate: str) -> None:
    """A test says it in a line; a validation measures the network without updates."""
    wild = f"rates: [[0, {rate}]]"
    text = TEST.replace("rates: learned, back_projection: 1, self_ensemble: true, early_stop: 1, son_noise: 0.01", wild)
    model, opt = build(place, text, False, monkeypatch)
    item = torch.utils.data.default_collate([build_dataset(opt["datasets"]["test"])[0]])
    model.feed_data(item)
    with pytest.raises(TrainingError, match=r"^rates: the loss is \S+ after 2 updates"):
        model.test()
    model, _ = build(place, OPTIONS.replace("rates: learned", wild), True, monkeypatch)
    model.feed_data(item)
    monkeypatch.setattr(logging.getLogger("basicsr"), "propagate", True)
    model.test()
    assert set(model.result.images) == {0, 2} and torch.equal(model.result.images[0], model.result.images[2])
    assert "the network is measured without updates" in caplog.text
