"""The kernel code: what a kernel-conditioned network sees of the blur kernel.

A kernel of any odd size is centred on a 15x15 grid and projected on the leading principal components of Gaussian
kernels (the idea of SRMD, Zhang et al., CVPR 2018: a PCA code stretched over the image as extra input maps).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.degradation.kernels import KernelLaw, sample_kernels

GRID = 15  # px, side of the grid on which kernels are compared; the paper's kernel size
_SAMPLES = 2000


def centre_on_grid(kernel: Tensor, grid: int = GRID) -> Tensor:
    """Centre kernels of any odd size on a fixed grid: zeros are added, or the rim is cut off.

    Args:
        kernel: (..., k, k), k odd.
        grid: side of the result in px, odd.

    Returns:
        (..., grid, grid); what was cut off is not spread over the rest.

    Example:
        >>> centre_on_grid(torch.ones(1, 1), grid=3)
        tensor([[0., 0., 0.],
                [0., 1., 0.],
                [0., 0., 0.]])
    """
    margin = (grid - kernel.shape[-1]) // 2
    return F.pad(kernel, (margin, margin, margin, margin))


def principal_components(count: int) -> tuple[Tensor, Tensor]:
    """Find the principal components of Gaussian kernels with log-uniform variances in [0.15, 10] px².

    Args:
        count: number of components, 1 to 225.

    Returns:
        mean (225,) and basis (count, 225), float32; each row of the basis is divided by the spread of its
        coefficients, so that the codes of the law have unit variance.

    Example:
        >>> mean, basis = principal_components(4)
        >>> round(mean.sum().item(), 4), basis.shape  # the mean of kernels is a kernel
        (1.0, torch.Size([4, 225]))
    """
    law = KernelLaw(size=GRID, lambda1=(0.15, 10.0), lambda2=(0.15, None), log_uniform=True)
    kernels, _ = sample_kernels(law, _SAMPLES, torch.Generator().manual_seed(0))
    flat = kernels.flatten(1)
    mean = flat.mean(0)
    _, singular, rows = torch.linalg.svd(flat - mean, full_matrices=False)
    spread = singular[:count] / _SAMPLES**0.5
    return mean.float(), (rows[:count] / spread[:, None].clamp_min(1e-4)).float()


class KernelCode(nn.Module):
    """Project kernels on a fixed basis; basis and mean are buffers, so they travel with the weights.

    Args:
        count: numbers in the code.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> code = KernelCode(count=4)
        >>> code(Degradation("gaussian:2,1", scale=2).kernel).shape
        torch.Size([1, 4])
        >>> code(code.mean.reshape(15, 15)).abs().max().item()  # the mean kernel's code is 0
        0.0
    """

    mean: Tensor
    basis: Tensor

    def __init__(self, count: int = 15) -> None:
        super().__init__()
        mean, basis = principal_components(count)
        self.register_buffer("mean", mean)
        self.register_buffer("basis", basis)

    def forward(self, kernel: Tensor) -> Tensor:
        """Encode kernels: (B, k, k) or (k, k) -> (B or 1, count)."""
        flat = centre_on_grid(kernel.to(self.mean)).flatten(-2)
        code = (flat - self.mean) @ self.basis.T
        return code if code.ndim == 2 else code[None]


def append_code(image: Tensor, code: Tensor) -> Tensor:
    """Append a code as constant maps: image (B, C, H, W), code (B or 1, n) -> (B, C + n, H, W).

    Example:
        >>> append_code(torch.zeros(1, 3, 2, 2), torch.tensor([[0.5, 7.0]]))[0, :, 0, 0]
        tensor([0.0000, 0.0000, 0.0000, 0.5000, 7.0000])
    """
    maps = code[:, :, None, None].expand(image.shape[0], -1, *image.shape[-2:])
    return torch.cat([image, maps.to(image)], dim=1)
