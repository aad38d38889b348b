"""Reading a picture file of any kind, or refusing it in one line."""

from __future__ import annotations

import io
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures import modern, png_reading, pnm
from mzsr_basicsr.pictures.kinds import NAMES, missing
from mzsr_basicsr.pictures.picture import FAILURES, Picture, check_size, clean_dpi, reason
from mzsr_basicsr.pictures.split import judged, split, with_pillows

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MAX_PIXELS = 2**28
# Modes of Pillow: what they become without and with a transparent colour.
_MODES = {
    "1": ("L", "LA"),
    "L": ("L", "LA"),
    "LA": ("LA", "LA"),
    "P": ("RGB", "RGBA"),
    "PA": ("RGBA", "RGBA"),
    "RGB": ("RGB", "RGBA"),
    "RGBX": ("RGB", "RGB"),
    "RGBA": ("RGBA", "RGBA"),
    "CMYK": ("CMYK", "CMYK"),
}


def read_picture(source: Path | bytes, name: str | None = None, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a picture by what its file holds, whatever its name is.

    Args:
        source: path of the file, or its content (of the standard input).
        name: what messages call it; the path or "standard input" without.
        max_pixels: most pixels to decode.

    Returns:
        The picture as stored, with depth, alpha and metadata; palettes become RGB, bits become grey of 8 bits.

    Raises:
        ImageError: the file is missing, empty, damaged, too large, animated, of several pages or of another kind.
    """
    name = name or (str(source) if isinstance(source, Path) else "standard input")
    with _open(source, name) as stream:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what matters raises
                picture = _read(stream, name, max_pixels)
        except ImageError:
            raise
        except MemoryError as error:
            raise ImageError(f"{name}: not enough memory for this picture; cut it into smaller ones") from error
        except Image.DecompressionBombError as error:  # of WebP, where Pillow has a limit of its own
            raise ImageError(f"{name}: too many pixels ({reason(error)}); cut it into smaller pictures") from error
        except FAILURES as error:
            raise ImageError(f"{name}: damaged picture ({reason(error)}); replace it") from error
    return picture


def _open(source: Path | bytes, name: str) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        if source.is_fifo():  # such as the shell's <(COMMAND)
            return io.BytesIO(source.read_bytes())
        if source.exists() and not source.is_file():
            raise ImageError(f"{name}: not a file; give a picture file: {NAMES}")
        return source.open("rb")
    except FileNotFoundError as error:
        raise missing(name) from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        if isinstance(error, ImageError):
            raise
        raise ImageError(f"{name}: cannot be opened ({reason(error)}); give a readable picture file") from error


def _read(stream: BinaryIO, name: str, max_pixels: int) -> Picture:
    head = stream.read(32)
    stream.seek(0)
    if not head:
        raise ImageError(f"{name}: empty, 0 bytes; give a picture file: {NAMES}")
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        from mzsr_basicsr.pictures import tiff  # brings tifffile

        return tiff.read(stream, name, max_pixels)
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in (b" ", b"\t", b"\n", b"\r", b"#"):
        return pnm.read(stream, name, max_pixels)
    for magic, kind in _PILLOW.items():
        if head.startswith(magic) and (magic != b"RIFF" or head[8:12] == b"WEBP"):
            return _read_pillow(kind, stream, head, name, max_pixels)
    if (plugin := modern.kind_of(head)) is not None:
        deep = modern.read_deep(_open_image(plugin, stream), stream, name, max_pixels)
        stream.seek(0)
        return deep or _read_pillow(plugin, stream, head, name, max_pixels)
    raise ImageError(f"{name}: no picture of a known kind; allowed: {NAMES}")


_PILLOW = {b"\x89PNG\r\n\x1a\n": "Png", b"\xff\xd8\xff": "Jpeg", b"RIFF": "WebP", b"BM": "Bmp", b"GIF8": "Gif"}


def _open_image(kind: str, stream: BinaryIO) -> ImageFile:
    """Open by Pillow's class, not by Image.open: that warns about or refuses large pictures by a limit of its own."""
    plugin = import_module(f"PIL.{kind}ImagePlugin")  # the one that is needed
    image: ImageFile = getattr(plugin, f"{kind}ImageFile")(stream)
    return image


def _read_pillow(kind: str, stream: BinaryIO, head: bytes, name: str, max_pixels: int) -> Picture:
    """Decode the pixels from a file of pixels alone, so that nothing that is said about them can refuse them."""
    told = split(kind, stream, head)
    if kind == "WebP" and head[12:16] == b"VP8X":  # its canvas: not every Pillow opens one that its picture misses
        width, height = (1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
        check_size(width, height, max_pixels, name)
    image = _open_image(kind, stream if told.pixels is None else io.BytesIO(told.pixels))
    check_size(*image.size, max_pixels, name)
    if told.animated or getattr(image, "is_animated", False):
        raise ImageError(f"{name}: an animation, not one picture; upscale it as a video, from a .gif or .mp4 file")
    if told.check is not None:
        told.check(*image.size)
    if told.pixels is not None and image.format == "PNG" and png_reading.is_16_bit(head):
        pixels = png_reading.read_16_bit(told.pixels)
        alpha, mode = pixels.shape[2] in (2, 4), "RGB" if pixels.shape[2] > 2 else "L"
    else:
        pixels, mode = _decode(image, head, name)
        alpha, mode = mode in ("LA", "RGBA"), mode.removesuffix("A")
    told = judged(with_pillows(told, image.info))
    tables = getattr(image, "quantization", None)
    step = float(np.mean(next(iter(tables.values())))) if isinstance(tables, dict) and tables else 0.0
    kept = (told.icc, told.exif, clean_dpi(told.dpi))
    return Picture(pixels, alpha, image.format or "PNG", *kept, mode, step, extras=told.metadata)


def _decode(image: ImageFile, head: bytes, name: str) -> tuple[np.ndarray, str]:
    image.load()
    if image.mode not in _MODES:
        raise ImageError(f"{name}: pixels of the mode {image.mode}; save it as grey, RGB or CMYK")
    key = image.info.get("transparency")
    if image.format == "PNG" and image.mode == "L" and isinstance(key, int) and head[24] < 8:
        image.info["transparency"] = key * (255 // (2 ** head[24] - 1))  # Pillow scales the pixels alone
    mode = _MODES[image.mode][image.has_transparency_data]
    pixels = np.array(image if image.mode == mode else image.convert(mode))
    return (pixels if pixels.ndim == 3 else pixels[:, :, None]), mode
