"""Made DICOM files, and what a network that corrects nothing must make of their pixels."""

import numpy as np
import torch
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from helpers.small_networks import photo
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_upscale
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

KERNEL = "gaussian:1.0"


def upscaler(weights, **choices):
    """Make one that adapts to nothing and is told no noise."""
    told = {"kernel": KERNEL, "updates": 0, "noise": 0, "device": "cpu", "subsampling": "direct"}
    return Upscaler(UpscaleSettings(weights=weights, **{**told, **choices}))


def grey(low, high, dtype, height=28, width=32):
    """A photograph's grey of a range, without areas of its darkest and brightest, (height, width)."""
    values = photo(height, width)[:, :, 1] / 255
    values = 0.05 + 0.9 * values
    values[0, 0], values[-1, -1] = 0, 1
    return np.rint(low + values * (high - low)).astype(dtype)


def scan(path, pixels, syntax=ExplicitVRLittleEndian, **tags):
    """Write a DICOM file of (H, W), (frames, H, W) or RGB pixels, and give its header; None leaves a tag out."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = syntax
    colours = pixels.shape[-1] == 3
    rows, columns = pixels.shape[-3:-1] if colours else pixels.shape[-2:]
    bits = 8 * pixels.dtype.itemsize
    known = {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": generate_uid(), "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4", "Modality": "CT", "PatientName": "Nobody", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "Rows": rows, "Columns": columns, "BitsAllocated": bits, "BitsStored": bits,
        "PixelRepresentation": int(pixels.dtype.kind == "i"), "SamplesPerPixel": 3 if colours else 1,
        "PhotometricInterpretation": "RGB" if colours else "MONOCHROME2", "PlanarConfiguration": 0 if colours else None,
        "PixelSpacing": [0.5, 0.25], "ImagePositionPatient": [-10.0, 20.0, 30.0],
        "ImageOrientationPatient": [0.8, 0.6, 0.0, 0.0, 0.0, -1.0],
        "NumberOfFrames": len(pixels) if pixels.ndim == 3 + colours else None,
        **tags,
    }  # fmt: skip
    for keyword, value in known.items():
        if value is not None:
            setattr(header, keyword, value)
    if "HighBit" not in header and "BitsStored" in header:
        header.HighBit = header.BitsStored - 1
    if "PixelData" not in header:
        header.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
        header["PixelData"].VR = "OB" if bits == 8 else "OW"
    header.save_as(path, enforce_file_format=True)
    return header


def wiener(values, low, high):
    """Enlarge (H, W) or (H, W, 3) by Wiener's estimate within a range, as a network that corrects nothing does."""
    planes = np.atleast_3d(values).astype(np.float64).transpose(2, 0, 1)[None]
    found = wiener_upscale(torch.from_numpy((planes - low) / (high - low)), Degradation(KERNEL, 2, "direct"))
    return (found[0].clamp(0, 1).numpy() * (high - low) + low).transpose(1, 2, 0).squeeze()


def corners(header, position=None, spacing=None, orientation=None):
    """Give where pixels (x, y) of a header lie in the patient, mm: a function, by PS3.3 equation C.7.6.2.1-1."""
    position, spacing, orientation = (
        np.array(header.get(keyword) if value is None else value, float)
        for value, keyword in ((position, "ImagePositionPatient"), (spacing, "PixelSpacing"), (orientation, "ImageOrientationPatient"))
    )  # fmt: skip
    return lambda x, y: position + x * spacing[1] * orientation[:3] + y * spacing[0] * orientation[3:]
