"""Launcher: `python -m mzsr_basicsr.train -opt FILE` runs BasicSR's trainer; experiments land in the current folder."""

from mzsr_basicsr.jobs.interrupt import ending_at_once, quiet_end
from mzsr_basicsr.jobs.neighbour import sleep_while_waiting
from mzsr_basicsr.jobs.streams import finish, never_raise


def main() -> None:
    """Run BasicSR's train_pipeline; bad input ends with one line and exit status 1."""
    never_raise()
    sleep_while_waiting()
    try:
        with quiet_end():
            with ending_at_once():
                from mzsr_basicsr.host import launch
            launch.run("train")
    finally:
        finish()


if __name__ == "__main__":
    main()
