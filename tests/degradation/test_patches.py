"""The linear estimate of a training batch: as the filter's on the mirror image, or exact where that does not serve."""

import skimage.data
import torch
from torch import Tensor

from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.linear import solve
from mzsr_basicsr.degradation.patches import upscale_patches
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.shake import seeded_shake
from mzsr_basicsr.degradation.wiener import distinct, wiener_upscale

WIDE, NARROW = gaussian_kernel(2.0, 1.0, 0.3, 25), gaussian_kernel(0.3, 0.2, 0.0, 25)


def patches() -> Tensor:
    """(4, 3, 48, 48) of a photograph."""
    photo = torch.from_numpy(skimage.data.coffee()).double().permute(2, 0, 1) / 255
    return torch.stack([photo[:, 150:198, left : left + 48] for left in (100, 200, 300, 400)])


def test_symmetric_kernels_give_what_the_filter_gives() -> None:
    hr, kernels = patches(), torch.stack([WIDE, WIDE, NARROW, WIDE])
    noise = torch.tensor([0.0, 0.0, 0.0, 0.03], dtype=torch.float64)
    degradation = Degradation(kernels, 2, noise=noise)
    lq = Degradation(kernels, 2).apply(hr)
    found = upscale_patches(lq, degradation)
    torch.testing.assert_close(found, wiener_upscale(lq, degradation), atol=5e-3, rtol=0)
    assert (found - wiener_upscale(lq, Degradation(kernels, 2)))[3].abs().max() > 0.02  # its noise was told


def test_camera_shake_is_solved_exactly_and_the_others_stay() -> None:
    hr, shake = patches(), seeded_shake(0, 25)
    kernels = torch.stack([WIDE, shake, shake, NARROW])
    lq = Degradation(kernels, 2).apply(hr)
    found = upscale_patches(lq, Degradation(kernels, 2))
    torch.testing.assert_close(found[1:3], solve(lq[1:3], Degradation(shake, 2)), atol=1e-10, rtol=0)
    alone = upscale_patches(lq[[0, 3]], Degradation(kernels[[0, 3]], 2))
    torch.testing.assert_close(found[[0, 3]], alone, atol=1e-10, rtol=0)


def test_neighbours_that_are_alike_are_counted() -> None:
    kernels = torch.stack([WIDE, WIDE, NARROW, WIDE])
    few, counts = distinct(Degradation(kernels, 2))
    assert counts.tolist() == [2, 1, 1] and torch.equal(few.kernel, kernels[[0, 2, 3]])
    few, counts = distinct(Degradation(kernels, 2, noise=torch.tensor([0.0, 0.1, 0.1, 0.1])))
    assert counts.tolist() == [1, 1, 1, 1]
    assert torch.as_tensor(few.noise).tolist() == [0.0] + [float(torch.tensor(0.1))] * 3
