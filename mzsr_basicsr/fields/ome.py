"""OME-XML: what a stack of microscope images says of itself, with its pixels counted and measured anew."""

import uuid
from xml.dom import minidom
from xml.parsers import expat

from mzsr_basicsr.degradation.resize import output_length
from mzsr_basicsr.errors import ImageError

_SIZES, _LENGTHS = ("SizeX", "SizeY"), ("PhysicalSizeX", "PhysicalSizeY")
_REGIONS = ("ROI", "ROIRef")  # drawn in px of the source


def enlarged_xml(text: str, scale: float, names: tuple[str, str]) -> tuple[str, list[str]]:
    """Change the sizes of the pixels in an OME-XML text; all else stays, but for what is counted in the old pixels.

    Args:
        text: the description of the first page.
        scale: output over input.
        names: of the source file and of the result's.

    Returns:
        The new text, ASCII alone, and a line for each thing that is lost or does not fit any more.

    Raises:
        ImageError: it is no XML, or declares a document type, whose entities might be of any size.
    """
    _check(text, names[0])
    document = minidom.parseString(text.encode("utf-8"))
    for pixels in document.getElementsByTagNameNS("*", "Pixels"):
        for name in _SIZES:
            if pixels.getAttribute(name).isdecimal():
                pixels.setAttribute(name, str(output_length(int(pixels.getAttribute(name)), scale)))
        for name in _LENGTHS:
            if _is_number(pixels.getAttribute(name)):
                pixels.setAttribute(name, repr(float(pixels.getAttribute(name)) / scale))
    notices = _without_regions(document) + _renamed(document, names)
    return document.toxml().encode("ascii", "xmlcharrefreplace").decode("ascii"), notices


def _check(text: str, name: str) -> None:
    def refuse(*_: object) -> None:
        raise ImageError(f"{name}: its OME-XML declares a document type, which is not read; save it without")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        raise ImageError(f"{name}: its OME-XML is damaged ({error}); save it anew, or without") from error


def _is_number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False


def _without_regions(document: minidom.Document) -> list[str]:
    found = [node for name in _REGIONS for node in document.getElementsByTagNameNS("*", name)]
    for node in found:
        if node.parentNode is not None:
            node.parentNode.removeChild(node)
    return ["its regions of interest are left out: they are drawn in the pixels of the source"] if found else []


def _renamed(document: minidom.Document, names: tuple[str, str]) -> list[str]:
    """Let what named the source file name its result, which is a file of its own."""
    root = document.documentElement
    old = root.getAttribute("UUID") if root is not None else ""
    new = uuid.uuid5(uuid.NAMESPACE_URL, "/".join((old, *names))).urn
    if root is not None and old:
        root.setAttribute("UUID", new)
    others = False
    for node in document.getElementsByTagNameNS("*", "UUID"):
        text = node.firstChild
        own = node.getAttribute("FileName") in ("", names[0])
        others |= not own
        if own and text is not None and text.nodeValue == old:
            text.nodeValue = new
        if own and node.hasAttribute("FileName"):
            node.setAttribute("FileName", names[1])
    return ["its OME-XML names other files too, which are to be upscaled under their own names"] if others else []
