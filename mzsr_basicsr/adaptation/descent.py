"""The descent of a meta-test: lessons are taken one after the other, and each moves the parameters a step."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.adaptation.confirmation import confirmed
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.modulation import folded, with_folding
from mzsr_basicsr.meta.rules import RULES, Rule, State
from mzsr_basicsr.meta.starts import View
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
    """Give a network's own parameters: those that can be trained."""
    return {name: value.detach() for name, value in network.named_parameters() if value.requires_grad}


def begin(scene: Scene, settings: Settings) -> Params:
    """Give the parameters that adaptation starts from: the network's, or what its meta-learner makes of them.

    Where gains move, they are among them; `follow` takes and `folded` removes them. What a start that is doubted has
    chosen must serve the image better than the network's own.
    """
    own, learner = start_of(scene.network), settings.learner
    if learner is None:
        return own
    with torch.no_grad():
        begun = {name: value.detach() for name, value in learner.begin(View(scene.lq, scene.told), own).items()}
        moved = learner.start.doubted and not _same(folded(begun), own)
        return {**begun, **own} if moved and not confirmed(scene, folded(begun), own) else begun


def _same(params: Params, own: Params) -> bool:
    return all(torch.equal(params[name], value) for name, value in own.items())


def begun_in_words(scene: Scene, settings: Settings, begun: Params) -> str:
    """Say where adaptation starts and what moves; empty where that is all of the network's own.

    Args:
        scene: the image.
        settings: with the meta-learner.
        begun: see `begin`.
    """
    learner = settings.learner
    if learner is None or (learner.start.doubted and _same(folded(begun), start_of(scene.network))):
        return ""
    return learner.words(View(scene.lq, scene.told))


def follow(lessons: Lessons, params: Params, settings: Settings) -> Iterator[tuple[Params, float]]:
    """Take lessons one after the other; see `adapt`.

    Args:
        lessons: of a signal.
        params: see `begin`.
        settings: see `Settings`.
    """
    moving = list(params) if settings.learner is None else list(settings.learner.moving)
    rule, state = _rule(settings), State()
    best, best_loss, waited = folded(params), float("inf"), 0
    last = max(settings.updates)
    for update in range(last + 1):
        if not 0 < settings.early_stop <= waited:
            here = folded(params)
            lesson = with_folding(lessons(update, here))
            loss, slope = _loss_and_slope(lesson, params, moving if update < last else [])
            best, best_loss, waited = (here, loss, 0) if loss < best_loss else (best, best_loss, waited + 1)
            if update < last:
                params = _descend(params, moving, rule(slope, state), settings, update)
        yield (best, best_loss) if settings.early_stop else (here, loss)


def _rule(settings: Settings) -> Rule:
    """Give the rule of the manner, that of the meta-learner where it is learned."""
    named = RULES[settings.manner.rule]
    if not isinstance(named, type):
        return named
    if settings.learner is None or not isinstance(settings.learner.rule, named):
        raise ConfigError(f"rule: {settings.manner.rule} is learned, and these weights have not learned one")
    return settings.learner.rule


def _loss_and_slope(loss_of: Loss, params: Params, wanted: list[str]) -> tuple[float, list[Tensor]]:
    """Evaluate a loss, and its gradient by the parameters that are wanted."""
    if not wanted:  # the last update has been made: only its loss is wanted
        with torch.no_grad():
            return float(loss_of(params)), []
    leaves = {name: params[name].detach().requires_grad_() for name in wanted}
    with torch.enable_grad():
        loss = loss_of({**params, **leaves})
        slope = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True, materialize_grads=True)
    return float(loss.detach()), list(slope)


def _descend(params: Params, moving: list[str], direction: list[Tensor], settings: Settings, update: int) -> Params:
    rates = settings.schedule.of(update, [params[name] for name in moving])
    moves = zip(moving, direction, rates, strict=True)
    return {**params, **{name: params[name] - rate * move.detach() for name, move, rate in moves}}
