"""The names that stand for degradations: the paper's test kernels, and the ways of subsampling.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

SUBSAMPLING_METHODS = ("direct", "bicubic")


class NamedKernel(NamedTuple):
    """A test kernel of the paper: what `load_kernel` reads, how pixels are dropped, and by how much."""

    spec: str
    subsampling: str
    scale: int


TEST_KERNELS: Mapping[str, NamedKernel] = MappingProxyType(
    {
        "g0.2d": NamedKernel("gaussian:0.2,0.2,0,21", "direct", 2),
        "g2.0d": NamedKernel("gaussian:2.0,2.0,0,21", "direct", 2),
        "gani_d": NamedKernel("gaussian:4.0,1.0,-0.5,21", "direct", 2),
        "g1.3b": NamedKernel("gaussian:1.3,1.3,0,21", "bicubic", 2),
        "g2.0d_x4": NamedKernel("gaussian:2.0,2.0,0,21", "direct", 4),
    }
)
