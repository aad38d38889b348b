"""The training of ZSSR on one image (its paper, sections 3.2 and 3.3), and the super-resolution by what it learnt."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.adaptation.ensemble import aligned_results
from mzsr_basicsr.adaptation.zero_shot import back_project
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import TrainingError
from mzsr_basicsr.meta.task import cropped, network_inputs
from mzsr_basicsr.zssr.fathers import Father, draw_pair
from mzsr_basicsr.zssr.own_scale import OwnScale
from mzsr_basicsr.zssr.rate import RateRule
from mzsr_basicsr.zssr.settings import ZSSRSettings


def train(
    network: nn.Module,
    lq: Tensor,
    degradation: Degradation,
    fathers: list[Father],
    settings: ZSSRSettings,
    generator: torch.Generator,
) -> Iterator[float]:
    """Update the network in place, and yield the L1 loss of each update's pair.

    It ends after the last of `settings.updates`, or where the rate has fallen below `settings.last_rate`.

    Raises:
        TrainingError: the loss is not finite.
    """
    rule = RateRule(settings.rate, settings.window, settings.steadiness)
    optimizer = torch.optim.Adam(network.parameters(), settings.rate)
    own = OwnScale(lambda: estimate(network, lq, degradation), degradation, settings)
    for update in range(1, max(settings.updates) + 1):
        pair = own.pair(update, generator) or draw_pair(fathers, degradation, settings, generator)
        with torch.autocast(pair.lq.device.type, torch.bfloat16, settings.precision == "bfloat16"):
            loss = F.l1_loss(_run(network, pair.lq, degradation, pair.gt.shape[-2:]), pair.gt)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not math.isfinite(float(loss.detach())):
            raise TrainingError(f"zssr: the loss is not finite after {update} updates; lower `rate`")
        if update % settings.measure_every == 0:
            rule.note(update, reconstruction_error(network, lq, degradation))
        if update % settings.check_every == 0 and rule.lower(update):
            for group in optimizer.param_groups:
                group["lr"] = rule.rate
        yield float(loss.detach())
        if rule.rate < 0.999 * settings.last_rate:  # it was divided by tens
            return


def reconstruction_error(network: nn.Module, lq: Tensor, degradation: Degradation) -> float:
    """Give the mean squared error of the image that the network makes of its own son."""
    with torch.no_grad(), _as_at_a_test(network):
        son = degradation.with_noise(0.0).apply(lq)
        return float(F.mse_loss(_run(network, son, degradation, lq.shape[-2:]).clamp(0, 1), lq))


def estimate(network: nn.Module, lq: Tensor, degradation: Degradation) -> Tensor:
    """Run the network once: (1, C, ceil(s h), ceil(s w)) in [0, 1]."""
    with torch.no_grad(), _as_at_a_test(network):
        return _run(network, lq, degradation, _enlarged(lq, degradation)).clamp(0, 1)


def super_resolve(network: nn.Module, lq: Tensor, degradation: Degradation, settings: ZSSRSettings) -> Tensor:
    """Give the median of the flips' and transposes' back-projected results, back-projected once more (section 3.3).

    Returns:
        (1, C, ceil(s h), ceil(s w)) in [0, 1].
    """
    rounds = settings.back_projection

    def run(image: Tensor) -> Tensor:
        return _run(network, image, degradation, _enlarged(image, degradation))

    with torch.no_grad(), _as_at_a_test(network):
        if not settings.self_ensemble:
            return back_project(run(lq), lq, degradation, rounds).clamp(0, 1)
        results: list[Tensor] = []
        for result, valid in aligned_results(run, lq, degradation):
            whole = result if not results else torch.where(valid > 0, result, results[0])
            results.append(back_project(whole, lq, degradation, rounds))
        return back_project(median(torch.stack(results)), lq, degradation, rounds).clamp(0, 1)


def median(values: Tensor) -> Tensor:
    """Take the median over the first axis, (n, …) -> (…); of an even number the mean of the middle two."""
    ordered = values.sort(dim=0).values
    return (ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2


@contextmanager
def _as_at_a_test(network: nn.Module) -> Iterator[None]:
    """Put a network into eval mode, and then back into the mode it was in."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


def _enlarged(image: Tensor, degradation: Degradation) -> list[int]:
    return [math.ceil(degradation.scale * extent - 1e-9) for extent in image.shape[-2:]]


def _run(network: nn.Module, image: Tensor, degradation: Degradation, size: torch.Size | list[int]) -> Tensor:
    """Run the network, tell it what it asks for, and crop its output to (H, W)."""
    output = network(image, **network_inputs(network, image, degradation))
    return cropped(network, output, image, size, degradation.scale)
