"""Networks that take certain sizes only take any: what they are given is padded by mirroring, and cropped again."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from basicsr.archs import build_network
from torch import nn

from mzsr_basicsr.adaptation.zero_shot import Settings, zero_shot
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.archs.windows import fit_sizes
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml

SWINIR = {
    **{"type": "SwinIR", "upscale": 2, "img_size": 16, "window_size": 8, "depths": [2], "embed_dim": 12},
    **{"num_heads": [2], "mlp_ratio": 2, "upsampler": "pixelshuffledirect", "img_range": 1.0},
}
RRDB = {"type": "RRDBNet", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 4, "num_block": 1, "num_grow_ch": 4}
EDSR = {"type": "MSRResNet", "num_feat": 4, "num_block": 1, "upscale": 2}


class Windows(nn.Module):
    """Refuses what is no multiple of its windows, or not RGB."""

    def __init__(self, window_size):
        super().__init__()
        self.window_size = window_size
        self.last = nn.Conv2d(3, 12, 3, padding=1)

    def forward(self, lq):
        assert not any(extent % self.window_size for extent in lq.shape[-2:])
        return F.pixel_shuffle(self.last(lq), 2)


class Needs(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Conv2d(3, 12, 3, padding=1)

    def forward(self, lq, sigma):
        return F.pixel_shuffle(self.last(lq), 2)


def made(section):
    torch.manual_seed(0)
    return build_network(dict(section)).eval()


@pytest.mark.parametrize(
    ("section", "side", "scale"),
    [
        (SWINIR, 8, 2),
        ({**SWINIR, "img_size": 14, "window_size": 7}, 7, 2),
        (RRDB | {"scale": 2}, 2, 2),
        (RRDB | {"scale": 1}, 4, 1),
    ],
)
@pytest.mark.parametrize("size", [(19, 26), (5, 3), (16, 56)])
def test_a_padded_image_is_cropped_again(section, side, scale, size) -> None:
    bare, fitted = made(section), fit_sizes(made(section))
    assert list(fitted.state_dict()) == list(bare.state_dict())
    height, width = size
    image = torch.rand(2, 3, height, width)
    with torch.no_grad():
        down, right = -height % side, -width % side
        mode = "reflect" if down < height and right < width else "replicate"
        expected = bare(F.pad(image, (0, right, 0, down), mode=mode))[..., : scale * height, : scale * width]
        assert torch.equal(fitted(image), expected)
        assert fitted(image).shape == (2, 3, scale * height, scale * width)


@pytest.mark.parametrize("window", [3, 12, 20])
def test_any_window_is_found(window) -> None:
    network = fit_sizes(Windows(window))
    assert network(torch.rand(1, 3, 25, 17)).shape == (1, 3, 50, 34)


def test_what_takes_any_size_is_left_alone() -> None:
    for network in (made(EDSR), MZSRNetLR(num_feat=4, num_conv=2)):
        assert fit_sizes(network) is network and not network._forward_hooks and not network._forward_pre_hooks
    twice = fit_sizes(fit_sizes(Windows(8)))
    assert len(twice._forward_hooks) == 1


def test_copies_and_other_processes_have_it_too() -> None:
    network = fit_sizes(Windows(8))
    image = torch.rand(1, 3, 9, 10)
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert torch.equal(other(image), network(image))
        other(torch.rand(1, 3, 30, 30))  # its extents are its own
    assert network(image).shape[-2:] == (18, 20)


def test_it_is_adapted_and_meta_learned_at_second_order() -> None:
    network = fit_sizes(made(SWINIR))
    degradation = Degradation("gaussian:1.0", 2)
    hr = torch.rand(1, 3, 30, 26)
    lq = degradation.apply(hr)
    assert zero_shot(network, lq, degradation, Settings(updates=(0, 2))).images[2].shape == (1, 3, 30, 26)
    step = MetaStep(network, maml, F.l1_loss, 1, 1e-2)
    step([Task(Pairs(lq, hr), Pairs(lq, hr), degradation)], (1.0,))[0].backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize(
    ("network", "line"),
    [
        (lambda: made(EDSR | {"num_in_ch": 1}), "network_g: MSRResNet takes no RGB image, .*to have 1 channels, but got 3"),
        (lambda: Needs(), "Needs takes no RGB image, .*missing 1 required positional argument: 'sigma'"),
    ],
)  # fmt: skip
def test_what_takes_no_image_is_said(network, line) -> None:
    with pytest.raises(ConfigError, match=line) as caught:
        fit_sizes(network())
    assert "\n" not in str(caught.value)
