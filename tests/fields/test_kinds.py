"""Which files are of the field, by their names and their first bytes, and what their results are called."""

import os
from pathlib import Path

import numpy as np
import pytest
from helpers.scans import grey, scan
from pydicom import dcmread

from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.fields.kinds import field_of
from mzsr_basicsr.jobs.file_jobs import list_jobs

MARKED = bytes(128) + b"DICM"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "content", "field"),
    [("a.dcm", b"", "dicom"), ("a.DICOM", b"", "dicom"), ("a.IMA", b"", "dicom"), ("IM0001", MARKED, "dicom"),
     ("1.2.840.113619.2.55", MARKED, "dicom"), ("scan.img", MARKED, "dicom"), ("IM0002", MARKED[:-1] + b"X", None),
     ("short", b"DICM", None), ("a.png", MARKED, None), ("a.mp4", MARKED, None), ("a.nii", b"", "nifti"),
     ("A.NII.GZ", b"", "nifti"), ("a.gz", b"", None)],
)  # fmt: skip
def test_the_field_of_a_file(place, name, content, field):
    Path(name).write_bytes(content)
    assert field_of(Path(name)) == field


def test_what_cannot_be_read_is_judged_by_its_name(place):
    assert field_of(Path("none.dcm")) == "dicom" and field_of(Path("none")) is None
    assert field_of(Path("a\0b")) is None
    os.mkfifo("pipe")
    assert field_of(Path("pipe")) is None  # it would wait for ever
    assert field_of(place) is None


def test_folders_and_names_of_results(place):
    for name in ("in/IM1", "in/deep/1.2.3", "in/a.dcm", "in/DICOMDIR", "in/.b.dcm", "in/v.nii.gz", "in/notes.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"" if name.endswith(("txt", "gz")) else MARKED)
    for format in (None, "png"):
        jobs = {str(job.source): str(job.target) for job in list_jobs(["in"], Path("out"), format)}
        assert jobs == {f"in/{name}": f"out/{name}" for name in ("IM1", "deep/1.2.3", "a.dcm", "v.nii.gz")}
    for target in ("b.dcm", "b.nii", "b.nii.gz"):
        assert [job.target for job in list_jobs(["in/a.dcm"], Path(target))] == [Path(target)]
    (job,) = list_jobs(["in/IM1"], Path("out"))
    assert job.target == Path("out/IM1")
    with pytest.raises(MZSRError, match=r"b\.dcm: a file name goes with one single input"):
        list_jobs(["in"], Path("b.dcm"))


def test_a_result_is_of_the_kind_of_its_source(mzsr):
    scan("a.dcm", grey(0, 900, np.uint16))
    scan("IM1", grey(0, 900, np.uint16))
    for source, target in (("a.dcm", "a.png"), ("a.dcm", "b.nii"), ("IM1", "b.tif")):
        status, _, err = mzsr.upscale(source, "-o", target)
        assert status == 1 and not Path(target).exists()
        assert err == [f"error: {target}: what is made of a DICOM file is one; give a folder, or a name with .dcm"]
    status, _, err = mzsr.upscale("in/0.png", "-o", "b.dcm")
    assert status == 1 and err[0].startswith("error: b.dcm: cannot write a picture as '.dcm'; allowed: .png")
    assert mzsr.upscale("IM1", "-o", "b.dcm", "--scale", "3")[0] == 0
    assert dcmread("b.dcm").Rows == 84


def test_files_that_are_there_already(mzsr):
    scan("a.dcm", grey(0, 900, np.uint16))
    Path("out").mkdir()
    Path("out/a.dcm").write_bytes(b"old")
    status, _, err = mzsr.upscale("a.dcm", "-o", "out")
    assert status == 1 and err[0].startswith("error: out/a.dcm: is there already; give --overwrite or --skip-existing")
    assert mzsr.upscale("a.dcm", "-o", "out", "--skip-existing")[:2] == (0, ["out/a.dcm: is there already, skipped"])
    assert Path("out/a.dcm").read_bytes() == b"old"
    status, out, err = mzsr.upscale("a.dcm", "-o", "out", "--overwrite", "--compare")
    assert status == 0 and "kernel λ 1.00" in out[0] and dcmread("out/a.dcm").Columns == 64
    assert any("--compare draws nothing" in line for line in err)


def test_a_mixed_folder_goes_on_after_what_is_refused(mzsr):
    scan("in/a.dcm", np.stack([grey(0, 900, np.uint16)] * 2))
    (Path("in/b.dcm")).write_bytes(b"damaged")
    status, out, err = mzsr.upscale("in", "-o", "out")
    assert status == 1 and len(out) == 4 and any(line.startswith("out/a.dcm: 2 frames, kernel") for line in out)
    assert any("in/b.dcm: no DICOM file" in line for line in err) and err[-1] == "error: 1 of 5 files failed, see above"
