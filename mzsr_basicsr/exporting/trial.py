"""A written file is run, and held against what this package makes of the same image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import super_resolve
from mzsr_basicsr.degradation.degrade import round_to_8_bits, upscale
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.exporting.about import NAMES
from mzsr_basicsr.exporting.source import Source
from mzsr_basicsr.exporting.write import quiet

ALLOWED = 1e-4  # [0, 1] intensity
BORDER = 8  # LR px
SIZE = (61, 75)  # px, (h, w) of the image that is tried: odd, and not what was traced


@dataclass(frozen=True)
class Trial:
    """The largest differences from this package's own result, [0, 1] intensity: within `BORDER` LR px of the image's
    border, and inside of that.
    """

    border: float
    inner: float


def try_file(path: Path, onnx: bool, source: Source, rounds: int, uint8: bool) -> Trial:
    """Run a file on an image that it was not made with.

    Raises:
        ConfigError: it gives something else than this package does.
    """
    lq = _image()
    given = (255 * lq).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous() if uint8 else lq
    made = _run_onnx(path, given) if onnx else _run_torchscript(path, given)
    params = dict(source.network.named_parameters())
    ours = super_resolve(source.network, params, lq, source.degradation, Settings(back_projection=rounds))
    theirs = made.permute(0, 3, 1, 2).float() / 255 if uint8 else made
    off = (theirs - (round_to_8_bits(ours) if uint8 else ours)).abs().amax((0, 1))
    edge = BORDER * int(source.degradation.scale)
    inner = float(off[edge:-edge, edge:-edge].max())
    off[edge:-edge, edge:-edge] = 0
    allowed = 1.01 / 255 if uint8 else ALLOWED  # a level, where a half is rounded the other way
    if not max(inner, float(off.max())) <= allowed:  # true of NaN, too
        raise ConfigError(
            f"export: the file gives up to {max(inner, float(off.max())):.2g} of [0, 1] else than this package; "
            "please report the weights and the kernel"
        )
    return Trial(float(off.max()), inner)


def _image() -> Tensor:
    """Draw an image of 8 bits with soft shapes, grain, and a flat patch: (1, 3, h, w)."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(1, 3, 8, 10, generator=generator)
    image = upscale(coarse, 8)[..., : SIZE[0], : SIZE[1]] + 0.1 * torch.randn(1, 3, *SIZE, generator=generator)
    image[..., 20:40, 30:55] = torch.tensor([0.2, 0.6, 1.0])[:, None, None]
    return round_to_8_bits(image)


def _run_onnx(path: Path, image: Tensor) -> Tensor:
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return torch.from_numpy(np.asarray(session.run(None, {NAMES[0]: image.numpy()})[0]))


def _run_torchscript(path: Path, image: Tensor) -> Tensor:
    with quiet(), torch.no_grad():
        made: Tensor = torch.jit.load(str(path), map_location="cpu")(image)
    return made
