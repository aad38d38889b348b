"""The meta-test inside a training: a validation goes on where adaptation diverges."""

from dataclasses import replace

from basicsr.utils import get_root_logger
from torch import Tensor, nn

from mzsr_basicsr.adaptation.zero_shot import Result, Settings, zero_shot
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import TrainingError
from mzsr_basicsr.meta.task import PixelLoss


def validated(
    network: nn.Module, lq: Tensor, degradation: Degradation, settings: Settings, told: Degradation, loss: PixelLoss
) -> Result:
    """Adapt as `zero_shot` does; where that diverges, warn and give the result without updates for every number."""
    try:
        return zero_shot(network, lq, degradation, settings, told, loss)
    except TrainingError as error:
        get_root_logger().warning(f"validation: {error}; the network is measured without updates")
    plain = zero_shot(network, lq, degradation, replace(settings, updates=(0,)), told, loss)
    images = dict.fromkeys(settings.updates, plain.images[0])
    return Result(images, plain.losses, dict.fromkeys(settings.updates, plain.seconds[0]))
