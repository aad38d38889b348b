"""A process that has loaded what `mzsr upscale` needs and forks one for each command: to load it takes seconds.

Each line on its standard input is the JSON of a command: its arguments and the files of its standard input, output and
error. It answers with the number of the new process, and with how that has ended. The command has a process group of its
own, as one that is typed into a terminal has.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from helpers.trainings import environment


class Running:
    """One command that was started."""

    def __init__(self, answers, stdout, stderr):
        self._answers, self._stdout, self._stderr = answers, Path(stdout), Path(stderr)
        self.pid = int(answers.readline())

    def end(self):
        """Wait for its end and give its exit status (-N: killed by signal N), output and error."""
        status = int(self._answers.readline())
        return status, self._stdout.read_bytes() if self._stdout.is_file() else b"", self._stderr.read_text()


class Forks:
    """Start commands one after the other, each when the one before has ended."""

    def __enter__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen([sys.executable, "-m", "helpers.forks"], env=environment(), text=True, **pipes)
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()

    def start(self, folder, *args, stdin=os.devnull, stdout=None):
        """Run `mzsr ARGS` in a folder."""
        files = [str(stdin), str(stdout or folder / "stdout"), str(folder / "stderr")]
        Path(files[2]).write_bytes(b"")  # so that it is there to be watched
        print(json.dumps([str(folder), *files, *map(str, args)]), file=self._process.stdin, flush=True)
        return Running(self._process.stdout, *files[1:])


def children(pid):
    """The processes that a process has started and that have not ended, by their numbers."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(status.parent.name))
    return found


def _serve(cli):
    for line in sys.stdin:
        folder, stdin, stdout, stderr, *args = json.loads(line)
        child = os.fork()
        if child:
            print(child, flush=True)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
            continue
        os.setsid()
        os.chdir(folder)
        for target, (path, flags) in enumerate(
            [(stdin, os.O_RDONLY), *((path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for path in (stdout, stderr))]
        ):
            os.dup2(os.open(path, flags), target)
        sys.argv = ["mzsr", *args]
        cli.main()


if __name__ == "__main__":
    import mzsr_basicsr.jobs.batch  # noqa: F401
    import mzsr_basicsr.jobs.worker  # noqa: F401
    from mzsr_basicsr.cli import main as cli

    _serve(cli)
