"""The map: principal components against the eigenvectors of the covariance, and colours that tell the numbers."""

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.task_tools.drawing import DrawnTask
from mzsr_basicsr.task_tools.panels import panels_of, project, words_of


def test_places_are_the_principal_components() -> None:
    vectors = np.random.default_rng(0).normal(0, 1, (30, 5)) * [3, 1, 2, 0.5, 0.1]
    places = project(vectors)
    values, axes = np.linalg.eigh(np.cov(vectors.T))
    for axis, number in ((0, -1), (1, -2)):
        expected = (
            (vectors - vectors.mean(0)) @ axes[:, number] * np.sign(axes[np.abs(axes[:, number]).argmax(), number])
        )
        np.testing.assert_allclose(places.points[:, axis], expected, atol=1e-9)
        np.testing.assert_allclose(places.shares[axis], values[number] / values.sum(), atol=1e-12)
    assert np.array_equal(places.points, project(vectors.copy()).points)


def test_tasks_that_are_all_alike_lie_in_one_place() -> None:
    places = project(np.ones((4, 3)))
    assert np.abs(places.points).max() == 0 and places.shares == (0.0, 0.0)


def tasks() -> list[DrawnTask]:
    kernels, noises = ("gaussian:4.0", "gaussian:1.0", "delta"), (0.0, 10 / 255, 20 / 255)
    return [
        DrawnTask(number % 2, f"x/{number}.png", Degradation(kernel, 2, noise=noise), torch.zeros(2))
        for number, (kernel, noise) in enumerate(zip(kernels, noises, strict=True))
    ]


def test_a_number_is_told_by_the_place_of_its_colour() -> None:
    width, noise, domain = panels_of(tasks(), ["a", "b"])
    scale = np.array([colormaps["plasma"](0.95 * level)[:3] for level in (0.0, 0.5, 1.0)])
    np.testing.assert_allclose([to_rgb(colour) for colour in noise.colours], scale, atol=0.5 / 255)
    assert [words for _, words in noise.legend] == ["0", "5", "10", "15", "20"]
    assert width.colours[0] == width.legend[-1][0] and width.colours[2] == width.legend[0][0]
    assert width.legend[0][1] == "0.00" and width.legend[-1][1] == "1.00"
    assert domain.colours == [domain.legend[0][0], domain.legend[1][0], domain.legend[0][0]]
    assert [words for _, words in domain.legend] == ["a", "b"]


def test_many_domains_have_colours_of_their_own() -> None:
    for count in (10, 20):
        legend = panels_of(tasks(), [str(n) for n in range(count)])[2].legend
        assert len({colour for colour, _ in legend}) == count


def test_a_task_is_described_in_one_line() -> None:
    line = words_of(tasks()[1], ["a", "b"])
    assert line.startswith("b: 1.png; kernel width 0.50 LR px; noise σ 10.0 of 255; ") and "\n" not in line
    assert "no noise" in words_of(tasks()[0], ["a", "b"])
