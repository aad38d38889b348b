"""TaskEmbedding's weights: what is shipped, and what a training of a user's made."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.files import read_file

SHIPPED = "shipped:task_embedding"


def load_embedding(path: str = SHIPPED) -> TaskEmbedding:
    """Load a TaskEmbedding of the default arguments that BasicSR's SRModel saved, in eval mode, on the CPU.

    Args:
        path: weights file, or "shipped:NAME".

    Raises:
        WeightsError: the file is missing, damaged, of another network, or of another size.

    Example:
        >>> import torch
        >>> from mzsr_basicsr import Degradation
        >>> embedding, image = load_embedding(), torch.rand(1, 3, 64, 64)
        >>> sharp, blurred, more = (embedding.of(image, Degradation(f"gaussian:{v}", scale=2)) for v in (0.2, 4, 5))
        >>> bool(blurred @ more > blurred @ sharp)  # unit vectors: alike tasks lie close
        True
    """
    content = read_file(locate(path), "weights file of TaskEmbedding")
    return filled(TaskEmbedding(), content.get("params_ema", content.get("params")), path)


def filled(embedding: TaskEmbedding, weights: Any, path: str) -> TaskEmbedding:
    """Put weights of a file into an embedding, after checking that they fit: in eval mode, without gradients.

    Raises:
        WeightsError: they do not.

    Example:
        >>> from mzsr_basicsr.meta.embedding import TaskEmbedding
        >>> trained = TaskEmbedding(num_feat=4)
        >>> filled(TaskEmbedding(num_feat=4), trained.state_dict(), "mine.pth").training
        False
        >>> filled(TaskEmbedding(num_feat=4), {}, "mine.pth")
        Traceback (most recent call last):
        mzsr_basicsr.errors.WeightsError: mine.pth: holds no weights of TaskEmbedding; give a file ...
    """
    own = embedding.state_dict()
    if not isinstance(weights, Mapping) or set(weights) != set(own):
        raise WeightsError(f"{path}: holds no weights of TaskEmbedding; give a file that its training saved")
    for name, value in own.items():
        given = weights[name]
        if not isinstance(given, Tensor) or given.shape != value.shape:
            shape = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
            raise WeightsError(
                f"{path}: an embedding of another size: {name} is {shape}, where {tuple(value.shape)} is needed "
                f"({', '.join(f'{key} {number}' for key, number in embedding.arguments.items())}); give another file"
            )
    if not all(bool(weights[name].isfinite().all()) for name in own):
        raise WeightsError(f"{path}: holds numbers that are not finite; replace the file")
    embedding.load_state_dict(weights)
    return embedding.eval().requires_grad_(False)
