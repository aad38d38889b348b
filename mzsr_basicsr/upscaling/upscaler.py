"""Upscaler: one image from its pixels to its enlarged pixels, with its kernel, its adaptation and its tiles."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.adaptation.careful import Adapted, adapt_carefully
from mzsr_basicsr.adaptation.limits import Limits
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, ImageError, TrainingError
from mzsr_basicsr.meta.store import Store
from mzsr_basicsr.pictures.bands import Bands
from mzsr_basicsr.pictures.parts import Pixels
from mzsr_basicsr.pictures.prepare import Prepared, prepared
from mzsr_basicsr.upscaling.budget import within_memory
from mzsr_basicsr.upscaling.choice import choose_kernel, doubt
from mzsr_basicsr.upscaling.device import choose_device
from mzsr_basicsr.upscaling.memory import Memory, Recalled, told
from mzsr_basicsr.upscaling.noise import image_noise
from mzsr_basicsr.upscaling.plan import Plan, files_hashed
from mzsr_basicsr.upscaling.precision import choose_precision, computing_in
from mzsr_basicsr.upscaling.render import Job, Progress, reach_of, render
from mzsr_basicsr.upscaling.restore import put_back
from mzsr_basicsr.upscaling.sample import shared_inputs, to_adapt_to, to_judge_blur
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.pretrained import load_pretrained, with_signal

__all__ = ["Plan", "Upscaler"]


class Upscaler:
    """Upscale images with one set of choices; the network is loaded once.

    Args:
        settings: the choices.

    Raises:
        WeightsError: weights that are missing, damaged, or of a scale that is no integer; a memory file that is damaged
            or another's.
        ConfigError: a device that is not there.
    """

    def __init__(self, settings: UpscaleSettings) -> None:
        self.settings = settings
        self.device = choose_device(settings.device)
        self._like = torch.zeros(0, dtype=torch.float32, device=self.device)
        file, memory = settings.weights_file(), settings.memory
        loaded = with_signal(load_pretrained(file), settings.signal)
        if not float(loaded.scale).is_integer():
            raise ConfigError(f"weights: {file} is for x{loaded.scale:g}; give one of an integer scale")
        self.precision = choose_precision(settings.precision, self.device, file)
        self.network = computing_in(loaded.network, self.device, self.precision)
        self.scale = int(loaded.scale)
        self.fingerprint = files_hashed(locate(file), settings.kernel)
        self._measured: tuple[Plan, int] | None = None
        self._settings = Settings(
            updates=(settings.effort.updates,),
            schedule=loaded.schedule,
            manner=loaded.manner,
            self_ensemble=settings.effort.self_ensemble,
            seed=settings.seed,
            learner=None if loaded.learner is None else loaded.learner.to(self.device),
        )
        self.memory = None if memory is None else Memory(memory, self.network, self.scale, self._settings.learner)

    manner = property(lambda self: self._settings.manner, doc="How updates are made: a `Manner`.")

    def plan(
        self,
        pixels: np.ndarray,
        alpha: bool = False,
        name: str = "image",
        artefacts: float = 0.0,
        kernel: Tensor | None = None,
        nodata: float | None = None,
        known: Store | None = None,
        also: Sequence[np.ndarray] | None = None,
    ) -> Plan:
        """Find the kernel and the noise of an image, and adapt the network to it.

        Args:
            pixels: (H, W, C) uint8, uint16 or floating.
            alpha: the last band is straight alpha.
            name: for messages.
            artefacts: σ, [0, 1] intensity, that the noise of a file with artefacts is taken for at least, unless the
                noise is given.
            kernel: (k, k) float64, in the place of the settings'.
            nodata: the value that stands for no data by the image's file; the settings' goes first.
            known: what the memory is to know; None for all that it knows by now.
            also: more frames of its shot, which the kernel is estimated from too; None if it is of no clip.

        Raises:
            ImageError, KernelError: see `describe` and `choose_kernel`.
        """
        ready = self._prepared(pixels, alpha, name, nodata)
        judged = ready.to_judge(), ready.bands, min(pixels.shape[:2])
        return self.plan_from(*judged, name, artefacts, kernel, known, also)

    def plan_from(
        self,
        pixels: Pixels,
        bands: Bands,
        smallest_side: int,
        name: str = "image",
        artefacts: float = 0.0,
        kernel: Tensor | None = None,
        known: Store | None = None,
        also: Sequence[np.ndarray] | None = None,
    ) -> Plan:
        """Do as `plan` by the part of an image that is to be judged, without holes; `smallest_side` is the image's."""
        start, sample = perf_counter(), lambda: to_judge_blur(pixels, bands, also or ())
        chosen = choose_kernel(self.settings, self.scale, sample, smallest_side, name, kernel, also is not None)
        noise = image_noise(self.settings.noise, pixels, bands, artefacts, float(chosen.degradation.noise))
        chosen = replace(chosen, degradation=chosen.degradation.with_noise(noise))
        notice = chosen.notice or doubt(chosen, self.settings.kernel_turned, sample, name)
        found = perf_counter()
        adapted, recalled = self._adapt(pixels, bands, chosen.degradation, known)
        shared = shared_inputs(self.network, pixels, bands, chosen.degradation.to(self._like))
        seconds = {"kernel": found - start, "adaptation": perf_counter() - found}
        return Plan(chosen, adapted, seconds, notice, self.manner, recalled, shared)

    def remember(self, plan: Plan) -> dict[str, Any] | None:
        """Write to the memory, if it served, or raise WeightsError; say what it did, None where there is none."""
        if self.memory is None or plan.recalled is None:
            return None
        return told(plan.recalled, plan.adapted, self.memory.remember(plan.recalled, plan.adapted))

    def apply(
        self,
        pixels: np.ndarray,
        plan: Plan,
        alpha: bool = False,
        name: str = "image",
        progress: Progress | None = None,
        nodata: float | None = None,
    ) -> np.ndarray:
        """Upscale an image by a plan made from it, or from one like it.

        Args:
            pixels: (H, W, C).
            plan: see `plan`.
            alpha: the last band is straight alpha.
            name: for messages.
            progress: called with (px done, px in all) after each tile.
            nodata: see `plan`.

        Returns:
            (ceil(scale * H), ceil(scale * W), C) of the same type.

        Raises:
            ImageError: the result is not finite, or black where the image is not.
        """
        ready = self._prepared(pixels, alpha, name, nodata)
        job, scale = self.job(plan, ready.bands), self.settings.scale
        try:
            result = render(job, ready.pixels, scale, self.settings.tile, progress, lambda: self.reach(job, plan))
        except TrainingError as error:
            raise ImageError(f"{name}: {error}") from error
        return put_back(result, pixels, ready, scale, job.degradation)

    def job(self, plan: Plan, bands: Bands) -> Job:
        """Say what the rendering of an image needs by a plan."""
        degradation = plan.chosen.degradation.to(self._like)
        rounds = self.settings.rounds(255 * float(degradation.noise))
        how = replace(self._settings, back_projection=rounds, shared=plan.shared)
        return Job(self.network, plan.adapted.params, degradation, how, bands, self.device)

    def _prepared(self, pixels: np.ndarray, alpha: bool, name: str, nodata: float | None) -> Prepared:
        return prepared(pixels, alpha, name, nodata if self.settings.nodata is None else self.settings.nodata)

    def reach(self, job: Job, plan: Plan) -> int:
        """Give the network's reach, found once for all frames of a plan: it may take seconds."""
        if self._measured is None or self._measured[0] is not plan:
            self._measured = (plan, reach_of(job))
        return self._measured[1]

    def _adapt(
        self, pixels: Pixels, bands: Bands, degradation: Degradation, known: Store | None
    ) -> tuple[Adapted, Recalled | None]:
        """Adapt, to half as much of the image as often as memory runs out."""
        known = self.memory.known() if self.memory is not None and known is None else known
        return within_memory(lambda budget: self._adapt_within(budget, pixels, bands, degradation, known), self.device)

    def _adapt_within(
        self, budget: int, pixels: Pixels, bands: Bands, degradation: Degradation, known: Store | None
    ) -> tuple[Adapted, Recalled | None]:
        images, parts = to_adapt_to(pixels, bands, self.device, budget)
        settings = replace(self._settings, quantize_son=pixels.dtype == np.uint8)
        degradation = degradation.to(self._like)
        limits = Limits(self.settings.effort.patience, self.settings.effort.time_budget)
        recalled = self.memory.recall(known, images, degradation) if self.memory and known is not None else None
        strategy = recalled.strategy if recalled else None
        return adapt_carefully(self.network, images, degradation, settings, parts, limits, strategy), recalled
