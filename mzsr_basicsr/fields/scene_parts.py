"""The finished parts of a scene in their work folder: first the plan, so that all windows share it, then windows."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mzsr_basicsr.adaptation.careful import Adapted
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.bands import Bands
from mzsr_basicsr.upscaling.choice import Chosen
from mzsr_basicsr.upscaling.plan import Plan
from mzsr_basicsr.upscaling.wide import Wide

_FAILURES = (OSError, ValueError, RuntimeError, LookupError, TypeError, zipfile.BadZipFile, zlib.error, EOFError)


def keep_plan(path: Path, plan: Plan, image: Wide, record: dict[str, Any]) -> None:
    """Write what all windows share: the kernel, the adapted parameters, the range, and what is told of them."""
    degradation = plan.chosen.degradation
    content = {
        "kernel": degradation.kernel.cpu(),
        "degradation": [float(degradation.scale), degradation.subsampling, float(degradation.noise)],
        "params": {name: value.detach().cpu() for name, value in plan.adapted.params.items()},
        "bands": asdict(image.known),
        "record": json.dumps(record),
    }
    made = io.BytesIO()  # so that the disk's errors are its own
    torch.save(content, made)
    path.write_bytes(made.getbuffer())


def kept_plan(path: Path, image: Wide, device: torch.device) -> tuple[Plan, Wide, dict[str, Any]]:
    """Read a plan that `keep_plan` has written, the image with its range, and the record.

    Raises:
        ImageError: the file is damaged.
    """
    with _reporting(path):
        content = torch.load(path, map_location=device, weights_only=True)
        degradation = Degradation(content["kernel"].cpu(), *content["degradation"])
        plan = Plan(Chosen(degradation, None), Adapted(content["params"], [], [], 0))
        return plan, replace(image, bands=Bands(**content["bands"])), json.loads(content["record"])


def keep_window(path: Path, pixels: np.ndarray, missing: np.ndarray | None) -> None:
    """Write a window: (h, w, C), and (h, w) bool where a mask says no data."""
    with path.open("wb") as stream:
        if missing is None:
            np.savez_compressed(stream, pixels=pixels)
        else:
            np.savez_compressed(stream, pixels=pixels, missing=missing)


def kept_window(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Read what `keep_window` has written.

    Raises:
        ImageError: the file is damaged.
    """
    with _reporting(path), np.load(path, allow_pickle=False) as content:
        return content["pixels"], content.get("missing")


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    try:
        yield
    except (*_FAILURES, pickle.UnpicklingError) as error:
        raise ImageError(f"{path}: a finished part is damaged; delete {path.parent} and start again") from error
