"""One pair of `safety.py`: careful adaptation of one LR image, and what every network on its way was worth."""

import argparse
import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from torch import Tensor

from mzsr_basicsr.adaptation import careful
from mzsr_basicsr.adaptation.settings import Manner, Settings, usual_schedule
from mzsr_basicsr.adaptation.zero_shot import super_resolve
from mzsr_basicsr.blind.estimate import estimate_kernel
from mzsr_basicsr.data.photos import decode, to_picture, to_tensor
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.kernel_text import Written, read_text
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, TrainingError
from mzsr_basicsr.meta.rules import RULES
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.options.strict import check_name
from mzsr_basicsr.signals import SIGNALS, SignalSettings
from mzsr_basicsr.upscaling.device import choose_device
from mzsr_basicsr.weights.kernel_net import load_kernel_net, spread_net
from mzsr_basicsr.weights.pretrained import Pretrained, load_pretrained

EQUAL = 100.0  # dB, that stand for a picture without any error


class Examiner:
    """Examine pairs with one network.

    Args:
        arguments: of `safety.parser`.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.choices = arguments
        self.device = choose_device(arguments.device)
        loaded = load_pretrained(arguments.weights)
        self.network = loaded.network.to(self.device)
        self.scale = int(loaded.scale)
        self.settings = make_settings(loaded, arguments)

    def examine(self, folder: str, path: str, kernel: str) -> dict:
        """Adapt to one LR image.

        Returns:
            folder, path, kernel; `psnr` before, halfway, after all updates, of the lowest held-out loss (`best`) and of
            what was kept (`careful`), dB, None for a result that is no picture; `predicted`, the gain that the
            held-out losses promise for `best`, what was kept and the last; numbers of the updates `best` and `kept`.
        """
        start = time.perf_counter()
        hr = self.crop(path)
        truth = true_degradation(kernel, self.scale)
        lq = round_to_8_bits(truth.apply(to_tensor(hr)[None].double())).float().to(self.device)
        told = self.told(kernel, truth, lq).to(lq)
        with watching() as passed:
            adapted = careful.adapt_carefully(self.network, lq, told, self.settings)
        steps = passed or [adapted.params]
        last = len(steps) - 1
        marks = list(adapted.held_out) or [1.0]
        best = marks.index(min(marks))
        at = {"before": 0, "half": last // 2, "after": last, "best": best}
        psnr = {name: self.psnr(steps[update], lq, told, hr) for name, update in at.items()}
        psnr["careful"] = self.psnr(adapted.params, lq, told, hr)
        predicted = {"best": best, "kept": adapted.kept, "last": last}
        row = {"folder": folder, "path": path, "kernel": kernel, "psnr": psnr, "best": best, "kept": adapted.kept}
        row["predicted"] = {name: promise(marks, update) for name, update in predicted.items()}
        row["seconds"] = round(time.perf_counter() - start, 2)
        extra = {"held_out": list(adapted.held_out), "losses": list(adapted.losses)}
        return row | (extra if self.choices.extra else {})

    def crop(self, path: str) -> np.ndarray:
        """Read a photograph's part: (H, W, 3) uint8 RGB, sides at most `crop` and multiples of the scale."""
        with open(path, "rb") as stream:
            image = decode(stream.read(), path)
        image = image if image.dtype == np.uint8 else np.round(image / 257).astype(np.uint8)
        chance = random.Random(f"{self.choices.seed} {path.rpartition('/')[2]}")
        for axis in (0, 1):
            side = min(self.choices.crop, image.shape[axis]) // self.scale * self.scale
            first = chance.randint(0, image.shape[axis] - side)
            image = image.take(range(first, first + side), axis)
        return np.ascontiguousarray(image)

    def told(self, kernel: str, truth: Degradation, lq: Tensor) -> Degradation:
        """Give what adaptation is told: the truth, a kernel of other variances, or an estimate."""
        if self.choices.estimated:
            spread_by = spread_net(truth.subsampling)
            found = estimate_kernel(load_kernel_net(), lq.cpu(), self.scale, truth.subsampling, spread_by=spread_by)
            return Degradation(found.kernel, self.scale, truth.subsampling)
        return true_degradation(kernel, self.scale, self.choices.told)

    def psnr(self, params: dict[str, Tensor], lq: Tensor, told: Degradation, hr: np.ndarray) -> float | None:
        """Measure what parameters make of the LR image, dB; None where that is no picture."""
        try:
            image = super_resolve(self.network, params, lq, told, self.settings)
        except TrainingError:
            return None
        return min(EQUAL, psnr_y(to_picture(image), hr, self.scale))


def make_settings(loaded: Pretrained, choices: argparse.Namespace) -> Settings:
    """Take signal, rule and rates of the weights, or those that were asked for, with rates that suit the rule."""
    given = (("signal", choices.signal, SIGNALS), ("rule", choices.rule, RULES))
    for key, name, known in given:
        if name is not None:
            check_name(f"--{key}", name, known)
    manner, schedule = loaded.manner, loaded.schedule
    if choices.signal is not None or choices.rule is not None:
        signal = loaded.manner.signal if choices.signal is None else SignalSettings(choices.signal)
        usual = "gradient" if signal.name == "son" else "orthogonal"
        manner = Manner(signal, usual if choices.rule is None else choices.rule)
        schedule = schedule if manner == loaded.manner else usual_schedule(manner.rule)
    how = {"seed": choices.seed, "learner": loaded.learner}
    return Settings((choices.updates,), schedule, manner, quantize_son=True, **how)


def true_degradation(kernel: str, scale: int, factor: float = 1.0) -> Degradation:
    """Make the degradation of a test kernel, its variances multiplied by a factor."""
    known = TEST_KERNELS[kernel]
    written = read_text(known.spec)
    if not isinstance(written, Written) or written.shape != "gaussian":
        raise ConfigError(f"kernel: {kernel} is no Gaussian, so that its variances cannot be told wrongly")
    first, second, angle, side = written.numbers
    return Degradation(gaussian_kernel(factor * first, factor * second, angle, int(side)), scale, known.subsampling)


def promise(marks: list[float], update: int) -> float | None:
    """Give the gain that held-out losses predict for an update, dB; None where there is no finite one."""
    if update >= len(marks) or not math.isfinite(marks[update]) or marks[update] <= 0:
        return None
    return 20 * math.log10(marks[0] / marks[update])


@contextmanager
def watching() -> Iterator[list[dict[str, Tensor]]]:
    """Keep the parameters after 0, 1, 2, … updates of a careful adaptation, also those it does not wait for."""
    passed: list[dict[str, Tensor]] = []
    runs = []
    follow = careful.follow

    def watched(*arguments, **more):
        runs.append(follow(*arguments, **more))
        for params, loss in runs[-1]:
            passed.append(params)
            yield params, loss

    careful.follow = watched
    try:
        yield passed
        passed.extend(params for run in runs for params, _ in run)
    finally:
        careful.follow = follow
