"""What a DICOM header must say before its pixels are decoded."""

from pathlib import Path

from pydicom import Dataset
from pydicom.uid import UID

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.picture import printable

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")  # all become RGB
_FLOATS = ("FloatPixelData", "DoubleFloatPixelData")


def check_image(header: Dataset, path: Path, syntax: str | None) -> int:
    """Refuse what is no image that can be upscaled.

    Args:
        header: with the pixels.
        path: of the file.
        syntax: the transfer syntax that its file meta information names.

    Returns:
        How many frames it has.

    Raises:
        ImageError: one line.
    """
    problem = _what_it_is(header, path) or _what_its_pixels_are(header) or _what_it_lacks(header, syntax)
    if problem:
        raise ImageError(f"{path}: {printable(problem)}")
    frames = header.get("NumberOfFrames")
    count = 1 if frames is None or frames == "" else int(frames)
    if count < 1 or int(header.Rows) < 1 or int(header.Columns) < 1:
        raise ImageError(
            f"{path}: {count} frames of {header.Columns}x{header.Rows} px; there must be at least one of each"
        )
    return count


def _what_it_is(header: Dataset, path: Path) -> str | None:
    kind = UID(header.get("SOPClassUID", "") or "")
    name = kind.name or "DICOM file"
    if "DirectoryRecordSequence" in header:
        return "a directory of DICOM files; give the folder that they lie in"
    if any(keyword in header for keyword in _FLOATS):
        return f"a {name} of floating pixels, which is not read; convert it to NIfTI or to whole numbers"
    if "PixelData" not in header:
        document = " (a document)" if "EncapsulatedDocument" in header else ""
        return f"a {name}{document} without pixels, such as a report; give images"
    if "TotalPixelMatrixColumns" in header:
        return "a slide in tiles, whose seams would show; export the part you want as one image"
    return None


def _what_its_pixels_are(header: Dataset) -> str | None:
    absent = [
        keyword
        for keyword in ("Rows", "Columns", "BitsAllocated", "BitsStored", "PhotometricInterpretation")
        if header.get(keyword) in (None, "")
    ]
    if absent:
        return f"damaged DICOM file: it has no {', no '.join(absent)}; replace it"
    kind, bands = header.PhotometricInterpretation, int(header.get("SamplesPerPixel") or 1)
    header.SamplesPerPixel = bands
    if header.get("PixelRepresentation") in (None, ""):
        header.PixelRepresentation = 0
    expected = 1 if kind in (*GREY, "PALETTE COLOR") else 3
    if kind not in (*GREY, *COLOURS, "PALETTE COLOR") or bands != expected:
        allowed = ", ".join((*GREY, "PALETTE COLOR", *COLOURS))
        return f"pixels of {bands} samples, {kind}; allowed: {allowed}"
    return None


def _what_it_lacks(header: Dataset, syntax: str | None) -> str | None:
    allocated, stored = int(header.BitsAllocated), int(header.BitsStored)
    high = int(header.get("HighBit") or stored - 1)
    if allocated == 1 or "SegmentSequence" in header:
        return "a segmentation, with nothing between its values; give images"
    if allocated not in (8, 16, 32) or not 1 <= stored <= allocated:
        return f"{stored} bits stored in {allocated}; allowed: up to 8, 16 or 32 in as many"
    if high != stored - 1:
        return f"its high bit is {high}, not {stored - 1}; convert it to plain pixels first"
    if not syntax:
        return "damaged DICOM file: it names no transfer syntax; replace it"
    if not (header.get("SOPClassUID") and header.get("SOPInstanceUID")):
        return "damaged DICOM file: it has no SOP class or no SOP instance UID; replace it"
    return None
