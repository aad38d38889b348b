"""A launcher from its first line on: streams that take all, and Ctrl-C that ends it quietly at any moment."""

from typing import Literal

from mzsr_basicsr.jobs.interrupt import ending_at_once, quiet_end
from mzsr_basicsr.jobs.neighbour import sleep_while_waiting
from mzsr_basicsr.jobs.streams import finish, never_raise


def begin(what: Literal["train", "test"]) -> None:
    """Run one of BasicSR's pipelines; bad input ends with one line and exit status 1."""
    never_raise()
    sleep_while_waiting()
    try:
        with quiet_end():
            with ending_at_once():
                from mzsr_basicsr.host import launch
            launch.run(what)
    finally:
        finish()
