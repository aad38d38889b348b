"""What was found and done to an image, in plain numbers for people and machines."""

from typing import Any

from torch import Tensor

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.spread import as_gaussian, centre, covariance
from mzsr_basicsr.pictures.parts import Pixels
from mzsr_basicsr.upscaling.plan import Plan
from mzsr_basicsr.upscaling.settings import UpscaleSettings

Record = dict[str, Any]


def describe_run(plan: Plan, settings: UpscaleSettings, pixels: Pixels, seconds: dict[str, float]) -> Record:
    """Put what was found and done into plain numbers; `settings` holds every choice."""
    degradation, estimate, adapted = plan.chosen.degradation, plan.chosen.estimate, plan.adapted
    kernel = degradation.kernel
    return {
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "settings": settings.as_record(),
        "quality": settings.quality,
        "kernel": {
            "subsampling": degradation.subsampling,
            "side": kernel.shape[-1],
            **describe_kernel(kernel),
            "confidence": estimate and round(estimate.confidence, 4),
            "residual": estimate and round(estimate.residual, 4),
        },
        "offset": describe_offset(degradation, settings.scale),
        "noise": round(float(degradation.noise) * 255, 3),
        **describe_adaptation(plan),
        "back_projection": settings.rounds(255 * float(degradation.noise)),
        "signal": plan.manner.signal.name,
        "rule": plan.manner.rule,
        "precision": plan.precision,
        "loss": adapted.losses,
        "held_out_loss": adapted.held_out,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "notices": [plan.notice] if plan.notice else [],
    }


def describe_adaptation(plan: Plan) -> Record:
    """Say how the adaptation to an image, or to the first frame of a shot, went."""
    adapted = plan.adapted
    return {
        "updates_made": max(0, len(adapted.losses) - 1),
        "updates_kept": adapted.kept,
        "began": adapted.began,
        "diverged": adapted.diverged,
        "stopped": adapted.stopped,
    }


def describe_kernel(kernel: Tensor) -> Record:
    """Give the variances in px² and the angle in radians, and (x, y) of the centre of mass in px, right and down."""
    spread = as_gaussian(covariance(kernel))._asdict()
    return {
        **{name: round(value, 4) for name, value in spread.items()},
        "centre": [round(mean, 4) for mean in centre(kernel).tolist()],
    }


def offset_of(degradation: Degradation, scale: float) -> tuple[float, float]:
    """Give (x, y) in px of the result: how far it lies to the right and down of one that is centred on its source."""
    x, y = (shift * scale / float(degradation.scale) for shift in degradation.offset)
    return x, y


def describe_offset(degradation: Degradation, scale: float) -> list[float]:
    """Give `offset_of`, rounded."""
    return [round(shift, 4) + 0.0 for shift in offset_of(degradation, scale)]
