"""A folder of small photographs, small weights, and a run of `adapt` with little work."""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from mzsr_basicsr.collection import learning
from mzsr_basicsr.collection.adapt import adapt
from mzsr_basicsr.collection.choices import AdaptChoices
from mzsr_basicsr.collection.result import Report
from mzsr_basicsr.upscaling.settings import UpscaleSettings


def write_parts(folder: Path, count: int = 4, side: int = 36) -> Path:
    """Write parts of a photograph: 0.png, 1.png, …"""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        top = 60 + 40 * number
        part = data.astronaut()[top : top + 2 * side : 2, 130 : 130 + 2 * side : 2]
        Image.fromarray(np.ascontiguousarray(part)).save(folder / f"{number}.png")
    return folder


def shorten(monkeypatch, every: int = 2, patience: int = 3, rate: float = 1e-2) -> None:
    """Judge often, go far with each step, and give up soon."""
    monkeypatch.setattr(learning, "EVERY", every)
    monkeypatch.setattr(learning, "PATIENCE", patience)
    monkeypatch.setattr(learning, "RATE", rate)
    monkeypatch.setattr(learning, "KEEP", 0.5)
    monkeypatch.setattr(learning, "LEAST", 0.0)


def chosen(folder: Path, output: Path, weights: str, **more: object) -> AdaptChoices:
    """Choose a known kernel on the CPU."""
    own = {"kernel": "gaussian:1.0", "noise": 0, "device": "cpu", "weights": weights}
    own |= {name: more.pop(name) for name in list(more) if name in UpscaleSettings.__dataclass_fields__}
    return AdaptChoices(folder, output, UpscaleSettings(**own), **more)


def run(folder: Path, output: Path, weights: str, tell=lambda way: None, **more: object) -> Report:
    """Check and adapt."""
    choices = chosen(folder, output, weights, **more)
    choices.check()
    return adapt(choices, tell)
