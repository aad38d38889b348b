"""The pictures of a collection: read, told apart by their content, and each with its own degradation."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.adaptation.careful import CROP, SMALLEST
from mzsr_basicsr.collection.choices import ONE
from mzsr_basicsr.degradation.noise import jpeg_noise
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError, MZSRError
from mzsr_basicsr.pictures.bands import Bands
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.prepare import prepared
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.upscaling.sample import to_adapt_to
from mzsr_basicsr.upscaling.upscaler import Upscaler

MOST = 200  # pictures; of larger folders so many are taken, by the hash of their names
HELD = 24  # px that are held of all pictures together, as a power of 2; 16 bits a channel
FULL = 65535


@dataclass(frozen=True, eq=False)
class Member:
    """A picture of the collection.

    Attributes:
        name: below the folder.
        digest: SHA-256 of its file.
        parts: (n, 1 or 3, h, w) uint16, [0, 1] times 65535: planes of the whole picture, or of its liveliest parts.
        degradation: how it is thought to have been made, on the CPU in float64.
        quantize: whether its pixels have 8 bits.
        dpi: dots per inch that its file states.
    """

    name: str
    digest: str
    parts: np.ndarray
    degradation: Degradation
    quantize: bool
    dpi: int | None = None


@dataclass(frozen=True, eq=False)
class Survey:
    """The members, the first by their hash before the others, and lines for people about what was left out."""

    members: tuple[Member, ...]
    notices: tuple[str, ...]


def survey(
    folder: Path,
    paths: Sequence[Path],
    upscaler: Upscaler,
    known: Mapping[str, Degradation],
    tell: Callable[[str, Degradation], None],
) -> Survey:
    """Read the pictures of a folder.

    Args:
        folder: that they lie in.
        paths: of the pictures.
        upscaler: finds their kernels and noise.
        known: degradations that were found before, by the hash of the file.
        tell: called with the hash of each picture and its degradation.

    Raises:
        ImageError: fewer than two can be used.
    """
    chosen = _chosen(folder, paths)
    budget = max(CROP**2, 2**HELD // len(chosen))
    members: dict[str, Member] = {}
    refused: list[str] = []
    same = untold = 0
    for path in chosen:
        try:
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            if digest in members:
                same += 1
                continue
            member, notice = _member(path, content, digest, upscaler, known.get(digest), budget)
        except (OSError, MZSRError) as error:
            refused.append(str(error))
            continue
        members[digest] = Member(**{**vars(member), "name": path.relative_to(folder).as_posix()})
        untold += notice is not None
        tell(digest, member.degradation)
    if len(members) < 2:
        raise ImageError(_too_few(folder, len(members), refused, same))
    found = tuple(sorted(members.values(), key=lambda one: one.digest))
    return Survey(found, tuple(_notices(found, len(paths), len(chosen), refused, same, untold)))


def held_out(count: int) -> int:
    """Give how many of some pictures are held out: a fifth, at least one, at most six."""
    return min(6, max(1, count // 5))


def planes_of(parts: np.ndarray, device: torch.device) -> Tensor:
    """Turn parts of a member, (…, 1 or 3, h, w) uint16, into what a network takes: (…, 3, h, w) float32 in [0, 1]."""
    planes = torch.from_numpy(parts.astype(np.float32) / np.float32(FULL)).to(device)
    return planes.expand(*planes.shape[:-3], 3, -1, -1)


def _chosen(folder: Path, paths: Sequence[Path]) -> list[Path]:
    """Choose the pictures of a large folder by chance, the same ones each time."""
    if len(paths) <= MOST:
        return list(paths)
    name = lambda path: hashlib.sha256(path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")).digest()  # noqa: E731
    return sorted(sorted(paths, key=name)[:MOST])


def _member(
    path: Path, content: bytes, digest: str, upscaler: Upscaler, known: Degradation | None, budget: int
) -> tuple[Member, str | None]:
    """Read one picture, as `mzsr upscale` does, and find how it was made; beside it a line about its kernel."""
    picture = read_picture(content, str(path))
    nodata = picture.nodata if upscaler.settings.nodata is None else upscaler.settings.nodata
    ready = prepared(picture.pixels, picture.alpha, str(path), nodata)
    pixels = ready.to_judge()
    if min(pixels.shape[:2]) < SMALLEST:
        height, width = pixels.shape[:2]
        raise ImageError(f"{path}: {width}x{height} px are too few to learn from; at least {SMALLEST}x{SMALLEST} px")
    notice = None
    if known is None:
        artefacts = jpeg_noise(picture.quantization)
        plan = upscaler.plan(picture.pixels, picture.alpha, str(path), artefacts, nodata=nodata)
        known, notice = plan.chosen.degradation, plan.notice
    parts = _kept(pixels, ready.bands, budget)
    return Member(path.name, digest, parts, known, pixels.dtype == np.uint8, _dpi(picture)), notice


def _kept(pixels: np.ndarray, bands: Bands, budget: int) -> np.ndarray:
    """Keep a picture, or parts of it where it is larger than the budget, px."""
    planes, _ = to_adapt_to(pixels, bands, torch.device("cpu"), budget)
    most = max(1, budget // (planes.shape[-2] * planes.shape[-1]))
    if len(planes) > most:  # of many bands
        planes = planes[[round(place) for place in np.linspace(0, len(planes) - 1, most)]]
    channels = planes if bands.colours == 3 else planes[:, :1]
    return (channels.numpy() * np.float32(FULL) + np.float32(0.5)).astype(np.uint16)


def _dpi(picture: Picture) -> int | None:
    return None if picture.dpi is None else round(picture.dpi[0])


def _too_few(folder: Path, used: int, refused: list[str], same: int) -> str:
    left_out = [f"{same} the same as another" if same else "", f"{len(refused)} refused" if refused else ""]
    why = f" ({', '.join(part for part in left_out if part)})" if same or refused else ""
    first = f"; the first: {refused[0]}" if refused else ""
    return f"adapt: {folder} holds {many(used, 'picture')} that can be used{why}; {ONE}{first}"


def _notices(
    members: Sequence[Member], listed: int, chosen: int, refused: list[str], same: int, untold: int
) -> list[str]:
    """Say what was left out, and what the pictures have not in common."""
    said = []
    if chosen < listed:
        said.append(f"{listed} pictures; {chosen} of them, by chance, are learned from")
    if refused:
        said.append(f"{many(len(refused), 'picture')} skipped, that cannot be used; the first: {refused[0]}")
    if same:
        said.append(f"{many(same, 'picture')} skipped, the same as another")
    if untold:
        said.append(
            f"{many(untold, 'picture')} with a doubtful kernel; `mzsr upscale` says of each what it is taken for"
        )
    stated = sorted({one.dpi for one in members if one.dpi})
    if len(stated) > 1:
        counts = ", ".join(f"{sum(one.dpi == dpi for one in members)} of {dpi} dpi" for dpi in stated)
        said.append(f"two scales or more: {counts}; each has its own kernel, but a folder for each teaches more")
    return said


def many(count: int, what: str) -> str:
    """Count things, in the plural unless there is one."""
    return f"{count} {what}{'s' * (count != 1)}"
