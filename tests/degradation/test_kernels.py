"""Kernels against closed-form Gaussian moments, and the law against its own ranges."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mzsr_basicsr.degradation.kernels import (
    KernelLaw,
    delta_kernel,
    gaussian_kernel,
    sample_kernels,
    validate_kernel,
)
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.errors import ConfigError, KernelError


def covariance(kernel: torch.Tensor) -> np.ndarray:
    """Measure [[xx, xy], [xy, yy]] in px^2 about the centre pixel, x to the right and y downward."""
    weights = kernel.numpy()
    radius = weights.shape[0] // 2
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.array(
        [[(weights * x * x).sum(), (weights * x * y).sum()], [(weights * x * y).sum(), (weights * y * y).sum()]]
    )


@pytest.mark.parametrize(("lambda1", "lambda2", "theta"), [(2.0, 2.0, 0.0), (4.0, 1.0, -0.5), (5.0, 1.5, 1.1)])
def test_lambdas_are_variances_and_theta_turns_from_x_to_y(lambda1: float, lambda2: float, theta: float) -> None:
    kernel = gaussian_kernel(lambda1, lambda2, theta, size=41)
    c, s = math.cos(theta), math.sin(theta)
    expected = [
        [lambda1 * c * c + lambda2 * s * s, (lambda1 - lambda2) * c * s],
        [(lambda1 - lambda2) * c * s, lambda1 * s * s + lambda2 * c * c],
    ]
    assert kernel.sum().item() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(covariance(kernel), expected, atol=1e-6)


def test_isotropic_kernel_is_the_outer_product_of_exponentials() -> None:
    profile = np.exp(-(np.arange(-7, 8) ** 2) / (2 * 1.3))
    expected = np.outer(profile, profile) / profile.sum() ** 2
    np.testing.assert_allclose(gaussian_kernel(1.3, 1.3, 0.7).numpy(), expected, rtol=1e-12)


def test_batch_equals_one_by_one_and_mixes_numbers_with_tensors() -> None:
    lambda1, theta = torch.tensor([1.0, 3.0, 5.0], dtype=torch.float64), torch.tensor([0.1, 2.0, -0.5])
    batch = gaussian_kernel(lambda1, 0.9, theta, size=11)
    alone = [gaussian_kernel(a.item(), 0.9, t.item(), size=11) for a, t in zip(lambda1, theta, strict=True)]
    torch.testing.assert_close(batch, torch.stack(alone), rtol=1e-12, atol=0)
    assert gaussian_kernel(1.0, 1.0, 0.0, dtype=torch.float32).dtype == torch.float32


def test_kernel_is_differentiable_in_its_parameters() -> None:
    inputs = tuple(torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in (3.0, 1.4, 0.6))
    assert torch.autograd.gradcheck(lambda a, b, t: gaussian_kernel(a, b, t, size=7), inputs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 1.0, 0.0, 15), "lambda1 must be a positive variance in px\\^2, got 0"),
        ((1.0, -2.0, 0.0, 15), "lambda2 must be a positive variance in px\\^2, got -2"),
        ((1.0, math.nan, 0.0, 15), "lambda2 .* got nan"),
        ((1.0, 1.0, math.inf, 15), "theta must be finite radians, got inf"),
        ((1.0, 1.0, 0.0, 14), "size 14 is not an odd positive"),
    ],
)
def test_impossible_gaussians_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(KernelError, match=message):
        gaussian_kernel(*arguments)


def test_law_stays_in_its_ranges_and_fills_them() -> None:
    kernels, params = sample_kernels(KernelLaw.paper(2), 4000, torch.Generator().manual_seed(1))
    lambda1, lambda2, theta = params.T
    assert kernels.shape == (4000, 15, 15) and kernels.dtype == torch.float64
    assert 1 <= lambda1.min() < 1.01 and 4.99 < lambda1.max() <= 5
    assert lambda2.min() >= 1 and bool((lambda2 <= lambda1).all())
    assert 0 <= theta.min() < 0.01 and math.pi - 0.01 < theta.max() <= math.pi
    assert lambda1.mean().item() == pytest.approx(3.0, abs=0.08)
    assert ((lambda2 - 1) / (lambda1 - 1)).mean().item() == pytest.approx(0.5, abs=0.02)
    torch.testing.assert_close(kernels[7], gaussian_kernel(*params[7].tolist()), rtol=1e-12, atol=0)


def test_law_log_uniform_and_own_bounds() -> None:
    law = KernelLaw(size=9, lambda1=(0.1, 10.0), lambda2=(0.1, 0.4), theta=(0.5, 0.5), log_uniform=True)
    kernels, params = sample_kernels(law, 4000, torch.Generator().manual_seed(2))
    assert kernels.shape[-1] == 9
    assert params[:, 0].log10().mean().item() == pytest.approx(0.0, abs=0.04)
    assert params[:, 1].min() >= 0.1 and params[:, 1].max() <= 0.4
    assert bool((params[:, 2] == 0.5).all())


def test_drawing_depends_on_the_generator_only() -> None:
    first = sample_kernels(KernelLaw(), 3, torch.Generator().manual_seed(5))[1]
    torch.rand(4)
    np.random.rand(4)
    generator = torch.Generator().manual_seed(5)
    assert torch.equal(first, sample_kernels(KernelLaw(), 3, generator)[1])
    assert not torch.equal(first, sample_kernels(KernelLaw(), 3, generator)[1])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"size": 4}, "kernel_law.size: 4"),
        ({"lambda1": (2.0, 1.0)}, "kernel_law.lambda1: the range \\(2.0, 1.0\\)"),
        ({"lambda1": (0.0, 1.0), "lambda2": (0.1, 0.2)}, "kernel_law.lambda1.*0 < low <= high"),
        ({"lambda2": (1.5, None)}, "kernel_law.lambda2: the range \\(1.5, 1.0\\)"),
        ({"theta": (0.0, math.inf)}, "kernel_law.theta"),
    ],
)
def test_a_law_that_cannot_be_drawn_is_refused(fields: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        KernelLaw(**fields)


def broken(change: str) -> torch.Tensor:
    kernel = gaussian_kernel(2.0, 2.0, 0.0, size=5)
    if change == "nan":
        kernel[1, 2] = math.nan
    elif change == "negative":
        kernel[0, 0] = -0.01
    elif change == "sum":
        kernel = kernel * 1.01
    return kernel


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (torch.full((4, 4), 1 / 16), "kernel is 4x4; it must be square with an odd side"),
        (torch.full((3, 5), 1 / 15), "kernel is 3x5"),
        (torch.ones(1, 3, 3) / 9, "kernel is 1x3x3"),
        (np.float64(1.0), "kernel is a single number"),
        (broken("nan"), "holds 1 value\\(s\\) that are NaN"),
        (broken("negative"), "negative weight -0.01"),
        (broken("sum"), "sums to 1.01; it must sum to 1 within 0.001"),
    ],
)
def test_what_is_no_kernel_is_refused_by_name(kernel: torch.Tensor, message: str) -> None:
    with pytest.raises(KernelError, match=message) as caught:
        validate_kernel(kernel, "my.mat")
    assert str(caught.value).startswith("my.mat: ") and "\n" not in str(caught.value)


def test_a_good_kernel_keeps_every_bit() -> None:
    kernel = gaussian_kernel(2.0, 1.0, 0.3) * 1.0005
    kernel[0, 0] = -5e-7
    assert torch.equal(validate_kernel(kernel.numpy(), "here"), kernel)


def test_delta_and_named_kernels() -> None:
    assert delta_kernel(3).tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    with pytest.raises(KernelError, match="size 2"):
        delta_kernel(2)
    assert {name: (case.subsampling, case.scale) for name, case in TEST_KERNELS.items()} == {
        "g0.2d": ("direct", 2),
        "g2.0d": ("direct", 2),
        "gani_d": ("direct", 2),
        "g1.3b": ("bicubic", 2),
        "g2.0d_x4": ("direct", 4),
    }
