"""SIGKILL at random moments: nothing is lost or half-written, and the same command ends where it would have ended."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from faults_case import Case
from faults_commands import COMMANDS
from faults_forks import Running
from faults_report import Row, Tries

AFTER = 2.5  # seconds that processes may go on for whose parent was killed: they look for it once a second
AT_WORK = ("is being trained in", "another run is at work")


def attempts(room: Path, tries: Tries, count: int, seed: int, names: list[str] | None = None) -> Iterator[Row]:
    """Kill every command so many times.

    Args:
        room: a folder to work in.
        tries: those that were made before are not made again.
        count: tries of each command.
        seed: of all chance.
        names: of the commands; None for all.
    """
    for name in (one for one in COMMANDS if not names or one in names):
        missing = tries.missing("kills", name, count)
        if missing:
            case = Case(name, room)
            for index in missing:
                yield Row("kills", name, index, *killed(case, f"{seed} kills {name} {index}"))


def killed(case: Case, seed: str) -> tuple[str, str]:
    """Kill a command once and go on; say what is wrong ("": nothing), and what was killed."""
    chance, folder = random.Random(seed), case.fresh(case.room / "try")
    moment = chance.uniform(0.02, 1.02) * case.seconds
    running = Running(folder, case.known.work())
    until = time.perf_counter() + moment
    while time.perf_counter() < until and not running.ended():
        time.sleep(0.001)
    whom = "none, it had ended" if running.ended() else _kill(running, chance)
    wrong = case.half(folder) or case.goes_on(folder)
    running.close()
    if any(line in wrong for line in AT_WORK):  # those that are left were still at it: that is refused, and then not
        wrong = case.half(folder) or case.goes_on(folder)
    if wrong:
        case.keep(folder, seed)
    return wrong and f"killed {whom} at {moment:.3f} s of {case.seconds:.3f}: {wrong}", whom


def _kill(running: Running, chance: random.Random) -> str:
    """Kill a command with all of its processes, or one of several alone, and wait for the others to end."""
    members = sorted(running.members())
    if len(members) < 2 or chance.random() < 0.5:
        running.kill()
        running.wait(10)
        return "all"
    victim = chance.choice(members)
    os.kill(victim, signal.SIGKILL)
    running.wait(30)
    if chance.random() < 0.5:  # else the same command is given while the others still end
        until = time.perf_counter() + AFTER
        while running.members() and time.perf_counter() < until:
            time.sleep(0.01)
    return "the first of several" if victim == running.pid else "one of several"
