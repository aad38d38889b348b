"""The commands that the campaign kills and starves, what each reads, and what of its output must be the same."""

import hashlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import faults_place as place
from faults_contents import tensors, without_times
from faults_forks import Work, command, ranks

PICTURES = (".png", ".jpg", ".webp", ".tif", ".bmp", ".ppm")
QUICK = ("--kernel", "gaussian:1.0", "--device", "cpu", "--weights", "net.pth")
Contents = dict[str, str]  # of files, by their paths


@dataclass(frozen=True)
class Command:
    """A command of `mzsr`.

    Attributes:
        prepare: makes what it reads, in a folder.
        work: of the whole command; the same once more goes on where it was stopped.
        outputs: folders and files that it writes.
        seconds: of patience with it.
        plain: what of a file must be the same; its bytes by default.
        moved: parts of the names of files that a run which begins afresh moves away, or writes for people.
        grows: parts of the names of files that are another, and whole, while there is more to do.
        chained: what comes of a file depends on those before it, so that one that failed changes the later ones.
    """

    prepare: Callable[[Path], object]
    work: Callable[[], Work]
    outputs: tuple[str, ...]
    seconds: float = 60
    plain: Callable[[Path], object] = Path.read_bytes
    moved: tuple[str, ...] = ()
    grows: tuple[str, ...] = ()
    chained: bool = False


def contents(folder: Path, known: Command) -> Contents:
    """Hash what the visible output files of a command hold; "damaged" for one that cannot be read."""
    found = {}
    for path in files(folder, known):
        if not any(part.startswith(".") for part in Path(path).parts):
            found[path] = _hashed(folder / path, known.plain)
    return found


def hidden(folder: Path, known: Command) -> set[str]:
    """List the hidden files and folders of a command's outputs that are no locks."""
    every = (Path(path) for path in files(folder, known))
    return {str(path) for path in every if any(part.startswith(".") for part in path.parts) and path.suffix != ".lock"}


def files(folder: Path, known: Command) -> list[str]:
    """List all files of a command's outputs and beside them, hidden ones too, but for what it reads."""
    given = {path.split("/")[0] for path in (folder / "given").read_text().split()}
    every = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    kept = [str(path) for path in every if path.parts[0] not in given | {"given"}]
    return sorted(path for path in kept if not any(part in path for part in known.moved))


def prepare(folder: Path, known: Command) -> Path:
    """Make what a command reads, and note the names of it."""
    folder.mkdir(parents=True)
    known.prepare(folder)
    (folder / "given").write_text("\n".join(path.name for path in folder.iterdir() if path.name not in known.outputs))
    return folder


def _hashed(path: Path, plain: Callable[[Path], object]) -> str:
    try:
        content = plain(path)
    except Exception as error:  # noqa: BLE001  whatever a damaged file raises
        return f"damaged: {type(error).__name__}"
    return hashlib.sha256(content if isinstance(content, bytes) else repr(content).encode()).hexdigest()


def _pictures(folder: Path) -> None:
    place.save_network(folder / "net.pth")
    place.save_photos(folder / "in", 6, PICTURES)


def _old_pictures(folder: Path) -> None:
    _pictures(folder)
    place.save_photos(folder / "out", 6, PICTURES)


def _scene(folder: Path) -> None:
    place.save_network(folder / "net.pth")
    place.save_scene(folder / "scene.tif")


def _clip(folder: Path) -> None:
    place.save_network(folder / "net.pth")
    place.save_clip(folder / "clip.mp4", 80)


def _scans(folder: Path) -> None:
    place.save_network(folder / "net.pth")
    (folder / "in").mkdir()
    place.save_volume(folder / "in/a.nii.gz")
    place.save_scan(folder / "in/b.dcm")
    place.save_stack(folder / "in/c.tif")


def _benchmark(folder: Path) -> None:
    place.save_network(folder / "net.pth")
    place.save_photos(folder / "photos", 3)
    (folder / "b.yml").write_text(place.BENCHMARK)


def _training(folder: Path, batch: int) -> None:
    place.save_photos(folder / "photos", 5)
    (folder / "o.yml").write_text(place.OPTIONS.format(batch=batch, total=9))


def _two() -> Work:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return ranks(2, port, command("train", "-opt", "o.yml", "--auto_resume", "--launcher", "pytorch"))


def _upscale(*words: str) -> Callable[[], Work]:
    return lambda: command("upscale", *words, *QUICK, "--skip-existing")


_RUN = ("_archived_", ".log", "o.yml")
COMMANDS = {
    "training": Command(
        lambda folder: _training(folder, 2),
        lambda: command("train", "-opt", "o.yml", "--auto_resume"),
        ("experiments",),
        plain=tensors,
        moved=_RUN,
    ),
    "training of 2 processes": Command(
        lambda folder: _training(folder, 1), _two, ("experiments",), 90, plain=tensors, moved=_RUN
    ),
    "folder, --jobs 2": Command(_pictures, _upscale("in", "-o", "out", "--updates", "2", "--jobs", "2"), ("out",)),
    "folder, over old files": Command(
        _old_pictures,
        lambda: command("upscale", "in", "-o", "out", *QUICK, "--updates", "2", "--overwrite", "--compare"),
        ("out",),
    ),
    "clip": Command(_clip, _upscale("clip.mp4", "-o", "big.mkv", "--updates", "1"), ("big.mkv",)),
    "scene": Command(_scene, _upscale("scene.tif", "-o", "big.tif", "--updates", "1", "--tile", "32"), ("big.tif",)),
    "scans and stacks": Command(_scans, _upscale("in", "-o", "out", "--updates", "1"), ("out",)),
    "memory": Command(
        _pictures,
        _upscale("in", "-o", "out", "--updates", "2", "--memory", "memory.pth"),
        ("out", "memory.pth"),
        plain=tensors,
        grows=("memory.pth",),
        chained=True,
    ),
    "adapt": Command(
        lambda folder: (place.save_network(folder / "net.pth"), place.save_photos(folder / "in", 4)),
        lambda: command("adapt", "in", "-o", "own.pth", *QUICK, "--noise", "0", "--steps", "12"),
        ("own.pth",),
        plain=tensors,
    ),
    "benchmark": Command(
        _benchmark, lambda: command("benchmark", "-opt", "b.yml"), ("results",), plain=without_times, grows=(".json",)
    ),
}  # fmt: skip
