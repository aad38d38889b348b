"""How each kind of file is read: as the commands read it, whose errors of its own are `MZSRError` or one line."""

import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import faults_place as place
import numpy as np
from faults_forks import Work, command

ROOM = 3_000_000  # pixel values of a picture that is written again
FRAMES = 200


@cache
def _upscaler(folder: Path) -> object:
    from mzsr_basicsr.upscaling.settings import UpscaleSettings
    from mzsr_basicsr.upscaling.upscaler import Upscaler

    told = {"kernel": "gaussian:1.0", "updates": 0, "noise": 0.0, "device": "cpu", "tile": 32}
    return Upscaler(UpscaleSettings(weights=str(_network(folder)), **told))


@cache
def _network(folder: Path) -> Path:
    return place.save_network(folder / "net.pth")


def weights_ready(folder: Path) -> None:
    """Have the network saved, where readers need one."""
    _network(folder)


def pictures(path: Path, folder: Path) -> None:
    """Read a picture and write it again."""
    from mzsr_basicsr.pictures.reading import read_picture
    from mzsr_basicsr.pictures.writing import encode

    picture = read_picture(path)
    own = {"JPEG": "jpg", "TIFF": "tif", "GIF": "png"}.get(picture.format, picture.format.lower())
    if picture.pixels.size < ROOM:
        encode(picture, own)


def kernels(path: Path, folder: Path) -> None:
    """Read a kernel."""
    from mzsr_basicsr.degradation.kernel_files import load_kernel

    load_kernel(str(path))


def weights(path: Path, folder: Path) -> None:
    """Make an upscaler of a weights file, and upscale by it."""
    from mzsr_basicsr.upscaling.settings import UpscaleSettings
    from mzsr_basicsr.upscaling.upscaler import Upscaler

    told = {"kernel": "gaussian:1.0", "updates": 1, "noise": 0.0, "device": "cpu"}
    upscaler = Upscaler(UpscaleSettings(weights=str(path), **told))
    pixels = place.pixels(0, 24, 24)
    upscaler.apply(pixels, upscaler.plan(pixels))


def memories(path: Path, folder: Path) -> None:
    """Upscale with a memory."""
    from mzsr_basicsr.upscaling.settings import UpscaleSettings
    from mzsr_basicsr.upscaling.upscaler import Upscaler

    told = {"kernel": "gaussian:1.0", "updates": 1, "noise": 0.0, "device": "cpu", "memory": str(path)}
    upscaler = Upscaler(UpscaleSettings(weights=str(_network(folder)), **told))
    pixels = place.pixels(0, 24, 24)
    upscaler.remember(upscaler.plan(pixels))


def states(path: Path, folder: Path) -> None:
    """Go on with a training from its only state."""
    run = folder / "experiments/tiny"
    shutil.rmtree(folder / "experiments", ignore_errors=True)
    shutil.copytree(folder / "whole/experiments", folder / "experiments")
    for other in (run / "training_states").iterdir():
        other.unlink()
    shutil.copy(path, run / "training_states/2.state")
    shutil.copy(folder / "whole/o.yml", folder / "o.yml")
    _ended(folder, command("train", "-opt", "o.yml", "--auto_resume"))


def adaptations(path: Path, folder: Path) -> None:
    """Go on with `mzsr adapt` from a state."""
    work = adapting(folder, "--steps", "9")
    shutil.copy(path, folder / ADAPTATION)
    _ended(folder, work)


def adapting(folder: Path, *words: str) -> Work:
    """Give the work of `mzsr adapt` in a folder that is made ready for it."""
    _network(folder)
    if not (folder / "in").is_dir():
        place.save_photos(folder / "in", 4)
    (folder / "own.pth").unlink(missing_ok=True)
    given = ("--kernel", "gaussian:1.0", "--noise", "0", "--device", "cpu", "--weights", "net.pth")
    return command("adapt", "in", "-o", "own.pth", *given, *words)


ADAPTATION = ".own.pth.state"


def options(path: Path, folder: Path) -> None:
    """Check an option file, as `mzsr train` does before it hands it to BasicSR."""
    from mzsr_basicsr.host.launch import check_option_file

    check_option_file(path, training=True)


def benchmarks(path: Path, folder: Path) -> None:
    """Plan a benchmark."""
    from mzsr_basicsr.benchmark.run.plan import make_plan, read_options

    if not (folder / "photos").is_dir():
        place.save_photos(folder / "photos", 2)
    make_plan(read_options(path))


def clips(path: Path, folder: Path) -> None:
    """Read a clip and write it with frames twice as large."""
    from mzsr_basicsr.clips.video import upscale_video

    def doubled(frame: np.ndarray) -> np.ndarray:
        return frame.repeat(2, 0).repeat(2, 1)

    upscale_video(path, folder / f"out{path.suffix}", lambda shot: doubled)


def fields(path: Path, folder: Path) -> None:
    """Upscale a file of the field."""
    from mzsr_basicsr.jobs.file_jobs import FileJob
    from mzsr_basicsr.jobs.policy import FilePolicy
    from mzsr_basicsr.jobs.worker import run_job

    name = "out.nii.gz" if path.name.endswith(".gz") else f"out{path.suffix}"
    run_job(FileJob(path, folder / name), _upscaler(folder), FilePolicy(overwrite=True))


def _ended(folder: Path, work: Work) -> None:
    """Run a command, whose one line may be its end."""
    from mzsr_basicsr.errors import MZSRError

    os.chdir(folder)
    try:
        work()
    except SystemExit as stop:
        if isinstance(stop.code, str):
            raise MZSRError(stop.code) if stop.code.isprintable() else ValueError(stop.code) from None


READERS: dict[str, Callable[[Path, Path], None]] = {
    "pictures": pictures, "kernels": kernels, "weights": weights, "memories": memories, "states": states,
    "adaptations": adaptations, "options": options, "benchmarks": benchmarks, "clips": clips, "fields": fields,
}  # fmt: skip
