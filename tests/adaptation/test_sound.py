"""Nothing that is not finite, and no black picture, is ever handed on: it is one line, or rolled back."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.commands import Command
from helpers.odd_kernels import ODD
from helpers.small_networks import photo, save_network
from torch import Tensor, nn

from mzsr_basicsr.adaptation.settings import Schedule, Settings
from mzsr_basicsr.adaptation.sound import check_adaptation, check_picture, diverged
from mzsr_basicsr.adaptation.zero_shot import super_resolve, zero_shot
from mzsr_basicsr.degradation.degrade import round_to_8_bits, upscale
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError, TrainingError
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.writing import write_picture
from mzsr_basicsr.upscaling.api import upscale as upscale_picture
from mzsr_basicsr.weights.pretrained import load_pretrained

BLUR = Degradation(gaussian_kernel(1.0, 1.0, 0.0, 9).float(), 2)


def lively(side: int = 40) -> Tensor:
    """(1, 3, side, side), a photograph in [0, 1]."""
    return torch.from_numpy(photo(side, side).astype(np.float32) / 255).permute(2, 0, 1)[None]


class Level(nn.Module):
    """Bicubic, times a weight, plus another."""

    def __init__(self, gain: float = 1.0, offset: float = 0.0) -> None:
        super().__init__()
        self.gain, self.offset = (nn.Parameter(torch.tensor(value)) for value in (gain, offset))

    def forward(self, lq: Tensor) -> Tensor:
        return self.gain * upscale(lq, 2) + self.offset


@pytest.mark.parametrize("rate", [10.0, 1e6, 1e30, math.inf])
def test_a_wild_rate_is_refused_by_the_hook(rate: float) -> None:
    settings = Settings(updates=(0, 5), schedule=Schedule(((0, rate),)))
    with pytest.raises(TrainingError, match=r"^rates: the loss is \S+ after 5 updates, 0\.\d+ before; give smaller"):
        zero_shot(Level(), lively(), BLUR, settings)


def test_weights_that_are_not_finite_are_refused_by_the_hook() -> None:
    for updates in ((0,), (3,), (0, 3)):
        with pytest.raises(TrainingError, match="loss is nan before any update; check the network's weights"):
            zero_shot(Level(math.nan), lively(), BLUR, Settings(updates=updates))
    with pytest.raises(TrainingError, match="not finite"):
        super_resolve(
            Level(), {"gain": torch.tensor(math.inf), "offset": torch.tensor(0.0)}, lively(), BLUR, Settings()
        )


def test_a_black_picture_is_refused_but_that_of_a_black_one() -> None:
    black = {"gain": torch.tensor(1.0), "offset": torch.tensor(-9.0)}
    with pytest.raises(TrainingError, match="black"):
        super_resolve(Level(), black, lively(), BLUR, Settings())
    assert float(super_resolve(Level(), black, 0 * lively(), BLUR, Settings()).max()) == 0
    check_picture(torch.zeros(3), torch.full((3,), 0.01))


def test_what_has_diverged() -> None:
    image = lively()
    spread = float((image - image.mean((-2, -1), keepdim=True)).abs().mean())
    assert not diverged(0.01, 0.02, image) and not diverged(0.04, 0.001, image)  # a small loss is no disaster
    assert not diverged(0.9 * spread, 0.02, image) and diverged(1.1 * spread, 0.02, image)
    assert not diverged(1.9 * spread, spread, image)  # a network that started badly may stay so
    assert diverged(math.nan, 0.02, image) and diverged(math.inf, 0.02, image)
    check_adaptation(3, 0.01, 0.02, image)


@pytest.mark.parametrize("rate", [1e4, 1e30])
def test_upscaling_rolls_a_wild_rate_back_and_says_so(rate: float, tmp_path: Path, mzsr: Command) -> None:
    weights = save_network(tmp_path / "wild.pth", rate=rate)
    write_picture(Picture(photo()), tmp_path / "a.png")
    for name, updates in (("b.png", 4), ("c.png", 0)):
        given = ("-o", tmp_path / name, "--weights", weights, "--updates", updates)
        status, out, err = mzsr.upscale(tmp_path / "a.png", *given)
        assert (status, err) == (0, []) and ("adaptation diverged" in out[0]) == (updates > 0)
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "c.png").read_bytes()


def test_upscaling_with_ruined_weights_is_one_line(tmp_path: Path, mzsr: Command) -> None:
    """They are finite, and all they make is black."""
    weights = save_network(tmp_path / "ruined.pth")
    content = torch.load(weights)
    content["params"]["tail.bias"] -= 100
    torch.save(content, weights)
    write_picture(Picture(photo()), tmp_path / "a.png")
    for updates in (0, 2):
        given = ("-o", tmp_path / "b.png", "--weights", weights, "--updates", updates)
        status, out, err = mzsr.upscale(tmp_path / "a.png", *given)
        assert (status, out) == (1, []) and len(err) == 1 and "a.png: the result" in err[0]
    assert not (tmp_path / "b.png").exists()
    with pytest.raises(ImageError, match="check the weights"):
        upscale_picture(photo(), kernel="gaussian:1,1", weights=weights, updates=0, device="cpu")


@pytest.mark.parametrize("name", ODD)
def test_any_kernel_gives_a_picture_at_least_as_good_as_bicubic_and_updates_do_no_harm(name: str) -> None:
    """Every picture reproduces its LR image, where Wiener's filter alone missed it by 5 to 60 levels."""
    hr = lively(96)
    degradation = Degradation(ODD[name].float(), 2)
    lq = round_to_8_bits(degradation.apply(hr))
    loaded = load_pretrained("shipped:mzsr_x2")
    settings = Settings((0, 5), Schedule(learned=loaded.rates), quantize_son=True)
    results = zero_shot(loaded.network, lq, degradation, settings).images
    bicubic, before, after = (_psnr(image, hr) for image in (upscale(lq, 2), results[0], results[5]))
    print(f"{name}: bicubic {bicubic:.2f}, before {before:.2f}, after {after:.2f} dB")
    assert before > bicubic + 1 and after > before - 0.1
    for image in results.values():
        assert float((degradation.apply(image) - lq).abs().mean()) < 6 / 255


def _psnr(image: Tensor, hr: Tensor) -> float:
    return -10 * math.log10(float((image.clamp(0, 1) - hr)[..., 4:-4, 4:-4].square().mean()))
