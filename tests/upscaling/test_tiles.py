"""Tiles cannot be seen: any tile, and any lack of memory, gives the image that the whole gives at once."""

import numpy as np
import pytest
import torch
from helpers.small_networks import photo, save_network
from torch import Tensor

from mzsr_basicsr.degradation.resize import imresize, output_length, part_weights
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.pictures.bands import Bands
from mzsr_basicsr.upscaling import api, render, sample, tiling, upscaler
from mzsr_basicsr.upscaling.api import upscale
from mzsr_basicsr.upscaling.settings import UpscaleSettings

KERNEL = "gaussian:0.5,0.5,0,7"
CPU = torch.device("cpu")
RGB = Bands(3, False, 0.0, 255.0)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


@pytest.fixture(autouse=True)
def _fast_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "PROBE", 40)  # reach far enough for these, and is measured in half a second
    monkeypatch.setattr(render, "PROBE", 40)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes of what the network was given to enlarge."""
    sizes = []

    def noted(network, params, lq, *rest):
        sizes.append(tuple(lq.shape[-2:]))
        return super_resolve(network, params, lq, *rest)

    super_resolve = render.super_resolve
    monkeypatch.setattr(render, "super_resolve", noted)
    return sizes


def both(image: np.ndarray, weights: str, **choices: object) -> tuple[np.ndarray, np.ndarray]:
    base = {"weights": weights, "kernel": KERNEL, "updates": 1, "noise": 4, "device": "cpu"}
    whole, tiled = (upscale(image, tile=tile, **{**base, **choices}).image for tile in (512, 32))
    return whole, tiled


CASES = [
    {},
    {"subsampling": "bicubic", "self_ensemble": True, "back_projection": 2},
    {"self_ensemble": True, "back_projection": 1, "kernel": "gaussian:0.6,0.4,0.5,7"},
    {"scale": 1.7},
    {"scale": 3, "subsampling": "bicubic"},
]


@pytest.mark.parametrize("choices", CASES, ids=str)
def test_tiles_give_what_the_whole_image_gives(small: str, read: list, choices: dict) -> None:
    """Both as float, and as 8 bits with alpha; the tiles read less than all."""
    image = photo(24, 120)
    whole, tiled = both((image / 255).astype(np.float32), small, **choices)
    assert np.abs(whole - tiled).max() < 1e-5
    assert whole.std() > 0.1 and max(width for _, width in read[-4:]) < 100
    alpha = np.uint8(255 * (np.indices((24, 120)).sum(0) // 9 % 2))
    whole, tiled = both(np.dstack([image, alpha]), small, **choices)
    difference = np.abs(whole.astype(int) - tiled)
    assert difference.max() <= 1 and (difference > 0).mean() < 1e-3
    size = tuple(output_length(length, choices.get("scale", 2)) for length in (24, 120))
    assert whole.shape == (*size, 4)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: can't allocate memory"), MemoryError()]
)
@pytest.mark.parametrize("scale", [2, 1.7])
def test_a_lack_of_memory_halves_the_tile_and_changes_nothing(
    small: str, monkeypatch: pytest.MonkeyPatch, error: Exception, scale: float
) -> None:
    image = (photo(40, 150) / 255).astype(np.float32)
    whole, _ = both(image, small, scale=scale)
    refused, super_resolve = [], render.super_resolve

    def fails(network, params, lq, *rest):
        if lq.dtype == torch.float32 and lq.shape[-2] * lq.shape[-1] > 40 * 80:
            refused.append(lq.shape)
            raise error
        return super_resolve(network, params, lq, *rest)

    monkeypatch.setattr(render, "super_resolve", fails)
    done = []
    own = upscaler.Upscaler(UpscaleSettings(scale, KERNEL, updates=1, noise=4, weights=small, device="cpu"))
    pixels = own.apply(image, own.plan(image), progress=lambda *told: done.append(told))
    assert refused and np.abs(whole - pixels).max() < 1e-5
    assert done[-1] == (pixels.shape[0] * pixels.shape[1],) * 2 and sorted(done) == done and len(done) >= 4


def test_no_memory_at_all_is_told_and_other_errors_are_passed_on(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscaler, "reach_of", lambda job: 5)
    for error, expected in ((MemoryError(), ImageError), (RuntimeError("other"), RuntimeError)):

        def fails(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(render, "super_resolve", fails)
        with pytest.raises(expected) as caught:
            upscale(photo(), weights=small, kernel="delta", updates=0, device="cpu")
        assert str(caught.value) in ("out of memory on cpu even with a tile of 32 px", "other")


def test_the_reach_is_measured_once_for_all_frames_of_a_plan(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(upscaler, "reach_of", lambda job: calls.append(1) or 9)
    own = upscaler.Upscaler(UpscaleSettings(kernel="delta", updates=0, weights=small, device="cpu", tile=32))
    plan = own.plan(photo())
    first = own.apply(photo(), plan)
    np.testing.assert_array_equal(own.apply(photo(), plan), first)
    assert len(calls) == 1
    own.apply(photo(), own.plan(photo()))
    assert len(calls) == 2
    own.apply(photo(32, 32), own.plan(photo(32, 32)))  # one tile needs none
    assert len(calls) == 2


def test_one_network_serves_all_images_of_the_same_choices(small: str) -> None:
    api._upscaler.cache_clear()
    for _ in range(3):
        upscale(photo(), weights=small, kernel="delta", updates=0, device="cpu")
    assert api._upscaler.cache_info().misses == 1


@pytest.mark.parametrize(("scale", "length"), [(0.85, 60), (0.75, 41), (1.5, 40), (0.5, 33), (0.25, 64)])
def test_an_axis_is_resampled_in_parts_as_it_is_whole(scale: float, length: int) -> None:
    axis = torch.rand(length, dtype=torch.float64)
    whole = imresize(axis.expand(1, length), scale=scale, size=(1, output_length(length, scale)))[0]
    for step in (1, 7, 20):
        for first in range(0, len(whole), step):
            out = first, min(first + step, len(whole))
            weights, (begin, end) = part_weights(length, scale, out)
            assert weights.shape == (out[1] - out[0], end - begin) and 0 <= begin < end <= length
            torch.testing.assert_close(weights @ axis[begin:end], whole[slice(*out)], atol=1e-12, rtol=0)
            assert end - begin <= (step + 4) / scale + 8  # no more than is wanted


def test_a_real_scale_resamples_the_networks_own(small: str) -> None:
    image = (photo() / 255).astype(np.float32)
    own = upscale(image, weights=small, kernel=KERNEL, updates=0, device="cpu").image
    for scale in (1.0, 1.7, 3.0):
        found = upscale(image, scale, weights=small, kernel=KERNEL, updates=0, device="cpu").image
        size = output_length(40, scale), output_length(48, scale)
        planes: Tensor = torch.from_numpy(own).permute(2, 0, 1)
        expected = imresize(planes, scale=scale / 2, size=size).permute(1, 2, 0).clamp(0, 1)
        np.testing.assert_allclose(found, expected.numpy(), atol=2e-6)


def cells(order: list[int]) -> np.ndarray:
    """(32, 48, 3), six cells of 16 px whose contrast rises in the given order; (4, 5) px more belong to none."""
    image = np.full((36, 53, 3), 128, np.uint8)
    random = np.random.default_rng(0)
    for rank, cell in enumerate(order):
        top, left = 16 * (cell // 3), 16 * (cell % 3)
        image[top : top + 16, left : left + 16] += random.integers(0, 8 * (rank + 1), (16, 16, 3), dtype=np.uint8)
    return image


def test_large_images_are_stood_for_by_their_liveliest_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "CROP", 16)
    image = cells([3, 0, 5, 1, 4, 2])
    parts = [image[16 * (c // 3) :, 16 * (c % 3) :][:16, :16].transpose(2, 0, 1) / 255 for c in (2, 4, 1, 5, 0, 3)]
    whole, count = sample.to_adapt_to(image, RGB, CPU)
    assert whole.shape == (1, 3, 36, 53) and count == 1
    monkeypatch.setattr(sample, "BUDGET", 2 * 16**2)
    some, count = sample.to_adapt_to(image, RGB, CPU)
    assert count == 3  # one more than the budget, to be held out
    np.testing.assert_allclose(some.numpy(), parts[:3], atol=1e-6)
    five = np.dstack([image, image[:, :, :2]])
    some, count = sample.to_adapt_to(five, Bands(5, False, 0.0, 255.0), CPU)
    assert count == 2 and some.shape == (10, 3, 16, 16)  # part by part, all bands of each
    np.testing.assert_allclose(some[:, 1].numpy()[:3], parts[0], atol=1e-6)
    monkeypatch.setattr(sample, "PARTS", 4)
    np.testing.assert_allclose(sample.to_judge_blur(image, RGB).numpy(), parts[:4], atol=1e-6)
    spread = sample.to_judge_noise(image, RGB)
    assert len(spread) == 6 and {tuple(part.shape) for part in spread} == {(3, 16, 16)}
    monkeypatch.setattr(sample, "PARTS", 1)
    np.testing.assert_allclose(sample.to_judge_noise(image, RGB)[1].numpy(), parts[0], atol=1e-6)


def test_small_and_narrow_images_stand_for_themselves() -> None:
    image = photo(20, 300)
    for stands in (sample.to_adapt_to(image, RGB, CPU)[0], sample.to_judge_blur(image, RGB)):
        np.testing.assert_allclose(stands[0].numpy(), image.transpose(2, 0, 1) / 255, atol=1e-6)
    np.testing.assert_allclose(sample.to_judge_noise(image, RGB)[0], image[:, :256].transpose(2, 0, 1) / 255, atol=1e-6)


def test_a_lack_of_memory_while_adapting_takes_less_of_the_image(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapt, seen = upscaler.adapt_carefully, []

    def fails(network, images, *rest):
        seen.append(tuple(images.shape))
        if images.numel() > most:
            raise torch.OutOfMemoryError("CUDA")
        return adapt(network, images, *rest)

    monkeypatch.setattr(upscaler, "adapt_carefully", fails)
    own = upscaler.Upscaler(UpscaleSettings(kernel=KERNEL, updates=1, noise=4, weights=small, device="cpu"))
    image = np.tile(photo(60, 60), (5, 7, 1))  # 300x420: 126,000 px, within the first budget
    most = 3 * 3 * 192 * 192
    assert own.plan(image).adapted.losses
    assert seen[0] == (1, 3, 300, 420) and seen[-1][1:] == (3, 192, 192) and len(seen) == 2
    most = 0
    with pytest.raises(ImageError, match="out of memory on cpu while adapting; give --updates 0"):
        own.plan(image)
