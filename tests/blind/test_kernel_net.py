"""KernelNet, and what it is trained with: its spectrum, its loss, and patches whose kernel is known."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage
import scipy.signal
import skimage.data
import torch
from basicsr.data.data_sampler import EnlargedSampler
from torch.utils.data import DataLoader

from mzsr_basicsr.blind import spread
from mzsr_basicsr.blind.kernel_net import KernelNet, log_spectrum
from mzsr_basicsr.data import task_stream
from mzsr_basicsr.data.blurred_patch_dataset import BlurredPatchDataset, label
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.losses.kernel_loss import KernelLoss
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.kernel_net import load_kernel_net

LAW = {"size": 15, "lambda1": [0.5, 5.0], "lambda2": [0.5, None]}


@pytest.fixture(autouse=True)
def _fresh_stream():
    task_stream.resume_at(0)
    yield
    task_stream.resume_at(0)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One photograph of exactly the size that a patch of 16 LR px needs at x2, in a folder."""
    path = tmp_path_factory.mktemp("photos") / "p.png"
    cv2.imwrite(str(path), skimage.data.astronaut()[20:68, 200:248, ::-1])
    return path


def patches(photo: Path, **changes: object) -> BlurredPatchDataset:
    base = {"name": "t", "type": "BlurredPatchDataset", "phase": "train", "scale": 2, "dataroot_gt": str(photo.parent)}
    base |= {"batch_size_per_gpu": 2, "num_worker_per_gpu": 0, "length": 24, "lq_size": 16, "augment": False}
    return BlurredPatchDataset({**base, "kernel_law": LAW, **changes})


def luma_of(photo: Path) -> np.ndarray:
    return cv2.imread(str(photo))[:, :, ::-1].astype(np.float64) @ [0.299, 0.587, 0.114] / 255


def test_the_spectrum_is_welchs() -> None:
    patches = torch.randn(2, 1, 50, 37, dtype=torch.float64)
    window = scipy.signal.get_window("hann", 16)
    for patch, found in zip(patches[:, 0].numpy(), log_spectrum(patches), strict=True):
        pieces = [patch[y : y + 16, x : x + 16] for y in range(0, 35, 8) for x in range(0, 22, 8)]
        power = np.mean([np.abs(np.fft.rfft2(piece * np.outer(window, window))) ** 2 for piece in pieces], axis=0)
        np.testing.assert_allclose(found.reshape(16, 9), 0.25 * np.log(power + 1e-4), atol=1e-10)


def test_brightness_and_contrast_do_not_matter() -> None:
    network, patch = (
        load_kernel_net(),
        torch.from_numpy(skimage.data.astronaut()[:96, :96].mean(-1) / 255).float()[None, None],
    )
    with torch.no_grad():
        answer, other = network(patch)[0, :4], network(0.2 + 0.6 * patch)[0, :4]
        torch.testing.assert_close(other, answer, atol=0.03, rtol=0)
        torch.testing.assert_close(network(patch + 3)[0, :4], answer, atol=1e-3, rtol=0)
        assert KernelNet(num_feat=4)(patch[..., :16, :16]).shape == (1, 229)


@pytest.mark.parametrize("content", [b"hello", b"", [1, 2], {"params": {}}, {"params_ema": 5}, {"params_ema": {}}, 3])
def test_weights_that_are_none_are_refused_in_one_line(tmp_path: Path, content: object) -> None:
    path = tmp_path / "k.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        save_atomically(content, path)
    with pytest.raises(WeightsError, match="k.pth: no weights file of KernelNet") as caught:
        load_kernel_net(str(path))
    assert "\n" not in str(caught.value)
    with pytest.raises(WeightsError, match="shipped:none: no such network is shipped"):
        load_kernel_net("shipped:none")


def test_the_loss_is_a_gaussians_likelihood_and_a_cross_entropy() -> None:
    random = np.random.default_rng(0)
    answer, wanted = random.normal(0, 1, (3, 229)), random.normal(0, 1, (3, 229))
    answer[:, 3] = [-7.0, 2.0, 12.0]  # precisions, two of them beyond their bounds
    wanted[:, 3] = [1, 0, 1]
    wanted[:, 4:] = random.dirichlet(np.ones(225), 3)
    wanted[0, 4:104] = 0  # x log x is 0 at 0
    terms = []
    for found, target, precision in zip(answer, wanted, [-4.0, 2.0, 9.0], strict=True):
        likelihood = 0.5 * (math.exp(precision) * ((found[:3] - target[:3]) ** 2).sum() - 3 * precision)
        chances = np.exp(found[4:]) / np.exp(found[4:]).sum()
        held = target[4:] > 0
        divergence = (target[4:][held] * np.log(target[4:][held] / chances[held])).sum()
        terms.append(likelihood + 0.3 * target[3] * divergence)
    loss = KernelLoss(loss_weight=2.0, free_weight=0.3)
    assert float(loss(torch.from_numpy(answer), torch.from_numpy(wanted))) == pytest.approx(
        2 * np.mean(terms), rel=1e-9
    )


@pytest.mark.parametrize("scale", [2, 4])
def test_a_label_holds_the_logarithm_in_lr_px_and_the_kernel(scale: int) -> None:
    kernel = gaussian_kernel(5.0, 1.5, 0.6, 31)
    wanted = label(kernel, scale)
    assert wanted.shape == (229,) and wanted.dtype == torch.float32
    c, s = math.cos(0.6), math.sin(0.6)
    full = np.array([[5 * c * c + 1.5 * s * s, 3.5 * c * s], [3.5 * c * s, 5 * s * s + 1.5 * c * c]])
    expected = scipy.linalg.logm(full / scale**2 + np.eye(2) / 12)
    assert wanted[:3].tolist() == pytest.approx([expected[0, 0], expected[1, 1], expected[0, 1]], abs=2e-3)
    assert wanted[3] == (scale == 2)
    inner = kernel[8:23, 8:23]
    torch.testing.assert_close(wanted[4:].reshape(15, 15), (inner / inner.sum()).float(), atol=1e-7, rtol=0)


def test_a_kernel_off_its_centre_is_not_asked_for() -> None:
    bicubic = label(effective_kernel(gaussian_kernel(1.0, 1.0, 0.0, 15), 2), 2)
    assert bicubic[3] == 0
    own = float(spread.band_spread(effective_kernel(delta_kernel(), 2), 2)[0])
    assert math.log(1 / 4 + 1 / 12) + 0.1 < bicubic[0] < math.log((1 + own) / 4 + 1 / 12)  # both blurs, near enough
    assert label(torch.roll(gaussian_kernel(1.0, 1.0, 0.0, 15), 1, 0), 2)[3] == 0


def test_an_item_is_the_degraded_luma_of_its_photograph(photo: Path) -> None:
    """SciPy's blur with the item's own kernel, NaN beyond the border, so that no pixel may come from there."""
    data = patches(photo)
    for index in range(3):
        item = data[index]
        kernel = item["gt"][4:].reshape(15, 15).double().numpy()
        blurred = scipy.ndimage.correlate(luma_of(photo), kernel, mode="constant", cval=math.nan)
        expected = np.rint(255 * blurred[::2, ::2][4:20, 4:20])
        assert item["lq"].shape == (1, 16, 16) and item["lq"].dtype == torch.float32
        difference = np.abs(255 * item["lq"][0].double().numpy() - expected)
        assert difference.max() < 1.001 and (difference > 0.01).mean() < 0.02  # a tie may be rounded either way
        torch.testing.assert_close(item["gt"], label(torch.from_numpy(kernel), 2), atol=1e-4, rtol=0)


def test_noise_and_jpeg_spoil_the_shares_they_are_given(photo: Path) -> None:
    def drawn(**changes: object) -> np.ndarray:
        data = patches(photo, **changes)
        return 255 * torch.stack([data[i]["lq"][0] for i in range(24)]).numpy()

    clean, half = drawn(), drawn(noisy=0.5, noise=[0.04, 0.04])
    assert (drawn(noisy=1.0, noise=[0.04, 0.04]) - clean).std() == pytest.approx(0.04 * 255, rel=0.1)
    assert 5 <= (half == clean).all((1, 2)).sum() <= 19
    jpeg = drawn(jpeg=1.0, jpeg_quality=[70, 70])
    for one, other in zip(clean, jpeg, strict=True):
        content = cv2.imencode(".jpg", np.uint8(np.rint(one)), [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
        np.testing.assert_allclose(other, cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), atol=1e-3)
    assert np.abs(jpeg - clean).mean() > 1


def test_the_law_means_the_same_blur_in_lr_px_at_every_scale(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), skimage.data.astronaut()[:128, :128])
    law = {"size": 15, "lambda1": [2.0, 2.0], "lambda2": [2.0, 2.0]}
    for scale in (2.0, 4.0):
        item = patches(tmp_path / "p.png", scales=[scale], kernel_law=law)[0]
        assert item["gt"][:3].tolist() == pytest.approx([math.log(0.5 + 1 / 12)] * 2 + [0], abs=0.01)
        assert item["lq"].shape == (1, 16, 16) and item["gt"][3] == (scale == 2)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_resumed_stream_goes_on_exactly(photo: Path, workers: int) -> None:
    options = {"noisy": 0.5, "jpeg": 0.5, "kernel_law": {**LAW, "shapes": 0.3, "bicubic": 0.3}, "lq_size": 12}
    data = patches(photo, **options)
    order = list(EnlargedSampler(data, 1, 0))
    whole = list(DataLoader(data, batch_size=2, sampler=order))
    assert torch.cat([batch["task"] for batch in whole]).tolist() == list(range(24))
    task_stream.resume_at(7)
    rest = list(DataLoader(patches(photo, **options), batch_size=2, sampler=order, num_workers=workers))
    for one, other in zip(whole[7:], rest, strict=False):
        assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lq_size": 15}, "datasets.train.lq_size: 15 must be even"),
        ({"kernel_law": {"size": 15}}, "datasets.train.kernel_law.lambda1: required key is missing"),
        ({"scales": [2.5]}, r"datasets.train.scales: \(2.5,\) must be integers"),
        ({"noisi": 0.1}, "datasets.train.noisi: unknown key"),
    ],
)
def test_impossible_options_are_refused(photo: Path, changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        patches(photo, **changes)
