"""Convolutions in blocks give what they give without."""

import pytest
import torch
from torch import Tensor, nn

from mzsr_basicsr.archs import blocks, mzsr_unrolled_arch
from mzsr_basicsr.archs.blocks import in_blocks
from mzsr_basicsr.archs.mzsr_unrolled_arch import MZSRNetUnrolled
from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
from mzsr_basicsr.degradation.kernels import gaussian_kernel


def stack(depth: int) -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 3, 3, padding=1) for _ in range(depth)]
    return nn.Sequential(*layers).double()


def image(*shape: int) -> Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("height", "width"), [(40, 33), (16, 70), (17, 16), (70, 8)])
@pytest.mark.parametrize("depth", [1, 3])
def test_the_border_and_the_seams_are_as_without_blocks(height: int, width: int, depth: int) -> None:
    layers, x = stack(depth), image(2, 3, height, width)
    sizes: list[int] = []

    def stage(part: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        sizes.append(max(part.shape[-2:]))
        return layers(part) + other[:, :1], other.contiguous()

    with torch.no_grad():
        found = in_blocks(stage, (x, 2 * x), depth, side=16)
        torch.testing.assert_close(found[0], layers(x) + 2 * x[:, :1], atol=1e-14, rtol=0)
        assert torch.equal(found[1], 2 * x)
        assert len(sizes) == -(-height // 16) * -(-width // 16) and max(sizes) <= 16 + 2 * depth
        wrong = in_blocks(stage, (x, 2 * x), depth - 1, side=16)[0]
        assert (wrong - found[0]).abs().max() > 1e-3  # the seams would show


def test_gradients_and_small_images_need_no_blocks() -> None:
    layers = stack(2)
    calls: list[int] = []

    def stage(part: Tensor) -> tuple[Tensor]:
        calls.append(1)
        return (layers(part),)

    in_blocks(stage, (image(1, 3, 40, 40),), 2, side=16)
    with torch.no_grad():
        in_blocks(stage, (image(1, 3, 16, 16),), 2, side=16)
    assert len(calls) == 2


@pytest.mark.parametrize(
    "network", [MZSRNetUnrolled(num_feat=4, stages=[1, 2]), MZSRNetWiener(num_feat=4, num_block=2)], ids=["u", "w"]
)
def test_networks_are_the_same_in_blocks(network: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    network = network.double().eval()
    lq, kernel = image(1, 3, 50, 41), gaussian_kernel(2.0, 0.8, 0.4, 9)
    with torch.no_grad():
        whole = network(lq, kernel)
        cut: list[int] = []

        def small(stage: blocks.Stage, images: tuple[Tensor, ...], reach: int) -> tuple[Tensor, ...]:
            cut.append(reach)
            return in_blocks(stage, images, reach, 16)

        for module in (mzsr_unrolled_arch, __import__("mzsr_basicsr.archs.mzsr_wiener_arch", fromlist=["in_blocks"])):
            monkeypatch.setattr(module, "in_blocks", small)
        torch.testing.assert_close(network(lq, kernel), whole, atol=1e-12, rtol=0)
    assert cut in ([4, 6], [6])
