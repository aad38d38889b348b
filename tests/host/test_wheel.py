"""What is built, and what `pip install` of the wheel gives where there is no BasicSR, torchvision or scikit-image."""

import ast
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import photograph
from helpers.fresh_environment import make_environment, outside
from helpers.places import PACKAGE, ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

OF_FILES = {"affine", "h5py", "nibabel", "pydicom", "rasterio"}  # what the extras geo, matlab and medical bring
OF_WEB = {"fastapi", "gradio", "starlette", "uvicorn"}  # the extra web
OF_OTHERS = {"onnx", "onnxruntime", "ray"}  # the extras export and ray
NOT_OF_THE_CORE = (
    {"lmdb", "basicsr", "torchvision", "skimage", "pyiqa"} | OF_FILES | OF_WEB | OF_OTHERS
)  # and other extras, `host.install`
OURS = {"mzsr_basicsr", "functional_tensor_finder"}  # the second stands beside the shim's sitecustomize
DEBRIS = (
    ".venv/lib/torch.py",
    ".hypothesis/unicode_data",
    ".pytest_cache/README.md",
    "build/lib/mzsr_basicsr/gone.py",
    "demo_output/train.log",
    "experiments/tiny/models/net_g_latest.pth",
    "mzsr_basicsr/__pycache__/errors.cpython-311.pyc",
    "mzsr_basicsr.egg-info/SOURCES.txt",
    "results/tiny/sr.png",
    "tests/__pycache__/conftest.cpython-311.pyc",
)
UPSCALE = ["--updates", "1", "--kernel", "gaussian:1.0", "--device", "cpu"]


@pytest.fixture(scope="session")
def content() -> list[str]:
    """The files of the project, as git has them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("NOT TESTED: the project is no git repository, which says what belongs to it")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def built(content: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel, of a copy of the project with the debris of much work in it."""
    folder = tmp_path_factory.mktemp("built")
    for name in content:
        (folder / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / "project" / name)
    for name in DEBRIS:
        (folder / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "project" / name).write_text("")
    done = outside([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)], folder / "project")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Deprecat" not in done.stdout + done.stderr
    files = [str(file) for file in folder.iterdir() if file.is_file()]
    done = outside([sys.executable, "-m", "twine", "check", "--strict", *files], folder)
    assert done.returncode == 0 and done.stdout.count("PASSED") == 2, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> zipfile.ZipFile:
    (file,) = built.glob("*.whl")
    assert file.name.endswith("-py3-none-any.whl")  # nothing is compiled
    return zipfile.ZipFile(file)


@pytest.fixture(scope="session")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


@pytest.fixture(scope="session")
def commands(built: Path, metadata: Message, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of a new environment, with the wheel and what it requires without an extra."""
    (file,) = built.glob("*.whl")
    return make_environment(tmp_path_factory.mktemp("environment"), file, plain(metadata))


@pytest.fixture
def mzsr(commands: Path, tmp_path: Path):
    """Run `mzsr` of the new environment beside one photograph, a.png."""
    photograph(tmp_path / "a.png")

    def run(*arguments: str):
        return outside([str(commands / "mzsr"), *arguments], tmp_path)

    return run


def plain(metadata: Message) -> list[str]:
    """What is required without an extra."""
    return [text for text in metadata.get_all("Requires-Dist") if "extra ==" not in text]


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def imported(files: list[Path]) -> set[str]:
    """Top-level modules that are neither Python's nor ours."""
    found = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - OURS


def test_the_source_archive_holds_the_project_and_nothing_else(built: Path, content: list[str]) -> None:
    (file,) = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        held = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    made = {name for name in held if name in ("PKG-INFO", "setup.cfg") or name.startswith("mzsr_basicsr.egg-info/")}
    assert held - made == set(content)
    assert {"CHANGELOG.md", "LICENSE", "README.md", "mzsr_basicsr/weights/SHA256SUMS"} <= held


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile, content: list[str]) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == {name for name in content if name.startswith("mzsr_basicsr/")}
    assert all(wheel.read(name) == (ROOT / name).read_bytes() for name in held)


def test_what_the_metadata_say(metadata: Message) -> None:
    assert metadata["Requires-Python"] == ">=3.10"
    assert (metadata["License-Expression"], metadata["License-File"]) == ("MIT", "LICENSE")
    assert metadata.get_payload() == (ROOT / "README.md").read_text()
    assert set(metadata.get_all("Provides-Extra")) == {
        "basicsr",
        "bench",
        "demo",
        "dev",
        "docs",
        "export",
        "geo",
        "matlab",
        "medical",
        "metrics",
        "ray",
        "web",
    }


def test_every_import_is_required_and_every_requirement_is_imported(metadata: Message) -> None:
    owners = packages_distributions()
    core = imported(sorted(PACKAGE.rglob("*.py"))) - NOT_OF_THE_CORE
    unknown = core - set(owners)
    assert not unknown
    assert names(plain(metadata)) == {canonicalize_name(owners[module][0]) for module in core}


def test_the_environment_has_no_basicsr(commands: Path, tmp_path: Path) -> None:
    for module in sorted(NOT_OF_THE_CORE):
        done = outside([str(commands / "python"), "-c", f"import {module}"], tmp_path)
        assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: No module named '{module}'"


def test_upscale(mzsr, tmp_path: Path) -> None:
    done = mzsr("upscale", *UPSCALE, "a.png", "-o", "b.png")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "b.png") as image:
        assert image.size == (72, 80)


def test_kernel_and_degrade(mzsr, tmp_path: Path) -> None:
    done = mzsr("kernel", "draw", "gaussian:2,2", "-o", "k.png")
    assert done.returncode == 0 and (tmp_path / "k.png").is_file(), done.stderr
    done = mzsr("degrade", "a.png", "-o", "lr", "--kernel", "gaussian:2,2", "--scale", "2")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "lr" / "a.png") as image:
        assert image.size == (18, 20)


def test_inspect(mzsr, tmp_path: Path) -> None:
    done = mzsr("inspect", "a.png", "-o", "seen", "--kernel", "gaussian:1.0", "--updates", "1", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert {"inspect.html", "inspect.json"} <= {p.name for p in (tmp_path / "seen").iterdir()}


def test_evaluate_and_benchmark(mzsr, tmp_path: Path) -> None:
    (tmp_path / "sets" / "One" / "GT").mkdir(parents=True)
    shutil.copy(tmp_path / "a.png", tmp_path / "sets" / "One" / "GT")
    which = ["-w", "shipped:mzsr_x2", "-s", "One", "-k", "g0.2d", "--fast", "-o", "table"]
    done = mzsr("evaluate", "sets", *which)
    assert done.returncode == 0 and "One" in done.stdout, done.stderr
    methods = {"bicubic": {}, "mzsr": {"zero_shot": {"updates": [0, 1]}}}
    options = {"name": "o", "output": "out", "datasets": {"One": "sets/One/GT"}, "kernels": ["g2.0d"]}
    (tmp_path / "o.yml").write_text(json.dumps({**options, "methods": methods, "device": "cpu"}))
    done = mzsr("benchmark", "-opt", "o.yml")
    assert done.returncode == 0 and (tmp_path / "out" / "o" / "index.html").is_file(), done.stderr


def test_the_python_function(commands: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8))
    code = (
        "import sys, numpy, mzsr_basicsr; light = 'torch' not in sys.modules; "
        "done = mzsr_basicsr.upscale(numpy.load('a.npy'), kernel='gaussian:1.0', updates=1, device='cpu'); "
        "print(light, done.image.shape, mzsr_basicsr.__file__)"
    )
    done = outside([str(commands / "python"), "-c", code], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True (48, 40, 3) ") and str(commands.parent) in done.stdout


def test_training_says_in_one_line_how_to_get_basicsr(mzsr, tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text("plugin: !!python/name:mzsr_basicsr.PLUGIN\nname: x\n")
    for command in ("train", "test"):
        done = mzsr(command, "-opt", "x.yml")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"error: mzsr {command} needs BasicSR, which is not installed here; "
            "run: python -m mzsr_basicsr.host.install\n"
        )


def test_the_way_out_says_what_it_lacks(commands: Path, tmp_path: Path) -> None:
    """The new environment has no pip."""
    left = tmp_path / "temporary"
    left.mkdir()
    done = outside([str(commands / "python"), "-m", "mzsr_basicsr.host.install"], tmp_path, TMPDIR=str(left))
    assert done.returncode == 1 and not list(left.iterdir())
    *output, last = done.stderr.splitlines()
    assert "No module named pip" in output[-1]
    assert last.startswith("error: the source of BasicSR 1.4.2 cannot be fetched") and "run this again" in last
