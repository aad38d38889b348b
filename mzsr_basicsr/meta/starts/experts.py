"""The experts start: tasks are clustered, and each cluster has an expert of its own."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.recall import similarities
from mzsr_basicsr.meta.starts.start import Start, View


class Experts(Start):
    """What each expert adds to the shared parameters; a task starts from the expert of the nearest centre.

    Args:
        network: see `Start`.
        embedding: see `Start`; the one that the clusters were found with.
        count: clusters.

    Attributes:
        centres: (clusters, size), set by whoever builds it.
    """

    centres: Tensor

    def __init__(self, network: nn.Module, embedding: TaskEmbedding | None = None, count: int = 4) -> None:
        super().__init__(network, embedding)
        self.register_buffer("centres", torch.zeros(count, self.size))
        self.names = [name for name, value in network.named_parameters() if value.requires_grad]
        own = dict(network.named_parameters())
        added = [torch.zeros(count, *own[name].shape, dtype=own[name].dtype) for name in self.names]
        self.added = nn.ParameterList(added)

    def nearest(self, view: View) -> int:
        """Give the number of a task's cluster."""
        return int(similarities(self.code(view).to(self.centres), self.centres).argmax())

    def forward(self, view: View, params: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Add the expert's part to θ."""
        expert = self.nearest(view)
        changed = {n: params[n] + part[expert] for n, part in zip(self.names, self.added, strict=True)}
        return {**params, **changed}

    def named(self, view: View) -> str:
        """Name the expert, counted from 1."""
        return f"expert {self.nearest(view) + 1} of {len(self.centres)}"

    def arguments(self) -> dict[str, int]:
        """Give the number of clusters."""
        return {"count": len(self.centres)}
