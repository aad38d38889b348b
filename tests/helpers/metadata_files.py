"""Files that say much about their picture, put together by hand, for the tests of metadata."""

import io
import struct

from PIL import Image

from helpers.picture_files import chunk, noise, pillow

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" tiff:ImageWidth="32"
 tiff:Orientation="6" exif:PixelXDimension='32' tiff:XResolution="72/1"><exif:PixelYDimension>24</exif:PixelYDimension>
<tiff:ImageLength>24</tiff:ImageLength><exif:SubjectArea><rdf:Seq><rdf:li>10</rdf:li><rdf:li>7</rdf:li></rdf:Seq>
</exif:SubjectArea><dc:title>Th\xe9 &amp; title</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()
IPTC = b"\x1c\x01\x5a\0\3\x1b%G" + b"\x1c\x02\x5a\0\6Vienna" + b"\x1c\x02\x78\0\7A words"
URL = b"8BIM\x04\x0b\0\0\0\0\0\x0bhttp://x.at\0"
MARK = b"Photoshop 3.0\0"
XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"


def segment(marker, content):
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def resource(code, content):
    return b"8BIM" + struct.pack(">HHI", code, 0, len(content)) + content + b"\0" * (len(content) % 2)


def jpeg(*segments, tail=b"", pixels=None, **options):
    content = pillow(noise(3, height=24, width=32) if pixels is None else pixels, "RGB", "JPEG", **options)
    return content[:2] + b"".join(segments) + content[2:] + tail


def png(*chunks, pixels=None):
    content = pillow(noise(3, height=24, width=32) if pixels is None else pixels, "RGB", "PNG")
    return content[:33] + b"".join(chunk(*one) for one in chunks) + content[33:]


def png_chunks(content):
    position, found = 8, []
    while position < len(content):
        (length,) = struct.unpack_from(">I", content, position)
        found.append((content[position + 4 : position + 8], content[position + 8 : position + 8 + length]))
        position += length + 12
    return found


def xmp_of(content):
    """Read XMP as Pillow does; of TIFF files, whose 16 bits it does not open, their tag alone."""
    if content[:2] in (b"II", b"MM"):
        exif = Image.Exif()
        exif.load_from_fp(io.BytesIO(content))
        return exif.get(700)
    with Image.open(io.BytesIO(content)) as image:
        return image.info.get("xmp")
