"""Launcher: `python -m mzsr_basicsr.test -opt FILE` runs BasicSR's tester; results land in the current folder."""

import mzsr_basicsr  # noqa: F401  registers everything and makes BasicSR importable
from mzsr_basicsr.launch import launch


def main() -> None:
    """Run BasicSR's test_pipeline; bad input ends with one line and exit status 1."""
    import basicsr.test

    launch(basicsr.test.test_pipeline, training=False)


if __name__ == "__main__":
    main()
