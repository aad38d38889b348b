"""A file of the field that appears whole or not at all, or is refused in one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.files.whole import part_of
from mzsr_basicsr.pictures.picture import reason


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Give an empty file to write to; leaving without an error moves it to the target, any other way deletes it.

    Raises:
        ImageError: the target cannot be written.
    """
    if os.path.lexists(target) and not target.is_file():  # such as a folder or a device, which replacing would remove
        raise ImageError(f"{target}: exists and is not a file; name another")
    try:
        with part_of(target) as part:
            yield part
    except OSError as error:
        raise ImageError(
            f"{target}: cannot be written ({reason(error)}); check the folder and its free space"
        ) from error
