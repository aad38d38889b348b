"""Measure how well TaskEmbedding tells tasks apart: is the other view of a task found among 64 tasks?

    python benchmarks/task_embedding.py PHOTOS [--weights FILE] [--sets 20] [--drawn SHARE] [--domains FOLDER …]

PHOTOS should be photographs that it was not trained on. Each set has 8 times two kernels with four photographs, so that
of the other 63 tasks three have the same kernel and one the same photograph. Law, noise and patches are those of the
option file. With --domains, tasks of these folders, and of PHOTOS, are drawn as `mzsr tasks map` draws them: how often
is the nearest task of another image of the same folder, and how like are kernel width and noise?
"""

import argparse
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from mzsr_basicsr.data.task_views_dataset import TaskViewsDataset
from mzsr_basicsr.meta.embedding import CODE, TaskEmbedding
from mzsr_basicsr.task_tools.choices import TaskChoices
from mzsr_basicsr.task_tools.drawing import draw_tasks
from mzsr_basicsr.weights.task_embedding import SHIPPED, load_embedding

OPTIONS = Path(__file__).parents[1] / "options/tasks/task_embedding.yml"
TASKS = 64  # of a set
DRAWN = 400  # of all domains together
SEED = 1000


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos")
    parser.add_argument("--weights", default=SHIPPED)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--drawn", type=float, default=0.0, help="share of drawn graphics (default: %(default)s)")
    parser.add_argument("--domains", nargs="+", type=Path, default=[], help="folders of pictures (default: none)")
    a = parser.parse_args()
    torch.set_num_threads(1)
    data = TaskViewsDataset(section(a.photos, a.drawn))
    embedding = load_embedding(a.weights)
    rows: dict[str, list[list[float]]] = {"embedding": [], "code alone": [], "images alone": []}
    items = TASKS // (data.options.contents * data.options.kernels)
    for number in range(a.sets):
        views = torch.stack([data[items * number + i]["lq"] for i in range(items)])
        blank = views.clone()
        blank[..., -CODE:, :, :] = views[:1, :1, :1, -CODE:]  # one and the same code for all
        with torch.no_grad():
            found = {"embedding": embedding(views), "images alone": embedding(blank)}
        codes = views[:, :, 0, -CODE:, 0, 0]
        found["code alone"] = torch.nn.functional.normalize(codes - codes.mean((0, 1)), dim=-1)
        for name, vectors in found.items():
            rows[name].append(measure(vectors.double(), data.options.kernels))
    if a.domains:
        print(neighbours(TaskChoices((Path(a.photos), *a.domains), DRAWN, 0, 2, a.weights), embedding))
    print("| what is compared | found first | in the first five | same task | same kernel | same content | others |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, numbers in rows.items():
        means = torch.tensor(numbers).mean(0).tolist()
        print(f"| {name} | {means[0]:.1%} | {means[1]:.1%} | " + " | ".join(f"{m:.3f}" for m in means[2:]) + " |")


def neighbours(choices: TaskChoices, embedding: TaskEmbedding) -> str:
    """Say what the nearest task of another image has in common with a task."""
    tasks = draw_tasks(choices, embedding)
    vectors = torch.stack([task.vector for task in tasks])
    own = torch.tensor([[one.photo == other.photo for other in tasks] for one in tasks])
    nearest = (vectors @ vectors.T).masked_fill(own, -2).argmax(1)
    domain = torch.tensor([task.domain for task in tasks])
    same = (domain[nearest] == domain).double()
    chance = ((domain[:, None] == domain) & ~own).sum(1) / (~own).sum(1)
    each = ", ".join(f"{name} {same[domain == n].mean():.0%}" for n, name in enumerate(choices.domains))
    alike = [
        torch.corrcoef(torch.stack([values, values[nearest]]))[0, 1]
        for values in (torch.tensor([t.width for t in tasks]), torch.tensor([t.noise for t in tasks]))
    ]
    return (
        f"nearest of {len(tasks)} tasks: same domain {same.mean():.1%} (by chance {chance.mean():.1%}; {each}); "
        f"correlation of widths {alike[0]:.2f}, of noise {alike[1]:.2f}"
    )


def section(photos: str, drawn: float) -> dict[str, Any]:
    """Give `datasets.train` of the option file for other photographs and other draws."""
    text = OPTIONS.read_text().split("\n", 1)[1]  # without the plug-in's line
    given: dict[str, Any] = yaml.safe_load(text)["datasets"]["train"]
    changes = {
        "dataroot_gt": photos,
        "phase": "train",
        "scale": 2,
        "seed": SEED,
        "drawn": drawn,
        "kernels": 2,
        "contents": 4,
    }
    return {**given, **changes}


def measure(vectors: Tensor, kernels: int) -> list[float]:
    """Measure one set of views (items, V, d): shares found, and mean cosines of pairs of views by what they share."""
    items = len(vectors)
    first, second = vectors[:, 0::2].flatten(0, 1), vectors[:, 1::2].flatten(0, 1)
    cosines = first @ second.T
    own = cosines.diagonal()[:, None]
    before, alike = (cosines > own + 1e-6).sum(1), ((cosines - own).abs() <= 1e-6).sum(1)
    item = torch.arange(TASKS) // (TASKS // items)
    content = torch.arange(TASKS) // kernels
    kernel = kernels * item + torch.arange(TASKS) % kernels
    same = torch.eye(TASKS, dtype=torch.bool)
    kinds = [
        same,
        (kernel[:, None] == kernel) & ~same,
        (content[:, None] == content) & ~same,
        item[:, None] != item,
    ]
    shares = [float(((count - before) / alike).clamp(0, 1).mean()) for count in (1, 5)]  # those alike by chance
    return [*shares, *(float(cosines[kind].mean()) for kind in kinds)]


if __name__ == "__main__":
    main()
