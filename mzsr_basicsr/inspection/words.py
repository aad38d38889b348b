"""What an inspection found, in sentences."""

import math
from typing import NamedTuple

from mzsr_basicsr.degradation.spread import as_gaussian, covariance
from mzsr_basicsr.inspection.results import Inspection, Move
from mzsr_basicsr.upscaling.choice import Chosen

_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
_SEEN = 0.005  # dB; a smaller difference is none in two decimals
_NAMED = 3  # layers


class Summary(NamedTuple):
    """The finding in one sentence, the verdict ("better", "worse", "same" or "unknown"), and further sentences."""

    lead: str
    verdict: str
    more: list[str]


def summarise(found: Inspection) -> Summary:
    """Say what adaptation did, be it good or bad."""
    first, last = found.updates[0], found.updates[-1]
    verdict, what = _verdict(first.psnr, last.psnr), loss_name(found)
    if len(found.updates) == 1:
        known = "" if first.psnr is None else f" PSNR is {decibels(first.psnr)}, SSIM {first.ssim:.4f}."
        return Summary(f"No update was made; {what} is {first.loss:.4g}.{known}", verdict, [])
    if first.copy_psnr is not None and last.copy_psnr is not None:
        learned, words = last.copy_psnr - first.copy_psnr, _copy_words(first.copy_psnr, last.copy_psnr)
    else:
        learned, words = -_loss_change(first.loss, last.loss), _loss_words(what, first.loss, last.loss)
    lead = f"{_count(last.number)} {words}"
    if first.psnr is not None and last.psnr is not None:
        agree = {"better": learned >= 0, "worse": learned <= 0}.get(verdict, True)
        lead += f", {'and' if agree else 'but'} {_psnr_words(first.psnr, last.psnr)}"
    ending = ": adaptation made this image worse." if verdict == "worse" else "."
    return Summary(lead + ending, verdict, [*_truth_words(found), _layer_words(found)])


def loss_name(found: Inspection) -> str:
    """Name the loss that updates descend."""
    return "the son's loss" if found.manner.signal.name == "son" else "the loss"


def decibels(value: float) -> str:
    """Write a PSNR with two decimals."""
    return "infinite (equal images)" if math.isinf(value) else f"{value:.2f} dB"


def gained(first: float, last: float) -> str:
    """Write the difference of two PSNR as they are written themselves, in brackets; nothing for infinite ones."""
    if not (math.isfinite(first) and math.isfinite(last)):
        return ""
    return f" ({round(last, 2) - round(first, 2):+.2f} dB)".replace("-", "−")


def share(value: float) -> str:
    """Write a share as per cent, with two or three figures."""
    percent = 100 * value
    return f"{percent:.3g} %" if 0 < percent < 100 else f"{percent:.0f} %"


def moved_words(move: Move) -> str:
    """Write how far a layer moved: relative to its start, or the distance alone where it started from zeros."""
    return f"{move.distance:.3g} from zero" if move.relative is None else share(move.relative)


def kernel_words(chosen: Chosen, asked: str) -> str:
    """Describe the kernel and the subsampling."""
    spread = as_gaussian(covariance(chosen.degradation.kernel))
    side = chosen.degradation.kernel.shape[-1]
    origin = asked if chosen.estimate is None else f"{asked}: estimated, confidence {chosen.estimate.confidence:.2f}"
    turned = "" if spread.lambda1 - spread.lambda2 < 0.01 else f", {math.degrees(spread.theta):.0f}° turned"
    shape = f"{side}x{side} px, variances {spread.lambda1:.2f} and {spread.lambda2:.2f} px²{turned}"
    return f"{origin} ({shape}), then {chosen.degradation.subsampling} subsampling"


def _count(updates: int) -> str:
    number = _NUMBERS[updates] if updates < len(_NUMBERS) else f"{updates}"
    return f"{number} update{'' if updates == 1 else 's'}"


def _loss_change(first: float, last: float) -> float:
    """Give the relative change; 0 where it is too small to be written."""
    change = (last - first) / first if first else last
    return change if abs(change) >= 5e-4 else 0.0


def _loss_words(what: str, first: float, last: float) -> str:
    change = _loss_change(first, last)
    if change == 0:
        return f"left {what} at {last:.4g}"
    verb = "lowered" if change < 0 else "raised"
    return f"{verb} {what} by {100 * abs(change):.3g} % ({first:.4g} to {last:.4g})"


def _copy_words(first: float, last: float) -> str:
    """Say how well the network makes one smaller copy of its own estimate; the losses are of other copies each."""
    where = "on a smaller copy of the network's own estimate"
    if _verdict(first, last) == "same":
        return f"left PSNR {where} at {decibels(last)}"
    return f"{'raised' if last > first else 'lowered'} PSNR {where} from {first:.2f} to {decibels(last)}"


def _psnr_words(first: float, last: float) -> str:
    if _verdict(first, last) == "same":
        return f"PSNR stayed at {decibels(last)}"
    verb = "rose" if last > first else "fell"
    return f"PSNR {verb} from {first:.2f} to {decibels(last)}{gained(first, last)}"


def _verdict(first: float | None, last: float | None) -> str:
    if first is None or last is None:
        return "unknown"
    if first == last or abs(last - first) < _SEEN:
        return "same"
    return "better" if last > first else "worse"


def _truth_words(found: Inspection) -> list[str]:
    """Name the best update; or say that without a ground truth none can be named."""
    known = [(update.psnr, update.number) for update in found.updates if update.psnr is not None]
    if not known:
        return [
            "There is no ground truth, so this cannot tell whether the image got better: a lower loss says only that "
            f"the network fits {'the son' if found.manner.signal.name == 'son' else 'what it learns from'}."
        ]
    first, last = found.updates[0], found.updates[-1]
    best, number = max(known, key=lambda pair: (pair[0], -pair[1]))
    ssim = f"SSIM went from {first.ssim:.4f} to {last.ssim:.4f}."
    if last.psnr == best or best - (last.psnr or 0.0) < _SEEN:
        return [ssim]
    if number == 0:
        return [f"No update was better than none at all, {decibels(best)}.", ssim]
    return [f"The best was after {number} update{'s' * (number > 1)}: {decibels(best)}.", ssim]


def _layer_words(found: Inspection) -> str:
    moved = found.moved(found.updates[-1].number)
    order = sorted(moved, key=lambda layer: (-(moved[layer].relative or 0.0), -moved[layer].distance))
    named = [f"{layer} ({moved_words(moved[layer])})" for layer in order[:_NAMED] if moved[layer].distance > 0]
    if not named:
        return "No layer moved."
    if len(named) == 1:
        return f"The layer that moved most, relative to its size, is {named[0]}."
    return f"The layers that moved most, relative to their size, are {', '.join(named[:-1])} and {named[-1]}."
