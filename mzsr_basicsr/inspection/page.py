"""The page of an inspection: one HTML file that needs nothing else."""

from collections.abc import Callable
from typing import Any

import numpy as np
from markupsafe import Markup

from mzsr_basicsr.benchmark.report.gallery_pictures import error_map
from mzsr_basicsr.inspection.pictures import ZOOM, Ranges, busiest, caption, change, ranges_of, verdict_map
from mzsr_basicsr.inspection.plots import Plot, heat_map, plots_of
from mzsr_basicsr.inspection.results import Inspection
from mzsr_basicsr.inspection.run import Report
from mzsr_basicsr.inspection.signal_words import step_words, words_of
from mzsr_basicsr.inspection.words import decibels, gained, kernel_words, moved_words, summarise
from mzsr_basicsr.kernel_tools.picture import draw_kernel
from mzsr_basicsr.pages import png_uri, render, webp_uri

WITHOUT_LOSS = 2**21  # px of all SR pictures together, up to which they are embedded as PNG
_MAP_QUALITY = 80
_KERNEL_SIDE = 240  # px
_STAGE = 640  # px of the page, largest width of the large picture

Encode = Callable[[np.ndarray], str]


def page_of(report: Report, animation: str | None) -> str:
    """Make the HTML text.

    Args:
        report: the inspection.
        animation: name of the animated picture beside the page, if there is one.
    """
    found = report.inspection
    lossless = sum(picture.shape[0] * picture.shape[1] for picture in found.sr.values()) <= WITHOUT_LOSS
    encode: Encode = png_uri if lossless else webp_uri
    plots, maps = plots_of(found), ranges_of(found)
    whole = (found.window.height, found.window.width) == found.size
    return render(
        "inspect.html.j2",
        name=report.choices.source.name,
        summary=summarise(found),
        notices=report.subject.notices,
        facts=_facts(report),
        plots=[Markup(plot.svg) for plot in plots],
        heat_map=Markup(heat_map(found).svg) if len(found.updates) > 1 else None,
        data=_data(found, plots, maps, encode),
        views=_views(found, maps),
        size=found.size,
        window=found.window,
        whole=whole,
        enlarged=max(1, _STAGE // found.window.width),
        lossless=lossless,
        layers=found.layers(),
        terms=_terms(found),
        signal=_signal(found),
        lr=png_uri(found.lr),
        son=png_uri(found.son),
        lr_size=report.subject.pixels.shape,
        kernel=png_uri(draw_kernel(report.chosen.degradation.kernel, _KERNEL_SIDE)),
        kernel_words=kernel_words(report.chosen, report.choices.upscale.kernel),
        made=report.choices.hr is not None,
        animation=animation,
        zoom=ZOOM,
    )


def _views(found: Inspection, maps: Ranges) -> list[dict[str, str]]:
    """List what the large picture can show: key, label and the words that explain it."""
    views = [
        ("sr", "SR image", "The super-resolved image after this update."),
        ("change", "Change", f"SR image minus that of update 0, ×{maps.change}, about grey."),
    ]
    if found.gt is not None:
        words = "Where the error of luma fell (blue) or rose (orange) against update 0; full colour is"
        views += [
            ("verdict", "Better or worse", f"{words} {128 / maps.verdict:.3g} levels of 255."),
            (
                "error",
                "Error",
                f"Distance of luma to the HR image: black is none, yellow {maps.error:.0f} levels of 255.",
            ),
            ("hr", "HR image", "The truth; it is the same for all updates."),
        ]
    return [{"key": key, "label": label, "words": words} for key, label, words in views]


def _data(found: Inspection, plots: list[Plot], maps: Ranges, encode: Encode) -> dict[str, Any]:
    """Collect what the script needs."""
    top, left = busiest(found.sr[0])
    return {
        "frames": [_frame(found, number, maps, encode) for number in found.sr],
        "hr": None if found.gt is None else encode(found.gt),
        "lr": png_uri(found.lr),
        "scale": found.scale,
        "zoom": {"x": left, "y": top, "side": min(ZOOM, found.window.height, found.window.width)},
        "largest": max((move.relative or 0.0 for n in found.sr for move in found.moved(n).values()), default=0.0),
        "plots": [{"places": plot.places, "top": plot.top, "bottom": plot.bottom} for plot in plots],
        "last": found.updates[-1].number,
    }


def _frame(found: Inspection, number: int, maps: Ranges, encode: Encode) -> dict[str, Any]:
    """Collect one shown update: its words, its numbers and its pictures."""
    picture, first, moved = found.sr[number], found.sr[0], found.moved(number).values()
    pictures = {"sr": encode(picture), "change": encode(change(picture, first, maps.change))}
    if found.gt is not None:
        pictures["verdict"] = encode(verdict_map(picture, first, found.gt, maps.verdict))
        pictures["error"] = webp_uri(error_map(picture, found.gt, maps.error), _MAP_QUALITY)
    return {
        "number": number,
        "caption": caption(found.updates[number]),
        "words": _numbers(found, number),
        "moved": [move.relative or 0.0 for move in moved],
        "moved_words": [moved_words(move) for move in moved],
        **pictures,
    }


def _terms(found: Inspection) -> list[str]:
    """Name the numbers of `_numbers`."""
    copies = ["PSNR on the first copy"] if found.copy is not None else []
    known = [] if found.gt is None else ["PSNR", "SSIM"]
    return [words_of(found.manner.signal).loss, *copies, "PSNR on the son", *known]


def _signal(found: Inspection) -> dict[str, Any]:
    """Collect what the page says and shows of the signal."""
    shown, name = found.copy, found.manner.signal.name
    pictures = None
    if shown is not None:
        parts = {"estimate": found.window.of(shown.estimate), "smaller": shown.copy, "degraded": shown.degraded}
        pictures = {key: {"uri": png_uri(part), "size": part.shape} for key, part in parts.items()}
    return {"words": words_of(found.manner.signal).sentences, "pictures": pictures, "son": name != "scale"}


def _numbers(found: Inspection, number: int) -> list[str]:
    """Write an update's numbers, each with its change since update 0."""
    first, update = found.updates[0], found.updates[number]
    known = [f"{update.loss:.5f}"]
    known += [decibels(value) for value in (update.copy_psnr, update.son_psnr) if value is not None]
    if update.psnr is not None and first.psnr is not None and update.ssim is not None:
        known += [decibels(update.psnr) + (gained(first.psnr, update.psnr) if number else ""), f"{update.ssim:.4f}"]
    return known


def _facts(report: Report) -> list[tuple[str, str]]:
    """List how it was made."""
    found, noise = report.inspection, 255 * float(report.chosen.degradation.noise)
    height, width = report.subject.pixels.shape[:2]
    shaved = "" if found.gt is None else f", {found.scale} px off each side of the SR image, which is taken whole"
    return [
        ("Weights", f"{report.weights}, ×{found.scale}"),
        ("LR image", f"{width}x{height} px; its son {-(-width // found.scale)}x{-(-height // found.scale)} px"),
        ("Inner rates", report.rates),
        ("Steps", step_words(found.manner.rule)),
        *([("Meta-learner", found.began)] if found.began else []),
        ("Noise", f"σ {noise:.1f} of 255" if noise else "none"),
        ("Metric", "8-bit luma; nothing is shaved off the output on a son or a copy" + shaved),
        ("Time", f"{report.seconds:.1f} s"),
    ]
