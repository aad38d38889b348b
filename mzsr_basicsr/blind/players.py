"""The two players of the internal estimator: a deep linear generator that is one kernel, and a judge of 7x7 patches.

Written from the description of KernelGAN (Bell-Kligler, Shocher, Irani, NeurIPS 2019). All randomness comes from the
generator that is handed in.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.errors import KernelError

PATCH = 7
_SLOPE = 0.2
_FIT_TOLERANCE = 1e-4
_FIT_STEPS = 40


def factor_sizes(size: int) -> tuple[int, ...]:
    """Split an odd side, px, into the sides of a chain of filters: 7, 5, then 3s as needed, and a closing 1."""
    sides, rest = [], size - 1
    for side in (7, 5):
        if rest >= side - 1:
            sides.append(side)
            rest -= side - 1
    return (*sides, *[3] * (rest // 2), 1)


def compose(factors: list[Tensor]) -> Tensor:
    """Give the one kernel whose correlation does what the chain of correlations by the factors does.

    Args:
        factors: (C', C, k, k) each, as F.conv2d takes them, from 1 channel to 1 channel, each k odd.

    Returns:
        (k, k), k = 1 + sum of (side - 1), of the factors' dtype.
    """
    kernel = factors[0].transpose(0, 1)  # (1, C', k, k): each channel is one filter
    for factor in factors[1:]:
        kernel = F.conv2d(kernel, factor.flip(2, 3), padding=factor.shape[-1] - 1)  # a full convolution of filters
    return kernel[0, 0]


def fit_factors(start: Tensor, width: int, generator: torch.Generator) -> list[Tensor]:
    """Find factors whose composition is a given kernel, from the kernels alone.

    A few steps of L-BFGS share the work among the factors, which it would finish slowly; the composition is linear in
    each single factor, so that one least-squares correction of one factor makes it exact.

    Args:
        start: (k, k) float64, k odd and at least 3.
        width: Channels between two factors.
        generator: Source of the first guess.

    Returns:
        Factors (C', C, side, side) float64 that require gradients.

    Raises:
        KernelError: If the composition stays more than 1e-4 of the largest weight away from the kernel.
    """
    factors = _first_guess(factor_sizes(start.shape[-1]), width, generator)
    peak = start.abs().max()
    optimiser = torch.optim.LBFGS(factors, max_iter=_FIT_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = (((compose(factors) - start) / peak) ** 2).sum()
        value.backward()
        return value.detach()

    optimiser.step(loss)  # type: ignore[arg-type]
    _correct_one(factors, min(1, len(factors) - 2), start)
    error = ((compose(factors).detach() - start).abs().max() / peak).item()
    if not error < _FIT_TOLERANCE:
        raise KernelError(f"start kernel: the linear generator misses it by {error:.1e} of its peak; smooth it")
    return factors


class PatchJudge:
    """A fully convolutional least-squares discriminator that sees 7x7 patches, without stride or padding.

    A 7x7 layer and 1x1 layers, each divided by its largest singular value (a power iteration kept from call to call).
    The first layer's filters are kept at zero mean: how bright a patch is says nothing about blur.
    """

    def __init__(self, width: int, generator: torch.Generator) -> None:
        """Draw the first weights; `width` channels in each hidden layer."""
        sides, channels = (PATCH, 1, 1, 1), (1, width, width, width, 1)
        self.filters: list[Tensor] = []
        self.biases = [torch.zeros(out, requires_grad=True) for out in channels[1:]]
        self._directions: list[Tensor] = []
        for inner, out, side in zip(channels[:-1], channels[1:], sides, strict=True):
            fan = inner * side * side
            start = torch.randn(out, inner, side, side, generator=generator) / math.sqrt(fan)
            self.filters.append(start.requires_grad_())
            self._directions.append(F.normalize(torch.randn(fan, generator=generator), dim=0))
        self.refresh(rounds=10)

    @property
    def parameters(self) -> list[Tensor]:
        """All that is learned."""
        return self.filters + self.biases

    @torch.no_grad()
    def refresh(self, rounds: int = 1) -> None:
        """Follow the filters with `rounds` power iterations; call it after each change of the filters."""
        for index, weight in enumerate(self._zero_mean()):
            matrix = weight.flatten(1)
            for _ in range(rounds):
                self._directions[index] = F.normalize(matrix.T @ (matrix @ self._directions[index]), dim=0)

    def weights(self) -> list[Tensor]:
        """Give the filters (C', C, k, k), zero-mean in the first layer, each of spectral norm about 1."""
        pairs = zip(self._zero_mean(), self._directions, strict=True)
        return [weight / (weight.flatten(1) @ direction).norm() for weight, direction in pairs]

    def __call__(self, image: Tensor, weights: list[Tensor]) -> Tensor:
        """Judge the patches of (N, 1, h, w) by `weights()`: (N, 1, h - 6, w - 6), near 1 for a real patch, 0 if not."""
        last = len(weights) - 1
        for index, (weight, bias) in enumerate(zip(weights, self.biases, strict=True)):
            image = F.conv2d(image, weight, bias)
            image = image if index == last else F.leaky_relu(image, _SLOPE)
        return image

    def _zero_mean(self) -> list[Tensor]:
        first = self.filters[0]
        return [first - first.mean(dim=(2, 3), keepdim=True), *self.filters[1:]]


def _first_guess(sides: tuple[int, ...], width: int, generator: torch.Generator) -> list[Tensor]:
    """Draw factors near a chain of bumps that all channels share, so that the composition starts near a Gaussian."""
    channels = [1, *[width] * (len(sides) - 1), 1]
    factors = []
    for inner, out, side in zip(channels[:-1], channels[1:], sides, strict=True):
        noise = torch.randn(out, inner, side, side, generator=generator, dtype=torch.float64)
        axis = torch.arange(side, dtype=torch.float64) - side // 2
        bump = torch.exp(-(axis**2) / (2 * max(0.3, side / 6) ** 2))
        bump = bump[:, None] * bump[None, :] / bump.sum() ** 2
        guess = bump / math.sqrt(inner * out) + 0.1 * noise / (side * math.sqrt(inner))
        factors.append(guess.requires_grad_())
    return factors


def _correct_one(factors: list[Tensor], index: int, wanted: Tensor) -> None:
    """Change one factor, as little as it takes, so that the composition is the wanted (k, k) kernel; in place."""
    got = compose(factors).flatten()
    rows = torch.eye(got.numel(), dtype=got.dtype)
    (slopes,) = torch.autograd.grad(got, factors[index], rows, is_grads_batched=True)  # (k * k, *factor)
    change = torch.linalg.lstsq(slopes.flatten(1), (wanted.flatten() - got.detach())[:, None], driver="gelsd").solution
    with torch.no_grad():
        factors[index] += change.reshape(factors[index].shape)
