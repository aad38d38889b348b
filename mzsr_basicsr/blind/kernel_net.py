"""KernelNet: regress the blur kernel from a patch of an LR image: its spread, family and form, and how sure it is."""

import torch
from torch import Tensor, nn

GRID = 25  # side of the free kernel, in px of half an LR px
PATCH = 96  # LR px, side of the patches it is trained on
WINDOW, FINE = 16, 32  # px, of the two power spectra
FAMILIES = ("gaussian", "disk", "motion", "free", "enlarged")  # enlarged: by interpolation, after it was taken
NUMBERS = 3  # of the covariance's logarithm
COVARIANCE, PRECISION = slice(0, NUMBERS), NUMBERS
FAMILY = slice(NUMBERS + 1, NUMBERS + 1 + len(FAMILIES))
SHAPE = slice(FAMILY.stop, FAMILY.stop + 4)  # log of a disk's radius and of a motion's length, LR px; cos, sin of 2 Θ
FREE = slice(SHAPE.stop, SHAPE.stop + GRID**2)
ANSWERS = FREE.stop
_HIDDEN = 128


class KernelNet(nn.Module):
    """Convolutions over a grey patch, pooled over all places, beside its power spectra; then dense layers.

    The spectra show the direction of a blur at once, and the zeros of a motion or a disk, which convolutions alone are
    slow to learn; they add what the spectra do not tell: how sharp the sharpest edges are. It judges the whole blur,
    optics and subsampling together, in LR px, so one network serves all scales.

    Args:
        num_feat: channels at half the LR resolution; twice as many at a quarter and an eighth.
        precision: of the convolutions in training, "float32" or "bfloat16".
    """

    def __init__(self, num_feat: int = 48, precision: str = "float32") -> None:
        super().__init__()
        wide = 2 * num_feat
        self._short = precision == "bfloat16"
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2),
            nn.ReLU(),
            *_layer(16, num_feat, stride=2),
            *_layer(num_feat, num_feat),
            *_layer(num_feat, wide, stride=2),
            *_layer(wide, wide),
            *_layer(wide, wide, stride=2),
        )
        self.fine = nn.Linear(FINE * (FINE // 2 + 1), _HIDDEN)
        self.head = nn.Sequential(
            nn.Linear(2 * wide + WINDOW * (WINDOW // 2 + 1), _HIDDEN),
            nn.ReLU(),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.ReLU(),
            nn.Linear(_HIDDEN, ANSWERS),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """Estimate.

        Args:
            patches: (B, 1, h, w), luma of LR images, any range, h and w at least 32 px.

        Returns:
            (B, 638): the logarithm of the covariance (`spread.log_covariance`, LR px²), the logarithm of its
            precision, the logits of `FAMILIES`, the form of a disk or a motion (`SHAPE`), and the logits of the
            free kernel, [row, column], on a grid of half an LR px.
        """
        mean = patches.mean((-2, -1), keepdim=True)
        deviation = patches.std((-2, -1), keepdim=True)
        normal = (patches - mean) / (deviation + 1e-3)
        with torch.autocast(patches.device.type, torch.bfloat16, enabled=self._short and self.training):
            features = self.body(normal.contiguous(memory_format=torch.channels_last))
        features = features.to(patches.dtype)
        pooled = [features.mean((-2, -1)), features.amax((-2, -1)), log_spectrum(normal)]
        hidden = self.head[0](torch.cat(pooled, dim=1)) + self.fine(log_spectrum(normal, FINE))
        answer: Tensor = self.head[1:](hidden)
        return answer


def log_spectrum(patches: Tensor, side: int = WINDOW) -> Tensor:
    """Take the logarithm of the mean power spectrum of windows (Welch's method).

    Args:
        patches: (B, 1, h, w).
        side: of a window, px, even.

    Returns:
        (B, side * (side / 2 + 1)), in the order of `torch.fft.rfft2`, scaled to about -1 … 1.
    """
    windows = patches[:, 0].unfold(-2, side, side // 2).unfold(-2, side, side // 2)  # (B, rows, columns, side, side)
    taper = torch.hann_window(side, periodic=True, dtype=patches.dtype, device=patches.device)
    spectrum = torch.fft.rfft2(windows * torch.outer(taper, taper))
    power = spectrum.real.square() + spectrum.imag.square()
    return (0.25 * torch.log(power.mean((1, 2)) + 1e-4)).flatten(1)


def _layer(inside: int, outside: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inside, outside, 3, stride=stride, padding=1), nn.ReLU()]
