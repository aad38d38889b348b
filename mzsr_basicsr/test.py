"""Launcher: `python -m mzsr_basicsr.test -opt FILE` runs BasicSR's tester; results land in the current folder."""

from mzsr_basicsr.host.begin import begin


def main() -> None:
    """Run BasicSR's test_pipeline; bad input ends with one line and exit status 1."""
    begin("test")


if __name__ == "__main__":
    main()
