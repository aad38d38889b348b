"""A kernel written as a file of another kind, repaired and moved on the way where that is asked for."""

from collections.abc import Sequence
from pathlib import Path

from mzsr_basicsr.degradation.kernel_files import as_kernel, read_weights, save_kernel
from mzsr_basicsr.degradation.moves import recentred, turned
from mzsr_basicsr.degradation.repair import repaired


def convert(spec: str, output: Path, changes: Sequence[str] = ()) -> list[str]:
    """Write a kernel.

    Args:
        spec: what `load_kernel` reads.
        output: file to write, see `save_kernel`.
        changes: of the options of `mzsr kernel convert`: the repairs of `repaired`, then "--turn", then "--recentre".

    Returns:
        A text for each repair that changed something.

    Raises:
        KernelError: the file holds no kernel, not even after these repairs.
    """
    given = read_weights(spec)
    weights, done = repaired(given, changes, spec)
    kernel = as_kernel(weights, spec, given)
    if "--turn" in changes:
        kernel = turned(kernel)
    save_kernel(recentred(kernel) if "--recentre" in changes else kernel, output)
    return done
