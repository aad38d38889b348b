"""The whole of what a file holds: the network, back-projection, what is flat kept flat, and 8 bits if asked for."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.exporting.chains import chain_of
from mzsr_basicsr.exporting.convolutions import Degrade, Spread, bicubic_filter
from mzsr_basicsr.exporting.plain import KeepPlain


class Exported(nn.Module):
    """What `super_resolve` does with fixed parameters and a fixed degradation, as a module of the image alone.

    Args:
        network: in eval mode, with the parameters to export.
        degradation: of the images; kernel (k, k) float32, an integer scale.
        back_projection: rounds.
        uint8: take and give 8 bits, the channels last.

    Raises:
        ConfigError: see `chain_of`.
    """

    def __init__(
        self, network: nn.Module, degradation: Degradation, back_projection: int = 0, uint8: bool = False
    ) -> None:
        super().__init__()
        self.scale, self.rounds, self.uint8 = int(degradation.scale), back_projection, uint8
        self.chain = chain_of(network, degradation)
        self.keep_plain = KeepPlain(degradation)
        if back_projection:
            self.degrade = Degrade(degradation)
            self.enlarge = Spread(bicubic_filter(self.scale).to(degradation.kernel), self.scale, mirror=True)

    def forward(self, image: Tensor) -> Tensor:
        """Enlarge.

        Args:
            image: (B, 3, h, w) float32 RGB in [0, 1], or (B, h, w, 3) uint8.

        Returns:
            (B, 3, scale * h, scale * w) in [0, 1], or (B, scale * h, scale * w, 3) uint8, rounded.
        """
        lq = image.permute(0, 3, 1, 2).float() / 255 if self.uint8 else image
        sr = self.chain(lq)
        for _ in range(self.rounds):
            sr = sr + F.pixel_shuffle(self.enlarge(lq - self.degrade(sr)), self.scale)
        sr = self.keep_plain(sr.clamp(0, 1), lq)
        return torch.round(255 * sr).to(torch.uint8).permute(0, 2, 3, 1) if self.uint8 else sr
