"""Which way round a kernel is meant: as a correlation, or turned, as projects that convolve write it.

A kernel and its turn have one modulus, so that either explains the spectrum of an LR image equally well; they differ in
phase. The estimate made with the wrong phase has ghosts beside its edges, and so gradients that are less sparse: the
prior of photographs that blind deconvolution rests on (Levin et al., "Image and depth from a conventional camera with a
coded aperture", SIGGRAPH 2007), here |gradient|^0.5. Ghosts leave the range of intensities, too:
where that says otherwise, nothing is said. See benchmarks/turned_kernels.py.
"""

import torch
from torch import Tensor

from mzsr_basicsr.degradation.moves import turned
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_upscale

CLEAR = 6.0  # of `evidence_for_turn`: in 570 trials with the true kernel, it was never reached
_ASYMMETRY = 0.1  # of 0 to 1, the weight that the turn puts elsewhere; below it the two readings are the same
_EXPONENT = 0.5
_BLOCK = 16  # HR px, side of the blocks that are counted as independent
_SIDE = 256  # LR px of a part, at most
_BORDER = 16  # HR px that are left out: mirrored borders fit neither reading
_FLOOR = 0.03  # added to a block's mean, so that gradients below a quarter of a level of 8 bits count for little
_EFFECT = 3e-3  # mean logarithm below which nothing is said: of a flat image, rounding errors are no evidence


def asymmetric(degradation: Degradation) -> bool:
    """Tell whether its kernel (k, k) differs enough from its turn for the two to make different images."""
    kernel = degradation.kernel
    return float((kernel - turned(kernel)).abs().sum()) / 2 >= _ASYMMETRY


def evidence_for_turn(parts: Tensor, degradation: Degradation) -> float:
    """Tell how much better the turned kernel explains an LR image, without its ground truth.

    Args:
        parts: (n, C, h, w) of the LR image in [0, 1].
        degradation: as it was given; one kernel (k, k), an integer scale.

    Returns:
        Student's t of the blocks' logarithms of mean |gradient|^0.5, this kernel's estimate over its turn's: positive
        for the turned kernel, negative for the kernel as it is; 0 where the image is too small or flat
        to tell, or where what leaves the range says otherwise.
    """
    height, width = (min(extent, _SIDE) for extent in parts.shape[-2:])
    top, left = (parts.shape[-2] - height) // 2, (parts.shape[-1] - width) // 2
    grey = parts[:, :, top : top + height, left : left + width].mean(1, keepdim=True)
    if min(grey.shape[-2:]) * int(degradation.scale) <= 2 * (_BORDER + _BLOCK):
        return 0.0
    as_given, other = (
        wiener_upscale(grey, reading)[..., _BORDER:-_BORDER, _BORDER:-_BORDER]
        for reading in (degradation, degradation.turned())
    )
    ratio = _roughness(as_given) - _roughness(other)
    mean, error = float(ratio.mean()), float(ratio.std()) / ratio.numel() ** 0.5
    if abs(mean) < _EFFECT or mean * float(_overshoot(as_given) - _overshoot(other)) < 0:
        return 0.0
    return mean / error if error else 0.0


def _overshoot(image: Tensor) -> Tensor:
    """Give the mean distance from [0, 1]."""
    return (image - image.clamp(0, 1)).abs().mean()


def _roughness(image: Tensor) -> Tensor:
    """Measure the gradients of each block of an estimate (n, 1, H, W): (blocks,)."""
    down, across = image.diff(dim=-2)[..., :-1], image.diff(dim=-1)[..., :-1, :]
    rough = down.abs() ** _EXPONENT + across.abs() ** _EXPONENT
    return torch.log(torch.nn.functional.avg_pool2d(rough, _BLOCK) + _FLOOR).flatten()
