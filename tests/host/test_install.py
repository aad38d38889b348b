"""`python -m mzsr_basicsr.host.install`, up to the wheel of BasicSR; no test changes the environment it runs in."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from mzsr_basicsr.errors import InstallError
from mzsr_basicsr.host import install

SETUP = """version_file = 'basicsr/version.py'


def get_version():
    with open(version_file, 'r') as f:
        exec(compile(f.read(), version_file, 'exec'))
    return locals()['__version__']


print(get_version())
"""


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BasicSR's source as it is fetched and mended."""
    try:
        return install.fetch(tmp_path_factory.mktemp("source"))
    except InstallError as error:
        pytest.skip(f"NOT TESTED: {error}")


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of all temporary files, of this process too."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_one_line_is_mended() -> None:
    before, after = SETUP.splitlines(), install.mend(SETUP).splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ("    return locals()['__version__']", "    return open('VERSION', encoding='utf-8').read().strip()")
    ]


def test_the_mended_text_reads_the_version(tmp_path: Path) -> None:
    (tmp_path / "basicsr").mkdir()
    (tmp_path / "basicsr" / "version.py").write_text("__version__ = '1.4.2'\n")
    (tmp_path / "VERSION").write_text("1.4.2\n")
    (tmp_path / "setup.py").write_text(install.mend(SETUP))
    done = subprocess.run([sys.executable, "setup.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "1.4.2\n"


@pytest.mark.parametrize("text", ["", "setup()\n", install.mend(SETUP), SETUP + SETUP, SETUP.replace("'__v", '"__v')])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(InstallError, match=r"setup.py of BasicSR 1.4.2: the line `return locals\(\)"):
        install.mend(text)


def test_the_source_becomes_a_wheel(source: Path, tmp_path: Path) -> None:
    wheel = install.build(source, tmp_path / "wheels")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        text = archive.read("basicsr-1.4.2.dist-info/METADATA").decode()
    assert wheel.name == "basicsr-1.4.2-py3-none-any.whl"  # nothing is compiled
    assert {"basicsr/train.py", "basicsr/version.py", "basicsr/metrics/niqe_pris_params.npz"} <= held
    assert "Requires-Dist: torchvision" in text


def test_without_an_index_one_line_says_what_to_do(scratch: Path, monkeypatch, capfd) -> None:
    monkeypatch.setattr(install, "_present", lambda: "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(SystemExit) as end:
        install.main()
    assert end.value.code == (
        "error: the source of BasicSR 1.4.2 cannot be fetched (pip download ended with status 1); check the network "
        "and the package index that pip is set to, then run this again"
    )
    assert "No matching distribution found for basicsr==1.4.2" in capfd.readouterr().err
    assert not list(scratch.iterdir())


def test_a_failed_build_ends_with_the_end_of_its_output(tmp_path: Path, capfd) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "setup.py").write_text("raise SystemExit('this is broken')\n")
    with pytest.raises(
        InstallError, match=r"^the wheel of BasicSR 1.4.2 cannot be built \(status \d+\); see the lines"
    ):
        install.build(tmp_path / "broken", tmp_path / "wheels")
    lines = capfd.readouterr().err.splitlines()
    assert any("this is broken" in line for line in lines) and len(lines) <= 20


def test_pip_is_told_to_keep_the_torch_that_is_here() -> None:
    import torch

    (wanted,) = install._torch_as_it_is()
    assert wanted.partition("+")[0] == f"torch=={torch.__version__.partition('+')[0]}"


def test_an_installed_basicsr_is_left_alone(capsys) -> None:
    import basicsr

    install.main()
    out, err = capsys.readouterr()
    assert out == f"BasicSR is already installed, and is left as it is: {basicsr.__file__}\n" and not err
