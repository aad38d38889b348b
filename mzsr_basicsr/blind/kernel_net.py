"""KernelNet: regress the blur kernel from a patch of an LR image, with a confidence."""

import torch
from torch import Tensor, nn

GRID = 15  # side of the free kernel, in px of half an LR px
PATCH = 96  # LR px, side of the patches it is trained on
WINDOW = 16  # px, of the power spectrum
NUMBERS = 3  # of the covariance's logarithm


class KernelNet(nn.Module):
    """Convolutions over a grey patch, pooled over all places, beside its power spectrum; then dense layers.

    The spectrum shows the direction of a blur at once, which convolutions alone are slow to learn; they add what
    the spectrum does not tell: how sharp the sharpest edges are. It judges the whole blur, optics and subsampling
    together, in LR px, so one network serves all scales.

    Args:
        num_feat: channels at half the LR resolution; twice as many at a quarter and an eighth.
    """

    def __init__(self, num_feat: int = 48) -> None:
        super().__init__()
        wide = 2 * num_feat
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2),
            nn.ReLU(),
            *_layer(16, num_feat, stride=2),
            *_layer(num_feat, num_feat),
            *_layer(num_feat, wide, stride=2),
            *_layer(wide, wide),
            *_layer(wide, wide, stride=2),
        )
        self.head = nn.Sequential(
            nn.Linear(2 * wide + WINDOW * (WINDOW // 2 + 1), 128),
            nn.ReLU(),
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Linear(128, NUMBERS + 1 + GRID**2),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """Estimate.

        Args:
            patches: (B, 1, h, w), luma of LR images, any range, h and w at least 16 px.

        Returns:
            (B, 4 + 225): the logarithm of the covariance (`spread.log_covariance`, LR px²), the logarithm of its
            precision, and the logits of the free kernel, [row, column], on a grid of half an LR px.
        """
        mean = patches.mean((-2, -1), keepdim=True)
        deviation = patches.std((-2, -1), keepdim=True)
        normal = (patches - mean) / (deviation + 1e-3)
        features = self.body(normal)
        pooled = [features.mean((-2, -1)), features.amax((-2, -1)), log_spectrum(normal)]
        answer: Tensor = self.head(torch.cat(pooled, dim=1))
        return answer


def log_spectrum(patches: Tensor) -> Tensor:
    """Take the logarithm of the mean power spectrum of windows of 16x16 px (Welch's method).

    Args:
        patches: (B, 1, h, w).

    Returns:
        (B, 16 * 9), in the order of `torch.fft.rfft2`, scaled to about -1 … 1.
    """
    windows = (
        patches[:, 0].unfold(-2, WINDOW, WINDOW // 2).unfold(-2, WINDOW, WINDOW // 2)
    )  # (B, rows, columns, 16, 16)
    taper = torch.hann_window(WINDOW, periodic=True, dtype=patches.dtype, device=patches.device)
    spectrum = torch.fft.rfft2(windows * torch.outer(taper, taper))
    power = spectrum.real.square() + spectrum.imag.square()
    return (0.25 * torch.log(power.mean((1, 2)) + 1e-4)).flatten(1)


def _layer(inside: int, outside: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inside, outside, 3, stride=stride, padding=1), nn.ReLU()]
