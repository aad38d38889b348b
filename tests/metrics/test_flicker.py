"""Flicker: a result that explains its source has the source's own, and nothing else."""

import pytest
import torch

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.metrics.flicker import flicker, temporal_difference

DEGRADATION = Degradation("gaussian:1.5,1", 2, "direct", 2 / 255)


def clip(count=4, size=24):
    return list(torch.rand(count, 1, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))


def test_temporal_difference_by_hand():
    frames = [torch.full((1, 2, 2), value) for value in (0.0, 0.5, 0.25)]
    assert temporal_difference(frames) == pytest.approx((0.5 + 0.25) / 2)
    with pytest.raises(ImageError, match="1 frame; give two or more"):
        temporal_difference(frames[:1])


def test_a_result_that_explains_its_source_has_its_flicker_alone():
    result = clip()
    source = [DEGRADATION.with_noise(0.0).apply(frame) for frame in result]
    assert flicker(source, result, DEGRADATION) == pytest.approx(1)
    # What a blur and the subsampling between its pixels do not let through is no flicker.
    steady = [result[0] + (frame - result[0]) * 0.5 for frame in result]
    assert flicker(source, steady, DEGRADATION) == pytest.approx(0.5)


def test_what_is_added_from_frame_to_frame_shows():
    result = clip()
    source = [DEGRADATION.with_noise(0.0).apply(frame) for frame in result]
    pumped = [frame + 0.2 * (index % 2) for index, frame in enumerate(result)]
    assert flicker(source, pumped, DEGRADATION) > 1.2


def test_what_does_not_go_together_is_refused():
    result = clip()
    source = [DEGRADATION.with_noise(0.0).apply(frame) for frame in result]
    with pytest.raises(ImageError, match="3 frames do not reduce to the 4 of the source"):
        flicker(source, result[:3], DEGRADATION)
    with pytest.raises(ImageError, match="no frame of the source differs"):
        flicker([source[0]] * 4, result, DEGRADATION)
