"""Stacks: TIFF files of many pages, of ImageJ and OME-TIFF, upscaled page by page; memory holds one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import tifffile

from mzsr_basicsr.errors import ImageError, MZSRError
from mzsr_basicsr.fields.pages_stack import Stack
from mzsr_basicsr.pictures.picture import FAILURES, reason
from mzsr_basicsr.pictures.tiff_chain import check_chain
from mzsr_basicsr.pictures.writing import write_whole
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.upscaler import Upscaler

ENDINGS = (".tif", ".tiff")


def upscale_file(source: Path, target: Path, upscaler: Upscaler, progress: Progress | None = None) -> dict[str, Any]:
    """Upscale each page of a TIFF file; pages of one size and type share the plan that is made of their middle one.

    Args:
        source: a TIFF file of one page or more.
        target: the result, .tif; its folder is there.
        upscaler: the network and its choices.
        progress: called with (px done, px in all) of the source.

    Returns:
        A record for people and machines, of the plan that most pages share.

    Raises:
        ImageError, KernelError: one line; nothing half-written has the target's name.
    """
    if target.suffix.lower() not in ENDINGS:
        raise ImageError(f"{target}: a stack of pages is written as {' or '.join(ENDINGS)}; name such a file")
    with _reading(source), source.open("rb") as stream:
        check_chain(stream, str(source))
    with _reading(source), tifffile.TiffFile(source) as file:
        stack = Stack(file, source, target, upscaler)
        start = perf_counter()
        try:
            write_whole(target, lambda stream: stack.write(stream, progress))
        except OSError as error:
            line = (
                f"{target}: cannot be written ({reason(error)}); nothing of it is kept: check the folder and its space"
            )
            raise ImageError(line) from error
        return stack.record(perf_counter() - start)


@contextmanager
def _reading(source: Path) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters raises
            yield
    except MZSRError:
        raise
    except FAILURES as error:
        raise ImageError(f"{source}: damaged picture ({reason(error)}); replace it") from error
