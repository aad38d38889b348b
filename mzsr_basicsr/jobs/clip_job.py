"""Upscale one clip: each shot is adapted to by frames that stand for it, and a record says what was done."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mzsr_basicsr.clips.artefacts import codec_noise, structure
from mzsr_basicsr.clips.clip import TimedFrame
from mzsr_basicsr.clips.scout import Scout
from mzsr_basicsr.clips.video import probe, read_frames, upscale_video
from mzsr_basicsr.jobs.file_jobs import FileJob, compare_path
from mzsr_basicsr.jobs.policy import Record
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.writing import write_picture
from mzsr_basicsr.upscaling.described import describe_adaptation, describe_kernel, describe_offset
from mzsr_basicsr.upscaling.memory import digest
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.upscaler import Plan, Upscaler


class ShotPlans:
    """Plans for the shots of a clip, made one after the other.

    All ask the memory as it is before the clip, and what they learned is written when the clip is: a run that was
    stopped and goes on then finds the same.
    """

    def __init__(self, job: FileJob, upscaler: Upscaler) -> None:
        self._name, self._upscaler = str(job.source), upscaler
        self.known = upscaler.memory.known() if upscaler.memory is not None else None
        self.plans: list[Plan] = []
        self.artefacts: list[float] = []

    def plan(self, shot: Sequence[TimedFrame]) -> Plan:
        """Estimate the kernel from all frames, and adapt to the one with the most structure."""
        frames = [frame.pixels for frame in shot]
        liveliest = max(range(len(frames)), key=lambda index: structure(frames[index]))
        pixels, also = frames[liveliest], frames[:liveliest] + frames[liveliest + 1 :]
        artefacts = codec_noise(shot)
        plan = self._upscaler.plan(pixels, name=self._name, artefacts=artefacts, known=self.known, also=also)
        self.artefacts.append(artefacts)
        self.plans.append(plan)
        return plan

    def adapt(self, shot: Sequence[TimedFrame]) -> Callable[[np.ndarray], np.ndarray]:
        """Give what upscales the frames of a shot."""
        plan = self.plan(shot)
        return lambda frame: self._upscaler.apply(frame, plan, name=self._name)


def run_clip(job: FileJob, upscaler: Upscaler, compare: bool, progress: Progress | None) -> Record:
    """Upscale a clip; the target's folder is there.

    Args:
        job: source and target.
        upscaler: the network and its choices.
        compare: draw the comparison of the first frame, too.
        progress: called with (done, in all), in frames.

    Raises:
        MZSRError: one line; nothing half-written stays.
    """
    shots = ShotPlans(job, upscaler)
    settings = upscaler.settings.as_record()
    knows = None if shots.known is None else digest(shots.known)
    depends = json.dumps({**settings, "weights": upscaler.fingerprint, "memory": knows}, sort_keys=True)
    report = upscale_video(job.source, job.target, shots.adapt, progress, fingerprint=depends)
    if compare:
        _compare(job, upscaler, ShotPlans(job, upscaler) if report.resumed else shots)
    found = [plan.chosen.degradation for plan in shots.plans]
    scale = upscaler.settings.scale
    kernels = [{**describe_kernel(one.kernel), "offset": describe_offset(one, scale)} for one in found]
    told = {plan.notice for plan in shots.plans if plan.notice} | {f"{job.source}: {note}" for note in report.notes}
    return {
        "settings": settings,
        "quality": upscaler.settings.quality,
        "clip": asdict(report),
        "kernels": kernels,
        "artefacts": [round(255 * sigma, 3) for sigma in shots.artefacts],
        "noise": [round(255 * float(one.noise), 3) for one in found],
        "signal": upscaler.manner.signal.name,
        "rule": upscaler.manner.rule,
        "notices": sorted(told),
        "adaptations": [{**describe_adaptation(plan), "memory": upscaler.remember(plan)} for plan in shots.plans],
    }


def _compare(job: FileJob, upscaler: Upscaler, shots: ShotPlans) -> None:
    """Draw the first frame before and after; its shot is planned where the shots given know of none."""
    from mzsr_basicsr.jobs.compare import comparison

    clip = probe(job.source)
    plan = shots.plans[0] if shots.plans else shots.plan(Scout(read_frames(clip)).shot_from(0))
    before, after = (first_frame(path) for path in (job.source, job.target))
    drawn = comparison(before, after, plan.chosen.degradation.kernel, upscaler.settings.scale)
    write_picture(Picture(drawn), job.comparison or compare_path(job.target))


def first_frame(path: Path) -> Picture:
    """Give the first frame of a clip, as 8 bits."""
    pixels = next(read_frames(probe(path))).pixels
    return Picture(pixels if pixels.dtype == np.uint8 else np.rint(pixels / 257).astype(np.uint8))
