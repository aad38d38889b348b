"""What a collection's weights learn from, and what judges them: parts of the pictures, by the own scale.

The picture that a lesson shrinks is always the starting weights' estimate, never that of the weights on their way: what
these make up is not taught on, so that they stay near what they began with.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mzsr_basicsr.adaptation.exam import Exam
from mzsr_basicsr.collection.survey import Member, planes_of
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.modulation import folded
from mzsr_basicsr.meta.starts import View
from mzsr_basicsr.meta.task import Loss, Params
from mzsr_basicsr.signals import Scene, SignalSettings, lessons_of
from mzsr_basicsr.signals.copies import cut_at_random

SIDE = 112  # LR px, of what one lesson looks at, at most
ASKED = 96  # LR px, of what one question looks at, at most
QUESTIONS = 3  # parts of a held-out picture
_PRIME = 1_000_003


@dataclass(frozen=True, eq=False)
class Teacher:
    """What all lessons have in common.

    Attributes:
        network: left as it is.
        learner: where an image's adaptation starts; None for the network's own parameters.
        signal: what is learned from.
        start: the starting weights.
        seed: of all chance.
    """

    network: nn.Module
    learner: MetaLearner | None
    signal: SignalSettings
    start: Params
    seed: int

    def lesson(self, step: int, members: Sequence[Member]) -> Loss:
        """Draw the lesson of a step, counted from 0; it depends on nothing but the step."""
        chance = torch.Generator().manual_seed((self.seed + _PRIME * step) % 2**63)
        member = members[int(torch.randint(len(members), (), generator=chance))]
        scene = self.scene(member, SIDE, chance)
        loss = lessons_of(scene, self.signal)(step, self.begun(scene, self.start))
        return lambda params: loss(self.begun(scene, params))

    def scene(self, member: Member, side: int, chance: torch.Generator) -> Scene:
        """Cut a part out of a member."""
        device = next(self.network.parameters()).device
        plane = int(torch.randint(len(member.parts), (), generator=chance))
        part = cut_at_random(planes_of(member.parts[plane : plane + 1], device), side, chance)
        degradation = member.degradation.to(torch.zeros(0, device=device))
        seed = int(torch.randint(2**31, (), generator=chance))
        return Scene(self.network, part, degradation, degradation, quantize=member.quantize, seed=seed)

    def begun(self, scene: Scene, params: Params) -> Params:
        """Give what an image's adaptation would start from, differentiable in the parameters."""
        if self.learner is None:
            return params
        return folded(self.learner.begin(View(scene.lq, scene.told), params))


class Judge:
    """The held-out pictures judge weights: the same questions each time.

    Args:
        teacher: see `Teacher`.
        members: that are held out.
    """

    def __init__(self, teacher: Teacher, members: Sequence[Member]) -> None:
        self._teacher = teacher
        self._asked: list[list[tuple[Scene, Exam]]] = []
        for member in members:
            chance = torch.Generator().manual_seed(int(member.digest[:12], 16))
            scenes = [teacher.scene(member, ASKED, chance) for _ in range(QUESTIONS)]
            start = [teacher.begun(scene, teacher.start) for scene in scenes]
            exams = [Exam(scene, teacher.signal, begun) for scene, begun in zip(scenes, start, strict=True)]
            self._asked.append(list(zip(scenes, exams, strict=True)))

    def marks(self, params: Params) -> tuple[float, ...]:
        """Give the held-out loss of each picture: the lower, the better."""
        with torch.no_grad():
            return tuple(
                sum(exam.mark(self._teacher.begun(scene, params)) for scene, exam in one) / len(one)
                for one in self._asked
            )


def gain(marks: Sequence[float], first: Sequence[float]) -> float:
    """Give what marks promise over the first, dB, the mean over the pictures; -inf where one is not finite."""
    if not all(map(math.isfinite, (*marks, *first))):
        return -math.inf
    logs = [math.log10(max(before, 1e-9) / max(now, 1e-9)) for now, before in zip(marks, first, strict=True)]
    return 20 * sum(logs) / len(logs)


def none_worse(marks: Sequence[float], first: Sequence[float]) -> bool:
    """Tell whether no held-out picture is served worse than at first."""
    return all(now <= before for now, before in zip(marks, first, strict=True))


def loss_and_slope(loss: Loss, params: Params) -> tuple[float, list[Tensor]]:
    """Evaluate a loss, and its gradient by all parameters."""
    leaves: Mapping[str, Tensor] = {name: value.detach().requires_grad_() for name, value in params.items()}
    with torch.enable_grad():
        value = loss(leaves)
        slope = torch.autograd.grad(value, list(leaves.values()), allow_unused=True, materialize_grads=True)
    return float(value.detach()), list(slope)
