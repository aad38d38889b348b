"""The memory start: an external memory is asked for strategies of tasks like this one (Santoro et al. 2016)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.modulation import layers_of, modulated, width_of
from mzsr_basicsr.meta.recall import recalled
from mzsr_basicsr.meta.starts.start import Start, View


class Memory(Start):
    """Keys, and a strategy for each; trained by backpropagation, through what is recalled.

    Args:
        network: see `Start`.
        embedding: see `Start`; its codes are compared with the keys.
        size: entries. Keys start at random, strategies at 0: the network as it is.
    """

    def __init__(self, network: nn.Module, embedding: TaskEmbedding | None = None, size: int = 32) -> None:
        super().__init__(network, embedding)
        self.layers = layers_of(network)
        drawn = torch.randn(size, self.size, generator=torch.Generator().manual_seed(0))
        self.keys = nn.Parameter(drawn / drawn.norm(dim=1, keepdim=True))
        self.strategies = nn.Parameter(torch.zeros(size, width_of(self.layers)))

    def forward(self, view: View, params: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Modulate θ by what is recalled."""
        code = self.code(view).to(self.keys)
        return modulated(params, self.layers, recalled(code, self.keys, self.strategies))

    def arguments(self) -> dict[str, int]:
        """Give the number of entries."""
        return {"size": len(self.keys)}
