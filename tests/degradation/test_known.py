"""What is remembered of a kernel is what would be computed, and only where that is safe."""

import pytest
import torch

from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.known import computed_once
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_filter


def counted():
    calls: list[tuple] = []

    @computed_once(kept=2)
    def total(kernel: torch.Tensor, times: int) -> torch.Tensor:
        calls.append((kernel.shape, times, torch.is_grad_enabled()))
        return kernel.sum() * times

    return total, calls


def test_equal_weights_and_numbers_are_computed_once_and_others_anew() -> None:
    total, calls = counted()
    ones = torch.ones(3, 3)
    assert [float(total(kernel, n)) for kernel, n in ((ones, 2), (ones.clone(), 2), (ones.T, 2))] == [18, 18, 18]
    assert len(calls) == 1
    assert (float(total(ones, 3)), float(total(2 * ones, 2)), total(ones.double(), 2).dtype) == (27, 36, torch.float64)
    assert len(calls) == 4
    assert float(total(ones, 2)) == 18 and len(calls) == 5  # only the last two are kept


def test_a_kernel_that_is_changed_is_another_one() -> None:
    total, calls = counted()
    kernel = torch.ones(3, 3)
    assert float(total(kernel, 1)) == 9
    kernel[0, 0] = 5
    assert float(total(kernel, 1)) == 13 and len(calls) == 2


def test_batches_and_learned_kernels_are_computed_anew_with_their_gradient() -> None:
    total, calls = counted()
    learned = torch.ones(3, 3, requires_grad=True)
    total(learned, 2).backward()
    assert torch.equal(learned.grad, torch.full((3, 3), 2.0))
    assert float(total(torch.ones(2, 3, 3), 1)) == 18 == float(total(torch.ones(2, 3, 3), 1))
    assert len(calls) == 3


@pytest.mark.parametrize(
    "context", [torch.no_grad, torch.inference_mode, lambda: torch.autocast("cpu", torch.bfloat16)]
)
def test_the_first_use_does_not_spoil_the_next(context) -> None:
    fresh = Degradation(gaussian_kernel(2.0 + torch.rand(()).double(), 1.0, 0.3).float(), 2, noise=0.01)
    with context():
        wiener_filter(fresh)
    weight = torch.ones(1, requires_grad=True)
    (wiener_filter(fresh) * weight).sum().backward()  # raises with a tensor of inference mode
    batch = Degradation(fresh.kernel[None], 2, noise=torch.tensor([0.01]))  # never remembered
    assert torch.allclose(wiener_filter(fresh), wiener_filter(batch)[0], atol=1e-6)
    assert weight.grad is not None
