"""The networks: parameter counts from the paper, the skip they start from, and the kernel code."""

import pytest
import torch
from torch import nn

from mzsr_basicsr.archs.conditioning import KernelCode, append_code, centre_on_grid
from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.errors import ConfigError


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_parameter_counts() -> None:
    assert count(MZSRNet()) == 225_091  # the paper's figure
    assert count(MZSRNetLR(scale=2)) == 225_091 + (12 - 3) * (64 * 9 + 1)
    assert count(MZSRNetLR(scale=2, kernel_code=15)) == count(MZSRNetLR(scale=2)) + 15 * 64 * 9
    assert count(MZSRNetLR(scale=2, kernel_code=15)) < 250_000


@pytest.mark.parametrize("network", [MZSRNet(num_feat=4, num_conv=3), MZSRNetLR(num_feat=4, num_conv=3)])
def test_a_network_whose_last_layer_is_zero_is_bicubic(network: nn.Module) -> None:
    nn.init.zeros_(network.body[-1].weight)
    nn.init.zeros_(network.body[-1].bias)
    lq = torch.rand(2, 3, 5, 7)
    torch.testing.assert_close(network(lq), upscale(lq, 2))


@pytest.mark.parametrize("scale", [2.2, 3.0, 4.0])
def test_the_paper_network_takes_any_scale(scale: float) -> None:
    lq = torch.rand(1, 3, 10, 8)
    network = MZSRNet(num_feat=4, num_conv=2)
    expected = upscale(lq, scale)
    assert network(lq, scale=scale).shape == expected.shape
    assert network(lq, scale=scale).sub(expected).abs().max() > 0  # the body adds something


@pytest.mark.parametrize("arch", [MZSRNet, MZSRNetLR])
def test_conditioning_uses_the_kernel(arch) -> None:
    network = arch(num_feat=4, num_conv=2, kernel_code=5)
    lq = torch.rand(2, 3, 6, 6)
    narrow, wide = gaussian_kernel(0.3, 0.3, 0.0), gaussian_kernel(3.0, 1.0, 0.4)
    assert network(lq, narrow).sub(network(lq, wide)).abs().max() > 1e-3
    both = network(lq, torch.stack([narrow, wide]))  # one kernel for each image
    torch.testing.assert_close(both[0], network(lq, narrow)[0])
    torch.testing.assert_close(both[1], network(lq, wide)[1])
    with pytest.raises(ConfigError, match="kernel_code > 0 needs the blur kernel"):
        network(lq)


def test_the_kernel_code_tells_kernels_apart_and_back() -> None:
    """The code is a projection: mean plus code times the pseudo-inverse of the basis gives the kernel back."""
    code = KernelCode(15)
    kernels = torch.stack(
        [gaussian_kernel(a, b, t) for a, b, t in [(0.5, 0.4, 0.1), (4.0, 1.0, -0.5), (2.0, 2.0, 0.0)]]
    ).float()
    back = code.mean + code(kernels) @ torch.linalg.pinv(code.basis).T
    assert (back - kernels.flatten(1)).abs().max() < 0.02 * kernels.max()
    assert code(kernels).std(dim=0).min() > 0.01
    assert "code.basis" in MZSRNetLR(num_feat=2, kernel_code=15).state_dict()  # it travels with the weights


def test_kernels_of_other_sizes_are_centred() -> None:
    small, large = gaussian_kernel(0.2, 0.2, 0.0, size=5), gaussian_kernel(1.0, 1.0, 0.0, size=21)
    assert centre_on_grid(small).shape == centre_on_grid(large).shape == (15, 15)
    torch.testing.assert_close(centre_on_grid(small)[5:10, 5:10], small)
    torch.testing.assert_close(centre_on_grid(large), large[3:-3, 3:-3])


def test_append_code_stretches_numbers_to_maps() -> None:
    maps = append_code(torch.zeros(2, 3, 4, 4), torch.tensor([[1.0, 2.0]]))
    assert maps.shape == (2, 5, 4, 4)
    assert maps[1, 3].eq(1).all() and maps[0, 4].eq(2).all() and maps[:, :3].eq(0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_out_ch": 1}, r"network_g.num_out_ch: 1 differs from num_in_ch 3"),
        ({"num_feat": 0}, r"network_g.num_feat: 0 is too small"),
        ({"num_conv": 1}, r"network_g.num_conv: 1 is too small"),
        ({"scale": 2.5}, r"network_g.scale: 2.5; MZSRNetLR allows integers"),
    ],
)
def test_impossible_sizes_are_refused(arguments, message) -> None:
    with pytest.raises(ConfigError, match=message):
        MZSRNetLR(**arguments)
