"""What OpenMP is told before PyTorch is imported, here and in the processes that are started from here."""

import subprocess
import sys

import pytest
from helpers.trainings import environment

# Says what the environment is as torch is imported; nothing of torch is needed.
HOOK = """
import os, sys

class AtImport:
    def find_spec(self, name, path, target=None):
        if name == "torch":
            print("torch sees", os.environ.get("OMP_WAIT_POLICY"), flush=True)
            os._exit(0)

sys.meta_path.insert(0, AtImport())
"""
ENTRIES = {
    "mzsr": ("from mzsr_basicsr.cli.main import main", ["kernel", "draw", "disk:3", "-o", "k.png"]),
    "mzsr train": ("from mzsr_basicsr.cli.main import main", ["train", "-opt", "o.yml"]),
    "train": ("from mzsr_basicsr.train import main", ["-opt", "o.yml"]),
    "test": ("from mzsr_basicsr.test import main", ["-opt", "o.yml"]),
}


def seen(folder, code, arguments, **variables):
    inherited = {k: v for k, v in environment().items() if k not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    (folder / "o.yml").write_text("name: x")
    command = [sys.executable, "-c", f"{HOOK}\n{code}\nmain()", *arguments]
    done = subprocess.run(
        command, cwd=folder, env={**inherited, **variables}, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1].removeprefix("torch sees ")


@pytest.mark.parametrize(("code", "arguments"), ENTRIES.values(), ids=ENTRIES)
def test_each_way_in_lets_threads_sleep(tmp_path, code, arguments):
    assert seen(tmp_path, code, arguments) == "PASSIVE"


def test_what_the_user_has_set_stays(tmp_path):
    entry = ENTRIES["train"]
    assert seen(tmp_path, *entry, OMP_WAIT_POLICY="active") == "active"
    assert seen(tmp_path, *entry, GOMP_SPINCOUNT="1000") == "None"
    assert seen(tmp_path, *entry, KMP_BLOCKTIME="10") == "None"


def test_worker_processes_inherit_it(tmp_path):
    """A spawned worker reads its environment before it imports the package and with it torch."""
    code = """
import multiprocessing, os, sys
from mzsr_basicsr.jobs.neighbour import sleep_while_waiting

def main():
    sleep_while_waiting()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print("torch sees", pool.apply(os.getenv, ["OMP_WAIT_POLICY"]))
"""
    (tmp_path / "starts.py").write_text(f"{code}\nif __name__ == '__main__':\n    main()\n")
    inherited = {k: v for k, v in environment().items() if k != "OMP_WAIT_POLICY"}
    command = [sys.executable, "starts.py"]
    done = subprocess.run(command, cwd=tmp_path, env=inherited, capture_output=True, text=True, check=True)
    assert done.stdout == "torch sees PASSIVE\n"


def test_importing_the_package_changes_nothing(tmp_path):
    code = "def main():\n    import mzsr_basicsr, torch"
    assert seen(tmp_path, code, []) == "None"
