"""How GDAL is run: bounded caches, no files by the side, and its errors as one line."""

from __future__ import annotations

import logging
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from mzsr_basicsr.errors import ImageError, MZSRError
from mzsr_basicsr.pictures.picture import reason

_CACHE = 128  # MiB
# What GDAL complains about either raises or does no harm; without a handler Python would print it.
logging.getLogger("rasterio").addHandler(logging.NullHandler())


@contextmanager
def reporting(path: Path, action: str, advice: str = "") -> Iterator[None]:
    """Run GDAL, and turn what it and the file system raise into one line: "PATH: cannot ACTION (reason)ADVICE".

    Raises:
        ImageError: in their place.
    """
    try:
        with warnings.catch_warnings(), rasterio.Env(GDAL_CACHEMAX=_CACHE):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a scene may have no place
            yield
    except MZSRError:
        raise
    except (RasterioError, CPLE_BaseError, OSError, ValueError, struct.error) as error:
        raise ImageError(f"{path}: cannot {action} ({_why(error)}){advice}") from error


def _why(error: BaseException) -> str:
    """Give the first cause that says something."""
    while error.__cause__ is not None and "See previous exception" in str(error):
        error = error.__cause__
    return reason(error)
