"""BlurredPatchDataset: patches of LR images with the kernel that made them, to train KernelNet."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.blind.kernel_net import ANSWERS, COVARIANCE, FAMILIES, FREE, GRID, NUMBERS, SHAPE
from mzsr_basicsr.blind.spread import band_spread, log_covariance
from mzsr_basicsr.data.named_kernels import Drawn, NamedKernels
from mzsr_basicsr.data.task_kernels import at_scale
from mzsr_basicsr.data.task_set import TaskSet
from mzsr_basicsr.degradation.degrade import add_noise, round_to_8_bits
from mzsr_basicsr.degradation.spread import as_gaussian, centre, covariance
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.datasets import BlurredPatchOptions
from mzsr_basicsr.options.strict import parse

LUMA = (0.299, 0.587, 0.114)
COUNTS, KIND, FREE_KNOWN = NUMBERS, NUMBERS + 1, NUMBERS + 2  # of a label: does the covariance count, family, free
_INTERPOLATIONS = (cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4)


class BlurredPatchDataset(TaskSet[BlurredPatchOptions]):
    """Draw a kernel and a scale, and degrade the luma of an HR patch: blur, subsample, maybe enlarge, noise, JPEG.

    An item holds `lq` (1, lq_size, lq_size) in [0, 1], and `gt` (638,), see `label`.

    Args:
        opt: `datasets.train`, see `BlurredPatchOptions`.
    """

    def __init__(self, opt: Mapping[str, Any]) -> None:
        super().__init__(opt, parse(BlurredPatchOptions, "datasets.train", opt))
        if not all(float(s).is_integer() for s in self.options.scales):
            raise ConfigError(f"datasets.train.scales: {self.options.scales} must be integers")
        self.laws = [NamedKernels(at_scale(self.options.kernel_law, s), s) for s in self.options.scales]
        if self.options.lq_size % 2:
            raise ConfigError(f"datasets.train.lq_size: {self.options.lq_size} must be even")

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw one patch."""
        o = self.options
        choice = int(torch.randint(len(o.scales), (), generator=generator))
        scale = int(o.scales[choice])
        drawn = self.laws[choice].draw(generator)
        margin = -(-(drawn.whole.shape[-1] // 2) // scale)  # LR px that the border spoils
        index = int(torch.randint(len(self.photos), (), generator=generator))
        patch = self.patch(index, scale * (o.lq_size + 2 * margin), generator)
        luma = torch.einsum("chw,c->hw", patch, torch.tensor(LUMA))
        inside = slice(scale * margin, scale * (margin + o.lq_size), scale)
        low = _correlate(luma, drawn.whole)[None, inside, inside]
        enlarged, factor, how = torch.rand(3, generator=generator).tolist()
        before = enlarged < o.enlarged
        if before:
            low = _enlarged(low, o.enlargement[0] + (o.enlargement[1] - o.enlargement[0]) * factor, how)
        return {"lq": self._spoil(low, generator), "gt": label(drawn, scale, before)}

    def _spoil(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Add noise and JPEG artefacts to a share of the patches, and round to 8 bits as image files are."""
        o = self.options
        chances = torch.rand(4, generator=generator).tolist()
        if chances[0] < o.noisy:
            image = add_noise(image, o.noise[0] + (o.noise[1] - o.noise[0]) * chances[1], generator)
        image = round_to_8_bits(image)
        if chances[2] >= o.jpeg:
            return image
        quality = round(o.jpeg_quality[0] + (o.jpeg_quality[1] - o.jpeg_quality[0]) * chances[3])
        grey = np.uint8(np.rint(image[0].numpy() * 255))
        _, content = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return torch.from_numpy(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)).float()[None] / 255


def label(drawn: Drawn, scale: float, enlarged: bool = False) -> Tensor:
    """Write what KernelNet should answer.

    Args:
        drawn: the kernel.
        scale: HR over LR.
        enlarged: the LR image was enlarged by interpolation, so its spread is not asked for.

    Returns:
        (638,) float32, its parts where KernelNet has them: the logarithm of the covariance in LR px²; in the place of
        the precision, whether that counts; in the places of the family's logits, its number, whether the free kernel
        is known, and zeros; the shape, where it has one; the free kernel.
    """
    family, shape, whole = drawn
    answer = torch.zeros(ANSWERS, dtype=torch.float64)
    answer[COVARIANCE] = log_covariance(band_spread(whole, scale) / scale**2)
    centred = bool((centre(whole).abs() < 0.1).all())  # a shift is not seen in the image, so it is not asked for
    answer[COUNTS] = float(not enlarged)
    answer[KIND] = FAMILIES.index("enlarged" if enlarged else family)
    answer[FREE_KNOWN] = float(scale == 2 and centred and not enlarged)  # the free kernel's grid is half an LR px
    lambda1, lambda2, theta = as_gaussian(covariance(shape))
    radius = 2 * max((lambda1 + lambda2) / 2 - 1 / 12, 0.01) ** 0.5
    length = (12 * (lambda1 - lambda2) + 1) ** 0.5
    angle = torch.tensor(2 * theta)
    answer[SHAPE] = torch.stack(
        [torch.tensor(radius / scale).log(), torch.tensor(length / scale).log(), angle.cos(), angle.sin()]
    ).double()
    margin = (whole.shape[-1] - GRID) // 2
    free = torch.nn.functional.pad(whole, (-margin,) * 4)
    answer[FREE] = (free / free.sum()).flatten()
    return answer.float()


def _correlate(image: Tensor, kernel: Tensor) -> Tensor:
    """Correlate (H, W) with a kernel as if the image were periodic: what lies a radius inside is exact."""
    side = kernel.shape[-1]
    around = torch.nn.functional.pad(kernel.to(image), (0, image.shape[1] - side, 0, image.shape[0] - side))
    transfer = torch.fft.rfft2(around.roll((-(side // 2),) * 2, (0, 1))).conj()
    return torch.fft.irfft2(torch.fft.rfft2(image) * transfer, s=image.shape)


def _enlarged(image: Tensor, factor: float, how: float) -> Tensor:
    """Reduce (1, h, w) by a factor and enlarge it again by one of three interpolations, chosen by `how` in [0, 1)."""
    whole = image[0].numpy()
    side = max(8, round(len(whole) / factor))
    small = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
    method = _INTERPOLATIONS[int(how * len(_INTERPOLATIONS))]
    return torch.from_numpy(cv2.resize(small, whole.shape, interpolation=method))[None]
