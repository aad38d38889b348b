"""bfloat16: when it is chosen, that it is what convolutions compute in, and that hardly a pixel is another by it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.small_networks import photo, save_network

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta import task
from mzsr_basicsr.upscaling import precision
from mzsr_basicsr.upscaling.api import upscale
from mzsr_basicsr.upscaling.precision import choose_precision
from mzsr_basicsr.upscaling.settings import SHIPPED, UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

CPU = torch.device("cpu")
KNOWN = {"kernel": "gaussian:2,2", "noise": 0, "updates": 2, "device": "cpu"}


@pytest.mark.parametrize("there", [True, False])
def test_auto_takes_it_where_hardware_and_weights_bear_it(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: there)
    monkeypatch.setattr(precision, "LOST", {"fine": 0.01, "lossy": 0.05})
    assert choose_precision("auto", CPU, "shipped:fine") == ("bfloat16" if there else "float32")
    for weights in ("shipped:lossy", "shipped:other", "fine", "fine.pth"):  # nobody has measured a file
        assert choose_precision("auto", CPU, weights) == "float32"
        assert choose_precision("bfloat16", CPU, weights) == "bfloat16"
    assert choose_precision("float32", CPU, "shipped:fine") == "float32"


def test_all_default_weights_were_measured() -> None:
    for weights in SHIPPED.values():
        assert 0 <= precision.LOST[weights.removeprefix("shipped:")] <= precision.MOST


def test_other_names_are_refused() -> None:
    for choose in (lambda: choose_precision("half", CPU, "w"), lambda: UpscaleSettings(precision="half")):
        with pytest.raises(ConfigError, match="precision: 'half'; allowed: auto, float32, bfloat16"):
            choose()


def test_convolutions_compute_in_what_is_chosen_and_the_rest_does_not(tmp_path, monkeypatch) -> None:
    weights = save_network(tmp_path / "small.pth")
    seen: set[torch.dtype] = set()
    conv2d = torch.conv2d

    def noted(image, weight, *rest, **more):
        seen.add(torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else image.dtype)
        return conv2d(image, weight, *rest, **more)

    monkeypatch.setattr(torch.nn.functional, "conv2d", noted)
    for name, expected in (("float32", {torch.float32}), ("bfloat16", {torch.bfloat16, torch.float32})):
        seen.clear()
        upscaler = Upscaler(UpscaleSettings(weights=weights, precision=name, **KNOWN))
        plan = upscaler.plan(photo())
        assert {value.dtype for value in plan.adapted.params.values()} == {torch.float32}
        assert upscaler.apply(photo(), plan).dtype == np.uint8 and seen <= expected
        assert (torch.bfloat16 in seen) == (name == "bfloat16")


def test_a_network_that_is_not_told_follows_the_training_around_it() -> None:
    layer = torch.nn.Conv2d(3, 3, 3, padding=1)
    image = torch.rand(1, 3, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        assert task.predict(layer, dict(layer.named_parameters()), image, (4, 4), {}, 1.0).dtype == torch.bfloat16
    layer.in_bfloat16 = True
    assert task.predict(layer, dict(layer.named_parameters()), image, (4, 4), {}, 1.0).dtype == torch.bfloat16
    layer.in_bfloat16 = False
    assert task.predict(layer, dict(layer.named_parameters()), image, (4, 4), {}, 1.0).dtype == torch.float32


def test_pictures_differ_by_hardly_a_level() -> None:
    image = (photo(64, 80) / 255).astype(np.float32)
    plain = {**KNOWN, "kernel": "gaussian:0.6,0.6", "updates": 0}  # as sharp as the photo is
    exact, short = (255 * upscale(image, precision=name, **plain).image for name in ("float32", "bfloat16"))
    off = np.abs(exact - short)
    assert 0 < off.max() < 4 and (off**2).mean() < 255**2 * 10**-5.6  # 56 dB


def test_what_is_drawn_is_computed_in_float32_unless_asked_otherwise() -> None:
    drawn = np.full((64, 80, 3), 200, np.uint8)
    drawn[10:30, 20:50] = 40
    settings = UpscaleSettings(**{**KNOWN, "updates": 0})
    for asked, usual, expected in (
        ("auto", "bfloat16", ("bfloat16", "float32")),
        ("auto", "float32", ("float32", "float32")),
        ("bfloat16", "bfloat16", ("bfloat16", "bfloat16")),
    ):
        upscaler = Upscaler(replace(settings, precision=asked))
        upscaler.precision = usual
        plans = [upscaler.plan(picture) for picture in (photo(64, 80), drawn)]
        assert tuple(plan.precision for plan in plans) == expected
        for plan, picture in zip(plans, (photo(64, 80), drawn), strict=True):
            upscaler.apply(picture, plan)  # each in its own, whichever was planned last
            assert upscaler.network.in_bfloat16 == (plan.precision == "bfloat16")
