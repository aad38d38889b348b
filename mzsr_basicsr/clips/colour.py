"""RGB and back: the codec library changes depth and the size of chroma planes, the matrix is exact here.

Its own way from RGB to full-range YCbCr gives grey a cast of half a level, and in 10 bits white is 3 codes off.
"""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from mzsr_basicsr.clips.clip import Colour, Frame

# Chroma is interpolated, where the default would repeat it.
SCALING = int(Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP)
SCALING |= int(Interpolation.ACCURATE_RND)
_WEIGHTS = {  # matrix: weights of red and blue in luma, ITU-T H.273, table 4
    1: (0.2126, 0.0722),
    4: (0.3, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
MATRICES = tuple(_WEIGHTS)
_FULL = 2


def has_alpha(frame: av.VideoFrame) -> bool:
    """Tell whether pixels may be transparent."""
    return any(component.is_alpha for component in frame.format.components) or _palette(frame)


def is_rgb(frame: av.VideoFrame) -> bool:
    """Tell whether pixels are red, green and blue, or entries of a palette of these."""
    return bool(frame.format.is_rgb) or _palette(frame)


def bits_of(frame: av.VideoFrame) -> int:
    """Give the bits of a colour."""
    return 8 if _palette(frame) else max(component.bits for component in frame.format.components)


def to_rgb(frame: av.VideoFrame, colour: Colour, converter: VideoReformatter) -> Frame:
    """Decode YCbCr, grey or RGB to RGB, uint8 or, above 8 bits, uint16; what is transparent is laid on black."""
    bits, alpha = bits_of(frame), has_alpha(frame)
    top = 255 if bits == 8 else 65535
    if is_rgb(frame):
        form = {(8, False): "rgb24", (8, True): "rgba"}.get((bits, alpha), "rgba64le" if alpha else "rgb48le")
        pixels = converter.reformat(frame, format=form, interpolation=SCALING, threads=1).to_ndarray()
        # The library shifts depths: what is all ones stays so only for 8 and 16 bits.
        scale = 1.0 if bits in (8, 16) else 65535 / ((2**bits - 1) << (16 - bits))
        if not alpha and scale == 1:
            return np.ascontiguousarray(pixels)
        red, green, blue, *rest = (pixels[..., k] * np.float32(scale) for k in range(pixels.shape[2]))
        share = rest[0] / np.float32(top) if rest else np.float32(1)
        return _woven([plane * share for plane in (red, green, blue)], top)
    planes = _planes(frame, bits, alpha, colour.range, converter)
    scale = np.float32(top) if not alpha else planes[3] * np.float32(top / (2**bits - 1))
    mixed = _red_green_blue(planes[:3], bits, colour)
    return _woven([plane.clip(0, 1, out=plane) * scale for plane in mixed], top)


def to_yuv(pixels: Frame, colour: Colour, form: str, converter: VideoReformatter) -> av.VideoFrame:
    """Encode RGB as yuv420p or, by its name, yuv420p10le; (H, W, 3) with even sides."""
    bits = 10 if form.endswith("10le") else 8
    red, green, blue = (pixels[..., k].astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max) for k in range(3))
    of_red, of_blue = _WEIGHTS[colour.matrix]
    luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    chroma = (blue - luma) / (2 - 2 * of_blue), (red - luma) / (2 - 2 * of_red)
    low, reach, middle, wide = _codes(bits, colour.range)
    planes = [luma * reach + low, *(plane * wide + middle for plane in chroma)]
    whole = av.VideoFrame(pixels.shape[1], pixels.shape[0], "yuv444p" if bits == 8 else "yuv444p10le")
    for plane, values in zip(whole.planes, planes, strict=True):
        _fill(plane, np.rint(values).clip(0, 2**bits - 1).astype(np.uint8 if bits == 8 else np.uint16))
    whole.color_range, whole.colorspace = colour.range, colour.matrix
    levels = {"src_color_range": colour.range, "dst_color_range": colour.range}
    return converter.reformat(whole, format=form, interpolation=SCALING, threads=1, **levels)


def _palette(frame: av.VideoFrame) -> bool:
    return bool(frame.format.has_palette)


def _red_green_blue(planes: list[np.ndarray], bits: int, colour: Colour) -> list[np.ndarray]:
    """Undo the matrix: three of (H, W), in [0, 1] and somewhat beyond."""
    low, reach, middle, wide = _codes(bits, colour.range)
    of_red, of_blue = (np.float32(weight) for weight in _WEIGHTS[colour.matrix])
    luma = (planes[0] - low) / reach
    if len(planes) == 1:
        return [luma, luma.copy(), luma.copy()]
    red, blue = (planes[2] - middle) * ((2 - 2 * of_red) / wide), (planes[1] - middle) * ((2 - 2 * of_blue) / wide)
    of_green = 1 - of_red - of_blue
    green = luma - red * (of_red / of_green) - blue * (of_blue / of_green)
    return [red + luma, green, blue + luma]


def _planes(frame: av.VideoFrame, bits: int, alpha: bool, levels: int, converter: VideoReformatter) -> list[np.ndarray]:
    """Give Y alone, or Y, Cb, Cr and maybe alpha, all of one size; (H, W) float32, codes of the frame's depth."""
    if not frame.format.name.startswith("gray"):
        form = ("yuva444p" if alpha else "yuv444p") + ("" if bits == 8 else f"{bits}le")
        ranges = {"src_color_range": levels, "dst_color_range": levels}
        frame = converter.reformat(frame, format=form, interpolation=SCALING, threads=1, **ranges)
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(bytes(plane), np.uint8 if bits == 8 else np.dtype("<u2")).reshape(plane.height, -1)
        planes.append(rows[:, : plane.width].astype(np.float32))
    return planes


def _codes(bits: int, levels: int) -> tuple[np.float32, ...]:
    """Give the code of black, codes from black to white, the code of no colour, and codes of all chroma."""
    step = 2 ** (bits - 8)
    numbers = (
        (0, 2**bits - 1, 128 * step, 2**bits - 1)
        if levels == _FULL
        else (16 * step, 219 * step, 128 * step, 224 * step)
    )
    return tuple(np.float32(number) for number in numbers)


def _woven(planes: list[np.ndarray], top: int) -> Frame:
    """Round planes (H, W) and put them together: (H, W, planes)."""
    pixels = np.empty((*planes[0].shape, len(planes)), np.uint8 if top == 255 else np.uint16)
    for index, plane in enumerate(planes):
        pixels[..., index] = np.rint(plane)
    return pixels


def _fill(plane: av.video.plane.VideoPlane, values: np.ndarray) -> None:
    """Write (H, W) codes into a plane whose rows may be longer."""
    padded = np.zeros((plane.height, plane.line_size // values.itemsize), values.dtype)
    padded[:, : plane.width] = values
    plane.update(padded.tobytes())
