"""Weights files that must be refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mzsr_basicsr.errors import WeightsError


def check_refused(load: Callable[[str], object], content: object, path: Path, message: str) -> None:
    """Write bytes, or what torch saves of anything else, and see that loading it ends in one line."""
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(WeightsError, match=f"{path.name}: {message}") as caught:
        load(str(path))
    assert "\n" not in str(caught.value)
