"""What a visitor chooses is what `mzsr upscale` takes, and the command that is shown means the same."""

import json
import math
import shlex
from pathlib import Path

import pytest
import torch

from mzsr_basicsr.cli.commands import parser
from mzsr_basicsr.cli.settings import read_settings
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.spread import as_gaussian, covariance
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.web.choices import Chosen, command_line, corners, gaussian_text, settings_of


@pytest.mark.parametrize(
    "chosen",
    [
        (2, "normal", "auto", "auto", ""),
        (1.5, "best", "gaussian:1,2,0.5", "3.5", "7"),
        (4, "fast", "bicubic", "0", "0"),
    ],
)
def test_the_command_line_means_the_same(chosen):
    settings = settings_of(Chosen(*chosen))
    line = command_line(Path("/x/my photo.png"), Path("/y/my photo_x2.png"), settings, settings.kernel)
    words = shlex.split(line)
    parsed = parser().parse_args(words[1:])
    assert read_settings(parsed) == settings
    assert (parsed.inputs, parsed.output) == (["my photo.png"], "my photo_x2.png")


def test_what_is_not_chosen_is_as_of_the_command():
    assert settings_of(Chosen(2, "normal", "auto", " Auto ", "auto")) == UpscaleSettings()


@pytest.mark.parametrize(
    ("noise", "updates", "line"),
    [
        ("high", "auto", "noise: 'high' must be auto or a number"),
        ("101", "auto", "noise: 101 must be from 0 to 100"),
        ("auto", "1.5", "updates: 1.5 must be auto, or a whole number"),
        ("auto", "inf", "updates: inf must be auto, or a whole number"),
        ("nan", "auto", "noise: nan must be a number from 0 to 100"),
        ("auto", "-1", "updates: -1 must be from 0 to 10000"),
    ],
)
def test_other_words_are_refused(noise, updates, line):
    with pytest.raises(ConfigError, match=line):
        settings_of(Chosen(2, "normal", "auto", noise, updates))


@pytest.mark.parametrize(("width1", "width2", "degrees"), [(2, 1, 30), (1, 1, 0), (0.8, 3, 150)])
def test_a_gaussian_has_the_widths_and_the_angle(width1, width2, degrees):
    spread = as_gaussian(covariance(load_kernel(gaussian_text(width1, width2, degrees))))
    wide, narrow = max(width1, width2), min(width1, width2)
    assert spread.lambda1 == pytest.approx(wide**2, rel=0.05) and spread.lambda2 == pytest.approx(narrow**2, rel=0.05)
    if wide > narrow:
        axis = math.radians(degrees + 90 * (width2 > width1))
        assert math.sin(spread.theta - axis) == pytest.approx(0, abs=1e-3)


def test_a_wide_gaussian_is_not_cut_off():
    kernel = load_kernel(gaussian_text(8, 8, 0))
    assert kernel.shape[-1] == 49 and float(covariance(kernel)[0]) == pytest.approx(64, rel=0.05)
    assert torch.isclose(kernel.sum(), torch.tensor(1.0, dtype=kernel.dtype))


@pytest.mark.parametrize(
    "text", ["", "[]", "[[0, 0]]", "no", "[1, 2]", "[[1, 2], [3]]", "{}", json.dumps([[0, 0]] * 2001)]
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(ConfigError, match="path: "):
        corners(text)
