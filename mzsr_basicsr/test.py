"""Launcher: `python -m mzsr_basicsr.test -opt FILE` runs BasicSR's tester; results land in the current folder."""

import os
import sys

import mzsr_basicsr  # noqa: F401  registers everything and makes BasicSR importable
from mzsr_basicsr.errors import MZSRError


def main() -> None:
    """Run BasicSR's test_pipeline; bad input ends with one line and exit status 1."""
    import basicsr.test

    try:
        basicsr.test.test_pipeline(os.getcwd())
    except MZSRError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
