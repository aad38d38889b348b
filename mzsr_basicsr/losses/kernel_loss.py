"""KernelLoss: what KernelNet is trained by, with BasicSR's own SRModel."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.blind.kernel_net import NUMBERS


class KernelLoss(nn.Module):
    """Negative log-likelihood of the covariance under a Gaussian of the estimated precision, plus the free kernel's.

    Args:
        loss_weight: factor of the whole loss.
        free_weight: factor of the free kernel's cross-entropy.
    """

    def __init__(self, loss_weight: float = 1.0, free_weight: float = 0.3) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.free_weight = free_weight

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare KernelNet's answers (B, 229) with labels of `BlurredPatchDataset` (B, 229); a scalar."""
        precision = output[:, NUMBERS].clamp(-4, 9)
        squares = (output[:, :NUMBERS] - target[:, :NUMBERS]).square().sum(1)
        likelihood = 0.5 * (precision.exp() * squares - NUMBERS * precision)
        known, kernel = target[:, NUMBERS], target[:, NUMBERS + 1 :]
        surprise = -(kernel * F.log_softmax(output[:, NUMBERS + 1 :], dim=1)).sum(1)
        entropy = torch.special.entr(kernel.clamp_min(0)).sum(1)
        total: Tensor = (likelihood + self.free_weight * known * (surprise - entropy)).mean()
        return self.loss_weight * total
