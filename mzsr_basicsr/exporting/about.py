"""What a file says about itself: texts by name, for people, scripts and editors of node graphs."""

import copy
import json
from pathlib import Path

import torch

from mzsr_basicsr import __version__
from mzsr_basicsr.exporting.choices import ExportChoices
from mzsr_basicsr.exporting.module import Exported
from mzsr_basicsr.exporting.source import Source
from mzsr_basicsr.upscaling.tiling import PROBE, measure_reach
from mzsr_basicsr.weights import PREFIX

NAMES = ("image", "enlarged")  # of the input and the output


def about(choices: ExportChoices, source: Source, module: Exported) -> dict[str, str]:
    """Describe an export; lists and mappings are JSON.

    `architecture`, `scale`, `input_channels`, `output_channels`, `tags`, `purpose`, `tiling`, `size_requirements` are
    named as by the model descriptors of spandrel, which editors of node graphs use.
    """
    d, weights = source.degradation, choices.upscale.weights_file()
    shipped = weights.startswith(PREFIX)
    rows = [[round(value, 9) for value in row] for row in d.kernel.tolist()]
    tags = [f"x{int(d.scale)}", "kernel baked in", *(["adapted"] if source.adapted else [])]
    return {
        "name": weights.removeprefix(PREFIX) if shipped else Path(weights).stem,
        "architecture": type(source.network).__name__,
        "tags": json.dumps(tags),
        "purpose": "SR",
        "scale": f"{int(d.scale)}",
        "input_channels": "3",
        "output_channels": "3",
        "colour": "RGB",
        "layout": "NHWC" if choices.uint8 else "NCHW",
        "range": "0 to 255, uint8" if choices.uint8 else "0 to 1, float32",
        "size_requirements": json.dumps({"minimum": 2, "multiple_of": 1, "square": False}),
        "tiling": "supported",
        "overlap": f"{_overlap(source, module.rounds)}",
        "degradation": str(d),
        "kernel": json.dumps(rows),
        "subsampling": d.subsampling,
        "noise": f"{255 * float(d.noise):.4g}",
        "offset": json.dumps([round(value, 4) for value in d.offset]),
        "updates": f"{source.adapted}",
        "back_projection": f"{module.rounds}",
        **({"licence": "MIT"} if shipped else {}),
        "made_by": f"mzsr_basicsr {__version__}",
    }


def _overlap(source: Source, rounds: int) -> int:
    """Give how far the network looks, LR px: as much around a tile makes its seams vanish."""
    exact = Exported(copy.deepcopy(source.network).double(), source.degradation.to(torch.zeros(0).double()), rounds)
    with torch.no_grad():
        found = measure_reach(exact, 3, exact.scale)
    return PROBE if found is None else max(found, exact.keep_plain.around + 1)  # flat, and nearest to it
