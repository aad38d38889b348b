"""What every start is, and the one that all tasks share."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.embedding import TaskEmbedding


@dataclass(frozen=True, eq=False)
class View:
    """What a start sees of a task: images (n, C, h, w) in [0, 1] that are to be enlarged, and what is told of them.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> from mzsr_basicsr.meta.embedding import TaskEmbedding
        >>> view = View(torch.rand(2, 3, 40, 40), Degradation("gaussian:2,2", scale=2))
        >>> TaskEmbedding(size=8).of(view.images, view.degradation).shape  # two images, one task
        torch.Size([8])
    """

    images: Tensor
    degradation: Degradation


class Start(nn.Module):
    """Where a task starts from.

    Args:
        network: whose parameters they are; it is not kept.
        embedding: tells tasks apart; it is kept, and does not train. None for starts that take all tasks alike.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> class Halved(Start):
        ...     looks = False
        ...     def forward(self, view, params):
        ...         return {name: value / 2 for name, value in params.items()}
        >>> network, view = nn.Conv2d(3, 3, 1), View(torch.zeros(1, 3, 8, 8), Degradation("delta", scale=2))
        >>> start = Halved(network)
        >>> start(view, {"bias": torch.ones(3)}), start.named(view), start.arguments()
        ({'bias': tensor([0.5000, 0.5000, 0.5000])}, '', {})
    """

    looks = True  # at the task, by an embedding
    doubted = False  # what it chooses is asked of the image first; see `adaptation.confirmation`

    def __init__(self, network: nn.Module, embedding: TaskEmbedding | None = None) -> None:
        super().__init__()
        if self.looks and embedding is None:
            raise ConfigError(f"train.meta.start: {type(self).__name__} needs a task embedding; give `embedding`")
        self.embedding = embedding.requires_grad_(False).eval() if embedding is not None and self.looks else None

    @property
    def size(self) -> int:
        """Numbers in a task's code; 0 where tasks are not looked at."""
        return 0 if self.embedding is None else int(self.embedding.arguments["size"])

    def code(self, view: View) -> Tensor:
        """Give a task's place among tasks, a unit vector (size,).

        Example:
            >>> from mzsr_basicsr import Degradation
            >>> from mzsr_basicsr.meta.embedding import TaskEmbedding
            >>> start = Start(nn.Conv2d(3, 3, 1), TaskEmbedding(size=8))
            >>> code = start.code(View(torch.rand(1, 3, 40, 40), Degradation("delta", scale=2)))
            >>> code.shape, round(float(code.norm()), 3)
            (torch.Size([8]), 1.0)
        """
        if self.embedding is None:
            raise ConfigError(f"train.meta.start: {type(self).__name__} does not look at tasks")
        with torch.no_grad(), torch.autocast(view.images.device.type, enabled=False):
            parameter = next(self.embedding.parameters())
            found: Tensor = self.embedding.of(view.images.to(parameter), view.degradation.to(parameter))
        return found

    def forward(self, view: View, params: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give the parameters that the task starts from; differentiable in `params` and the start's own."""
        raise NotImplementedError

    def named(self, view: View) -> str:
        """Name what was chosen for a task, in words, for people; empty where nothing is."""
        return ""

    def arguments(self) -> dict[str, int]:
        """Give what it is built again from, beside network and embedding; its buffers and parameters are loaded."""
        return {}


class Shared(Start):
    """θ itself, for every task: MAML's."""

    looks = False

    def forward(self, view: View, params: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give θ."""
        return dict(params)
