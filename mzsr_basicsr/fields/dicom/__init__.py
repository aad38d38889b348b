"""DICOM files: medical scans of one frame or many, upscaled in their stored values with all that belongs to them."""

from mzsr_basicsr.fields.dicom.upscale import upscale_file

__all__ = ["upscale_file"]
