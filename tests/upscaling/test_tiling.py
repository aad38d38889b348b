"""Tiles: they cover an image once, and what is read around each is as much as the network sees."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.adaptation.lively import lively_cells, slope
from mzsr_basicsr.upscaling import tiling
from mzsr_basicsr.upscaling.tiling import measure_reach, tiles, widened


@pytest.fixture(autouse=True)
def _small_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "PROBE", 16)


def convolutions(count: int, scale: int = 2, side: int = 3, dilation: int = 1) -> nn.Sequential:
    """Convolutions at LR, without activations so that every weight counts, and a pixel shuffle."""
    torch.manual_seed(count)
    pad = dilation * (side // 2)
    layers = [nn.Conv2d(3, 3, side, padding=pad, dilation=dilation) for _ in range(count - 1)]
    return nn.Sequential(
        *layers, nn.Conv2d(3, 3 * scale**2, side, padding=pad, dilation=dilation), nn.PixelShuffle(scale)
    ).double()


@pytest.mark.parametrize(
    ("height", "width", "side", "overlap"),
    [(1, 1, 1, 0), (70, 33, 32, 5), (64, 64, 32, 7), (65, 31, 32, 100), (5, 90, 7, 3), (100, 99, 512, 9)],
)
def test_cores_cover_each_pixel_once_and_read_what_lies_around(
    height: int, width: int, side: int, overlap: int
) -> None:
    covered = torch.zeros(height, width, dtype=torch.int64)
    for tile in tiles(height, width, side):
        covered[slice(*tile.rows), slice(*tile.columns)] += 1
        for (first, end), length in ((tile.rows, height), (tile.columns, width)):
            read_first, read_end = widened((first, end), overlap, length)
            assert 0 < end - first <= side
            assert read_first == max(0, first - overlap) and read_end == min(length, end + overlap)
    assert bool((covered == 1).all())


def test_cores_are_of_about_one_size() -> None:
    assert [tile.rows for tile in tiles(65, 1, 32)] == [(0, 21), (21, 43), (43, 65)]
    assert len(list(tiles(64, 96, 32))) == 6


@pytest.mark.parametrize(
    ("network", "scale", "reach"),
    [
        (convolutions(3), 2, 3),
        (convolutions(3, scale=4), 4, 3),
        (convolutions(2, scale=1, side=5), 1, 4),
        (convolutions(1, side=3, dilation=5), 2, 5),
        (nn.Upsample(scale_factor=2), 2, 0),
        (lambda x: F.interpolate(x.roll((6, -2), (-2, -1)), scale_factor=2), 2, 6),  # down, but not up
    ],
)
def test_the_reach_is_that_of_the_stack_and_a_pixel_to_spare(
    network: Callable[[Tensor], Tensor], scale: int, reach: int
) -> None:
    with torch.no_grad():
        assert measure_reach(network, 3, scale) == reach + 1


def test_a_constant_reaches_nowhere_and_a_mean_everywhere() -> None:
    assert measure_reach(lambda x: torch.ones(1, 3, 2 * x.shape[-2], 2 * x.shape[-1]).double(), 3, 2) == 0
    assert measure_reach(lambda x: x + x.mean(), 3, 1) is None
    for shift, expected in ((15, 16), (16, None)):  # `PROBE` is the largest that is told
        assert measure_reach(lambda x, by=shift: x.roll(by, -1), 1, 1) == expected


def test_tiles_that_read_the_measured_reach_give_what_the_whole_image_gives() -> None:
    network = convolutions(3)
    image = torch.rand(1, 3, 41, 29, dtype=torch.float64)
    with torch.no_grad():
        whole, reach = network(image), measure_reach(network, 3, 2)
        pieced = torch.full_like(whole, torch.nan)
        for tile in tiles(41, 29, 9):
            rows, columns = widened(tile.rows, reach, 41), widened(tile.columns, reach, 29)
            part = network(image[..., slice(*rows), slice(*columns)])
            top, left = 2 * (tile.rows[0] - rows[0]), 2 * (tile.columns[0] - columns[0])
            height, width = 2 * (tile.rows[1] - tile.rows[0]), 2 * (tile.columns[1] - tile.columns[0])
            target = pieced[..., 2 * tile.rows[0] :, 2 * tile.columns[0] :]
            target[..., :height, :width] = part[..., top : top + height, left : left + width]
    torch.testing.assert_close(pieced, whole, atol=1e-12, rtol=0)


def test_the_slope_counts_both_neighbours_and_no_border() -> None:
    image = torch.tensor([[[[0.0, 1.0], [4.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]]])
    expected = torch.tensor([[4.0 + 1.0, 1.0], [2.0, 0.0]]) / 2  # the second channel is flat
    assert torch.equal(slope(image)[0, 0], expected)


def test_the_liveliest_cells_come_first() -> None:
    energy = torch.tensor([[1.0, 5.0, 2.0], [4.0, 5.0, 0.0]])
    assert lively_cells(energy, 3) == [(0, 1), (1, 1), (1, 0)]  # of equals, the first
    assert len(lively_cells(energy, 9)) == 6
