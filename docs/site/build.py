"""Build the documentation site: `make docs`, or `python docs/site/build.py [--quick] [-o FOLDER]`.

All pages are gathered in FOLDER/source, the references are generated beside them, and Sphinx makes FOLDER/html of
them. Nothing is written elsewhere. Any warning is an error, and so is a link within the site that leads nowhere.
"""

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "Agg"
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

import links  # noqa: E402  beside this file
import reference  # noqa: E402
from sphinx.cmd.build import build_main  # noqa: E402

PACKAGE = ROOT / "mzsr_basicsr"
MOVED = (  # where links of the pages point to in the repository, and where that lies in the site
    (r"\]\(((?:\.\./)*)\.\./README\.md", r"](\1index.md"),
    (r"\]\(\.\./CHANGELOG\.md", "](changelog.md"),
    (r"\]\(\.\./options/README\.md", "](option_files.md"),
    (r"\]\(\.\./mzsr_basicsr/weights/", "](weights/"),
    (r"\]\(\.\./\.\./docs/", "](../"),
)


def main() -> int:
    """Gather, build and check; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "build" / "docs", help="default: build/docs")
    parser.add_argument("--quick", action="store_true", help="do not run the examples of the gallery")
    chosen = parser.parse_args()
    output = chosen.output.resolve()
    source, site = output / "source", output / "html"
    gather(source)
    words = ["-c", str(HERE), "-W", "--keep-going", "-n", "-q", "-d", str(output / "doctrees")]
    examples = ["-D", "plot_gallery=0"] if chosen.quick else []
    status = build_main([*words, *examples, "-b", "html", str(source), str(site)])
    faults = links.faults(site) if status == 0 else []
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    print(f"{site / 'index.html'}" if not (status or faults) else "error: the site has faults, see above")
    return status or bool(faults)


def gather(source: Path) -> None:
    """Lay out what Sphinx reads; pages of an earlier build that are gone now go, results of the gallery stay.

    Guides that the front page does not list are listed in it, in the place of `@others`.
    """
    for old in source.glob("*"):
        if old.name != "gallery":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    texts = {page.relative_to(ROOT / "docs"): page for page in sorted((ROOT / "docs").glob("*.md"))}
    texts |= {page.relative_to(ROOT / "docs"): page for page in sorted((ROOT / "docs" / "tutorials").glob("*.md"))}
    texts |= {Path("weights") / page.name: page for page in sorted((PACKAGE / "weights").glob("*.md"))}
    texts |= {page.relative_to(HERE): page for page in sorted(HERE.glob("*.md"))}
    texts |= {Path("changelog.md"): ROOT / "CHANGELOG.md", Path("option_files.md"): ROOT / "options" / "README.md"}
    for place, page in texts.items():
        put(source / place, moved(page.read_text(encoding="utf-8")))
    front = source / "index.md"
    listed = front.read_text(encoding="utf-8")
    others = [page.stem for page in sorted((ROOT / "docs").glob("*.md")) if f"\n{page.stem}\n" not in listed]
    put(front, listed.replace("@others\n", "".join(f"{name}\n" for name in others)))
    for picture in [*(ROOT / "docs").glob("*.png"), ROOT / "docs" / "quickstart.ipynb"]:
        shutil.copy2(picture, source)
    reference.write_all(source)


def moved(text: str) -> str:
    """Let the links of a page lead to where things lie in the site."""
    for pattern, place in MOVED:
        text = re.sub(pattern, place, text)
    return text


def put(file: Path, text: str) -> None:
    """Write a page, and the folders that it lies in."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
