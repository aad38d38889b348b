"""The memory of an upscaler: what was learned from images helps with later ones, across files and runs."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mzsr_basicsr.adaptation.careful import Adapted
from mzsr_basicsr.adaptation.descent import start_of
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.store import Store, strategy_of
from mzsr_basicsr.weights.memory_file import MemoryFile, Owner, fingerprint
from mzsr_basicsr.weights.task_embedding import load_embedding


@dataclass(frozen=True, eq=False)
class Recalled:
    """What a memory says about an image.

    Attributes:
        code: of the image, (size,).
        strategy: to begin with, (width,); None where nothing like the image is known.
        entries: of the memory.
        nearness: cosine of the most alike of them; 0 where there is none.
    """

    code: Tensor
    strategy: Tensor | None
    entries: int
    nearness: float


class Memory:
    """A memory file, beside the network that its strategies are for and the embedding that tells images apart.

    Args:
        path: of the file; it need not be there.
        network: whose parameters are moved.
        scale: of the network.
        learner: that of the network, which may choose where it starts.

    Raises:
        WeightsError: the file is damaged, another's, or cannot be used.
    """

    def __init__(self, path: str, network: nn.Module, scale: float, learner: nn.Module | None = None) -> None:
        device = next(network.parameters()).device
        self._embedding = load_embedding().to(device)
        parts = {**network.state_dict(), **({} if learner is None else learner.state_dict(prefix="meta."))}
        width = sum(value.numel() for value in start_of(network).values())
        codes = fingerprint(self._embedding.state_dict())
        owner = Owner(float(scale), fingerprint(parts), width, codes, int(self._embedding.arguments["size"]))
        self._file = MemoryFile(path, owner)
        self._file.read()

    def known(self) -> Store:
        """Read all that is known by now."""
        return self._file.read()

    def recall(self, known: Store, images: Tensor, degradation: Degradation) -> Recalled:
        """Look up what is known of images (n, C, h, w) in [0, 1] that are thought to have been made so."""
        with torch.no_grad():
            code = self._embedding.of(images, degradation).float().cpu()
        strategy, nearness = known.read(code)
        return Recalled(code, strategy if bool(strategy.any()) else None, len(known), nearness)

    def remember(self, recalled: Recalled, adapted: Adapted) -> bool:
        """Write what adaptation did, if its updates were kept; tell whether it was."""
        if not adapted.kept or adapted.beginning is None:
            return False
        self._file.add(recalled.code, strategy_of(adapted.beginning.own, adapted.params))
        return True


def told(recalled: Recalled, adapted: Adapted, wrote: bool) -> dict[str, Any]:
    """Say in plain values what a memory did for an image."""
    numbers = {"entries": recalled.entries, "nearness": round(recalled.nearness, 4)}
    return {**numbers, "used": adapted.recalled, "wrote": wrote}


def digest(known: Store) -> str:
    """Hash what is known."""
    return fingerprint(vars(known))
