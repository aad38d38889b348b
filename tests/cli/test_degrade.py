"""`mzsr degrade` against SciPy and Pillow: pixels, alpha, metadata and noise."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from helpers.one_command import call
from helpers.picture_files import exif_block, noise, pillow, tiff
from helpers.places import BENCHMARK
from PIL import Image
from scipy import ndimage

from mzsr_basicsr.cli import degrade as cli_degrade
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import write_picture


def degrade(*arguments: object) -> int | None:
    return call(cli_degrade, "degrade", *arguments)


def random_kernel(side: int, path: Path) -> np.ndarray:
    """Save a kernel without any symmetry, so that flips and shifts are seen."""
    weights = np.random.default_rng(side).random((side, side)) ** 4
    weights[0, 0] += side
    weights /= weights.sum()
    np.save(path, weights)
    return weights


def blurred(pixels: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return ndimage.correlate(pixels.astype(np.float64), kernel[..., None], mode="reflect")


def rounded(values: np.ndarray, dtype: type) -> np.ndarray:
    return np.rint(values.clip(0, np.iinfo(dtype).max)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize(
    ("scale", "side", "size"), [(2, 21, (151, 170)), (4, 5, (30, 41)), (1, 21, (70, 131)), (3, 9, (2, 3))]
)
def test_pixels_are_those_of_scipy(dtype, bands, scale, side, size, tmp_path):
    pixels = noise(bands, dtype, *size)
    write_picture(Picture(pixels), tmp_path / "a.png")
    kernel = random_kernel(side, tmp_path / "k.npy")
    assert degrade(tmp_path / "a.png", "-o", tmp_path / "lr", "--scale", scale, "--kernel", tmp_path / "k.npy") is None
    found = read_picture(tmp_path / "lr" / "a.png").pixels
    np.testing.assert_array_equal(found, rounded(blurred(pixels, kernel)[::scale, ::scale], dtype))


def test_floats_are_not_rounded_nor_clipped_at_a_real_scale(tmp_path):
    pixels = noise(3, np.float64, 40, 133)
    assert pixels.min() < -1 and pixels.max() > 2
    (tmp_path / "a.tif").write_bytes(tiff(pixels, photometric="rgb"))
    kernel = random_kernel(21, tmp_path / "k.npy")
    options = ["--scale", 1.5, "--kernel", tmp_path / "k.npy", "--format", "tif"]
    degrade(tmp_path / "a.tif", "-o", tmp_path / "lr", *options)
    found = tifffile.imread(tmp_path / "lr" / "a.tif")
    rows, columns = [0, 2, 3, 5, 6], np.floor(np.arange(89) * 1.5 + 0.5).astype(int).clip(max=132)
    assert found.dtype == np.float64 and found.shape == (27, 89, 3)
    np.testing.assert_allclose(found[:5], blurred(pixels, kernel)[rows][:, columns], rtol=0, atol=1e-13)


def test_bicubic_subsampling_is_pillows_inside(tmp_path):
    pixels = noise(1, np.float32, 120, 90)
    (tmp_path / "a.tif").write_bytes(tiff(pixels[..., 0]))
    kernel = random_kernel(21, tmp_path / "k.npy")
    options = ["--scale", 3, "--kernel", tmp_path / "k.npy", "--subsampling", "bicubic"]
    degrade(tmp_path / "a.tif", "-o", tmp_path / "b.tif", *options)
    plane = Image.fromarray(blurred(pixels, kernel)[..., 0].astype(np.float32))
    expected = np.asarray(plane.resize((30, 40), Image.Resampling.BICUBIC))
    found = tifffile.imread(tmp_path / "b.tif")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[3:-3, 3:-3], expected[3:-3, 3:-3], rtol=0, atol=2e-6)


def test_alpha_is_premultiplied(tmp_path):
    pixels = noise(4, np.uint8, 40, 50)
    pixels[10:30, 10:30, 3] = 0
    pixels[:, 40:, 3] = 255
    write_picture(Picture(pixels, alpha=True), tmp_path / "a.png")
    kernel = random_kernel(5, tmp_path / "k.npy")
    degrade(tmp_path / "a.png", "-o", tmp_path / "lr", "--kernel", tmp_path / "k.npy")
    found = read_picture(tmp_path / "lr" / "a.png")
    alpha = blurred(pixels[..., 3:], kernel)[::2, ::2]
    colours = blurred(pixels[..., :3] * (pixels[..., 3:] / 255), kernel)[::2, ::2]
    seen = alpha[..., 0] > 0
    assert found.alpha and 50 < np.count_nonzero(~seen) < 200
    np.testing.assert_array_equal(found.pixels[..., 3:], rounded(alpha, np.uint8))
    np.testing.assert_array_equal(found.pixels[seen][:, :3], rounded(colours[seen] * 255 / alpha[seen], np.uint8))


@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
def test_hidden_colours_leave_no_fringe(subsampling, tmp_path):
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[...] = (0, 255, 0, 0)
    pixels[8:30, 12:33] = (200, 30, 90, 255)
    write_picture(Picture(pixels, alpha=True), tmp_path / "a.png")
    degrade(tmp_path / "a.png", "-o", tmp_path / "lr", "--subsampling", subsampling)
    found = read_picture(tmp_path / "lr" / "a.png").pixels
    assert len(np.unique(found[..., 3])) > 10
    tolerance = 0 if subsampling == "direct" else 1  # one level where bicubic's weights nearly cancel
    visible = found[found[..., 3] > 0][:, :3].astype(int)
    assert np.abs(visible - (200, 30, 90)).max() <= tolerance
    assert (found[0, 0, :3] == found[4, 6, :3]).all()  # what is hidden repeats the nearest colour


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_an_opaque_picture_is_as_one_without_alpha(dtype, tmp_path):
    pixels = noise(3, dtype, 30, 30) / (1 if dtype == np.uint8 else 5)
    pixels = pixels.astype(dtype)
    opaque = np.full((30, 30, 1), 255 if dtype == np.uint8 else 1, dtype)
    write_picture(Picture(pixels), tmp_path / "a.tif")
    write_picture(Picture(np.concatenate([pixels, opaque], 2), alpha=True), tmp_path / "b.tif")
    assert degrade(tmp_path / "*.tif", "-o", tmp_path / "lr", "--noise", 0, "--format", "tif") is None
    plain, opaque = (read_picture(tmp_path / "lr" / name).pixels for name in ("a.tif", "b.tif"))
    np.testing.assert_allclose(opaque[..., :3], plain, rtol=0, atol=0 if dtype == np.uint8 else 1e-6)
    np.testing.assert_allclose(opaque[..., 3], 255 if dtype == np.uint8 else 1, rtol=0, atol=1e-6)


def test_metadata_stays_and_webp_is_without_loss(tmp_path):
    icc = b"profile" * 20
    content = pillow(
        noise(3, height=20, width=30), "RGB", "JPEG", exif=b"Exif\0\0" + exif_block(), icc_profile=icc, dpi=(72, 72)
    )
    (tmp_path / "a.jpg").write_bytes(content)
    before = read_picture(tmp_path / "a.jpg")
    for format in ("png", "webp", "jpg"):
        degrade(tmp_path / "a.jpg", "-o", tmp_path / "lr", "--format", format, "--kernel", "delta")
    png, webp, jpg = (read_picture(tmp_path / "lr" / f"a.{format}") for format in ("png", "webp", "jpg"))
    upright = np.rot90(before.pixels, -1)  # orientation 6: the top of the scene lies at the right of the file
    np.testing.assert_array_equal(png.pixels, upright[::2, ::2])
    assert jpg.pixels.shape == before.pixels[::2, ::2].shape  # of the same format: as stored, not turned
    np.testing.assert_array_equal(webp.pixels, png.pixels)
    exif = Image.Exif()
    exif.load(png.exif)
    assert png.icc == before.icc == icc and png.dpi == pytest.approx((36, 36), abs=0.01)
    assert (exif[0x010F], exif[0x0112], exif.get_ifd(0x8769)[0xA002]) == ("Maker", 1, 10)


def test_noise_is_of_its_size_and_repeats(tmp_path):
    grey = np.full((120, 120, 2), 128, np.uint8)
    for name in ("b.png", "sub/a.png", "sub/b.png"):
        (tmp_path / "hr" / name).parent.mkdir(parents=True, exist_ok=True)
        write_picture(Picture(grey, alpha=True), tmp_path / "hr" / name)
    options = ["--noise", 7.5, "--scale", 1]
    for output, seed in (("one", 0), ("two", 0), ("three", 1)):
        degrade(tmp_path / "hr", "-o", tmp_path / output, *options, "--seed", seed)
    degrade(tmp_path / "hr" / "b.png", "-o", tmp_path / "x.tif", *options)  # alone, under another name and format
    files = ("one/b.png", "one/sub/a.png", "one/sub/b.png", "three/b.png")
    found = [read_picture(tmp_path / file).pixels for file in files]
    for pixels in found:
        assert pixels[..., 0].std() == pytest.approx(7.5, rel=0.03)
        assert pixels[..., 0].mean() == pytest.approx(128, abs=0.3)
        assert (pixels[..., 1] == 128).all()  # alpha has none
        assert sum(np.array_equal(pixels, other) for other in found) == 1
    np.testing.assert_array_equal(read_picture(tmp_path / "two" / "sub" / "b.png").pixels, found[2])
    np.testing.assert_array_equal(read_picture(tmp_path / "x.tif").pixels, found[0])
    assert abs(np.corrcoef(found[0][..., 0].ravel(), found[1][..., 0].ravel())[0, 1]) < 0.05


@pytest.mark.skipif(not (BENCHMARK / "Set5" / "GT").is_dir(), reason="no benchmark: set MZSR_BENCHMARK")
def test_set5_is_the_authors_bit_for_bit(tmp_path):
    options = ["--kernel", "gaussian:2.0,2.0,0,21", "--scale", 2, "--subsampling", "direct"]
    assert degrade(BENCHMARK / "Set5" / "GT", "-o", tmp_path, *options) is None
    for name in ("baby", "bird", "butterfly", "head", "woman"):
        found, theirs = (
            np.asarray(Image.open(folder / f"{name}.png").convert("RGB"))
            for folder in (tmp_path, BENCHMARK / "Set5" / "g20_direct_x2")
        )
        np.testing.assert_array_equal(found, theirs)
