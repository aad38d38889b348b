"""A wide image gives, window by window, what the whole gives in memory, whatever its holes, range and size."""

import numpy as np
import pytest
from helpers.scenes import fast_probe, upscaler_of  # noqa: F401
from helpers.small_networks import photo, save_network

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.ranges import usual_range
from mzsr_basicsr.upscaling import sample
from mzsr_basicsr.upscaling.survey import clear_part_of, surveyed
from mzsr_basicsr.upscaling.wide import Wide
from mzsr_basicsr.upscaling.windows import Windows, plan_wide

pytestmark = pytest.mark.usefixtures("fast_probe")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


def wide(pixels, piece=(17, 23), missing=None, **more):
    def read(rows, columns):
        place = slice(*rows), slice(*columns)
        return pixels[place], None if missing is None else missing[place]

    return Wide(read, pixels.shape, pixels.dtype, piece, masked=missing is not None, **more)


def by_windows(upscaler, image, measure=False, order=1):
    image = surveyed(image, measure)
    windows = Windows(upscaler, image, plan_wide(upscaler, image))
    result = np.zeros((*windows.size, image.shape[2]), image.dtype)
    covered = np.zeros(windows.size, int)
    for tile in list(windows.tiles())[::order]:
        result[slice(*tile.rows), slice(*tile.columns)] = windows.render(tile)[0]
        covered[slice(*tile.rows), slice(*tile.columns)] += 1
    assert (covered == 1).all()
    return result


def whole(upscaler, pixels, alpha=False, nodata=None):
    plan = upscaler.plan(pixels, alpha, nodata=nodata)
    return upscaler.apply(pixels, plan, alpha, nodata=nodata)


def apart(one, other):
    return np.abs(one.astype(float) - other.astype(float)).max()


@pytest.mark.parametrize(
    "choices",
    [{"updates": 2}, {"scale": 1.7}, {"scale": 3.0, "subsampling": "bicubic"}, {"self_ensemble": True}],
    ids=str,
)
def test_windows_give_the_whole(small, choices):
    image = photo(75, 90)
    found = by_windows(upscaler_of(small, **choices), wide(image))
    expected = whole(upscaler_of(small, **{**choices, "tile": 512}), image)
    assert found.shape == expected.shape
    assert apart(found, expected) <= 1  # a window is rounded as the whole is, but for the last bit of float32
    assert (found != expected).mean() < 0.001


def test_the_order_of_the_windows_does_not_matter(small):
    upscaler = upscaler_of(small)
    np.testing.assert_array_equal(
        by_windows(upscaler, wide(photo(75, 90))), by_windows(upscaler, wide(photo(75, 90)), order=-1)
    )


def test_windows_are_of_whole_blocks(small):
    windows = Windows(upscaler_of(small, tile=100, scale=1.7), wide(np.zeros((300, 320, 3), np.uint8)), None)
    assert windows.block == 160 and windows.size == (510, 544)
    assert {(t.rows[0] % 160, t.columns[0] % 160) for t in windows.tiles()} == {(0, 0)}
    assert Windows(upscaler_of(small, tile=32), wide(photo()), None).block == 64
    assert Windows(upscaler_of(small, tile=512), wide(photo()), None).block == 256


def with_hole(image, value):
    spoilt = image.copy()
    spoilt[30:60, 20:50] = value
    spoilt[5, 70] = value
    return spoilt


@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
def test_holes_are_filled_and_put_back_as_in_the_whole(small, subsampling):
    image = with_hole(np.maximum(photo(100, 90), 1), 0)
    choices = {"subsampling": subsampling}
    found = by_windows(upscaler_of(small, **choices), wide(image, nodata=0.0))
    expected = whole(upscaler_of(small, tile=512, **choices), image, nodata=0.0)
    np.testing.assert_array_equal((found == 0).all(2), (expected == 0).all(2))
    assert (found == 0).all(2).mean() == pytest.approx((30 * 30 + 1) / 9000, abs=0.01)
    assert apart(found, expected) <= 1


def test_a_mask_is_as_good_as_a_value(small):
    image = np.maximum(photo(100, 90), 1)
    missing = np.zeros(image.shape[:2], bool)
    missing[30:60, 20:50] = missing[5, 70] = True
    upscaler = upscaler_of(small)
    masked = surveyed(wide(image, missing=missing), False)
    windows = Windows(upscaler, masked, plan_wide(upscaler, masked))
    declared = by_windows(upscaler, wide(with_hole(image, 0), nodata=0.0))
    for tile in windows.tiles():
        pixels, mask = windows.render(tile)
        other = declared[slice(*tile.rows), slice(*tile.columns)]
        np.testing.assert_array_equal(mask, (other == 0).all(2))
        assert apart(pixels[~mask], other[~mask]) <= 1


def test_floats_with_their_own_range_and_nan(small):
    image = with_hole(photo(100, 90)[..., :1].astype(np.float32) * 7 - 300, np.nan)
    image[80, 80] = 1e6  # an outlier
    found = by_windows(upscaler_of(small), wide(image))
    expected = whole(upscaler_of(small, tile=512), image)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    assert np.nanmax(found) == np.nanmax(expected) == 1e6
    seen = np.isfinite(found) & (found < 1e5)
    assert np.abs(found - expected)[seen].max() < 1e-3 * 1785


@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_whole_numbers_of_16_bits_are_worked_on_in_their_own_range(small, kind):
    grey = photo(75, 90)[..., :1]
    image = (grey.astype(np.int32) * 4 + (100 if kind == np.uint16 else -500)).astype(kind)
    found = by_windows(upscaler_of(small), wide(image), measure=True)
    floats = by_windows(upscaler_of(small), wide(image.astype(np.float32)))
    assert found.dtype == kind and apart(found, floats) <= 0.501  # rounded
    one_plane = Wide(
        lambda rows, columns: (image[slice(*rows), slice(*columns)], None), image.shape, image.dtype, (75, 90)
    )
    assert surveyed(one_plane, measure=False).known.high == np.iinfo(kind).max


def test_alpha_has_a_range_of_its_own(small):
    image = np.dstack([photo(75, 90).astype(np.uint16) * 4, np.full((75, 90), 65535, np.uint16)])
    image[20:50, 10:60, 3] = 0
    known = surveyed(wide(image, alpha=True), measure=True).known
    assert known.high < 1100 and known.opaque == 65535
    found = by_windows(upscaler_of(small), wide(image, alpha=True), measure=True)
    assert (found[110:, :, 3] == 65535).all() and (found[50:90, 30:110, 3] == 0).all()
    opaque = by_windows(upscaler_of(small), wide(np.ascontiguousarray(image[..., :3])), measure=True)
    assert apart(found[120:, :, :3], opaque[120:]) <= 1


def test_the_range_is_that_of_all_but_outliers_as_in_memory():
    random = np.random.default_rng(0)
    image = random.normal(100, 10, (60, 70, 2)).astype(np.float32)
    image[3, 4], image[50, 60, 0] = -1e5, 3e5
    known = surveyed(wide(image), False).known
    pairs = [usual_range(image[..., band]) for band in (0, 1)]
    assert (known.low, known.high) == (min(low for low, _ in pairs), max(high for _, high in pairs))
    assert -1e5 < known.low < 70 and 130 < known.high < 3e5


def test_what_is_learned_from_has_no_holes():
    image = with_hole(np.maximum(photo(200, 180), 1), 0)
    part = clear_part_of(surveyed(wide(image, nodata=0.0), False))
    (top, bottom), (left, right) = part.rows, part.columns
    assert not (image[top:bottom, left:right] == 0).all(2).any() and (bottom - top) * (right - left) > 18000
    np.testing.assert_array_equal(part[3:9, 2:50], image[top:bottom, left:right][3:9, 2:50])
    np.testing.assert_array_equal(part[:], image[top:bottom, left:right])


def test_large_images_are_judged_by_the_parts_that_memory_would_choose(monkeypatch):
    monkeypatch.setattr(sample, "CROP", 16)
    monkeypatch.setattr(sample, "PARTS", 4)
    image = photo(100, 90)
    ready = surveyed(wide(image), False)
    for judge in (sample.to_judge_blur, sample.to_judge_noise):
        np.testing.assert_array_equal(judge(clear_part_of(ready), ready.known), judge(image, ready.known))


def test_nothing_to_see_takes_no_network(small, monkeypatch):
    image = np.zeros((70, 70, 3), np.uint8)
    image[:20, :20] = np.maximum(photo(20, 20), 1)
    upscaler = upscaler_of(small)
    ready = surveyed(wide(image, nodata=0.0), False)
    windows = Windows(upscaler, ready, plan_wide(upscaler, ready))
    list(windows.tiles()) and windows._overlap  # measured before the network is taken away
    monkeypatch.setattr(type(windows), "_rendered", None)
    pixels, mask = windows.render(list(windows.tiles())[-1])
    assert mask is None and not pixels.any()


def test_hardly_any_data_is_refused():
    image = np.zeros((40, 40, 2), np.float32)
    image[:, :, 1] = np.nan
    with pytest.raises(ImageError, match="scene.tif: 0 px of band 2 hold data"):
        surveyed(wide(image, name="scene.tif"), False)
    with pytest.raises(ImageError, match="0 px of band 1 hold data"):
        surveyed(wide(np.zeros((40, 40, 3), np.uint8), nodata=0.0), False)
