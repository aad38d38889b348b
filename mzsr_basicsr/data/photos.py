"""Photographs from folders or LMDB files: found once, read on demand, kept in memory up to a bound."""

import os
import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from weakref import WeakValueDictionary

import cv2
import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.data.folders import check_folder, list_photographs, nothing_in
from mzsr_basicsr.errors import ConfigError, ImageError, MissingBasicSR


class Photos:
    """All photographs below the given roots, sorted, as float RGB tensors.

    Args:
        roots: folders (searched recursively) or, for the lmdb backend, `*.lmdb` folders made by BasicSR.
        backend: "disk" or "lmdb".
        section: option section, for messages.
        cache_mb: memory for decoded photographs in MB; 0 keeps none. Each loader worker has a cache of its own.

    Raises:
        ConfigError: no root.
        ImageError: a root that is missing or holds no photograph.
    """

    def __init__(
        self, roots: str | Sequence[str] | None, backend: Literal["disk", "lmdb"], section: str, cache_mb: int = 0
    ) -> None:
        if not roots:
            raise ConfigError(f"{section}: required key is missing; name a folder of photographs")
        self.roots = [roots] if isinstance(roots, str) else list(roots)
        self.lmdb = backend == "lmdb"
        self.keys = [key for index, root in enumerate(self.roots) for key in self._find(index, root, section)]
        self._clients: list[Any] = []
        self._cache: OrderedDict[int, np.ndarray] = OrderedDict()
        self._free = cache_mb * 2**20

    def _find(self, index: int, root: str, section: str) -> list[tuple[int, str]]:
        if not self.lmdb:
            return [(index, key) for key in list_photographs(root, section)]
        listing = check_folder(root, section) / "meta_info.txt"
        if not listing.is_file():
            raise ImageError(f"{section}: {root} is no LMDB of BasicSR (meta_info.txt is missing)")
        found = [_key(line) for line in listing.read_text(encoding="utf-8").splitlines() if line.strip()]
        if not found:
            raise nothing_in(root, section)
        return [(index, key) for key in found]

    def keep(self, part: tuple[float, float], section: str) -> None:
        """Keep a part of the photographs: the shares of the list where it begins and ends.

        Raises:
            ConfigError: the part holds none.
        """
        first, end = (int(share * len(self.keys)) for share in part)
        if first >= end:
            raise ConfigError(f"{section}: {list(part)} of {len(self.keys)} photographs holds none; give a larger part")
        self.keys = self.keys[first:end]

    def __len__(self) -> int:
        return len(self.keys)

    def path(self, index: int) -> str:
        """Name a photograph: its path, or root and key in an LMDB."""
        root, key = self.keys[index]
        return f"{self.roots[root]}/{key}" if self.lmdb else key

    def image(self, index: int) -> np.ndarray:
        """Read one photograph: (H, W, 3) RGB, uint8 or uint16, maybe from the cache; do not write to it."""
        if index in self._cache:
            self._cache.move_to_end(index)
            return self._cache[index]
        image = decode(self._bytes(index), self.path(index))
        self._remember(index, image)
        return image

    def _bytes(self, index: int) -> bytes:
        root, key = self.keys[index]
        if not self.lmdb:
            try:
                return Path(key).read_bytes()
            except OSError as error:
                raise ImageError(f"{key}: cannot be read ({error.strerror}); mend or remove the file") from error
        if not self._clients:  # opened in the worker that reads
            self._clients = [_open_lmdb(folder) for folder in self.roots]
        content = self._clients[root].get(key, "default")
        if content is None:
            raise ImageError(
                f"{self.path(index)}: meta_info.txt names it, but the LMDB does not hold it; make it again"
            )
        return bytes(content)

    def _remember(self, index: int, image: np.ndarray) -> None:
        while self._cache and image.nbytes > self._free:
            self._free += self._cache.popitem(last=False)[1].nbytes
        if image.nbytes <= self._free:
            self._cache[index] = image
            self._free -= image.nbytes

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_clients": []}  # an open LMDB cannot be handed to another process


def _key(line: str) -> str:
    """Give the key of a line of meta_info.txt, "KEY.png (height,width,channels) level"; a key may have dots itself."""
    name = re.sub(r" \([\d,]+\)( \d+)?$", "", line.strip())
    return name.rpartition(".")[0] or name


_opened: WeakValueDictionary[tuple[str, int], Any] = WeakValueDictionary()  # LMDB folder and process: its client


def _open_lmdb(root: str) -> Any:
    """Open an LMDB folder with BasicSR's client; a process may open it once, for all data sets that read it."""
    try:
        import lmdb
        from basicsr.utils import FileClient
    except ModuleNotFoundError as error:
        if error.name == "lmdb":
            raise ConfigError("io_backend: lmdb needs the package lmdb; run: pip install lmdb") from None
        if error.name != "basicsr":
            raise
        raise MissingBasicSR("io_backend lmdb") from None
    path = os.path.realpath(Path(root).expanduser())
    known = _opened.get((path, os.getpid()))
    if known is not None:
        return known
    try:
        client = FileClient("lmdb", db_paths=path)
    except lmdb.Error as error:
        raise ImageError(f"{root}: no LMDB that can be opened ({error}); make it again") from error
    _opened[path, os.getpid()] = client
    return client


def decode(content: bytes, name: str) -> np.ndarray:
    """Decode an image file: grey becomes RGB, alpha is dropped, 8 and 16 bits are kept.

    Returns:
        (H, W, 3) RGB, uint8 or uint16.

    Raises:
        ImageError: naming the file, where it is not an image that can be read.
    """
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    except cv2.error as error:  # such as more pixels than OpenCV takes
        raise ImageError(f"{name}: cannot be decoded ({error.err}); replace or remove the file") from error
    if image is None:
        raise ImageError(f"{name}: damaged or not an image ({len(content)} bytes); replace or remove the file")
    if image.dtype not in (np.uint8, np.uint16):
        raise ImageError(f"{name}: {image.dtype} pixels; 8 and 16 bit images are supported here")
    if image.ndim == 2:
        return np.repeat(image[:, :, None], 3, axis=2)
    return np.ascontiguousarray(image[:, :, 2::-1])


def to_tensor(image: np.ndarray) -> Tensor:
    """Turn (H, W, 3) RGB of 8 or 16 bits into (3, H, W) float32 in [0, 1]."""
    scaled = image.astype(np.float32) / np.iinfo(image.dtype).max
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))


def to_picture(image: Tensor) -> np.ndarray:
    """Turn (1, 3, H, W) RGB in [0, 1] into (H, W, 3) uint8 RGB, clipped and rounded."""
    levels = torch.round(image[0].detach().clamp(0, 1) * 255).byte()
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())


def random_patch(photos: Photos, index: int, size: int, augment: bool, generator: torch.Generator) -> Tensor:
    """Cut a random square from a photograph, maybe flipped and transposed: (3, size, size) in [0, 1].

    Raises:
        ImageError: the photograph is smaller than the patch.
    """
    image = photos.image(index)
    height, width = image.shape[:2]
    if min(height, width) < size:
        raise ImageError(
            f"{photos.path(index)}: {width}x{height} is smaller than gt_size {size}; remove it or lower gt_size"
        )
    top, left = (int(torch.randint(extent - size + 1, (), generator=generator)) for extent in (height, width))
    patch = to_tensor(image[top : top + size, left : left + size])
    flip_rows, flip_columns, transpose = torch.randint(2, (3,), generator=generator).tolist()
    if not augment:
        return patch
    axes = [axis for axis, flipped in ((1, flip_rows), (2, flip_columns)) if flipped]
    patch = patch.flip(axes)
    return patch.transpose(1, 2).contiguous() if transpose else patch
