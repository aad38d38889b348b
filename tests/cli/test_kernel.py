"""`mzsr kernel`: estimates of known blurs, exact files, what it prints, and what it says about bad input."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from helpers.one_command import assert_helpful, build, call, commands_of
from PIL import Image
from scipy import ndimage
from skimage import data

from mzsr_basicsr.cli import kernel as cli_kernel
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.kernel_tools.picture import draw_kernel


def kernel(*arguments: object) -> int | None:
    return call(cli_kernel, "kernel", *arguments)


def photograph(path: Path, sigma: float = 2.0) -> Path:
    """Write a photograph blurred by a Gaussian of that deviation in HR px, and halved."""
    grey = ndimage.gaussian_filter(data.camera()[:400, 100:500].astype(np.float64), sigma)[::2, ::2]
    Image.fromarray(np.rint(grey).astype(np.uint8)).save(path)
    return path


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
    assert list(words) == ["variances", "deviations", "angle", "centre", "confidence", "residual", "noise", "use"]
    assert words["use"][1:] == ["--kernel", "FILE", "--subsampling", "bicubic"]  # a given kernel's default is direct
    assert float(words["noise"][2]) == pytest.approx(6, rel=0.1)
    assert float(words["variances"][2]) == pytest.approx(float(words["deviations"][2]) ** 2, rel=0.02, abs=0.01)


def test_compare_prints_and_draws_on_one_grid(tmp_path, capsys):
    assert kernel("compare", "gaussian:2.0,2.0,0,15", "gaussian:2.0,2.0,0,15") is None
    assert "PSNR      inf dB" in capsys.readouterr().out
    assert kernel("compare", "delta", "gaussian:0.5,0.5,0,5", "-o", tmp_path / "c.png", "--side", 100) is None
    text = capsys.readouterr().out
    assert text.count("\n") == 7 and "λ1 0.000 px²" in text and "L1" in text
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


def test_convert_turns_and_recentres(tmp_path, capsys):
    """The turn is SciPy's: to convolve with a kernel is to correlate with the turned one."""
    weights = np.random.default_rng(3).random((5, 5))
    weights[4] *= 9  # its mass lies below the centre
    weights /= weights.sum()
    np.save(tmp_path / "k.npy", weights)
    kernel("convert", tmp_path / "k.npy", "-o", tmp_path / "turned.npy", "--turn")
    turned, picture = np.load(tmp_path / "turned.npy"), np.random.default_rng(4).random((20, 20))
    np.testing.assert_allclose(ndimage.correlate(picture, turned), ndimage.convolve(picture, weights), atol=1e-14)
    kernel("convert", tmp_path / "k.npy", "-o", tmp_path / "centred.npy", "--recentre")
    np.testing.assert_array_equal(np.load(tmp_path / "centred.npy")[:5, 1:6], weights)  # 7x7 px, one px higher
    kernel("compare", tmp_path / "k.npy", tmp_path / "centred.npy")
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    down = (weights.sum(1) * np.arange(-2, 3)).sum()
    assert f"y {down:+.2f} px" in lines["A"] and f"y {down - 1:+.2f} px" in lines["B"]
    assert lines["centre"].split()[1:5] == ["x", "+0.00,", "y", "-1.00"]


def test_convert_repairs_on_request_and_says_what_it_changed(tmp_path, capsys):
    given = np.array([[400.0, 300.0], [200.0, -9.0]])
    np.savez(tmp_path / "k.npz", np.ones((3, 3)), given)
    with pytest.raises(
        MZSRError, match=r"k.npz\[2\]: kernel is 2x2; .* convert '[^']*k.npz\[2\]' -o NEW.npy --clip --pad --normalise$"
    ):
        kernel("convert", f"{tmp_path}/k.npz[2]", "-o", tmp_path / "out.npy")
    with pytest.raises(MZSRError, match="kernel sums to 900; .* -o NEW.npy --clip --pad --normalise$"):
        kernel("convert", f"{tmp_path}/k.npz[2]", "-o", tmp_path / "out.npy", "--clip", "--pad")
    assert os.listdir(tmp_path) == ["k.npz"]
    kernel("convert", f"{tmp_path}/k.npz[2]", "-o", tmp_path / "out.npy", "--normalise", "--pad", "--clip", "--turn")
    expected = np.zeros((3, 3))
    expected[:2, :2] = given.clip(0) / 900
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), expected[::-1, ::-1], rtol=1e-15)
    line = f"{tmp_path}/out.npy: 1 weight(s) below 0 set to 0, 1 % of the others, the least -9; "
    assert capsys.readouterr().out == f"{line}padded from 2x2 to 3x3 px; divided by its sum 900\n"


def test_a_file_of_many_is_not_written_over(tmp_path):
    np.save(tmp_path / "k.npy", np.full((2, 3, 3), 1 / 9))
    with pytest.raises(MZSRError, match="k.npy is an input"):
        kernel("convert", f"{tmp_path}/k.npy[2]", "-o", tmp_path / "k.npy", "--overwrite")
    kernel("draw", f"{tmp_path}/k.npy[2]", "-o", tmp_path / "k.png")
    assert np.load(tmp_path / "k.npy").shape == (2, 3, 3)


def test_round_kernels_have_no_angle_between_them(tmp_path, capsys):
    kernel("convert", "gaussian:2,2,0,15", "-o", tmp_path / "k.png")  # 16 bits: its variances differ by rounding
    for second in ("gaussian:2,2,0,15", "gaussian:2,2,0,21", tmp_path / "k.png", "gaussian:4,1"):
        kernel("compare", "gaussian:2,2,0,15", second)
        lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
        assert lines["angle"] == "angle     none, as one of them is round"
        assert ", round, " in lines["A"] and (", round, " in lines["B"]) == (second != "gaussian:4,1")
    kernel("compare", "gaussian:4,1", "gaussian:1,4")
    assert "angle     90.00° apart" in capsys.readouterr().out


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
        (["--kernel", "auto-free", "--subsampling", "bicubic"], "bicubic does not go with the kernel auto-free"),
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
    top = commands_of(build(cli_kernel))["kernel"]
    assert_helpful(top, "mzsr kernel ")
    assert list(commands_of(top)) == ["estimate", "draw", "convert", "compare"]
    for name, command in commands_of(top).items():
        assert_helpful(command, f"mzsr kernel {name} ")
