"""Links of a built site: those within it must lead to a file and a place in it, those outside must be well formed."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """What a page points at, and the places in it that can be pointed at."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note `href`, `src`, `id` and `name`."""
        for key, value in attrs:
            if key in ("href", "src") and value:
                self.targets.add(value)
            elif key in ("id", "name") and value:
                self.places.add(value)


def faults(site: Path) -> list[str]:
    """List the links of a built site that lead nowhere, one line each.

    The network is not used: links to other sites are judged by their form alone.
    """
    pages = {file: _read(file) for file in sorted(site.rglob("*.html"))}
    return [f"{file.relative_to(site)}: {target}: {why}" for file, page in pages.items()
            for target in sorted(page.targets) if (why := _fault(target, file, pages))]  # fmt: skip


def _read(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def _fault(target: str, file: Path, pages: dict[Path, _Page]) -> str:
    """Say what is wrong with a link; nothing if it is right."""
    parts = urlsplit(target)
    if parts.scheme in ("data", "mailto", "javascript"):
        return ""
    if parts.scheme or parts.netloc:
        return "" if parts.scheme in ("https", "http") and "." in parts.netloc else "no address of a site"
    there = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not there.exists():
        return "there is no such file in the site"
    place = unquote(parts.fragment)
    if place and there in pages and place not in pages[there].places:
        return "there is no such place in that page"
    return ""
