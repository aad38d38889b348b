"""A tiny complete option file of BasicSR's own SRModel on our pairs."""

from pathlib import Path

OPTIONS = """plugin: !!python/name:mzsr_basicsr.PLUGIN
name: pairs
model_type: SRModel
scale: 2
num_gpu: 0
manual_seed: 0
datasets:
  train: {{name: t, type: DegradedPairDataset, dataroot_gt: {photos}, gt_size: 16, length: {length}, batch_size_per_gpu: {batch}, num_worker_per_gpu: 0}}
network_g: {{type: EDSR, num_in_ch: 3, num_out_ch: 3, num_feat: 4, num_block: 1, upscale: 2}}
path: {{pretrain_network_g: ~, strict_load_g: true, resume_state: ~}}
train:
  total_iter: {total}
  ema_decay: 0.5
  optim_g: {{type: Adam, lr: 1.0e-3}}
  scheduler: {{type: MultiStepLR, milestones: [3], gamma: 0.5}}
  pixel_opt: {{type: L1Loss, loss_weight: 1.0, reduction: mean}}
logger: {{print_freq: 1, save_checkpoint_freq: 2, use_tb_logger: false}}
"""


def write_stage1(path: Path, photos: Path, total: int, batch: int = 2, length: int = 400) -> Path:
    """Write a stage-1 training; return the path."""
    path.write_text(OPTIONS.format(photos=photos, total=total, batch=batch, length=length))
    return path
