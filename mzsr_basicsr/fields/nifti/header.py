"""The header of a NIfTI result: its source's, with the size, the steps and the affines corrected."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from nibabel.spatialimages import HeaderDataError

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields.nifti.volume import Volume
from mzsr_basicsr.fields.place import Place
from mzsr_basicsr.pictures.picture import reason


def derived_header(volume: Volume, place: Place, shape: tuple[int, ...]) -> tuple[bytes, list[str]]:
    """Make the header of a result.

    Args:
        volume: the source.
        place: how a slice of the result lies on one of the source.
        shape: of the result, (I, J, K, N).

    Returns:
        All bytes up to the first value, and lines about what could not be corrected.

    Raises:
        ImageError: the source's header is damaged, or the format does not hold the result.
    """
    image = volume.image
    header = image.header.copy()
    header.set_slope_inter(image.dataobj.slope, image.dataobj.inter)
    header["vox_offset"] = 0  # `write_to` sets it anew
    beginning = io.BytesIO()
    try:
        notices = _correct(header, volume, place)
        header.set_data_shape((*shape[:3], *image.shape[3:])[: len(image.shape)])
        header.write_to(beginning)
    except (HeaderDataError, ValueError, ArithmeticError) as error:
        raise ImageError(f"{volume.path}: its header cannot be written anew ({reason(error)}); repair it") from error
    return beginning.getvalue().ljust(int(header["vox_offset"]), b"\0"), notices


def _correct(header: Any, volume: Volume, place: Place) -> list[str]:
    """Correct steps and affines: columns by the scale, the origin to where the first voxel of the result lies."""
    moved = np.eye(4)
    for axis, origin in zip(volume.plane, place.origin, strict=True):
        moved[axis, axis], moved[axis, 3] = 1 / place.scale, origin
    if header["qform_code"] > 0:
        header["qoffset_x"], header["qoffset_y"], header["qoffset_z"] = (header.get_qform() @ moved)[:3, 3]
    if header["sform_code"] > 0:
        header.set_sform(header.get_sform() @ moved)  # its code stays
    for axis in volume.plane:
        header["pixdim"][1 + axis] /= place.scale
    if header["qform_code"] > 0 or header["sform_code"] > 0:
        return []
    return ["no place in space in the file (qform and sform code 0): the result has none either"]
