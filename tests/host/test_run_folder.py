"""A run's folder belongs to one process at a time; killed ones leave nothing behind; Ctrl-C says what was saved."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.launches import TEST, TRAIN, changed, launch, make_place
from helpers.trainings import environment, run

from mzsr_basicsr import test, train
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.host import run_folder

LONG = changed(TRAIN, ("total_iter: 2", "total_iter: 3000"), ("num_worker_per_gpu: 0", "num_worker_per_gpu: 2"))
HOLD = "import sys, pathlib, mzsr_basicsr.host.run_folder as r; r.claim(pathlib.Path('experiments/tiny')); print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def place(tmp_path, monkeypatch):
    return make_place(tmp_path, monkeypatch)


def start(place: Path, *command: str) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, *command], cwd=place, env=environment(), **pipes)


def wait_for(place: Path, pattern: str, process: subprocess.Popen[str]) -> None:
    for _ in range(1000):
        if list(place.glob(pattern)):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError(pattern)


def test_two_runs_of_one_name_refuse_each_other(place, monkeypatch) -> None:
    holder = start(place, "-c", HOLD)
    assert holder.stdout.readline() == "held\n"
    line = launch(monkeypatch, train, TRAIN)
    where = re.escape(f"{place}/experiments/tiny")
    assert re.fullmatch(
        rf"error: name: tiny is being trained in {where} \(process {holder.pid} on .+\); wait for .*", line
    )
    assert not (place / "experiments/tiny").exists()
    assert launch(monkeypatch, test, TEST) == ""  # tests need no lock
    holder.kill()  # it dies with its process
    holder.communicate()
    assert launch(monkeypatch, train, TRAIN) == ""
    assert launch(monkeypatch, train, changed(TRAIN, ("name: tiny", "name: other"))) == ""


def test_a_lock_is_not_of_its_children(place) -> None:
    """A loader worker that outlives its killed parent for some seconds holds nothing."""
    code = f"{HOLD.split('; print')[0]}; import os, time\nif os.fork() == 0: time.sleep(60)\nelse: print('held', flush=True); os.wait()"
    holder = start(place, "-c", code)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(ConfigError, match="tiny is being trained"):
        run_folder.claim(Path("experiments/tiny"))
    holder.kill()
    holder.wait()
    run_folder.claim(Path("experiments/tiny"))
    run_folder.release()


def test_leftovers_are_removed_and_other_files_are_not(place, monkeypatch) -> None:
    assert launch(monkeypatch, train, TRAIN) == ""
    models, states = place / "experiments/tiny/models", place / "experiments/tiny/training_states"
    left = [models / ".net_g_4.pth.0a1b2c3d", states / ".4.state.ab_cdef1"]
    kept = [models / ".notes", models / "mine.pth", states / "2.state", place / "experiments/.net_g_4.pth.0a1b2c3d"]
    for path in (*left, *kept[:2], kept[3]):
        path.write_text("x")
    assert launch(monkeypatch, train, changed(TRAIN, ("total_iter: 2", "total_iter: 4")), "--auto_resume") == ""
    assert not any(path.exists() for path in left) and all(path.exists() for path in kept)
    saved = [models / "net_g_4.pth", states / "4.state"]
    umask = os.umask(0)
    os.umask(umask)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask for path in saved)


def test_where_nothing_may_be_written(place, monkeypatch) -> None:
    (place / "experiments").write_text("a file")
    line = launch(monkeypatch, train, TRAIN)
    assert re.fullmatch(
        r"error: .*experiments/tiny: cannot be made \((File exists|Not a directory)\); start where .*", line
    )


def test_ctrl_c_in_a_training_says_what_was_saved(place) -> None:
    """It reaches the whole group, as from a terminal: the loader workers too."""
    (place / "o.yml").write_text(LONG)
    command = [sys.executable, "-m", "mzsr_basicsr.train", "-opt", "o.yml"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=place, env=environment(), start_new_session=True, **pipes)
    wait_for(place, "experiments/tiny/training_states/4.state", process)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 130 and "Traceback" not in err, err[-2000:]
    lines = err.splitlines()
    last = re.fullmatch(
        r"error: interrupted; the state of iteration (\d+) is saved in (.+); go on with --auto_resume", lines[-1]
    )
    assert last and (place / f"experiments/tiny/training_states/{last[1]}.state").is_file()
    assert last[2] == str(place / "experiments/tiny")


def test_ctrl_c_in_a_test_says_where_its_results_lie(place) -> None:
    (place / "o.yml").write_text(changed(TEST, ("updates: [0, 1]", "updates: [0, 300000]")))
    process = start(place, "-m", "mzsr_basicsr.test", "-opt", "o.yml")
    wait_for(place, "results/small_test/*.log", process)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 130 and "Traceback" not in err, err[-2000:]
    assert err.splitlines()[-1] == f"error: interrupted; what was done lies in {place}/results/small_test"


def test_a_full_disk_is_said_and_the_last_good_state_stays(place) -> None:
    """The disk is full from the first saved state on."""
    (place / "o.yml").write_text(TRAIN)
    code = """
import errno, os
from mzsr_basicsr.weights import files
from mzsr_basicsr import train

def full(handle):
    if saved: raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    theirs(handle)

theirs, os.fsync, saved = os.fsync, full, []
rename = os.replace
os.replace = lambda one, two: (rename(one, two), saved.append(two) if str(two).endswith(".state") else None)
train.main()
"""
    forced = ["--force_yml", "train:total_iter=4"]
    done = run(["-c", code, "-opt", "o.yml", *forced], place)
    line = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert re.fullmatch(
        r"error: .*models/net_g_4.pth: cannot be written \(No space left on device\); it needs .* MiB, .* MiB are free; "
        r"make room in .*/models",
        line,
    )
    assert sorted(p.name for p in place.glob("experiments/tiny/*/*") if p.is_file()) == ["2.state", "net_g_2.pth"]
