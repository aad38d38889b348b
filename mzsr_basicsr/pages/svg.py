"""A figure as SVG that can stand inside an HTML page: its ink is the page's, and its ids are its own."""

import hashlib
import io
import re
import xml.etree.ElementTree as ET

import matplotlib
from matplotlib.figure import Figure

__all__ = ["INK", "svg_bytes", "svg_text"]

INK = "#1b1c1f"  # used for nothing else, so that it can be told
_FONTS = ["DejaVu Sans", "Verdana", "Arial", "sans-serif"]
_UNDATED = {"Date": None, "Creator": None, "Format": None, "Type": None}


def svg_bytes(figure: Figure, transparent: bool = False) -> bytes:
    """Write a figure as an SVG file, the same bytes each time."""
    stream = io.BytesIO()
    # without a salt ids are drawn by chance; the font type keeps text as text
    with matplotlib.rc_context({"svg.hashsalt": "mzsr", "svg.fonttype": "none", "font.sans-serif": _FONTS}):
        figure.savefig(stream, format="svg", transparent=transparent, metadata=_UNDATED)
    return stream.getvalue()


def svg_text(figure: Figure) -> str:
    """Write a figure as an `<svg class="plot">` element for an HTML page, the same text each time.

    It is as wide as its container, has no background, and draws all that has `INK` in `currentColor`.
    It holds no style sheet, which would reach the whole page, and only the ids it needs; they begin with a hash of the
    picture, so that they differ from those of any other one.

    Args:
        figure: its label becomes the name that screen readers tell.
    """
    root = ET.fromstring(svg_bytes(figure, transparent=True))
    for parent in list(root.iter()):
        for child in [c for c in parent if _tag(c) in ("metadata", "style", "title")]:
            parent.remove(child)
    _plain_names(root)
    _own_ids(root)
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    root.attrib |= {"xmlns": "http://www.w3.org/2000/svg", "class": "plot", "role": "img"}
    root.attrib |= {"aria-label": str(figure.get_label()), "fill": "currentColor"}
    root.attrib |= {"style": "stroke-linejoin: round; stroke-linecap: butt"}
    text = ET.tostring(root, encoding="unicode")
    return text.replace(INK, "currentColor")


def _plain_names(root: ET.Element) -> None:
    """Drop the namespaces, which HTML has no use for; `xlink:href` becomes `href`."""
    for element in root.iter():
        element.tag = _tag(element)
        element.attrib = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}


def _own_ids(root: ET.Element) -> None:
    """Drop ids that nothing refers to, and begin the others with a hash of the whole."""
    text = ET.tostring(root, encoding="unicode")
    used = set(re.findall(r'(?:url\(|href=")#([\w.-]+)', text))
    prefix = f"p{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:10]}-"
    for element in root.iter():
        if element.attrib.get("id") in used:
            element.attrib["id"] = prefix + element.attrib["id"]
        else:
            element.attrib.pop("id", None)
        for name, value in element.attrib.items():
            if name == "href" or "url(#" in value:
                element.attrib[name] = re.sub(r"#(?=[\w.-]+\)|[\w.-]+$)", f"#{prefix}", value)


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
