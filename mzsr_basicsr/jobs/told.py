"""What was found and done, in plain numbers for a record."""

from torch import Tensor

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.spread import as_gaussian, centre, covariance
from mzsr_basicsr.jobs.policy import Record
from mzsr_basicsr.upscaling.plan import Plan


def adaptation(plan: Plan) -> Record:
    """Say how the adaptation to an image, or to the first frame of a shot, went."""
    adapted = plan.adapted
    return {
        "updates_made": max(0, len(adapted.losses) - 1),
        "updates_kept": adapted.kept,
        "began": adapted.began,
        "diverged": adapted.diverged,
        "stopped": adapted.stopped,
    }


def numbers(kernel: Tensor) -> Record:
    """Give the variances in px² and the angle in radians, and (x, y) of the centre of mass in px, right and down."""
    spread = as_gaussian(covariance(kernel))._asdict()
    return {
        **{name: round(value, 4) for name, value in spread.items()},
        "centre": [round(mean, 4) for mean in centre(kernel).tolist()],
    }


def offset(degradation: Degradation, scale: float) -> list[float]:
    """Give (x, y) in px of the result: how far it lies to the right and down of one that is centred on its source."""
    return [round(shift * scale / float(degradation.scale), 4) + 0.0 for shift in degradation.offset]
