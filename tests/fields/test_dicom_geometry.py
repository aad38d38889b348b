"""DICOM: a result lies where its image lay, by the equations of the standard worked out from the tags."""

import numpy as np
import pytest
from helpers.scans import corners, grey, scan, upscaler
from pydicom import Dataset, dcmread

from mzsr_basicsr.fields.dicom import upscale_file


def both(tmp_path, network, pixels=None, **tags):
    pixels = grey(0, 900, np.uint16) if pixels is None else pixels
    scan(tmp_path / "in.dcm", pixels, **tags)
    record = upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", network)
    return dcmread(tmp_path / "in.dcm"), dcmread(tmp_path / "out.dcm"), record


def item(**tags):
    made = Dataset()
    for keyword, value in tags.items():
        setattr(made, keyword, value)
    return made


def test_direct_subsampling_keeps_the_first_pixel_where_it_was(tmp_path, plain):
    before, after, record = both(tmp_path, plain)
    assert after.PixelSpacing == [0.25, 0.125] and record["offset"] == [-0.5, -0.5]
    here, there = corners(before), corners(after)
    for x, y in ((0, 0), (31, 27), (5, 20)):
        np.testing.assert_allclose(there(2 * x, 2 * y), here(x, y), atol=1e-9)


@pytest.mark.parametrize("scale", [2, 3, 2.5])
def test_bicubic_subsampling_keeps_the_corners(tmp_path, plain_weights, scale):
    network = upscaler(plain_weights, subsampling="bicubic", scale=scale)
    before, after, _ = both(tmp_path, network)
    assert (after.Rows, after.Columns) == (28 * scale, 32 * scale)
    here, there = corners(before), corners(after)
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):  # outer corners of the image, half a pixel beyond the centres
        expected = here(32 * x - 0.5, 28 * y - 0.5)
        np.testing.assert_allclose(there(32 * scale * x - 0.5, 28 * scale * y - 0.5), expected, atol=1e-9)
    first = (scale - 1) / (2 * scale)  # px of the image, to the upper left
    np.testing.assert_allclose(there(0, 0), here(-first, -first), atol=1e-9)


def test_direct_subsampling_at_a_scale_that_is_not_the_networks(tmp_path, plain_weights):
    before, after, _ = both(tmp_path, upscaler(plain_weights, scale=3))
    # x2 pixel j lies on image pixel j / 2; x3 pixel i on x2 pixel (i + 1/2) 2/3 - 1/2, as resampling is centred
    for i in (0, 40):
        x = ((i + 0.5) * 2 / 3 - 0.5) / 2
        np.testing.assert_allclose(corners(after)(i, i), corners(before)(x, x), atol=1e-9)


def test_a_kernel_off_its_centre_moves_the_result(tmp_path, plain_weights):
    kernel = np.zeros((5, 5))
    kernel[2, 3] = kernel[3, 2] = 0.5  # its mass lies half a result pixel right and down
    np.save(tmp_path / "off.npy", kernel)
    before, after, _ = both(tmp_path, upscaler(plain_weights, kernel=str(tmp_path / "off.npy")))
    # LR pixel i is the mean of HR around 2 i + 1/2: HR pixel 0 lies at -1/4
    np.testing.assert_allclose(corners(after)(0, 0), corners(before)(-0.25, -0.25), atol=1e-9)


def test_the_content_lies_where_the_tags_say(tmp_path, plain, centred):
    """A bright spot, by its centre of mass in the patient's millimetres, stays in its place."""
    y, x = np.mgrid[:28, :32]
    spot = np.rint(100 + 800 * np.exp(-((x - 13.3) ** 2 + (y - 15.7) ** 2) / 8)).astype(np.uint16)
    for network in (plain, centred):
        _, after, _ = both(tmp_path, network, spot)
        weights = after.pixel_array.astype(float) - 100
        rows, columns = np.mgrid[: after.Rows, : after.Columns]
        mass = [(weights * axis).sum() / weights.sum() for axis in (columns, rows)]
        np.testing.assert_allclose(corners(after)(*mass), corners(dcmread(tmp_path / "in.dcm"))(13.3, 15.7), atol=0.01)


def test_every_kind_of_spacing(tmp_path, plain):
    spacings = {"ImagerPixelSpacing": [0.2, 0.3], "NominalScannedPixelSpacing": [0.4, 0.6]}
    _, after, _ = both(tmp_path, plain, **spacings, PixelAspectRatio=[2, 1], SliceThickness=5, SpacingBetweenSlices=6)
    assert after.ImagerPixelSpacing == [0.1, 0.15] and after.NominalScannedPixelSpacing == [0.2, 0.3]
    assert after.PixelAspectRatio == [2, 1] and (after.SliceThickness, after.SpacingBetweenSlices) == (5, 6)


def test_frames_with_places_of_their_own(tmp_path, centred):
    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.25])],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[0.8, 0.6, 0, 0, 0, -1])],
        CTImageFrameTypeSequence=[item(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])],
    )
    frames = [item(PlanePositionSequence=[item(ImagePositionPatient=[1, 2, z])]) for z in (3, 8)]
    own = [item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]
    frames[1].PlaneOrientationSequence = own
    nothing = dict.fromkeys(("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"))
    groups = {"SharedFunctionalGroupsSequence": [shared], "PerFrameFunctionalGroupsSequence": frames}
    _, after, _ = both(tmp_path, centred, np.stack([grey(0, 900, np.uint16)] * 2), **nothing, **groups)
    group = after.SharedFunctionalGroupsSequence[0]
    assert group.PixelMeasuresSequence[0].PixelSpacing == [0.25, 0.125]
    assert group.CTImageFrameTypeSequence[0].FrameType == ["DERIVED", "SECONDARY", "VOLUME", "NONE"]
    first, second = (g.PlanePositionSequence[0].ImagePositionPatient for g in after.PerFrameFunctionalGroupsSequence)
    x, y = 0.25 * 0.25, 0.25 * 0.5  # a quarter of a pixel left and up, mm
    np.testing.assert_allclose([float(v) for v in first], [1 - 0.8 * x, 2 - 0.6 * x, 3 + y], atol=1e-9)
    np.testing.assert_allclose([float(v) for v in second], [1 - x, 2 - y, 8], atol=1e-9)


def test_regions_of_ultrasound(tmp_path, plain, centred):
    def region():
        limits = {
            "RegionLocationMinX0": 4,
            "RegionLocationMinY0": 2,
            "RegionLocationMaxX1": 19,
            "RegionLocationMaxY1": 27,
        }
        return item(**limits, PhysicalDeltaX=0.02, PhysicalDeltaY=0.03, ReferencePixelX0=6, ReferencePixelY0=1,
                    ReferencePixelPhysicalValueX=1.5, ReferencePixelPhysicalValueY=-2.0, TMLinePositionX0=9)  # fmt: skip

    def value(area, x):
        """Physical value of an absolute pixel column."""
        relative = x - area.RegionLocationMinX0 - area.ReferencePixelX0
        return area.ReferencePixelPhysicalValueX + relative * area.PhysicalDeltaX

    for network, lies in ((plain, lambda x: 2 * x), (centred, lambda x: 2 * x + 0.5)):
        before, after, record = both(tmp_path, network, SequenceOfUltrasoundRegions=[region()], PixelSpacing=None)
        old, new = before.SequenceOfUltrasoundRegions[0], after.SequenceOfUltrasoundRegions[0]
        assert (new.PhysicalDeltaX, new.PhysicalDeltaY) == (0.01, 0.015)
        for x in (4, 13):
            assert value(new, lies(x)) == pytest.approx(value(old, x), abs=1e-12)
        assert not any("spacing" in notice for notice in record["notices"])
    limits = [new[f"RegionLocation{end}"].value for end in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    assert limits == [8, 4, 39, 55]  # each pixel of the image became two


def test_shutters(tmp_path, centred):
    edges = {
        "ShutterLeftVerticalEdge": 3,
        "ShutterRightVerticalEdge": 30,
        "ShutterUpperHorizontalEdge": 2,
        "ShutterLowerHorizontalEdge": 26,
    }
    circle = {"CenterOfCircularShutter": [14, 16], "RadiusOfCircularShutter": 9, "ShutterShape": "RECTANGULAR"}
    corner = {"VerticesOfThePolygonalCollimator": [2, 3, 20, 3, 20, 30]}
    _, after, _ = both(tmp_path, centred, **edges, **circle, **corner)
    near = lambda value, pixel: abs(value - (2 * pixel - 0.5)) <= 0.5  # noqa: E731  the two that pixel `pixel` became
    assert all(near(after[keyword].value, pixel) for keyword, pixel in edges.items())
    assert all(map(near, after.CenterOfCircularShutter, (14, 16))) and after.RadiusOfCircularShutter == 18
    assert all(map(near, after.VerticesOfThePolygonalCollimator, corner["VerticesOfThePolygonalCollimator"]))


def test_detectors_of_nuclear_medicine(tmp_path, centred):
    detector = item(ImagePositionPatient=[1, 2, 3], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    nothing = dict.fromkeys(("ImagePositionPatient", "ImageOrientationPatient"))
    _, after, _ = both(tmp_path, centred, DetectorInformationSequence=[detector], **nothing)
    moved = after.DetectorInformationSequence[0].ImagePositionPatient
    np.testing.assert_allclose([float(v) for v in moved], [1 - 0.0625, 2 - 0.125, 3], atol=1e-9)


def test_missing_spacing_is_said(tmp_path, plain):
    _, after, record = both(tmp_path, plain, PixelSpacing=None)
    assert "PixelSpacing" not in after and after.ImagePositionPatient == [-10, 20, 30]
    assert any("no pixel spacing in the file" in notice for notice in record["notices"])


def overlay(bits, origin, **more):
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    made = {(0x10, "US"): bits.shape[-2], (0x11, "US"): bits.shape[-1], (0x40, "CS"): "G", (0x50, "SS"): origin,
            (0x100, "US"): 1, (0x102, "US"): 0, (0x3000, "OW"): packed + b"\0" * (len(packed) % 2)}  # fmt: skip
    return {**made, **more}


def with_overlay(tmp_path, network, elements):
    header = scan(tmp_path / "in.dcm", grey(0, 900, np.uint16))
    for (number, kind), value in elements.items():
        header.add_new((0x6002, number), kind, value)
    header.save_as(tmp_path / "in.dcm", enforce_file_format=True)
    record = upscale_file(tmp_path / "in.dcm", tmp_path / "out.dcm", network)
    return dcmread(tmp_path / "out.dcm"), record


def test_overlays_are_repeated_and_lie_on_the_same_pixels(tmp_path, plain, centred):
    bits = np.random.default_rng(0).integers(0, 2, (9, 7)).astype(np.uint8)
    after, _ = with_overlay(tmp_path, centred, {**overlay(bits, [4, -1]), (0x1301, "IS"): int(bits.sum())})
    np.testing.assert_array_equal(after.overlay_array(0x6002), bits.repeat(2, 0).repeat(2, 1))
    assert after[0x6002, 0x50].value == [7, -3]  # pixels 3 and -2 from 0 begin at 6 and -4
    assert after[0x6002, 0x1301].value == 4 * bits.sum()
    after, _ = with_overlay(tmp_path, plain, overlay(bits, [1, 1]))
    top, left = after[0x6002, 0x50].value
    large = after.overlay_array(0x6002)
    for row, column in np.ndindex(9, 7):  # result pixel 2 i lies on pixel i
        assert large[2 * row - (top - 1), 2 * column - (left - 1)] == bits[row, column]


@pytest.mark.parametrize("broken", [{(0x3000, "OW"): b"\0\0"}, {(0x50, "SS"): None}])
def test_a_damaged_overlay_is_left_out_with_a_line(tmp_path, plain, broken):
    after, record = with_overlay(tmp_path, plain, {**overlay(np.ones((9, 7), np.uint8), [1, 1]), **broken})
    assert not any(tag.group == 0x6002 for tag in after.keys())  # noqa: SIM118
    assert sum("overlay 6002" in notice for notice in record["notices"]) == 1
