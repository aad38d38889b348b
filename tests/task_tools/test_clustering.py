"""k-means over vectors: known clusters, the same for the same seed, unit vectors."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.clusters import Clusters
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.task_tools.clustering import centres_of, describe
from mzsr_basicsr.task_tools.drawing import DrawnTask


def heaps() -> torch.Tensor:
    """Thirty vectors about three axes, ten after ten."""
    axes = torch.eye(5)[[0, 2, 4]].repeat_interleave(10, 0)
    return F.normalize(axes + 0.1 * torch.randn(30, 5), dim=-1)


def test_centres_are_the_mean_directions_of_the_heaps() -> None:
    vectors = heaps()
    centres = centres_of(vectors, 3, seed=0)
    assert centres.shape == (3, 5) and centres.dtype == torch.float32
    torch.testing.assert_close(centres.norm(dim=1), torch.ones(3))
    expected = F.normalize(vectors.reshape(3, 10, 5).mean(1), dim=-1)
    order = (centres @ expected.T).argmax(0)
    assert sorted(order.tolist()) == [0, 1, 2]
    torch.testing.assert_close(centres[order], expected, atol=1e-6, rtol=0)


def test_they_are_a_function_of_the_seed() -> None:
    vectors = F.normalize(torch.randn(60, 5), dim=-1)
    assert torch.equal(centres_of(vectors, 6, seed=3), centres_of(vectors, 6, seed=3))
    others = [centres_of(vectors, 6, seed=seed) for seed in range(4)]
    assert any(not torch.allclose(others[0], other) for other in others[1:])


def test_as_many_clusters_as_tasks_are_the_tasks() -> None:
    vectors = heaps()[:8]
    centres = centres_of(vectors, 8, seed=0)
    nearest = (vectors @ centres.T).argmax(1)
    assert sorted(nearest.tolist()) == list(range(8))
    np.testing.assert_allclose(centres[nearest], vectors, atol=1e-6)


def test_a_cluster_is_described_by_its_tasks() -> None:
    vectors = torch.eye(3)
    kernels = ("gaussian:4.0", "gaussian:4.0", "gaussian:1.0")
    tasks = [
        DrawnTask(number % 2, "p.png", Degradation(kernel, 2, noise=number / 255), vectors[number // 2])
        for number, kernel in enumerate(kernels)
    ]
    lines = describe(Clusters(vectors, TaskEmbedding(size=3)), tasks, ["art", "text"])
    assert lines == [
        "  0: 2 tasks; mean kernel width 1.00 LR px, mean noise σ 0.5 of 255; art 50%, text 50%",
        "  1: 1 tasks; mean kernel width 0.50 LR px, mean noise σ 2.0 of 255; art 100%",
        "  2: 0 tasks",
    ]
    assert tasks[0].width == pytest.approx(1, abs=0.01)
