"""`mzsr tasks cluster`: k-means over the embedding of many tasks."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans
from torch import Tensor

from mzsr_basicsr.meta.clusters import Clusters
from mzsr_basicsr.task_tools.choices import TaskChoices
from mzsr_basicsr.task_tools.drawing import DrawnTask, draw_tasks
from mzsr_basicsr.weights.clusters import save_clusters
from mzsr_basicsr.weights.task_embedding import load_embedding

_STARTS = 10  # of k-means; the best of them is kept


def write_clusters(choices: TaskChoices, count: int, output: Path) -> str:
    """Draw tasks, find clusters of their vectors, and write the file, whole or not at all.

    Returns:
        Lines that say what each cluster holds.

    Raises:
        ImageError: a photograph that cannot be read.
        WeightsError: the embedding cannot be loaded, or the file not be written.
    """
    embedding = load_embedding(choices.weights)
    tasks = draw_tasks(choices, embedding)
    clusters = Clusters(centres_of(torch.stack([task.vector for task in tasks]), count, choices.seed), embedding)
    about = {"tasks": choices.tasks, "seed": choices.seed, "scale": choices.scale, "domains": choices.domains}
    save_clusters(clusters, output, about)
    return "\n".join([f"{output}: {count} clusters of {len(tasks)} tasks", *describe(clusters, tasks, choices.domains)])


def centres_of(vectors: Tensor, count: int, seed: int) -> Tensor:
    """Find the centres of clusters by k-means, made unit vectors.

    Args:
        vectors: (n, d) unit vectors, n at least `count`.
        count: of clusters.
        seed: of the starts; the same seed finds the same centres.

    Returns:
        (count, d) float32.
    """
    found = KMeans(count, n_init=_STARTS, random_state=seed % 2**32).fit(vectors.double().numpy())
    return F.normalize(torch.from_numpy(found.cluster_centers_), dim=-1).float()


def describe(clusters: Clusters, tasks: Sequence[DrawnTask], domains: Sequence[str]) -> list[str]:
    """Say of each cluster how many tasks are nearest to it, and what they are like: one line each."""
    nearest = [clusters.nearest(task.vector) for task in tasks]
    lines = []
    for number in range(len(clusters.centres)):
        own = [task for task, cluster in zip(tasks, nearest, strict=True) if cluster == number]
        if not own:
            lines.append(f"  {number}: 0 tasks")
            continue
        width, noise = (sum(values) / len(own) for values in ([t.width for t in own], [t.noise for t in own]))
        shares = Counter(domains[task.domain] for task in own).most_common()
        of = ", ".join(f"{name} {count / len(own):.0%}" for name, count in shares)
        lines.append(
            f"  {number}: {len(own)} tasks; mean kernel width {width:.2f} LR px, mean noise σ {noise:.1f} of 255; {of}"
        )
    return lines
