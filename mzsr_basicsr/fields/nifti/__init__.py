"""NIfTI files: each slice enlarged within its plane, in its stored values, with all that belongs to them."""

from mzsr_basicsr.fields.nifti.upscale import upscale_file

__all__ = ["upscale_file"]
