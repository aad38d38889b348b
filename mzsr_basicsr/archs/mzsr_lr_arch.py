"""MZSRNetLR: the paper's depth and width in LR space, with a pixel-shuffle tail and a bicubic skip."""

import torch.nn as nn
from torch import Tensor

from mzsr_basicsr.archs.conditioning import KernelCode
from mzsr_basicsr.archs.mzsr_arch import check_sizes, conditioned, integer_scale, plain_body
from mzsr_basicsr.degradation.degrade import upscale


class MZSRNetLR(nn.Module):
    """Eight 3x3 convolutions on the LR image, a pixel shuffle, and the bicubic-upscaled image added.

    It needs about scale² times fewer operations than `MZSRNet` for the same output.

    Args:
        num_in_ch: image channels.
        num_out_ch: image channels, the same number.
        num_feat: channels between the convolutions.
        num_conv: number of convolutions.
        scale: magnification, an integer from 1.
        kernel_code: numbers of the kernel code that are appended as input maps; 0 leaves the network unconditioned.

    Example:
        >>> import torch
        >>> network, lq = MZSRNetLR(num_feat=4, scale=3), torch.rand(1, 3, 8, 12)
        >>> network(lq).shape
        torch.Size([1, 3, 24, 36])
        >>> torch.equal(network(lq, **network.fixed_inputs(lq)), network(lq))  # computed before, or in the call
        True
    """

    wants_scale = False

    def __init__(
        self,
        num_in_ch: int = 3,
        num_out_ch: int = 3,
        num_feat: int = 64,
        num_conv: int = 8,
        scale: int = 2,
        kernel_code: int = 0,
    ) -> None:
        super().__init__()
        check_sizes(num_in_ch, num_out_ch, num_feat, num_conv, kernel_code)
        self.scale = integer_scale(scale, type(self).__name__)
        self.wants_kernel = kernel_code > 0
        self.code = KernelCode(kernel_code) if kernel_code else None
        self.body = plain_body(num_in_ch + kernel_code, num_feat, num_conv, num_out_ch * self.scale**2)
        self.shuffle = nn.PixelShuffle(self.scale)

    def fixed_inputs(self, lq: Tensor, kernel: Tensor | None = None) -> dict[str, Tensor]:
        """Compute what no parameter changes, once for each image: {"base": the bicubic-upscaled image}."""
        return {"base": upscale(lq, self.scale)}

    def forward(self, lq: Tensor, kernel: Tensor | None = None, base: Tensor | None = None) -> Tensor:
        """Super-resolve.

        Args:
            lq: (B, C, h, w), RGB in [0, 1].
            kernel: (k, k) or (B, k, k); needed by a conditioned network only.
            base: the bicubic-upscaled image, where it was computed before.

        Returns:
            (B, C, scale * h, scale * w), not clipped.
        """
        residual: Tensor = self.shuffle(self.body(conditioned(self.code, lq, kernel)))
        return (self.fixed_inputs(lq)["base"] if base is None else base) + residual
