"""Ctrl-C in the first seconds of real processes ends them with one line; Python's own start, before it, is not ours."""

import signal
import subprocess
import sys
import time

import pytest
from helpers.commands import photograph
from helpers.trainings import environment

LINES = {
    "error: interrupted\n",
    "error: interrupted; finished results are whole, the others were not written\n",
}
MZSR = "from mzsr_basicsr.cli.main import main"
TRAIN = "from mzsr_basicsr.train import main"
# The first line of the entry point comes right after this one.
READY = "print('ready', flush=True); main()"
UPSCALE = ("upscale", "a.png", "-o", "out", "--updates", "10000")  # longer than any of these


def start(folder, code, arguments):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", f"{code}; {READY}", *arguments]
    process = subprocess.Popen(command, cwd=folder, env=environment(), **pipes)
    assert process.stdout.readline() == "ready\n"
    return process


def interrupt(process, seconds):
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    return (*process.communicate(timeout=100), process.returncode)


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5, 0.8, 1.2, 2.0])
def test_upscaling(tmp_path, seconds):
    photograph(tmp_path / "a.png")
    out, err, status = interrupt(start(tmp_path, MZSR, UPSCALE), seconds)
    assert (out, status) == ("", 130) and err in LINES
    assert not (tmp_path / "out/a.png").exists()


@pytest.mark.parametrize(
    ("module", "code", "arguments"),
    [
        ("argparse", MZSR, ["--help"]),
        ("torch", MZSR, ["kernel", "draw", "disk:3", "-o", "k.png"]),
        ("torch", TRAIN, ["-opt", "o.yml"]),
        ("argparse", TRAIN, ["-opt", "o.yml"]),
    ],
)
def test_other_commands_as_they_import_a_module(tmp_path, module, code, arguments):
    hook = f"""
import os, signal, sys

class AtImport:
    def find_spec(self, name, path, target=None):
        if name == "{module}":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, AtImport())
"""
    (tmp_path / "o.yml").write_text("name: x")
    process = start(tmp_path, f"{hook}\n{code}", arguments)
    assert (*process.communicate(timeout=100), process.returncode) == ("", "error: interrupted\n", 130)


def test_what_is_ignored_stays_so(tmp_path):
    """As of a command that a script runs in the background."""
    code = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {MZSR}"
    out, err, status = interrupt(start(tmp_path, code, ["upscale", "none.png", "-o", "out"]), 0)
    assert (out, status) == ("", 1) and err.startswith("error: none.png: no such file")
