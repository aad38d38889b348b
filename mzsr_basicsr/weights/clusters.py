"""Files of clusters of tasks: their centres, and the embedding that they were found with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.meta.clusters import Clusters
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.weights.files import read_file, save_atomically
from mzsr_basicsr.weights.task_embedding import filled

_ARGUMENTS = {"num_in_ch", "num_feat", "size"}


def save_clusters(clusters: Clusters, path: str | Path, about: Mapping[str, object]) -> None:
    """Write `centres`, `embedding` (its state), `arguments` (of its constructor) and `about`, whole or not at all.

    Args:
        clusters: what is saved.
        path: of the file.
        about: how they were found, in plain numbers, texts and lists.

    Raises:
        WeightsError: it cannot be written.

    Example:
        >>> import tempfile
        >>> from mzsr_basicsr.meta.clusters import Clusters
        >>> from mzsr_basicsr.meta.embedding import TaskEmbedding
        >>> clusters = Clusters(torch.eye(2), TaskEmbedding(num_feat=4, size=2))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_clusters(clusters, f"{folder}/kinds.pth", about={"tasks": 100})
        ...     sorted(torch.load(f"{folder}/kinds.pth", weights_only=True))
        ['about', 'arguments', 'centres', 'embedding']
    """
    content = {
        "centres": clusters.centres.cpu(),
        "embedding": {name: value.cpu() for name, value in clusters.embedding.state_dict().items()},
        "arguments": dict(clusters.embedding.arguments),
        "about": dict(about),
    }
    save_atomically(content, path)


def load_clusters(path: str | Path) -> Clusters:
    """Load clusters, on the CPU, without running any code that the file may carry.

    Raises:
        WeightsError: the file is missing, damaged, no file of clusters, or its parts do not go together.

    Example:
        >>> import tempfile
        >>> from mzsr_basicsr.meta.clusters import Clusters
        >>> from mzsr_basicsr.meta.embedding import TaskEmbedding
        >>> clusters = Clusters(torch.eye(2), TaskEmbedding(num_feat=4, size=2))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_clusters(clusters, f"{folder}/kinds.pth", about={"tasks": 100})
        ...     load_clusters(f"{folder}/kinds.pth").nearest(torch.tensor([0.0, 1.0]))  # of its two centres
        1
    """
    content, where = read_file(path, "file of clusters"), str(path)
    centres, arguments = content.get("centres"), content.get("arguments")
    if not isinstance(centres, Tensor) or not _known(arguments):
        raise WeightsError(f"{where}: no file of clusters; make one with `mzsr tasks cluster`")
    embedding = filled(TaskEmbedding(**arguments), content.get("embedding"), where)  # type: ignore[arg-type]
    size = embedding.arguments["size"]
    if centres.ndim != 2 or len(centres) == 0 or centres.shape[1] != size:
        raise WeightsError(
            f"{where}: its centres {tuple(centres.shape)} are of an embedding of another size than its own, {size}; "
            "make it again with `mzsr tasks cluster`"
        )
    length = centres.double().norm(dim=1)
    if not bool(((length - 1).abs() < 1e-3).all()):  # NaN, too
        raise WeightsError(f"{where}: its centres are no unit vectors; make it again with `mzsr tasks cluster`")
    return Clusters(centres.to(torch.float32), embedding)


def _known(arguments: Any) -> bool:
    """Tell whether constructor arguments are the ones that are known, and of a size that can be."""
    if not isinstance(arguments, Mapping) or set(arguments) != _ARGUMENTS:
        return False
    return all(type(value) is int and 0 < value <= 4096 for value in arguments.values())
