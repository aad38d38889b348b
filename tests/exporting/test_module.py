"""Networks with their kernel baked in give what the networks give with it as an input."""

import copy
from functools import lru_cache

import pytest
import torch
from torch import nn

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import super_resolve
from mzsr_basicsr.archs.build import build_network
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.exporting.module import Exported

NETWORKS = {
    "hr": {"type": "MZSRNet", "num_feat": 8, "num_conv": 3},
    "hr-code": {"type": "MZSRNet", "num_feat": 8, "num_conv": 3, "kernel_code": 4},
    "lr": {"type": "MZSRNetLR", "num_feat": 8, "num_conv": 3},
    "lr-code": {"type": "MZSRNetLR", "num_feat": 8, "num_conv": 3, "kernel_code": 4},
    "wiener": {"type": "MZSRNetWiener", "num_feat": 8, "num_block": 1},
    "unrolled": {"type": "MZSRNetUnrolled", "num_feat": 8, "stages": [1, 1, 1]},
}


@lru_cache
def network_of(name: str, scale: int) -> nn.Module:
    torch.manual_seed(0)
    network = build_network({**NETWORKS[name], "scale": scale}).double().eval()
    for parameter in network.parameters():
        parameter.data += 0.02 * torch.randn_like(parameter)  # so that tails and biases do something
    return network


def images() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.rand(1, 3, h, w, generator=generator).double() for h, w in ((37, 50), (9, 6), (64, 31))]
    for image in drawn:
        image[..., :5, :6] = 0.0
        image[..., 5:, 3:] = (255 * image[..., 5:, 3:]).round() / 255
    drawn[0][..., 14:, 16:] = torch.tensor([0.25, 0.5, 0.75]).double()[:, None, None]
    drawn[2][:, 1:] = drawn[2][:, :1]
    return drawn


@pytest.mark.parametrize("kernel", [("gaussian:2.0,1.0,0.5", "direct", 0.0), ("gaussian:1.2", "bicubic", 5 / 255)])
@pytest.mark.parametrize("scale", [2, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_baked_network_is_the_network_with_its_inputs(name, scale, kernel):
    """In float64 nothing but rounding is between Fourier transforms and convolutions, at the border too."""
    spec, subsampling, noise = kernel
    degradation = Degradation(Degradation(spec, scale).kernel.double(), scale, subsampling, noise)
    network = network_of(name, scale)
    params = dict(network.named_parameters())
    for rounds in (0, 2):
        exported = Exported(network, degradation, rounds).eval()
        for image in images():
            ours = super_resolve(network, params, image, degradation, Settings(back_projection=rounds))
            with torch.no_grad():
                torch.testing.assert_close(exported(image), ours, atol=1e-9, rtol=0)


def test_a_batch_is_its_images_and_8_bits_are_rounded():
    degradation = Degradation("gaussian:1.5", 2).to(torch.zeros(0))
    network = copy.deepcopy(network_of("unrolled", 2)).float()
    image = images()[0].float()
    batch = torch.cat([image, image.flip(-1)])
    with torch.no_grad():
        floats = Exported(network, degradation)(batch)
        torch.testing.assert_close(floats[1:], Exported(network, degradation)(batch[1:]), atol=1e-5, rtol=0)
        bytes_in = (255 * batch).round().to(torch.uint8).permute(0, 2, 3, 1)
        bytes_out = Exported(network, degradation, uint8=True)(bytes_in)
        again = Exported(network, degradation)(bytes_in.permute(0, 3, 1, 2) / 255)
    assert bytes_out.dtype == torch.uint8 and bytes_out.shape == (2, 74, 100, 3)
    assert torch.equal(bytes_out, (255 * again).round().to(torch.uint8).permute(0, 2, 3, 1))


class Nearest(nn.Module):
    scale = 2

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.repeat_interleave(2, -1).repeat_interleave(2, -2)


class Asking(Nearest):
    wants_noise = True


def test_what_cannot_be_baked_in_is_refused_and_what_asks_for_nothing_goes_as_it_is():
    degradation = Degradation("gaussian:1.5", 2).to(torch.zeros(0))
    image = images()[0].float()
    assert torch.equal(Exported(Nearest(), degradation)(image)[:, :, 30:40], Nearest()(image)[:, :, 30:40])
    with pytest.raises(ConfigError, match=r"^export: Asking asks for noise, and how to bake that in is known of MZSRN"):
        Exported(Asking(), degradation)
    motion = Degradation("motion:9,30", 2).to(torch.zeros(0))
    for name in ("wiener", "unrolled"):
        with pytest.raises(ConfigError, match=r"^kernel: Wiener's filter does not serve this kernel"):
            Exported(copy.deepcopy(network_of(name, 2)).float(), motion)
    Exported(copy.deepcopy(network_of("hr", 2)).float(), motion)
