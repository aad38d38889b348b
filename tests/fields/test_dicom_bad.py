"""DICOM that is damaged, no image, or of a kind that is not read: one clear line, and nothing is written."""

import errno
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from helpers.scans import grey, scan, upscaler
from pydicom import Dataset, dcmread
from pydicom.uid import (
    MPEG2MPML,
    BasicTextSRStorage,
    EncapsulatedPDFStorage,
    JPEGLSLossless,
    ParametricMapStorage,
    VLWholeSlideMicroscopyImageStorage,
)

from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.fields.dicom import upscale_file

PIXELS = grey(0, 900, np.uint16)


def refused(tmp_path, network):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(MZSRError) as caught:
        upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", network)
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / 'in.dcm'}: ") and line.isprintable() and len(line) < 600
    assert sorted(tmp_path.iterdir()) == before  # no result, and no part of one
    return line.partition(": ")[2]


REFUSED = {
    "no pixels: a report": ({"SOPClassUID": BasicTextSRStorage}, "a Basic Text SR Storage without pixels, such as a report"),
    "a document": ({"SOPClassUID": EncapsulatedPDFStorage, "EncapsulatedDocument": b"%PDF"}, "(a document) without pixels"),
    "floats": ({"SOPClassUID": ParametricMapStorage, "FloatPixelData": bytes(8)}, "Parametric Map Storage of floating pixels"),
    "no frames": ({"NumberOfFrames": 0}, "0 frames of 32x28 px"),
    "no rows": ({"Rows": 0}, "1 frames of 32x0 px"),
    "no size": ({"Columns": None}, "it has no Columns"),
    "one bit": ({"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}, "a segmentation"),
    "labels": ({"SegmentSequence": [Dataset()]}, "a segmentation"),
    "odd bits": ({"BitsAllocated": 24, "BitsStored": 24}, "24 bits stored in 24; allowed: up to 8, 16 or 32"),
    "too many bits": ({"BitsStored": 17, "HighBit": 16}, "17 bits stored in 16"),
    "high bit": ({"BitsStored": 12, "HighBit": 15}, "its high bit is 15, not 11"),
    "colours": ({"PhotometricInterpretation": "HSV", "SamplesPerPixel": 3}, "pixels of 3 samples, HSV; allowed: MONOCHROME1"),
    "samples": ({"SamplesPerPixel": 3, "PlanarConfiguration": 0}, "pixels of 3 samples, MONOCHROME2"),
    "a slide": ({"SOPClassUID": VLWholeSlideMicroscopyImageStorage, "TotalPixelMatrixColumns": 99}, "a slide in tiles"),
    "no identity": ({"SOPInstanceUID": None}, "no SOP class or no SOP instance UID"),
    "spacing": ({"PixelSpacing": [0.5, 0.5, 0.5]}, "damaged DICOM file (too many values"),
    "too small": ({"Rows": 7}, "32x7 px is too small"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_image(tmp_path, plain, case):
    tags, message = REFUSED[case]
    header = scan(tmp_path / "in.dcm", PIXELS, **{"HighBit": None, **tags} if "SOPInstanceUID" not in tags else {})
    if "without pixels" in message or "floating" in message:
        del header.PixelData
        header.save_as(tmp_path / "in.dcm", enforce_file_format=True)
    if "SOPInstanceUID" in tags:
        header = dcmread(tmp_path / "in.dcm")
        del header.SOPInstanceUID
        header.save_as(tmp_path / "in.dcm")
    assert message in refused(tmp_path, plain)


def test_bytes_that_are_no_dicom(tmp_path, plain):
    for content in (b"", b"\x30\x82" + bytes(200), b"text\n" * 99):  # the second as an encrypted envelope begins
        (tmp_path / "in.dcm").write_bytes(content)
        assert refused(tmp_path, plain).startswith(
            "no DICOM file: there is no 'DICM' at byte 128; it may be damaged, encr"
        )


def test_a_file_cut_anywhere(tmp_path, plain):
    scan(tmp_path / "in.dcm", PIXELS)
    content = (tmp_path / "in.dcm").read_bytes()
    for length in (130, 140, 200, 400, 600, len(content) - PIXELS.nbytes - 4, len(content) - 1000, len(content) - 2):
        (tmp_path / "in.dcm").write_bytes(content[:length])
        refused(tmp_path, plain)


def test_a_file_with_bytes_turned(tmp_path, plain):
    """It is upscaled or refused in a line, but nothing else is raised."""
    scan(tmp_path / "in.dcm", PIXELS)
    content = (tmp_path / "in.dcm").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(132, len(content) - PIXELS.nbytes, 3):
            damaged[place] = rng.integers(256)
        (tmp_path / "in.dcm").write_bytes(damaged)
        try:
            upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", plain)
        except MZSRError as error:
            assert str(error).isprintable()


@pytest.mark.parametrize("syntax", [MPEG2MPML, JPEGLSLossless])
def test_compressed_pixels_without_a_decoder(tmp_path, plain, monkeypatch, syntax):
    from pydicom.encaps import encapsulate
    from pydicom.pixels import get_decoder

    packed = encapsulate([b"\0\1" * 50])
    scan(tmp_path / "in.dcm", PIXELS, syntax=syntax, PixelData=packed)
    header = dcmread(tmp_path / "in.dcm")
    header["PixelData"].is_undefined_length = True
    header["PixelData"].VR = "OB"
    header.save_as(tmp_path / "in.dcm", enforce_file_format=True)
    if syntax == JPEGLSLossless:
        monkeypatch.setattr(get_decoder(syntax), "_available", {})
        line = refused(tmp_path, plain)
        assert "a decoder that is not here" in line and "pip install 'mzsr_basicsr[medical]'" in line
    else:
        assert "no decoder is known" in refused(tmp_path, plain)


def test_compressed_pixels_that_are_damaged(tmp_path, plain):
    header = scan(tmp_path / "in.dcm", PIXELS)
    from pydicom.uid import RLELossless

    header.compress(RLELossless, generate_instance_uid=False)
    header.PixelData = header.PixelData[:200] + b"\0" * 40
    header.save_as(tmp_path / "in.dcm", enforce_file_format=True)
    refused(tmp_path, plain)


def test_fewer_frames_than_are_told(tmp_path, plain):
    scan(tmp_path / "in.dcm", np.stack([PIXELS] * 3), NumberOfFrames=5)
    refused(tmp_path, plain)


def test_more_than_a_file_holds(tmp_path, plain_weights):
    scan(tmp_path / "in.dcm", PIXELS, Rows=20000, Columns=30000)
    line = refused(tmp_path, upscaler(plain_weights, scale=4))
    assert "1 frames of 120000x80000 px are more than a DICOM file holds" in line


def test_a_directory_of_files(tmp_path, plain):
    scan(tmp_path / "in.dcm", PIXELS, DirectoryRecordSequence=[Dataset()])
    assert refused(tmp_path, plain).startswith("a directory of DICOM files; give the folder")


def test_a_full_disk_and_a_stop_leave_nothing(tmp_path, plain, monkeypatch):
    from mzsr_basicsr.fields.dicom import upscale

    scan(tmp_path / "in.dcm", PIXELS)
    (tmp_path / "out.dcm").write_bytes(b"old")
    original = upscale.dcmwrite

    def full(part, *args, **more):
        original(part, *args, **more)
        raise OSError(errno.ENOSPC, "No space left on device")

    def stopped(part, *args, **more):
        original(part, *args, **more)
        raise KeyboardInterrupt

    for write, error in ((full, MZSRError), (stopped, KeyboardInterrupt)):
        monkeypatch.setattr(upscale, "dcmwrite", write)
        with pytest.raises(error) as caught:
            upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", plain)
        assert error is KeyboardInterrupt or "cannot be written (No space left on device)" in str(caught.value)
        assert {path.name: path.read_bytes() for path in tmp_path.glob("[!i]*")} == {"out.dcm": b"old"}


def test_a_missing_library_is_said_before_any_work(mzsr, tmp_path, monkeypatch):
    scan("a.dcm", PIXELS)
    Path("b.nii").write_bytes(b"")
    monkeypatch.setattr("mzsr_basicsr.fields.kinds.find_spec", lambda name: None)
    status, out, err = mzsr.upscale("a.dcm", "b.nii", "-o", "out")
    assert (status, out) == (1, []) and not Path("out").exists()
    assert err[0] == (
        "error: a.dcm: DICOM files need pydicom, which is not installed here; run: pip install 'mzsr_basicsr[medical]'"
    )
    assert "b.nii: NIfTI files need nibabel, which" in err[1]
    assert importlib.util.find_spec("pydicom") is not None
