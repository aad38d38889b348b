"""Adapt weights to a folder of pictures: read them, learn from most, and keep what the others speak for."""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from time import perf_counter
from typing import Any

from mzsr_basicsr.adaptation.descent import start_of
from mzsr_basicsr.collection.choices import AdaptChoices, list_files
from mzsr_basicsr.collection.learning import Way, first_of, learned
from mzsr_basicsr.collection.lessons import Judge, Teacher
from mzsr_basicsr.collection.page import write_page
from mzsr_basicsr.collection.result import ALL_MADE, TIME_UP, Report, content_of
from mzsr_basicsr.collection.state import State, another_run, load_state
from mzsr_basicsr.collection.survey import Member, Survey, held_out, many, survey
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, TrainingError
from mzsr_basicsr.signals import SignalSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.pretrained import Pretrained, load_pretrained

Tell = Callable[[Way | None], None]  # where the learning stands; None while pictures are read
_DECIDE = ("kernel", "kernel_turned", "subsampling", "noise", "nodata", "seed")  # what is learned, beside the weights


def adapt(choices: AdaptChoices, tell: Tell = lambda way: None) -> Report:
    """Adapt, and write the weights file, the page that is asked for, and where it goes on from.

    Args:
        choices: that have been checked.
        tell: called after each picture that is read, and after each step.

    Raises:
        MZSRError: one line; an output that was there stays as it was, and what was learned is in the state.
    """
    begun = perf_counter()
    upscaler = Upscaler(replace(choices.upscale, updates=0, memory=None))
    loaded = _loaded(choices, upscaler)
    network = loaded.network
    start = start_of(network)
    state = load_state(choices.state, _decides(choices, upscaler), start, choices.overwrite)
    _check_outputs(choices, state)
    found = _read(choices, upscaler, state, tell)
    teacher = Teacher(network, loaded.learner, _signal(loaded), start, choices.upscale.seed)
    judges, members = _divided(found.members)
    judge = Judge(teacher, judges)
    state.way = first = _sound(state.way or first_of(start, judge), choices)
    stopped = _learn(learned(first, teacher, members, judge), state, begun, choices, tell)
    way = state.way
    names = tuple(one.name for one in members), tuple(one.name for one in judges)
    domain, seconds = choices.folder.resolve().name, perf_counter() - begun
    report = Report(domain, choices.output, *names, way, stopped, first.step, seconds, found.notices)
    _write(report, loaded, choices, state)
    return report


def _learn(ways: Iterator[Way], state: State, begun: float, choices: AdaptChoices, tell: Tell) -> str:
    """Make steps until time is up or nothing more is expected, and say which; the state goes along.

    Args:
        ways: where the learning stands after each step.
        state: is saved after each judgement, and at the end, however it comes.
        begun: when the call began, seconds.
        choices: minutes that it may take, and steps in all.
        tell: see `adapt`.
    """
    ready, steps = perf_counter(), 0
    if choices.steps is not None and state.way is not None and state.way.step >= choices.steps:
        return ALL_MADE  # an earlier call was given more
    try:
        for way in ways:
            state.way, steps = way, steps + 1
            tell(way)
            if way.history[-1][0] == way.step:  # judged
                state.save()
            now = perf_counter()
            if way.step == choices.steps:
                return ALL_MADE
            if now - begun + (now - ready) / steps > 60 * choices.minutes and not way.ended:
                return TIME_UP
    finally:  # Ctrl-C, too
        state.save()
    return state.way.ended if state.way is not None else ""


def _loaded(choices: AdaptChoices, upscaler: Upscaler) -> Pretrained:
    """Load the starting weights, and refuse those of another scale than the one asked for."""
    file = choices.upscale.weights_file()
    loaded = load_pretrained(file)
    if choices.scale is not None and choices.scale != loaded.scale:
        raise ConfigError(
            f"scale: {choices.scale:g}, but {file} is for x{loaded.scale:g}; leave --scale out, or give others"
        )
    learner = None if loaded.learner is None else loaded.learner.to(upscaler.device)
    return loaded._replace(network=loaded.network.to(upscaler.device), learner=learner)


def _signal(loaded: Pretrained) -> SignalSettings:
    """Learn from what the weights learn from at a test, but always from the own scale too."""
    signal = loaded.manner.signal
    return signal if signal.wavers else SignalSettings("mixed")


def _decides(choices: AdaptChoices, upscaler: Upscaler) -> dict[str, Any]:
    every = asdict(choices.upscale)
    return {"weights": upscaler.fingerprint, **{name: every[name] for name in _DECIDE}}


def _check_outputs(choices: AdaptChoices, state: State) -> None:
    """Refuse to replace files that the run has not written itself."""
    for file in (choices.output, choices.page):
        if file is not None and file.exists() and not choices.overwrite and not state.owns(file):
            raise ConfigError(f"output: {file} is there already; give --overwrite or another name")


def _read(choices: AdaptChoices, upscaler: Upscaler, state: State, tell: Tell) -> Survey:
    """Read all pictures; the kernels that are found stay in the state where this is interrupted."""
    listed = list_files(choices.folder)

    def note(digest: str, degradation: Degradation) -> None:
        state.kernels[digest] = degradation
        tell(None)

    before = len(state.kernels)
    try:
        found = survey(choices.folder, listed.pictures, upscaler, dict(state.kernels), note)
    except (KeyboardInterrupt, SystemExit):
        if len(state.kernels) > before:
            state.save()
        raise
    pictures = hashlib.sha256("".join(one.digest for one in found.members).encode()).hexdigest()
    if state.way is not None and state.pictures != pictures:
        if not choices.overwrite:
            raise another_run(state.path, "the folder holds other pictures by now")
        state.way, state.wrote = None, {}
    state.pictures = pictures
    if not listed.others:
        return found
    count = len(listed.others)
    line = f"{many(count, 'file')} skipped, no picture{'s' * (count != 1)}, as {listed.others[0].name}"
    return replace(found, notices=(line, *found.notices))


def _divided(members: Sequence[Member]) -> tuple[Sequence[Member], Sequence[Member]]:
    """Let the first by their hash judge, and learn from the others."""
    count = held_out(len(members))
    return members[:count], members[count:]


def _sound(way: Way, choices: AdaptChoices) -> Way:
    if not all(map(math.isfinite, way.history[0][1])):
        raise TrainingError(
            f"{choices.upscale.weights_file()}: the held-out loss is not finite before any step; check the weights"
        )
    return way


def _write(report: Report, loaded: Pretrained, choices: AdaptChoices, state: State) -> None:
    """Write the weights and the page; the state stays where the same command would go on."""
    content = content_of(report, loaded.network, choices.upscale.weights_file(), choices.upscale.seed)
    save_atomically(content, choices.output, lambda part: state.announce(choices.output, part))
    page = choices.page
    if page is not None:
        write_page(report, page, lambda part: state.announce(page, part))
    if report.stopped != TIME_UP:
        state.remove()
