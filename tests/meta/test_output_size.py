"""A network of another scale, or of other channels, is refused wherever one runs; one of the right scale never is."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mzsr_basicsr.adaptation.careful import adapt_carefully
from mzsr_basicsr.adaptation.zero_shot import Settings, super_resolve, zero_shot
from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.inspection.record import inspect_image
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
from mzsr_basicsr.meta.task import cropped
from mzsr_basicsr.zssr import ZSSRSettings, zssr

KERNEL = gaussian_kernel(1.0, 1.0, 0.0, 7).float()


class Resized(nn.Module):
    """A convolution after a resize: by `scale`, by `more` px beyond it, to `channels`, in a `tuple`."""

    def __init__(self, scale: float, more: int = 0, channels: int = 3, in_tuple: bool = False) -> None:
        super().__init__()
        self.scale, self.more, self.in_tuple = scale, more, in_tuple
        self.body = nn.Conv2d(3, channels, 3, padding=1)

    def forward(self, lq: torch.Tensor):
        size = [int(self.scale * extent) + self.more for extent in lq.shape[-2:]]
        output = self.body(F.interpolate(lq, size=size, mode="bicubic"))
        return (output, output) if self.in_tuple else output


WRONG = {
    "x4": Resized(4),
    "x3": Resized(3),
    "x1": Resized(1),
    "2 px more": Resized(2, 2),
    "1 px more": Resized(2, 1),
    "1 px less": Resized(2, -1),
    "grey": Resized(2, channels=1),
    "two images": Resized(2, in_tuple=True),
}
MESSAGE = r"^network_g: Resized makes (\d+x\d+ px of \d+x\d+ px, where scale 2 needs \d+x\d+ |.* of an image batch )"


def pairs(count: int = 2) -> Pairs:
    return Pairs(torch.rand(count, 3, 16, 16), torch.rand(count, 3, 32, 32))


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("steps", [0, 1])
def test_a_meta_step_refuses(case: str, steps: int) -> None:
    network = WRONG[case]
    task = Task(pairs(), pairs(), Degradation(KERNEL, 2))
    with pytest.raises(ConfigError, match=MESSAGE) as caught:
        MetaStep(network, maml, F.l1_loss, steps, 0.1)([task], (1.0,))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", WRONG)
def test_everything_that_makes_an_image_refuses(case: str) -> None:
    network, lq, degradation = WRONG[case], torch.rand(1, 3, 32, 32), Degradation(KERNEL, 2)
    params = {name: value.detach() for name, value in network.named_parameters()}
    settings = ZSSRSettings(updates=(0,), self_ensemble=False)
    for act in (
        lambda: zero_shot(network, lq, degradation, Settings(updates=(0, 1))),
        lambda: super_resolve(network, params, lq, degradation, Settings()),
        lambda: adapt_carefully(network, lq, degradation, Settings(updates=(1,))),
        lambda: inspect_image(network, lq, degradation, Settings(updates=(0, 1))),
        lambda: zssr(network, lq, degradation, settings),
        lambda: zssr(network, lq, degradation, ZSSRSettings(updates=(1,), crop=16)),
    ):
        with pytest.raises(ConfigError, match=MESSAGE):
            act()


@pytest.mark.parametrize("scale", [1.5, 2.0, 2.3, 2.5, 3.0, 3.99, 4.0])
@pytest.mark.parametrize("extent", [31, 32, 33, 40, 47])
def test_right_scales_pass_at_every_size(scale: float, extent: int) -> None:
    """ceil(H / s) s is above H by less than s; the network's own rounding of s h may go either way."""
    hr = torch.rand(1, 3, extent, extent + 3)
    lq = Degradation(KERNEL, scale).apply(hr)
    assert lq.shape[-1] == -(-(extent + 3) // scale)
    output = upscale(lq, scale)
    assert cropped(nn.Identity(), output, lq, hr.shape[-2:], scale).shape == hr.shape
    degradation = Degradation(KERNEL, scale)
    result = zero_shot(MZSRNet(num_feat=4, num_conv=2, scale=scale), lq, degradation, Settings(updates=(1,)))
    assert result.images[1].shape[-2:] == output.shape[-2:]
    with pytest.raises(ConfigError, match="make its own scale"):
        zero_shot(Resized(scale + 1), lq, degradation, Settings(updates=(1,)))


def test_the_line_names_the_network_the_sizes_and_the_scale() -> None:
    task = Task(pairs(), pairs(), Degradation(KERNEL, 2))
    with pytest.raises(ConfigError) as caught:
        MetaStep(Resized(4), maml, F.l1_loss, 1, 0.1)([task], (1.0,))
    assert str(caught.value) == (
        "network_g: Resized makes 64x64 px of 16x16 px, where scale 2 needs 32x32 (the target has 32x32); make its own "
        "scale (`upscale` or `scale`) 2, or the run's that of the network"
    )


@pytest.mark.parametrize(
    ("height", "fits"), [(32, True), (31, True), (30, False), (33, False), (20, False), (64, False)]
)
def test_a_target_of_another_size_is_refused_too(height: int, fits: bool) -> None:
    task = Task(pairs(), Pairs(torch.rand(1, 3, 16, 16), torch.rand(1, 3, height, 32)), Degradation(KERNEL, 2))
    step = MetaStep(Resized(2), maml, F.l1_loss, 1, 0.1)
    if fits:
        assert step([task], (1.0,))[0].isfinite()
    else:
        with pytest.raises(ConfigError, match=f"the target has 32x{height}"):
            step([task], (1.0,))
