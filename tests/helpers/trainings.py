"""What the tests of whole runs share: tiny photographs, a tiny complete option file, and processes to run it in."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from helpers.places import ROOT

OPTIONS = """plugin: !!python/name:mzsr_basicsr.PLUGIN
name: tiny
model_type: MZSRModel
scale: 2
num_gpu: 0
manual_seed: 0
datasets:
  train:
    name: t
    type: KernelMetaDataset
    dataroot_gt: {photos}
    support: 2
    query: 2
    gt_size: 16
    noise: [0.0, 0.05]
    length: 4000
    batch_size_per_gpu: {batch}
    num_worker_per_gpu: {workers}
  val: {{name: v, type: ZeroShotDataset, dataroot_gt: {photos}, kernel: "gaussian:1.0"}}
network_g: {{type: MZSRNetLR, num_feat: 6, num_conv: 3}}
path: {{pretrain_network_g: ~, strict_load_g: true, resume_state: ~}}
train:
  total_iter: {total}
  ema_decay: 0.5
  time_budget: 0.0
  optim_g: {{type: Adam, lr: 1.0e-3}}
  scheduler: {{type: MultiStepLR, milestones: [3], gamma: 0.5}}
  pixel_opt: {{type: L1Loss, loss_weight: 1.0, reduction: mean}}
  meta: {{inner_steps: 2, inner_rate: 1.0e-2, learn_rates: true, loss_weights: annealed}}
val: {{val_freq: 1000, save_img: false, metrics: {{psnr: {{type: calculate_psnr_paper, crop_border: 2}}}}, zero_shot: {{updates: [0, 1]}}}}
logger: {{print_freq: 1, save_checkpoint_freq: 2, use_tb_logger: false, wandb: {{project: ~, resume_id: ~}}}}
dist_params: {{backend: nccl, port: 29500}}
"""


def write_photos(folder: Path, count: int = 5) -> Path:
    """Write seeded 48x40 PNG photographs p0, p1, … with smooth and textured parts; return the folder."""
    folder.mkdir(exist_ok=True)
    y, x = np.mgrid[:40, :48] / 48
    for seed in range(count):
        rng = np.random.default_rng(seed)
        smooth = rng.uniform(0.3, 0.7, 3) + x[..., None] * rng.uniform(-0.3, 0.3, 3)
        angle, frequency = rng.uniform(0, np.pi), rng.uniform(20, 60)
        stripes = 0.3 * np.sin(frequency * (np.cos(angle) * x + np.sin(angle) * y)) * (x > 0.4)
        image = smooth + stripes[..., None] + rng.normal(0, 0.02, (40, 48, 3))
        cv2.imwrite(str(folder / f"p{seed}.png"), np.uint8(np.clip(image, 0, 1) * 255))
    return folder


def write_options(path: Path, photos: Path, total: int, batch: int = 2, workers: int = 0) -> Path:
    """Write a training with all that must survive a resume: noise, EMA, learned rates, a milestone; return the path."""
    path.write_text(OPTIONS.format(photos=photos, total=total, batch=batch, workers=workers))
    return path


def write_internal(path: Path, photos: Path, total: int, meta: str, batch: int = 2) -> Path:
    """Write a training of internal tasks with keys of `train.meta`, noise, learned rates and EMA; return the path."""
    text = write_options(path, photos, total, batch).read_text()
    for old, new in (
        (
            "support: 2\n    query: 2\n    gt_size: 16",
            "task: internal\n    query: 2\n    gt_size: 32\n    quantize: true",
        ),
        ("loss_weights: annealed}", f"loss_weights: annealed, {meta}}}"),
        ("zero_shot: {updates: [0, 1]}", "zero_shot: {updates: [0, 1], rates: learned}"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return path


def environment(**changes: str) -> dict[str, str]:
    """Make the environment of a process: this project first, one thread, no GPU."""
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        **changes,
    }


def run(args: list[str], cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python ARGS` to its end."""
    return subprocess.run(
        [sys.executable, *args],
        cwd=cwd,
        env=env or environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def train(options: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Train with our launcher in a process of its own; experiments land in cwd."""
    return run(["-m", "mzsr_basicsr.train", "-opt", str(options), *arguments], cwd)


def cells(line: str) -> list[str]:
    """Split a line of a Markdown table."""
    return [cell.strip() for cell in line.strip("|").split("|")]
