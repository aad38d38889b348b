"""The record of an inspection for machines: plain numbers, texts and lists."""

import math
from dataclasses import asdict
from typing import Any

from mzsr_basicsr.degradation.spread import as_gaussian, covariance
from mzsr_basicsr.inspection.results import Inspection, Update
from mzsr_basicsr.inspection.run import Report
from mzsr_basicsr.inspection.signal_words import words_of
from mzsr_basicsr.inspection.words import summarise
from mzsr_basicsr.signals.copies import shrink_range
from mzsr_basicsr.upscaling.choice import Chosen

FORM = 1  # of the record; raised when a field changes its meaning


def record_of(report: Report) -> dict[str, Any]:
    """Put everything numeric into one record.

    A PSNR of equal images, which is infinite, is written as the text "inf"; what is not known is None. Distances of
    parameters are Euclidean.
    """
    found, choices = report.inspection, report.choices
    return {
        "form": FORM,
        "source": str(choices.source),
        "lr_made_from_it": choices.hr is not None,
        "ground_truth": None if choices.gt is None else str(choices.gt),
        "weights": report.weights,
        "scale": found.scale,
        "lr_size": list(report.subject.pixels.shape[:2]),
        "sr_size": list(found.size),
        "kernel": _kernel(report.chosen, choices.upscale.kernel),
        "noise": float(report.chosen.degradation.noise) * 255,
        "signal": _signal(report),
        "rates": report.rates,
        "learner": found.began,
        "son_rounded_to_8_bits": report.settings.quantize_son,
        "seed": report.settings.seed,
        "metric": f"8-bit luma; {found.scale} px shaved off each side of the SR image, none off what is made of a son "
        "or a copy",
        "summary": " ".join([summarise(found).lead, *summarise(found).more]),
        "notices": list(report.subject.notices),
        "tensors": [
            {"name": name, "shape": list(shape), "norm": found.norms[name]} for name, shape in found.shapes.items()
        ],
        "layers": found.layers(),
        "pictures": {"updates": list(found.sr), "window": asdict(found.window)},
        "updates": [_update(found, update) for update in found.updates],
        "seconds": round(report.seconds, 3),
    }


def _kernel(chosen: Chosen, asked: str) -> dict[str, Any]:
    estimate = chosen.estimate
    return {
        "asked_for": asked,
        "subsampling": chosen.degradation.subsampling,
        **as_gaussian(covariance(chosen.degradation.kernel))._asdict(),
        "confidence": None if estimate is None else estimate.confidence,
        "residual": None if estimate is None else estimate.residual,
        "weights": chosen.degradation.kernel.tolist(),
    }


def _signal(report: Report) -> dict[str, Any]:
    """Write what was learned from; `shrink` is what was drawn from, None where no copies are."""
    signal, shown = report.inspection.manner.signal, report.inspection.copy
    range_of_copies = signal.shrink or shrink_range(report.chosen.degradation)
    return {
        "asked_for": report.choices.upscale.signal,
        **asdict(signal),
        "shrink": None if shown is None else list(range_of_copies),
        "rule": report.inspection.manner.rule,
        "explanation": " ".join(words_of(signal).sentences),
        "first_copy": None
        if shown is None
        else {"size": list(shown.copy.shape[:2]), "lr_size": list(shown.degraded.shape[:2])},
    }


def _update(found: Inspection, update: Update) -> dict[str, Any]:
    """Write one update; lists are in the order of "tensors" and of "layers"."""
    moves = list(update.moved.values())
    return {
        "update": update.number,
        "loss": update.loss,
        "psnr": _finite(update.psnr),
        "ssim": update.ssim,
        "son_psnr": _finite(update.son_psnr),
        "copy_psnr": _finite(update.copy_psnr),
        "rates": None if update.number == 0 else [move.rate for move in moves],
        "moved": [move.distance for move in moves],
        "moved_relative": [move.relative for move in moves],
        "layers_moved_relative": [move.relative for move in found.moved(update.number).values()],
    }


def _finite(value: float | None) -> float | str | None:
    return "inf" if value is not None and math.isinf(value) else value
