"""TaskContrastLoss against NumPy, view by view."""

import numpy as np
import pytest
import torch

from mzsr_basicsr.losses.task_contrast_loss import TaskContrastLoss


def test_each_view_looks_for_the_other_of_its_task() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(0, 1, (3, 4, 5))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    numbers = np.array([[0, 0, 1, 1], [0, 1, 0, 1], [4, 7, 7, 4]])
    terms = []
    names = [(b, int(n)) for b, row in enumerate(numbers) for n in row]
    flat = vectors.reshape(12, 5)
    for i, own in enumerate(flat):
        powers = {j: np.exp(own @ other / 0.2) for j, other in enumerate(flat) if j != i}
        (partner,) = [j for j in powers if names[j] == names[i]]
        terms.append(-np.log(powers[partner] / sum(powers.values())))
    loss = TaskContrastLoss(loss_weight=3.0, temperature=0.2)
    found = loss(torch.from_numpy(vectors), torch.from_numpy(numbers))
    assert float(found) == pytest.approx(3 * np.mean(terms), rel=1e-9)


def test_pulling_pairs_together_and_others_apart_lowers_it() -> None:
    labels = torch.tensor([[0, 0, 1, 1]])
    apart = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]]])
    swapped = apart[:, [0, 2, 1, 3]]
    alike = torch.ones(1, 4, 2) / 2**0.5  # all in one place: a chance of a third
    loss = TaskContrastLoss()
    assert float(loss(apart, labels)) < 1e-6
    assert float(loss(alike, labels)) == pytest.approx(np.log(3))
    assert float(loss(swapped, labels)) > 10


def test_its_slope_is_that_of_finite_differences() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(2, 4, 3, dtype=torch.float64), dim=-1).requires_grad_()
    labels = torch.tensor([[0, 0, 1, 1]] * 2)
    assert torch.autograd.gradcheck(lambda v: TaskContrastLoss(temperature=0.5)(v, labels), (vectors,))
