"""`mzsr export`: from weights, a kernel and maybe an image to a file that other programs run."""

from dataclasses import asdict, dataclass
from typing import Any

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.exporting.about import about
from mzsr_basicsr.exporting.choices import ExportChoices
from mzsr_basicsr.exporting.module import Exported
from mzsr_basicsr.exporting.source import read_source
from mzsr_basicsr.exporting.trial import BORDER, Trial, try_file
from mzsr_basicsr.exporting.write import example, write_onnx, write_torchscript
from mzsr_basicsr.files.whole import part_of


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        about: what the file says about itself.
        trial: how far it lies off this package's own result.
        notices: sentences for people.
    """

    about: dict[str, str]
    trial: Trial
    notices: tuple[str, ...]


def export(choices: ExportChoices) -> Report:
    """Write the file; it appears whole, and only if it gives what this package gives.

    Raises:
        MZSRError: one line.
    """
    source = read_source(choices)
    rounds = choices.upscale.back_projection or 0
    module = Exported(source.network, source.degradation, rounds, choices.uint8).eval().requires_grad_(False)
    told = about(choices, source, module)
    write = write_onnx if choices.onnx else write_torchscript
    try:
        with part_of(choices.output) as part:
            write(module, example(choices.uint8), told, part)
            trial = try_file(part, choices.onnx, source, rounds, choices.uint8)
    except OSError as error:
        raise ConfigError(
            f"output: {choices.output}: cannot be written ({error.strerror}); make room, or check its rights"
        ) from error
    return Report(told, trial, source.notices)


def said(choices: ExportChoices, report: Report) -> list[str]:
    """Say in lines what was written."""
    told = report.about
    how = f"adapted by {told['updates']} updates" if told["updates"] != "0" else "not adapted"
    if choices.image is not None and choices.upscale.effort.updates and told["updates"] == "0":
        how += ", as no update served the image"
    size = choices.output.stat().st_size / 2**20
    return [
        f"{choices.output}: {told['architecture']} of {told['name']}, {how}, {told['degradation']}, {size:.1f} MiB",
        f"{told['layout']} {told['range']}, any batch and size; tiles need {told['overlap']} px around them",
        f"run on a trial image, it lies off mzsr's own result by {_off(report.trial.inner, choices)} inside, "
        f"{_off(report.trial.border, choices)} within {BORDER} px of the border",
    ]


def _off(difference: float, choices: ExportChoices) -> str:
    return f"{255 * difference:.0f} of 255 levels" if choices.uint8 else f"{difference:.1e} of [0, 1]"


def record_of(choices: ExportChoices, report: Report) -> dict[str, Any]:
    """Give what was written as plain values."""
    off = {"off_by": asdict(report.trial)}
    return {"output": str(choices.output), **report.about, **off, "notices": list(report.notices)}
