"""One outlier, and what has no data, leave the rest of a float picture as it would be without them."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.ndimage
import skimage.data
from helpers.small_networks import photo, save_network

from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.pictures.bands import Bands
from mzsr_basicsr.pictures.prepare import Prepared
from mzsr_basicsr.upscaling import render, tiling
from mzsr_basicsr.upscaling.api import Result, upscale
from mzsr_basicsr.upscaling.restore import put_back

PLACE = (slice(30, 34), slice(40, 44))
LARGE = (slice(60, 68), slice(80, 88))  # the same of the result


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


def scene() -> np.ndarray:
    """(96, 96, 3) float32, blurred by a Gaussian of 1.44 px² and halved."""
    hr = skimage.data.astronaut()[20:212, 130:322] / 255.0
    return scipy.ndimage.gaussian_filter(hr, (1.2, 1.2, 0))[::2, ::2].astype(np.float32)


def shipped(image: np.ndarray, **choices: object) -> Result:
    return upscale(image, **{"kernel": "gaussian:1.44", "updates": 3, "device": "cpu", **choices})


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Root mean square of what differs more than 6 px of the input around the patch."""
    far = np.ones(first.shape[:2], bool)
    far[48:80, 68:100] = False
    return float(np.sqrt(np.mean((first - second)[far] ** 2)))


@pytest.fixture(scope="module")
def clean() -> Result:
    return shipped(scene())


@pytest.mark.parametrize("value", [20.0, 200.0, -9999.0, float("nan"), float("inf"), -3.4028234663852886e38])
def test_a_patch_stays_and_the_rest_is_as_without_it(clean: Result, value: float) -> None:
    """With the patch as part of the range the rest was off by 0.13 for a sun of 200, and by more for the others."""
    image = scene()
    image[PLACE] = value
    result = shipped(image)
    np.testing.assert_array_equal(result.image[LARGE], np.full((8, 8, 3), np.float32(value)))
    outside = np.ones((192, 192), bool)
    outside[LARGE] = False
    assert (
        np.isfinite(result.image[outside]).all()
        and 0 <= result.image[outside].min() <= result.image[outside].max() <= 1
    )
    assert apart(result.image, clean.image) < 1e-3
    assert result.noise == clean.noise


def test_an_elevation_model_with_and_without_a_declared_value(clean: Result) -> None:
    model = scene()[:, :, 0] * 600 + 200
    base = shipped(model).image
    model[PLACE] = -9999
    for choices in ({}, {"nodata": -9999}):
        found = shipped(model, **choices).image
        assert (found[LARGE] == -9999).all() and np.count_nonzero(found == -9999) == 64
        assert apart(found, base) < 0.6  # of 600
    integers = np.rint(scene() * 254 + 1).astype(np.uint8)
    whole = shipped(integers).image
    integers[PLACE] = 0
    black, declared = shipped(integers).image, shipped(integers, nodata=0).image
    assert (declared[LARGE] == 0).all() and not (black[LARGE] == 0).all()
    near = (slice(56, 60), slice(80, 88))  # rows just outside: without the value black bleeds into them
    errors = [np.abs(image[near] - whole[near].astype(float)).mean() for image in (declared, black)]
    assert errors[0] < 0.5 * errors[1]


def test_noise_is_judged_without_what_was_filled(small: str) -> None:
    random = np.random.default_rng(0)
    image = (0.5 + random.normal(0, 8 / 255, (160, 160, 3))).astype(np.float32)
    image[:70] = np.nan
    for value in (np.nan, -9999.0):
        image[:70] = value
        result = upscale(image, kernel="gaussian:1.0", updates=0, weights=small, device="cpu")
        assert result.noise == pytest.approx(8, rel=0.15)  # the filled rows have none


def test_ordinary_floats_are_as_they_were(small: str) -> None:
    """Mapped to [0, 1] by hand, and back."""
    image = photo().astype(np.float32)
    low, high = image.min(), image.max()
    choices = {"kernel": "gaussian:1.0", "updates": 1, "noise": 0, "weights": small, "device": "cpu"}
    by_hand = upscale((image - low) / (high - low), **choices).image.astype(np.float64) * (high - low) + low
    np.testing.assert_allclose(upscale(image, **choices).image, by_hand, rtol=1e-6)


@pytest.mark.parametrize("choices", [{}, {"scale": 1.7}, {"scale": 3, "subsampling": "bicubic"}])
def test_tiles_cannot_be_seen(small: str, choices: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "PROBE", 40)
    monkeypatch.setattr(render, "PROBE", 40)
    image = scene()[:90, :, :1]
    image[30:50, 31:33], image[60:64, 60:70], image[10, 10] = 200, np.nan, -9999
    base = {"kernel": "gaussian:0.5,0.5,0,7", "updates": 1, "noise": 4, "weights": small, "device": "cpu", **choices}
    whole, tiled = (upscale(image, tile=tile, **base).image for tile in (512, 32))
    np.testing.assert_allclose(tiled, whole, atol=2e-5)
    assert np.isnan(whole).sum() == pytest.approx(40 * choices.get("scale", 2) ** 2, rel=0.15)


def nearest(output: int, length: int, scale: Fraction, own: int, direct: bool) -> int:
    """The pixel nearest to an output pixel, by exact fractions; of two the lower one."""
    on_own = (output + Fraction(1, 2)) * own / scale - Fraction(1, 2)
    place = on_own / own if direct else (on_own + Fraction(1, 2)) / own - Fraction(1, 2)
    place = min(max(place, Fraction(0)), Fraction(length - 1))
    return -int((Fraction(1, 2) - place) // 1)  # ceil(place - 1/2)


@pytest.mark.parametrize(("scale", "own"), [("2", 2), ("4", 4), ("1", 2), ("3", 4), ("5/2", 2), ("17/10", 2)])
@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
def test_holes_keep_their_places_at_every_scale_and_phase(scale: str, own: int, subsampling: str) -> None:
    ratio = Fraction(scale)
    image = np.arange(9 * 11, dtype=np.float64).reshape(9, 11, 1)
    holes = np.random.default_rng(0).random((9, 11, 1)) < 0.4
    size = [-int(-length * ratio // 1) for length in (9, 11)]
    ready = Prepared(image, Bands(1, False, 0.0, 99.0), holes)
    degradation = Degradation(delta_kernel(), own, subsampling)
    found = put_back(np.full((*size, 1), 0.5), image, ready, float(ratio), degradation)
    rows, columns = (
        [nearest(o, n, ratio, own, subsampling == "direct") for o in range(count)]
        for count, n in zip(size, (9, 11), strict=True)
    )
    place = np.ix_(rows, columns)
    np.testing.assert_array_equal(found, np.where(holes[place], image[place], 0.5))


@pytest.mark.parametrize(
    ("dtype", "nodata", "instead"), [(np.uint8, 0, 1), (np.uint16, 65535, 65534), (np.float32, 0, 1.4e-45)]
)
def test_what_has_data_never_gets_the_value_of_no_data(dtype: type, nodata: float, instead: float) -> None:
    image, holes = np.full((8, 8, 2), 9, dtype), np.zeros((8, 8, 1), bool)
    image[2, 3], holes[2, 3] = nodata, True
    ready = Prepared(image, Bands(2, False, 0.0, 1.0), holes, None, nodata)
    dark = np.full((16, 16, 2), nodata, dtype)
    dark[0, 0] = 9, nodata  # one band of two: whole numbers hold data there
    found = put_back(dark, image, ready, 2.0, Degradation(delta_kernel(), 2, "bicubic"))
    assert (found[4:6, 6:8] == nodata).all() and np.count_nonzero((found == nodata).all(2)) == 4
    np.testing.assert_allclose(found[9], instead, rtol=0.01)
    assert found[0, 0].tolist() == [9, nodata if dtype != np.float32 else pytest.approx(instead)]


def test_outliers_are_interpolated_among_themselves() -> None:
    """A slope of 100, 200 and 300, at a scale of 2 and centred: a quarter of the way each; nothing bleeds or rings."""
    image = np.full((8, 10, 1), 0.5)
    image[2:5, 3:6, 0] = [100, 200, 300]
    image[6, 8] = -50
    outliers = (image < 0) | (image > 1)
    ready = Prepared(np.full_like(image, 0.5), Bands(1, False, 0.0, 1.0), None, outliers)
    found = put_back(np.full((16, 20, 1), 0.5), image, ready, 2.0, Degradation(delta_kernel(), 2, "bicubic"))[..., 0]
    expected = np.full((16, 20), 0.5)
    expected[4:10, 6:12] = [100, 125, 175, 225, 275, 300]
    expected[12:14, 16:18] = -50
    np.testing.assert_allclose(found, expected, rtol=1e-12)
