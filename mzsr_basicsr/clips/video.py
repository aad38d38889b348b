"""Upscaling a clip: shots are adapted to one by one, finished frames survive a kill, sound is copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

import av

from mzsr_basicsr.clips.clip import Adapted, Clip, Frame, TimedFrame, Upscaling
from mzsr_basicsr.clips.copy import Copied
from mzsr_basicsr.clips.gif import GifSink, probe_gif, read_gif
from mzsr_basicsr.clips.kinds import check_names
from mzsr_basicsr.clips.read import probe_video, read_video
from mzsr_basicsr.clips.scout import Scout
from mzsr_basicsr.clips.shots import ShotUpscaler
from mzsr_basicsr.clips.work_folder import WorkFolder, identify
from mzsr_basicsr.clips.write import VideoSink
from mzsr_basicsr.errors import ImageError

__all__ = ["Adapted", "Frame", "Upscaling", "VideoReport", "upscale_video"]

PART_FRAMES = 32


@dataclass(frozen=True)
class VideoReport:
    """What was done to a clip.

    Attributes:
        frames: how many it has.
        shots: how many shots were told apart.
        resumed: how many frames an interrupted run before had finished.
        audio: "none", "copied" or "left out: why"; "copied; left out: why" if only some streams fit.
        subtitles: the same of the subtitles.
        notes: lines about what was changed, was amiss, or is left out.
    """

    frames: int
    shots: int
    resumed: int
    audio: str
    subtitles: str
    notes: tuple[str, ...] = ()


class _Part(Protocol):
    def __enter__(self) -> _Part: ...
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...
    def add(self, picture: TimedFrame) -> None: ...


class _Sink(Protocol):
    def part(self, path: Path, first: Frame) -> _Part: ...
    def join(self, parts: list[Path], path: Path, frames: int, end: int) -> Copied: ...


def upscale_video(
    source: Path,
    target: Path,
    adapt: Upscaling,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    fingerprint: str = "",
    part_frames: int = PART_FRAMES,
) -> VideoReport:
    """Upscale every frame of a clip.

    Frames stream through: memory does not grow with the length of the clip. Finished frames are kept in a folder
    `.NAME.parts` beside the target, at most `part_frames` in each file. If the run is killed, by Ctrl-C too, that
    folder stays and the same call goes on from there, with the same result; it starts anew if the source, the
    fingerprint or the size of the parts has changed. The target appears whole at the end, and the folder is deleted.

    Times, frame rate, pixel aspect, colour tags (those of HDR too), turn, chapters, title, time code, fonts and covers
    are kept as far as the container can, and what it cannot is said in the report: .mkv and .webm round times to 1 ms,
    .gif to 10 ms and keeps neither colour tags nor pixel aspect. Only the main video stream is taken. Clips of more
    than 8 bits are read and written with 10. Interlaced frames are made whole. What is transparent is laid on black,
    and in a GIF that becomes a video on white. Damage that the decoder can hide is not noticed.

    Args:
        source: a file with one of `kinds.SOURCE_SUFFIXES`.
        target: .mp4, .m4v, .mov, .mkv (H.264, or H.265 for 10 bits), .webm (VP9, AV1) or .gif; replaced if it is there.
        adapt: called with frames of a shot, gives what upscales all frames of that shot. The same frames must give the
            same result in another run, or a resumed clip changes its look inside a shot.
        on_progress: called with the number of frames done and the number of all, an estimate for some files.
        fingerprint: text that names all settings the result depends on.
        part_frames: frames of one part, 1 or more; this many are lost at most when the run is killed.

    Raises:
        ImageError: If a path has the wrong suffix, both are one file, the source is missing, damaged, encrypted or
            without frames, or the target cannot be written.
    """
    _check_paths(source, target)
    clip = probe(source)
    sink: _Sink = GifSink(clip, target) if _is_gif(target) else VideoSink(clip, target)
    settings = {
        "fingerprint": fingerprint,
        "part_frames": part_frames,
        "av": av.__version__,
        "to": target.suffix.lower(),
    }
    with WorkFolder(target, identify(source, settings)) as folder:
        run = _Run(clip, adapt, on_progress, len(folder.parts) * part_frames)
        frames = run.upscaled()
        for first in frames:
            with folder.next_part() as path, sink.part(path, first.pixels) as part:
                for frame in chain([first], islice(frames, part_frames - 1)):
                    part.add(frame)
        with folder.writing(target) as path:
            copied = sink.join(folder.parts, path, run.frames, run.end)
        folder.delete()
    notes = (*sorted(run.notes), *_changes(clip, target, run.clear, copied))
    return VideoReport(run.frames, run.shots.shots, run.resumed, copied.audio, copied.subtitles, notes)


def probe(source: Path) -> Clip:
    """Read what a clip of any kind says of itself.

    Raises:
        ImageError: it is damaged, or holds no moving pictures.
    """
    return (probe_gif if _is_gif(source) else probe_video)(source)


def read_frames(clip: Clip, notes: set[str] | None = None) -> Iterator[TimedFrame]:
    """Decode the frames of a clip of any kind; `notes` takes lines about what was amiss."""
    return read_gif(clip) if clip.is_gif else read_video(clip, notes)


class _Run:
    """One pass over the frames of a clip, of which the first `finished` ones are only counted and looked at."""

    def __init__(
        self,
        clip: Clip,
        adapt: Upscaling,
        on_progress: Callable[[int, int], None] | None,
        finished: int,
    ) -> None:
        self._clip, self._on_progress, self._finished = clip, on_progress, finished
        self.shots = ShotUpscaler(adapt, Scout(read_frames(clip)).shot_from)
        self.frames = self.resumed = self.end = 0
        self.notes: set[str] = set()
        self.clear = clip.alpha

    def upscaled(self) -> Iterator[TimedFrame]:
        """Give the upscaled frames after the finished ones."""
        for frame in read_frames(self._clip, self.notes):
            self.shots.see(frame.pixels)
            self.clear = self.clear or frame.clear is not None
            if self.frames < self._finished:
                self.resumed += 1
            else:
                yield replace(frame, pixels=self.shots.upscale(frame.pixels))
            self.frames += 1
            self.end = frame.start + frame.length
            if self._on_progress is not None:
                self._on_progress(self.frames, max(self.frames, self._clip.frames))


def _changes(clip: Clip, target: Path, clear: bool, copied: Copied) -> Iterator[str]:
    """Say in lines what the result does not have of the source."""
    if clear and not (clip.is_gif and _is_gif(target)):
        yield f"transparent parts are {'white' if clip.is_gif else 'black'} now; clips are written without transparency"
    kept = 8 if _is_gif(target) else 10
    if clip.bits > kept:
        yield f"its {clip.bits} bits of colour became {kept}"
    left = [*copied.left_out, *clip.lost]
    if clip.light and target.suffix.lower() in (".webm", ".gif"):
        left.append("HDR metadata")
    if left:
        yield f"left out, as {target.suffix} does not take it: {', '.join(left)}"


def _is_gif(path: Path) -> bool:
    return path.suffix.lower() == ".gif"


def _check_paths(source: Path, target: Path) -> None:
    check_names(source, target)
    if not target.parent.is_dir():
        raise ImageError(f"{target}: there is no folder {target.parent}; create it first")
    if target.is_dir():
        raise ImageError(f"{target}: is a folder; give the name of a file")
    if target.exists() and target.samefile(source):
        raise ImageError(f"{target}: is the source itself; give another name")
