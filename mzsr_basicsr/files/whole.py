"""A file that appears whole or not at all: written beside its place under another name, and moved there at the end.

Whoever is killed on the way leaves that other file. It is locked as long as its writer lives, so that the next one that
writes the same file knows what is left of a killed one, and removes it.
"""

import contextlib
import hashlib
import os
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mzsr_basicsr.files.lock import taken_at_once

_PART = re.compile(r"\.[0-9a-f]{12}\.[0-9a-f]{8}\.part")


@contextlib.contextmanager
def part_of(target: Path) -> Iterator[Path]:
    """Give an empty file to write to; leaving without an error moves it to the target, any other way deletes it.

    Its name has a hash in the place of the target's, which may be as long as names can be.

    Raises:
        OSError: it cannot be made, or moved.
    """
    with contextlib.suppress(OSError):
        _tidy_up(target)
    stream, part = _made(target)
    try:
        yield part
        if sys.platform == "win32":
            stream.close()  # it could not be moved
        os.replace(part, target)
    except OSError as error:
        if error.errno is not None and error.filename in (None, str(part)):
            error.filename = str(target)  # what a person knows of
        raise
    finally:
        stream.close()
        with contextlib.suppress(OSError):  # the error that is on its way says more
            part.unlink(missing_ok=True)


def is_part(path: Path) -> bool:
    """Tell whether a file is one that `part_of` gave, by its name."""
    return bool(_PART.fullmatch(path.name))


def _beginning(target: Path) -> str:
    return f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}."


def _made(target: Path) -> tuple[BinaryIO, Path]:
    while True:
        part = target.with_name(f"{_beginning(target)}{secrets.token_hex(4)}.part")
        stream = part.open("x+b")  # not mkstemp, whose files only their owner may read
        with contextlib.suppress(FileNotFoundError):  # another has removed it before it was locked
            if taken_at_once(stream) and os.path.samestat(os.fstat(stream.fileno()), part.stat()):
                return stream, part
        stream.close()


def _tidy_up(target: Path) -> None:
    """Remove what killed writers of a file have left."""
    beginning = _beginning(target)
    for entry in os.scandir(target.parent):
        if entry.name.startswith(beginning) and is_part(Path(entry.name)):
            with open(entry.path, "r+b") as left:
                if taken_at_once(left, without=False):
                    os.unlink(entry.path)
