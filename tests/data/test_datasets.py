"""The data sets: every draw is a function of seed and task number alone, and every bad image is named."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.ndimage
import torch
from basicsr.data.data_sampler import EnlargedSampler
from torch.utils.data import DataLoader

from mzsr_basicsr.data import task_stream
from mzsr_basicsr.data.degraded_pair_dataset import DegradedPairDataset
from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
from mzsr_basicsr.data.photos import Photos, decode, to_tensor
from mzsr_basicsr.data.zero_shot_dataset import ZeroShotDataset
from mzsr_basicsr.degradation.kernel_files import save_kernel
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.errors import ConfigError, ImageError, KernelError
from mzsr_basicsr.models.task_builder import build_tasks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for i in range(6):
        path = tmp_path / "photos" / ("deep" if i % 2 else "") / f"p{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = rng.integers(40 * i, 40 * i + 40, (40, 44, 3), dtype=np.uint8)  # the value tells the photograph
        cv2.imwrite(str(path), image)
    return tmp_path / "photos"


pytestmark = pytest.mark.usefixtures("fresh_stream")


def meta_set(folder: Path, **changes) -> KernelMetaDataset:
    base = {
        "name": "t",
        "type": "KernelMetaDataset",
        "phase": "train",
        "scale": 2,
        "dataroot_gt": str(folder),
        "batch_size_per_gpu": 1,
        "num_worker_per_gpu": 0,
    }
    return KernelMetaDataset({**base, "support": 2, "query": 2, "gt_size": 16, "length": 24, **changes})


def stream(data, workers: int, rank: int = 0, world: int = 1, batch: int = 2) -> list[dict]:
    sampler = EnlargedSampler(data, world, rank)
    sampler.set_epoch(0)
    return list(DataLoader(data, batch_size=batch, sampler=sampler, num_workers=workers, drop_last=True))


def test_the_stream_counts_tasks_and_does_not_depend_on_workers(folder: Path) -> None:
    data = meta_set(folder, batch_size_per_gpu=2)
    alone, shared = stream(data, 0), stream(data, 2)
    assert torch.cat([b["task"] for b in alone]).tolist() == list(range(24))
    for a, b in zip(alone, shared, strict=True):
        assert all(torch.equal(a[key], b[key]) for key in a)
    assert len({tuple(k.flatten().tolist()) for b in alone for k in b["kernel"]}) == 24  # no kernel twice


@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_stream_goes_on_exactly(folder: Path, workers: int) -> None:
    whole = stream(meta_set(folder, batch_size_per_gpu=2), 0)
    task_stream.resume_at(5)
    rest = stream(meta_set(folder, batch_size_per_gpu=2), workers)
    for a, b in zip(whole[5:], rest, strict=False):
        assert all(torch.equal(a[key], b[key]) for key in a)


def test_spawned_workers_know_where_the_stream_stands(folder: Path) -> None:
    task_stream.resume_at(3)
    data = meta_set(folder, batch_size_per_gpu=2)
    loader = DataLoader(data, batch_size=2, sampler=range(2), num_workers=1, multiprocessing_context="spawn")
    expected = torch.stack([data[i]["task"] for i in range(2)])
    assert torch.equal(next(iter(loader))["task"], expected)


def test_two_processes_draw_the_joint_batches_of_one(folder: Path) -> None:
    joint = stream(meta_set(folder, batch_size_per_gpu=4), 0, batch=4)
    data = meta_set(folder, batch_size_per_gpu=2)
    parts = [stream(data, 0, rank, 2) for rank in range(2)]
    for whole, first, second in zip(joint, *parts, strict=True):
        assert sorted(whole["task"].tolist()) == sorted(first["task"].tolist() + second["task"].tolist())


def test_seeds_and_neighbouring_tasks_differ(folder: Path) -> None:
    first, other = meta_set(folder)[0], meta_set(folder, seed=1)[0]
    assert not torch.equal(first["kernel"], other["kernel"])
    draws = [torch.rand(1, generator=task_stream.task_generator(0, t)).item() for t in range(1000)]
    assert len(set(draws)) == 1000 and 0.45 < np.mean(draws) < 0.55


def test_support_and_query_come_from_different_photographs(folder: Path) -> None:
    data = meta_set(folder, support=3, query=3)
    for i in range(10):
        item = data[i]
        origin = [set((item[key].flatten(1).mean(1) * 255 // 40).int().tolist()) for key in ("support_gt", "query_gt")]
        assert len(origin[0]) == len(origin[1]) == 3 and not origin[0] & origin[1]
    few = meta_set(folder, support=8, query=8)[0]  # more patches than photographs
    origin = [set((few[key].flatten(1).mean(1) * 255 // 40).int().tolist()) for key in ("support_gt", "query_gt")]
    assert few["support_gt"].shape == (8, 3, 16, 16) and not origin[0] & origin[1]


def test_the_law_is_obeyed(folder: Path) -> None:
    """Second moments of the drawn kernels stay within the law's variances (λ of 0.3 to 1.0 px²)."""
    data = meta_set(folder, kernel_law={"size": 15, "lambda1": [0.6, 1.0], "lambda2": [0.6, None]}, length=100)
    axis = torch.arange(15) - 7.0
    for i in range(20):
        kernel = data[i]["kernel"]
        trace = (kernel * (axis[:, None] ** 2 + axis[None] ** 2)).sum()
        assert 1.19 < trace < 2.01


def test_tasks_are_degraded_as_scipy_says(folder: Path) -> None:
    data = meta_set(folder, batch_size_per_gpu=2)
    batch = stream(data, 0)[0]
    tasks = build_tasks(batch, "direct", 0)
    for i, task in enumerate(tasks):
        kernel = batch["kernel"][i].double().numpy()
        for pairs, hr in ((task.support, batch["support_gt"][i]), (task.query, batch["query_gt"][i])):
            expected = np.stack(
                [[scipy.ndimage.correlate(c, kernel, mode="reflect")[::2, ::2] for c in x] for x in hr.double().numpy()]
            )
            np.testing.assert_allclose(pairs.lq.numpy(), expected, atol=1e-5)
            assert torch.equal(pairs.gt, hr)


def test_internal_tasks_mirror_the_test(folder: Path) -> None:
    data = meta_set(folder, task="internal", gt_size=32, batch_size_per_gpu=2)
    batch = stream(data, 0)[0]
    task = build_tasks(batch, "direct", 0)[1]
    kernel = batch["kernel"][1].double().numpy()
    lr = np.stack(
        [scipy.ndimage.correlate(c, kernel, mode="reflect")[::2, ::2] for c in batch["image_gt"][1, 0].double().numpy()]
    )
    son = np.stack([scipy.ndimage.correlate(c, kernel, mode="reflect")[::2, ::2] for c in lr])
    np.testing.assert_allclose(task.query.lq[0].numpy(), lr, atol=1e-5)
    np.testing.assert_allclose(task.support.gt[0].numpy(), lr, atol=1e-5)
    np.testing.assert_allclose(task.support.lq[0].numpy(), son, atol=1e-5)
    assert torch.equal(task.query.gt, batch["image_gt"][1])


def test_scales_and_noise_are_drawn_per_task(folder: Path) -> None:
    data = meta_set(folder, scales=[2.0, 2.5, 3.0], noise=[0.01, 0.1], batch_size_per_gpu=8)
    batch = stream(data, 0, batch=8)[0]
    tasks, again = build_tasks(batch, "direct", 0), build_tasks(batch, "direct", 0)
    assert len({t.degradation.scale for t in tasks}) > 1
    for task, repeat in zip(tasks, again, strict=True):
        assert task.support.lq.shape[-1] == -int(-16 // task.degradation.scale)
        assert torch.equal(task.query.lq, repeat.query.lq)
    clean = build_tasks({**batch, "noise_sigma": torch.zeros(8)}, "direct", 0)
    spread = [(a.query.lq - b.query.lq).std().item() for a, b in zip(tasks, clean, strict=True)]
    assert spread == pytest.approx(batch["noise_sigma"].tolist(), rel=0.35)


def test_degraded_pairs_are_bicubic(folder: Path) -> None:
    base = {
        "name": "t",
        "type": "DegradedPairDataset",
        "phase": "train",
        "scale": 2,
        "dataroot_gt": str(folder),
        "length": 8,
        "batch_size_per_gpu": 1,
        "num_worker_per_gpu": 0,
    }
    item = DegradedPairDataset({**base, "gt_size": 16})[3]
    assert item["lq"].shape == (3, 8, 8)
    weights = np.array([-0.01171875, -0.03515625, 0.11328125, 0.43359375])  # a = -0.5 at half scale, one half of 8 taps
    taps = np.concatenate([weights, weights[::-1]])
    assert item["lq"][0, 3, 3].item() == pytest.approx(float(taps @ item["gt"].numpy()[0, 3:11, 3:11] @ taps), abs=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_alpha_and_depth_are_read(dtype) -> None:
    top = np.iinfo(dtype).max
    grey = np.full((4, 5), top // 3, dtype)
    rgba = np.stack([grey, grey // 2, np.full_like(grey, top), grey], axis=2)  # B G R A
    read_grey = to_tensor(decode(cv2.imencode(".png", grey)[1].tobytes(), "g"))
    read_rgba = to_tensor(decode(cv2.imencode(".png", rgba)[1].tobytes(), "c"))
    assert read_grey.shape == read_rgba.shape == (3, 4, 5)
    torch.testing.assert_close(read_grey, torch.full((3, 4, 5), 1 / 3), atol=1e-2, rtol=0)
    torch.testing.assert_close(read_rgba[:, 0, 0], torch.tensor([1.0, 1 / 6, 1 / 3]), atol=1e-2, rtol=0)


def test_the_cache_is_bounded_and_right(folder: Path) -> None:
    photos = Photos(str(folder), "disk", "s", cache_mb=1)
    photos._free = 40 * 44 * 3 * 2  # room for two
    reads = [photos.image(i).copy() for i in (0, 1, 2, 0, 2, 2)]
    assert len(photos._cache) == 2 and photos._free == 0
    plain = Photos(str(folder), "disk", "s")
    for image, i in zip(reads, (0, 1, 2, 0, 2, 2), strict=True):
        assert np.array_equal(image, plain.image(i))


def test_lmdb_gives_what_the_disk_gives(folder: Path, tmp_path: Path) -> None:
    from basicsr.utils.lmdb_util import make_lmdb_from_imgs

    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.png"))
    make_lmdb_from_imgs(str(folder), str(tmp_path / "p.lmdb"), files, [f[:-4] for f in files])
    disk, lmdb = meta_set(folder), meta_set(tmp_path / "p.lmdb", io_backend={"type": "lmdb"})
    by_name = {Path(disk.photos.path(i)).stem: disk.photos.image(i) for i in range(6)}
    for i in range(6):
        assert np.array_equal(lmdb.photos.image(i), by_name[Path(lmdb.photos.path(i)).stem])


def zero_set(**changes) -> ZeroShotDataset:
    return ZeroShotDataset({"name": "z", "type": "ZeroShotDataset", "phase": "test", "scale": 2, **changes})


def test_zero_shot_set_makes_8_bit_lr_images(folder: Path) -> None:
    item = zero_set(dataroot_gt=str(folder), kernel="gaussian:2.0,2.0,0.0,21")[1]
    kernel = gaussian_kernel(2.0, 2.0, 0.0, 21).numpy()
    gt = item["gt"].double().numpy()
    expected = np.round(np.stack([scipy.ndimage.correlate(c, kernel, mode="reflect")[::2, ::2] for c in gt]) * 255)
    np.testing.assert_array_equal((item["lq"] * 255).round().numpy(), expected)


def test_zero_shot_set_pairs_lr_kernels_and_gt_by_name(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "lq").mkdir()
    (tmp_path / "k").mkdir()
    for i, name in enumerate(["p3", "p0"]):
        cv2.imwrite(str(tmp_path / "lq" / f"{name}.png"), np.full((20, 22, 3), 10 * i, np.uint8))
        save_kernel(gaussian_kernel(1.0 + i, 1.0, 0.0), tmp_path / "k" / f"{name}.npy")
    data = zero_set(dataroot_lq=str(tmp_path / "lq"), dataroot_gt=str(folder), kernel_folder=str(tmp_path / "k"))
    assert [Path(data[i]["gt_path"]).stem for i in range(2)] == ["p0", "p3"]
    torch.testing.assert_close(data[1]["kernel"], gaussian_kernel(1.0, 1.0, 0.0).float())
    alone = zero_set(dataroot_lq=str(tmp_path / "lq"), kernel="delta")[0]
    assert "gt" not in alone


def test_bad_zero_shot_sections(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "lq").mkdir()
    cv2.imwrite(str(tmp_path / "lq" / "p0.png"), np.zeros((20, 23, 3), np.uint8))
    with pytest.raises(KernelError, match="give exactly one of `kernel`"):
        zero_set(dataroot_gt=str(folder))
    with pytest.raises(KernelError, match=r"has no kernel p\d"):
        zero_set(dataroot_gt=str(folder), kernel_folder=str(tmp_path / "lq" / "none"))
    cv2.imwrite(str(folder / "p1.png"), np.zeros((20, 22, 3), np.uint8))
    with pytest.raises(ImageError, match=r"p1.png have the same name; rename one of them"):
        zero_set(dataroot_gt=str(folder), kernel="delta")
    (folder / "p1.png").unlink()
    with pytest.raises(KernelError, match="missing.mat"):
        zero_set(dataroot_gt=str(folder), kernel=str(tmp_path / "missing.mat"))
    with pytest.raises(ConfigError, match="dataroot_gt: required key is missing"):
        zero_set(kernel="delta")
    with pytest.raises(ImageError, match=r"LR is 23x20 px, but its GT at scale 2 needs 22x20"):
        zero_set(dataroot_lq=str(tmp_path / "lq"), dataroot_gt=str(folder), kernel="delta")[0]
    cv2.imwrite(str(tmp_path / "lq" / "stranger.png"), np.zeros((20, 22, 3), np.uint8))
    with pytest.raises(ImageError, match="no image is named stranger"):
        zero_set(dataroot_lq=str(tmp_path / "lq"), dataroot_gt=str(folder), kernel="delta")


def test_bad_photographs_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"datasets.train.dataroot_gt: folder .*nowhere does not exist"):
        meta_set(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="holds no photograph"):
        meta_set(tmp_path / "empty")
    with pytest.raises(ImageError, match=r"p\d.png: 44x40 is smaller than gt_size 41"):
        meta_set(folder, gt_size=41)[0]
    for name, content in {"zero.png": b"", "torn.png": (folder / "p0.png").read_bytes()[:60]}.items():
        (tmp_path / "bad").mkdir(exist_ok=True)
        (tmp_path / "bad" / name).write_bytes(content)
    photos = Photos(str(tmp_path / "bad"), "disk", "s")
    for index in range(2):
        with pytest.raises(ImageError, match=r"(zero|torn).png: damaged or not an image"):
            photos.image(index)
    with pytest.raises(ConfigError, match="io_backend.type: 'petrel': .*allowed: disk, lmdb"):
        meta_set(folder, io_backend={"type": "petrel"})
    cv2.imwrite(str(tmp_path / "empty" / "one.png"), np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(ConfigError, match="at least two photographs"):
        meta_set(tmp_path / "empty")


def test_drawing_leaves_global_random_states_alone(folder: Path) -> None:
    np.random.seed(3)
    torch.manual_seed(3)
    meta_set(folder)[0]
    state = (np.random.rand(), torch.rand(1).item())
    np.random.seed(3)
    torch.manual_seed(3)
    assert state == (np.random.rand(), torch.rand(1).item())
