"""A folder and a benchmark over two hosts that Ray binds together, one of them killed in the middle of its work.

The hosts are network namespaces with a cable between them, so it takes root, Linux and `ip`, and Ray. Printed is which
host did what, what was begun again, and whether all files are the same bytes as those of one process without Ray.

    python benchmarks/cluster.py                  # some two minutes on two cores
    python benchmarks/cluster.py --photos FOLDER --updates 10
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import faults_place as place
from faults_cable import ADDRESSES, HOSTS, two_hosts

PORT = 6390
MZSR = [sys.executable, "-m", "mzsr_basicsr.cli.main"]
RAY = [
    sys.executable,
    "-m",
    "ray.scripts.scripts",
    "start",
    "--num-cpus=1",
    "--object-store-memory=80000000",
    "--block",
]
OPTIONS = """
name: cluster
datasets: {Photos: PLACE}
kernels: [g2.0d]
methods: {bicubic: {}, mzsr: {zero_shot: {updates: [0, 2], rates: learned}}}
"""
SECONDS = 600
Process = subprocess.Popen[str]


def main() -> None:
    """Run the folder and the benchmark, both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, help="folder of pictures (default: ones that are drawn)")
    parser.add_argument("--count", type=int, default=16, help="how many are drawn (default: %(default)s)")
    parser.add_argument("--updates", type=int, default=10, help="on each (default: %(default)s)")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="mzsr_") as folder, two_hosts() as there:  # a short name, as of Ray's sockets
        if not there:
            sys.exit("error: cluster: no network namespaces here; they need root on Linux, and the command ip")
        room = Path(folder)
        photos = arguments.photos or place.save_photos(room / "photos", arguments.count)
        how = ["--updates", str(arguments.updates), "--json"]
        print("folder, one process …", flush=True)
        _run([*MZSR, "upscale", str(photos.resolve()), "-o", "alone", *how], room)
        print("folder, two hosts, one of them killed …", flush=True)
        with _cluster(room) as kill:
            records = _spread(["upscale", str(photos.resolve()), "-o", "both", *how], room, kill)
        _tell(records)
        same = _same(room / "alone", room / "both")
        (room / "o.yml").write_text(OPTIONS.replace("PLACE", str(photos.resolve())))
        print("benchmark, one process, and two hosts, one of them killed …", flush=True)
        _run([*MZSR, "benchmark", "-opt", "o.yml", "-o", "one"], room)
        with _cluster(room) as kill:
            _spread(["benchmark", "-opt", "o.yml", "-o", "two"], room, kill)
        same &= _same(room / "one/cluster/sr", room / "two/cluster/sr")
        rows = _rows(room / "two")
        same &= rows == _rows(room / "one")
        print(
            f"  {len(rows)} rows, {'all the same values' if rows == _rows(room / 'one') else 'other values'} as without"
        )
    sys.exit(not same)


@contextmanager
def _cluster(room: Path) -> Iterator[Callable[[], None]]:
    """Start Ray on both hosts; give what kills all of the second one."""
    head = [*RAY, "--head", f"--node-ip-address={ADDRESSES[0]}", f"--port={PORT}", "--include-dashboard=false"]
    other = [*RAY, f"--address={ADDRESSES[0]}:{PORT}", f"--node-ip-address={ADDRESSES[1]}"]
    hosts: list[Process] = []
    try:
        hosts.append(_start([*head, f"--temp-dir={room / 'ray'}"], room, HOSTS[0]))
        _wait(lambda: "Ray runtime started" in (room / f"said_{HOSTS[0]}").read_text(), hosts[0])
        hosts.append(_start(other, room, HOSTS[1]))
        _wait(lambda: "Ray runtime started" in (room / f"said_{HOSTS[1]}").read_text(), hosts[1])
        yield lambda: _kill(HOSTS[1])
    finally:
        for name in HOSTS:
            _kill(name)
        for process in hosts:
            process.wait()


def _spread(words: list[str], room: Path, kill: Callable[[], None]) -> list[dict[str, object]]:
    """Run a command on the first host; when the other one has done something, and is at work, it is killed."""
    driver = _start([*MZSR, *words, "--ray", f"{ADDRESSES[0]}:{PORT}"], room, HOSTS[0], room / "lines")
    result = room / words[words.index("-o") + 1]
    _wait(lambda: len(list(result.rglob("*.png"))) >= (4 if words[0] == "upscale" else _lr(result) + 4), driver)
    time.sleep(0.2)
    begun = time.perf_counter()
    kill()
    status = driver.wait(SECONDS)
    print(f"  the second host was killed; the rest took {time.perf_counter() - begun:.0f} s, exit status {status}")
    print("  " + (room / "lines.err").read_text().rstrip().rpartition("\n")[2])
    lines = (room / "lines").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def _lr(result: Path) -> int:
    return len(list(result.glob("cluster/lr/**/*.png")))


def _tell(records: list[dict[str, object]]) -> None:
    for host, files in sorted(Counter(str(record["host"]) for record in records).items()):
        print(f"  {host} did {files} files")
    again = [Path(str(record["target"])).name for record in records if record["tries"] != 1]
    print(f"  begun again: {', '.join(again) or 'nothing'}")


def _same(one: Path, other: Path) -> bool:
    """Compare two folders byte by byte, names and hidden files too."""
    first, second = ({p.relative_to(at): p.read_bytes() for p in at.rglob("*") if p.is_file()} for at in (one, other))
    differ = [str(path) for path in {*first, *second} if first.get(path) != second.get(path)]
    print(f"  {len(second)} files, {f'different: {differ}' if differ else 'all the same bytes as without'}")
    return not differ and bool(first)


def _rows(folder: Path) -> list[tuple[object, ...]]:
    measures = json.loads((folder / "cluster/results.json").read_text())["measures"]
    return [(m["image"], m["column"], m["values"]) for m in measures]


def _environment() -> dict[str, str]:
    own = {"PYTHONPATH": str(Path(__file__).resolve().parents[1]), "OMP_NUM_THREADS": "1", "RAY_AUTH_MODE": "disabled"}
    return {**os.environ, **own, "RAY_USAGE_STATS_ENABLED": "0"}


def _run(command: list[str], room: Path) -> None:
    subprocess.run(command, cwd=room, env=_environment(), check=True, capture_output=True, timeout=SECONDS)


def _start(command: list[str], room: Path, host: str, out: Path | None = None) -> Process:
    """Start a command on a host; what it says goes to files."""
    out = out or room / f"said_{host}"
    with out.open("w") as stdout, out.with_name(f"{out.name}.err").open("w") as stderr:
        command = ["ip", "netns", "exec", host, *command]
        return subprocess.Popen(command, cwd=room, env=_environment(), stdout=stdout, stderr=stderr, text=True)


def _wait(ready: Callable[[], bool], process: Process) -> None:
    until = time.perf_counter() + SECONDS
    while not ready():
        if process.poll() is not None or time.perf_counter() > until:
            sys.exit(f"error: cluster: {' '.join(map(str, process.args))} has ended, or is not ready in time")
        time.sleep(0.05)


def _kill(host: str) -> None:
    """Kill all processes of a host."""
    found = subprocess.run(["ip", "netns", "pids", host], capture_output=True, text=True, check=False).stdout
    for number in found.split():
        try:
            os.kill(int(number), signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
