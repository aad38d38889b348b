"""Launcher: `python -m mzsr_basicsr.train -opt FILE` runs BasicSR's trainer; experiments land in the current folder."""

from mzsr_basicsr.host.begin import begin


def main() -> None:
    """Run BasicSR's train_pipeline; bad input ends with one line and exit status 1."""
    begin("train")


if __name__ == "__main__":
    main()
