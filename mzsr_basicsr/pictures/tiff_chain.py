"""The chain of directories of a TIFF file, one for each page, which a damaged file may lead round in a circle."""

import io
from typing import BinaryIO

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.exif import layout_of

_MOST_FIELDS = 4096  # of one directory, as tifffile has it


def check_chain(stream: BinaryIO, name: str) -> None:
    """Refuse a file whose directories go round in a circle: tifffile would follow it for ever.

    Raises:
        ImageError: they do. What else is wrong with them is left to the reading.
    """
    layout, place = layout_of(stream)
    number, entry, pointer = layout("N"), layout("HHPV"), layout("P")
    seen: set[int] = set()
    while 0 < place < 2**62:
        if place in seen:
            raise ImageError(f"{name}: its pages go round in a circle; the TIFF file is damaged, replace it")
        seen.add(place)
        stream.seek(place)
        head = stream.read(number.size)
        if len(head) < number.size or number.unpack(head)[0] > _MOST_FIELDS:
            return
        stream.seek(number.unpack(head)[0] * entry.size, io.SEEK_CUR)
        end = stream.read(pointer.size)
        place = pointer.unpack(end)[0] if len(end) == pointer.size else 0
