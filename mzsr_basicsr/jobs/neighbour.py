"""Being a good neighbour on a busy machine: threads that have nothing to do sleep, and do not spin.

This module imports the standard library alone: it must have acted before PyTorch is imported, which reads it once.
"""

import os


def sleep_while_waiting() -> None:
    """Have OpenMP's threads sleep while they wait; where all cores are taken, spinning ones keep others from work.

    Only PyTorch that is imported later, here or in processes started from here, takes notice. What the user has set
    stays.
    """
    if "GOMP_SPINCOUNT" not in os.environ and "KMP_BLOCKTIME" not in os.environ:  # the same wish, in finer words
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
