"""TaskEmbedding: what a task looks like, as one unit vector: its LR images, the kernel that is told, and the noise."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.degradation.record import Degradation

PATCH = 32  # LR px, side of the patches that are looked at
FREQUENCIES = 8  # along each direction, evenly up to the LR image's highest, half a cycle in a px
DIRECTIONS = 4  # at 0, 45, 90 and 135 degrees
CODE = FREQUENCIES * DIRECTIONS + 1  # numbers
_PLACES = 4  # patches along each side of a large image, at most
_NOISE = 0.1  # [0, 1] intensity; this σ is told as 1
_HIDDEN = 96


class TaskEmbedding(nn.Module):
    """A small convolutional network over LR patches; its features and the kernel's code meet in two dense layers.

    It is trained as a Siamese network (Koch et al. 2015): two draws of one task shall lie close, other tasks apart.

    Args:
        num_in_ch: channels of the images; images of other numbers of channels are seen as grey.
        num_feat: channels at the full LR resolution, even; half as many more at a half and twice as many at a quarter.
        size: numbers in a vector.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> embedding, given = TaskEmbedding(num_feat=4, size=8), Degradation("gaussian:2,2", scale=2)
        >>> code = embedding.of(torch.rand(2, 3, 64, 96), given)
        >>> code.shape, round(code.norm().item(), 3)
        (torch.Size([8]), 1.0)
        >>> views = packed(torch.rand(4, 3, 32, 32), code_of(given))  # four patches of one task
        >>> embedding(views[None, None]).shape
        torch.Size([1, 1, 8])
    """

    def __init__(self, num_in_ch: int = 3, num_feat: int = 16, size: int = 32) -> None:
        super().__init__()
        self.arguments = {"num_in_ch": num_in_ch, "num_feat": num_feat, "size": size}
        middle, wide = 3 * num_feat // 2, 2 * num_feat
        self.body = nn.Sequential(
            *_layer(num_in_ch, num_feat),
            *_layer(num_feat, middle, stride=2),
            *_layer(middle, wide, stride=2),
            *_layer(wide, wide),
        )
        self.level = nn.LayerNorm(2 * wide)  # features as large as the code's numbers, from the first step on
        self.head = nn.Sequential(nn.Linear(2 * wide + CODE, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, size))

    def of(self, images: Tensor, degradation: Degradation) -> Tensor:
        """Embed one task.

        Args:
            images: (n, C, h, w) LR images in [0, 1]; of large ones up to 16 patches are looked at, always the same.
            degradation: what is told of them; its kernel and noise one for all, or one for each image.

        Returns:
            (size,) unit vector, on the module's device.
        """
        weight = next(self.parameters())
        with torch.autocast(weight.device.type, enabled=False):
            features = self._features(patches_of(images.to(weight))).mean(0)
            return self._joined(features, code_of(degradation).to(features))

    def forward(self, views: Tensor) -> Tensor:
        """Embed a training batch.

        Args:
            views: (B, V, n, C + 33, h, w), as `packed` makes them.

        Returns:
            (B, V, size) unit vectors.
        """
        images, code = views[..., :-CODE, :, :], views[:, :, 0, -CODE:, 0, 0]
        features = self._features(images.flatten(0, 2)).unflatten(0, views.shape[:3])
        return self._joined(features.mean(2), code)

    def _features(self, patches: Tensor) -> Tensor:
        """Pool over all places: (n, C, h, w) -> (n, features), mean and standard deviation of each channel."""
        channels = int(self.arguments["num_in_ch"])
        if patches.shape[1] != channels:
            patches = patches.mean(1, keepdim=True).expand(-1, channels, -1, -1)
        maps = self.body(patches - 0.5)
        spread = (maps.var((-2, -1), correction=0) + 1e-4).sqrt()
        return torch.cat([maps.mean((-2, -1)), spread], dim=1)

    def _joined(self, features: Tensor, code: Tensor) -> Tensor:
        vectors: Tensor = F.normalize(self.head(torch.cat([self.level(features), code], dim=-1)), dim=-1)
        return vectors


def code_of(degradation: Degradation) -> Tensor:
    """Tell a degradation in numbers that no scale and no size of the kernel changes.

    Returns:
        (33,) float32: amplitudes of the told kernel's Fourier transform, by direction and then by frequency, in cycles
        per LR px, from 1/16 to 1/2; a blur of nothing has 1 everywhere. At last the root of σ, 1 for 0.1 intensity.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> code = code_of(Degradation("delta", scale=2, noise=0.025))  # no blur, and a quarter of 0.1 intensity
        >>> torch.allclose(code[:32], torch.ones(32)), code[32]
        (True, tensor(0.5000))
    """
    kernel = degradation.told.detach()
    turn = math.pi / DIRECTIONS * torch.arange(DIRECTIONS).to(kernel)[:, None, None]
    steps = torch.arange(1, FREQUENCIES + 1).to(kernel)[:, None] / (2 * FREQUENCIES)
    axis = torch.arange(kernel.shape[-1]).to(kernel) - kernel.shape[-1] // 2  # px of the HR image
    phase = 2 * math.pi / float(degradation.scale) * steps * axis
    across, down = ((way * phase).flatten(0, 1) for way in (turn.cos(), turn.sin()))  # (32, k), of columns and rows
    even, odd = across.cos() @ kernel.mT, across.sin() @ kernel.mT  # (..., 32, k), rows left
    real = (even * down.cos() - odd * down.sin()).sum(-1)
    amplitude = torch.hypot(real, (even * down.sin() + odd * down.cos()).sum(-1))
    noise = torch.as_tensor(degradation.noise).detach().to(kernel)
    root = (noise / _NOISE).sqrt()[..., None]
    few = np.broadcast_shapes(amplitude.shape[:-1], root.shape[:-1])  # torch's own brings sympy, half a second
    code = torch.cat([amplitude.expand(*few, -1), root.expand(*few, -1)], dim=-1)
    return code.reshape(-1, CODE).mean(0).float()


def patches_of(images: Tensor) -> Tensor:
    """Cut (n, C, h, w) into patches of at most 32x32 px that lie evenly, up to 4x4 of each image.

    Example:
        >>> patches_of(torch.zeros(1, 3, 64, 96)).shape  # 2x3 of them
        torch.Size([6, 3, 32, 32])
    """
    rows, columns = (_starts(extent) for extent in images.shape[-2:])
    cut = [images[..., top : top + PATCH, left : left + PATCH] for top in rows for left in columns]
    return torch.cat(cut)


def packed(images: Tensor, code: Tensor) -> Tensor:
    """Append a code to images as constant channels, as one tensor is what BasicSR's models take.

    Args:
        images: (n, C, h, w).
        code: (33,), see `code_of`.

    Returns:
        (n, C + 33, h, w).

    Example:
        >>> packed(torch.zeros(2, 3, 32, 32), torch.ones(33)).shape
        torch.Size([2, 36, 32, 32])
    """
    maps = code.to(images)[None, :, None, None].expand(len(images), -1, *images.shape[-2:])
    return torch.cat([images, maps], dim=1)


def _starts(extent: int) -> list[int]:
    """Place patches along a side: their first px."""
    count = min(_PLACES, -(-extent // PATCH))
    return [round(place * (extent - PATCH) / (count - 1)) for place in range(count)] if count > 1 else [0]


def _layer(inside: int, outside: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inside, outside, 3, stride=stride, padding=1), nn.ReLU()]
