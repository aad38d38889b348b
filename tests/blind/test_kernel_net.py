"""KernelNet, and what it is trained with: its spectrum, its loss, and patches whose kernel is known."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage
import scipy.signal
import scipy.special
import skimage.data
import torch
from basicsr.data.data_sampler import EnlargedSampler
from torch.utils.data import DataLoader

from mzsr_basicsr.blind import spread
from mzsr_basicsr.blind.kernel_net import (
    ANSWERS,
    COVARIANCE,
    FAMILIES,
    FAMILY,
    FREE,
    PRECISION,
    SHAPE,
    KernelNet,
    log_spectrum,
)
from mzsr_basicsr.data import task_stream
from mzsr_basicsr.data.blurred_patch_dataset import COUNTS, FREE_KNOWN, KIND, BlurredPatchDataset, label
from mzsr_basicsr.data.named_kernels import Drawn, NamedKernels, family_of
from mzsr_basicsr.degradation.effective import effective_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel, gaussian_kernel
from mzsr_basicsr.degradation.shapes import box_kernel, disk_kernel, motion_kernel
from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.losses.kernel_loss import KernelLoss
from mzsr_basicsr.options.datasets import LawOptions
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.kernel_net import load_kernel_net

pytestmark = pytest.mark.usefixtures("fresh_stream")
LAW = {"size": 15, "lambda1": [0.5, 5.0], "lambda2": [0.5, None]}


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
        assert KernelNet(num_feat=4)(patch[..., :32, :32]).shape == (1, ANSWERS)


def test_short_convolutions_are_for_training_alone() -> None:
    torch.manual_seed(0)
    short = KernelNet(num_feat=4, precision="bfloat16")
    plain, patch = KernelNet(num_feat=4), torch.rand(2, 1, 64, 64)
    plain.load_state_dict(short.state_dict())
    assert torch.equal(short.eval()(patch), plain.eval()(patch))
    found = short.train()(patch)
    assert found.dtype == torch.float32 and not torch.equal(found, plain(patch))
    torch.testing.assert_close(found, plain(patch), atol=0.02, rtol=0.02)


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


def test_the_loss_is_a_sum_of_likelihoods() -> None:
    """Each term anew in NumPy: a disk, a motion, an enlarged image and a Gaussian."""
    random = np.random.default_rng(0)
    answer, wanted = random.normal(0, 1, (4, ANSWERS)), random.normal(0, 1, (4, ANSWERS))
    answer[:, PRECISION] = [-7.0, 2.0, 12.0, 1.0]  # precisions, two of them beyond their bounds
    wanted[:, COUNTS], wanted[:, KIND], wanted[:, FREE_KNOWN] = [1, 1, 0, 1], [1, 2, 4, 0], [1, 0, 0, 1]
    wanted[:, FREE] = random.dirichlet(np.ones(25 * 25), 4)
    wanted[0, FREE.start : FREE.start + 100] = 0  # x log x is 0 at 0
    terms = []
    for found, target, precision in zip(answer, wanted, [-4.0, 2.0, 9.0, 1.0], strict=True):
        likelihood = 0.5 * (math.exp(precision) * ((found[:3] - target[:3]) ** 2).sum() - 3 * precision)
        held = target[FREE] > 0
        divergence = (target[FREE][held] * np.log(target[FREE][held] / scipy.special.softmax(found[FREE])[held])).sum()
        votes = -np.log(scipy.special.softmax(found[FAMILY])[int(target[KIND])])
        off = np.abs(found[SHAPE] - target[SHAPE])
        off = np.where(off < 0.1, 5 * off**2, off - 0.05)
        form = {1: off[0], 2: off[1:].sum()}.get(int(target[KIND]), 0.0)
        terms.append(likelihood * target[COUNTS] + 0.3 * target[FREE_KNOWN] * divergence + 0.7 * votes + 1.5 * form)
    loss = KernelLoss(loss_weight=2.0, free_weight=0.3, family_weight=0.7, shape_weight=1.5)
    assert float(loss(torch.from_numpy(answer), torch.from_numpy(wanted))) == pytest.approx(
        2 * np.mean(terms), rel=1e-9
    )


def drawn(kernel: torch.Tensor, family: str = "gaussian", whole: torch.Tensor | None = None) -> Drawn:
    return Drawn(family, kernel, kernel if whole is None else whole)


@pytest.mark.parametrize("scale", [2, 4])
def test_a_label_holds_the_logarithm_in_lr_px_and_the_kernel(scale: int) -> None:
    kernel = gaussian_kernel(5.0, 1.5, 0.6, 31)
    wanted = label(drawn(kernel), scale)
    assert wanted.shape == (ANSWERS,) and wanted.dtype == torch.float32
    c, s = math.cos(0.6), math.sin(0.6)
    full = np.array([[5 * c * c + 1.5 * s * s, 3.5 * c * s], [3.5 * c * s, 5 * s * s + 1.5 * c * c]])
    expected = scipy.linalg.logm(full / scale**2 + np.eye(2) / 12)
    assert wanted[COVARIANCE].tolist() == pytest.approx([expected[0, 0], expected[1, 1], expected[0, 1]], abs=2e-3)
    assert wanted[FREE_KNOWN] == (scale == 2) and wanted[COUNTS] == 1 and FAMILIES[int(wanted[KIND])] == "gaussian"
    inner = kernel[3:28, 3:28]
    torch.testing.assert_close(wanted[FREE].reshape(25, 25), (inner / inner.sum()).float(), atol=1e-7, rtol=0)


@pytest.mark.parametrize("scale", [2, 3])
def test_a_label_tells_the_form_of_disks_and_motions(scale: int) -> None:
    disk = label(drawn(disk_kernel(3.4, 25), "disk"), scale)
    assert FAMILIES[int(disk[KIND])] == "disk"
    assert math.exp(disk[SHAPE][0]) == pytest.approx(3.4 / scale, rel=0.01)
    motion = label(drawn(motion_kernel(7, 130, 25), "motion"), scale)
    _, length, cosine, sine = motion[SHAPE].tolist()
    assert FAMILIES[int(motion[KIND])] == "motion" and math.exp(length) == pytest.approx(7 / scale, rel=0.03)
    assert (cosine, sine) == pytest.approx((math.cos(math.radians(260)), math.sin(math.radians(260))), abs=0.02)
    enlarged = label(drawn(disk_kernel(3.4, 25), "disk"), scale, enlarged=True)
    assert FAMILIES[int(enlarged[KIND])] == "enlarged" and enlarged[COUNTS] == enlarged[FREE_KNOWN] == 0


def test_a_kernel_off_its_centre_is_not_asked_for() -> None:
    narrow = gaussian_kernel(1.0, 1.0, 0.0, 15)
    bicubic = label(drawn(narrow, whole=effective_kernel(narrow, 2)), 2)
    assert bicubic[FREE_KNOWN] == 0
    own = float(spread.band_spread(effective_kernel(delta_kernel(), 2), 2)[0])
    assert math.log(1 / 4 + 1 / 12) + 0.1 < bicubic[0] < math.log((1 + own) / 4 + 1 / 12)  # both blurs, near enough
    assert label(drawn(torch.roll(narrow, 1, 0)), 2)[FREE_KNOWN] == 0


def test_the_law_names_its_kernels_and_keeps_bicubics_blur_apart() -> None:
    options = LawOptions(
        size=21, lambda1=(0.5, 5.0), lambda2=(0.5, None), bicubic=0.5, shapes={"disk": 0.3, "shake": 0.3}
    )
    law, generator = NamedKernels(options, 2), torch.Generator().manual_seed(0)
    kernels = [law.draw(generator) for _ in range(60)]
    assert {one.family for one in kernels} == {"gaussian", "disk", "free"}
    bicubic = [one for one in kernels if torch.allclose(one.whole, effective_kernel(one.shape, 2), atol=1e-9)]
    assert 15 < len(bicubic) < 45
    for one in kernels:
        if not any(one is other for other in bicubic):
            assert torch.equal(one.whole[4:-4, 4:-4], one.shape) and float(one.whole.sum()) == pytest.approx(1)
    assert family_of("disk", disk_kernel(0.5, 21)) == "gaussian" and family_of("box", box_kernel(6, 21)) == "free"


def test_an_item_is_the_degraded_luma_of_its_photograph(photo: Path) -> None:
    """SciPy's blur with the item's own kernel, NaN beyond the border, so that no pixel may come from there."""
    data = patches(photo)
    for index in range(3):
        item = data[index]
        kernel = item["gt"][FREE].reshape(25, 25)[5:-5, 5:-5].double().numpy()
        blurred = scipy.ndimage.correlate(luma_of(photo), kernel, mode="constant", cval=math.nan)
        expected = np.rint(255 * blurred[::2, ::2][4:20, 4:20])
        assert item["lq"].shape == (1, 16, 16) and item["lq"].dtype == torch.float32
        difference = np.abs(255 * item["lq"][0].double().numpy() - expected)
        assert difference.max() < 1.001 and (difference > 0.01).mean() < 0.02  # a tie may be rounded either way
        torch.testing.assert_close(item["gt"], label(drawn(torch.from_numpy(kernel)), 2), atol=1e-4, rtol=0)


def test_noise_and_jpeg_spoil_the_shares_they_are_given(photo: Path) -> None:
    def made(**changes: object) -> np.ndarray:
        data = patches(photo, **changes)
        return 255 * torch.stack([data[i]["lq"][0] for i in range(24)]).numpy()

    clean, half = made(), made(noisy=0.5, noise=[0.04, 0.04])
    assert (made(noisy=1.0, noise=[0.04, 0.04]) - clean).std() == pytest.approx(0.04 * 255, rel=0.1)
    assert 5 <= (half == clean).all((1, 2)).sum() <= 19
    jpeg = made(jpeg=1.0, jpeg_quality=[70, 70])
    for one, other in zip(clean, jpeg, strict=True):
        content = cv2.imencode(".jpg", np.uint8(np.rint(one)), [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
        np.testing.assert_allclose(other, cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), atol=1e-3)
    assert np.abs(jpeg - clean).mean() > 1


def test_a_share_is_enlarged_and_says_so(photo: Path) -> None:
    sharp = {"size": 15, "lambda1": [0.1, 0.1], "lambda2": [0.1, 0.1]}
    data = patches(photo, enlarged=0.5, enlargement=[2.0, 2.0], kernel_law=sharp)
    items = [data[i] for i in range(24)]
    found = [FAMILIES[int(item["gt"][KIND])] == "enlarged" for item in items]
    assert 5 < sum(found) < 19
    fine = [float(item["lq"].diff(n=2, dim=-1).abs().mean() / item["lq"].std()) for item in items]
    assert np.mean([f for f, before in zip(fine, found, strict=True) if before]) < 0.7 * np.mean(
        [f for f, before in zip(fine, found, strict=True) if not before]
    )


def test_the_law_means_the_same_blur_in_lr_px_at_every_scale(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), skimage.data.astronaut()[:128, :128])
    law = {"size": 15, "lambda1": [2.0, 2.0], "lambda2": [2.0, 2.0]}
    for scale in (2.0, 4.0):
        item = patches(tmp_path / "p.png", scales=[scale], kernel_law=law)[0]
        assert item["gt"][COVARIANCE].tolist() == pytest.approx([math.log(0.5 + 1 / 12)] * 2 + [0], abs=0.01)
        assert item["lq"].shape == (1, 16, 16) and item["gt"][FREE_KNOWN] == (scale == 2)


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
