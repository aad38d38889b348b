"""Where the result of a scene lies: its transform and its ground control points, moved to the smaller pixels.

A place is counted in px from the corner of the first pixel. The place v of a result is the place (v - offset) / scale
of its source: with bicubic subsampling and a centred kernel the offset is zero, and the edges agree; with direct
subsampling it is (1 - scale) / 2, and the centres of the first pixels do.
"""

from affine import Affine
from rasterio.control import GroundControlPoint


def enlarged(transform: Affine, scale: float, offset: tuple[float, float]) -> Affine:
    """Move a transform from a source to its result.

    Args:
        transform: from (column, row) of the source, px, to the ground; may turn and shear.
        scale: output over input.
        offset: (x, y) in px of the result, see `described.offset_of`.
    """
    (a, b, c, d, e, f), (x, y) = transform[:6], (offset[0] / scale, offset[1] / scale)
    return Affine(a / scale, b / scale, c - a * x - b * y, d / scale, e / scale, f - d * x - e * y)


def moved(points: list[GroundControlPoint], scale: float, offset: tuple[float, float]) -> list[GroundControlPoint]:
    """Move ground control points from a source to its result."""
    x, y = offset
    return [GroundControlPoint(p.row * scale + y, p.col * scale + x, p.x, p.y, p.z, p.id, p.info) for p in points]
