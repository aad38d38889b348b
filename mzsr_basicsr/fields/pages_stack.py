"""The pages of a TIFF file: told apart by size and type, planned by kinds, and enlarged one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields.pages_tags import images_behind, tags_of
from mzsr_basicsr.pictures.bands import check_image
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import MAX_PIXELS
from mzsr_basicsr.pictures.tiff import check_page, read_page
from mzsr_basicsr.pictures.tiff_pages import page_count
from mzsr_basicsr.pictures.tiff_writing import BIGGEST_CLASSIC, write_page
from mzsr_basicsr.upscaling.described import describe_run
from mzsr_basicsr.upscaling.plan import Plan
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.survey import surveyed
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.upscaling.wide import Range, Raw, Wide
from mzsr_basicsr.upscaling.windows import Windows, plan_wide

_Kind = tuple[int, int, int, str, int]


class Stack:
    """The pages of an open TIFF file, and what was found out about each kind of them.

    Args:
        file: open.
        source: its path.
        target: of the result.
        upscaler: the network and its choices.

    Raises:
        ImageError: a page that cannot be upscaled.
    """

    def __init__(self, file: tifffile.TiffFile, source: Path, target: Path, upscaler: Upscaler) -> None:
        self._file, self._names, self._upscaler = file, (source, target), upscaler
        self._notices: list[str] = []
        self._plans: dict[_Kind, tuple[Plan, Wide]] = {}
        self._records: dict[_Kind, dict[str, Any]] = {}
        self._numbers = [n for n in range(page_count(file)) if not (self._page(n).is_reduced or self._page(n).is_mask)]
        self._kinds = self._checked()
        if len(self._numbers) < page_count(file) or self._page(self._numbers[0]).subifds:
            self._notices.append(f"{source}: its overviews are not copied")

    def write(self, stream: BinaryIO, progress: Progress | None) -> None:
        """Upscale and write all pages, one by one.

        Raises:
            OSError: it cannot be written.
        """
        scale = self._upscaler.settings.scale
        pages = {number: self._page(number).imagewidth * self._page(number).imagelength for number in self._numbers}
        whole = sum(self._page(number).nbytes for number in self._numbers) * scale**2
        done = 0
        with tifffile.TiffWriter(stream, bigtiff=whole > BIGGEST_CLASSIC, byteorder=self._file.byteorder) as writer:
            for place, number in enumerate(self._numbers):
                told, notices = tags_of(self._page(number), place == 0, scale, self._names)
                self._notices += notices
                write_page(writer, self._upscaled(number), **told)
                done += pages[number]
                if progress:
                    progress(done, sum(pages.values()))
        for kind, (plan, _) in self._plans.items():
            self._records[kind]["memory"] = self._upscaler.remember(plan)

    def record(self, seconds: float) -> dict[str, Any]:
        """Say what was done, by the plan that most pages share."""
        usual = max(self._kinds, key=lambda kind: len(self._kinds[kind]))
        record = self._records[usual]
        record["seconds"]["upscaling"] = round(seconds, 3)
        notices = sorted({line for one in self._records.values() for line in one["notices"]})
        return {**record, "frames": len(self._numbers), "plans": len(self._plans), "notices": notices + self._notices}

    def _checked(self) -> dict[_Kind, list[int]]:
        """Refuse what can be refused before any work, on any page, and sort the pages by their kinds."""
        source = self._names[0]
        behind = images_behind(self._file, len(self._numbers))
        if behind:
            raise ImageError(f"{source}: {behind} images behind one page, as of ImageJ; save it as OME-TIFF")
        kinds: dict[_Kind, list[int]] = {}
        for number in self._numbers:
            page, name = self._page(number), self._name(number)
            if page.imagedepth != 1:
                raise ImageError(f"{name}: {page.imagedepth} layers in one page; save each as a page")
            check_page(page, source.stat().st_size, MAX_PIXELS, name)
            kinds.setdefault(_kind(page), []).append(number)
        if not kinds:
            raise ImageError(f"{source}: no page of full size; the TIFF file is damaged, replace it")
        return kinds

    def _page(self, number: int) -> tifffile.TiffPage:
        page = self._file.pages[number]
        if not isinstance(page, tifffile.TiffPage):
            raise ImageError(f"{self._names[0]}: page {number + 1} is damaged; replace the file")
        return page

    def _name(self, number: int) -> str:
        return f"{self._names[0]}: page {number + 1}"

    def _picture(self, number: int) -> Picture:
        picture = read_page(self._page(number), self._name(number))
        check_image(picture.pixels, picture.alpha, self._name(number))
        return picture

    def _upscaled(self, number: int) -> Picture:
        picture, kind = self._picture(number), _kind(self._page(number))
        if kind not in self._plans:
            self._plans[kind] = self._planned(kind)
        plan, image = self._plans[kind]
        windows = Windows(self._upscaler, self._image(picture, number, image), plan)
        result = np.empty((*windows.size, picture.pixels.shape[2]), picture.pixels.dtype)
        for tile in windows.tiles():
            result[slice(*tile.rows), slice(*tile.columns)] = windows.render(tile)[0]
        return replace(picture, pixels=result)

    def _planned(self, kind: _Kind) -> tuple[Plan, Wide]:
        """Make the plan of the pages of one kind: their range is that of all, the rest is told by the middle one."""
        numbers = self._kinds[kind]
        middle = numbers[len(numbers) // 2]
        picture = self._picture(middle)
        one = self._image(picture, middle)
        height, width, bands = one.shape

        def read(rows: Range, _: Range) -> Raw:
            return self._picture(numbers[rows[0] // height]).pixels, None

        every = replace(one, read=read, shape=(height * len(numbers), width, bands), piece=(height, width))
        one = replace(one, bands=surveyed(every, measure=True).known)
        plan = plan_wide(self._upscaler, one)
        self._records[kind] = describe_run(plan, self._upscaler.settings, one, plan.seconds)
        return plan, one

    def _image(self, picture: Picture, number: int, like: Wide | None = None) -> Wide:
        """Give a page as an image that is read in parts."""
        pixels, declared = picture.pixels, self._upscaler.settings.nodata
        height, width, count = pixels.shape
        return Wide(
            read=lambda rows, columns: (pixels[slice(*rows), slice(*columns)], None),
            shape=(height, width, count),
            dtype=pixels.dtype,
            piece=(height, width),
            alpha=picture.alpha,
            nodata=picture.nodata if declared is None else declared,
            name=self._name(number),
            bands=None if like is None else like.bands,
        )


def _kind(page: tifffile.TiffPage) -> _Kind:
    """Tell pages apart that cannot share a plan."""
    return page.imagelength, page.imagewidth, page.samplesperpixel, str(page.dtype), int(page.photometric)
