"""The header of a result: a new image that says what it was derived from, how, and that it is derived."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    JPEG2000MC,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    generate_uid,
)

from mzsr_basicsr import __version__
from mzsr_basicsr.degradation.spread import as_gaussian, covariance
from mzsr_basicsr.fields.dicom.reading import Scan
from mzsr_basicsr.pictures.picture import printable
from mzsr_basicsr.upscaling.plan import Plan
from mzsr_basicsr.upscaling.upscaler import Upscaler

_LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless, JPEG2000, JPEG2000MC, HTJ2K)
# What tells of the original's own values or bytes.
_OF_THE_ORIGINAL = (
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "SmallestPixelValueInSeries",
    "LargestPixelValueInSeries",
    "DigitalSignaturesSequence",
    "MACParametersSequence",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "PixelDataProviderURL",
)
_LONGEST_TEXT = 1024  # characters of an ST element, PS3.5 section 6.2
_LONGEST_NAME = 64  # of an LO element


def derive(scan: Scan, plan: Plan, upscaler: Upscaler) -> list[str]:
    """Make the header of a scan, in place, that of an image derived from it.

    Args:
        scan: as it was opened.
        plan: how it was upscaled.
        upscaler: by what.

    Returns:
        Lines about what was left out, or may not hold any more.
    """
    header = scan.header
    lossy = scan.syntax in _LOSSY and not header.get("LossyImageCompression")
    _refer_to(header)
    _name_anew(header, plan, upscaler)
    _say_how(header, plan, upscaler)
    for item, keyword in _kinds(header):
        kind = [str(value).strip() for value in _listed(item.get(keyword))]
        setattr(item, keyword, ["DERIVED", "SECONDARY", *kind[2:]])
    if lossy:
        header.LossyImageCompression = "01"
    turned = ["its palette became RGB"] if scan.palette else []
    if scan.palette or header.SamplesPerPixel == 3:
        _become_rgb(header)
    return [*turned, *_leave_out(header), *_private(header)]


def _name_anew(header: Dataset, plan: Plan, upscaler: Upscaler) -> None:
    """Give new UIDs: the same for the same work; all results of a series share that of their series."""
    elsewhere = dict.fromkeys(("memory", "device", "tile"))
    choices = json.dumps({**upscaler.settings.as_record(), **elsewhere}, sort_keys=True)
    how = [__version__, upscaler.fingerprint, choices]
    what = json.dumps([plan.adapted.losses, plan.adapted.kept])
    series = header.get("SeriesInstanceUID") or header.SOPInstanceUID
    header.SeriesInstanceUID = generate_uid(entropy_srcs=[str(series), *how])
    header.SOPInstanceUID = generate_uid(entropy_srcs=[str(header.SOPInstanceUID), *how, what])
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = header.SOPClassUID
    meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    header.file_meta = meta
    header.preamble = b"\0" * 128


def _refer_to(header: Dataset) -> None:
    source = Dataset()
    source.ReferencedSOPClassUID = header.SOPClassUID
    source.ReferencedSOPInstanceUID = header.SOPInstanceUID
    source.PurposeOfReferenceCodeSequence = [_coded(codes.DCM.SourceImageForImageProcessingOperation)]
    header.SourceImageSequence = [source]


def _say_how(header: Dataset, plan: Plan, upscaler: Upscaler) -> None:
    """Describe the derivation, in ASCII, which any character set holds."""
    settings, degradation = upscaler.settings, plan.chosen.degradation
    lambda1, lambda2, theta = as_gaussian(covariance(degradation.kernel.detach().cpu().double()))
    origin = "given" if plan.chosen.estimate is None else "estimated"
    text = (
        f"Enlarged x{settings.scale:g} by zero-shot super-resolution (MZSR, mzsr_basicsr {__version__}); "
        f"{origin} blur kernel of {degradation.kernel.shape[-1]} px, variances {lambda1:.3f} and {lambda2:.3f} px2 at "
        f"{theta:.3f} rad, {degradation.subsampling} subsampling, noise {255 * float(degradation.noise):.2f} of 255; "
        f"{plan.adapted.kept} updates; not for diagnosis"
    )
    before = str(header.get("DerivationDescription") or "").strip()
    header.DerivationDescription = f"{before[: _LONGEST_TEXT - len(text) - 2]}; {text}" if before else text
    coded = list(header.get("DerivationCodeSequence") or [])
    header.DerivationCodeSequence = [*coded, _coded(codes.DCM.SpatialResampling)]
    series, mark = str(header.get("SeriesDescription") or "").strip(), f"MZSR x{settings.scale:g}"
    header.SeriesDescription = f"{series[: _LONGEST_NAME - len(mark) - 1]} {mark}".strip()


def _coded(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def _kinds(header: Dataset) -> Iterator[tuple[Dataset, str]]:
    """Find all that say whether an image, or a frame of it, is original."""
    yield header, "ImageType"
    for kind in ("Shared", "PerFrame"):
        for group in header.get(f"{kind}FunctionalGroupsSequence") or []:
            for element in group:
                yield from ((item, "FrameType") for item in _items(element) if "FrameType" in item)


def _items(element: DataElement) -> list[Dataset]:
    return list(element.value or []) if element.VR == "SQ" else []


def _listed(value: object) -> list[object]:
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]


def _become_rgb(header: Dataset) -> None:
    if header.PhotometricInterpretation == "PALETTE COLOR":
        header.BitsAllocated = header.BitsStored = 8
        header.PixelRepresentation = 0
        for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"):  # of the palette's numbers
            header.pop(keyword, None)
        for tag in [tag for tag in header.keys() if tag.group == 0x0028 and 0x1100 <= tag.element < 0x1300]:  # noqa: SIM118
            del header[tag]
    header.PhotometricInterpretation, header.SamplesPerPixel, header.PlanarConfiguration = "RGB", 3, 0
    header.HighBit = int(header.BitsStored) - 1


def _leave_out(header: Dataset) -> list[str]:
    left = [keyword for keyword in _OF_THE_ORIGINAL if keyword in header]
    for keyword in left:
        del header[keyword]
    return [f"left out, as of the original alone: {', '.join(left)}"] if left else []


def _private(header: Dataset) -> list[str]:
    owners = sorted({printable(str(element.value)) for element in header if element.tag.is_private_creator})
    count = sum(element.tag.is_private for element in header)
    if not count:
        return []
    said = f" of {', '.join(owners)}" if owners else ""
    return [f"{count} private elements{said} are kept as they were, though they may tell of the original's pixels"]


def little_endian(header: Dataset) -> None:
    """Swap the bytes of words that stand in a big-endian header as they are, in place."""

    def swap(_: Dataset, element: DataElement) -> None:
        if element.VR == "OW" and isinstance(element.value, bytes):
            element.value = np.frombuffer(element.value, ">u2").astype("<u2").tobytes()

    header.walk(swap)
