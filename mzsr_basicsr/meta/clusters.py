"""Clusters of tasks: which of a few kinds a task is of."""

from dataclasses import dataclass

from torch import Tensor

from mzsr_basicsr.meta.embedding import TaskEmbedding


@dataclass(frozen=True, eq=False)
class Clusters:
    """The kinds of tasks that k-means found.

    Attributes:
        centres: (k, d) unit vectors.
        embedding: makes the vectors that they were found among.
    """

    centres: Tensor
    embedding: TaskEmbedding

    def nearest(self, vector: Tensor) -> int:
        """Give the number, from 0, of the centre nearest to a task's unit vector (d,): of the largest cosine."""
        return int((self.centres.to(vector) @ vector).argmax())
