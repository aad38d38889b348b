"""BlurredPatchDataset: patches of LR images with the kernel that made them, to train KernelNet."""

from collections.abc import Mapping
from typing import Any

import cv2
import msgspec
import numpy as np
import torch
from torch import Tensor

from mzsr_basicsr.blind.kernel_net import GRID, NUMBERS
from mzsr_basicsr.blind.spread import band_spread, log_covariance
from mzsr_basicsr.data.task_kernels import TaskKernels
from mzsr_basicsr.data.task_set import TaskSet
from mzsr_basicsr.degradation.degrade import add_noise, round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.spread import centre
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.datasets import BlurredPatchOptions, LawOptions
from mzsr_basicsr.options.strict import parse

LUMA = (0.299, 0.587, 0.114)


class BlurredPatchDataset(TaskSet[BlurredPatchOptions]):
    """Draw a kernel and a scale, and degrade the luma of an HR patch: blur, subsample, maybe noise, maybe JPEG.

    An item holds `lq` (1, lq_size, lq_size) in [0, 1], and `gt` (229,): the logarithm of the covariance in LR px²,
    whether the free kernel is known (1 or 0), and that kernel, 15x15 flat.

    Args:
        opt: `datasets.train`, see `BlurredPatchOptions`.
    """

    def __init__(self, opt: Mapping[str, Any]) -> None:
        super().__init__(opt, parse(BlurredPatchOptions, "datasets.train", opt))
        if not all(float(s).is_integer() for s in self.options.scales):
            raise ConfigError(f"datasets.train.scales: {self.options.scales} must be integers")
        self.laws = [TaskKernels(_at_scale(self.options.kernel_law, s), s, "direct") for s in self.options.scales]
        if self.options.lq_size % 2:
            raise ConfigError(f"datasets.train.lq_size: {self.options.lq_size} must be even")

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw one patch."""
        o = self.options
        choice = int(torch.randint(len(o.scales), (), generator=generator))
        scale = o.scales[choice]
        kernel, _ = self.laws[choice].draw(generator)
        margin = -(-(kernel.shape[-1] // 2) // int(scale))  # LR px that the border's mirror image spoils
        index = int(torch.randint(len(self.photos), (), generator=generator))
        patch = self.patch(index, int(scale) * (o.lq_size + 2 * margin), generator)
        luma = torch.einsum("chw,c->hw", patch, torch.tensor(LUMA))[None]
        inside = slice(margin, margin + o.lq_size)
        low = Degradation(kernel, scale).apply(luma)[:, inside, inside]
        return {"lq": self._spoil(low, generator), "gt": label(kernel, scale)}

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


def label(kernel: Tensor, scale: float) -> Tensor:
    """Write what KernelNet should answer: (229,) float32 for a kernel (k, k) before direct subsampling."""
    spread = log_covariance(band_spread(kernel, scale) / scale**2)
    centred = bool((centre(kernel).abs() < 0.1).all())  # a shift is not seen in the image, so it is not asked for
    known = float(scale == 2 and centred)  # the free kernel's grid is half an LR px
    margin = (kernel.shape[-1] - GRID) // 2
    free = torch.nn.functional.pad(kernel, (-margin,) * 4)
    return torch.cat([spread, spread.new_tensor([known]), (free / free.sum()).flatten()]).float()


def _at_scale(law: LawOptions, scale: float) -> LawOptions:
    """Give the law, written for scale 2, for another: the same blur in LR px."""
    factor = (scale / 2) ** 2
    if law.lambda1 is None:
        raise ConfigError("datasets.train.kernel_law.lambda1: required key is missing; give (low, high) in px² at x2")
    upper = None if law.lambda2[1] is None else law.lambda2[1] * factor
    size = 2 * int(law.size * scale / 4) + 1
    lambda1 = (law.lambda1[0] * factor, law.lambda1[1] * factor)
    return msgspec.structs.replace(law, size=size, lambda1=lambda1, lambda2=(law.lambda2[0] * factor, upper))


__all__ = ["NUMBERS", "BlurredPatchDataset", "label"]
