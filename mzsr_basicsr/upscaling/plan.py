"""What was found out about an image: enough to upscale it, and others like it."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from mzsr_basicsr.adaptation.careful import Adapted
from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.upscaling.choice import Chosen
from mzsr_basicsr.upscaling.memory import Recalled


@dataclass(frozen=True)
class Plan:
    """What was found out about an image, or about the first frame of a shot: enough to upscale others like it.

    `notice` is a line about the kernel for people, if there is any; `manner` is that of the updates; `recalled` is what
    the memory said, if one was asked; `shared` are inputs of the network that are one for all parts of the image.
    """

    chosen: Chosen
    adapted: Adapted
    seconds: dict[str, float] = field(default_factory=dict)
    notice: str | None = None
    manner: Manner = field(default_factory=Manner)
    recalled: Recalled | None = None
    shared: Mapping[str, Tensor] = field(default_factory=dict)


def files_hashed(weights: str, kernel: str) -> str:
    """Hash the content of the files that results depend on: the weights, and the kernel where it is a file."""
    files = [Path(weights), *([Path(kernel)] if os.path.isfile(kernel) else [])]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
