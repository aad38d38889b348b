"""Writing picture files: every bit comes back, what a format cannot hold is refused, and no half file stays."""

import errno
import io
import os
import tracemalloc
from dataclasses import replace

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from helpers.picture_files import H, W, assert_pixels, noise, pillow
from PIL import Image

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures import png, writing
from mzsr_basicsr.pictures.kinds import WRITTEN
from mzsr_basicsr.pictures.picture import Picture, eight_bits
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import FORMATS, encode, write_picture


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_is_read_as_pillow_decodes_it_and_cmyk_stays(mode, tmp_path):
    content = pillow(noise(len(mode)), mode, "JPEG", quality=95)
    expected = np.array(Image.open(io.BytesIO(content))).reshape(H, W, -1)
    picture = read_picture(content)
    assert_pixels(picture, expected, mode=mode)
    flat = replace(picture, pixels=np.full_like(expected, 90) + np.arange(len(mode), dtype=np.uint8))
    write_picture(flat, tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.mode == mode
        assert all(layer[1:3] == (1, 1) for layer in image.layer)  # 4:4:4
    np.testing.assert_allclose(read_picture(tmp_path / "a.jpg").pixels, flat.pixels, atol=2)


ROUND_TRIPS = [
    *[(f, bands, np.uint8) for f in ("png", "tif", "webp") for bands in ("L", "LA", "RGB", "RGBA")],
    *[(f, bands, np.uint16) for f in ("png", "tif") for bands in ("L", "LA", "RGB", "RGBA")],
    *[(f, bands, np.uint8) for f in ("bmp", "ppm") for bands in ("L", "RGB")],
    *[("ppm", bands, np.uint16) for bands in ("L", "RGB")],
    *[("tif", bands, dtype) for bands in ("L", "RGB", "RGBA", "CMYK") for dtype in (np.float32, np.float64)][:-2],
]


def independently(path, bands, dtype):
    if path.suffix == ".tif":
        return tifffile.imread(path)
    if dtype == np.uint16:
        seen = imagecodecs.png_decode(path.read_bytes()) if path.suffix == ".png" else cv2.imread(str(path), -1)
        return seen[..., ::-1] if path.suffix == ".ppm" and seen.ndim == 3 else seen
    with Image.open(path) as image:
        assert path.suffix == ".webp" or image.mode == bands
        return np.array(image)


@pytest.mark.parametrize(("format", "bands", "dtype"), ROUND_TRIPS)
@pytest.mark.parametrize("size", [(H, W), (1, 1), (300, 200)])
def test_lossless_formats_round_trip_also_in_memory(format, bands, dtype, size, tmp_path):
    pixels, alpha = noise(len(bands), dtype, *size), bands.endswith("A")
    picture = Picture(pixels, alpha)
    path = tmp_path / f"a{WRITTEN[format][0]}"
    write_picture(picture, path)
    expected = pixels
    if format == "webp" and bands in ("L", "LA"):  # WebP has no grey
        expected = np.dstack([pixels[..., :1]] * 3 + [pixels[..., 1:]])
    assert_pixels(read_picture(path), expected, alpha)
    assert_pixels(read_picture(encode(picture, format)), expected, alpha)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    np.testing.assert_array_equal(independently(path, bands, dtype).reshape(expected.shape), expected)


def test_16_bits_are_rounded_where_the_format_has_8():
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    np.testing.assert_array_equal(eight_bits(every), np.round(every / 257.0))
    assert_pixels(read_picture(encode(Picture(every), "bmp")), np.round(every / 257.0).astype(np.uint8))


def test_webp_is_lossy_for_pictures_from_jpeg_only():
    pixels = noise(3, height=64, width=64)
    exact, lossy = (read_picture(encode(Picture(pixels, quantization=q), "webp")).pixels for q in (0.0, 7.0))
    assert np.array_equal(exact, pixels) and not np.array_equal(lossy, pixels)


REFUSED = [
    ("a.jpg", Picture(noise(4), alpha=True), "jpg holds no alpha; allowed: png, tif, webp"),
    ("a.bmp", Picture(noise(2), alpha=True), "bmp holds no alpha"),
    ("a.ppm", Picture(noise(4), alpha=True), "ppm holds no alpha"),
    ("a.png", Picture(noise(4), mode="CMYK"), "png holds no CMYK; allowed: jpg, tif"),
    ("a.webp", Picture(noise(5)), "webp holds no 5 bands of colour; allowed: tif"),
    ("a.png", Picture(noise(4)), "png holds no 4 bands of colour; allowed: tif"),
    ("a.png", Picture(noise(3, np.float32)), "png holds no float32 pixels; allowed: tif"),
    ("a.webp", Picture(np.zeros((1, 16384, 3), np.uint8)), "webp holds at most 16383 pixels a side, not 16384x1"),
    ("a.gif", Picture(noise(3)), "cannot write a picture as '.gif'; allowed: .png .jpg"),
    ("none/a.png", Picture(noise(3)), "cannot be written (No such file or directory)"),
    ("file/a.png", Picture(noise(3)), "cannot be written (Not a directory)"),
    ("folder.png", Picture(noise(3)), "exists and is not a file"),
    ("a" * 300 + ".png", Picture(noise(3)), "cannot be written (File name too long)"),
]


@pytest.mark.parametrize(("name", "picture", "message"), REFUSED, ids=[message[:40] for *_, message in REFUSED])
def test_what_cannot_be_written_is_refused_in_one_line(name, picture, message, tmp_path):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ImageError) as error:
        write_picture(picture, tmp_path / name)
    assert str(error.value).startswith(f"{tmp_path / name}: {message}") and "\n" not in str(error.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.png"]


def test_encode_names_the_formats_and_refuses_too():
    with pytest.raises(ImageError, match="gif: unknown picture format; allowed: png, jpg, tif, webp, bmp, ppm"):
        encode(Picture(noise(3)), "gif")
    with pytest.raises(ImageError, match="^jpg output: jpg holds no alpha"):
        encode(Picture(noise(4), alpha=True), "jpg")


def full_disk(_picture, stream):
    stream.write(b"half a picture")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupted(_picture, stream):
    stream.write(b"half a picture")
    raise KeyboardInterrupt


@pytest.mark.parametrize(("write", "error"), [(full_disk, ImageError), (interrupted, KeyboardInterrupt)])
def test_a_failure_half_way_leaves_the_old_file_alone(write, error, tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"old")
    monkeypatch.setattr(writing, "FORMATS", {"png": replace(FORMATS["png"], write=write)})
    with pytest.raises(error) as caught:
        write_picture(Picture(noise(3)), tmp_path / "a.png")
    assert error is KeyboardInterrupt or "(No space left on device); check the folder" in str(caught.value)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.png", b"old")]


def test_a_failing_replace_leaves_nothing_behind(tmp_path, monkeypatch):
    def refuse(_source, _target):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ImageError, match="Permission denied"):
        write_picture(Picture(noise(3)), tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


def test_results_replace_old_files_and_may_be_read_by_others(tmp_path):
    (tmp_path / "a.png").write_bytes(b"old")
    write_picture(Picture(noise(3)), tmp_path / "a.png")
    (tmp_path / "plain").touch()
    assert_pixels(read_picture(tmp_path / "a.png"), noise(3))
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("format", ["png", "tif", "ppm"])
def test_large_pictures_are_written_without_a_second_copy(format, tmp_path):
    pixels = np.zeros((3000, 4000, 3), np.uint16)
    tracemalloc.start()
    try:
        write_picture(Picture(pixels), tmp_path / f"a.{format}")
        assert tracemalloc.get_traced_memory()[1] < pixels.nbytes / 2
    finally:
        tracemalloc.stop()


def test_rows_are_filtered_alike_wherever_the_blocks_are_cut(monkeypatch):
    pixels = noise(3, np.uint16, 50, 20)
    whole = b"".join(png._filtered(pixels))
    monkeypatch.setattr(png, "row_blocks", lambda p: [slice(top, top + 7) for top in range(0, len(p), 7)])
    assert b"".join(png._filtered(pixels)) == whole
    assert_pixels(read_picture(encode(Picture(pixels), "png")), pixels)


def test_views_are_written_as_they_look(tmp_path):
    pixels = noise(3, height=9, width=8)[::2, ::-1].swapaxes(0, 1)
    for format in ("png", "tif", "webp", "bmp", "ppm"):
        np.testing.assert_array_equal(read_picture(encode(Picture(pixels), format)).pixels, pixels)
