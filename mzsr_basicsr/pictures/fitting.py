"""What a format holds of what is said about a picture, and what is left out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mzsr_basicsr.pictures import jpeg_metadata, xmp
from mzsr_basicsr.pictures.exif_edit import sized
from mzsr_basicsr.pictures.exif_fit import shortened, with_thumbnail
from mzsr_basicsr.pictures.metadata import Metadata
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.png_metadata import colour_space
from mzsr_basicsr.pictures.png_texts import KINDS, texts_of

_ALL = frozenset({"icc", "exif", "dpi", "xmp", "iptc", "photoshop", "texts", "aspect", "chunks"})
HOLDS: Mapping[str, frozenset[str]] = {  # by the kinds of `Picture.format`
    "PNG": _ALL - {"photoshop"},
    "JPEG": _ALL - {"chunks"},
    "TIFF": _ALL - {"chunks"},
    "WEBP": frozenset({"icc", "exif", "xmp"}),
    "BMP": frozenset({"dpi"}),
    "PPM": frozenset(),
}
_EXIF_OF_JPEG = jpeg_metadata.SEGMENT - len(jpeg_metadata.EXIF)  # bytes
_ICC_OF_JPEG = 255 * (jpeg_metadata.SEGMENT - 14)
_EMPTY: Mapping[str, object] = {"texts": (), "chunks": ()}
_WORDS: Mapping[str, str] = {
    "xmp": "its XMP",
    "iptc": "its IPTC data",
    "photoshop": "its Photoshop resources",
    "aspect": "the shape of its pixels",
}


def fitted(picture: Picture, kind: str) -> Picture:
    """Keep what a format holds, with the sizes of the pixels; the rest stands in `extras.left_out`.

    Args:
        picture: as its pixels will be written.
        kind: key of `HOLDS`.
    """
    holds, left_out = HOLDS[kind], list[str]()
    if picture.icc and ("icc" not in holds or (kind == "JPEG" and len(picture.icc) > _ICC_OF_JPEG)):
        left_out.append("its ICC profile")
        picture = replace(picture, icc=None)
    if picture.exif:
        exif, lacking = _exif(picture, kind) if "exif" in holds else (None, ["its EXIF data"])
        left_out += lacking
        picture = replace(picture, exif=exif)
    if picture.dpi and "dpi" not in holds:
        left_out += [] if picture.exif or round(picture.dpi[0]) in (72, 96) else ["its resolution"]
        picture = replace(picture, dpi=None)
    told = picture.extras.without(*left_out)
    if told.xmp:
        told = replace(told, xmp=xmp.sized(told.xmp, *picture.pixels.shape[1::-1]))
    told = _held(told, holds, picture.icc is not None)
    return replace(picture, extras=jpeg_metadata.fitting(told) if kind == "JPEG" else told)


def _exif(picture: Picture, kind: str) -> tuple[bytes | None, list[str]]:
    """Give EXIF data with the sizes and the thumbnail of the picture, and what they lack."""
    if kind == "TIFF":  # has no thumbnail, and its fields are chosen where they are written
        return sized(picture.exif or b"", *picture.pixels.shape[1::-1]), []
    exif = with_thumbnail(sized(picture.exif or b"", *picture.pixels.shape[1::-1]), picture)
    return shortened(exif, _EXIF_OF_JPEG) if kind == "JPEG" else (exif, [])


def _held(told: Metadata, holds: frozenset[str], profile: bool) -> Metadata:
    left_out = [words for name, words in _WORDS.items() if name not in holds and getattr(told, name)]
    texts = told.texts
    if "chunks" not in holds:
        own, lost = texts_of(told.chunks)
        texts += own
        left_out += ["a text that is damaged or of more than 1 MiB"] * (lost > 0)
        colours = [] if profile else colour_space(told)
        left_out += [f"its colour space ({', '.join(colours)})"] if colours else []
        others = [kind for kind, _ in told.chunks if kind not in KINDS and kind[3:].islower()]
        left_out += [f"its chunk {kind.decode('ascii')}" for kind in others]
    if texts and "texts" not in holds:
        names = ", ".join(dict.fromkeys(text.keyword for text in texts))
        left_out.append(f"its text{'s' * (len(texts) > 1)} ({names[:80]})")
    kept = replace(told, texts=texts).without(*left_out)
    unheld = {name: _EMPTY.get(name) for name in (*_WORDS, *_EMPTY) if name not in holds}
    return replace(kept, **unheld)  # type: ignore[arg-type]
