"""The law of training kernels with its shares: what blurs, what the network is told, and that old streams stay."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.ndimage
import torch
from torch.utils.data import default_collate

from mzsr_basicsr.data import task_stream
from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
from mzsr_basicsr.data.task_kernels import TaskKernels
from mzsr_basicsr.degradation.kernels import KernelLaw, sample_kernels
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.shape_law import SHAPES
from mzsr_basicsr.degradation.shapes import same_spread, sample_shape
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.models.task_builder import build_tasks
from mzsr_basicsr.options.datasets import LawOptions

LAW = {"size": 41, "lambda1": (0.8, 4.0), "lambda2": (0.8, None)}  # so that sums over pixels are integrals


def law(scale: float = 2.0, subsampling: str = "direct", **changes) -> TaskKernels:
    return TaskKernels(LawOptions(**{**LAW, **changes}), scale, subsampling)


def draws(kernels: TaskKernels, count: int, seed: int = 0) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    return [kernels.draw(generator) for _ in range(count)]


def covariance(kernel: torch.Tensor) -> np.ndarray:
    """Measure xx, xy and yy about the mean, px²."""
    axis = np.arange(kernel.shape[-1]) - kernel.shape[-1] // 2
    weights, (y, x) = kernel.numpy(), np.meshgrid(axis, axis, indexing="ij")
    x, y = x - (weights * x).sum(), y - (weights * y).sum()
    return np.array([(weights * x * x).sum(), (weights * x * y).sum(), (weights * y * y).sum()])


def plain(seed: int, skipped: int) -> torch.Tensor:
    """The Gaussian that a generator gives after so many other numbers."""
    generator = torch.Generator().manual_seed(seed)
    torch.rand(skipped, dtype=torch.float64, generator=generator)
    return sample_kernels(KernelLaw(41, (0.8, 4.0), (0.8, None)), 1, generator)[0][0]


def test_without_shares_the_old_stream_is_drawn() -> None:
    generator, other = torch.Generator().manual_seed(7), torch.Generator().manual_seed(7)
    kernels = law(size=15, log_uniform=True)
    reference = KernelLaw(15, (0.8, 4.0), (0.8, None), log_uniform=True)
    for _ in range(5):
        kernel, told = kernels.draw(generator)
        assert torch.equal(kernel, sample_kernels(reference, 1, other)[0][0]) and torch.equal(told, kernel)
    assert torch.equal(generator.get_state(), other.get_state())


def test_without_a_range_the_law_is_the_papers() -> None:
    kernels = TaskKernels(LawOptions(), 3.0, "bicubic")
    expected = sample_kernels(KernelLaw.paper(3.0), 1, torch.Generator().manual_seed(2))[0][0]
    assert torch.equal(kernels.draw(torch.Generator().manual_seed(2))[0], expected)


def test_misstated_gaussians_are_told_with_both_variances_wrong_by_one_factor() -> None:
    factors = []
    for seed in range(150):
        [(kernel, told)] = draws(law(misstated=1.0), 1, seed)
        assert torch.equal(kernel, plain(seed, 4))  # the truth still is the law's
        true, wrong = covariance(kernel), covariance(told)
        factors.append((wrong[0] + wrong[2]) / (true[0] + true[2]))
        np.testing.assert_allclose(wrong, factors[-1] * true, atol=2e-3)
    assert 0.599 < min(factors) < 0.63 and 1.53 < max(factors) < 1.601
    assert np.mean(np.log(factors)) == pytest.approx(np.log(0.6 * 1.6) / 2, abs=0.05)  # uniform in its logarithm


@pytest.mark.parametrize("misstated", [0.5, 1.0])
def test_shape_misstatement_and_factor_are_drawn_independently(misstated: float) -> None:
    pairs = draws(law(shapes=0.5, misstated=misstated), 400)
    factors = np.array([covariance(told)[[0, 2]].sum() / covariance(kernel)[[0, 2]].sum() for kernel, told in pairs])
    gaussian = factors[np.abs(factors - 1) > 0.05]  # a shape is told with its own spread
    assert len(gaussian) / 400 == pytest.approx(0.5 * misstated * 0.9, abs=0.08)  # about a tenth lies within 0.05 of 1
    assert np.mean(gaussian < 1) == pytest.approx(0.5, abs=0.15)


def test_the_misstatement_range_is_the_option_files() -> None:
    for kernel, told in draws(law(misstated=1.0, misstatement=(2.0, 2.0)), 10):
        np.testing.assert_allclose(covariance(told), 2 * covariance(kernel), atol=2e-3)


def test_shapes_take_the_place_of_gaussians_and_are_told_as_they_are() -> None:
    for seed in range(10):
        [(kernel, told)] = draws(law(shapes=1.0), 1, seed)
        generator = torch.Generator().manual_seed(seed)
        torch.rand(4, dtype=torch.float64, generator=generator)
        assert torch.equal(kernel, sample_shape(41, generator)) and torch.equal(told, kernel)


@pytest.mark.parametrize("scale", [2.0, 3.0, 4.0])
def test_shapes_by_name_are_drawn_by_their_function(scale: float) -> None:
    for name, shape in SHAPES.items():
        [(kernel, told)] = draws(law(scale, size=25, shapes={name: 1.0}), 1, 5)
        generator = torch.Generator().manual_seed(5)
        torch.rand(4, dtype=torch.float64, generator=generator)
        assert torch.equal(kernel, shape(25, generator)) and torch.equal(told, kernel)  # sizes are HR px at any scale
        wrong = draws(law(scale, size=25, shapes={name: 1.0}, misstated=1.0), 1, 5)[0]
        assert torch.equal(wrong[0], kernel) and torch.equal(wrong[1], same_spread(kernel))


def test_shapes_by_name_have_their_shares_and_gaussians_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def marked(place: int):
        return lambda size, generator: torch.eye(size * size, dtype=torch.float64)[place].view(size, size)

    shares = {"shake": 0.3, "disk": 0.1, "mine": 0.2}
    for place, name in enumerate(shares):
        monkeypatch.setitem(SHAPES, name, marked(place))
    kernels = [kernel for kernel, _ in draws(law(size=5, shapes=shares), 2000)]
    found = [np.mean([kernel[0, place].item() == 1 for kernel in kernels]) for place in range(3)]
    assert found == pytest.approx(list(shares.values()), abs=0.035)
    assert np.mean([kernel[2, 2].item() > 0.05 for kernel in kernels]) == pytest.approx(0.4, abs=0.035)


def test_a_share_of_nothing_leaves_the_old_stream() -> None:
    for shapes in ({}, {"shake": 0.0}):
        for (kernel, told), (expected, _) in zip(draws(law(shapes=shapes), 3), draws(law(), 3), strict=True):
            assert torch.equal(kernel, expected) and torch.equal(told, expected)


def test_misstated_shapes_are_told_as_the_gaussian_of_their_spread() -> None:
    """The narrowest ones, of less than 0.6 px², are no integrals over pixels any more."""
    wide = [pair for pair in draws(law(shapes=1.0, misstated=1.0), 80) if np.linalg.det(_matrix(pair[0])) > 0.36]
    assert len(wide) > 20
    for kernel, told in wide:
        assert (kernel - told).abs().max() > 1e-3
        np.testing.assert_allclose(covariance(told), covariance(kernel), atol=0.05)


def _matrix(kernel: torch.Tensor) -> np.ndarray:
    return covariance(kernel)[[0, 1, 1, 2]].reshape(2, 2)


@pytest.mark.parametrize("scale", [2.0, 3.0, 4.0])
def test_bicubic_tasks_are_what_bicubic_subsampling_gives(scale: float) -> None:
    kernels = law(scale, size=15, bicubic=1.0)
    image = torch.rand(3, int(30 * scale), int(28 * scale), dtype=torch.float64)
    for seed in range(4):
        [(kernel, told)] = draws(kernels, 1, seed)
        generator = torch.Generator().manual_seed(seed)
        torch.rand(4, dtype=torch.float64, generator=generator)
        blur = sample_kernels(KernelLaw(15, (0.8, 4.0), (0.8, None)), 1, generator)[0][0]
        inside = (..., slice(8, -8), slice(8, -8))
        expected = Degradation(blur, scale, "bicubic").apply(image)[inside]
        torch.testing.assert_close(Degradation(kernel, scale).apply(image)[inside], expected, atol=1e-12, rtol=0)
        assert torch.equal(told, kernel)


def test_direct_tasks_beside_bicubic_ones_only_have_a_margin() -> None:
    kernels = law(size=15, bicubic=0.3, misstated=0.5)
    pairs = draws(kernels, 200)
    assert {tensor.shape for pair in pairs for tensor in pair} == {pairs[0][0].shape}  # one side, for batches
    axis = torch.arange(pairs[0][0].shape[-1], dtype=torch.float64) - pairs[0][0].shape[-1] // 2
    centres = [float((kernel.sum(0) * axis).sum()) for kernel, _ in pairs]  # bicubic ones lie half a pixel off, for x2
    assert all(min(abs(centre), abs(centre - 0.5)) < 1e-9 for centre in centres)
    assert np.mean([centre > 0.25 for centre in centres]) == pytest.approx(0.3, abs=0.1)
    wrong = [not torch.equal(*pair) for pair in pairs]
    assert np.mean(wrong) == pytest.approx(0.5, abs=0.1)
    assert np.corrcoef(wrong, centres)[0, 1] == pytest.approx(0.0, abs=0.2)  # the shares are drawn independently
    direct = next(kernel for (kernel, _), centre in zip(pairs, centres, strict=True) if centre < 0.25)
    assert direct[4:-4, 4:-4].sum().item() == pytest.approx(1.0, abs=1e-12)


def test_shares_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"kernel_law.bicubic: .*needs `subsampling: direct`"):
        law(subsampling="bicubic", bicubic=0.5)
    for wrong in ((0.0, 1.0), (1.5, 1.0)):
        with pytest.raises(ConfigError, match=r"kernel_law.misstatement: .*must be 0 < low <= high"):
            law(misstatement=wrong)
    with pytest.raises(ConfigError, match=r"^datasets.train.kernel_law.shapes.fog: unknown shape; allowed: disk, "):
        law(shapes={"fog": 0.5})
    with pytest.raises(ConfigError, match="integers, not 2.5"):
        draws(law(2.5, bicubic=1.0), 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    task_stream.resume_at(0)
    for i in range(3):
        image = np.random.default_rng(i).integers(0, 256, (40, 44, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"p{i}.png"), image)
    return tmp_path


def batch(folder: Path, **changes) -> dict[str, torch.Tensor]:
    opt = {"name": "t", "type": "KernelMetaDataset", "phase": "train", "scale": 2, "dataroot_gt": str(folder)}
    opt |= {"batch_size_per_gpu": 2, "num_worker_per_gpu": 0, "gt_size": 32, "length": 24, "task": "internal"}
    data = KernelMetaDataset({**opt, **changes})
    return default_collate([data[i] for i in range(2)])


def scipy_lr(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return np.stack([scipy.ndimage.correlate(c, kernel, mode="reflect")[::2, ::2] for c in image])


def test_tasks_are_blurred_by_the_truth_and_told_the_rest(folder: Path) -> None:
    given = batch(folder, kernel_law={"misstated": 1.0})
    for i, task in enumerate(build_tasks(given)):
        kernel = given["kernel"][i].double().numpy()
        lr = scipy_lr(given["image_gt"][i, 0].double().numpy(), kernel)
        np.testing.assert_allclose(task.query.lq[0].numpy(), lr, atol=1e-5)
        np.testing.assert_allclose(task.support.lq[0].numpy(), scipy_lr(lr, kernel), atol=1e-5)
        assert torch.equal(task.degradation.kernel, given["told_kernel"][i])
        assert (task.degradation.kernel - given["kernel"][i]).abs().max() > 1e-3


def test_a_batch_stacks_kernels_of_all_shapes(folder: Path) -> None:
    shapes = dict.fromkeys(SHAPES, 1 / 7)
    opt = {"name": "t", "type": "KernelMetaDataset", "phase": "train", "scale": 2, "dataroot_gt": str(folder)}
    opt |= {"batch_size_per_gpu": 2, "num_worker_per_gpu": 0, "gt_size": 32, "length": 24, "task": "internal"}
    data = KernelMetaDataset(opt | {"kernel_law": {"size": 25, "shapes": shapes, "bicubic": 0.3, "misstated": 0.3}})
    given = default_collate([data[i] for i in range(24)])
    assert given["kernel"].shape == given["told_kernel"].shape == (24, 33, 33)
    torch.testing.assert_close(given["kernel"].sum((1, 2)), torch.ones(24))


def test_images_and_sons_are_rounded_as_files_are(folder: Path) -> None:
    given = batch(folder, quantize=True)
    for i, task in enumerate(build_tasks(given, quantize=True)):
        kernel = given["kernel"][i].double().numpy()
        image = given["image_gt"][i, 0].double().numpy()
        lr = np.round(scipy_lr(image, kernel).clip(0, 1) * 255) / 255
        son = np.round(scipy_lr(lr, kernel).clip(0, 1) * 255) / 255
        for found, expected in ((task.query.lq, lr), (task.support.gt, lr), (task.support.lq, son)):
            levels = found[0].double().numpy() * 255
            np.testing.assert_allclose(levels, np.round(levels), atol=1e-4)
            assert np.mean(np.abs(levels - expected * 255) > 0.5) < 2e-3  # float32 rounds a few ties elsewhere
