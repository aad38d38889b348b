"""A file that appears whole or not at all: written beside its place under another name, and moved there at the end."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.picture import reason


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Give a path to write to; leaving without an error moves it to the target, any other way deletes it.

    Raises:
        ImageError: the target cannot be written.
    """
    if os.path.lexists(target) and not target.is_file():  # such as a folder or a device, which replacing would remove
        raise ImageError(f"{target}: exists and is not a file; name another")
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield part
        os.replace(part, target)
    except OSError as error:
        raise ImageError(
            f"{target}: cannot be written ({reason(error)}); check the folder and its free space"
        ) from error
    finally:
        part.unlink(missing_ok=True)
