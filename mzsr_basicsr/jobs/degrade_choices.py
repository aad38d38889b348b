"""The choices of `mzsr degrade`, checked before anything heavy is loaded."""

from mzsr_basicsr.degradation.kernel_text import read_text
from mzsr_basicsr.degradation.names import check_turn
from mzsr_basicsr.errors import ConfigError

KERNELS = {"auto": "gaussian:2.0,2.0,0,21", "bicubic": "delta"}  # names that `mzsr upscale` knows, too: their texts


def check_kernel(kernel: str, turn: bool) -> None:
    """Refuse a kernel that is not known, one that is not there, and to turn one that is not given.

    Raises:
        KernelError, ConfigError: one line.
    """
    if kernel not in KERNELS:
        read_text(kernel, tuple(KERNELS))
    check_turn(kernel, turn)


def check_range(scale: float, levels: float) -> None:
    """Refuse a scale outside 1 to 4, and a noise outside 0 to 255 levels.

    Raises:
        ConfigError: one line that names the option.
    """
    for name, value, low, high in (("scale", scale, 1, 4), ("noise", levels, 0, 255)):
        if not low <= value <= high:  # true of NaN, too
            raise ConfigError(f"{name}: {value:g} must be from {low} to {high}")


def check_seed(seed: int) -> None:
    """Refuse a seed below 0.

    Raises:
        ConfigError: one line.
    """
    if seed < 0:
        raise ConfigError(f"seed: {seed} must be an integer from 0")
