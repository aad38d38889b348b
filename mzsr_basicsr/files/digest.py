"""The SHA-256 of a file.

This module imports the standard library alone.
"""

import hashlib
from pathlib import Path


def file_sha256(file: str | Path) -> str:
    """Give a file's SHA-256, in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
