"""The names that stand for degradations: the paper's test kernels, and the ways of subsampling.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from mzsr_basicsr.errors import ConfigError

SUBSAMPLING_METHODS = ("direct", "bicubic")
NOT_GIVEN = ("auto", "auto-free", "bicubic")  # in the place of a kernel that somebody gives


def usual_subsampling(kernel: str) -> str:
    """Give what every command takes where nobody says how pixels were lost, so that their defaults agree.

    It is bicubic, which leaves an image centred, for the kernels "auto" and "bicubic"; direct, as in the paper, for a
    kernel that is given, and for one estimated freely, of which bicubic's own blur cannot be told apart.
    """
    return "bicubic" if kernel in ("auto", "bicubic") else "direct"


def check_turn(kernel: str, turn: bool) -> None:
    """Refuse to turn a kernel that nobody gives.

    Raises:
        ConfigError: one line.
    """
    if turn and kernel in NOT_GIVEN:
        raise ConfigError(
            f"kernel-turned: the kernel {kernel} is no given one; give --kernel a file, or leave this out"
        )


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
