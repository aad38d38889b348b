"""What of an output file must be the same, however often its command was stopped: tensors, values, pictures."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from PIL import Image


def tensors(path: Path) -> object:
    """Give what a file of tensors holds, exactly; other files' bytes."""
    if path.suffix not in (".pth", ".state"):
        return path.read_bytes()
    return _exact(torch.load(path, weights_only=True))


def _exact(value: Any) -> object:
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest()
    if isinstance(value, dict):
        return [(key, _exact(one)) for key, one in value.items()]
    return [_exact(one) for one in value] if isinstance(value, (list, tuple)) else value


def without_times(path: Path) -> object:
    """Give what of a benchmark's files must be the same: pictures, and values without seconds and memory."""
    if path.name.startswith("psnr_against_seconds"):
        with Image.open(path) as picture:
            return picture.size
    if path.suffix == ".png":
        return path.read_bytes()
    if path.suffix != ".json":
        return path.stat().st_size > 0
    return _timeless(json.loads(path.read_text()))


def _timeless(value: Any) -> object:
    if isinstance(value, dict):
        return {key: _timeless(one) for key, one in value.items() if key not in ("seconds", "peak_mb", "about")}
    return [_timeless(one) for one in value] if isinstance(value, list) else value
