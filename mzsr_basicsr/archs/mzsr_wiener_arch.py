"""MZSRNetWiener: Wiener's kernel-aware estimate of the HR image, corrected by residual blocks in LR space."""

import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.archs.mzsr_arch import check_sizes, integer_scale
from mzsr_basicsr.archs.trust import in_doubt, trusted_share
from mzsr_basicsr.degradation.linear import linear_upscale
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_upscale
from mzsr_basicsr.errors import ConfigError


class MZSRNetWiener(nn.Module):
    """Wiener upscaling, folded into LR space (pixel unshuffle), residual blocks, pixel shuffle, added to the estimate.

    The kernel enters by the Wiener filter alone, so a kernel of any family conditions the network, and what is
    left to learn hardly depends on it. The filter has no parameters: it is computed once for each image.

    Args:
        num_in_ch: image channels.
        num_out_ch: image channels, the same number.
        num_feat: channels between the convolutions.
        num_block: residual blocks of two 3x3 convolutions.
        scale: magnification, an integer from 1.
    """

    wants_kernel = True
    wants_scale = False
    wants_noise = True

    def __init__(
        self, num_in_ch: int = 3, num_out_ch: int = 3, num_feat: int = 64, num_block: int = 3, scale: int = 2
    ) -> None:
        super().__init__()
        check_sizes(num_in_ch, num_out_ch, num_feat, 2 + 2 * num_block, 0)
        self.scale = integer_scale(scale, type(self).__name__)
        folded = num_in_ch * self.scale**2
        self.head = nn.Conv2d(folded, num_feat, 3, padding=1)
        self.blocks = nn.Sequential(*[ResidualBlock(num_feat) for _ in range(num_block)])
        self.tail = nn.Conv2d(num_feat, folded, 3, padding=1)
        nn.init.kaiming_normal_(self.head.weight)
        self.tail.weight.data.mul_(0.1)  # the first correction is small
        for layer in (self.head, self.tail):
            nn.init.zeros_(bias_of(layer))

    def fixed_inputs(self, lq: Tensor, kernel: Tensor, noise: float | Tensor = 0.0) -> dict[str, Tensor]:
        """Compute what no parameter changes, once for each image: {"base": the linear estimate}.

        In training mode it is Wiener's filter for all kernels, which is fast; else see `linear_upscale`. For a kernel
        that the filter does not serve, unlike those of the training, there is "trust" too: see `trusted_share`.
        """
        degradation = Degradation(kernel, self.scale, noise=noise)
        if self.training:
            return {"base": wiener_upscale(lq, degradation)}
        base = linear_upscale(lq, degradation)
        if not in_doubt(lq, degradation):
            return {"base": base}
        return {"base": base, "trust": trusted_share(lq, degradation, lambda _, son: son + self._correction(son))}

    def forward(
        self,
        lq: Tensor,
        kernel: Tensor | None = None,
        noise: float | Tensor = 0.0,
        base: Tensor | None = None,
        trust: Tensor | None = None,
    ) -> Tensor:
        """Super-resolve.

        Args:
            lq: (B, C, h, w), RGB in [0, 1].
            kernel: (k, k) or (B, k, k), the blur before direct subsampling.
            noise: σ of the LR image's noise, [0, 1] intensity, or (B,) with kernels (B, k, k).
            base: (B, C, scale * h, scale * w), the linear estimate, where it was computed before.
            trust: share of the correction that is added, a number; None for all of it.

        Returns:
            (B, C, scale * h, scale * w), not clipped.
        """
        if base is None:
            if kernel is None:
                raise ConfigError("network_g: MZSRNetWiener needs the blur kernel in every call; use MZSRModel")
            fixed = self.fixed_inputs(lq, kernel, noise)
            base, trust = fixed["base"], fixed.get("trust")
        correction = self._correction(base)
        return base + (correction if trust is None else trust * correction)

    def _correction(self, base: Tensor) -> Tensor:
        correction: Tensor = self.tail(self.blocks(self.head(F.pixel_unshuffle(base, self.scale))))
        return F.pixel_shuffle(correction, self.scale)


class ResidualBlock(nn.Module):
    """x + conv(ReLU(conv(x))), 3x3, without normalisation; `width` channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        for layer in (self.first, self.second):
            nn.init.kaiming_normal_(layer.weight)
            layer.weight.data.mul_(0.3)  # keeps the sum's spread near its first term's
            nn.init.zeros_(bias_of(layer))

    def forward(self, features: Tensor) -> Tensor:
        """Correct features (B, width, h, w)."""
        corrected: Tensor = features + self.second(F.relu(self.first(features)))
        return corrected


def bias_of(layer: nn.Conv2d) -> Tensor:
    """Give a convolution's bias, which all of ours have."""
    if layer.bias is None:
        raise ConfigError("network_g: a convolution without bias")
    return layer.bias
