"""DICOM: what a result says of itself, and what of its original stays."""

import numpy as np
from helpers.scans import grey, scan, upscaler
from pydicom import Dataset, dcmread
from pydicom.uid import UID, JPEGBaseline8Bit

from mzsr_basicsr.fields.dicom import upscale_file
from mzsr_basicsr.fields.dicom.header import derive
from mzsr_basicsr.fields.dicom.reading import open_scan


def derived(tmp_path, network, **tags):
    scan(tmp_path / "in.dcm", grey(0, 900, np.uint16), **tags)
    record = upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", network)
    return dcmread(tmp_path / "in.dcm"), dcmread(tmp_path / "out.dcm"), record


def test_it_is_a_new_image_derived_from_the_original(tmp_path, plain):
    before, after, _ = derived(tmp_path, plain, DerivationDescription="resampled", SeriesDescription="Head")
    assert after.SOPInstanceUID != before.SOPInstanceUID and after.SeriesInstanceUID != before.SeriesInstanceUID
    assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID and UID(after.SOPInstanceUID).is_valid
    assert after.file_meta.MediaStorageSOPClassUID == after.SOPClassUID == before.SOPClassUID
    assert after.StudyInstanceUID == before.StudyInstanceUID and after.PatientName == before.PatientName
    assert after.ImageType == ["DERIVED", "SECONDARY", "AXIAL"]
    (source,) = after.SourceImageSequence
    assert (source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID) == (
        before.SOPClassUID,
        before.SOPInstanceUID,
    )
    assert source.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
    assert after.DerivationCodeSequence[-1].CodeValue == "113085"  # spatial resampling
    text = after.DerivationDescription
    for part in (
        "resampled; Enlarged x2",
        "MZSR",
        "given blur kernel",
        "1.000 and 1.000 px2",
        "direct",
        "not for diagnosis",
    ):
        assert part in text
    assert text.isascii() and after.SeriesDescription == "Head MZSR x2"


def test_long_texts_stay_within_the_standard(tmp_path, plain):
    _, after, _ = derived(tmp_path, plain, DerivationDescription="long " * 204, SeriesDescription="s" * 64)
    assert len(after.DerivationDescription) <= 1024 and after.DerivationDescription.endswith("not for diagnosis")
    assert len(after.SeriesDescription) <= 64 and after.SeriesDescription.endswith(" MZSR x2")


def test_an_image_without_a_type_gets_one(tmp_path, plain):
    assert derived(tmp_path, plain, ImageType=None)[1].ImageType == ["DERIVED", "SECONDARY"]
    assert derived(tmp_path, plain, ImageType="ORIGINAL")[1].ImageType == ["DERIVED", "SECONDARY"]


def test_window_and_tables_are_kept(tmp_path, plain):
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [4, 0, 16], [0, 9, 99, 999]
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    tags = {
        "WindowCenter": [40, 600],
        "WindowWidth": [80, 2000],
        "VOILUTSequence": [table],
        "LossyImageCompression": "01",
    }
    _, after, _ = derived(tmp_path, plain, **tags, LossyImageCompressionRatio=12.5)
    assert after.WindowCenter == [40, 600] and after.WindowWidth == [80, 2000]
    assert list(after.VOILUTSequence[0].LUTData) == [0, 9, 99, 999]
    assert (after.LossyImageCompression, after.LossyImageCompressionRatio) == ("01", 12.5)


def test_pixels_that_were_lossy_are_said_to_be(tmp_path, plain):
    from dataclasses import replace

    scan(tmp_path / "in.dcm", grey(0, 255, np.uint8))
    opened = replace(open_scan(tmp_path / "in.dcm"), syntax=JPEGBaseline8Bit)
    derive(opened, plain.plan(grey(0, 255, np.uint8)[:, :, None]), plain)
    assert opened.header.LossyImageCompression == "01"


def test_what_tells_of_the_original_alone_is_left_out_with_a_line(tmp_path, plain):
    _, after, record = derived(tmp_path, plain, SmallestImagePixelValue=0, InstanceCreationDate="20200101")
    assert "SmallestImagePixelValue" not in after and "InstanceCreationDate" not in after
    assert any("SmallestImagePixelValue, InstanceCreationDate" in notice for notice in record["notices"])


def test_private_elements_are_kept_with_a_line(tmp_path, plain):
    header = scan(tmp_path / "in.dcm", grey(0, 900, np.uint16))
    block = header.private_block(0x0029, "ACME 1.0", create=True)
    block.add_new(0x10, "OB", bytes(range(256)) * 8192)  # 2 MiB, which is read late
    block.add_new(0x11, "LO", "own words")
    header.save_as(tmp_path / "in.dcm", enforce_file_format=True)
    record = upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", plain)
    after = dcmread(tmp_path / "out.dcm").private_block(0x0029, "ACME 1.0")
    assert after[0x10].value == bytes(range(256)) * 8192 and after[0x11].value == "own words"
    assert any("3 private elements of ACME 1.0 are kept" in notice for notice in record["notices"])


def test_the_same_work_gives_the_same_file_and_other_work_another(tmp_path, plain, centred, plain_weights):
    scan(tmp_path / "in.dcm", grey(0, 900, np.uint16))
    outcomes = []
    for network in (plain, plain, upscaler(plain_weights), centred):
        upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", network)
        outcomes.append((tmp_path / "out.dcm").read_bytes())
    assert outcomes[0] == outcomes[1] == outcomes[2] != outcomes[3]
    first, other = (dcmread(tmp_path / "out.dcm").SOPInstanceUID for network in (plain, centred)
                    if upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", network))  # fmt: skip
    assert first != other


def test_one_line_says_that_it_is_not_for_diagnosis(tmp_path, plain):
    notices = derived(tmp_path, plain)[2]["notices"]
    assert sum("not for diagnosis" in notice for notice in notices) == 1
