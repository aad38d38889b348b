"""Tasks drawn for the map and the clusters: of the law, by the seed, with numbers that are told right."""

import math
from pathlib import Path

import msgspec
import pytest
import torch
import yaml
from helpers.places import OPTIONS
from helpers.trainings import write_photos

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.options.datasets import TaskViewsOptions
from mzsr_basicsr.task_tools import drawing
from mzsr_basicsr.task_tools.choices import TaskChoices, names_of
from mzsr_basicsr.task_tools.drawing import DrawnTask, draw_tasks


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    place = tmp_path_factory.mktemp("photos")
    return write_photos(place / "a", 3), write_photos(place / "b", 2)


def drawn(folders: tuple[Path, ...], tasks: int = 6, seed: int = 0, scale: int = 2) -> list[DrawnTask]:
    torch.manual_seed(0)
    return draw_tasks(TaskChoices(folders, tasks, seed, scale, "-"), TaskEmbedding().eval())


def test_tasks_are_a_function_of_the_seed_and_their_number(folders: tuple[Path, Path]) -> None:
    first, again, more = drawn(folders), drawn(folders), drawn(folders, tasks=8)
    for one, other, third in zip(first, again, more, strict=False):
        assert torch.equal(one.vector, other.vector) and torch.equal(one.vector, third.vector)
        assert one.photo == third.photo and torch.equal(one.degradation.kernel, other.degradation.kernel)
    assert [task.domain for task in first] == [0, 1, 0, 1, 0, 1]
    assert all(Path(task.photo).parent == folders[task.domain] for task in first)
    assert not torch.equal(drawn(folders, seed=1)[0].degradation.kernel, first[0].degradation.kernel)


def test_the_law_is_that_of_the_training() -> None:
    section = yaml.safe_load((OPTIONS / "tasks/task_embedding.yml").read_text().split("\n", 1)[1])["datasets"]["train"]
    trained = msgspec.convert({**section, "phase": "train", "scale": 2}, TaskViewsOptions)
    assert msgspec.structs.replace(trained.kernel_law, misstated=0.0) == drawing.LAW
    assert (trained.noise, trained.noisy) == (drawing.NOISE, drawing.NOISY)


def test_the_width_and_the_noise_are_told_in_lr_px_and_levels() -> None:
    task = DrawnTask(0, "p.png", Degradation("gaussian:4.0,1.0,0.3,41", 4, noise=0.1), torch.zeros(2))
    assert task.width == pytest.approx(math.sqrt(2.5) / 4, rel=1e-3)
    assert task.noise == pytest.approx(25.5)


def test_the_law_is_wider_in_hr_px_at_larger_scales(folders: tuple[Path, Path]) -> None:
    small, large = (drawn(folders[:1], tasks=30, scale=scale) for scale in (2, 4))
    means = [sum(task.width for task in tasks) / 30 for tasks in (small, large)]
    assert means[1] == pytest.approx(means[0], rel=0.3)
    assert max(task.degradation.kernel.shape[-1] for task in large) > 35


def test_domains_are_named_by_their_folders(tmp_path: Path) -> None:
    assert names_of(["x/art", "y/text/"]) == ["art", "text"]
    assert names_of(["x/art", "y/art"]) == ["x/art", "y/art"]
    assert names_of([str(tmp_path / "q" / "..")]) == [tmp_path.name]
