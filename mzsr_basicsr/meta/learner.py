"""What training and test build alike of a meta-learner: where a task starts, what moves, and by which rule."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mzsr_basicsr.meta.modulation import GAIN, folded, layers_of, with_gains
from mzsr_basicsr.meta.rules import RULES, Rule
from mzsr_basicsr.meta.scopes import scope_of
from mzsr_basicsr.meta.starts.start import Shared, Start, View


class MetaLearner(nn.Module):
    """A start, a scope, and a rule; the parameters of start and rule are the meta-learner's own.

    Args:
        network: whose parameters are meta-trained; it is not kept.
        start: see `starts`; None for θ itself.
        scope: a key of `SCOPES`, or patterns of names.
        rule: a key of `RULES`, or a rule.

    Attributes:
        moving: names of what moves, gains among them where they do.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> from mzsr_basicsr.meta import View
        >>> network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 1, 3))
        >>> learner = MetaLearner(network, scope="modulation")
        >>> view = View(torch.zeros(1, 1, 8, 8), Degradation("delta", scale=2))
        >>> learner.words(view), learner.elements(network)  # two for each of 4 + 1 channels
        ('starts from the shared parameters; gains and biases of channels move', 10)
        >>> sorted(learner.begin(view, dict(network.named_parameters())))
        ['0.bias', '0.gain', '0.weight', '2.bias', '2.gain', '2.weight']
        >>> learned = MetaLearner(network, rule="lstm")
        >>> learned.of_the_start(), len(learned.own()) == len(learned.of_the_rule()) > 0
        ([], True)
    """

    def __init__(
        self,
        network: nn.Module,
        start: Start | None = None,
        scope: str | Sequence[str] = "all",
        rule: str | Rule = "gradient",
    ) -> None:
        super().__init__()
        self.start = Shared(network) if start is None else start
        self.scope = scope if isinstance(scope, str) else tuple(scope)
        made = RULES[rule] if isinstance(rule, str) else rule
        self.rule: Rule = made() if isinstance(made, type) else made
        names = [name for name, value in network.named_parameters() if value.requires_grad]
        modulable = layers_of(network) if self.scope == "modulation" else {}
        gains = [f"{name}{GAIN}" for name in modulable]
        self.moving = tuple(scope_of(scope)([*names, *gains], network))
        self._layers = modulable

    @property
    def plain(self) -> bool:
        """Whether a task starts from θ itself, and all of it moves."""
        return isinstance(self.start, Shared) and self.scope == "all"

    def begin(self, view: View, params: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give what the inner loop starts from: parameters, with gains where those move."""
        begun = self.start(view, params)
        if not self._layers:
            return folded(begun)
        return begun if any(name.endswith(GAIN) for name in begun) else with_gains(begun, self._layers)

    def words(self, view: View) -> str:
        """Say in words where a task starts, and what moves."""
        starts = {"Shared": "the shared parameters", "Memory": "a memory of {size} entries"}
        starts |= {"Hypernetwork": "what a meta-network sets"}
        kind = type(self.start).__name__
        begun = self.start.named(view) or starts.get(kind, kind).format(**self.start.arguments())
        moves = {"all": "all parameters", "head": "the last layers", "modulation": "gains and biases of channels"}
        what = moves.get(self.scope, self.scope) if isinstance(self.scope, str) else ", ".join(self.scope)
        return f"starts from {begun}; {what} move"

    def elements(self, network: nn.Module) -> int:
        """Count the elements of what moves."""
        sizes = {name: value.numel() for name, value in network.named_parameters()}
        sizes |= {f"{name}{GAIN}": channels for name, channels in self._layers.items()}
        return sum(sizes[name] for name in self.moving)

    def own(self) -> list[nn.Parameter]:
        """List the parameters that are meta-trained beside the network's: first the start's, then the rule's."""
        return [*self.of_the_start(), *self.of_the_rule()]

    def of_the_start(self) -> list[nn.Parameter]:
        """List those of the start; an embedding does not train."""
        return [p for p in self.start.parameters() if p.requires_grad]

    def of_the_rule(self) -> list[nn.Parameter]:
        """List those of the rule."""
        return list(self.rule.parameters()) if isinstance(self.rule, nn.Module) else []


def through_the_start(begun: dict[str, Tensor], slopes: dict[str, Tensor], leaves: list[Tensor]) -> list[Tensor]:
    """Carry the gradient of what a task started from back to what that was made of.

    Args:
        begun: what the task started from, with its graph.
        slopes: gradient of each of them.
        leaves: parameters of the network and of the start.

    Returns:
        The gradient of each leaf. One that is started from as it is has that start's, without a graph.
    """
    same = {id(value): slopes[name] for name, value in begun.items()}
    found = [same.get(id(leaf)) for leaf in leaves]
    own = {id(leaf) for leaf in leaves}
    made = [name for name, value in begun.items() if value.requires_grad and id(value) not in own]
    if not made:
        return [torch.zeros_like(leaf) if slope is None else slope for leaf, slope in zip(leaves, found, strict=True)]
    given = [slopes[name] for name in made]
    carried = torch.autograd.grad(
        [begun[name] for name in made], leaves, given, allow_unused=True, materialize_grads=True
    )
    return [more if slope is None else slope + more for slope, more in zip(found, carried, strict=True)]
