"""What graphics are reduced by, beside a box: sub-pixels, a scanner; and pages of plots that windows are cut from."""

import random

import numpy as np
import pytest
from PIL import Image

from mzsr_basicsr.data.drawn import plots
from mzsr_basicsr.data.drawn.canvas import blank
from mzsr_basicsr.data.drawn.scans import GRAIN, scan
from mzsr_basicsr.data.drawn.subpixels import reduce_by_subpixels


class Fixed(random.Random):
    """Gives one number always."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def random(self) -> float:
        return self.value


@pytest.mark.parametrize(("first", "order"), [(0.0, (0, 1, 2)), (0.99, (2, 1, 0))])
def test_each_colour_sees_its_third_of_the_pixel(first: float, order: tuple[int, int, int]) -> None:
    """By hand: means over rows of three, then five taps 1 2 3 2 1 about each colour's own column."""
    fine = np.random.default_rng(0).integers(0, 256, (6, 12, 3), dtype=np.uint8)
    found = reduce_by_subpixels(Image.fromarray(fine), Fixed(first))
    assert found.shape == (2, 4, 3) and found.dtype == np.uint8
    for row in range(2):
        for column in range(4):
            for colour in range(3):
                middle, total = 3 * column + order[colour], 0.0
                for offset, tap in zip(range(-2, 3), (1, 2, 3, 2, 1), strict=True):
                    place = min(max(middle + offset, 0), 11)
                    total += tap / 9 * fine[3 * row : 3 * row + 3, place, colour].astype(float).mean()
                assert abs(found[row, column, colour] - total) <= 0.51


def test_an_edge_of_grey_gets_fringes_and_flat_parts_none() -> None:
    fine = np.full((3, 30, 3), 255, np.uint8)
    fine[:, 15:] = 0
    found = reduce_by_subpixels(Image.fromarray(fine), Fixed(0.0)).astype(int)
    assert (found[:, :4] == 255).all() and (found[:, 6:] == 0).all()
    red, green, blue = found[0, 4]
    assert red > green > blue  # the dark side is that of blue


def test_a_scan_is_the_page_but_for_light_and_grain() -> None:
    page = np.full((64, 64, 3), 200, np.uint8)
    found = [scan(page, random.Random(seed)).astype(float) for seed in range(8)]
    for one in found:
        assert 0.85 * 200 < one.mean() < 1.02 * 200 and (one == one[..., :1]).all()
        rest = one[..., 0] - sum(
            np.polyfit(np.arange(64), one[..., 0].mean(axis), 1)[0] * way
            for axis, way in ((0, np.arange(64)[None, :]), (1, np.arange(64)[:, None]))
        )
        assert rest.std() < 1.2 * GRAIN + 0.5
    assert len({one.tobytes() for one in found}) == 8
    lines = page.copy()
    lines[:, ::8] = 0
    assert np.abs(np.diff(scan(lines, random.Random(0)).astype(float), axis=1)).max() < 200  # edges are soft


def test_a_window_is_a_part_of_a_page_of_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "PAGES", 1)
    plots._page.cache_clear()
    canvas = blank(48, 1, (255, 255, 255))
    plots.draw_plot(canvas, random.Random(4))
    window = np.asarray(canvas.image)
    page = np.frombuffer(plots.zlib.decompress(plots._page(0, plots.PAGE)), np.uint8)
    page = page.reshape(plots.PAGE, plots.PAGE, 3)
    spots = np.lib.stride_tricks.sliding_window_view(page, (48, 48), (0, 1))
    assert any((spots[row, column] == window.transpose(2, 0, 1)).all() for row, column in np.ndindex(spots.shape[:2]))
    plots._page.cache_clear()
    again = np.frombuffer(plots.zlib.decompress(plots._page(0, plots.PAGE)), np.uint8)
    assert np.array_equal(page.ravel(), again) and page.std() > 8
    wide = blank(500, 1, (255, 255, 255))
    plots.draw_plot(wide, random.Random(0))
    assert np.asarray(wide.image).shape == (500, 500, 3)
