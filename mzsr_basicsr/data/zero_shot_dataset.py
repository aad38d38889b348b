"""ZeroShotDataset: images with their kernels for the meta-test, with or without ground truth (paper, section 3.4)."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset

from mzsr_basicsr.data.photos import Photos, to_tensor
from mzsr_basicsr.data.task_stream import task_generator
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernel_text import FILE_SUFFIXES
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, ImageError, KernelError
from mzsr_basicsr.options.datasets import ZeroShotDatasetOptions
from mzsr_basicsr.options.strict import parse


class ZeroShotDataset(Dataset[dict[str, Tensor | str]]):
    """Give LR images, their kernels and, where there is one, the HR image.

    With `dataroot_lq` the LR images are read (and GT images of the same names, if `dataroot_gt` is given); without,
    they are made from the HR images: degraded, and rounded to 8 bits as a file would be (`quantize`).
    One `kernel` serves all images, or `kernel_folder` holds one file for each, named as the image.

    An item holds `lq` (3, h, w), `kernel` (k, k) float32, `lq_path`, and maybe `gt` (3, H, W) and `gt_path`;
    images are RGB in [0, 1].

    Args:
        opt: `datasets.val*` or `datasets.test*`, see `ZeroShotDatasetOptions`.

    Raises:
        KernelError: no kernel is given, or an image has none; it is never taken for bicubic.
    """

    def __init__(self, opt: Mapping[str, Any]) -> None:
        super().__init__()
        self.opt = opt
        self.section = f"datasets.{opt.get('phase', 'val')}"
        o = parse(ZeroShotDatasetOptions, self.section, opt)
        self.options = o
        self.makes_lq = o.dataroot_lq is None
        if self.makes_lq and o.dataroot_gt is None:
            raise ConfigError(f"{self.section}.dataroot_gt: required key is missing; give it, or dataroot_lq, or both")
        self.gt = Photos(o.dataroot_gt, o.io_backend.type, f"{self.section}.dataroot_gt") if o.dataroot_gt else None
        self.lq = None if self.makes_lq else Photos(o.dataroot_lq, o.io_backend.type, f"{self.section}.dataroot_lq")
        self._refuse_equal_names()
        self.degradations = self._find_degradations(o)
        self.told = None if o.told_kernel is None else load_kernel(o.told_kernel).float()
        self.partners = self._find_partners()

    def _listed(self) -> Photos:
        photos = self.gt if self.lq is None else self.lq
        if photos is None:
            raise ConfigError(f"{self.section}: neither dataroot_gt nor dataroot_lq is given")
        return photos

    def _refuse_equal_names(self) -> None:
        """Results are named after the images, so that equal names in two folders would overwrite each other."""
        found: dict[str, str] = {}
        for index in range(len(self)):
            path = self._listed().path(index)
            other = found.setdefault(Path(path).stem, path)
            if other != path:
                raise ImageError(f"{self.section}: {other} and {path} have the same name; rename one of them")

    def _find_degradations(self, o: ZeroShotDatasetOptions) -> list[Degradation]:
        """Load the kernel of each image, so that a missing one is found before any work is done."""
        count = len(self._listed())
        if (o.kernel is None) == (o.kernel_folder is None):
            raise KernelError(f"{self.section}: give exactly one of `kernel` (file or gaussian:…) and `kernel_folder`")
        if o.kernel is not None:
            return [Degradation(o.kernel, o.scale, o.subsampling, o.noise_sigma)] * count
        files = [self._kernel_file(Path(str(o.kernel_folder)), index) for index in range(count)]
        return [Degradation(file, o.scale, o.subsampling, o.noise_sigma) for file in files]

    def _kernel_file(self, folder: Path, index: int) -> Path:
        stem = Path(self._listed().path(index)).stem
        for suffix in FILE_SUFFIXES:
            if (folder / f"{stem}{suffix}").is_file():
                return folder / f"{stem}{suffix}"
        raise KernelError(f"{self.section}.kernel_folder: {folder} has no kernel {stem}{{{','.join(FILE_SUFFIXES)}}}")

    def _find_partners(self) -> list[int] | None:
        """Find the GT image of each LR image by its name."""
        if self.gt is None or self.lq is None:
            return None
        by_stem = {Path(self.gt.path(i)).stem: i for i in range(len(self.gt))}
        partners = []
        for index in range(len(self.lq)):
            stem = Path(self.lq.path(index)).stem
            if stem not in by_stem:
                raise ImageError(f"{self.section}.dataroot_gt: no image is named {stem} as {self.lq.path(index)} is")
            partners.append(by_stem[stem])
        return partners

    def __len__(self) -> int:
        return len(self._listed())

    def __getitem__(self, index: int) -> dict[str, Tensor | str]:
        item: dict[str, Tensor | str] = {"lq_path": self._listed().path(index)}
        item["kernel"] = self.degradations[index].kernel.float()
        item["told_kernel"] = item["kernel"] if self.told is None else self.told
        if self.lq is None:
            gt = to_tensor(self._listed().image(index))
            return {**item, "lq": self._make_lq(gt, index), "gt": gt, "gt_path": item["lq_path"]}
        lq = to_tensor(self.lq.image(index))
        if self.gt is None or self.partners is None:
            return {**item, "lq": lq}
        partner = self.partners[index]
        gt = to_tensor(self.gt.image(partner))
        self._check_sizes(lq.shape[-2:], gt.shape[-2:], index)
        return {**item, "lq": lq, "gt": gt, "gt_path": self.gt.path(partner)}

    def check_images(self, indices: Iterable[int]) -> int:
        """Decode images and compare their sizes, so that a bad one is found before any work is done.

        Returns:
            Index of the smallest of them, the likeliest to be too small for something; 0 where there are none.

        Raises:
            ImageError: naming the file.
        """
        extents: dict[int, int] = {}
        for index in indices:
            image = self._listed().image(index)
            extents[index] = min(image.shape[:2])
            if self.lq is not None and self.gt is not None and self.partners is not None:
                partner = self.gt.image(self.partners[index])
                self._check_sizes(image.shape[:2], partner.shape[:2], index)
        return min(extents, key=lambda index: extents[index], default=0)

    def gt_path(self, index: int) -> str:
        """Name the HR image that belongs to an item.

        Raises:
            ConfigError: no `dataroot_gt` was given.
        """
        if self.gt is None:
            raise ConfigError(f"{self.section}.dataroot_gt: is not given, so there is no HR image")
        return self.gt.path(index if self.partners is None else self.partners[index])

    def _make_lq(self, gt: Tensor, index: int) -> Tensor:
        o = self.options
        generator = task_generator(o.seed, index)
        # float64, so that rounding to 8 bits gives the published LR files bit for bit
        lq = self.degradations[index].apply(gt.double(), generator)
        return (round_to_8_bits(lq) if o.quantize else lq).float()

    def _check_sizes(self, lq: Sequence[int], gt: Sequence[int], index: int) -> None:
        scale = self.options.scale
        expected = [-int(-extent // scale) for extent in gt]
        if list(lq) != expected:
            raise ImageError(
                f"{self._listed().path(index)}: LR is {lq[1]}x{lq[0]} px, but its GT at scale {scale:g} "
                f"needs {expected[1]}x{expected[0]}; check `scale` and the folders"
            )
