"""TaskViewsDataset: views of known tasks, against SciPy; and a step of BasicSR's own model on them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.ndimage
import torch
import yaml
from basicsr.models import build_model
from basicsr.utils.options import ordered_yaml
from helpers.places import OPTIONS

from mzsr_basicsr.data.task_views_dataset import TaskViewsDataset
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta.embedding import CODE, code_of

pytestmark = pytest.mark.usefixtures("fresh_stream")
LAW = {"size": 15, "lambda1": [0.5, 5.0], "lambda2": [0.5, None]}
ONE = {"size": 15, "lambda1": [2.0, 2.0], "lambda2": [1.0, 1.0], "theta": [0.4, 0.4]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs of exactly the size of a patch of 16 LR px at x2; the level tells which one it is."""
    path = tmp_path_factory.mktemp("photos")
    for number in range(4):
        image = np.random.default_rng(number).integers(60 * number, 60 * number + 60, (32, 32, 3), dtype=np.uint8)
        cv2.imwrite(str(path / f"{number}.png"), image)
    return path


def views(folder: Path, **changes: object) -> TaskViewsDataset:
    base = {"name": "t", "type": "TaskViewsDataset", "phase": "train", "scale": 2, "dataroot_gt": str(folder)}
    base |= {"batch_size_per_gpu": 2, "num_worker_per_gpu": 0, "length": 24, "lq_size": 16, "patches": 2}
    return TaskViewsDataset({**base, "augment": False, "kernel_law": LAW, **changes})


def content_of(view: torch.Tensor) -> int:
    return int(255 * float(view[:, :3].mean()) // 60)


def test_views_are_the_degraded_photographs(folder: Path) -> None:
    item = views(folder, kernel_law=ONE)[0]
    kernel = gaussian_kernel(2.0, 1.0, 0.4, 15)
    assert item["lq"].shape == (8, 2, 3 + CODE, 16, 16) and item["gt"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    code = code_of(Degradation(kernel, 2))
    for view in item["lq"]:
        photo = cv2.imread(str(folder / f"{content_of(view)}.png"))[:, :, ::-1] / 255
        blurred = scipy.ndimage.correlate(photo, kernel.numpy()[..., None], mode="reflect")[::2, ::2]
        expected = np.rint(255 * blurred).transpose(2, 0, 1)
        for patch in view:
            difference = np.abs(255 * patch[:3].double().numpy() - expected)
            assert difference.max() < 1.001 and (difference > 0.01).mean() < 0.02  # a tie may be rounded either way
        torch.testing.assert_close(view[:, 3:], code[None, :, None, None].expand(2, -1, 16, 16), atol=1e-6, rtol=0)


def test_each_content_comes_with_each_kernel(folder: Path) -> None:
    data = views(folder, contents=3, kernels=2, noise=[0.0, 0.05], noisy=0.5)
    for item in (data[0], data[1]):
        tasks = [(content_of(view), tuple(view[0, 3:, 0, 0].tolist())) for view in item["lq"]]
        assert tasks[0::2] == tasks[1::2] and len(set(tasks)) == 6
        assert len({content for content, _ in tasks}) == 3 and len({code for _, code in tasks}) == 2


def test_second_views_are_told_wrongly_as_often_as_they_should(folder: Path) -> None:
    wrong = []
    for share in (0.5, 1.0):
        data = views(folder, contents=1, kernels=1, kernel_law={**LAW, "misstated": share})
        items = [data[i]["lq"] for i in range(24)]
        wrong.append(sum(not torch.equal(item[0, 0, 3:], item[1, 0, 3:]) for item in items))
    assert 5 < wrong[0] < 19 and wrong[1] == 24


def test_noise_is_told_and_added(folder: Path) -> None:
    clean, noisy = (views(folder, noise=[sigma, sigma], kernel_law=ONE)[0]["lq"] for sigma in (0.0, 0.04))
    torch.testing.assert_close(noisy[:, :, -1], torch.full((8, 2, 16, 16), 0.4**0.5))
    assert float((noisy - clean)[:, :, :3].std()) == pytest.approx(0.04, rel=0.1)
    half = [views(folder, noise=[0.04, 0.04], noisy=0.5)[i]["lq"][:, 0, -1, 0, 0] for i in range(12)]
    assert 0.2 < float((torch.stack(half) > 0).float().mean()) < 0.8


def test_drawn_tasks_have_sheets_of_their_own(folder: Path) -> None:
    data = views(folder, drawn=1.0, contents=2, kernels=1, kernel_law=ONE)
    item, again = data[0]["lq"], data[0]["lq"]
    assert torch.equal(item, again)
    assert not torch.equal(item[0], item[1])  # two sheets of one kind
    assert torch.equal(views(folder, kernel_law=ONE)[2]["lq"], views(folder, kernel_law=ONE)[2]["lq"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"contents": 5}, "datasets.train.contents: 5 need as many photographs, not 4; add some"),
        ({"kernels": 1, "contents": 1, "batch_size_per_gpu": 1}, "datasets.train.kernels: a batch of one task has "),
        ({"kernel_law": {"size": 15}}, "datasets.train.kernel_law.lambda1: required key is missing"),
        ({"scales": [2.5]}, r"datasets.train.scales: \[2.5\]: Expected `int`, got `float`"),
        ({"content": 2}, "datasets.train.content: unknown key; did you mean `contents`?"),
    ],
)
def test_impossible_options_are_refused(folder: Path, changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        views(folder, **changes)
    assert "\n" not in str(caught.value)


def test_basicsrs_model_learns_to_tell_tasks_apart(folder: Path, tmp_path: Path) -> None:
    """The option file itself, on four photographs of their own level: the loss falls well below chance."""
    opt = yaml.load((OPTIONS / "tasks/task_embedding.yml").read_text(), Loader=ordered_yaml()[0])
    opt.update(dist=False, rank=0, world_size=1, auto_resume=False, is_train=True, num_gpu=0)
    opt["path"].update(models=str(tmp_path), training_states=str(tmp_path), log=str(tmp_path))
    model = build_model(opt)
    data = views(folder, patches=1)
    losses = []
    for step in range(30):
        items = [data[(2 * step + i) % 24] for i in range(2)]
        model.feed_data({key: torch.stack([item[key] for item in items]) for key in ("lq", "gt")})
        model.optimize_parameters(step + 1)
        losses.append(model.log_dict["l_pix"])
    assert losses[0] > 1.5  # chance: log 15 = 2.7
    assert np.mean(losses[-5:]) < 0.6 * losses[0]
