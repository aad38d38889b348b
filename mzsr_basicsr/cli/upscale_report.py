"""What `mzsr upscale` says of each file that is done, skipped or refused."""

import json
from collections.abc import Callable

from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.policy import Record
from mzsr_basicsr.jobs.streams import put_out, say

SEEN = 0.05  # px; a smaller shift is not worth words
_NO_BLUR = 0.005  # px²; a smaller variance would be told as 0.00
Tell = Callable[[FileJob, Record | str], None]


def tell_all(jobs: list[FileJob], outcomes: list[Record | str], report: Tell) -> int:
    """Report files that nothing need be done for, and give the exit status."""
    for job, outcome in zip(jobs, outcomes, strict=True):
        report(job, outcome)
    return say_how_many(sum(isinstance(outcome, str) for outcome in outcomes), len(jobs))


def say_how_many(failed: int, total: int) -> int:
    """Say how many of several files failed, and give the exit status."""
    if failed and total > 1:
        say(f"error: {failed} of {total} files failed, see above")
    return int(failed > 0)


def tell_json(job: FileJob, outcome: Record | str) -> None:
    """Report a file for machines: one line of JSON, and its fault for people too."""
    failed = {"source": str(job.source), "target": str(job.target), "error": outcome}
    put_out(json.dumps(failed if isinstance(outcome, str) else outcome))
    if isinstance(outcome, str):
        say(f"error: {outcome}")


def teller() -> Tell:
    """Give what reports files for people; a notice that many files share is said once."""
    said: set[str] = set()

    def tell(job: FileJob, outcome: Record | str) -> None:
        if isinstance(outcome, str):
            return say(f"error: {outcome}")
        if outcome.get("skipped"):
            return put_out(f"{job.target}: is there already, skipped")
        put_out(f"{job.target}: {_summary(outcome)}, {outcome['seconds_in_all']:.1f} s")
        for notice in outcome["notices"]:
            if notice not in said:
                say(f"warning: {notice}")
            said.add(notice)
        return None

    return tell


def _summary(record: Record) -> str:
    """Say in a few words what was done."""
    if "clip" in record:
        clip = record["clip"]
        return f"{clip['frames']} frames, {clip['shots']} shots, {clip['resumed']} done before; audio {clip['audio']}"
    kernel, made, kept = record["kernel"], record["updates_made"], record["updates_kept"]
    frames = f"{record['frames']} frames, " if record.get("frames", 1) > 1 else ""
    blur = f"kernel λ {kernel['lambda1']:.2f}, {kernel['lambda2']:.2f} px² at {kernel['theta']:.2f} rad"
    blur = "no blur" if kernel["lambda1"] < _NO_BLUR else blur
    x, y = kernel["centre"]
    mass = f", its mass {place(x, y)}" if place(x, y) else ""
    lies = place(*record["offset"]) or "centred"
    confidence = "" if kernel["confidence"] is None else f" (confidence {kernel['confidence']:.2f})"
    adapted = f"{kept} of {made} updates kept (signal {record['signal']})" if made else "not adapted"
    adapted += "; adaptation diverged" if record["diverged"] else ""
    adapted += _why_no_more(record) + _memory(record["memory"])
    return f"{frames}{blur}{confidence}{mass}, {kernel['subsampling']} ({lies}), noise {record['noise']:.1f}, {adapted}"


def _memory(told: Record | None) -> str:
    """Say what a memory did."""
    if told is None:
        return ""
    near = f" (nearest {told['nearness']:.2f})" if told["entries"] else ""
    use = f"{'' if told['used'] else 'not '}used{', written' if told['wrote'] else ''}"
    return f", memory of {told['entries']}{near} {use}"


def _why_no_more(record: Record) -> str:
    """Say what ended an adaptation that might have gone on, and how much of its time it took."""
    limits = record["settings"]
    if not record["stopped"] or not (limits["patience"] or limits["time_budget"]):
        return ""
    budget = f" of {limits['time_budget']:g}" if limits["time_budget"] else ""
    return f", {record['stopped']}, {record['seconds']['adaptation']:.1f}{budget} s"


def place(x: float, y: float) -> str:
    """Say how far, in px to the right and down, something lies off its place; nothing for less than 0.05 px."""
    across, down = f"{abs(x):.2f} px {'right' if x > 0 else 'left'}", f"{abs(y):.2f} px {'down' if y > 0 else 'up'}"
    return ", ".join(text for text, shift in ((across, x), (down, y)) if abs(shift) >= SEEN)
