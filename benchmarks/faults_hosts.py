"""Two hosts, as two network namespaces with a cable between them: one training, equal to that of one process.

`torchrun --nnodes=2` runs the whole command on both, in float32; the meta-steps of `MetaStep` in DDP are compared in
float64, too. Then one host is killed, or the cable is cut, in the middle: the other ends with a line, and goes on.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import faults_place as place
import torch
from faults_cable import ADDRESSES, HOSTS, set_cable, two_hosts
from faults_forks import run
from faults_report import Row, Tries

EQUAL, EXACT = 1e-5, 1e-10  # of weights after a training in float32, and of steps in float64
SECONDS = 240
TIMEOUT = 20  # seconds that the hosts wait for each other
HERE = Path(__file__).resolve().parent


def attempts(room: Path, tries: Tries, count: int, seed: int, names: list[str] | None = None) -> Iterator[Row]:
    """Train on two hosts; see `faults_kills.attempts`. The kills are repeated `count` times."""
    works = {"equal to one process": 1, "steps in float64": 1, "one host killed": count, "cable cut": count}
    missing = {name: tries.missing("hosts", name, many) for name, many in works.items()}
    if not any(missing.values()):
        return
    with two_hosts() as there:
        if not there:
            print("hosts: no network namespaces here (they need root on Linux), passed over", flush=True)
            return
        yield from _all(room, missing)


def _all(room: Path, missing: dict[str, list[int]]) -> Iterator[Row]:
    """Make the tries that are missing."""
    one = _place(room / "one", 4, 9)
    _check(_start(one, None).wait(SECONDS) == 0, "one process cannot train")
    if missing["steps in float64"]:
        yield Row("hosts", "steps in float64", 0, *_steps(room))
    if missing["equal to one process"]:
        folder = _place(room / "two", 2, 9)
        wrong = "" if [one.wait(SECONDS) for one in _both(folder)] == [0, 0] else "they do not end well"
        yield Row("hosts", "equal to one process", 0, *(wrong and (wrong, "") or _alike(folder, room / "one")))
    for what in ("one host killed", "cable cut"):
        for index in missing[what]:
            yield Row("hosts", what, index, *_broken(room, what, index))


def _check(good: bool, what: str) -> None:
    if not good:
        raise SystemExit(f"error: hosts: {what}")


def _place(folder: Path, batch: int, total: int) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    place.save_photos(folder / "photos", 5)
    (folder / "o.yml").write_text(place.OPTIONS.format(batch=batch, total=total))
    return folder


Process = subprocess.Popen[bytes]


def _start(folder: Path, host: int | None, *words: str) -> Process:
    """Start a training, on one of the hosts or by itself; what it says goes to a file."""
    train = ["-m", "mzsr_basicsr.train", "-opt", "o.yml", "--auto_resume"]
    command = [sys.executable, *train]
    if host is not None:
        nodes = ["--nnodes=2", "--nproc_per_node=1", f"--node_rank={host}", f"--master_addr={ADDRESSES[0]}"]
        runner = [sys.executable, "-m", "torch.distributed.run", *nodes, "--master_port=29511"]
        command = ["ip", "netns", "exec", HOSTS[host], *runner, *(words or (*train, "--launcher", "pytorch"))]
    own = {
        "MZSR_TIMEOUT": str(TIMEOUT),
        "PYTHONPATH": f"{HERE.parent}:{HERE}",
        "GLOO_SOCKET_IFNAME": f"{HOSTS[host or 0]}_eth",
    }
    said = (folder / f"said_{host}").open("wb")
    return subprocess.Popen(command, cwd=folder, env=os.environ | own, stdout=said, stderr=said, start_new_session=True)


def _both(folder: Path, *words: str) -> list[Process]:
    """Start both hosts, each in a folder of its own, as hosts have."""
    folders = [folder / name for name in HOSTS]
    for one in folders:
        if not one.is_dir():
            shutil.copytree(folder, one, ignore=shutil.ignore_patterns(*HOSTS))
    return [_start(one, host, *words) for host, one in enumerate(folders)]


def _saved(folder: Path) -> dict[str, torch.Tensor]:
    content = torch.load(folder / "experiments/tiny/models/net_g_latest.pth", weights_only=True)
    return {**content["params"], "rates": content["rates"]}


def _alike(folder: Path, other: Path) -> tuple[str, str]:
    """Compare what the first host saved with what another training did."""
    first, second = _saved(folder / HOSTS[0]), _saved(other)
    most = max(float((first[name] - second[name]).abs().max()) for name in first)
    return ("" if most <= EQUAL else f"weights differ by {most:.1e}"), f"weights differ by {most:.1e}"


def _steps(room: Path) -> tuple[str, str]:
    """Make meta-steps in float64 on two hosts and in one process."""
    folder = room / "steps"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    processes = _both(folder, str(HERE / "faults_steps.py"))
    if [one.wait(SECONDS) for one in processes] != [0, 0]:
        return "they do not end well", ""
    first, second = (torch.load(folder / name / "steps.pt", weights_only=True) for name in HOSTS)
    import faults_steps

    run(folder, lambda: torch.save(faults_steps.stepped(0, 1), folder / "alone.pt"))
    most = float((first - torch.load(folder / "alone.pt", weights_only=True)).abs().max())
    wrong = "" if torch.equal(first, second) and most <= EXACT else f"they differ by {most:.1e}"
    return wrong, f"hosts alike bit for bit, from one process by {most:.1e}"


def _broken(room: Path, what: str, index: int) -> tuple[str, str]:
    """Kill a host, or cut the cable, when a state is there; then start both again."""
    folder = _place(room / "broken", 2, 400)
    processes = _both(folder)
    state = folder / HOSTS[0] / "experiments/tiny/training_states/2.state"
    until = time.perf_counter() + SECONDS
    while not state.exists() and time.perf_counter() < until:
        time.sleep(0.05)
    victim = 1 - index % 2  # the second host, then the first, which holds the meeting place
    if what == "cable cut":
        set_cable(victim, "down")
    else:
        _kill(processes[victim])
    wrong, note = _ends(processes[1 - victim], folder / HOSTS[1 - victim] / f"said_{1 - victim}")
    for one in processes:
        _kill(one)
    set_cable(victim, "up")
    return wrong or _resumes(folder), note


def _ends(process: Process, said: Path) -> tuple[str, str]:
    """Wait for the end of the host that is left, and look for its line."""
    begun = time.perf_counter()
    try:
        status = process.wait(6 * TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"the other has not ended after {6 * TIMEOUT} s", ""
    line = next((one for one in said.read_text(errors="replace").splitlines() if one.startswith("error: ")), "")
    wrong = "" if status and line else f"the other ends with {status} and the line {line!r}"
    return wrong, f"the other ended in {10 * (1 + int((time.perf_counter() - begun) / 10))} s"


def _kill(process: Process) -> None:
    """Kill a torchrun with its workers, which have sessions of their own."""
    own = {process.pid}
    parents = {int(path.parent.name): path.read_text().rpartition(")")[2].split() for path in _stats()}
    while more := {pid for pid, words in parents.items() if int(words[1]) in own} - own:
        own |= more
    for pid in own:
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            continue
    process.wait()


def _stats() -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]


def _resumes(folder: Path) -> str:
    """Start both again, to a few iterations more, and compare with a training that nobody broke."""
    states = (folder / HOSTS[0] / "experiments/tiny/training_states").glob("*.state")
    total = max(int(path.stem) for path in states) + 3
    for one in (folder / name / "o.yml" for name in HOSTS):
        one.write_text(one.read_text().replace("total_iter: 400", f"total_iter: {total}"))
    for name in ("models", "training_states"):  # a run's folder is shared among hosts, or copied to them
        source = folder / HOSTS[0] / "experiments/tiny" / name
        shutil.copytree(source, folder / HOSTS[1] / "experiments/tiny" / name, dirs_exist_ok=True)
    if [one.wait(SECONDS) for one in _both(folder)] != [0, 0]:
        return "they do not go on"
    whole = _place(folder.parent / "whole", 4, total)
    _check(_start(whole, None).wait(SECONDS) == 0, "one process cannot train")
    return _alike(folder, whole)[0]
