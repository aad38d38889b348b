"""What a visitor is shown: both pictures of one size, large ones reduced by means, and the plot."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from helpers.commands import photograph, smooth
from PIL import Image

from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.web import pictures
from mzsr_basicsr.web.plot import losses_plot
from mzsr_basicsr.web.run import job_of


def made(folder, height=20, width=24, scale=2):
    pixels = smooth(height=height, width=width)
    result = np.array(Image.fromarray(pixels).resize((width * scale, height * scale), Image.Resampling.BICUBIC))
    Image.fromarray(pixels).save(folder / "a.png")
    Image.fromarray(result).save(folder / "b.png")
    return FileJob(folder / "a.png", folder / "b.png"), pixels, result


def test_bicubic_and_the_result_have_one_size(tmp_path):
    job, pixels, result = made(tmp_path)
    before, after, reduced = pictures.shown_pair(job, tmp_path, 2)
    assert reduced == 1 and np.array_equal(np.array(Image.open(after)), result)
    planes = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
    expected = (imresize(planes, size=(40, 48)).clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()
    assert np.abs(np.array(Image.open(before)).astype(float) - expected).max() <= 1


def test_a_large_result_is_reduced_by_means(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "LONGEST", 16)
    job, _, result = made(tmp_path)
    before, after, reduced = pictures.shown_pair(job, tmp_path, 2)
    assert reduced == 3 and Image.open(before).size == Image.open(after).size == (16, 13)
    expected = result[:39, :48].reshape(13, 3, 16, 3, 3).mean((1, 3))
    assert np.abs(np.array(Image.open(after)) - expected).max() <= 0.51
    assert np.abs(np.array(Image.open(before)).astype(float) - expected).mean() < 6


def test_a_turned_photo_is_shown_upright(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    for name, size in (("a.jpg", (24, 20)), ("b.jpg", (48, 40))):
        Image.new("RGB", size, "red").save(tmp_path / name, exif=exif)
    before, after, _ = pictures.shown_pair(FileJob(tmp_path / "a.jpg", tmp_path / "b.jpg"), tmp_path, 2)
    assert Image.open(before).size == Image.open(after).size == (40, 48)


def test_what_cannot_be_shown_is_not(tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"no picture")
    assert pictures.shown_pair(FileJob(tmp_path / "a.dcm", tmp_path / "a.dcm"), tmp_path, 2) is None


@pytest.mark.parametrize("size", [1, 15, 49, 301])
def test_the_kernels_drawing_has_no_margin(tmp_path, size):
    drawn = np.array(Image.open(pictures.kernel_picture(gaussian_kernel(1.0, 1.0, 0.0, size), tmp_path / "k.png")))
    assert drawn.shape[0] % size == 0 and drawn.shape[0] <= max(240, size)
    assert size == 1 or tuple(drawn[0, 0]) < (20, 20, 20)


def test_the_plot_has_both_losses_and_says_so():
    root = ET.fromstring(losses_plot([3.0, 2.0, float("nan")], [4.0, 3.0, 2.5], 1))
    words = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"update", "loss", "learned from", "held out", "kept"} <= words
    assert root.get("aria-label") == "Loss and held-out loss, by update"
    assert losses_plot([], [], 0) == losses_plot([1.0], [1.0], 0) == ""


@pytest.mark.parametrize(
    ("name", "scale", "expected"),
    [
        ("a.jpg", 2.0, "a_x2.jpg"),
        ("a.b.TIF", 1.5, "a.b_x1.5.TIF"),
        ("a.jp2", 4, "a_x4.png"),
        ("a.nii.gz", 3, "a_x3.nii.gz"),
    ],
)
def test_the_name_of_a_result(tmp_path, name, scale, expected):
    photograph(tmp_path / "a.png")
    (tmp_path / name).write_bytes((tmp_path / "a.png").read_bytes())
    assert job_of(tmp_path / name, tmp_path / "out", scale).target == tmp_path / "out" / expected
