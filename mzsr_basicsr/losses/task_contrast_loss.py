"""TaskContrastLoss: what TaskEmbedding is trained by, with BasicSR's own SRModel."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TaskContrastLoss(nn.Module):
    """NT-Xent (Chen et al. 2020, SimCLR): each view is to find the other view of its task among all of the batch.

    Args:
        loss_weight: factor of the loss.
        temperature: that cosines are divided by.
    """

    def __init__(self, loss_weight: float = 1.0, temperature: float = 0.1) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.temperature = temperature

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            output: (B, V, d) unit vectors of views.
            target: (B, V) number of the task of each, within its item of the batch; each number stands there twice.

        Returns:
            A scalar: the mean of -log softmax(cosine / temperature) of the pairs, over all views but the own.
        """
        vectors = output.flatten(0, 1)
        logits = vectors @ vectors.T / self.temperature
        own = torch.eye(len(vectors), dtype=torch.bool, device=output.device)
        items = torch.arange(len(target), device=target.device)[:, None].expand_as(target).flatten()
        tasks = target.flatten()
        pairs = (items[:, None] == items) & (tasks[:, None] == tasks) & ~own
        surprise = -F.log_softmax(logits.masked_fill(own, -torch.inf), dim=1)[pairs]
        return self.loss_weight * surprise.mean()
