"""The README and the pages of docs, taken apart: prose, fenced blocks, headings."""

import re
from pathlib import Path

from helpers.places import ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "tutorials").glob("*.md"))]
PEOPLE = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]  # for those who change the project, or report a fault
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str = "") -> list[str]:
    """The fenced blocks of one language; those without one are commands and what they print."""
    return [text for kind, text in _FENCE.findall(page.read_text()) if kind == language]


def prose(page: Path) -> str:
    """What stands outside of fenced blocks."""
    return _FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """The headings as GitHub names them in links."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
