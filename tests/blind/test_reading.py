"""Which way round a kernel is meant: told of photographs whose kernel is known, by SciPy's correlation."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import data

from mzsr_basicsr.blind.reading import CLEAR, asymmetric, evidence_for_turn
from mzsr_basicsr.degradation.record import Degradation


def corner() -> np.ndarray:
    weights = np.zeros((15, 15))
    weights[3:11, 3] = weights[10, 3:11] = 1
    weights = ndimage.gaussian_filter(weights, 0.6)
    return weights / weights.sum()


def photograph(kernel: np.ndarray, noise: float = 0.0) -> torch.Tensor:
    grey = ndimage.correlate(data.camera()[40:296, 120:376].astype(np.float64), kernel, mode="reflect")[::2, ::2]
    grey = grey + np.random.default_rng(0).normal(0, noise, grey.shape) if noise else grey
    return torch.from_numpy(np.rint(grey.clip(0, 255)) / 255).float()[None, None]


@pytest.mark.parametrize(("noise", "least"), [(0.0, CLEAR), (3.0, 3.0)])
def test_the_evidence_is_for_the_reading_the_image_was_made_by(noise: float, least: float) -> None:
    made, turned = (
        Degradation(corner(), 2, noise=noise / 255),
        Degradation(corner()[::-1, ::-1].copy(), 2, noise=noise / 255),
    )
    image = photograph(corner(), noise)
    assert evidence_for_turn(image, turned) > least > -least > evidence_for_turn(image, made)
    opposite = photograph(corner()[::-1, ::-1], noise)
    assert evidence_for_turn(opposite, made) > least > -least > evidence_for_turn(opposite, turned)
    both = evidence_for_turn(image, made) + evidence_for_turn(image, made.turned())
    assert both == pytest.approx(0, abs=1e-3)  # one question, asked from both sides


def test_where_nothing_can_be_told_nothing_is() -> None:
    made = Degradation(corner(), 2)
    assert evidence_for_turn(photograph(corner())[..., :32, :60], made) == 0
    for flat in (torch.full((1, 1, 90, 90), 0.5), torch.zeros(1, 3, 90, 90)):
        assert evidence_for_turn(flat, made) == 0
    noise = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    assert abs(evidence_for_turn(noise, made)) < CLEAR
    assert asymmetric(made) and not asymmetric(Degradation("gaussian:4,1,0.3", 2))
    assert not asymmetric(Degradation("motion:9,30", 2))
