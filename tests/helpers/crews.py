"""Work that kills the process it is done by, for `jobs.crew`; other processes import it from here."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from mzsr_basicsr.errors import ConfigError


@dataclass(frozen=True)
class Deadly:
    """Gives (item, whether it was begun before); some items kill their process, once or always.

    Each item that is begun is a line in the file `log`.
    """

    log: Path
    once: tuple[int, ...] = ()
    always: tuple[int, ...] = ()
    wrong: bool = False

    def __call__(self):
        if self.wrong:
            raise ConfigError("deadly: a wrong choice")
        return self.do

    def do(self, item, again):
        with self.log.open("a") as log:
            log.write(f"{item}\n")
        if item in self.always or (item in self.once and not again):
            os.kill(os.getpid(), signal.SIGKILL)
        return item, again


def lost(item):
    return item, "lost"
