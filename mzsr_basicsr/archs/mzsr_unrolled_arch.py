"""MZSRNetUnrolled: an estimate that is held against the LR image after each stage, and given back what it misses."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.archs.mzsr_arch import check_sizes, integer_scale
from mzsr_basicsr.archs.mzsr_wiener_arch import ResidualBlock, bias_of
from mzsr_basicsr.archs.trust import in_doubt, trusted_share
from mzsr_basicsr.degradation.linear import linear_upscale
from mzsr_basicsr.degradation.patches import upscale_patches
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_correct, wiener_filter
from mzsr_basicsr.errors import ConfigError

REACH = 20  # LR px, of the filter through which what is missed is given back


class MZSRNetUnrolled(nn.Module):
    """Stages of residual blocks in LR space; what the estimate of each misses of the LR image is given to the next.

    With the known degradation D, Wiener's filter W and the linear estimate l_1 = W y of the LR image y, stage i gives

        x_i = l_i + tail(f_i),   e_i = W (y - D x_i),   l_{i+1} = l_i + e_i,   f_{i+1} = stage_{i+1}(f_i + head(e_i)),

    with f_1 = stage_1(head(l_1)). The result of n stages is x_n + e_n, which gives the LR image again as nearly as its
    noise asks for. This is the alternation of USRNet (Zhang et al., CVPR 2020) with features that go on from stage to
    stage and one head and one tail for all, so that stages cost no parameters.

    Args:
        num_in_ch: image channels.
        num_out_ch: image channels, the same number.
        num_feat: channels between the convolutions.
        stages: residual blocks of each stage, of two 3x3 convolutions.
        scale: magnification, an integer from 1.

    Raises:
        ConfigError: sizes that are not positive, or no stage.
    """

    wants_kernel = True
    wants_scale = False
    wants_noise = True

    def __init__(
        self,
        num_in_ch: int = 3,
        num_out_ch: int = 3,
        num_feat: int = 48,
        stages: Sequence[int] = (2, 3),
        scale: int = 2,
    ) -> None:
        super().__init__()
        if not stages or not all(isinstance(count, int) and count > 0 for count in stages):
            raise ConfigError(f"network_g.stages: {stages} must be a list of positive whole numbers, as [2, 3]")
        check_sizes(num_in_ch, num_out_ch, num_feat, 2 + 2 * sum(stages), 0)
        self.scale = integer_scale(scale, type(self).__name__)
        folded = num_in_ch * self.scale**2
        self.head = nn.Conv2d(folded, num_feat, 3, padding=1)
        self.stages = nn.ModuleList(nn.Sequential(*[ResidualBlock(num_feat) for _ in range(n)]) for n in stages)
        self.tail = nn.Conv2d(num_feat, folded, 3, padding=1)
        nn.init.kaiming_normal_(self.head.weight)
        self.tail.weight.data.mul_(0.1)  # the first correction is small
        for layer in (self.head, self.tail):
            nn.init.zeros_(bias_of(layer))

    def fixed_inputs(self, lq: Tensor, kernel: Tensor, noise: float | Tensor = 0.0) -> dict[str, Tensor]:
        """Compute what no parameter changes, once for each image.

        Returns:
            "base", the linear estimate l_1, (B, C, scale * h, scale * w); "filters", W's impulse response, (n, n) or
            (B, n, n); and outside of training, for a kernel that W does not serve, "trust", see `trusted_share`.
        """
        degradation = Degradation(kernel, self.scale, noise=noise)
        upscale = upscale_patches if self.training and kernel.ndim == 3 else linear_upscale
        fixed = {"base": upscale(lq, degradation), "filters": wiener_filter(degradation, REACH * self.scale)}
        if not self.training and in_doubt(lq, degradation):
            enlarge = lambda son, base: self._unroll(son, degradation, base, fixed["filters"])  # noqa: E731
            fixed["trust"] = trusted_share(lq, degradation, enlarge)
        return fixed

    def forward(
        self,
        lq: Tensor,
        kernel: Tensor | None = None,
        noise: float | Tensor = 0.0,
        base: Tensor | None = None,
        filters: Tensor | None = None,
        trust: Tensor | None = None,
    ) -> Tensor:
        """Super-resolve.

        Args:
            lq: (B, C, h, w), RGB in [0, 1].
            kernel: (k, k) or (B, k, k), the blur before direct subsampling.
            noise: σ of the LR image's noise, [0, 1] intensity, or (B,) with kernels (B, k, k).
            base: see `fixed_inputs`, as for the next two.
            filters: of the correction.
            trust: share of what the network adds to the base, a number; None for all of it.

        Returns:
            (B, C, scale * h, scale * w), not clipped.
        """
        if kernel is None:
            raise ConfigError("network_g: MZSRNetUnrolled needs the blur kernel in every call; use MZSRModel")
        if base is None or filters is None:
            fixed = self.fixed_inputs(lq, kernel, noise)
            base, filters, trust = fixed["base"], fixed["filters"], fixed.get("trust")
        result = self._unroll(lq, Degradation(kernel, self.scale), base, filters)
        return result if trust is None else base + trust * (result - base)

    def _unroll(self, lq: Tensor, degradation: Degradation, base: Tensor, filters: Tensor) -> Tensor:
        """Go through the stages: the result, (B, C, scale * h, scale * w)."""
        linear, features = base, self.head(F.pixel_unshuffle(base, self.scale))
        for number, stage in enumerate(self.stages, start=1):
            features = stage(features)
            estimate = linear + F.pixel_shuffle(self.tail(features), self.scale)
            missed = self._missed(lq, estimate, degradation, filters)
            linear = linear + missed
            if number < len(self.stages):
                features = features + F.conv2d(F.pixel_unshuffle(missed, self.scale), self.head.weight, padding=1)
        return estimate + missed

    def _missed(self, lq: Tensor, estimate: Tensor, degradation: Degradation, filters: Tensor) -> Tensor:
        """Compute e = W (y - D x), in the estimate's own precision."""
        with torch.autocast(lq.device.type, enabled=False):
            made = degradation.with_noise(0.0).apply(estimate)
            return wiener_correct(lq - made, filters, self.scale)
