"""MZSRNet: the paper's network, which works in HR space (paper, section 4.1; 225,091 parameters)."""

import torch.nn as nn
from torch import Tensor

from mzsr_basicsr.archs.conditioning import KernelCode, append_code
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.errors import ConfigError


def plain_body(num_in_ch: int, num_feat: int, num_conv: int, num_out_ch: int) -> nn.Sequential:
    """Stack 3x3 convolutions with zero padding and a ReLU after each but the last.

    Example:
        >>> [type(layer).__name__ for layer in plain_body(num_in_ch=3, num_feat=64, num_conv=3, num_out_ch=3)]
        ['Conv2d', 'ReLU', 'Conv2d', 'ReLU', 'Conv2d']
    """
    widths = [num_in_ch, *[num_feat] * (num_conv - 1), num_out_ch]
    layers: list[nn.Module] = []
    for wide_in, wide_out in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Conv2d(wide_in, wide_out, 3, 1, 1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


class MZSRNet(nn.Module):
    """Eight 3x3 convolutions on the bicubic-upscaled image, whose output is added to it.

    Args:
        num_in_ch: image channels.
        num_out_ch: image channels, the same number.
        num_feat: channels between the convolutions.
        num_conv: number of convolutions.
        scale: default magnification, real, at least 1; `forward` may be given another (multi-scale training).
        kernel_code: numbers of the kernel code that are appended as input maps; 0 leaves the network unconditioned.

    Example:
        >>> import torch
        >>> network, lq = MZSRNet(), torch.rand(1, 3, 8, 12)
        >>> sum(parameter.numel() for parameter in network.parameters())
        225091
        >>> network(lq).shape, network(lq, scale=1.5).shape
        (torch.Size([1, 3, 16, 24]), torch.Size([1, 3, 12, 18]))
        >>> torch.equal(network(lq, **network.fixed_inputs(lq)), network(lq))  # computed before, or in the call
        True
    """

    wants_scale = True  # the meta-step and the zero-shot hook pass the task's scale

    def __init__(
        self,
        num_in_ch: int = 3,
        num_out_ch: int = 3,
        num_feat: int = 64,
        num_conv: int = 8,
        scale: float = 2,
        kernel_code: int = 0,
    ) -> None:
        super().__init__()
        check_sizes(num_in_ch, num_out_ch, num_feat, num_conv, kernel_code)
        self.scale = scale
        self.wants_kernel = kernel_code > 0  # the meta-step and the hook pass the kernel to networks that ask for it
        self.code = KernelCode(kernel_code) if kernel_code else None
        self.body = plain_body(num_in_ch + kernel_code, num_feat, num_conv, num_out_ch)

    def fixed_inputs(self, lq: Tensor, kernel: Tensor | None = None, scale: float | None = None) -> dict[str, Tensor]:
        """Compute what no parameter changes, once for each image: {"base": the bicubic-upscaled image}."""
        return {"base": upscale(lq, self.scale if scale is None else scale)}

    def forward(
        self, lq: Tensor, kernel: Tensor | None = None, scale: float | None = None, base: Tensor | None = None
    ) -> Tensor:
        """Super-resolve.

        Args:
            lq: (B, C, h, w), RGB in [0, 1].
            kernel: (k, k) or (B, k, k); needed by a conditioned network only.
            scale: magnification; default is the constructor's.
            base: the bicubic-upscaled image, where it was computed before.

        Returns:
            (B, C, ceil(scale * h), ceil(scale * w)), not clipped.
        """
        base = self.fixed_inputs(lq, kernel, scale)["base"] if base is None else base
        residual: Tensor = self.body(conditioned(self.code, base, kernel))
        return base + residual


def conditioned(code: KernelCode | None, image: Tensor, kernel: Tensor | None) -> Tensor:
    """Append the kernel's code to the image where the network has one; a missing kernel is an error.

    Example:
        >>> import torch
        >>> from mzsr_basicsr.archs.conditioning import KernelCode
        >>> image, kernel = torch.zeros(1, 3, 8, 8), torch.ones(1, 1)
        >>> conditioned(KernelCode(count=4), image, kernel).shape, conditioned(None, image, None).shape
        (torch.Size([1, 7, 8, 8]), torch.Size([1, 3, 8, 8]))
    """
    if code is None:
        return image
    if kernel is None:
        raise ConfigError("network_g: kernel_code > 0 needs the blur kernel in every call; use MZSRModel")
    return append_code(image, code(kernel))


def check_sizes(num_in_ch: int, num_out_ch: int, num_feat: int, num_conv: int, kernel_code: int) -> None:
    """Refuse sizes no network can have, naming the option.

    Example:
        >>> check_sizes(num_in_ch=3, num_out_ch=3, num_feat=64, num_conv=1, kernel_code=0)
        Traceback (most recent call last):
        mzsr_basicsr.errors.ConfigError: network_g.num_conv: 1 is too small; allowed: integers from 2
    """
    if num_in_ch != num_out_ch:
        raise ConfigError(f"network_g.num_out_ch: {num_out_ch} differs from num_in_ch {num_in_ch}; they must be equal")
    lowest = {"num_in_ch": (num_in_ch, 1), "num_feat": (num_feat, 1), "num_conv": (num_conv, 2)}
    for name, (value, low) in {**lowest, "kernel_code": (kernel_code, 0)}.items():
        if value < low:
            raise ConfigError(f"network_g.{name}: {value} is too small; allowed: integers from {low}")


def integer_scale(scale: float, network: str) -> int:
    """Give the scale of a network that works in LR space; it must be an integer.

    Example:
        >>> integer_scale(2.0, "MZSRNetLR")
        2
        >>> integer_scale(2.5, "MZSRNetLR")
        Traceback (most recent call last):
        mzsr_basicsr.errors.ConfigError: network_g.scale: 2.5; MZSRNetLR allows integers from 1, MZSRNet any real number
    """
    if scale != int(scale) or scale < 1:
        raise ConfigError(f"network_g.scale: {scale}; {network} allows integers from 1, MZSRNet any real number")
    return int(scale)
