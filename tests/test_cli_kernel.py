"""`mzsr kernel`: estimates of known blurs, drawings measured in pixels, exact files, and numbers against NumPy's."""

import argparse
import json
import math
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.io
import torch
from PIL import Image
from scipy import ndimage
from skimage import data

from mzsr_basicsr import cli_kernel
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.kernel_io import load_kernel
from mzsr_basicsr.photo.kernel_picture import draw_difference, draw_kernel, labelled_row
from mzsr_basicsr.photo.kernel_report import compare_kernels, measure_kernel


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="mzsr")
    commands = root.add_subparsers(dest="command", required=True)
    cli_kernel.add(commands)
    return root


def kernel(*arguments: object) -> int | None:
    parsed = parser().parse_args(["kernel", *map(str, arguments)])
    return parsed.run(parsed)


def photograph(path: Path, sigma: float = 2.0) -> Path:
    """Write a photograph blurred by a Gaussian of that deviation in HR px, and halved."""
    grey = ndimage.gaussian_filter(data.camera()[:400, 100:500].astype(np.float64), sigma)[::2, ::2]
    Image.fromarray(np.rint(grey).astype(np.uint8)).save(path)
    return path


def inferno(level: int) -> np.ndarray:
    return cv2.applyColorMap(np.array([[level]], np.uint8), cv2.COLORMAP_INFERNO)[0, 0, ::-1]


def test_an_estimate_is_near_the_truth_and_is_what_is_written(tmp_path, capsys):
    image = photograph(tmp_path / "a.png")
    assert kernel("estimate", image, "--subsampling", "direct", "--json", "-o", tmp_path / "k.npy") is None
    record = json.loads(capsys.readouterr().out)
    assert 2.0 < math.sqrt(record["lambda1"] * record["lambda2"]) < 8.0  # 4 px², within a factor of 2
    assert (record["image"], record["scale"], record["subsampling"]) == (str(image), 2, "direct")
    assert 0 <= record["confidence"] <= 1 and 0 <= record["residual"] <= 1
    weights = np.load(tmp_path / "k.npy")
    axis = np.arange(record["side"]) - record["side"] // 2
    covariance = np.array(
        [[(weights * axis**2).sum(), (weights * np.outer(axis, axis)).sum()], [0, (weights.T * axis**2).sum()]]
    )
    values = np.linalg.eigvalsh(covariance, UPLO="U")
    assert [record["lambda2"], record["lambda1"]] == pytest.approx(values, abs=1e-9)
    assert [record["sigma2"], record["sigma1"]] == pytest.approx(np.sqrt(values), abs=1e-9)
    assert record["theta_degrees"] == pytest.approx(math.degrees(record["theta"]), abs=1e-9)
    assert record["sum"] == pytest.approx(weights.sum(), abs=1e-12)


def test_more_blur_reads_wider_and_a_bad_file_is_one_line(tmp_path, capsys):
    images = [photograph(tmp_path / f"{sigma}.png", sigma) for sigma in (1.2, 2.4)]
    (tmp_path / "bad.png").write_bytes(b"nothing")
    options = ["--kernel", "auto-free", "--json"]
    assert kernel("estimate", images[0], tmp_path / "bad.png", images[1], *options) == 1
    printed = capsys.readouterr()
    narrow, wide = (json.loads(line) for line in printed.out.splitlines())
    assert wide["lambda1"] > 1.5 * narrow["lambda1"]
    assert printed.err.startswith(f"error: {tmp_path}/bad.png: ") and printed.err.count("\n") == 1


def test_the_text_of_an_estimate_holds_noise_in_levels(tmp_path, capsys):
    noisy = np.random.default_rng(0).normal(120, 6, (160, 160, 3))
    Image.fromarray(np.rint(noisy).astype(np.uint8)).save(tmp_path / "a.png")
    assert kernel("estimate", tmp_path / "a.png", "--scale", 4) is None
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{tmp_path}/a.png: ") and lines[0].endswith("(auto, x4, bicubic)")
    words = {line.split()[0]: line.split() for line in lines[1:]}
    assert list(words) == ["variances", "deviations", "angle", "confidence", "residual", "noise"]
    assert float(words["noise"][2]) == pytest.approx(6, rel=0.1)
    assert float(words["variances"][2]) == pytest.approx(float(words["deviations"][2]) ** 2, rel=0.02, abs=0.01)


@pytest.mark.parametrize(
    ("spec", "lambda1", "lambda2", "degrees"),
    [
        ("gaussian:4.0,1.0,-0.5,31", 4, 1, 180 - math.degrees(0.5)),
        ("gaussian:1.0,3.0,0.2,31", 3, 1, 90 + math.degrees(0.2)),
    ],
)
def test_numbers_of_known_gaussians(spec, lambda1, lambda2, degrees):
    n = measure_kernel(load_kernel(spec))
    assert (n.lambda1, n.lambda2) == pytest.approx((lambda1, lambda2), abs=1e-3)
    assert n.theta_degrees == pytest.approx(degrees, abs=0.01)
    assert (n.side, n.sum, n.sigma1) == pytest.approx((31, 1, math.sqrt(lambda1)), abs=1e-3)


def test_comparing_with_itself_and_with_known_others():
    a, small = load_kernel("gaussian:4.0,1.0,0.1,41"), load_kernel("gaussian:1.0,1.0,0,9")
    same = compare_kernels(a, a)
    assert (same.psnr, same.lambda1_error, same.lambda2_error, same.angle, same.l1) == (math.inf, 0, 0, 0, 0)
    turned = compare_kernels(a, load_kernel(f"gaussian:6.0,0.8,{math.pi - 0.1},41"))
    assert turned.lambda1_error == pytest.approx(0.5, abs=1e-3)
    assert turned.lambda2_error == pytest.approx(-0.2, abs=2e-3)
    assert turned.angle == pytest.approx(math.degrees(0.2), abs=0.01)  # across the seam at 180°
    other = compare_kernels(a, small)
    wide = np.pad(small.numpy(), 16)
    assert other.psnr == pytest.approx(
        10 * math.log10(a.numpy().max() ** 2 / np.mean((a.numpy() - wide) ** 2)), abs=1e-9
    )
    assert other.l1 == pytest.approx(np.abs(a.numpy() - wide).sum(), abs=1e-12)
    back = compare_kernels(small, a)  # the peak is the other one's
    assert back.psnr - other.psnr == pytest.approx(20 * math.log10(small.numpy().max() / a.numpy().max()), abs=1e-9)
    assert compare_kernels(load_kernel("delta"), a).lambda1_error == math.inf


def test_compare_prints_and_draws_on_one_grid(tmp_path, capsys):
    assert kernel("compare", "gaussian:2.0,2.0,0,15", "gaussian:2.0,2.0,0,15") is None
    assert "PSNR      inf dB" in capsys.readouterr().out
    assert kernel("compare", "delta", "gaussian:0.5,0.5,0,5", "-o", tmp_path / "c.png", "--side", 100) is None
    text = capsys.readouterr().out
    assert text.count("\n") == 6 and "λ1 0.000 px²" in text and "L1" in text
    drawn = np.asarray(Image.open(tmp_path / "c.png"))
    yellow = (drawn == draw_kernel(load_kernel("delta"), 20)[3, 3]).all(2)  # only the largest weight of both has it
    assert 200 < yellow.sum() < 400  # one square of 20x20 px, less its marks
    assert 0.1 < (drawn == 255).all(2).mean() < 0.9  # the third picture and the margins are white


def test_convert_keeps_every_bit(tmp_path):
    assert kernel("convert", "motion:9,30", "-o", tmp_path / "k.mat") is None
    kernel("convert", tmp_path / "k.mat", "-o", tmp_path / "k.npy")
    kernel("convert", tmp_path / "k.npy", "-o", tmp_path / "k.png")
    expected = load_kernel("motion:9,30").numpy()
    np.testing.assert_array_equal(scipy.io.loadmat(tmp_path / "k.mat")["Kernel"], expected)
    np.testing.assert_array_equal(np.load(tmp_path / "k.npy"), expected)
    grey = np.asarray(Image.open(tmp_path / "k.png"), dtype=np.float64)
    np.testing.assert_allclose(grey / grey.sum(), expected, rtol=0, atol=1e-5)


def test_a_drawing_has_squares_and_the_ellipse_of_one_deviation():
    drawn = draw_kernel(load_kernel("gaussian:9.0,2.25,0.6,25"), 500)
    assert drawn.shape == (500, 500, 3) and drawn.dtype == np.uint8
    assert drawn[5, 5].max() < 8 and (drawn[243, 244] == inferno(255)).all()  # squares of 20 px: black far out
    pure = np.argwhere(drawn.min(2) > 200) - 249.5  # the light yellow of the weights has less blue
    radius = np.hypot(pure[:, 0], pure[:, 1])
    far, near = pure[radius > 20][np.argmax(radius[radius > 20])], radius[radius > 20].min()
    assert np.hypot(*far) == pytest.approx(3.0 * 20, abs=2)
    assert near == pytest.approx(1.5 * 20, abs=2)
    assert math.degrees(math.atan2(far[0], far[1])) % 180 == pytest.approx(math.degrees(0.6), abs=4)


def test_weights_have_one_colour_a_square_and_light_follows_them():
    weights = torch.tensor([[0.0, 0.1, 0.0], [0.2, 0.3, 0.0], [0.0, 0.0, 0.4]], dtype=torch.float64)
    drawn = draw_kernel(weights, 90).astype(int)
    corners = {
        value: drawn[30 * row + 3, 30 * column + 3]
        for value, row, column in ((0, 0, 0), (0.1, 0, 1), (0.2, 1, 0), (0.4, 2, 2))
    }
    light = {value: int(colour @ [2, 7, 1]) for value, colour in corners.items()}
    assert light[0] < light[0.1] < light[0.2] < light[0.4]
    assert (drawn[2:28, 62:88] == drawn[3, 63]).all()  # no mark in the upper right square
    dim = draw_kernel(weights, 90, peak=0.8).astype(int)
    assert (dim[63, 63] == inferno(128)).all()
    titled = draw_kernel(weights, 90, "a title that takes several lines of 90 px")
    assert titled.shape[0] > 90 + 2 * 18 and (titled[-90:, :90] == drawn).all()


def test_a_difference_is_red_where_there_is_more():
    a, b = torch.zeros(3, 3), torch.zeros(3, 3)
    a[0, 0], b[2, 2], b[0, 2] = 1.0, 1.0, 0.5
    drawn = draw_difference(a, b, 90)
    colours = [tuple(drawn[row, column].tolist()) for row, column in ((10, 10), (80, 80), (10, 80), (45, 45))]
    assert colours == [(0, 0, 255), (255, 0, 0), (255, 128, 128), (255, 255, 255)]


def test_a_labelled_row_holds_the_pictures():
    pictures = [np.full((20, 100, 3), 10, np.uint8), np.full((50, 60, 3), 200, np.uint8)]
    row = labelled_row([("first, été", pictures[0]), ("second", pictures[1])], gap=4)
    assert (row[4 + 30 : 4 + 50, 4:104] == 10).all() and (row[4:54, 108:168] == 200).all()  # on one line below
    assert (row[:4] == 255).all() and row.shape[1] == 172
    below = row[54:].min(2)
    assert below[:, 4:104].min() < 80 and below[:, 108:168].min() < 80  # letters


def test_a_kernel_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    np.save(tmp_path / "old.npy", np.ones((1, 1)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    for action, output in (("convert", "old.npy"), ("draw", "new.png")):
        with pytest.raises(MZSRError, match="^[^\n]*No space left on device[^\n]*$"):
            kernel(action, "disk:2", "-o", tmp_path / output, "--overwrite")
    assert os.listdir(tmp_path) == ["old.npy"]
    assert np.load(tmp_path / "old.npy").shape == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("draw cone:2 -o {0}/x.png", "cone:2: unknown kernel; allowed: "),
        ("draw {0}/k.png -o {0}/k.png --overwrite", "k.png is an input"),
        ("draw disk:2 -o {0}/k.png", "k.png is there already; give --overwrite"),
        ("draw disk:2 -o {0}/x.npy", "ends with '.npy'; allowed: .png"),
        ("draw disk:2 -o {0}/x.png --side 5000", "side: 5000 must be from 16 to 4096 px"),
        ("draw disk:2 -o {0}/none/x.png", "there is no folder {0}/none"),
        ("convert disk:2 -o {0}/x.txt", "ends with '.txt'; allowed: .npy .mat .png"),
        ("convert {0}/none.npy -o {0}/x.npy", "none.npy: kernel file not found"),
        ("compare disk:2 disk:x", "disk:x: not numbers"),
        ("compare disk:2 disk:3 -o {0}/k.png", "is there already"),
        ("estimate {0}/k.png {0}/k.png -o {0}/x.npy", "is one kernel file, for 2 images"),
        ("estimate {0}/k.png -o {0}/k.png --overwrite", "k.png is an input"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(arguments, message, tmp_path):
    kernel("convert", "disk:4", "-o", tmp_path / "k.png")
    before = (tmp_path / "k.png").read_bytes()
    with pytest.raises(MZSRError, match="^[^\n]*$") as error:
        kernel(*arguments.format(tmp_path).split())
    assert message.format(tmp_path) in str(error.value)
    assert os.listdir(tmp_path) == ["k.png"] and (tmp_path / "k.png").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--kernel", "internal", "--subsampling", "bicubic"], "bicubic does not go with the kernel internal"),
        (["--kernel", "internal", "--scale", "1"], "scale 1 must be an integer of at least 2"),
        ([], "is too small; at least 8x8 px"),
    ],
)
def test_estimates_that_cannot_be(options, message, tmp_path, capsys):
    Image.new("L", (40, 40) if options else (40, 7)).save(tmp_path / "a.png")
    assert kernel("estimate", tmp_path / "a.png", *options, "-o", tmp_path / "k.npy") == 1
    printed = capsys.readouterr()
    assert message in printed.err and printed.err.count("\n") == 1 and not printed.out
    assert os.listdir(tmp_path) == ["a.png"]


def test_every_option_tells_its_default():
    top = parser()._subparsers._group_actions[0].choices["kernel"]
    actions = top._subparsers._group_actions[0].choices
    assert list(actions) == ["estimate", "draw", "convert", "compare"]
    for command in (top, *actions.values()):
        assert command.description and command.epilog.count("\n  mzsr kernel") == 2
    for command in actions.values():
        assert command.format_help()
        for action in command._actions:
            assert action.help, action
            if action.option_strings and not action.required and action.dest != "help":
                assert "default: " in action.help, action.dest
