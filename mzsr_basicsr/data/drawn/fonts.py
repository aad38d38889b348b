"""Fonts for drawn text: matplotlib's and the system's, in the order of their names; Pillow's own where there are none.

What is found depends on the machine, and so does what is drawn: equal seeds draw equal images where equal fonts are.
"""

import os
import random
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, cast

from PIL import ImageFont, features

from mzsr_basicsr.errors import ConfigError

Family = Literal["sans", "serif", "mono"]
FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
)
ENDINGS = {".ttf", ".otf", ".ttc"}
MOST = 128  # fonts that are looked at, spread over the names that are found
NEEDED = "AGRQagkxyt0258.,:;()%-+=/<>_"  # a font without these draws other scripts, or symbols
SYMBOLS = re.compile(r"math|symbol|emoji|dingbat|music|cmex|cmsy|cmmi", re.IGNORECASE)
MONO = re.compile(r"mono|cour|typewriter|cmtt|consol|code|fixed|terminal", re.IGNORECASE)
SERIF = re.compile(r"serif|times|stix|roman|cmr|cmb|cmti|georgia|garamond|palatino|bookman|century", re.IGNORECASE)
BOLD = re.compile(r"bold|black|heavy|general ?bol|cmb", re.IGNORECASE)
ITALIC = re.compile(r"italic|oblique|bolita|cmti", re.IGNORECASE)


@dataclass(frozen=True)
class Face:
    """One font file and how it looks; no path stands for Pillow's own font."""

    path: str | None = None
    family: Family = "sans"
    bold: bool = False
    italic: bool = False


@lru_cache(maxsize=1)
def faces() -> tuple[Face, ...]:
    """Find the fonts once: sorted by the names of their files, each name once, those that write plain English.

    Raises:
        ConfigError: Pillow was built without FreeType.
    """
    if not features.check("freetype2"):
        raise ConfigError(
            "datasets.train.drawn: needs Pillow with FreeType; install Pillow's wheel, or leave `drawn` 0"
        )
    found: dict[str, Path] = {}
    for folder in _folders():
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in ENDINGS:
                found.setdefault(path.name, path)
    paths = [found[name] for name in sorted(found)]
    some = paths[:: -(-len(paths) // MOST)] if paths else []
    return tuple(face for path in some if (face := _face(path)) is not None) or (Face(),)


def choose(rng: random.Random, family: Family, bold: bool = False, italic: bool = False) -> Face:
    """Draw a face of a family, bold or italic where the family has such ones; any face where the family has none."""
    relatives = [face for face in faces() if face.family == family] or list(faces())
    exact = [face for face in relatives if (face.bold, face.italic) == (bold, italic)]
    return rng.choice(exact or relatives)


@lru_cache(maxsize=128)
def font(face: Face, size: float) -> ImageFont.FreeTypeFont:
    """Load a face; size in px of the em, kept for the next call."""
    if face.path is not None:
        return ImageFont.truetype(face.path, size, layout_engine=ImageFont.Layout.BASIC)
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))  # it is one where there is FreeType


def _folders() -> list[Path]:
    spec = find_spec("matplotlib")  # found, not imported: only its files are wanted
    origin = [Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"] if spec and spec.origin else []
    return origin + [Path(os.path.expanduser(folder)) for folder in FOLDERS]


def _face(path: Path) -> Face | None:
    """Describe a font by its names; None where it cannot be read or lacks plain letters."""
    try:
        small = ImageFont.truetype(str(path), 12, layout_engine=ImageFont.Layout.BASIC)
        missing = bytes(small.getmask("\uffff"))
        glyphs = {bytes(small.getmask(letter)) for letter in NEEDED}
    except OSError:  # damaged, or of a kind that FreeType does not draw
        return None
    if len(glyphs) < len(NEEDED) - 1 or missing in glyphs or b"" in glyphs:
        return None
    names = " ".join([path.stem, *(name for name in small.getname() if name)])
    if SYMBOLS.search(names):
        return None
    sans = re.search(r"sans", names, re.IGNORECASE)
    family: Family = "mono" if MONO.search(names) else "serif" if SERIF.search(names) and not sans else "sans"
    return Face(str(path), family, bool(BOLD.search(names)), bool(ITALIC.search(names)))
