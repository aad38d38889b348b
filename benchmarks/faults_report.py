"""What was tried and what was found: one JSON line a try, so that the same command goes on; and the tables."""

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One try: the part of the campaign, what was tried, its number, what is wrong ("": nothing), and figures."""

    part: str
    what: str
    index: int
    wrong: str = ""
    note: str = ""


class Tries:
    """The tries of a campaign, kept in a file of one JSON object a line.

    Args:
        file: need not be there.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        text = file.read_text() if file.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:  # of a campaign that was killed itself
            file.write_text(whole)
        self.rows = [Row(**json.loads(line)) for line in whole.splitlines()]

    def missing(self, part: str, what: str, count: int) -> list[int]:
        """List the numbers below `count` that have not been tried."""
        done = {row.index for row in self.rows if (row.part, row.what) == (part, what)}
        return [index for index in range(count) if index not in done]

    def add(self, row: Row) -> None:
        """Keep a try."""
        self.rows.append(row)
        with self._file.open("a") as stream:
            stream.write(json.dumps(asdict(row)) + "\n")

    def table(self) -> str:
        """Lay out as Markdown how many were tried and survived, and what was found."""
        groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.rows:
            groups[row.part, row.what].append(row)
        lines = ["| part | what | tried | survived | notes |", "| --- | --- | ---: | ---: | --- |"]
        for (part, what), rows in groups.items():
            fine = sum(not row.wrong for row in rows)
            notes = Counter(row.note for row in rows if row.note)
            told = ", ".join(f"{count} {note}" if count > 1 else note for note, count in notes.most_common(4))
            lines.append(f"| {part} | {what} | {len(rows)} | {fine} | {told} |")
        return "\n".join(lines)

    def finds(self) -> list[str]:
        """List what is wrong, one line a try."""
        return [f"{row.part}, {row.what}, try {row.index}: {row.wrong}" for row in self.rows if row.wrong]

    def summary(self) -> dict[str, dict[str, dict[str, int]]]:
        """Count by part and by what was tried."""
        found: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
        for row in self.rows:
            counts = found[row.part].setdefault(row.what, {"tried": 0, "survived": 0})
            counts["tried"] += 1
            counts["survived"] += not row.wrong
        return dict(found)
