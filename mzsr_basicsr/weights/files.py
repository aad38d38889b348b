"""Weights and other files of tensors: they appear whole or not at all, and are read without running what they carry."""

import contextlib
import errno
import io
import os
import pickle
import re
import secrets
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.weights import check_is_there, locate

_TEMPORARY = re.compile(r"\..+\.(pth|state)\.[a-z0-9_]{8}")  # of this version and of earlier ones


def save_atomically(content: object, path: str | Path) -> None:
    """Write with torch.save to a temporary name in the same folder, flush it to disk, then rename.

    Raises:
        WeightsError: it cannot be written; a file that was there stays as it was.
    """
    path = Path(path)
    made = io.BytesIO()  # so that the disk's errors are its own, and what is needed is known
    torch.save(content, made)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as stream:  # not mkstemp, whose files only their owner may read
            stream.write(made.getbuffer())
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise WeightsError(
            f"{path}: cannot be written ({error.strerror}); {_room(error, made, path.parent)}"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _room(error: OSError, made: io.BytesIO, folder: Path) -> str:
    """Say what to do about a file that cannot be written."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return f"check the folder {folder} and its rights"
    free = shutil.disk_usage(folder).free
    return f"it needs {len(made.getbuffer()) / 2**20:.1f} MiB, {free / 2**20:.1f} MiB are free; make room in {folder}"


def temporaries(folder: Path) -> list[Path]:
    """Find what `save_atomically` left in a folder where it was killed."""
    return sorted(path for path in folder.glob(".*") if _TEMPORARY.fullmatch(path.name) and path.is_file())


def read_file(path: str | Path, what: str) -> dict[str, Any]:
    """Load a file of ours or of BasicSR's on the CPU, without running any code it may carry.

    Raises:
        WeightsError: the file is missing, damaged, or not what it should be.
    """
    check_is_there(path, what)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, AttributeError, pickle.UnpicklingError):
        raise WeightsError(f"{path}: damaged, or no {what} that can be loaded safely; replace the file") from None
    if not isinstance(content, dict):
        raise WeightsError(f"{path}: holds a {type(content).__name__}, not a {what}")
    return content


def load_weights(
    network: nn.Module, path: str, param_key: str | None, scale: float, strict: bool = True
) -> dict[str, Any]:
    """Load a weights file into a network, after checking that it belongs to it.

    Args:
        network: receives the weights.
        path: file with `params` and maybe `params_ema`, `rates` and `about`; or "shipped:NAME".
        param_key: which of them; None takes `params_ema` where there is one.
        scale: magnification of the run, compared with the file's.
        strict: scale and every tensor must fit; otherwise those that fit are taken.

    Returns:
        The whole content of the file.
    """
    content = read_file(locate(path), "weights file")
    key = param_key or ("params_ema" if "params_ema" in content else "params")
    if key == "params_ema" and key not in content and "params" in content:
        key = "params"
    if key not in content:
        raise WeightsError(f"{path}: has no `{key}`; it holds: {', '.join(map(str, content))}")
    trained_for = content.get("about", {}).get("scale", scale)
    if strict and trained_for != scale:
        raise WeightsError(
            f"{path}: trained for scale {trained_for:g}, the options say {scale:g}; use weights of that scale"
        )
    weights = {name.removeprefix("module."): value for name, value in content[key].items()}
    fitting = _fitting(network, weights, path, strict)
    network.load_state_dict(fitting, strict=strict)
    return content


def _fitting(network: nn.Module, weights: dict[str, Tensor], path: str, strict: bool) -> dict[str, Tensor]:
    own = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    theirs = {name: tuple(value.shape) for name, value in weights.items()}
    problems = [f"missing {name} {shape}" for name, shape in own.items() if name not in theirs]
    problems += [f"unexpected {name} {shape}" for name, shape in theirs.items() if name not in own]
    problems += [
        f"{name} is {theirs[name]}, needs {own[name]}"
        for name in sorted(own.keys() & theirs.keys())
        if own[name] != theirs[name]
    ]
    if problems and strict:
        more = f" (+{len(problems) - 6} more)" if len(problems) > 6 else ""
        raise WeightsError(
            f"{path}: weights of another network than this {type(network).__name__}: {'; '.join(problems[:6])}{more}"
        )
    return {name: value for name, value in weights.items() if own.get(name) == theirs[name]}
