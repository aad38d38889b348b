"""MZSRNetWiener: Wiener's kernel-aware estimate of the HR image, corrected by residual blocks in LR space."""

import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.archs.blocks import in_blocks
from mzsr_basicsr.archs.mzsr_arch import check_sizes, integer_scale
from mzsr_basicsr.archs.trust import in_doubt, trusted_share
from mzsr_basicsr.degradation.linear import filter_serves, linear_upscale
from mzsr_basicsr.degradation.phases import reach_of_phases
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_filter, wiener_upscale
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

    Example:
        >>> import torch
        >>> from mzsr_basicsr import Degradation
        >>> given, lq = Degradation("gaussian:1,1", scale=2), torch.full((1, 3, 16, 24), 0.5)
        >>> network = MZSRNetWiener(num_feat=4, num_block=1).eval()
        >>> network(lq, given.kernel).shape, network.reach(given)  # how far a pixel sees, LR px
        (torch.Size([1, 3, 32, 48]), 16)
        >>> network.fixed_inputs(lq, given.kernel)["base"].mean()  # Wiener's estimate: grey stays grey
        tensor(0.5000)
        >>> network.shared_inputs(lq, given.kernel)  # the filter serves this kernel, so that there is no doubt
        {}
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

    def fixed_inputs(
        self, lq: Tensor, kernel: Tensor, noise: float | Tensor = 0.0, trust: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Compute what no parameter changes, once for each image: {"base": the linear estimate}.

        In training mode it is Wiener's filter for all kernels, which is fast; else see `linear_upscale`. There is what
        `shared_inputs` gives, too, unless its `trust` is given.
        """
        degradation = Degradation(kernel, self.scale, noise=noise)
        base = wiener_upscale(lq, degradation) if self.training else linear_upscale(lq, degradation)
        return {"base": base} | (self.shared_inputs(lq, kernel, noise) if trust is None else {"trust": trust})

    def shared_inputs(self, lq: Tensor, kernel: Tensor, noise: float | Tensor = 0.0) -> dict[str, Tensor]:
        """Compute what is one for all parts of an image: for a kernel that the filter does not serve, unlike those of
        the training, the "trust", see `trusted_share`; else nothing.
        """
        degradation = Degradation(kernel, self.scale, noise=noise)
        if self.training or not in_doubt(lq, degradation):
            return {}
        return {"trust": trusted_share(lq, degradation, lambda _, son: son + self._correction(son))}

    def reach(self, degradation: Degradation) -> int | None:
        """Give how far a pixel of the result sees, LR px; None if that is not known.

        It is what the linear estimate sees, or all convolutions, whichever is more; what is seen beyond that by one
        after the other changes a picture by less than 0.02 of 255 levels (`benchmarks/seams.py`).
        """
        if not filter_serves(degradation):
            return None
        return max(reach_of_phases(wiener_filter(degradation), self.scale), self._sees + 2)

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

    @property
    def _sees(self) -> int:
        return 2 + 2 * len(self.blocks)

    def _correction(self, base: Tensor) -> Tensor:
        folded = F.pixel_unshuffle(base, self.scale)
        (correction,) = in_blocks(lambda part: (self.tail(self.blocks(self.head(part))),), (folded,), self._sees)
        return F.pixel_shuffle(correction, self.scale)


class ResidualBlock(nn.Module):
    """x + conv(ReLU(conv(x))), 3x3, without normalisation; `width` channels.

    Example:
        >>> import torch
        >>> ResidualBlock(width=8)(torch.zeros(1, 8, 5, 5)).abs().max().item()  # at first 0 stays 0: there is no bias
        0.0
    """

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
    """Give a convolution's bias, which all of ours have.

    Example:
        >>> bias_of(nn.Conv2d(3, 8, 3)).shape
        torch.Size([8])
    """
    if layer.bias is None:
        raise ConfigError("network_g: a convolution without bias")
    return layer.bias
