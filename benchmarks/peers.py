"""The meta-step as this package makes it, and as others do: a plain loop, `higher`, TorchOpt, learn2learn.

Each takes a network, tasks with what the network is told beside the image, and the number of steps, and leaves the
meta-gradient of second order of the loss after the last step in the parameters' `grad`.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml, network_inputs
from mzsr_basicsr.models.hardware import precision

RATE = 1e-2


@dataclass(frozen=True)
class Case:
    """A network and a meta-batch; the precision is "float32", "mixed" (ours alone) or "bfloat16" by autocast."""

    network: nn.Module
    tasks: list[Task]
    steps: int
    precision: str

    def loss(self, run: Callable[..., Tensor], pairs: Pairs, told: dict[str, object]) -> Tensor:
        """Compute a loss of a peer's, where `run` is the network with its parameters of the moment."""
        with precision(pairs.lq.device, self.precision):
            return F.l1_loss(run(pairs.lq, **told), pairs.gt)

    def told(self, task: Task) -> list[dict[str, object]]:
        """Compute what no parameter changes, for support and query; the peers are given it, too."""
        return [network_inputs(self.network, pairs.lq, task.degradation) for pairs in (task.support, task.query)]


def ours(case: Case, recompute: bool = False) -> None:
    """Run this package's step."""
    mixed = case.precision == "mixed"
    step = MetaStep(case.network, maml, F.l1_loss, case.steps, RATE, recompute=recompute, mixed=mixed)
    with precision(case.tasks[0].query.lq.device, case.precision):
        loss, _ = step(case.tasks, (*[0.0] * (case.steps - 1), 1.0))
    loss.backward()


def plain(case: Case) -> None:
    """Keep the graph of everything and go backwards once for each task, as textbook code does."""
    for task in case.tasks:
        params, told = dict(case.network.named_parameters()), case.told(task)
        for _ in range(case.steps):
            loss = case.loss(_with(case.network, params), task.support, told[0])
            slope = torch.autograd.grad(loss, list(params.values()), create_graph=True)
            params = {name: p - RATE * g for (name, p), g in zip(params.items(), slope, strict=True)}
        (case.loss(_with(case.network, params), task.query, told[1]) / len(case.tasks)).backward()


def _with(network: nn.Module, params: dict[str, Tensor]) -> Callable[..., Tensor]:
    return lambda lq, **told: functional_call(network, params, (lq,), told)


def by_higher(case: Case) -> None:
    """Use `higher`'s differentiable SGD as its examples do."""
    higher = importlib.import_module("higher")
    optimizer = torch.optim.SGD(case.network.parameters(), RATE)
    for task in case.tasks:
        told = case.told(task)
        with higher.innerloop_ctx(case.network, optimizer, copy_initial_weights=False) as (fast, inner):
            for _ in range(case.steps):
                inner.step(case.loss(fast, task.support, told[0]))
            (case.loss(fast, task.query, told[1]) / len(case.tasks)).backward()


def by_torchopt(case: Case) -> None:
    """Use TorchOpt's MetaSGD as its few-shot example does."""
    torchopt = importlib.import_module("torchopt")
    inner = torchopt.MetaSGD(case.network, lr=RATE)
    begun = [torchopt.extract_state_dict(part, by="reference") for part in (case.network, inner)]
    for task in case.tasks:
        told = case.told(task)
        for _ in range(case.steps):
            inner.step(case.loss(case.network, task.support, told[0]))
        (case.loss(case.network, task.query, told[1]) / len(case.tasks)).backward()
        for part, state in zip((case.network, inner), begun, strict=True):
            torchopt.recover_state_dict(part, state)
    torchopt.stop_gradient(case.network)


def by_learn2learn(case: Case) -> None:
    """Use learn2learn's MAML as its examples do."""
    algorithms = importlib.import_module("learn2learn.algorithms")
    learner = algorithms.MAML(case.network, lr=RATE)
    for task in case.tasks:
        told, fast = case.told(task), learner.clone()
        for _ in range(case.steps):
            fast.adapt(case.loss(fast, task.support, told[0]))
        (case.loss(fast, task.query, told[1]) / len(case.tasks)).backward()


MAKERS: dict[str, Callable[[Case], None]] = {
    "ours": ours,
    "ours, recompute": lambda case: ours(case, recompute=True),
    "plain loop": plain,
    "higher": by_higher,
    "torchopt": by_torchopt,
    "learn2learn": by_learn2learn,
}
MODULES = ("higher", "torchopt", "learn2learn")  # those that are packages


def missing() -> dict[str, str]:
    """Say why a package cannot be compared with, for each that cannot."""
    found = {}
    for name in MODULES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            found[name] = str(error)
    return found


def gradient(maker: str, case: Case) -> Tensor:
    """Give the meta-gradient as one vector."""
    case.network.zero_grad()
    MAKERS[maker](case)
    return torch.cat([p.grad.flatten() for p in case.network.parameters() if p.grad is not None])
