"""Weights and other files of tensors: they appear whole or not at all, and are read without running what they carry."""

import errno
import io
import os
import pickle
import re
import shutil
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.files.whole import is_part, part_of
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.weights import check_is_there, locate
from mzsr_basicsr.weights.learner import learner_of
from mzsr_basicsr.weights.manner import manner_of
from mzsr_basicsr.weights.matching import best_match, differences

_TEMPORARY = re.compile(r"\..+\.(pth|state)\.[a-z0-9_]{8}")  # of earlier versions

UNREADABLE: tuple[type[Exception], ...] = (
    *(RuntimeError, EOFError, OSError, MemoryError, ValueError, TypeError, LookupError, AttributeError, OverflowError),
    *(AssertionError, ImportError, pickle.UnpicklingError, struct.error, zipfile.BadZipFile),
)  # what `torch.load` is known to raise on damaged files, and on those with code in them
_MOST_PACKED = 4  # times a file's size


def save_atomically(content: object, path: str | Path, then: Callable[[Path], object] = lambda part: None) -> None:
    """Write with torch.save to a temporary name in the same folder, flush it to disk, then rename.

    Args:
        content: what torch.save takes.
        path: of the file.
        then: called with the written file before it gets its name; if it raises, the file does not appear.

    Raises:
        WeightsError: it cannot be written; a file that was there stays as it was.
    """
    path = Path(path)
    made = io.BytesIO()  # so that the disk's errors are its own, and what is needed is known
    torch.save(content, made)
    try:
        with part_of(path) as part:
            with part.open("r+b") as stream:
                stream.write(made.getbuffer())
                stream.flush()
                os.fsync(stream.fileno())
            then(part)
    except OSError as error:
        raise WeightsError(
            f"{path}: cannot be written ({error.strerror}); {_room(error, made, path.parent)}"
        ) from error


def _room(error: OSError, made: io.BytesIO, folder: Path) -> str:
    """Say what to do about a file that cannot be written."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return f"check the folder {folder} and its rights"
    free = shutil.disk_usage(folder).free
    return f"it needs {len(made.getbuffer()) / 2**20:.1f} MiB, {free / 2**20:.1f} MiB are free; make room in {folder}"


def temporaries(folder: Path) -> list[Path]:
    """Find what `save_atomically` left in a folder where it was killed."""
    left = [path for path in folder.glob(".*") if _TEMPORARY.fullmatch(path.name) or is_part(path)]
    return sorted(path for path in left if path.is_file())


def read_file(path: str | Path, what: str) -> dict[str, Any]:
    """Load a file of ours or of BasicSR's on the CPU, without running any code it may carry.

    Raises:
        WeightsError: the file is missing, damaged, or not what it should be.
    """
    check_is_there(path, what)
    try:
        check_unpacked(path)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Detected pickle protocol")  # of a file that is refused next
            content = torch.load(path, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror}); check its rights") from None
    except UNREADABLE:
        raise WeightsError(f"{path}: damaged, or no {what} that can be loaded safely; replace the file") from None
    if not isinstance(content, dict):
        raise WeightsError(f"{path}: holds a {type(content).__name__}, not a {what}")
    return content


def check_unpacked(path: str | Path) -> None:
    """Refuse a file that unpacks to many times its size: it would fill the memory, and PyTorch packs none.

    Raises:
        ValueError: it does.
        OSError, zipfile.BadZipFile: it cannot be read.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_PACKED * Path(path).stat().st_size + 2**20:
                raise ValueError(f"{path}: packed")


class Loaded(NamedTuple):
    """What was taken from a weights file.

    Attributes:
        key: where the weights stood in it.
        rates: what it holds as learned inner rates.
        differences: what did not fit the network, and was left out; only where the load was not strict.
        manner: of the updates that the rates were learned for.
        learner: start, scope and rule of the updates; None for files that have none of their own.
    """

    key: str
    rates: Any
    differences: list[str]
    manner: Manner
    learner: MetaLearner | None = None


def load_weights(
    network: nn.Module, path: str, param_key: str | None, scale: float, strict: bool = True, ema: bool = True
) -> Loaded:
    """Load a weights file into a network, after checking that it belongs to it.

    Files of others serve too: the weights may stand under any key or be the file itself, and their names may have a
    prefix such as `module.` or `generator.`; what is most like the network is taken.

    Args:
        network: receives the weights.
        path: a file, as one with `params` and maybe `params_ema`, `rates` and `about`; or "shipped:NAME".
        param_key: where they stand; None looks everywhere. `params_ema` falls back to `params`.
        scale: magnification of the run, compared with the file's.
        strict: scale and every tensor must fit; otherwise those that fit are taken.
        ema: without `param_key`, prefer the moving average where there is one, or else prefer the weights themselves.

    Raises:
        WeightsError: the file is missing, damaged, or of another network or scale.
    """
    content = read_file(locate(path), "weights file")
    own = network.state_dict()
    key = "params" if param_key == "params_ema" and param_key not in content and "params" in content else param_key
    found = best_match(content, own, key, ema)
    if found is None:
        raise WeightsError(f"{path}: has no `{key or 'params'}`; it holds: {', '.join(map(str, content))}")
    about = content.get("about")
    trained_for = about.get("scale") if isinstance(about, dict) else None
    if strict and isinstance(trained_for, (int, float)) and trained_for != scale:
        raise WeightsError(
            f"{path}: trained for scale {trained_for:g}, the options say {scale:g}; use weights of that scale"
        )
    problems = differences(found.weights, own)
    fitting = {name: v for name, v in found.weights.items() if name in own and v.shape == own[name].shape}
    if problems and (strict or not fitting):
        raise WeightsError(
            f"{path}: weights of another network than this {type(network).__name__}: {first_five(problems)}"
        )
    network.load_state_dict(fitting, strict=False)
    manner = manner_of(about.get("manner") if isinstance(about, dict) else None, path)
    return Loaded(str(found), content.get("rates"), problems, manner, learner_of(content, network, path))


def first_five(problems: list[str]) -> str:
    """Join the first five of some differences, and count them all."""
    return f"{'; '.join(problems[:5])} ({len(problems)} difference{'s' if len(problems) > 1 else ''})"
