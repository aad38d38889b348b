"""`mzsr info` against what Python, the files and the system say themselves; and where something is missing."""

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys

import pytest
from helpers.commands import Command
from helpers.places import PACKAGE
from helpers.trainings import environment

import mzsr_basicsr
from mzsr_basicsr import weights
from mzsr_basicsr.cli import info, installed, machine

SHIPPED = sorted(path.name for path in (PACKAGE / "weights").glob("*.pth"))


@pytest.fixture
def mzsr(monkeypatch, capsys):
    return Command(monkeypatch, capsys)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A copy of the shipped weights, which the package takes for its own."""
    shutil.copytree(PACKAGE / "weights", tmp_path / "w", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(weights, "FOLDER", tmp_path / "w")
    return tmp_path / "w"


def python(code):
    return subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)


def test_the_record_is_what_is_there(mzsr):
    status, out, err = mzsr("info", "--json")
    found = json.loads("\n".join(out))
    assert (status, err) == (0, [])
    assert found["programs"]["mzsr_basicsr"] == mzsr_basicsr.__version__
    assert found["programs"]["python"].startswith("{}.{}.{} ".format(*sys.version_info))
    assert found["packages"]["torch"] == importlib.metadata.version("torch")
    assert found["basicsr"]["version"] == importlib.metadata.version("basicsr")
    assert 1 <= found["processor"]["cores"] <= os.cpu_count() and found["processor"]["name"]
    assert found["devices"]["threads"] >= 1 and found["devices"]["auto"] in ("cpu", "cuda", "mps")
    assert list(found["weights"]) == SHIPPED
    for name, one in found["weights"].items():
        digest = hashlib.sha256((PACKAGE / "weights" / name).read_bytes()).hexdigest()
        assert one == {"state": "ok", "sha256": digest}


def test_the_text_has_the_same_in_lines(mzsr):
    status, out, err = mzsr("info")
    assert (status, err) == (0, [])
    assert out[0] == f"mzsr_basicsr  {mzsr_basicsr.__version__}"
    rows = [line.split() for line in out if line.startswith("weights ")]
    assert [row[1] for row in rows] == SHIPPED and {row[-1] for row in rows} == {"ok"}
    assert any(line.startswith("precision     ") for line in out)


def test_damaged_and_missing_weights_are_said(mzsr, folder):
    (folder / "mzsr_x2.pth").write_bytes(b"damaged")
    (folder / "mzsr_x3.pth").unlink()
    (folder / "mzsr_x4.pth").unlink()
    (folder / "mzsr_x4.pth").mkdir()
    status, out, _ = mzsr("info")
    assert status == 0
    for name, state in (("x2", "damaged"), ("x3", "missing"), ("x4", "unreadable")):
        (line,) = (line for line in out if f" mzsr_{name}.pth " in line)
        assert line.endswith(f"{state}: install mzsr_basicsr again")
    (folder / "SHA256SUMS").unlink()
    status, out, _ = mzsr("info")
    assert status == 0 and [line.split()[1:3] for line in out if line.startswith("weights")] == [
        ["SHA256SUMS", "missing:"]
    ]


def test_extras_that_are_missing_come_with_the_line_that_installs_them(mzsr, monkeypatch):
    asked = ["numpy", 'none-such>=1; extra == "odd"', "numpy>1 ; extra == 'odd'", 'numpy; extra == "even"', "gone<2"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: asked)
    numpy = importlib.metadata.version("numpy")
    assert installed.extras() == {
        "even": {"packages": {"numpy": numpy}, "install": None},
        "odd": {"packages": {"none-such": None, "numpy": numpy}, "install": "pip install 'mzsr_basicsr[odd]'"},
    }
    out = mzsr("info")[1]
    assert f"extra odd     numpy {numpy}; missing none-such: pip install 'mzsr_basicsr[odd]'" in out
    assert "gone          missing: install mzsr_basicsr again" in out


def test_nothing_is_needed(mzsr, monkeypatch):
    """Neither metadata of an installation, nor BasicSR."""

    def gone(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", gone)
    monkeypatch.setattr(importlib.metadata, "version", gone)
    monkeypatch.setattr(installed.importlib.util, "find_spec", lambda name: None)
    status, out, err = mzsr("info")
    assert (status, err) == (0, [])
    assert "packages      not known: mzsr_basicsr is used from its folder, not installed" in out
    assert "BasicSR       missing, only training needs it: python -m mzsr_basicsr.host.install" in out


def test_without_pytorch_the_rest_is_said():
    code = "import sys; sys.modules['torch'] = None; sys.argv = ['mzsr', 'info']; from mzsr_basicsr.cli.main import main; main()"
    done = python(code)
    assert (done.returncode, done.stderr) == (0, "")
    assert "devices       not known: PyTorch cannot be imported (import of torch halted" in done.stdout
    assert "mzsr_x2.pth" in done.stdout


def test_it_loads_pytorch_and_no_more():
    code = (
        "import sys; from mzsr_basicsr.cli.info import collect; collect(); print([m for m in {!r} if m in sys.modules])"
    )
    heavy = ["basicsr", "torchvision", "scipy", "cv2", "matplotlib", "av", "jinja2", "PIL", "torch._dynamo"]
    assert python(code.format(heavy)).stdout == "[]\n"


def test_a_processor_of_another_kind(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text(
        "processor\t: 0\nFeatures\t: fp asimd sve bf16\n\nprocessor\t: 1\nFeatures\t: fp\n"
    )
    real = machine._lines
    monkeypatch.setattr(machine, "_lines", lambda file: real(tmp_path / "cpuinfo"))
    assert machine.processor()["instructions"] == ["asimd", "sve", "bf16"]
    monkeypatch.setattr(machine, "_lines", lambda file: real(tmp_path / "none"))
    assert machine.processor()["instructions"] == [] and machine.processor()["name"]


@pytest.mark.parametrize(
    ("flags", "by"), [(["avx2", "avx512f"], None), (["avx512f", "avx512_bf16"], "avx512_bf16"), (["bf16"], "bf16")]
)
def test_bfloat16_is_of_the_processor(flags, by):
    assert machine.short_numbers("cpu", flags) == by
    assert machine.short_numbers("mps", flags) is None


def test_cards_and_their_memory_are_said():
    card = {"name": "A card", "memory_gib": 79.1, "capability": "9.0"}
    devices = {"threads": 1, "cuda": [card, card], "mps": False, "auto": "cuda", "bfloat16": "CUDA 9.0"}
    lines = info._machine({"name": "A", "cores": 2, "instructions": [], "memory_gib": None}, devices)
    assert "CUDA          A card, 79.1 GiB, CUDA 9.0; A card, 79.1 GiB, CUDA 9.0" in lines
    assert "precision     bfloat16 in hardware (CUDA 9.0)" in lines
