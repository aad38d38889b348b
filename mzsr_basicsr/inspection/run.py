"""From files and choices to an inspection."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.inspection.choices import Choices
from mzsr_basicsr.inspection.network import load_network, schedule
from mzsr_basicsr.inspection.record import inspect_image
from mzsr_basicsr.inspection.results import Inspection, Update
from mzsr_basicsr.inspection.subject import Subject, make_pair, read_colours, read_pair
from mzsr_basicsr.upscaling.budget import out_of_memory
from mzsr_basicsr.upscaling.choice import Chosen, choose_kernel, doubt
from mzsr_basicsr.upscaling.device import choose_device
from mzsr_basicsr.upscaling.sample import to_judge_blur


@dataclass(frozen=True, eq=False)
class Report:
    """An inspection with all that it was made from.

    Attributes:
        choices: what was asked for.
        subject: the images.
        chosen: the degradation, and how it was estimated.
        settings: of the adaptation.
        rates: words for the learning rates.
        weights: name of the weights.
        inspection: what was found.
        seconds: of the whole.
    """

    choices: Choices
    subject: Subject
    chosen: Chosen
    settings: Settings
    rates: str
    weights: str
    inspection: Inspection
    seconds: float


def inspect_file(choices: Choices, progress: Callable[[Update], None] = lambda update: None) -> Report:
    """Read, choose, adapt and record.

    Args:
        choices: what to do.
        progress: called after each update.

    Raises:
        MZSRError: one line; nothing is written.
    """
    start = perf_counter()
    device = choose_device(choices.upscale.device)
    loaded = load_network(choices.upscale)
    scale = int(loaded.scale)
    rates, words = schedule(choices, loaded)
    chosen, subject = _prepare(choices, scale)
    settings = Settings(
        updates=(choices.upscale.effort.updates,),
        schedule=rates,
        manner=loaded.manner,
        quantize_son=subject.eight_bits,
        seed=choices.upscale.seed,
        learner=None if loaded.learner is None else loaded.learner.to(device),
    )
    least = float(chosen.degradation.noise)
    noise = max(least, subject.noise) if choices.upscale.noise == "auto" else choices.upscale.noise / 255
    chosen = replace(chosen, degradation=chosen.degradation.with_noise(noise))
    if choices.hr is None:
        subject = _with_doubt(subject, chosen, choices.upscale.kernel_turned)
    lq = subject.lq.to(device)
    try:
        network, degradation = loaded.network.to(device), chosen.degradation.to(lq)
        found = inspect_image(network, lq, degradation, settings, subject.gt, progress)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise ImageError(f"{subject.name}: out of memory on {device}; give --crop 256, or less") from error
    file = choices.upscale.weights_file()
    return Report(choices, subject, chosen, settings, words, file, found, perf_counter() - start)


def _prepare(choices: Choices, scale: int) -> tuple[Chosen, Subject]:
    """Choose the kernel and make the subject: an HR image needs the kernel first, an estimate the LR image."""
    read = read_colours(choices.source)
    side = -(-min(read.picture.pixels.shape[:2]) // (1 if choices.hr is None else scale))  # of the LR image
    sample = lambda: to_judge_blur(read.picture.pixels, read.bands)  # noqa: E731
    chosen = choose_kernel(choices.upscale, scale, sample, side, str(choices.source))
    if choices.hr is None:
        return chosen, read_pair(read, choices.gt, scale, choices.crop)
    return chosen, make_pair(read, chosen.degradation, choices.crop)


def _with_doubt(subject: Subject, chosen: Chosen, turned: bool) -> Subject:
    """Add a notice where the kernel explains the LR image clearly better the other way round."""
    line = doubt(chosen, turned, lambda: to_judge_blur(subject.pixels, subject.bands), subject.name)
    return subject if line is None else replace(subject, notices=(*subject.notices, f"{line}."))
