"""The greedy soup against one made by hand with a judge that is known, and the tasks that it is judged by."""

import math

import cv2
import numpy as np
import pytest
import torch
import yaml
from helpers.places import OPTIONS
from helpers.small_networks import photo, save_network
from helpers.trainings import write_photos
from scipy import ndimage

from mzsr_basicsr.adaptation.zero_shot import Schedule, Settings, zero_shot
from mzsr_basicsr.data.photos import Photos
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError, WeightsError
from mzsr_basicsr.options.datasets import LawOptions
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.weights import judging
from mzsr_basicsr.weights.average import Source, average
from mzsr_basicsr.weights.judging import LEAST, NOISE, NOISY, draw_tasks, shipped_law, task_psnr
from mzsr_basicsr.weights.pretrained import load_pretrained
from mzsr_basicsr.weights.soup import greedy_soup, judge_by

PLAIN = {"scale": 2.0, "network_g": {"type": "MZSRNet"}}


def source(name, *value):
    return Source(name, {"params": {"w": torch.tensor(value)}, "about": dict(PLAIN)}, name * 64)


def near(target):
    """A judge: the nearer the mean weights are to a target, the better."""
    return lambda content: -float((content["params"]["w"] - torch.tensor(target)).norm())


def test_the_soup_is_made_greedily_from_the_best_on():
    files = [source("d", 2.4, 0.0), source("a", -2.0, 0.0), source("b", 0.0, 2.2), source("c", 1.0, 0.0)]
    soup = greedy_soup(files, near((0.0, 0.0)))
    assert [(one.path, one.kept) for one in soup.tasted] == [("c", True), ("a", True), ("b", False), ("d", True)]
    own, together = ([-getattr(one, name) for one in soup.tasted] for name in ("own", "together"))
    np.testing.assert_allclose(own, [1, 2, 2.2, 2.4], rtol=1e-6)
    np.testing.assert_allclose(together, [1, 1 / 2, math.hypot(1, 2.2) / 3, 1.4 / 3], rtol=1e-6)
    assert soup.worth == pytest.approx(-1.4 / 3)
    np.testing.assert_allclose(soup.content["params"]["w"], [1.4 / 3, 0], rtol=1e-6)
    assert [one["file"] for one in soup.content["about"]["average_of"]] == ["c", "a", "d"]


def test_an_average_as_good_as_before_is_taken_and_ties_keep_their_order():
    soup = greedy_soup([source("a", 1.0), source("b", 1.0), source("c", -3.0)], lambda content: 7.0)
    assert [(one.path, one.kept) for one in soup.tasted] == [("a", True), ("b", True), ("c", True)]
    assert float(soup.content["params"]["w"]) == pytest.approx(-1 / 3)
    assert soup.content["about"] == average([source("a", 1.0), source("b", 1.0), source("c", -3.0)])["about"]


def test_files_that_diverge_are_left_out_unless_all_do():
    def judge(content):
        value = float(content["params"]["w"])
        return -math.inf if value > 5 else -abs(value)

    soup = greedy_soup([source("a", 9.0), source("b", 1.0), source("c", -2.0)], judge)
    assert [(one.path, one.own, one.kept) for one in soup.tasted] == [
        ("b", -1.0, True),
        ("c", -2.0, True),
        ("a", -math.inf, False),
    ]
    assert float(soup.content["params"]["w"]) == -0.5
    with pytest.raises(
        WeightsError, match="a: diverges or gives black images, as all other files do; ask for fewer updates"
    ):
        greedy_soup([source("a", 9.0), source("b", 8.0)], judge)


@pytest.fixture
def photos(tmp_path):
    return Photos(str(write_photos(tmp_path / "photos", 3)), "disk", "soup")


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_law_is_that_of_the_shipped_weights(scale):
    text = (OPTIONS / f"pretrain/pretrain_mzsr_x{scale}.yml").read_text().replace("!!python/name:", "")
    train = yaml.safe_load(text)["datasets"]["train"]
    assert shipped_law(scale) == parse(LawOptions, "kernel_law", train["kernel_law"])
    assert (train["noisy"], train["noise"]) == (NOISY, [0.0, NOISE])
    assert shipped_law(2.5).bicubic == 0


def test_tasks_are_fixed_by_the_seed(photos):
    first, again, more, other = (draw_tasks(photos, 2, n, seed) for n, seed in ((4, 3), (4, 3), (6, 3), (4, 4)))
    for one, two, three in zip(first, again, more):
        assert np.array_equal(one.hr, two.hr) and torch.equal(one.lq, two.lq) and torch.equal(one.lq, three.lq)
        assert torch.equal(one.degradation.kernel, two.degradation.kernel)
    assert not any(torch.equal(a.degradation.kernel, b.degradation.kernel) for a, b in zip(first, other))


def test_every_photograph_serves_before_one_serves_twice(tmp_path):
    for level in range(5):
        cv2.imwrite(str(tmp_path / f"{level}.png"), np.full((40, 40, 3), 40 * level, np.uint8))
    levels = [int(task.hr[0, 0, 0]) for task in draw_tasks(Photos(str(tmp_path), "disk", "soup"), 2, 10, 1)]
    assert sorted(levels[:5]) == [0, 40, 80, 120, 160] and levels[5:] == levels[:5]


def test_an_lr_image_is_the_square_degraded(photos, monkeypatch):
    monkeypatch.setattr(judging, "NOISY", 0.0)
    for task in draw_tasks(photos, 2, 6, 0):
        kernel = task.degradation.kernel.double().numpy()
        blurred = np.stack(
            [ndimage.correlate(task.hr[..., c].astype(float), kernel, mode="reflect") for c in range(3)], -1
        )
        found = 255 * task.lq[0].permute(1, 2, 0).double().numpy()
        assert np.abs(found - blurred[::2, ::2].clip(0, 255)).max() < 0.51 and task.degradation.noise == 0
        assert task.hr.shape == (40, 40, 3)


def test_a_share_of_the_tasks_is_noisy(photos):
    sigmas = np.array([float(task.degradation.noise) for task in draw_tasks(photos, 2, 300, 0)])
    assert 0.08 < (sigmas > 0).mean() < 0.22 and sigmas.max() <= NOISE and sigmas[sigmas > 0].mean() > NOISE / 4


def test_psnr_is_the_mean_over_updates_and_tasks(tmp_path, photos):
    path = save_network(tmp_path / "w.pth", rate=0.01)
    network, tasks = load_pretrained(path), draw_tasks(photos, 2, 2, 0)
    values = []
    for hr, lq, degradation in tasks:
        settings = Settings((0, 2), Schedule(learned=network.rates), quantize_son=True)
        images = zero_shot(network.network, lq, Degradation(degradation.kernel, 2, noise=degradation.noise), settings)
        for image in images.images.values():
            levels = np.rint(255 * image[0].permute(1, 2, 0).double().numpy())
            y = [
                np.floor((65.481 * x[..., 0] + 128.553 * x[..., 1] + 24.966 * x[..., 2]) / 255 + 16.5)
                for x in (levels, hr)
            ]
            values.append(10 * math.log10(255**2 / np.mean((y[0] - y[1])[2:-2, 2:-2] ** 2)))
    told = []
    content = torch.load(path, weights_only=True)
    assert judge_by(tasks, (0, 2), lambda: told.append(1))(content) == pytest.approx(np.mean(values), abs=0.01)
    assert task_psnr(network, tasks[0], (0,)) == pytest.approx(values[0], abs=0.01) and len(told) == 2
    content["rates"] = torch.full((1, 8), 1e6)
    assert judge_by(tasks, (0, 2))(content) == -math.inf


def test_a_perfect_square_has_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(judging, "NOISY", 0.0)
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 40, 3), 80, np.uint8))
    (task,) = draw_tasks(Photos(str(tmp_path), "disk", "soup"), 2, 1, 0)
    assert task_psnr(load_pretrained(save_network(tmp_path / "w.pth")), task, (0,)) == 100


def test_a_photograph_that_is_too_small(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), photo(LEAST - 1, 40))
    with pytest.raises(ImageError, match=r"a.png: 31 px wide or high, 32 are needed; remove it"):
        draw_tasks(Photos(str(tmp_path), "disk", "soup"), 2, 1, 0)
