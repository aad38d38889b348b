"""BasicSR's own models log a save that fails, and train on; here it ends the training and leaves no half file."""

import shutil
import zipfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from mzsr_basicsr.errors import WeightsError


def mend_saving() -> None:
    """Look at what the models of BasicSR have saved; this package's models save by themselves."""
    from basicsr.models.base_model import BaseModel

    if getattr(BaseModel, "_saving_is_mended", False):
        return
    BaseModel.save_network = _looked_at(BaseModel.save_network, _network)
    BaseModel.save_training_state = _looked_at(BaseModel.save_training_state, _state)
    BaseModel._saving_is_mended = True


def _network(model: Any, net: Any, net_label: str, current_iter: int, param_key: Any = "params") -> Path:
    name = "latest" if current_iter == -1 else current_iter
    return Path(model.opt["path"]["models"]) / f"{net_label}_{name}.pth"


def _state(model: Any, epoch: int, current_iter: int) -> Path | None:
    return None if current_iter == -1 else Path(model.opt["path"]["training_states"]) / f"{current_iter}.state"


def _looked_at(save: Callable[..., None], named: Callable[..., Path | None]) -> Callable[..., None]:
    """Wrap a method that saves: the file it names must be whole."""

    @wraps(save)
    def looked_at(model: Any, *arguments: Any, **keywords: Any) -> None:
        save(model, *arguments, **keywords)
        path = named(model, *arguments, **keywords)
        if path is None or model.opt["rank"] != 0 or zipfile.is_zipfile(path):  # torch's files end as zip files do
            return
        path.unlink(missing_ok=True)
        free = shutil.disk_usage(path.parent).free if path.parent.is_dir() else 0
        raise WeightsError(
            f"{path}: cannot be written (see the log), {free / 2**20:.1f} MiB are free; make room there, then go on "
            "with --auto_resume"
        )

    return looked_at
