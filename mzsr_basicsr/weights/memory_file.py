"""The file of a memory: it appears whole or not at all, is written by one at a time, is bounded, and runs no code."""

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.files.lock import alone
from mzsr_basicsr.meta.store import Store, empty_store
from mzsr_basicsr.weights import check_memory_place
from mzsr_basicsr.weights.files import read_file, save_atomically

ENTRIES = 256  # at most
BYTES = 2**25  # of all strategies together, at most; one entry there is always room for
_KIND = "memory of mzsr upscale"
_REST = 2**16  # bytes of the file beside keys, strategies and uses
_ANEW = "give --memory another file, or remove this one"


@dataclass(frozen=True)
class Owner:
    """Who a memory serves; a file of another is refused.

    Attributes:
        scale: of the network.
        network: fingerprint of its parameters, which strategies are moves of.
        width: of a strategy.
        embedding: fingerprint of the task embedding, which keys are codes of.
        size: of a code.
    """

    scale: float
    network: str
    width: int
    embedding: str
    size: int

    @property
    def limit(self) -> int:
        """How many entries a memory has at most."""
        return max(1, min(ENTRIES, BYTES // (2 * self.width)))


class MemoryFile:
    """A memory in a file.

    Args:
        path: need not be there: then nothing is known yet.
        owner: whose it is.

    Raises:
        WeightsError: no memory can have this name.
    """

    def __init__(self, path: str, owner: Owner) -> None:
        check_memory_place(path)
        self.path, self.owner = Path(os.path.realpath(os.path.expanduser(path))), owner

    def read(self) -> Store:
        """Read what is known; nothing where the file is not there.

        Raises:
            WeightsError: it is damaged, too large, no memory, or another's.
        """
        if not os.path.exists(self.path):
            return empty_store(self.owner.size, self.owner.width)
        self._check_size()
        content = self._content()
        self._check_owner(content.get("about"))
        store = Store(*(content.get(name) for name in ("keys", "strategies", "uses")))  # type: ignore[arg-type]
        return self._checked(store)

    def add(self, code: Tensor, strategy: Tensor) -> None:
        """Write what was learned of a task: (size,) and (width,). What others have written meanwhile stays.

        Raises:
            WeightsError: see `read`; or the file cannot be written, and stays as it was.
        """
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(alone(self.path))
            except OSError as error:
                reason = f"{error.strerror}; check the rights of {self.path.parent}"
                raise WeightsError(f"{self.path}: cannot be written ({reason})") from error
            store = self.read().written(code, strategy, self.owner.limit)
            save_atomically({"about": {"kind": _KIND, **asdict(self.owner)}, **vars(store)}, self.path)

    def _check_size(self) -> None:
        """Refuse what is larger than a memory can be, or would be once it is read."""
        entry = 4 * self.owner.size + 2 * self.owner.width + 8
        most = self.owner.limit * entry + _REST
        try:
            size = self.path.stat().st_size
            if size <= most:
                with zipfile.ZipFile(self.path) as parts:
                    size = sum(part.file_size for part in parts.infolist())
        except PermissionError as error:
            raise WeightsError(f"{self.path}: cannot be read ({error.strerror}); check its rights") from error
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
            raise WeightsError(f"{self.path}: damaged, or no memory of mzsr upscale; {_ANEW}") from None
        if size > most:
            raise WeightsError(
                f"{self.path}: {size / 2**20:.1f} MiB are more than any memory of this network has; {_ANEW}"
            )

    def _content(self) -> dict[str, Any]:
        try:
            return read_file(self.path, _KIND)
        except (WeightsError, LookupError, TypeError, ArithmeticError, MemoryError):
            raise WeightsError(f"{self.path}: damaged, or no {_KIND} that can be read safely; {_ANEW}") from None

    def _check_owner(self, about: Any) -> None:
        if not isinstance(about, dict) or about.get("kind") != _KIND:
            raise WeightsError(f"{self.path}: no {_KIND}; {_ANEW}")
        own = asdict(self.owner)
        other = [name for name in own if about.get(name) != own[name]]
        if "scale" in other:
            raise WeightsError(
                f"{self.path}: of scale {about.get('scale')}, the network's is {own['scale']:g}; {_ANEW}"
            )
        if "network" in other or "width" in other:
            raise WeightsError(f"{self.path}: of another network, or of other weights; {_ANEW}")
        if other:
            sizes = f"of size {about.get('size')}, this one's is {own['size']}"
            raise WeightsError(f"{self.path}: of another task embedding ({sizes}); {_ANEW}")

    def _checked(self, store: Store) -> Store:
        expected = vars(empty_store(self.owner.size, self.owner.width))
        values = vars(store)
        alike = all(_alike(values[name], value) for name, value in expected.items())
        if not alike or not len(store.keys) == len(store.strategies) == len(store.uses) <= self.owner.limit:
            raise WeightsError(f"{self.path}: damaged: its entries do not fit each other; {_ANEW}")
        if not all(bool(value.isfinite().all()) for value in values.values()) or bool((store.uses < 1).any()):
            raise WeightsError(f"{self.path}: damaged: it holds numbers that no memory has; {_ANEW}")
        return store


def _alike(value: Any, expected: Tensor) -> bool:
    """Tell whether something read is a plain tensor of a type and of as many entries as there may be."""
    plain = type(value) is torch.Tensor and value.layout == torch.strided and value.device.type == "cpu"
    return (
        plain
        and value.dtype == expected.dtype
        and value.ndim == expected.ndim
        and value.shape[1:] == expected.shape[1:]
    )


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """Hash names, types, shapes and numbers."""
    found = hashlib.sha256()
    for name, value in tensors.items():
        found.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()
