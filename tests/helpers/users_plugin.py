"""The module that docs/extend.md describes, a network, a meta-learner, a signal, a rule, a kernel shape and a data set of a user's."""

import subprocess
from pathlib import Path

import numpy as np
import torch

from helpers.documents import blocks
from helpers.launches import TRAIN, changed
from helpers.places import ROOT
from helpers.trainings import write_photos
from mzsr_basicsr.degradation.kernels import gaussian_kernel

OPTIONS = changed(
    TRAIN,
    ("mzsr_basicsr.PLUGIN", "my_plugin.PLUGIN"),
    (
        "type: KernelMetaDataset",
        "type: MeasuredKernelDataset\n    kernel_folder: kernels\n    kernel_law: {size: 13, shapes: {ring: 0.5, shake: 0.5}}",
    ),
    ("network_g: {type: MZSRNetLR, num_feat: 6, num_conv: 3}", "network_g: {type: TinyNet, num_feat: 4}"),
    ("support: 2\n    query: 2\n    gt_size: 16", "task: internal\n    query: 2\n    gt_size: 32"),
    ("inner_steps: 2,", "inner_steps: 2, learner: lazy_reptile, signal: moved, rule: signs, scope: biases,"),
    ("zero_shot: {updates: [0, 1]}", "zero_shot: {updates: [0, 1], signal: moved, rule: signs, rates: [[0, 1.0e-4]]}"),
    ("loss_weights: annealed", "loss_weights: last"),
    ("num_worker_per_gpu: 0", "num_worker_per_gpu: 2"),
)


def write_plugin(folder: Path, below: str = "") -> Path:
    """Write the documented module, its option file, photographs and kernels; give the option file.

    Its paths are seen from the current folder, or from `below`, which ends with a slash.
    """
    code = blocks(ROOT / "docs" / "extend.md", "python")
    parts = (
        "class TinyNet",
        "def towards_average",
        'SCOPES["biases"]',
        "def moved",
        "def signs",
        "def ring",
        "class MeasuredKernel",
    )
    own = [block for block in code if any(part in block for part in parts)]
    first = [block for block in code if "import PLUGIN" in block]
    assert len(own) == len(parts) and len(first) == 1
    (folder / "my_plugin.py").write_text("\n\n".join([*first, *own]))
    options = OPTIONS.replace(": photos", f": {below}photos").replace(": kernels", f": {below}kernels")
    (folder / "my_training.yml").write_text(options)
    write_photos(folder / "photos", 3)
    (folder / "kernels").mkdir(exist_ok=True)
    for index, variance in enumerate((1.0, 3.0)):
        np.save(folder / f"kernels/{index}.npy", gaussian_kernel(variance, 1.0, 0.0).numpy())
    return folder / "my_training.yml"


def check_training(done: subprocess.CompletedProcess[str], root: Path, name: str = "tiny") -> None:
    """See that a training ended well, with the user's network."""
    assert done.returncode == 0, done.stderr[-3000:]
    saved = torch.load(root / f"experiments/{name}/models/net_g_latest.pth", weights_only=True)
    assert saved["about"]["network_g"] == {"type": "TinyNet", "num_feat": 4}
    assert saved["about"]["manner"]["signal"]["name"] == "moved" and saved["about"]["manner"]["rule"] == "signs"
    assert "first.weight" in saved["params"] and all(torch.isfinite(v).all() for v in saved["params"].values())
    assert torch.load(root / f"experiments/{name}/training_states/2.state", weights_only=True)["iter"] == 2
