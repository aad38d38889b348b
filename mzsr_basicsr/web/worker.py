"""The worker process: takes tasks from a pipe, one after the other, and sends back how each goes."""

import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

from mzsr_basicsr.jobs.interrupt import wait_for_the_parent
from mzsr_basicsr.jobs.streams import never_raise


def work(pipe: Connection, parent: int, temporary: Path) -> None:
    """Do tasks until the other end of the pipe is closed, or its process is gone.

    Args:
        pipe: takes `Task`, gives events.
        parent: process number of the server.
        temporary: folder for temporary files; the server removes it.
    """
    never_raise()
    wait_for_the_parent(parent)
    tempfile.tempdir = str(temporary)
    from mzsr_basicsr.web.run import Runner  # brings PyTorch

    runner = Runner(pipe.send)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        pipe.send(runner.run(task))
