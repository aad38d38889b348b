"""Orthogonal: its steps against a singular value decomposition and against torch's Adam."""

import pytest
import torch

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.models.optimizers import build_optimizer
from mzsr_basicsr.models.orthogonal import Orthogonal


def slopes(*shape: int, count: int = 3) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for _ in range(count)]


def test_a_convolution_moves_along_the_nearest_orthogonal_matrix() -> None:
    """The mean by hand; the polar factor U Vᵀ by SVD, which five rounds reach within 0.68 to 1.21 a direction."""
    weights = torch.zeros(4, 3, 3, 3, dtype=torch.float64, requires_grad=True)
    optimizer, mean = Orthogonal([weights], lr=0.1, momentum=0.9), torch.zeros(4, 27, dtype=torch.float64)
    for slope in slopes(4, 3, 3, 3):
        before = weights.detach().clone()
        weights.grad = slope
        optimizer.step()
        mean = 0.9 * mean + 0.1 * slope.flatten(1)
        left, _, right = torch.linalg.svd(0.9 * mean + 0.1 * slope.flatten(1), full_matrices=False)
        moved = left.T @ (weights.detach() - before).flatten(1) @ right.T  # in the frame of the singular directions
        assert (-moved.diagonal()).min() > 0.065 and (-moved.diagonal()).max() < 0.125
        assert (moved - moved.diagonal().diag()).abs().max() < 1e-9


@pytest.mark.parametrize("matrices", [True, False])
def test_what_is_no_matrix_moves_as_by_adam(matrices: bool) -> None:
    shape = (5,) if matrices else (3, 4)
    ours, theirs = (torch.zeros(*shape, dtype=torch.float64, requires_grad=True) for _ in range(2))
    optimizer = Orthogonal([{"params": [ours], "matrices": matrices}], lr=0.4, vector_share=0.25)
    adam = torch.optim.Adam([theirs], lr=0.1 if matrices else 0.4)
    for slope in slopes(*shape, count=4):
        ours.grad, theirs.grad = slope.clone(), slope.clone()
        optimizer.step()
        adam.step()
        torch.testing.assert_close(ours, theirs, atol=1e-9, rtol=0)


def test_its_state_is_saved_and_goes_on() -> None:
    def run(stop: int | None) -> torch.Tensor:
        weights = torch.ones(3, 4, dtype=torch.float64, requires_grad=True)
        optimizer = Orthogonal([weights], lr=0.01)
        for number, slope in enumerate(slopes(3, 4, count=6)):
            if number == stop:
                state, old = optimizer.state_dict(), weights
                weights = old.detach().clone().requires_grad_()
                optimizer = Orthogonal([weights], lr=0.5)
                optimizer.load_state_dict(state)
            weights.grad = slope
            optimizer.step()
        return weights.detach()

    assert torch.equal(run(None), run(3))


def test_option_files_name_it() -> None:
    layer = torch.nn.Conv2d(2, 2, 3)
    groups = [{"params": list(layer.parameters())}]
    assert isinstance(build_optimizer({"type": "Orthogonal", "lr": 4e-3, "momentum": 0.9}, groups), Orthogonal)
    with pytest.raises(ConfigError, match=r"train.optim_g: Orthogonal: .*known: lr, momentum, vector_share"):
        build_optimizer({"type": "Orthogonal", "lr": 4e-3, "betas": [0.9, 0.99]}, groups)
    with pytest.raises(ConfigError, match="momentum 1.5 must be"):
        build_optimizer({"type": "Orthogonal", "lr": 4e-3, "momentum": 1.5}, groups)
