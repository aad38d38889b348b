"""Conventions that a user cannot see: where a result lies, and which way round a kernel is meant."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from helpers import commands
from helpers.commands import Command
from PIL import Image
from scipy import ndimage
from skimage import data

import mzsr_basicsr

FAST = ("--updates", "0", "--noise", "0", "--device", "cpu")


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(data.camera()[60:260, 130:330]).save("hr.png")
    return Command(monkeypatch, capsys)


@pytest.fixture
def crooked(mzsr, tmp_path):
    """A kernel without any symmetry: a sharp start, and a tail to the upper right."""
    weights = np.zeros((15, 15))
    for step in range(7):
        weights[7 - step, 7 + step] = np.exp(-step / 2.5)
    weights = ndimage.gaussian_filter(weights, 0.6)
    weights /= weights.sum()
    np.save(tmp_path / "k.npy", weights)
    np.save(tmp_path / "turned.npy", weights[::-1, ::-1])
    return weights


def load(name: str) -> np.ndarray:
    return commands.load(Path(name))


def shift(image: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Find (x, y) in px by which an image lies off another, by least squares of the first order of Taylor's series."""
    image, base = (ndimage.gaussian_filter(a.squeeze().astype(float), 2)[12:-12, 12:-12] for a in (image, base))
    down, across = np.gradient((image + base) / 2)
    slopes = np.stack([across.ravel(), down.ravel()], axis=1)
    return np.linalg.lstsq(slopes, (base - image).ravel(), rcond=None)[0]


@pytest.mark.parametrize("kernel", [None, "auto", "bicubic", "gaussian:2.0,2.0,0,21", "k.npy"])
@pytest.mark.parametrize("scale", [2, 4])
def test_defaults_of_degrade_and_upscale_agree_and_the_offset_is_said(mzsr, crooked, kernel, scale):
    """The result lies on the HR image; the LR image, enlarged about its centre, lies off it as the record says."""
    given = () if kernel is None else ("--kernel", kernel)
    status, (line,), _ = mzsr("degrade", "hr.png", "-o", "lr.png", "--scale", scale, *given)
    assert (status, "bicubic (centred)" in line) == (0, kernel in (None, "auto", "bicubic"))
    status, (line,), err = mzsr("upscale", "lr.png", "-o", "sr.png", "--scale", scale, *given, *FAST, "--json")
    record = json.loads(line)
    hr, sr, lr = load("hr.png"), load("sr.png"), Image.open("lr.png")
    bicubic = np.asarray(lr.resize((200, 200), Image.Resampling.BICUBIC))
    assert np.abs(shift(sr, hr)).max() < (0.12 if scale == 2 else 0.25)
    np.testing.assert_allclose(record["offset"], -shift(bicubic, hr), atol=0.15 if scale == 2 else 0.3)
    axis = np.arange(15) - 7
    mass = [(crooked.sum(0) * axis).sum(), (crooked.sum(1) * axis).sum()] if kernel == "k.npy" else [0, 0]
    if kernel is not None and kernel != "auto":  # an estimate's lies near its centre
        phase = 0 if kernel == "bicubic" else (scale - 1) / 2
        np.testing.assert_allclose(record["kernel"]["centre"], mass, atol=1e-4)
        np.testing.assert_allclose(record["offset"], np.array(mass) - phase, atol=1e-4)


def test_the_line_says_where_a_result_lies(mzsr, crooked):
    mzsr("degrade", "hr.png", "-o", "lr.png", "--kernel", "k.npy")
    _, (line,), err = mzsr("upscale", "lr.png", "-o", "sr.png", "--kernel", "k.npy", *FAST)
    x, y = ((crooked.sum(axis) * (np.arange(15) - 7)).sum() for axis in (0, 1))
    assert x > 1 > -1 > y and not err
    assert f", its mass {x:.2f} px right, {-y:.2f} px up, " in line
    assert f"direct ({x - 0.5:.2f} px right, {0.5 - y:.2f} px up), " in line


def test_explicit_choices_of_degrade_are_as_ever(mzsr):
    """The paper's kernel with direct subsampling, by SciPy."""
    grid = np.arange(21) - 10.0
    one = np.exp(-(grid**2) / 4)
    kernel = np.outer(one, one) / one.sum() ** 2
    low = ndimage.correlate(load("hr.png").squeeze().astype(float), kernel, mode="reflect")[::2, ::2]
    for name, options in (("a", ("--subsampling", "direct")), ("b", ("--kernel", "gaussian:2.0,2.0,0,21"))):
        mzsr("degrade", "hr.png", "-o", f"{name}.png", *options)
        np.testing.assert_array_equal(load(f"{name}.png").squeeze(), np.rint(low))


def test_a_turned_kernel_is_a_convolution_everywhere(mzsr, crooked):
    mzsr("degrade", "hr.png", "-o", "lr.png", "--kernel", "k.npy", "--kernel-turned")
    low = ndimage.convolve(load("hr.png").squeeze().astype(float), crooked, mode="reflect")[::2, ::2]
    np.testing.assert_array_equal(load("lr.png").squeeze(), np.rint(low.clip(0, 255)))
    mzsr("upscale", "lr.png", "-o", "a.png", "--kernel", "k.npy", "--kernel-turned", *FAST)
    mzsr("upscale", "lr.png", "-o", "b.png", "--kernel", "turned.npy", *FAST)
    np.testing.assert_array_equal(load("a.png"), load("b.png"))
    pixels = load("lr.png").squeeze()
    for given in ("k.npy", crooked):
        found = mzsr_basicsr.upscale(pixels, 2, given, 0, noise=0, device="cpu", kernel_turned=True)
        np.testing.assert_array_equal(found.image, load("b.png").squeeze())
        np.testing.assert_array_equal(found.kernel, crooked[::-1, ::-1])
    options = (
        "--kernel",
        "k.npy",
        "--kernel-turned",
        "--updates",
        "0",
        "--noise",
        "0",
        "--animation",
        "none",
        "--json",
    )
    record = json.loads(mzsr("inspect", "lr.png", "-o", "inspection", *options)[1][0])
    np.testing.assert_array_equal(record["kernel"]["weights"], crooked[::-1, ::-1])
    assert record["notices"] == []


@pytest.mark.parametrize("turned", [False, True])
def test_a_kernel_the_wrong_way_round_is_warned_of_and_the_right_one_is_not(mzsr, crooked, turned):
    mzsr("degrade", "hr.png", "-o", "lr.png", "--kernel", "turned.npy" if turned else "k.npy")
    hr = load("hr.png").squeeze().astype(float)[16:-16, 16:-16]
    error = {}
    for given in (False, True):
        options = ("--kernel", "k.npy", *(("--kernel-turned",) if given else ()), *FAST, "--overwrite", "--json")
        _, (line,), err = mzsr("upscale", "lr.png", "-o", "sr.png", *options)
        error[given] = np.mean((load("sr.png").squeeze()[16:-16, 16:-16] - hr) ** 2)
        notices = json.loads(line)["notices"]
        assert len(notices) == (given != turned)
        how = "turned by 180 degrees, as of a project that convolves: give" if turned else "as it is: leave out"
        assert all(
            f"lr.png: its kernel explains it clearly better {how} --kernel-turned" in notice for notice in notices
        )
    assert error[turned] < error[not turned] / 4


def test_warnings_of_the_command_and_of_the_function(mzsr, crooked):
    mzsr("degrade", "hr.png", "-o", "lr.png", "--kernel", "turned.npy")
    _, out, err = mzsr("upscale", "lr.png", "-o", "sr.png", "--kernel", "k.npy", *FAST)
    assert len(out) == len(err) == 1 and err[0].startswith("warning: lr.png: its kernel explains it clearly better ")
    pixels = load("lr.png").squeeze()
    with pytest.warns(UserWarning, match="clearly better turned by 180 degrees"):
        mzsr_basicsr.upscale(pixels, 2, crooked, 0, noise=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mzsr_basicsr.upscale(pixels, 2, crooked, 0, noise=0, kernel_turned=True)
        mzsr_basicsr.upscale(pixels, 2, "disk:2", 0, noise=0)  # wrong, but its own turn
