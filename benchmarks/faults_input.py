"""Thousands of damaged files: each is read, or refused in one line, in bounded time and memory, and no code is run.

The first files of each kind are whole ones, and ones that carry code; all others are damaged from them. A child process
reads some of them one after the other; what kills it is a find, and another child goes on behind that file.
"""

import json
import random
import resource
import shutil
import signal
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import faults_readers as readers
from faults_forks import Running, command, run
from faults_mutations import Change, changed, drawn, inside
from faults_report import Row, Tries
from faults_seeds import CANARY, CODE, seeds

SECONDS, CLOCK = 10, 60  # of the CPU, and of the clock, which others may slow down
MEMORY = 10**9  # bytes above what the process has before it reads a file
CHUNK = 25
SHARES = {  # of the files, in all 1000
    "pictures": 390, "kernels": 100, "weights": 70, "memories": 25, "states": 20, "adaptations": 25, "options": 70,
    "benchmarks": 70, "clips": 100, "fields": 130,
}  # fmt: skip


MADE = ("memories", "states", "adaptations")  # by commands


@dataclass(frozen=True)
class Damage:
    """What is done to a file; `packed`: to what it has packed, see `inside`."""

    file: Path
    changes: tuple[Change, ...]
    packed: bool

    def made(self) -> bytes:
        """Make the damaged file."""
        data, chance = self.file.read_bytes(), random.Random(repr(self.changes))
        if not self.packed:
            return changed(data, list(self.changes))
        return inside(self.file.name, data, lambda content: changed(content, list(self.changes)), chance)


def attempts(room: Path, tries: Tries, count: int, seed: int, names: list[str] | None = None) -> Iterator[Row]:
    """Read so many files of all kinds together; see `faults_kills.attempts` for the arguments."""
    shutil.rmtree(room, ignore_errors=True)
    (room / "child").mkdir(parents=True)
    kinds = [one for one in SHARES if not names or one in names]
    made = run(room / "child", lambda: _prepare(room, kinds))
    if made.status:
        raise SystemExit(f"error: the files cannot be made: {made.err}")
    files = {kind: sorted((room / "seeds" / kind).iterdir()) for kind in kinds}
    others = [path for kind in SHARES if kind not in MADE for path in sorted((room / "seeds" / kind).iterdir())]
    every = [path.read_bytes()[:65536] for path in others]
    for kind in kinds:
        share = round(count * SHARES[kind] / sum(SHARES.values()))
        missing = tries.missing("input", kind, max(len(files[kind]), share))
        damages = {index: _damage(files[kind], index, f"{seed} {kind} {index}", every) for index in missing}
        yield from _read_all(kind, damages, room)


def _prepare(room: Path, kinds: list[str]) -> None:
    """Make the whole files, those too that only a command makes."""
    folder, whole = room / "seeds", room / "child/whole"
    seeds(folder)
    for kind in MADE:
        (folder / kind).mkdir(exist_ok=True)
    whole.mkdir()
    readers.place.save_photos(whole / "photos", 5)
    shutil.copytree(whole / "photos", room / "child/photos")
    if "memories" in kinds:
        readers.memories(folder / "memories/memory.pth", room / "child")
    if "states" in kinds:
        (whole / "o.yml").write_text(readers.place.OPTIONS.format(batch=2, total=3))
        _fine(run(whole, command("train", "-opt", "o.yml")).status)
        shutil.copy(whole / "experiments/tiny/training_states/2.state", folder / "states/2.state")
    if "adaptations" in kinds:
        _fine(run(room / "child", readers.adapting(room / "child", "--minutes", "0.01", "--steps", "300")).status)
        shutil.copy(room / "child" / readers.ADAPTATION, folder / "adaptations/own.state")


def _fine(status: int) -> None:
    if status:
        raise SystemExit("a command fails by itself")


def _damage(files: list[Path], index: int, seed: str, others: list[bytes]) -> Damage:
    chance = random.Random(seed)
    if index < len(files):
        return Damage(files[index], (), False)
    plain = [path for path in files if not path.name.startswith(CODE)]
    file = chance.choice(plain if chance.random() < 0.9 else files)
    data, text = file.read_bytes(), file.suffix == ".yml"
    return Damage(file, tuple(drawn(chance, data, others, text)), not text and chance.random() < 0.5)


def _read_all(kind: str, damages: dict[int, Damage], room: Path) -> Iterator[Row]:
    """Read some files of a kind, chunk by chunk, and reduce what is wrong."""
    waiting, seen = sorted(damages), set()
    while waiting:
        found = _in_child(kind, {index: damages[index] for index in waiting[:CHUNK]}, room)
        for index, (wrong, note) in found.items():
            if wrong and wrong[:80] not in seen:
                seen.add(wrong[:80])
                wrong = f"{wrong}; {_reduced(kind, damages[index], wrong, room, f'{kind}_{index}')}"
            yield Row("input", kind, index, wrong, note)
        waiting = [index for index in waiting if index not in found]


def _reduced(kind: str, damage: Damage, wrong: str, room: Path, name: str) -> str:
    """Find one change that does the same by itself, and keep the file."""
    for change in damage.changes if len(damage.changes) > 1 else ():
        less = Damage(damage.file, (change,), damage.packed)
        if _in_child(kind, {0: less}, room)[0][0][:80] == wrong[:80]:
            damage = less
            break
    kept = room.parent.parent / "finds"
    kept.mkdir(exist_ok=True)
    (kept / f"{name}{damage.file.suffix}").write_bytes(damage.made())
    told = ", ".join(f"{what} at {place}" for what, place, _ in damage.changes) or "as it is"
    return f"{damage.file.name}{' inside' if damage.packed else ''}: {told}; kept as {name}"


def _in_child(kind: str, damages: dict[int, Damage], room: Path) -> dict[int, tuple[str, str]]:
    """Read files in a child; give for each that it came to what is wrong ("": nothing), and a note."""
    results, canary = room / "results.jsonl", room / CANARY
    results.unlink(missing_ok=True)
    running = Running(room / "child", lambda: _child(kind, damages, room, results))
    end = running.wait(CLOCK * len(damages))
    running.close()
    lines = [json.loads(line) for line in results.read_text().splitlines()] if results.is_file() else []
    found = {line["index"]: (line["wrong"], line["note"]) for line in lines}
    if len(found) < len(damages):
        ended = "hangs" if -end.status in (signal.SIGALRM, signal.SIGPROF) else f"ends the process ({end.status})"
        found[next(index for index in damages if index not in found)] = (ended, "")
    if canary.exists():
        canary.rmdir()
    return found


def _child(kind: str, damages: dict[int, Damage], room: Path, results: Path) -> None:
    """Read files one after the other, and write a line for each."""
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 6 * MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    readers.weights_ready(room / "child")
    with results.open("w") as stream:
        for index, damage in damages.items():
            path = room / f"file{''.join(damage.file.suffixes)}"
            path.write_bytes(damage.made())
            wrong, note = _guarded(kind, path, room)
            stream.write(json.dumps({"index": index, "wrong": wrong, "note": note}) + "\n")
            stream.flush()


def _guarded(kind: str, path: Path, room: Path) -> tuple[str, str]:
    """Read one file within limits; say what is wrong, and whether it was read."""
    from mzsr_basicsr.errors import MZSRError

    wrong, note = "", "read"
    for number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, CLOCK)
    try:
        readers.READERS[kind](path, room / "child")
    except MZSRError as error:
        note = "refused"
        wrong = "" if str(error).isprintable() and str(error) else f"no line of printable characters: {error!r}"[:300]
    except BaseException as error:  # noqa: BLE001  whatever it is, it is a find
        place = [frame for frame in traceback.extract_tb(error.__traceback__) if "mzsr_basicsr" in frame.filename][-1:]
        where = "".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in place)
        wrong = f"{type(error).__name__} at {where}: {str(error)[:150]}"
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    used = _peak() - before
    if used > MEMORY:
        wrong = wrong or f"takes {used / 1e9:.1f} GB"
    if (room / CANARY).exists():
        (room / CANARY).rmdir()
        wrong = "it runs code"
    return wrong, note


def _peak() -> int:
    """Give the most bytes of memory that this process had at once."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0
