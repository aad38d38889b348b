"""What a signal is made from, and what it makes: lessons, one for each update."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.task import Lessons, PixelLoss

SMALLEST = 8  # LR px; no copy of an image is made smaller than that


@dataclass(frozen=True)
class SignalSettings:
    """Which signal is learned from, and how.

    Attributes:
        name: a key of `SIGNALS`.
        shares: of "mixed", the weights of the son's loss and of the own scale's.
        shrink: of the own scale, the smallest and the largest size of a copy over that of the estimate; None for what
            suits the kernel, see `copies.shrink_range`.
        crop: side of the LR image that one update learns from, px; larger images are cut at random. 0: all of it.
        refresh: make the estimate anew after so many updates; 0 for never.

    Example:
        >>> SignalSettings().name, SignalSettings().wavers  # the son is one lesson for all updates
        ('son', False)
        >>> SignalSettings("mixed", shares=(0.7, 0.3)).wavers
        True
    """

    name: str = "son"
    shares: tuple[float, float] = (0.5, 0.5)
    shrink: tuple[float, float] | None = None
    crop: int = 128
    refresh: int = 0

    @property
    def wavers(self) -> bool:
        """Whether every update has other lessons, so that their losses cannot be compared; only the son's can."""
        return self.name != "son"


@dataclass(frozen=True, eq=False)
class Scene:
    """An image that a network is to learn from.

    Attributes:
        network: left as it is.
        lq: (n, C, h, w) in [0, 1].
        degradation: how the image is thought to have been made; it makes the LR images of all lessons.
        told: what the network hears.
        pixel_loss: (prediction, target) -> scalar.
        quantize: round LR images that are made to 8 bits, as the image was.
        son_noise: σ of further noise on the son, [0, 1] intensity.
        seed: of all chance.
        learned: (n, 1, h, w), True where the image may be learned from; None for everywhere.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> lq, given = torch.full((1, 3, 16, 24), 0.5), Degradation("gaussian:2,2", scale=2)
        >>> scene = Scene(nn.Upsample(scale_factor=2), lq, given, told=given, seed=7)
        >>> scene.pixel_loss(scene.lq + 0.1, scene.lq)
        tensor(0.1000)
        >>> scene.generator().initial_seed(), scene.generator(salt=1).initial_seed()
        (7, 1000010)
    """

    network: nn.Module
    lq: Tensor
    degradation: Degradation
    told: Degradation
    pixel_loss: PixelLoss = F.l1_loss
    quantize: bool = False
    son_noise: float = 0.0
    seed: int = 0
    learned: Tensor | None = None

    def generator(self, salt: int = 0) -> torch.Generator:
        """Give a source of chance on the CPU; each salt has its own."""
        return torch.Generator().manual_seed((self.seed + 1_000_003 * salt) % 2**63)


Signal = Callable[[Scene, SignalSettings], Lessons]


def masked(pixel_loss: PixelLoss, mask: Tensor | None) -> PixelLoss:
    """Restrict a loss to some pixels: mask (n, 1, H, W); all where it is None."""
    if mask is None:
        return pixel_loss
    if pixel_loss in (F.l1_loss, F.mse_loss):  # what is equal adds nothing to these, and to pick pixels out takes long
        share = mask.double().mean()
        return lambda output, target: pixel_loss(output * mask, target * mask) / share.to(output.dtype)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        chosen = mask.expand_as(target)
        return pixel_loss(output[chosen], target[chosen])

    return loss
