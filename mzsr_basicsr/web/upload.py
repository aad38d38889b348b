"""A file as it comes in: refused in a line where it cannot be upscaled, else told in a few words."""

from dataclasses import dataclass
from pathlib import Path

from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.fields.kinds import OWN_KIND, check_field, field_of
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.web.limits import Limits

_SHOWN = (".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".webp", ".gif", ".bmp", ".avif")  # by every browser
_PLAYED = (".mp4", ".webm", ".m4v")


@dataclass(frozen=True)
class Upload:
    """A file that was taken.

    Attributes:
        path: in the visitor's folder.
        kind: such as "JPEG" or "clip".
        size: width and height, px, as stored; None where only work tells.
        frames: of a clip, 0 where its file does not tell.
        clip: whether it moves.
    """

    path: Path
    kind: str
    size: tuple[int, int] | None = None
    frames: int = 0
    clip: bool = False

    @property
    def preview(self) -> str:
        """How a browser shows it: "img", "video", or not at all."""
        suffix = self.path.suffix.lower()
        if self.clip and suffix != ".gif":
            return "video" if suffix in _PLAYED else ""
        return "img" if suffix in _SHOWN else ""

    def words(self, scale: float) -> str:
        """Say what it is, and how large its result will be."""
        if self.size is None:
            return self.kind
        width, height = self.size
        frames = f", {self.frames} frames" if self.frames else ""
        larger = f"{_larger(width, scale)} × {_larger(height, scale)}"
        return f"{self.kind}, {width} × {height} px{frames} → {larger} px"


def examine(path: Path, limits: Limits) -> Upload:
    """Look at a file that was sent, as far as its first bytes tell.

    Raises:
        ImageError: it is too large, of no kind that is read, or damaged.
        ConfigError: the library for its kind is missing.
    """
    try:
        return _examined(path, limits)
    except (ImageError, ConfigError) as error:
        raise type(error)(str(error).replace(f"{path.parent}/", "")) from error


def _examined(path: Path, limits: Limits) -> Upload:
    if path.stat().st_size > limits.bytes:
        size = path.stat().st_size / 10**6
        raise ImageError(f"{path}: {size:.0f} MB, and this page takes {limits.megabytes:g} MB (--limit-mb)")
    if FileJob(path, path).video:
        return _clip(path, limits)
    field = field_of(path)
    if field is not None and field in OWN_KIND:
        check_field(path, path, field)
        return Upload(path, OWN_KIND[field][0])
    from mzsr_basicsr.pictures.header import read_header
    from mzsr_basicsr.pictures.reading import read_picture

    picture = read_header(path) or read_picture(path, max_pixels=limits.pixels)  # the latter says what is wrong
    height, width = picture.pixels.shape[:2]
    _check_pixels(path, width, height, limits)
    return Upload(path, picture.format, (width, height))


def _clip(path: Path, limits: Limits) -> Upload:
    from mzsr_basicsr.clips.kinds import check_names
    from mzsr_basicsr.clips.video import probe  # brings FFmpeg

    check_names(path, path.with_suffix(".mp4"))
    found = probe(path)
    _check_pixels(path, found.width, found.height, limits)
    return Upload(path, "clip", (found.width, found.height), found.frames, clip=True)


def _check_pixels(path: Path, width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise ImageError(
            f"{path}: {width} × {height} is {width * height / 10**6:.0f} megapixels, and this page takes "
            f"{limits.megapixels:g} (--limit-megapixels); cut it, or use `mzsr upscale`"
        )


def _larger(side: int, scale: float) -> int:
    return -int(-side * scale // 1)
