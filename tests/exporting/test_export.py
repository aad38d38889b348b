"""What is said of an export: levels where there are levels, and why nothing was adapted although an image was given."""

from dataclasses import replace
from pathlib import Path

import pytest

from mzsr_basicsr.exporting.choices import ExportChoices
from mzsr_basicsr.exporting.export import Report, said
from mzsr_basicsr.exporting.trial import Trial
from mzsr_basicsr.upscaling.settings import UpscaleSettings

NAMES = ("architecture", "name", "degradation", "layout", "range", "overlap")


def report(updates: int, border: float = 2e-6, inner: float = 3e-7) -> Report:
    return Report({**{name: name for name in NAMES}, "updates": f"{updates}"}, Trial(border, inner), ())


@pytest.fixture
def choices(tmp_path: Path) -> ExportChoices:
    (tmp_path / "out.pt").write_bytes(bytes(2**20))
    return ExportChoices(tmp_path / "out.pt", UpscaleSettings(kernel="bicubic"))


def test_that_no_update_served_is_said_only_where_some_were_asked_for(choices: ExportChoices) -> None:
    first = f"{choices.output}: architecture of name, {{}}, degradation, 1.0 MiB"
    seen = replace(choices, image=Path("a.png"))
    still = replace(seen, upscale=UpscaleSettings(updates=0))
    assert said(choices, report(0))[0] == first.format("not adapted")
    assert said(still, report(0))[0] == first.format("not adapted")
    assert said(seen, report(0))[0] == first.format("not adapted, as no update served the image")
    assert said(seen, report(7))[0] == first.format("adapted by 7 updates")


def test_a_difference_of_8_bits_is_said_in_levels(choices: ExportChoices) -> None:
    off = "run on a trial image, it lies off mzsr's own result by {} inside, {} within 8 px of the border"
    assert said(choices, report(0))[2] == off.format("3.0e-07 of [0, 1]", "2.0e-06 of [0, 1]")
    levels = said(replace(choices, uint8=True), report(0, 1 / 255, 0.0))
    assert levels[2] == off.format("0 of 255 levels", "1 of 255 levels")
