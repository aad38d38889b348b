"""OME-XML: pixels counted and measured anew, all else as it was, and nothing that an XML bomb could do."""

import re

import pytest

from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.fields.ome import enlarged_xml

NAMES = ("a.ome.tif", "b.ome.tif")
TEXT = """<?xml version="1.0" encoding="UTF-8"?><!-- kept --><ome:OME xmlns:ome="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">
<ome:Instrument ID="Instrument:0"/><ome:Image ID="Image:0" Name="é &amp; &lt;b&gt;"><ome:Pixels SizeX="5" SizeY="7" SizeZ="2"
 PhysicalSizeX="0.5" PhysicalSizeY="1e-1" PhysicalSizeZ="3" PhysicalSizeXUnit="µm"><ome:TiffData IFD="0">
<ome:UUID FileName="a.ome.tif">urn:uuid:1</ome:UUID></ome:TiffData><ome:Plane PositionX="12.5"/></ome:Pixels></ome:Image></ome:OME>"""


def attributes(text):
    return dict(re.findall(r'(\w+)="([^"]*)"', re.search(r"<(?:ome:)?Pixels[^>]*>", text)[0]))


def test_sizes_and_lengths_are_those_of_the_result():
    text, notices = enlarged_xml(TEXT, 2.5, NAMES)
    found = attributes(text)
    assert (found["SizeX"], found["SizeY"], found["SizeZ"]) == ("13", "18", "2")  # 12.5 and 17.5, rounded up
    assert float(found["PhysicalSizeX"]) == 0.2 and float(found["PhysicalSizeY"]) == pytest.approx(0.04)
    assert found["PhysicalSizeZ"] == "3" and found["PhysicalSizeXUnit"] == "&#181;m" and notices == []


def test_all_else_stays_and_the_file_is_one_of_its_own():
    text, _ = enlarged_xml(TEXT, 2, NAMES)
    assert text.isascii() and "<!-- kept -->" in text and 'Name="&#233; &amp; &lt;b&gt;"' in text
    assert '<ome:Plane PositionX="12.5"/>' in text and '<ome:Instrument ID="Instrument:0"/>' in text
    own = re.search(r'<ome:OME [^>]*UUID="([^"]+)"', text)[1]
    assert own != "urn:uuid:1" and f'FileName="b.ome.tif">{own}<' in text
    assert text == enlarged_xml(TEXT, 2, NAMES)[0]  # so that a result can be repeated


def test_what_is_not_there_is_not_made_up():
    text, notices = enlarged_xml(
        '<OME><Pixels SizeX="4" SizeY="4" PhysicalSizeX="" PhysicalSizeY="NaN"/></OME>', 2, NAMES
    )
    assert (
        attributes(text) == {"SizeX": "8", "SizeY": "8", "PhysicalSizeX": "", "PhysicalSizeY": "NaN"} and notices == []
    )


def test_regions_and_other_files_are_told_of():
    roi = '<ROI ID="ROI:0"><Union><Rectangle X="1" Y="2"/></Union></ROI>'
    more = '<Image><ROIRef ID="ROI:0"/><Pixels><TiffData><UUID FileName="c.ome.tif">urn:uuid:2</UUID></TiffData></Pixels></Image>'
    text, notices = enlarged_xml(f"<OME>{more}{roi}</OME>", 2, NAMES)
    assert "ROI" not in text and "c.ome.tif" in text
    assert notices == [
        "its regions of interest are left out: they are drawn in the pixels of the source",
        "its OME-XML names other files too, which are to be upscaled under their own names",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE OME [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><OME>&b;</OME>',
        '<!DOCTYPE OME SYSTEM "file:///etc/passwd"><OME/>',
    ],
)
def test_a_document_type_is_refused(text):
    with pytest.raises(ImageError, match="a.ome.tif: its OME-XML declares a document type, which is not read"):
        enlarged_xml(text, 2, NAMES)


def test_damaged_xml_is_refused():
    with pytest.raises(ImageError, match=r"a.ome.tif: its OME-XML is damaged \(.+\); save it anew, or without"):
        enlarged_xml("<OME><Pixels", 2, NAMES)
