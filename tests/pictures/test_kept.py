"""XMP, IPTC data, texts, colour space and pixel shapes: kept in each format, and carried over between formats."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from helpers.metadata_files import IPTC, MARK, URL, XMP, XMP_MARK, jpeg, png, png_chunks, resource, segment, xmp_of
from helpers.picture_files import chunk, exif_block, noise, pillow, raw_png, tiff
from PIL import Image, IptcImagePlugin

from mzsr_basicsr.pictures.metadata import Metadata
from mzsr_basicsr.pictures.picture import Picture
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.pictures.writing import encode, prepare

TITLE = "Th\xe9 &amp; title".encode()
PIXELS = noise(3, height=24, width=32)
SOURCES = {
    "jpg": jpeg(segment(0xE1, XMP_MARK + XMP), segment(0xED, MARK + resource(0x0404, IPTC) + URL)),
    "png": png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP))),
    "webp": pillow(PIXELS, "RGB", "WEBP", lossless=True, xmp=XMP),
    "tif": tiff(
        PIXELS,
        photometric="rgb",
        extratags=[
            (700, 1, len(XMP), XMP, True),
            (33723, 7, len(IPTC), IPTC, True),
            (34377, 1, len(URL), URL, True),
        ],
    ),
}


def written(content, format):
    picture = read_picture(content)
    return encode(picture, format), prepare(picture, format, "here").extras.left_out


@pytest.mark.parametrize("target", SOURCES)
@pytest.mark.parametrize("source", SOURCES)
def test_xmp_is_carried_between_formats(source, target):
    content, left_out = written(SOURCES[source], target)
    packet = xmp_of(content)
    assert TITLE in packet and b'tiff:ImageWidth="32"' in packet and b"XMP" not in "".join(left_out).encode()
    assert packet.startswith(b"<?xpacket begin=") and packet.rstrip(b"\0").endswith(b'<?xpacket end="w"?>')


@pytest.mark.parametrize("packet", [XMP + b"\0\0", XMP + b"\1\xff\xfe\xfd\0", XMP.decode().encode("utf-16")])
def test_xmp_of_other_encodings_and_with_bytes_behind_it_becomes_plain(packet):
    extras = read_picture(jpeg(segment(0xE1, XMP_MARK + packet))).extras
    assert extras.xmp == XMP and extras.left_out == ()


@pytest.mark.parametrize("source", ["jpg", "tif"])
def test_iptc_and_photoshop_resources_are_carried_between_jpeg_and_tiff(source):
    seen, _ = written(SOURCES[source], "jpg")
    with Image.open(io.BytesIO(seen)) as image:
        found = IptcImagePlugin.getiptcinfo(image)
        assert (found[2, 0x5A], found[2, 0x78]) == (b"Vienna", b"A words")
        assert image.info["photoshop"][0x040B] == b"http://x.at"
    seen, _ = written(SOURCES[source], "tif")
    with tifffile.TiffFile(io.BytesIO(seen)) as file:
        assert bytes(file.pages[0].tags[33723].value) == IPTC
        assert bytes(file.pages[0].tags[34377].value) == URL


def test_iptc_is_written_into_png_as_others_do_and_read_again():
    content, left_out = written(SOURCES["jpg"], "png")
    assert left_out == ("its Photoshop resources",)
    with Image.open(io.BytesIO(content)) as image:
        name, length, *lines = image.text["Raw profile type iptc"].split()
    block = bytes.fromhex("".join(lines))
    assert (name, int(length)) == ("iptc", len(block)) and block == resource(0x0404, IPTC)
    assert read_picture(content).extras.iptc == IPTC
    assert "its IPTC data" in written(SOURCES["jpg"], "webp")[1]


def test_iptc_of_tiff_that_is_told_to_be_numbers_is_turned_back():
    swapped = b"".join(IPTC.ljust(-(-len(IPTC) // 4) * 4, b"\0")[at : at + 4][::-1] for at in range(0, len(IPTC), 4))
    numbers = struct.unpack(f"<{len(swapped) // 4}I", swapped)
    content = tiff(PIXELS, photometric="rgb", extratags=[(33723, 4, len(numbers), numbers, True)])
    assert read_picture(content).extras.iptc.rstrip(b"\0") == IPTC


COLOUR = {
    b"gAMA": struct.pack(">I", 100_000),
    b"cHRM": struct.pack(">8I", 31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600),
    b"cICP": bytes((9, 16, 0, 1)),
    b"sRGB": b"\0",
    b"cLLI": struct.pack(">II", 10_000_000, 4_000_000),
}
TEXTS = [
    (b"tEXt", b"Author\0J\xf6rg"),
    (b"zTXt", b"Story\0\0" + zlib.compress(b"long " * 99)),
    (b"iTXt", b"Title\0\0\0de\0Titel\0" + "λ".encode()),
]


@pytest.mark.parametrize("bits", [8, 16])
def test_colour_space_and_texts_of_png_stay_as_they_are(bits):
    rows = [bytes(32 * 3 * bits // 8)] * 24
    extra = [*COLOUR.items(), *TEXTS, (b"vpAg", bytes(9)), (b"bKGD", bytes(range(6)))]
    content = raw_png(32, 24, bits, 2, rows, *(chunk(*one) for one in [*extra, (b"tIME", bytes(7)), (b"xxXX", b"1")]))
    again, left_out = written(content, "png")
    found = png_chunks(again)
    assert set(extra) <= set(found) and left_out == ("its chunk xxXX",)
    assert {kind for kind, _ in found} == {kind for kind, _ in extra} | {b"IHDR", b"IDAT", b"IEND"}
    kinds = [kind for kind, _ in found]
    assert max(kinds.index(kind) for kind in COLOUR) < kinds.index(b"IDAT")  # the standard wants it so
    with Image.open(io.BytesIO(again)) as image:
        assert (image.text["Author"], image.text["Story"], image.text["Title"]) == ("Jörg", "long " * 99, "λ")


def test_a_background_becomes_one_of_the_pixels_that_are_written():
    palette = pillow(noise(1) // 128, "P", "PNG")  # Pillow's grey one
    place = palette.index(b"IDAT") - 4
    colours = palette[palette.index(b"PLTE") + 4 :][:6]
    content = palette[:place] + chunk(b"bKGD", b"\1") + palette[place:]
    found = dict(png_chunks(written(content, "png")[0]))
    assert found[b"bKGD"] == bytes((0, colours[3], 0, colours[4], 0, colours[5]))
    bits = raw_png(8, 1, 2, 0, [bytes(2)], chunk(b"bKGD", b"\0\2"))
    assert dict(png_chunks(written(bits, "png")[0]))[b"bKGD"] == b"\0\xaa"
    assert written(bits, "jpg")[1] == () and written(content, "png")[1] == ()


def test_texts_become_comments_and_descriptions():
    content, left_out = written(png(*COLOUR.items(), *TEXTS), "jpg")
    with Image.open(io.BytesIO(content)) as image:
        comments = [value.decode() for name, value in image.applist if name == "COM"]
    assert comments == ["Author: Jörg", "Story: " + "long " * 99, "Title: λ"]
    assert left_out == ("its colour space (gAMA, cHRM, cICP, cLLI)",)
    content, _ = written(png(*TEXTS[:1], TEXTS[2]), "tif")
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        assert file.pages[0].description == "Author: Jörg\nTitle: λ"
    assert written(png(*TEXTS), "webp")[1] == ("its texts (Author, Story, Title)",)


def test_a_comment_goes_from_jpeg_and_gif_to_all_that_hold_one():
    stream = io.BytesIO()
    Image.fromarray(PIXELS).quantize(8).save(stream, "GIF", comment=b"made by hand")
    for source in (jpeg(comment=b"made by hand"), stream.getvalue()):
        with Image.open(io.BytesIO(written(source, "png")[0])) as image:
            assert image.text == {"Comment": "made by hand"}
        with Image.open(io.BytesIO(written(source, "jpg")[0])) as image:
            assert image.info["comment"] == b"made by hand"
        with tifffile.TiffFile(io.BytesIO(written(source, "tif")[0])) as file:
            assert file.pages[0].description == "made by hand"
    described = jpeg(exif=b"Exif\0\0" + tagged_exif(270, "what it shows"), comment=b"made by hand")
    with tifffile.TiffFile(io.BytesIO(written(described, "tif")[0])) as file:
        assert file.pages[0].description == "what it shows"


def tagged_exif(tag, value):
    exif = Image.Exif()
    exif[tag] = value
    return exif.tobytes().removeprefix(b"Exif\0\0")


def test_plain_srgb_is_not_said_to_be_lost():
    plain = {b"sRGB": b"\0", b"gAMA": struct.pack(">I", 45455)}
    plain[b"cHRM"] = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    assert written(png(*plain.items()), "jpg")[1] == ()
    profile = (b"iCCP", b"p\0\0" + zlib.compress(b"profile"))
    assert written(png(profile, (b"gAMA", COLOUR[b"gAMA"])), "jpg")[1] == ()  # the profile goes before


def test_the_shape_of_pixels_is_kept_where_there_is_a_place():
    content = png((b"pHYs", struct.pack(">IIB", 2, 1, 0)))
    assert (b"pHYs", struct.pack(">IIB", 2, 1, 0)) in png_chunks(written(content, "png")[0])
    with Image.open(io.BytesIO(written(content, "jpg")[0])) as image:
        assert (image.info["jfif_unit"], image.info["jfif_density"]) == (0, (2, 1))
    made = written(content, "jpg")[0]
    assert read_picture(written(made, "tif")[0]).extras.aspect == (2, 1)
    assert "the shape of its pixels" in written(content, "webp")[1]


@pytest.mark.parametrize(("aspect", "whole"), [((0.3, 0.1), (3, 1)), ((1e-9, 1), (1, 65535)), ((1.5, 1), (3, 2))])
def test_shapes_of_pixels_become_whole_numbers(aspect, whole):
    picture = Picture(PIXELS, extras=Metadata(aspect=aspect))
    with Image.open(io.BytesIO(encode(picture, "jpg"))) as image:
        assert image.info["jfif_density"] == whole
    assert 0 not in struct.unpack(">II", dict(png_chunks(encode(picture, "png")))[b"pHYs"][:8])


def test_exif_that_old_programs_wrote_as_a_text_is_read():
    block = b"Exif\0\0" + exif_block()
    text = b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n%8d\n%s\n" % (len(block), block.hex().encode()))
    picture = read_picture(png((b"zTXt", text)))
    assert picture.exif == exif_block() and picture.extras.chunks == ()


def test_formats_without_a_place_say_what_they_lack():
    source = jpeg(segment(0xE1, XMP_MARK + XMP), exif=b"Exif\0\0" + exif_block(1), icc_profile=b"profile")
    for format in ("bmp", "ppm"):
        assert written(source, format)[1] == ("its ICC profile", "its EXIF data", "its XMP")
    np.testing.assert_array_equal(read_picture(written(source, "bmp")[0]).pixels, read_picture(source).pixels)
