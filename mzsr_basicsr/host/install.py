"""Install BasicSR 1.4.2 into the environment of the running Python: `python -m mzsr_basicsr.host.install`.

`pip install basicsr` alone fails or costs much. From Python 3.13 on BasicSR's setup.py cannot read its own version, and
in pip's isolation its build fetches a second PyTorch (`setup_requires`). So the source is fetched without being built,
one line of it is mended, and the wheel is built beside the PyTorch that is here. All comes from the index that pip is
set to.
"""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from mzsr_basicsr.errors import InstallError, MZSRError
from mzsr_basicsr.jobs.streams import never_raise, put_out, say

VERSION = "1.4.2"
_SETUPTOOLS = "setuptools>=70.1"  # makes wheels without the package `wheel`; BasicSR imports distutils from it
_UNREADABLE = "    return locals()['__version__']\n"  # what `exec` binds is not in `locals()` since Python 3.13
_READABLE = "    return open('VERSION', encoding='utf-8').read().strip()\n"  # what version.py was written from
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
_AGAIN = "mend that, then run this again"
_OTHER_BUILD = "if they name torchvision, take it from where this PyTorch came from: both must be of one build"
_TAIL = 20  # lines of a failed command's output


def main() -> None:
    """Install BasicSR, or say that it is there; what fails ends with one line and exit status 1."""
    never_raise()
    found = _present()
    if found:
        put_out(f"BasicSR is already installed, and is left as it is: {found}")
        return
    try:
        install()
    except MZSRError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("error: interrupted")


def install() -> None:
    """Fetch, mend, build and install BasicSR with all that it needs; each step is one line of text.

    Raises:
        InstallError: a step failed; the end of its output is on the standard error.
    """
    with tempfile.TemporaryDirectory(prefix="mzsr_basicsr_") as folder:
        scratch = Path(folder)
        put_out(f"1/4  Fetching the source of BasicSR {VERSION} …")
        source = fetch(scratch)
        put_out("2/4  Building its wheel …")
        wheel = build(source, scratch / "wheels")
        put_out("3/4  Installing it with what it needs (some minutes on a first run) …")
        wanted = [str(wheel), "torchvision", _SETUPTOOLS, *_torch_as_it_is()]
        _run([*_PIP, "install", *wanted], f"BasicSR {VERSION} cannot be installed into {sys.prefix}")
    put_out("4/4  Loading it with the plug-in …")
    loaded = [sys.executable, "-W", "ignore", "-c", "import mzsr_basicsr; mzsr_basicsr.PLUGIN"]
    _run(loaded, f"BasicSR {VERSION} is installed into {sys.prefix}, but cannot be imported", remedy=_OTHER_BUILD)
    put_out(f"BasicSR {VERSION} is installed.")


def fetch(scratch: Path) -> Path:
    """Fetch and unpack BasicSR's source archive, and mend it.

    pip has no command that fetches a source archive and leaves it alone: it also asks setup.py for metadata, which is
    what fails. With `--no-clean` it leaves the unpacked source in its temporary folder, whether that fails or not.

    Args:
        scratch: an empty folder of one's own, for all that pip leaves behind.

    Returns:
        The folder of the source.

    Raises:
        InstallError: pip could not fetch it, or left something else than expected.
    """
    for name in ("unpacking", "archive"):
        (scratch / name).mkdir()
    command = [*_PIP, "download", "--no-clean", "--no-deps", "--no-build-isolation", "--no-binary", "basicsr"]
    command += ["--dest", str(scratch / "archive"), f"basicsr=={VERSION}"]
    status, output = _outcome(command, scratch / "unpacking")
    sources = [p.parent for p in (scratch / "unpacking").rglob("setup.py") if _is_basicsr(p.parent)]
    if not sources:
        say("\n".join(output.splitlines()[-_TAIL:]))
        raise InstallError(
            f"the source of BasicSR {VERSION} cannot be fetched (pip download ended with status {status}); check the "
            "network and the package index that pip is set to, then run this again"
        )
    setup = sources[0] / "setup.py"
    setup.write_text(mend(setup.read_text("utf-8")), encoding="utf-8")
    return sources[0]


def mend(text: str) -> str:
    """Mend the one line of BasicSR's setup.py that fails from Python 3.13 on.

    Args:
        text: of setup.py.

    Returns:
        The text with that line replaced.

    Raises:
        InstallError: the line is not there exactly once.
    """
    if text.count(_UNREADABLE) != 1:
        raise InstallError(
            f"setup.py of BasicSR {VERSION}: the line `{_UNREADABLE.strip()}` is not there once; this is another "
            f"source than the one known here, install it by hand: pip install --no-build-isolation basicsr=={VERSION}"
        )
    return text.replace(_UNREADABLE, _READABLE)


def build(source: Path, folder: Path) -> Path:
    """Build BasicSR's wheel beside the packages that are installed here; it compiles nothing.

    Args:
        source: folder of its mended setup.py.
        folder: for the wheel, made here.

    Returns:
        The wheel.

    Raises:
        InstallError: it cannot be built.
    """
    what = f"the wheel of BasicSR {VERSION} cannot be built"
    _run([*_PIP, "install", _SETUPTOOLS], what)
    options = ["--no-build-isolation", "--no-deps", "--use-pep517", "--wheel-dir", str(folder)]
    _run([*_PIP, "wheel", *options, str(source)], what, source.parent)
    wheels = sorted(folder.glob("basicsr-*.whl"))
    if not wheels:
        raise InstallError(f"{what}: pip wheel left none in {folder}; update pip, then run this again")
    return wheels[0]


def _present() -> str:
    """Where BasicSR is imported from, or nothing where it is not installed."""
    spec = importlib.util.find_spec("basicsr")
    return spec.origin or "" if spec else ""


def _torch_as_it_is() -> list[str]:
    """The requirement that pip picks a torchvision for the PyTorch that is here, instead of another PyTorch."""
    try:
        return [f"torch=={importlib.metadata.version('torch')}"]
    except importlib.metadata.PackageNotFoundError:
        return []


def _is_basicsr(folder: Path) -> bool:
    version = folder / "VERSION"
    return (folder / "basicsr").is_dir() and version.is_file() and version.read_text("utf-8").strip() == VERSION


def _run(command: list[str], what: str, temporary: Path | None = None, remedy: str = _AGAIN) -> None:
    """Run a command that must succeed.

    Args:
        command: with its arguments.
        what: fails if it does not, and where.
        temporary: folder for its temporary files (default: the system's).
        remedy: what to do then.

    Raises:
        InstallError: it did not; the end of its output is on the standard error.
    """
    status, output = _outcome(command, temporary)
    if status != 0:
        say("\n".join(output.splitlines()[-_TAIL:]))
        raise InstallError(f"{what} (status {status}); see the lines above: {remedy}")


def _outcome(command: list[str], temporary: Path | None = None) -> tuple[int, str]:
    """Run a command, with its temporary files in a given folder: its exit status and all that it wrote."""
    places = {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")} if temporary else {}
    environment = {**os.environ, "BASICSR_EXT": "False", **places}  # its CUDA extensions would need a compiler
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


if __name__ == "__main__":
    main()
