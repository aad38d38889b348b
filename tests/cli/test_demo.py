"""`mzsr demo`: it runs the two shipped option files one after the other; what they give is checked where they are run."""

from pathlib import Path

import numpy as np
import pytest
from helpers.bicubic_by_hand import degraded, gaussian, resized
from helpers.places import OPTIONS
from PIL import Image

from mzsr_basicsr.cli import demo, demo_picture
from mzsr_basicsr.cli.demo_photos import write_images
from mzsr_basicsr.errors import ConfigError, MZSRError
from mzsr_basicsr.metrics.results import Row, save_json


def test_it_trains_and_tests_with_the_files_of_the_folder_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(demo, "_call", lambda what, file, output, extra: calls.append((what, file)))
    monkeypatch.setattr(demo, "_show", lambda output: None)
    demo.run(tmp_path, OPTIONS)
    folder = OPTIONS / "demo"
    assert calls == [("train", folder / "demo_x2.yml"), ("test", folder / "test_demo_x2.yml")]


def test_a_folder_without_them_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="demo/demo_x2.yml: no such option file; run the demo in the project's folder"
    ):
        demo.run(tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("missing", "line"),
    [
        ("basicsr", "mzsr demo needs BasicSR, which is not installed here; run: python -m mzsr_basicsr.host.install"),
        ("skimage", "mzsr demo: its photographs are scikit-image's, which is not installed; run: pip install scikit"),
    ],
)
def test_what_it_needs_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, line: str
) -> None:
    monkeypatch.setattr(demo.importlib.util, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(MZSRError) as caught:
        demo.run(tmp_path / "out", OPTIONS)
    assert str(caught.value).startswith(line) and not (tmp_path / "out").exists()


def results(folder: Path, gains: dict[str, float]) -> None:
    """Lay out what the demo's two runs leave: every image gains what is said, and its SR images are flat greys."""
    pictures = folder / "results" / "test_demo_x2" / "visualization" / "unseen"
    pictures.mkdir(parents=True)
    rows = []
    for name, gain in gains.items():
        levels = {"bicubic": 20.0, "0": 22.0, "10": 22.0 + gain}
        rows.append(Row(name, {c: {"psnr": v, "ssim": 0.5} for c, v in levels.items()}, dict.fromkeys(levels, 1.0)))
        for updates, level in (("0", 60), ("10", 90)):
            height, width = Image.open(folder / "photographs" / "test" / f"{name}.png").size[::-1]
            flat = np.full((height, width, 3), level, np.uint8)
            Image.fromarray(flat).save(pictures / f"{name}_{updates}updates_mzsr.png")
    save_json(rows, pictures.parents[1] / "unseen.json")


def test_it_ends_with_the_gains_of_text_and_photographs_and_their_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gains = {"astronaut": 0.25, "chelsea": 0.5, "coffee": 0.75, "text": 2.0}
    monkeypatch.setattr(demo, "_call", lambda what, *rest: results(tmp_path, gains) if what == "test" else None)
    demo.run(tmp_path, OPTIONS)
    said = capsys.readouterr().out
    assert "The text: ten updates gain +2.00 dB, and end +4.00 dB above bicubic." in said
    assert "The photographs, on average: ten updates gain +0.50 dB, and end +2.50 dB above bicubic." in said
    assert demo_picture.verdict(2.0, 0.5) in said and str(tmp_path / "demo.png") in said
    sheet = np.asarray(Image.open(tmp_path / "demo.png"))
    rows, columns = sheet.shape[0] // 2, sheet.shape[1] // 4
    for row in range(2):  # of each row the second tile is the flat picture before, the third that after
        middles = [sheet[row * rows + rows // 2 - 40, round((i + 0.5) * columns)] for i in range(4)]
        assert middles[1].tolist() == [60] * 3 and middles[2].tolist() == [90] * 3


def test_the_pictures_bicubic_is_that_of_the_test() -> None:
    options = (OPTIONS / "demo" / "test_demo_x2.yml").read_text()
    assert f"kernel: {demo_picture.KERNEL} " in options and f"scale: {demo_picture.SCALE}\n" in options
    truth = np.random.default_rng(0).integers(0, 256, (32, 40, 3), dtype=np.uint8)
    small = degraded(truth, gaussian(2.0), 2, "direct") / 255.0
    expected = np.rint(resized(small, 2).clip(0, 1) * 255)
    assert np.abs(demo_picture._bicubic(truth) - expected).max() <= 1  # one level, where a half is rounded


@pytest.mark.parametrize(
    ("text", "photograph", "pays"), [(2.0, 0.5, True), (0.5, 0.4, False), (0.4, 2.0, False), (-0.1, -0.5, False)]
)
def test_the_words_claim_what_the_numbers_show(text: float, photograph: float, pays: bool) -> None:
    line = demo_picture.verdict(text, photograph)
    assert line.startswith("Adaptation pays on the text") == pays
    assert f"{text:+.2f} dB" in line and f"{photograph:+.2f} dB" in line


def test_the_images_are_photographs_and_a_text_that_is_no_training_image(tmp_path: Path) -> None:
    write_images(tmp_path)
    assert {file.stem for file in (tmp_path / "test").iterdir()} == {"astronaut", "chelsea", "coffee", "text"}
    assert not {file.stem for file in (tmp_path / "train").iterdir()} & {"astronaut", "chelsea", "coffee", "text"}
    text = np.asarray(Image.open(tmp_path / "test" / "text.png").convert("L"))
    ground = np.bincount(text.ravel()).argmax()
    assert text.shape == (256, 256) and 0.02 < np.mean(np.abs(text.astype(int) - ground) > 60) < 0.4  # letters
