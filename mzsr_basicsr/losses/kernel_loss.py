"""KernelLoss: what KernelNet is trained by, with BasicSR's own SRModel."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.blind.kernel_net import COVARIANCE, FAMILIES, FAMILY, FREE, NUMBERS, PRECISION, SHAPE
from mzsr_basicsr.data.blurred_patch_dataset import COUNTS, FREE_KNOWN, KIND

_DISK, _MOTION = FAMILIES.index("disk"), FAMILIES.index("motion")


class KernelLoss(nn.Module):
    """Negative log-likelihood of the covariance under a Gaussian of the estimated precision, plus the other answers'.

    Args:
        loss_weight: factor of the whole loss.
        free_weight: factor of the free kernel's cross-entropy.
        family_weight: factor of the family's cross-entropy.
        shape_weight: factor of the absolute error of a disk's or a motion's form.
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        free_weight: float = 0.3,
        family_weight: float = 1.0,
        shape_weight: float = 2.0,
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.free_weight = free_weight
        self.family_weight = family_weight
        self.shape_weight = shape_weight

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare KernelNet's answers (B, 638) with labels of `BlurredPatchDataset` (B, 638); a scalar."""
        precision = output[:, PRECISION].clamp(-4, 9)
        squares = (output[:, COVARIANCE] - target[:, COVARIANCE]).square().sum(1)
        likelihood = 0.5 * (precision.exp() * squares - NUMBERS * precision) * target[:, COUNTS]
        kernel = target[:, FREE]
        surprise = -(kernel * F.log_softmax(output[:, FREE], dim=1)).sum(1)
        entropy = torch.special.entr(kernel.clamp_min(0)).sum(1)
        free = target[:, FREE_KNOWN] * (surprise - entropy)
        kind = target[:, KIND].long()
        family = F.cross_entropy(output[:, FAMILY], kind, reduction="none")
        off = F.smooth_l1_loss(output[:, SHAPE], target[:, SHAPE], beta=0.1, reduction="none")
        shape = (kind == _DISK) * off[:, 0] + (kind == _MOTION) * off[:, 1:].sum(1)
        total = likelihood + self.free_weight * free + self.family_weight * family + self.shape_weight * shape
        mean: Tensor = total.mean()
        return self.loss_weight * mean
