"""`mzsr_basicsr.upscaling.api.upscale`: what comes out of one image, whatever its bands, depth and layout."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.ndimage
import skimage.data
import torch
from helpers.small_networks import photo as whole_range
from helpers.small_networks import save_network
from PIL import Image

from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.noise import jpeg_noise
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_upscale
from mzsr_basicsr.errors import ConfigError, KernelError
from mzsr_basicsr.upscaling.api import Result, upscale
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

KERNEL = "gaussian:1.0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def wiener(folder: Path) -> str:
    """A network that corrects nothing: what it gives is known beforehand."""
    return save_network(folder / "wiener.pth", correction=0.0)


@pytest.fixture(scope="module")
def small(folder: Path) -> str:
    return save_network(folder / "small.pth")


def photo(*size: int) -> np.ndarray:
    """A photograph without black or white areas, which would stay so."""
    return np.uint8(12 + 0.9 * whole_range(*size))


def plain(image: np.ndarray | torch.Tensor, weights: str, **choices: object) -> Result:
    return upscale(
        image, **{"weights": weights, "kernel": KERNEL, "updates": 0, "noise": 0, "device": "cpu", **choices}
    )


def estimate(values: np.ndarray, subsampling: str = "direct", noise: float = 0.0) -> np.ndarray:
    """Wiener's estimate of (H, W, C) in [0, 1], clipped."""
    planes = torch.from_numpy(values.astype(np.float64)).permute(2, 0, 1)[None]
    return wiener_upscale(planes, Degradation(KERNEL, 2, subsampling, noise))[0].permute(1, 2, 0).clamp(0, 1).numpy()


@pytest.mark.parametrize(
    ("bands", "dtype"), [(3, np.uint8), (3, np.uint16), (3, np.float32), (1, np.uint8), (5, np.uint16), (1, np.float64)]
)
def test_the_values_at_any_depth_and_number_of_bands(wiener: str, bands: int, dtype: type) -> None:
    top = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1.0
    values = np.concatenate([photo(), photo()[::-1]], axis=2)[:, :, :bands] / 255
    given = (values * top).astype(dtype)
    result = plain(given, wiener).image
    assert result.dtype == given.dtype and result.shape == (80, 96, bands)
    expected = estimate(given / top) * top
    np.testing.assert_allclose(result, expected, atol=0.5001 + 1e-5 * top if top > 1 else 1e-5)


def test_a_range_beyond_1_comes_back(wiener: str) -> None:
    values = photo() / 255.0
    values[0, 0], values[-1, -1] = 0, 1  # its darkest parts are areas no more
    low, high = values.min(), values.max()
    given = (values * 700 - 200).astype(np.float32)
    expected = estimate((values - low) / (high - low)) * (high - low) * 700 + low * 700 - 200
    np.testing.assert_allclose(plain(given, wiener).image, expected, atol=0.01)


def test_grey_stays_grey_and_every_layout_gives_the_same(small: str) -> None:
    rgb, grey = photo(), photo()[:, :, 1]
    first, second = plain(rgb, small).image, plain(grey, small).image
    assert second.shape == (80, 96) and first.shape == (80, 96, 3)
    np.testing.assert_array_equal(plain(grey[:, :, None], small).image[:, :, 0], second)
    channels = torch.from_numpy(rgb).permute(2, 0, 1)
    for tensor in (channels, channels[None]):
        found = plain(tensor, small).image
        assert found.shape == (*tensor.shape[:-2], 80, 96) and found.dtype == torch.uint8 and found.is_contiguous()
        np.testing.assert_array_equal(found.reshape(3, 80, 96).permute(1, 2, 0).numpy(), first)
    assert torch.equal(plain(torch.from_numpy(grey), small).image, torch.from_numpy(second))
    sixteen = torch.from_numpy(rgb.astype(np.uint16) * 257).permute(2, 0, 1)
    assert plain(sixteen, small).image.dtype == torch.uint16
    np.testing.assert_array_equal(plain(rgb[:, ::-1][:, ::-1], small).image, first)  # a view


def test_hidden_colours_do_not_bleed_and_alpha_keeps_its_ends(small: str) -> None:
    opaque = np.zeros((40, 48), bool)
    opaque[8:30, 10:36] = True
    given = np.dstack([photo(), np.where(opaque, 255, 0).astype(np.uint8)])
    spoilt = given.copy()
    spoilt[~opaque, :3] = np.random.default_rng(0).integers(0, 256, (np.count_nonzero(~opaque), 3))
    choices = {"updates": 2, "kernel": "auto", "noise": "auto"}
    first, second = plain(given, small, **choices), plain(spoilt, small, **choices)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.kernel, second.kernel)
    alpha = first.image[:, :, 3]
    assert (alpha[20:56, 24:68] == 255).all()  # two px within the edge
    for outside in (alpha[:12], alpha[64:], alpha[:, :16], alpha[:, 76:]):
        assert (outside == 0).all()
    floating = np.dstack([photo() / 255, opaque]).astype(np.float32)
    wild = np.where(opaque[:, :, None], floating, np.float32([900, -900, 5, 0]))
    np.testing.assert_array_equal(plain(wild, small).image, plain(floating, small).image)


def test_two_and_four_bands_end_with_alpha_unless_said_otherwise(wiener: str) -> None:
    given = np.dstack([photo(), photo()[:, :, 0]])
    values = given / 255.0
    np.testing.assert_allclose(plain(given, wiener, alpha=False).image / 255, estimate(values), atol=0.003)
    edged = plain(given, wiener).image / 255
    assert np.abs(edged[:, :, 3] - estimate(values)[:, :, 3]).max() > 0.02  # alpha does not ring
    grey = np.dstack([photo()[:, :, 0], np.full((40, 48), 255, np.uint8)])
    np.testing.assert_allclose(plain(grey, wiener).image[:, :, 0] / 255, estimate(grey / 255.0)[:, :, 0], atol=0.003)
    assert (plain(grey, wiener).image[:, :, 1] == 255).all()


def test_the_noise_is_told_or_estimated(wiener: str) -> None:
    told = plain(photo(), wiener, noise=12)
    assert told.noise == pytest.approx(12)
    np.testing.assert_allclose(told.image / 255, estimate(photo() / 255, noise=12 / 255), atol=0.0021)
    assert np.abs(told.image - plain(photo(), wiener).image.astype(int)).max() > 10
    flat = np.clip(128 + np.random.default_rng(0).normal(0, 8, (96, 96, 3)), 0, 255).astype(np.uint8)
    assert plain(flat, wiener, noise="auto").noise == pytest.approx(8, rel=0.15)
    assert plain(np.full((40, 40, 3), 99, np.uint8), wiener, noise="auto").noise == 0
    own = Upscaler(UpscaleSettings(kernel=KERNEL, updates=0, weights=wiener, device="cpu"))
    flat_noise = [255 * own.plan(flat, artefacts=levels / 255).chosen.degradation.noise for levels in (3, 20)]
    assert flat_noise == pytest.approx([8, 20], rel=0.15)  # the artefacts of a file count at least
    wild = np.clip(128 + np.random.default_rng(0).normal(0, 40, (40, 40, 3)), 0, 255).astype(np.uint8)
    assert plain(wild, wiener, noise="auto").noise == pytest.approx(25)  # at most


def test_a_kernel_may_be_an_array_a_tensor_a_file_or_a_degradation(wiener: str, tmp_path: Path) -> None:
    image, weights = photo(), load_kernel(KERNEL)
    np.save(tmp_path / "k.npy", weights.numpy())
    expected = plain(image, wiener).image
    for kernel in (weights.numpy(), weights, weights.float(), tmp_path / "k.npy", Degradation(KERNEL, 2)):
        found = plain(image, wiener, kernel=kernel)
        np.testing.assert_array_equal(found.image, expected)
        assert found.subsampling == "direct" and found.confidence is None
    told = plain(image, wiener, kernel=Degradation(KERNEL, 2, "bicubic", 8 / 255), noise=12)
    assert told.subsampling == "bicubic" and told.noise == pytest.approx(12)  # what is said beside it comes first
    brought = upscale(image, kernel=Degradation(KERNEL, 2, "bicubic", 8 / 255), updates=0, weights=wiener, device="cpu")
    assert brought.noise == pytest.approx(8)
    again = plain(image, wiener, subsampling="bicubic", noise=8)
    np.testing.assert_array_equal(brought.image, again.image)
    with pytest.raises(KernelError, match="the 21 px kernel is larger than the image at x2"):
        plain(photo(9, 9), wiener, kernel=load_kernel("gaussian:2,2,0,21"))


def test_the_kernels_and_their_subsampling(small: str) -> None:
    given = plain(photo(), small)
    assert given.subsampling == "direct" and given.confidence is None and given.residual is None
    np.testing.assert_array_equal(given.kernel, load_kernel(KERNEL).numpy())
    assert plain(photo(), small, kernel="bicubic").subsampling == "bicubic"
    automatic, free = (plain(photo(), small, kernel=kernel) for kernel in ("auto", "auto-free"))
    assert automatic.subsampling == "bicubic" and free.subsampling == "direct" and free.kernel.shape == (25, 25)
    assert 0 < automatic.confidence < 1 and 0 <= automatic.residual <= 1
    with pytest.raises(ConfigError, match="kernel: internal was removed, .*give auto, auto-free or a kernel"):
        plain(photo(), small, kernel="internal")
    tiny = plain(photo(8, 8), small, kernel="auto")
    assert tiny.kernel.shape[0] <= 15 and tiny.kernel.sum() == pytest.approx(1) and tiny.image.shape == (16, 16, 3)


def test_what_was_enlarged_before_is_taken_for_plainly_reduced(small: str) -> None:
    whole = Image.fromarray(skimage.data.astronaut()[100:484, 120:504])
    before = np.array(whole.resize((64, 64), Image.Resampling.BICUBIC).resize((192, 192), Image.Resampling.BICUBIC))
    with pytest.warns(
        UserWarning, match="enlarged before, so it is taken for reduced by bicubic subsampling alone; give"
    ):
        cautious = plain(before, small, kernel="auto")
    np.testing.assert_array_equal(cautious.image, plain(before, small, kernel="bicubic").image)
    assert plain(before, small, kernel="auto", subsampling="direct").kernel.shape[0] > 1  # says that there is a blur


def test_jpeg_artefacts_are_told_as_noise_whatever_the_file(small: str) -> None:
    stream = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()[100:484, 120:504]).resize((192, 192)).save(stream, "JPEG", quality=50)
    file = Image.open(stream)
    told = jpeg_noise(float(np.mean(file.quantization[0])))
    cut = np.array(file)[3:, 5:]
    assert plain(cut, small, kernel="bicubic", noise="auto").noise == pytest.approx(255 * told, rel=0.05)


def test_adaptation_is_kept_where_it_helps_and_rolled_back_where_not(folder: Path, small: str) -> None:
    still = plain(photo(), small)
    assert (still.losses, still.held_out, still.kept) == ([], [], 0)
    helped = plain(photo(), small, updates=3)
    assert helped.kept > 0 and len(helped.losses) == len(helped.held_out) == 4
    assert helped.losses[helped.kept] < helped.losses[0] and min(helped.held_out) == helped.held_out[helped.kept]
    assert not np.array_equal(helped.image, still.image)
    wild = plain(photo(), save_network(folder / "wild.pth", rate=1e4), updates=3)
    assert wild.kept == 0 and 1 < len(wild.losses) <= 4 and wild.losses[1] > wild.losses[0]
    assert np.isfinite(wild.losses + wild.held_out).all()  # what is not is left out
    np.testing.assert_array_equal(wild.image, still.image)
    assert set(wild.seconds) == {"kernel", "adaptation", "upscaling"} and all(s >= 0 for s in wild.seconds.values())


def test_the_shipped_network_beats_no_network_on_a_known_blur() -> None:
    """The result lies nearer to the photograph itself than OpenCV's cubic enlargement of what was made of it."""
    hr = skimage.data.astronaut()[40:136, 150:246].astype(np.float64)
    blurred = scipy.ndimage.gaussian_filter(hr, (1.2, 1.2, 0))[::2, ::2]
    result = upscale(np.uint8(np.rint(blurred)), kernel="gaussian:1.44", updates=3, device="cpu", noise=0)
    halve, flags = np.float64([[0.5, 0, 0], [0, 0.5, 0]]), cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    cubic = cv2.warpAffine(blurred, halve, (96, 96), flags=flags, borderMode=cv2.BORDER_REFLECT)
    inner = (slice(8, -8), slice(8, -8))
    errors = [np.mean((image[inner] - hr[inner]) ** 2) for image in (result.image, cubic)]
    assert errors[0] < 0.6 * errors[1]
