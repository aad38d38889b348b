"""The options that become `UpscaleSettings`: a command's own go before what all share, and what is missing is default."""

import argparse
from dataclasses import fields

import pytest

from mzsr_basicsr.cli.commands import parser
from mzsr_basicsr.cli.settings import add_network, add_setting, read_network_settings, read_settings
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.settings import UpscaleSettings


def test_upscale_has_an_option_for_each_field_and_none_given_is_the_default() -> None:
    given = parser().parse_args(["upscale", "a.png", "-o", "b.png"])
    assert {one.name for one in fields(UpscaleSettings)} <= vars(given).keys()
    assert read_settings(given) == UpscaleSettings()


def test_what_is_given_is_read_and_what_a_command_lacks_is_as_by_default() -> None:
    made = argparse.ArgumentParser()
    for name in ("kernel_turned", "noise", "back_projection"):
        add_setting(made, name)
    add_setting(made, "updates", default=7)
    assert read_settings(made.parse_args([])) == UpscaleSettings(updates=7)
    words = ["--kernel-turned", "--noise", "0", "--back-projection", "0", "--updates", "0"]
    with pytest.raises(ConfigError, match="kernel"):  # turned, but estimated
        read_settings(made.parse_args(words))
    assert read_settings(made.parse_args(words[1:])) == UpscaleSettings(noise=0.0, back_projection=0, updates=0)


@pytest.mark.parametrize(("words", "scale"), [([], 2), (["--scale", "x3"], 3), (["--scale", "4"], 4)])
def test_a_network_has_its_own_scale_unless_one_is_given(words: list[str], scale: float) -> None:
    made = argparse.ArgumentParser()
    add_network(made)
    given = made.parse_args([*words, "--weights", "w.pth"])
    assert read_network_settings(given) == UpscaleSettings(scale=scale, weights="w.pth")
    assert (given.scale is None) == (words == [])


@pytest.mark.parametrize("scale", ["0", "1", "2.5", "7", "nan", "inf"])
def test_a_scale_that_no_network_has_is_refused(scale: str) -> None:
    made = argparse.ArgumentParser()
    add_network(made)
    with pytest.raises(ConfigError, match=rf"^scale: {scale}; allowed: 2, 3, 4, as networks have them$"):
        read_network_settings(made.parse_args(["--scale", scale]))
