"""The domains start: θ is for photographs, and a network of another domain takes its place where a task is of that."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mzsr_basicsr.degradation.graphics import commonest
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.recall import similarities
from mzsr_basicsr.meta.starts.start import Start, View


class Domains(Start):
    """What the network of each further domain adds to θ; a task starts from that of the nearest centre, or from θ.

    It is put together from networks that were trained apart, not trained itself. Where it leaves θ, adaptation asks the
    image itself whether that pays; see `adaptation.confirmation`.

    Args:
        network: see `Start`.
        embedding: see `Start`; the one that the centres were found with.
        domains: beside that of θ.
        centres: of all domains together.

    Attributes:
        centres: (centres, size) unit vectors.
        owners: (centres,), the domain of each, 0 for θ's.
        least: (domains,), how much of an image its commonest levels must fill for it to be of the domain; see
            `commonest`.
    """

    doubted = True
    centres: Tensor
    owners: Tensor
    least: Tensor

    def __init__(
        self, network: nn.Module, embedding: TaskEmbedding | None = None, domains: int = 1, centres: int = 2
    ) -> None:
        super().__init__(network, embedding)
        self.register_buffer("centres", torch.zeros(centres, self.size))
        self.register_buffer("owners", torch.zeros(centres, dtype=torch.int64))
        self.register_buffer("least", torch.zeros(domains))
        own = {name: value for name, value in network.named_parameters() if value.requires_grad}
        self.names = list(own)
        added = [torch.zeros(domains, *value.shape, dtype=value.dtype) for value in own.values()]
        self.added = nn.ParameterList(added)

    def chosen(self, view: View) -> int:
        """Give the number of a task's domain, 0 for θ's."""
        domain = int(self.owners[similarities(self.code(view).to(self.centres), self.centres).argmax()])
        return domain if domain == 0 or commonest(view.images) >= float(self.least[domain - 1]) else 0

    def forward(self, view: View, params: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give θ, or add what the domain adds."""
        domain = self.chosen(view)
        if domain == 0:
            return dict(params)
        changed = {n: params[n] + part[domain - 1] for n, part in zip(self.names, self.added, strict=True)}
        return {**params, **changed}

    def named(self, view: View) -> str:
        """Name the domain, counted from 1, that of θ."""
        return f"domain {self.chosen(view) + 1} of {len(self.least) + 1}"

    def arguments(self) -> dict[str, int]:
        """Give the numbers of domains and centres."""
        return {"domains": len(self.least), "centres": len(self.centres)}
