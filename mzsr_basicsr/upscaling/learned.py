"""What is learned of an image before it is enlarged, and how."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mzsr_basicsr.adaptation.careful import Adapted
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.degradation.linear import filter_serves
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.upscaling.memory import Recalled
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.weights.pretrained import Pretrained


class Learned(NamedTuple):
    """What was learned of an image.

    Attributes:
        adapted: the parameters.
        recalled: what a memory said, if one was asked.
        shared: inputs of the network that are one for all parts of the image.
        precision: that it is computed in.
    """

    adapted: Adapted
    recalled: Recalled | None
    shared: Mapping[str, Tensor]
    precision: str


def adaptation_settings(loaded: Pretrained, settings: UpscaleSettings, device: torch.device) -> Settings:
    """Give what the choices and the weights say of adaptation."""
    return Settings(
        updates=(settings.effort.updates,),
        schedule=loaded.schedule,
        manner=loaded.manner,
        self_ensemble=settings.effort.self_ensemble,
        seed=settings.seed,
        learner=None if loaded.learner is None else loaded.learner.to(device),
    )


def shared_inputs(network: nn.Module, images: Tensor, degradation: Degradation) -> dict[str, Tensor]:
    """Give the inputs of a network that are one for all parts of an image, so that no tile differs from the next.

    Args:
        network: asked by its method `shared_inputs`, if it has one.
        images: (n, C, h, w), the image or parts that stand for it.
        degradation: of it.
    """
    find = getattr(network, "shared_inputs", None)
    if find is None or filter_serves(degradation):
        return {}
    found: dict[str, Tensor] = find(images, degradation.told, degradation.noise)
    return found
