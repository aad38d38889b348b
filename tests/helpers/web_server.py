"""`mzsr web` as a process of its own, in a folder of its own, that notes whom it talks to."""

import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpers.trainings import environment

# Python runs this first, in the worker process, too: addresses that are connected to or looked up go into a file.
_NOTED = """
import os, sys
def note(event, given):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        with open(os.environ["NOTED"], "a", encoding="utf-8") as file:
            file.write(repr(given[0] if event == "socket.getaddrinfo" else given[1]) + "\\n")
sys.addaudithook(note)
"""


@dataclass
class Server:
    address: str
    temporary: Path
    noted: Path
    process: subprocess.Popen

    def folders(self) -> list[Path]:
        """The folders of visitors."""
        return list(self.temporary.glob("mzsr_web_*/served/visitor_*"))


@contextmanager
def serving(folder: Path, *options: str):
    """Serve on any free port; Ctrl-C must end it well."""
    temporary, first = folder / "tmp", folder / "first"
    temporary.mkdir()
    first.mkdir()
    (first / "sitecustomize.py").write_text(_NOTED)
    env = environment(TMPDIR=str(temporary), NOTED=str(folder / "noted"))
    env["PYTHONPATH"] = f"{first}:{env['PYTHONPATH']}"
    command = [sys.executable, "-m", "mzsr_basicsr.cli.main", "web", "--port", "0", *options]
    with (folder / "errors").open("w+") as errors:
        process = subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            line = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/", line)
            assert address, line + (folder / "errors").read_text()
            yield Server(address[0], temporary, folder / "noted", process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=120)
            finally:
                process.kill()
    assert (process.returncode, (folder / "errors").read_text()) == (0, "ended; nothing is left behind\n")
    assert list(temporary.iterdir()) == []
