"""DICOM: the files of a series share one plan and one new series, whatever the order and the process."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.scans import grey, scan, upscaler
from pydicom import dcmread

from mzsr_basicsr.fields.dicom import upscale_file
from mzsr_basicsr.fields.dicom.reading import open_scan
from mzsr_basicsr.fields.dicom.series import planned


@pytest.fixture
def series(tmp_path):
    """Five files; by number the middle one is d, by name c."""
    (tmp_path / "scans").mkdir()
    for name, number in (("a", 5), ("b", 1), ("c", 2), ("d", 3), ("e", 4)):
        pixels = np.roll(grey(0, 900, np.uint16), 3 * number, 1)
        scan(tmp_path / f"scans/{name}.dcm", pixels, InstanceNumber=number, SOPInstanceUID=f"1.2.3.4.{number}")
    return tmp_path / "scans"


def watched(weights):
    """Give an upscaler, and the names that plans are made for."""
    network, names = upscaler(weights), []
    original = network.plan
    network.plan = lambda pixels, **given: names.append(Path(given["name"]).name) or original(pixels, **given)
    return network, names


def test_the_middle_file_by_number_plans_for_all_and_once(series, plain_weights):
    network, names = watched(plain_weights)
    found = [planned(open_scan(file), network) for file in sorted(series.iterdir())]
    assert names == ["d.dcm"] and all(plan is found[0] for plan in found)


def test_a_file_without_content_or_sense_is_passed_over(series, plain_weights):
    scan(series / "d.dcm", np.full((28, 32), 7, np.uint16), InstanceNumber=3)
    (series / "c.dcm").write_bytes((series / "c.dcm").read_bytes()[:-500])
    network, names = watched(plain_weights)
    planned(open_scan(series / "a.dcm"), network)
    assert names == ["e.dcm"]  # of b, d, e, a: d is empty, and e the next


def test_only_files_of_one_series_and_one_size_belong_together(series, plain_weights):
    scan(series / "other.dcm", grey(0, 900, np.uint16), SeriesInstanceUID="9.9", InstanceNumber=3)
    scan(series / "scout.dcm", grey(0, 900, np.uint16, 40, 48), InstanceNumber=3)
    scan(series / "cine.dcm", np.stack([grey(0, 900, np.uint16)] * 2), InstanceNumber=3)
    (series / "notes.txt").write_text("no scan")
    network, names = watched(plain_weights)
    for name in ("other", "scout", "cine", "b"):
        planned(open_scan(series / f"{name}.dcm"), network)
    assert names == ["other.dcm", "scout.dcm", "cine.dcm", "d.dcm"]


def test_results_do_not_depend_on_order_or_company(series, small_weights, tmp_path):
    choices = {"kernel": "auto", "subsampling": "auto", "noise": "auto", "updates": 1}
    files = sorted(series.iterdir())
    for folder, order in (("one", files), ("two", files[::-1]), ("three", files[2:3])):
        (tmp_path / folder).mkdir()
        network = upscaler(small_weights, **choices)
        for file in order:
            upscale_file(file, tmp_path / folder / file.name, network)
    for file in files:
        assert (tmp_path / "one" / file.name).read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    assert (tmp_path / "three/c.dcm").read_bytes() == (tmp_path / "one/c.dcm").read_bytes()


def test_a_series_stays_a_series(series, plain, tmp_path):
    headers = []
    for file in series.iterdir():
        upscale_file(file, tmp_path / "out.dcm", plain)
        headers.append(dcmread(tmp_path / "out.dcm"))
    assert len({header.SeriesInstanceUID for header in headers}) == 1
    assert len({header.SOPInstanceUID for header in headers}) == 5
    assert sorted(header.InstanceNumber for header in headers) == [1, 2, 3, 4, 5]


def test_the_command_does_folders_side_by_side_alike(series, small_weights, tmp_path, mzsr, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.move(series / "e.dcm", series / "IM0005")  # without an ending, as on a disc
    (series / "DICOMDIR").write_bytes((series / "b.dcm").read_bytes())  # a list, not an image
    options = ("--weights", small_weights)
    status, out, err = mzsr.upscale("scans", "-o", "one", *options)
    assert status == 0 and len(out) == 5
    assert sum("not for diagnosis" in line for line in err) == 1  # once, not for each file
    assert mzsr.upscale("scans", "-o", "two", "--jobs", 2, *options)[0] == 0
    names = ["IM0005", "a.dcm", "b.dcm", "c.dcm", "d.dcm"]
    for folder in ("one", "two"):
        assert sorted(path.name for path in Path(folder).iterdir()) == names
    assert all(Path("one", name).read_bytes() == Path("two", name).read_bytes() for name in names)
