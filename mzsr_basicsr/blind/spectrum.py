"""How well a kernel explains the power spectrum of an LR image: Whittle's likelihood.

Photographs' spectra fall with a power of the frequency; blur and subsampling shape what is left of them. A straight
motion and a disk have zeros there that no photograph has of itself, so that the spectrum tells their extents better
than any other trace, and tells them from Gaussians. The photograph's own power and slope are fitted along.
"""

import torch
from torch import Tensor

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import AMPLITUDE, EXPONENT, LOWEST, ROUNDING_POWER, wiener_spectra

WINDOW = 64  # LR px, at most
SMALLEST = 32  # LR px, side of an image that can be judged
_LOWEST = 2.5  # cycles a window, below which the taper leaks
_PIVOT = 0.1  # cycles/px, where a change of the slope changes nothing
_STEPS = 12  # of Newton's method, each at most 1 in the logarithm


class Spectrum:
    """The mean power spectrum of windows of an image's luma (Welch's method), to judge kernels by.

    Args:
        luma: (n, 1, h, w) in [0, 1], parts of one image.
        noise: σ of its white noise, [0, 1] intensity.
    """

    def __init__(self, luma: Tensor, noise: float) -> None:
        self.side = min(WINDOW, *luma.shape[-2:]) // 2 * 2
        windows = luma[:, 0].unfold(1, self.side, self.side // 4).unfold(2, self.side, self.side // 4)
        taper = torch.hann_window(self.side, periodic=True, dtype=luma.dtype, device=luma.device)
        taper = torch.outer(taper, taper)
        level = (windows * taper).sum((-2, -1), keepdim=True) / taper.sum()
        power = torch.fft.fft2((windows - level) * taper).abs().square().mean((0, 1, 2)) / taper.square().sum()
        axis = torch.fft.fftfreq(self.side, device=luma.device, dtype=luma.dtype)
        radius = (axis[:, None] ** 2 + axis[None, :] ** 2).sqrt()
        self._used = radius > _LOWEST / self.side
        self._power = power[self._used].double()
        self._slope = torch.log(radius[self._used] / _PIVOT).double()
        self._noise = noise**2 + ROUNDING_POWER

    def likelihood(self, degradation: Degradation) -> float:
        """Give the mean logarithm of the likelihood of a frequency's power; only differences mean anything."""
        _, seen = wiener_spectra(degradation, (self.side, self.side))
        return self._likelihood(seen)

    def enlarged_likelihood(self, factor: float, linear: bool) -> float:
        """Give the same of a sharp image that was enlarged by a factor, linearly or by cubic interpolation.

        Its spectrum is that of the smaller image, which repeats, times the interpolation's response.
        """
        axis = factor * torch.fft.fftfreq(self.side, dtype=torch.float64)  # cycles per px of the smaller image
        response = (torch.sinc(axis) ** 2 if linear else _cubic_response(axis)).square()
        inner = (axis + 0.5) % 1 - 0.5
        radius = (inner[:, None].square() + inner[None, :].square()).clamp_min(LOWEST**2)
        return self._likelihood(radius ** (-EXPONENT / 2) * response[:, None] * response[None, :] * AMPLITUDE)

    def _likelihood(self, model: Tensor) -> float:
        """Fit gain and slope to a spectrum (side, side) without noise, and give the mean logarithm."""
        model = model[self._used].double()
        gain, tilt = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
        for _ in range(_STEPS):
            signal = model * torch.exp(gain + tilt * self._slope)
            share = signal / (signal + self._noise)
            force = (1 - self._power / (signal + self._noise)) * share
            curve = share.square()
            first = torch.stack([force.sum(), (force * self._slope).sum()])
            mixed = (curve * self._slope).sum()
            second = torch.stack([curve.sum(), mixed, mixed, (curve * self._slope.square()).sum()]).reshape(2, 2)
            step = torch.linalg.solve(second + 1e-3 * torch.eye(2, dtype=torch.float64), first).clamp(-1, 1)
            gain, tilt = gain - step[0], tilt - step[1]
        expected = model * torch.exp(gain + tilt * self._slope) + self._noise
        return float(-(torch.log(expected) + self._power / expected).mean())


def _cubic_response(frequency: Tensor) -> Tensor:
    """Give the response of Keys' cubic interpolation (a = -1/2) at frequencies in cycles/px; (n,)."""
    place = torch.linspace(-2, 2, 257, dtype=torch.float64)
    far = place.abs()
    near = 1.5 * far**3 - 2.5 * far**2 + 1
    weights = torch.where(far <= 1, near, -0.5 * far**3 + 2.5 * far**2 - 4 * far + 2)
    return torch.cos(2 * torch.pi * frequency[:, None] * place) @ weights / weights.sum()
