"""A method with a memory: each image begins with what adapting to the other images of its set has taught.

That is what `mzsr upscale --memory FILE` knows of a folder once it has seen all of it but the image itself; so the
result does not depend on the order of the images, nor on which were measured before.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mzsr_basicsr.adaptation.careful import adapt_carefully
from mzsr_basicsr.adaptation.clock import seconds_now
from mzsr_basicsr.adaptation.descent import start_of
from mzsr_basicsr.adaptation.zero_shot import super_resolve
from mzsr_basicsr.benchmark.run.networks import Loaded
from mzsr_basicsr.benchmark.run.options import MZSROptions
from mzsr_basicsr.benchmark.run.output import Output, told_of
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.store import Store, empty_store, strategy_of
from mzsr_basicsr.options.zero_shot import zero_shot_settings
from mzsr_basicsr.weights.memory_file import ENTRIES

Entry = tuple[Tensor, Tensor]  # code and strategy, see `meta.store`


class Remembering:
    """The method; it is called with an LR image, its degradation, and the other LR images of its set.

    Args:
        loaded: the network.
        options: of the method.
        section: its name, for messages.
        embedding: of tasks, on the network's device.

    Raises:
        ConfigError: nothing is held out, which a memory is judged by, or no update is made, which teaches nothing.
    """

    def __init__(self, loaded: Loaded, options: MZSROptions, section: str, embedding: TaskEmbedding) -> None:
        self._network, self._options, self._embedding = loaded.network, options, embedding
        self._settings = zero_shot_settings(options.zero_shot, loaded.rates, loaded.manner, loaded.learner)
        if not self._settings.careful or max(self._settings.updates, default=0) == 0:
            raise ConfigError(f"{section}.memory: needs updates and a part held out; give `updates`, not `careful`")
        self._known: dict[str, Entry | None] = {}

    def __call__(self, lq: Tensor, degradation: Degradation, *others: Tensor) -> list[Output]:
        """Give the SR images; what the other images took is not counted among the seconds."""
        store = self._learned(degradation, others)
        told, spent = self._told(lq, degradation)
        return [self._output(updates, lq, told, store, spent) for updates in sorted(set(self._settings.updates))]

    def _learned(self, degradation: Degradation, others: Sequence[Tensor]) -> Store:
        width = sum(value.numel() for value in start_of(self._network).values())
        store = empty_store(int(self._embedding.arguments["size"]), width)
        for other in others:
            place = _digest(other, degradation)
            if place not in self._known:
                self._known[place] = self._taught(other, self._told(other, degradation)[0])
            entry = self._known[place]
            store = store if entry is None else store.written(*entry, ENTRIES)
        return store

    def _taught(self, lq: Tensor, told: Degradation) -> Entry | None:
        """Adapt to an image without a memory: its code and strategy, None where no update served."""
        adapted = adapt_carefully(self._network, lq, told, self._settings)
        if not adapted.kept or adapted.beginning is None:
            return None
        return self._code(lq, told), strategy_of(adapted.beginning.own, adapted.params).half()

    def _output(self, updates: int, lq: Tensor, told: Degradation, store: Store, spent: float) -> Output:
        start = seconds_now(lq.device)
        strategy = store.read(self._code(lq, told))[0]
        some = strategy if bool(strategy.any()) else None
        settings = replace(self._settings, updates=(updates,))
        adapted = adapt_carefully(self._network, lq, told, settings, strategy=some)
        image = super_resolve(self._network, adapted.params, lq, told, settings)
        return Output(updates, image, spent + seconds_now(lq.device) - start)

    def _told(self, lq: Tensor, degradation: Degradation) -> tuple[Degradation, float]:
        found, spent = told_of(self._options.kernel, lq, degradation)
        return found.with_noise(self._options.zero_shot.noise), spent

    def _code(self, lq: Tensor, told: Degradation) -> Tensor:
        with torch.no_grad():
            return self._embedding.of(lq, told).float().cpu()


def _digest(lq: Tensor, degradation: Degradation) -> str:
    parts = (lq.cpu().numpy().tobytes(), degradation.kernel.cpu().numpy().tobytes(), degradation.subsampling.encode())
    return hashlib.sha256(b"".join(parts)).hexdigest()
