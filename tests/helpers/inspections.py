"""Small inspections for the tests, and networks simple enough for sums by hand."""

import numpy as np
import torch
from torch import Tensor, nn

from helpers.small_networks import photo, save_network
from mzsr_basicsr.inspection.choices import Choices
from mzsr_basicsr.inspection.run import Report, inspect_file
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.writing import write_picture
from mzsr_basicsr.upscaling.settings import UpscaleSettings

KERNEL = "gaussian:2,1.5,0.3,9"


class Linear(nn.Module):
    """a * nearest(x) + b, a layer of two numbers, and a third one that starts from zero and does nothing."""

    def __init__(self, a: float = 0.9, b: float = 0.02) -> None:
        super().__init__()
        self.layer = nn.ParameterDict({"a": torch.tensor(a), "b": torch.tensor(b)})
        self.idle = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer["a"] * x.repeat_interleave(2, -1).repeat_interleave(2, -2) + self.layer["b"]


def tensor(pixels: np.ndarray, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1) / 255).to(dtype)[None]


def hr_file(folder, height: int = 52, width: int = 60, name: str = "hr.png"):
    write_picture(Picture(photo(height, width)), folder / name)
    return folder / name


def small_report(folder, updates: int = 3, hr: bool = True, name: str = "hr.png", rate: float = 0.02, **more) -> Report:
    """Inspect a small photograph with a small network."""
    weights = save_network(folder / "small.pth", rate=rate)
    upscale = UpscaleSettings(kernel=KERNEL, updates=updates, weights=weights, device="cpu")
    path = hr_file(folder, name=name)
    return inspect_file(Choices(upscale, **({"hr": path} if hr else {"lr": path}), **more))


def up(image: np.ndarray) -> np.ndarray:
    return image.repeat(2, axis=-1).repeat(2, axis=-2)


def luma_by_formula(picture: np.ndarray) -> np.ndarray:
    """ITU-R BT.601 luma, rounded to 8 bits: another way to it than the package's integers."""
    return np.floor(picture.astype(np.float64) @ [65.481, 128.553, 24.966] / 255 + 16 + 0.5)


def psnr_by_formula(first: np.ndarray, second: np.ndarray, shave: int) -> float:
    inside = (slice(shave, first.shape[0] - shave), slice(shave, first.shape[1] - shave))
    error = (luma_by_formula(first) - luma_by_formula(second))[inside]
    return float(20 * np.log10(255 / np.sqrt(np.mean(error**2))))
