"""The descent of a meta-test: lessons are taken one after the other, and each moves the parameters a step."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.rules import RULES, State
from mzsr_basicsr.meta.task import Lessons, Loss, Params, PixelLoss
from mzsr_basicsr.signals import Scene


def scene_of(
    network: nn.Module,
    lq: Tensor,
    degradation: Degradation,
    settings: Settings,
    told: Degradation,
    pixel_loss: PixelLoss = F.l1_loss,
) -> Scene:
    """Make the scene of a signal; see `adapt`."""
    given = (settings.quantize_son, settings.son_noise, settings.seed)
    return Scene(network, lq, degradation, told, pixel_loss, *given)


def start_of(network: nn.Module) -> Params:
    """Give the parameters that adaptation starts from: those that can be trained."""
    return {name: value.detach() for name, value in network.named_parameters() if value.requires_grad}


def follow(lessons: Lessons, params: Params, settings: Settings) -> Iterator[tuple[Params, float]]:
    """Take lessons one after the other; see `adapt`."""
    rule, state = RULES[settings.manner.rule], State()
    best, best_loss, waited = params, float("inf"), 0
    last = max(settings.updates)
    for update in range(last + 1):
        if not 0 < settings.early_stop <= waited:
            loss, slope = _loss_and_slope(lessons(update, params), params, with_slope=update < last)
            best, best_loss, waited = (params, loss, 0) if loss < best_loss else (best, best_loss, waited + 1)
            direction = rule(slope, state) if update < last else slope
            here, next_params = params, _descend(params, direction, settings.schedule.at(update, len(params)))
        if settings.early_stop:
            here, loss = best, best_loss
        yield here, loss
        params = next_params


def _loss_and_slope(loss_of: Loss, params: Params, with_slope: bool) -> tuple[float, list[Tensor]]:
    if not with_slope:  # the last update has been made: only its loss is wanted
        with torch.no_grad():
            return float(loss_of(params)), [torch.zeros_like(value) for value in params.values()]
    leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
    with torch.enable_grad():
        loss = loss_of(leaves)
        slope = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True, materialize_grads=True)
    return float(loss.detach()), list(slope)


def _descend(params: Params, direction: list[Tensor], rates: list[float]) -> Params:
    moves = zip(params.items(), direction, rates, strict=True)
    return {name: value - rate * move for (name, value), move, rate in moves}
