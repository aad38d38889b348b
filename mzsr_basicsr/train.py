"""Launcher: `python -m mzsr_basicsr.train -opt FILE` runs BasicSR's trainer; experiments land in the current folder."""

from mzsr_basicsr.jobs.interrupt import ending_at_once, quiet_end
from mzsr_basicsr.jobs.neighbour import sleep_while_waiting


def main() -> None:
    """Run BasicSR's train_pipeline; bad input ends with one line and exit status 1."""
    sleep_while_waiting()
    with quiet_end():
        with ending_at_once():
            from mzsr_basicsr.host import launch
        launch.run("train")


if __name__ == "__main__":
    main()
