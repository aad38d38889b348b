"""Which way round a kernel is meant: as a correlation, or turned, as projects that convolve write it.

A kernel and its turn have one modulus, so that either explains the spectrum of an LR image equally well; they differ in
phase. The estimate made with the wrong phase has ghosts beside its edges, and so gradients that are less sparse: the
prior of photographs that blind deconvolution rests on (Levin et al., "Image and depth from a conventional camera with a
coded aperture", SIGGRAPH 2007), here |gradient|^0.5.
"""

import torch
from torch import Tensor

from mzsr_basicsr.degradation.moves import turned
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.wiener import wiener_upscale

CLEAR = 6.0  # of `evidence_for_turn`: in 570 trials of true kernels none was above 4.7
_ASYMMETRY = 0.1  # of 0 to 1, the weight that the turn puts elsewhere; below it the two readings are the same
_EXPONENT = 0.5
_BLOCK = 16  # HR px, side of the blocks that are counted as independent
_SIDE = 256  # LR px of a part, at most
_BORDER = 16  # HR px that are left out: mirrored borders fit neither reading
_FLOOR = 1e-4  # of a block's mean, so that flat blocks count for nothing


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
        for the turned kernel, negative for the kernel as it is; 0 where the image is too small to tell.
    """
    height, width = (min(extent, _SIDE) for extent in parts.shape[-2:])
    top, left = (parts.shape[-2] - height) // 2, (parts.shape[-1] - width) // 2
    grey = parts[:, :, top : top + height, left : left + width].mean(1, keepdim=True)
    as_given, other = (_sparseness(grey, reading) for reading in (degradation, degradation.turned()))
    if as_given.numel() < 2:
        return 0.0
    ratio = as_given - other
    error = float(ratio.std()) / ratio.numel() ** 0.5
    return float(ratio.mean()) / error if error else 0.0


def _sparseness(grey: Tensor, degradation: Degradation) -> Tensor:
    """Measure each block of the Wiener estimate: (blocks,)."""
    image = wiener_upscale(grey, degradation)[..., _BORDER:-_BORDER, _BORDER:-_BORDER]
    if min(image.shape[-2:]) <= _BLOCK:
        return image.new_zeros(0)
    down, across = image.diff(dim=-2)[..., :-1], image.diff(dim=-1)[..., :-1, :]
    rough = down.abs() ** _EXPONENT + across.abs() ** _EXPONENT
    return torch.log(torch.nn.functional.avg_pool2d(rough, _BLOCK) + _FLOOR).flatten()
