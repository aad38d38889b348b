"""The hypernetwork start: a meta-network reads the task and sets the base network's modulation ("metanet")."""

from collections.abc import Mapping

from torch import Tensor, nn

from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.modulation import layers_of, modulated, width_of
from mzsr_basicsr.meta.starts.start import Start, View


class Hypernetwork(Start):
    """Two dense layers, from a task's code to a strategy; the second starts at 0: the network as it is.

    Args:
        network: see `Start`.
        embedding: see `Start`.
        hidden: numbers between the layers.
    """

    def __init__(self, network: nn.Module, embedding: TaskEmbedding | None = None, hidden: int = 64) -> None:
        super().__init__(network, embedding)
        self.layers = layers_of(network)
        self.first, self.second = nn.Linear(self.size, hidden), nn.Linear(hidden, width_of(self.layers))
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, view: View, params: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Modulate θ by what the meta-network answers."""
        code = self.code(view).to(self.first.weight)
        return modulated(params, self.layers, self.second(self.first(code).relu()))

    def arguments(self) -> dict[str, int]:
        """Give the hidden width."""
        return {"hidden": self.first.out_features}
