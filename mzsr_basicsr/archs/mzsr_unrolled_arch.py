"""MZSRNetUnrolled: an estimate that is held against the LR image after each stage, and given back what it misses."""

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.archs.blocks import in_blocks
from mzsr_basicsr.archs.mzsr_arch import check_sizes, integer_scale
from mzsr_basicsr.archs.mzsr_wiener_arch import ResidualBlock, bias_of
from mzsr_basicsr.archs.trust import in_doubt, trusted_share
from mzsr_basicsr.degradation.linear import filter_serves, linear_upscale
from mzsr_basicsr.degradation.patches import upscale_patches
from mzsr_basicsr.degradation.phases import downscaling, reach_of_phases, upscaling
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_filter
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

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> given, lq = Degradation("gaussian:1,1", scale=2), torch.rand(1, 3, 16, 24)
        >>> network = MZSRNetUnrolled(num_feat=4, stages=(1, 1)).eval()
        >>> sr = network(lq, given.kernel)
        >>> sr.shape, bool((given.apply(sr) - lq).abs().mean() < 0.01)  # degraded again, it is the LR image again
        (torch.Size([1, 3, 32, 48]), True)
        >>> sorted(network.fixed_inputs(lq, given.kernel)), network.shared_inputs(lq, given.kernel)
        (['base', 'filters'], {})
        >>> network.reach(given)  # how far a pixel sees, LR px
        16
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
        self.scale, self.counts = integer_scale(scale, type(self).__name__), tuple(stages)
        folded = num_in_ch * self.scale**2
        self.head = nn.Conv2d(folded, num_feat, 3, padding=1)
        self.stages = nn.ModuleList(nn.Sequential(*[ResidualBlock(num_feat) for _ in range(n)]) for n in stages)
        self.tail = nn.Conv2d(num_feat, folded, 3, padding=1)
        nn.init.kaiming_normal_(self.head.weight)
        self.tail.weight.data.mul_(0.1)  # the first correction is small
        for layer in (self.head, self.tail):
            nn.init.zeros_(bias_of(layer))

    def reach(self, degradation: Degradation) -> int | None:
        """Give how far a pixel of the result sees, LR px; None if that is not known.

        It is what the linear estimate sees, or all convolutions, whichever is more. What is seen beyond that by one
        after the other, or through the corrections between the stages, changes a picture by less than 0.02 of 255
        levels (`benchmarks/seams.py`).
        """
        if not filter_serves(degradation):
            return None
        linear = reach_of_phases(wiener_filter(degradation), self.scale)
        return max(linear, 4 + 2 * sum(self.counts))

    def fixed_inputs(
        self, lq: Tensor, kernel: Tensor, noise: float | Tensor = 0.0, trust: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Compute what no parameter changes, once for each image.

        Args:
            lq: see `forward`, as for the next two.
            kernel: see there.
            noise: see there.
            trust: from `shared_inputs`, where that was asked before.

        Returns:
            "base", the linear estimate l_1, (B, C, scale * h, scale * w); "filters", W's impulse response, (n, n) or
            (B, n, n); and what `shared_inputs` gives.
        """
        degradation = Degradation(kernel, self.scale, noise=noise)
        upscale = upscale_patches if self.training and kernel.ndim == 3 else linear_upscale
        fixed = {"base": upscale(lq, degradation), "filters": wiener_filter(degradation, REACH * self.scale)}
        return fixed | (self.shared_inputs(lq, kernel, noise) if trust is None else {"trust": trust})

    def shared_inputs(self, lq: Tensor, kernel: Tensor, noise: float | Tensor = 0.0) -> dict[str, Tensor]:
        """Compute what is one for all parts of an image: outside of training, for a kernel that W does not serve, the
        "trust", see `trusted_share`; else nothing.
        """
        degradation = Degradation(kernel, self.scale, noise=noise)
        if self.training or not in_doubt(lq, degradation):
            return {}
        filters = wiener_filter(degradation, REACH * self.scale)
        return {"trust": trusted_share(lq, degradation, lambda son, b: self._unroll(son, degradation, b, filters))}

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
        kernel = kernel.to(lq)
        if base is None or filters is None:
            fixed = self.fixed_inputs(lq, kernel, noise)
            base, filters, trust = fixed["base"], fixed["filters"], fixed.get("trust")
        result = self._unroll(lq, Degradation(kernel, self.scale), base, filters)
        return result if trust is None else base + trust * (result - base)

    def _unroll(self, lq: Tensor, degradation: Degradation, base: Tensor, filters: Tensor) -> Tensor:
        """Go through the stages, all images folded by their phases: the result, (B, C, scale * h, scale * w)."""
        size = (lq.shape[-2], lq.shape[-1])
        down, up = downscaling(degradation.kernel, self.scale, size), upscaling(filters, self.scale, size)
        linear = F.pixel_unshuffle(base, self.scale)
        seen: tuple[Tensor, ...] = (linear,)
        for stage, blocks in zip(self.stages, self.counts, strict=True):
            through = partial(self._stage, stage, stage is self.stages[-1])
            correction, *features = in_blocks(through, seen, 2 + 2 * blocks)
            estimate = linear + correction
            with torch.autocast(lq.device.type, enabled=False):
                missed = up(lq - down(estimate))
            linear, seen = linear + missed, (missed, *features)
        return F.pixel_shuffle(estimate + missed, self.scale)

    def _stage(self, stage: nn.Module, last: bool, given: Tensor, before: Tensor | None = None) -> tuple[Tensor, ...]:
        """Go through one stage: what its estimate adds to the linear one, folded, and its features for the next.

        Args:
            stage: its residual blocks.
            last: there is no next stage.
            given: the linear estimate to the first stage, to the others what was missed.
            before: the features of the stage before.
        """
        features = self.head(given) if before is None else before + F.conv2d(given, self.head.weight, padding=1)
        features = stage(features)
        correction = self.tail(features).contiguous()  # plane by plane, as Fourier transforms take it
        return (correction,) if last else (correction, features)
