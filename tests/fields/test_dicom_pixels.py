"""DICOM: what becomes of pixels of any depth, sign and colour."""

import numpy as np
import pytest
from helpers.scans import grey, scan, wiener
from helpers.small_networks import photo
from pydicom import dcmread
from pydicom.pixels import pixel_array
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from mzsr_basicsr.fields.dicom import upscale_file


def upscaled(tmp_path, network, pixels, **tags):
    scan(tmp_path / "in.dcm", pixels, **tags)
    record = upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", network)
    header = dcmread(tmp_path / "out.dcm")
    return header, pixel_array(header), record


@pytest.mark.parametrize(
    ("dtype", "stored", "low", "high"),
    [(np.uint8, 8, 0, 255), (np.uint16, 12, 100, 900), (np.uint16, 16, 0, 65535), (np.int16, 16, -1024, 3000),
     (np.int16, 12, -2048, 2047), (np.int8, 8, -100, 100), (np.uint8, 6, 3, 60), (np.uint32, 32, 0, 10**6)],
)  # fmt: skip
def test_stored_values_of_any_depth_and_sign(tmp_path, plain, dtype, stored, low, high):
    given = grey(low, high, dtype)
    header, found, record = upscaled(tmp_path, plain, given, BitsStored=stored, RescaleSlope=2, RescaleIntercept=-7)
    assert found.dtype == dtype and found.shape == (56, 64) == (header.Rows, header.Columns)
    np.testing.assert_allclose(found, wiener(given, low, high), atol=0.5 + 2e-6 * (high - low))
    assert found.max() <= high and found.min() >= low
    assert (header.BitsStored, header.HighBit, header.PixelRepresentation) == (stored, stored - 1, int(low < 0))
    assert (header.RescaleSlope, header.RescaleIntercept) == (2, -7)
    assert (record["width"], record["height"], record["frames"]) == (32, 28, 1)


@pytest.mark.parametrize("kind", ["MONOCHROME1", "MONOCHROME2"])
def test_both_monochromes_keep_their_meaning(tmp_path, plain, kind):
    given = grey(0, 4095, np.uint16)
    header, found, _ = upscaled(tmp_path, plain, given, PhotometricInterpretation=kind, BitsStored=12)
    assert header.PhotometricInterpretation == kind
    np.testing.assert_allclose(found, wiener(given, 0, 4095), atol=0.51)


@pytest.mark.parametrize("planar", [0, 1])
def test_colours(tmp_path, plain, planar):
    rgb = np.uint8(20 + 0.8 * photo(28, 32))
    stored = rgb if planar == 0 else rgb.transpose(2, 0, 1)
    header, found, _ = upscaled(tmp_path, plain, rgb, PlanarConfiguration=planar, PixelData=stored.tobytes())
    assert (header.PhotometricInterpretation, header.PlanarConfiguration, header.SamplesPerPixel) == ("RGB", 0, 3)
    np.testing.assert_allclose(found, wiener(rgb, 0, 255), atol=0.51)


def test_luminance_and_chroma_become_rgb(tmp_path, plain):
    ybr = convert_color_space(np.uint8(20 + 0.8 * photo(28, 32)), "RGB", "YBR_FULL")
    header, found, _ = upscaled(tmp_path, plain, ybr, PhotometricInterpretation="YBR_FULL")
    assert header.PhotometricInterpretation == "RGB"
    np.testing.assert_allclose(found, wiener(convert_color_space(ybr, "YBR_FULL", "RGB"), 0, 255), atol=0.51)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_becomes_rgb(tmp_path, plain, bits):
    numbers = grey(0, 255, np.uint8)
    ramps = [np.arange(256), np.arange(256)[::-1], np.full(256, 90)]
    tags = {}
    for name, ramp in zip(("Red", "Green", "Blue"), ramps):
        entries = ramp.astype(np.uint8) if bits == 8 else (ramp * 257).astype(np.uint16)
        tags[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        tags[f"{name}PaletteColorLookupTableData"] = entries.tobytes()
    header, found, record = upscaled(tmp_path, plain, numbers, PhotometricInterpretation="PALETTE COLOR", **tags)
    rgb = np.stack([ramp[numbers] for ramp in ramps], 2).astype(np.uint8)
    np.testing.assert_allclose(found, wiener(rgb, 0, 255), atol=0.51)
    assert header.PhotometricInterpretation == "RGB" and "RedPaletteColorLookupTableData" not in header
    assert (header.BitsAllocated, header.BitsStored, header.HighBit) == (8, 8, 7)
    assert any("its palette became RGB" in notice for notice in record["notices"])


def test_padding_stays_where_it_was_and_nothing_else_becomes_it(tmp_path, plain):
    given = grey(-1000, 1000, np.int16)
    outside = np.add.outer((np.arange(28) - 14) ** 2, (np.arange(32) - 16) ** 2) > 190
    given[outside] = -1500
    _, found, _ = upscaled(tmp_path, plain, given, PixelPaddingValue=-1500, Modality="CT")
    nearest = outside.repeat(2, 0).repeat(2, 1)
    shifted = np.pad(
        nearest, ((0, 1), (0, 1)), mode="edge"
    )  # result pixel 2i lies on pixel i, 2i + 1 half-way to the next
    np.testing.assert_array_equal(found == -1500, shifted[:56, :64])
    assert found[found != -1500].min() >= given[~outside].min()  # no dark rim was learned of the padding


def test_a_range_of_padding(tmp_path, plain):
    given = grey(100, 900, np.uint16)
    given[:3], given[3] = 0, 7
    header, found, _ = upscaled(tmp_path, plain, given, PixelPaddingValue=0, PixelPaddingRangeLimit=9)
    assert (found[:7] == 0).all() and (found[8:] >= 100).all() and header.PixelPaddingRangeLimit == 9


def test_padding_of_8_bits_which_data_would_become(tmp_path, plain):
    given = grey(1, 255, np.uint8)
    given[0, 0] = 1
    given[:, :4] = 0
    _, found, _ = upscaled(tmp_path, plain, given, PixelPaddingValue=0)
    assert (found[:, :7] == 0).all() and (found[:, 8:] >= 1).all()


def test_bits_that_are_not_used_do_not_count(tmp_path, plain):
    given = grey(0, 4095, np.uint16)
    _, found, _ = upscaled(tmp_path, plain, given | 0xA000, BitsStored=12)
    np.testing.assert_allclose(found, wiener(given, 0, 4095), atol=0.51)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_any_plain_syntax(tmp_path, plain, syntax):
    given = grey(0, 4000, np.uint16)
    big = syntax == ExplicitVRBigEndian
    table = np.arange(16, dtype=">u2" if big else "<u2").tobytes()
    data = given.astype(">u2").tobytes() if big else given.tobytes()
    header, found, _ = upscaled(
        tmp_path, plain, given, syntax=syntax, PixelData=data, RedPaletteColorLookupTableData=table
    )
    assert header.file_meta.TransferSyntaxUID.name == "Explicit VR Little Endian"
    np.testing.assert_allclose(found, wiener(given, 0, 4000), atol=0.51)
    assert header.RedPaletteColorLookupTableData == np.arange(16, dtype="<u2").tobytes()


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_compressed_pixels(tmp_path, plain, syntax):
    header = scan(tmp_path / "in.dcm", grey(0, 4000, np.uint16, 64, 64))
    upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", plain)
    header.compress(syntax, generate_instance_uid=False)
    header.save_as(tmp_path / "packed.dcm", enforce_file_format=True)
    upscale_file(tmp_path / "packed.dcm", tmp_path / "unpacked.dcm", plain)
    assert (tmp_path / "unpacked.dcm").read_bytes() == (tmp_path / "out.dcm").read_bytes()  # the UIDs too


def test_all_frames_share_the_plan_of_the_middle_one(tmp_path, plain_weights):
    from helpers.scans import upscaler

    network = upscaler(plain_weights, kernel="auto", subsampling="auto", noise="auto")
    frames = np.stack([grey(0, 4000, np.uint16)[::step] for step in (1, -1, 1)])
    frames[0] = 5  # nothing to see
    frames[2] //= 4
    seen = []
    original = network.plan
    network.plan = lambda pixels, **given: seen.append(pixels) or original(pixels, **given)
    _, found, record = upscaled(tmp_path, network, frames)
    assert len(seen) == 1 and np.array_equal(seen[0][:, :, 0], frames[1])
    assert found.shape == (3, 56, 64) and (found[0] == 5).all() and record["frames"] == 3
    np.testing.assert_allclose(found[2][::-1], found[1] / 4, atol=0.04 * 1000)  # the same in a range of its own


def test_noise_is_the_same_in_stored_values_whatever_a_frame_spans(tmp_path, small_weights):
    from helpers.scans import upscaler

    from mzsr_basicsr.fields.frames import Values, make_plan

    network = upscaler(small_weights, noise="auto")
    rng = np.random.default_rng(0)
    frame = (grey(0, 4000, np.uint16) + rng.normal(0, 80, (28, 32))).clip(0, 4000).astype(np.uint16)[:, :, None]
    values = Values(np.dtype(np.uint16), 0, 65535)
    planned = make_plan(frame, values, network, "frame")
    sigma, width = float(planned.plan.chosen.degradation.noise), float(np.ptp(frame))
    assert sigma > 0 and planned.width == width
    half = planned.for_range(width / 2, "auto")
    assert float(half.chosen.degradation.noise) == pytest.approx(2 * sigma)
    assert planned.for_range(width / 2, 3.0) is planned.plan  # what was asked for is of each frame's range


def test_progress_counts_frames_or_pixels(tmp_path, plain):
    for pixels, expected in (
        (np.stack([grey(0, 900, np.uint16)] * 2), [(1, 2), (2, 2)]),
        (grey(0, 900, np.uint16), [(3584, 3584)]),
    ):
        scan(tmp_path / "in.dcm", pixels)
        seen = []
        upscale_file(
            tmp_path / "in.dcm", tmp_path / "out.dcm", plain, lambda done, total, seen=seen: seen.append((done, total))
        )
        assert seen == expected
