"""The game of the internal estimator: a linear generator against a judge of patches, on crops of one image.

Unlike KernelGAN's, the judge learns alone for a while: a generator that moves against an untrained judge first runs far
off, and against one that learns slowly never comes to rest. The second difference is `internal_crops.fair_blur`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.blind import constraints
from mzsr_basicsr.blind.internal_crops import CropSource, fair_blur
from mzsr_basicsr.blind.players import PatchJudge, compose, fit_factors
from mzsr_basicsr.degradation.degrade import blur
from mzsr_basicsr.errors import ConfigError

_WIDTH, _JUDGE_WIDTH = 16, 32  # channels of the generator and of the judge
_BETAS = (0.5, 0.999)


@dataclass(frozen=True)
class InternalSettings:
    """How the game is played; the defaults were chosen on a part of Set14 at scale 2.

    Attributes:
        iterations: Rounds in all; 0 gives the start back.
        head_start: Of these, the first ones, in which only the judge learns; without more of them nothing moves.
        crop: Side of the crops fed to the generator, LR px; smaller images give what they have.
        batch: Crops per round.
        size: Odd side of the answer, px.
        rate: Adam's rate of the generator.
        judge_rate: Adam's rate of the judge.
        start_weight: Weight of the distance from the start, `start_penalty`; it is what keeps a good start good.
        sum_weight: Weight of the sum's distance from one.
        border_weight: Weight of the mass near the border; much of it narrows every wide kernel.
        centre_weight: Weight of the squared distance of the centre of mass from the middle, per px^2.
        sparse_weight: Weight of the mean square root of the weights; 0 by default, for it favours narrow kernels.
        photo_variance: Variance of a sharp HR photo, px^2, for `fair_blur`; None judges the crops as they are, as
            published.
        reach: Share by which the total variance of the answer may leave the start's, `hold_near`; 0.15 suits a start
            of about 10 % error.
        seed: Of the only generator of random numbers.
    """

    iterations: int = 600
    head_start: int = 200
    crop: int = 64
    batch: int = 6
    size: int = 15
    rate: float = 3e-5
    judge_rate: float = 1e-3
    start_weight: float = 1.0
    sum_weight: float = 0.5
    border_weight: float = 0.05
    centre_weight: float = 1.0
    sparse_weight: float = 0.0
    photo_variance: float | None = 0.4
    reach: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that cannot be played, naming the field."""
        for name, value in vars(self).items():
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ConfigError(f"internal.{name}: {value} must be a finite number of at least 0")
        if self.batch < 1:
            raise ConfigError(f"internal.batch: {self.batch} must be at least 1")
        if self.size < 3 or self.size % 2 == 0:
            raise ConfigError(f"internal.size: {self.size} must be an odd number of pixels, at least 3")


def play(
    luma: Tensor,
    start: Tensor,
    scale: int,
    settings: InternalSettings,
    on_progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Play the game; give the mean kernel of the last half of the generator's moves, or the start without any.

    Args:
        luma: (1, 1, h, w) float32 image whose edges are of size 1 in the mean.
        start: (size, size) float64 kernel, size as in the settings.
        scale: HR over LR.
        settings: How it is played.
        on_progress: Called with (rounds done, rounds in all) after each round.

    Returns:
        (size, size) float64; weights may be negative and the sum is only near one.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    game = _Game(start, settings, generator)
    parents, own = _crop_sources(luma, start, scale, settings)
    first_averaged = max(settings.head_start, (settings.iterations + settings.head_start) // 2)
    total, count = torch.zeros_like(start), 0
    for done in range(1, settings.iterations + 1):
        sons = game.sons(parents.draw(settings.batch, generator), scale)
        if done > settings.head_start:
            game.move(sons)
        game.learn(own.draw(settings.batch, generator), sons.detach())
        if done > first_averaged:
            total, count = total + game.kernel(), count + 1
        if on_progress is not None:
            on_progress(done, settings.iterations)
    return total / count if count else game.kernel()


class _Game:
    """The two players, what they play for, and their optimisers."""

    def __init__(self, start: Tensor, settings: InternalSettings, generator: torch.Generator) -> None:
        self._start, self._settings = start, settings
        self._factors = fit_factors(start, _WIDTH, generator)
        self._judge = PatchJudge(_JUDGE_WIDTH, generator)
        self._mover = torch.optim.Adam(self._factors, lr=settings.rate, betas=_BETAS)
        self._learner = torch.optim.Adam(self._judge.parameters, lr=settings.judge_rate, betas=_BETAS)

    def kernel(self) -> Tensor:
        return compose(self._factors).detach()

    def sons(self, crops: Tensor, scale: int) -> Tensor:
        kernel = compose(self._factors)
        return F.conv2d(crops, (kernel / kernel.sum())[None, None].float(), stride=scale)

    def move(self, sons: Tensor) -> None:
        """Let the generator take one step towards sons that the judge takes for real."""
        verdict = self._judge(sons, [weight.detach() for weight in self._judge.weights()])
        loss = ((verdict - 1.0) ** 2).mean() + self._penalty()
        gradients = torch.autograd.grad(loss, self._factors)
        _step(self._mover, self._factors, gradients)

    def learn(self, real: Tensor, sons: Tensor) -> None:
        """Let the judge take one step towards 1 for the image's patches and 0 for the sons'."""
        weights = self._judge.weights()
        on_real, on_sons = self._judge(real, weights), self._judge(sons, weights)
        loss = 0.5 * ((on_real - 1.0) ** 2).mean() + 0.5 * (on_sons**2).mean()
        _step(self._learner, self._judge.parameters, torch.autograd.grad(loss, self._judge.parameters))
        self._judge.refresh()

    def _penalty(self) -> Tensor:
        weights, raw = self._settings, compose(self._factors)
        kernel = raw / raw.sum()
        return (
            weights.sum_weight * constraints.sum_penalty(raw)
            + weights.border_weight * constraints.border_penalty(kernel)
            + weights.centre_weight * constraints.centre_penalty(kernel)
            + weights.sparse_weight * constraints.sparse_penalty(kernel)
            + weights.start_weight * constraints.start_penalty(kernel, self._start)
        )


def _step(optimiser: torch.optim.Optimizer, parameters: list[Tensor], gradients: tuple[Tensor, ...]) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optimiser.step()


def _crop_sources(luma: Tensor, start: Tensor, scale: int, settings: InternalSettings) -> tuple[CropSource, CropSource]:
    """Give the source of the generator's crops, and that of the image's own, as large as the sons."""
    side = min(settings.crop, *luma.shape[-2:])
    son = (side - settings.size) // scale + 1
    own = luma if settings.photo_variance is None else blur(luma, fair_blur(start, scale, settings.photo_variance))
    return CropSource(luma, luma, side), CropSource(own, luma, son)
