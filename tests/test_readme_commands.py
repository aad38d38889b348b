"""Every command of the README runs, in the order of the page; what is slow is asked for less work."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from helpers.clips import make_clip, two_shots
from helpers.commands import Command, photograph
from helpers.documents import README, blocks
from helpers.launches import make_place
from helpers.places import OPTIONS, ROOT

LINES = [line.partition("#")[0].strip() for text in blocks(README) for line in text.splitlines()]
LESS = ["--device", "cpu", "--updates", "1", "--time-budget", "5"]
SHORT = [
    "num_gpu=0", "train:total_iter=2", "train:scheduler:periods=[2]", "train:precision=float32",
    "datasets:train:dataroot_gt=photos", "datasets:train:part=[0.0,1.0]", "datasets:train:gt_size=32", "datasets:val_tasks:dataroot_gt=photos",
    "datasets:val_tasks:part=[0.0,1.0]", "datasets:val_tasks:gt_size=32", "datasets:val_tasks:length=1", "datasets:val:dataroot_gt=photos",
]  # fmt: skip
ELSEWHERE = {  # command: the test that runs it
    "pip install .": "tests/host/test_wheel.py",
    "python basicsr/train.py -opt options/mzsr_x2.yml": "tests/host/test_stock_basicsr.py",
}


def test_no_command_is_left_out() -> None:
    kinds = {re.match(r"(mzsr upscale|mzsr train|make \w+|)", line)[1] for line in LINES if line not in ELSEWHERE}
    assert kinds >= {"mzsr upscale", "mzsr train", "make install", "make demo", "make test", "make docs"}
    assert "" not in kinds, "a command of a kind that no test runs"
    assert set(ELSEWHERE) <= set(LINES)
    assert all((ROOT / test).is_file() for test in ELSEWHERE.values())


@pytest.fixture
def photo_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the README's commands name."""
    monkeypatch.chdir(tmp_path)
    photograph(tmp_path / "photo.jpg")
    photograph(tmp_path / "a.png")
    (tmp_path / "scans").mkdir()
    photograph(tmp_path / "scans" / "b.png")
    make_clip(tmp_path / "clip.mp4", two_shots(4))
    return tmp_path


def test_upscaling(photo_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    mzsr = Command(monkeypatch, capsys)
    for line in LINES:
        if line.startswith("mzsr upscale"):
            status, _, err = mzsr(*shlex.split(line)[1:], *LESS)
            assert status == 0, (line, err)
    made = {path.relative_to(photo_folder).as_posix() for path in photo_folder.rglob("*.*")}
    assert {"out/photo.jpg", "out/photo_compare.png", "best/photo.jpg", "big/b.png", "b.png", "clip_x2.mkv"} <= made


def test_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make_place(tmp_path, monkeypatch)
    (tmp_path / "options").symlink_to(OPTIONS)
    (line,) = [line for line in LINES if line.startswith("mzsr train")]
    status, _, err = Command(monkeypatch, capsys)(
        *shlex.split(line)[1:], *SHORT
    )  # it ends with values that take the file's place
    assert status == 0, err
    assert (tmp_path / "experiments" / "mzsr_x2" / "models" / "net_g_latest.pth").is_file()


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("make ")])
def test_making(line: str) -> None:
    """What a target would run, whatever was made before (`-B`); the suite itself is `make test`, the demo has tests of its own."""
    command = [*line.split(), "--dry-run", "--always-make"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = {"install": "host.install", "demo": "mzsr demo", "test": "pytest", "docs": "docs/site/build.py"}
    assert expected[line.split()[1]] in done.stdout
