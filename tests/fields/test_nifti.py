"""NIfTI: slices enlarged in their plane, stored values and places in space as they must be."""

import gzip
from itertools import product

import nibabel as nib
import numpy as np
import pytest
from helpers.scans import grey, upscaler, wiener

from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.fields.nifti import upscale_file
from mzsr_basicsr.fields.nifti.volume import through_axis

OBLIQUE = np.array([[0.9, 0.1, 0.2, -30], [-0.12, 0.8, 0.1, 10], [0.05, 0.1, 3.0, 5], [0, 0, 0, 1]])


def volume(path, values, affine=OBLIQUE, kind=nib.Nifti1Image, slope=None, inter=None, codes=(1, 3), **fields):
    """Write stored values, (I, J, …), as they are."""
    image = kind(values, affine)
    image.set_qform(affine, codes[0])
    image.set_sform(affine, codes[1])
    for name, value in fields.items():
        image.header[name] = value
    image.header.set_slope_inter(slope, inter)
    image.to_filename(path)
    return nib.load(path)


def slices(low, high, dtype, count=3):
    """A stack along the third axis, (32, 28, count): the first index runs to the right."""
    return np.stack([np.roll(grey(low, high, dtype), 2 * k, 1).T for k in range(count)], 2)


def upscaled(tmp_path, network, values, name="in.nii", target="out.nii", **how):
    before = volume(tmp_path / name, values, **how)
    record = upscale_file(tmp_path / name, tmp_path / target, network)
    return before, nib.load(tmp_path / target), record


def stored(image):
    return np.asanyarray(image.dataobj.get_unscaled())


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [(np.int16, -1000, 2000), (np.uint8, 0, 255), (np.uint16, 0, 60000), (np.int32, -(10**5), 10**6),
     (np.float32, -3, 900), (np.float64, 0, 1), (np.int8, -90, 90), (">i2", -1000, 2000), (">f4", 0, 700)],
)  # fmt: skip
def test_stored_values_of_any_type(tmp_path, plain, dtype, low, high):
    given = slices(low, high, np.dtype(dtype).newbyteorder("="))
    if np.dtype(dtype).kind == "f" and high == 1:
        given = slices(0, 1000, np.float64) / 1000
    before, after, record = upscaled(tmp_path, plain, given.astype(dtype), slope=0.5, inter=-100)
    assert after.shape == (64, 56, 3) and after.get_data_dtype() == before.get_data_dtype()
    assert (after.dataobj.slope, after.dataobj.inter) == (0.5, -100)
    whole = np.dtype(dtype).kind != "f"
    for k in range(3):
        expected = wiener(given[:, :, k].T, low, high).T
        np.testing.assert_allclose(stored(after)[:, :, k], expected, atol=(0.5 if whole else 0) + 2e-6 * (high - low))
    assert record["frames"] == 3 and sum("not for diagnosis" in notice for notice in record["notices"]) == 1


@pytest.mark.parametrize("subsampling", ["direct", "bicubic"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_places_in_space(tmp_path, plain_weights, subsampling, kind):
    network = upscaler(plain_weights, subsampling=subsampling)
    turned = OBLIQUE.copy()
    turned[:3, :3] = np.linalg.qr(OBLIQUE[:3, :3])[0] * [0.9, 0.8, 3]
    before, after, _ = upscaled(tmp_path, network, slices(0, 900, np.int16), affine=turned, kind=kind)
    # voxel 2 i of the result lies on voxel i, or, centred, voxel 2 i + 1/2 does
    shift = 0 if subsampling == "direct" else 0.5
    for i, j, k in product((0, 31), (0, 27), (0, 2)):
        for old, new in ((before.get_sform(), after.get_sform()), (before.get_qform(), after.get_qform())):
            np.testing.assert_allclose(new @ [2 * i + shift, 2 * j + shift, k, 1], old @ [i, j, k, 1], atol=2e-5)
    assert [int(after.header[f"{form}form_code"]) for form in "qs"] == [1, 3]
    np.testing.assert_allclose(after.header.get_zooms(), np.array(before.header.get_zooms()) / [2, 2, 1], rtol=1e-6)
    assert type(after) is kind


def test_sheared_axes_are_kept_sheared(tmp_path, centred):
    before, after, _ = upscaled(tmp_path, centred, slices(0, 900, np.int16), codes=(0, 2))
    np.testing.assert_allclose(
        after.get_sform() @ [-0.5, -0.5, 0, 1], before.get_sform() @ [-0.5, -0.5, 0, 1], atol=2e-6
    )
    np.testing.assert_allclose(
        after.get_sform() @ [63.5, 55.5, 2, 1], before.get_sform() @ [31.5, 27.5, 2, 1], atol=1e-5
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_plane_of_the_finest_steps(tmp_path, plain, axis):
    given = np.moveaxis(slices(0, 900, np.int16, 9), 2, axis)
    steps = np.diag([*np.insert([0.5, 0.6], axis, 4.0), 1.0])
    before, after, _ = upscaled(tmp_path, plain, given, affine=steps)
    assert after.shape == tuple(np.insert([64, 56], axis, 9))
    expected = wiener(np.take(given, 4, axis).T, 0, 900).T
    np.testing.assert_allclose(np.take(stored(after), 4, axis), expected, atol=0.51)
    np.testing.assert_allclose(after.header.get_zooms(), np.insert([0.25, 0.3], axis, 4.0), rtol=1e-6)


def test_axes():
    assert through_axis((64, 64, 30), (1, 1, 3)) == 2 and through_axis((30, 64, 64), (3, 1, 1)) == 0
    assert through_axis((64, 64, 64), (1, 1, 1)) == 2  # all alike
    assert through_axis((64, 64, 64), (1.00001, 1, 1)) == 2  # alike but for rounding
    assert through_axis((64, 64, 1), (1, 5, 1)) == 2  # nothing to enlarge along the last
    assert through_axis((64, 4, 64), (1, 2, 3)) == 1


def test_two_dimensions_and_five(tmp_path, plain):
    flat = slices(0, 900, np.int16)[:, :, 0]
    _, after, _ = upscaled(tmp_path, plain, flat)
    assert after.shape == (64, 56)
    np.testing.assert_allclose(stored(after), wiener(flat.T, 0, 900).T, atol=0.51)
    many = np.stack([slices(0, 900, np.int16)] * 4, 3).reshape(32, 28, 3, 2, 2)
    many[..., 1, 0] //= 3
    _, after, record = upscaled(tmp_path, plain, many)
    assert after.shape == (64, 56, 3, 2, 2) and record["frames"] == 12
    np.testing.assert_allclose(stored(after)[..., 1, 0, 1], wiener(many[:, :, 1, 0, 1].T, 0, 900).T, atol=0.51)
    np.testing.assert_allclose(stored(after)[..., 1, 1, 0], wiener(many[:, :, 1, 1, 0].T, 0, 300).T, atol=0.51)


def test_the_liveliest_slice_in_the_middle_plans(tmp_path, plain_weights):
    network, seen = upscaler(plain_weights), []
    original = network.plan
    network.plan = lambda pixels, **given: seen.append(pixels) or original(pixels, **given)
    given = slices(0, 900, np.int16, 9)
    given[:, :, 3:6] //= 4
    given[:, :, 3] *= 2  # the middle third is 3, 4, 5
    _, after, _ = upscaled(tmp_path, network, given)
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0][:, :, 0], given[:, :, 3].T)


def test_empty_slices_and_missing_values(tmp_path, plain):
    given = slices(0, 900, np.float32)
    given[:, :, 0], given[:, :, 2] = 0, np.nan
    given[:6, :, 1] = np.nan
    _, after, _ = upscaled(tmp_path, plain, given)
    found = after.get_fdata()
    assert (found[:, :, 0] == 0).all() and np.isnan(found[:, :, 2]).all()
    np.testing.assert_array_equal(
        np.isnan(found[:, :, 1]).all(1), np.arange(64) < 12
    )  # result 11 lies half-way to voxel 6


def test_a_stored_value_that_holds_no_data(tmp_path, plain_weights):
    given = slices(100, 900, np.int16)
    given[:6] = -1
    _, after, _ = upscaled(tmp_path, upscaler(plain_weights, nodata=-1), given)
    assert (stored(after)[:11] == -1).all() and stored(after)[12:].min() >= 100


def test_packed_or_not_it_is_the_same(tmp_path, plain):
    given = slices(0, 900, np.int16)
    upscaled(tmp_path, plain, given, target="out.nii")
    upscaled(tmp_path, plain, given, name="in.nii.gz", target="out.nii.gz")
    assert gzip.decompress((tmp_path / "out.nii.gz").read_bytes()) == (tmp_path / "out.nii").read_bytes()
    first = (tmp_path / "out.nii.gz").read_bytes()
    upscale_file(tmp_path / "in.nii.gz", tmp_path / "out.nii.gz", plain)
    assert (tmp_path / "out.nii.gz").read_bytes() == first


def test_the_rest_of_the_header_is_kept(tmp_path, plain):
    image = nib.Nifti1Image(slices(0, 900, np.int16), OBLIQUE)
    image.header.set_xyzt_units("mm", "sec")
    image.header["descrip"], image.header["cal_max"] = b"a head", 700
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"own words"))
    image.to_filename(tmp_path / "in.nii")
    upscale_file(tmp_path / "in.nii", tmp_path / "out.nii", plain)
    header = nib.load(tmp_path / "out.nii").header
    assert header.get_xyzt_units() == ("mm", "sec") and header["cal_max"] == 700
    assert bytes(header["descrip"]).rstrip(b"\0") == b"a head"
    assert header.extensions[0].get_content() in ("own words", b"own words")
    np.testing.assert_array_equal(nib.load(tmp_path / "out.nii").shape, (64, 56, 3))


def test_no_place_in_space_is_said(tmp_path, plain):
    _, after, record = upscaled(tmp_path, plain, slices(0, 900, np.int16), codes=(0, 0))
    assert any("no place in space" in notice for notice in record["notices"])
    assert after.header["qform_code"] == after.header["sform_code"] == 0


def refused(tmp_path, network, name="in.nii"):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(MZSRError) as caught:
        upscale_file(tmp_path / name, tmp_path / f"out-{name}", network)
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / name}: ") and line.isprintable() and sorted(tmp_path.iterdir()) == before
    return line.partition(": ")[2]


COLOUR = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.zeros(40, np.int16), "1 dimensions of (40,) voxels; there must be two at least"),
     (np.zeros((16, 16, 2), np.complex64), "holds complex64 values; allowed: whole numbers and float32"),
     (np.zeros((16, 16, 2), COLOUR), "holds colours (RGB)"),
     (slices(0, 900, np.int16)[:, :7], "too small")],
)  # fmt: skip
def test_what_is_no_picture(tmp_path, plain, values, message):
    nib.Nifti1Image(values, np.eye(4)).to_filename(tmp_path / "in.nii")
    assert message in refused(tmp_path, plain)


def test_labels(tmp_path, plain):
    volume(tmp_path / "in.nii", slices(0, 5, np.int16), intent_code=1002)
    assert "holds labels" in refused(tmp_path, plain)


@pytest.mark.parametrize("name", ["in.nii", "in.nii.gz"])
def test_damaged_files(tmp_path, plain, name):
    volume(tmp_path / name, slices(0, 900, np.int16))
    content = (tmp_path / name).read_bytes()
    for damaged in (b"", b"text" * 99, content[:100], content[: len(content) // 2], content[:-30]):
        (tmp_path / name).write_bytes(damaged)
        assert "damaged NIfTI file" in refused(tmp_path, plain, name)


def test_a_header_with_bytes_turned(tmp_path, plain):
    """It is upscaled or refused in a line, but nothing else is raised."""
    volume(tmp_path / "in.nii", slices(0, 900, np.int16))
    content = (tmp_path / "in.nii").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(0, 348, 3):
            damaged[place] = rng.integers(256)
        (tmp_path / "in.nii").write_bytes(damaged)
        try:
            upscale_file(tmp_path / "in.nii", tmp_path / "out.nii", plain)
        except MZSRError as error:
            assert str(error).isprintable()


def test_a_rotation_that_is_none_is_found_before_the_work(tmp_path, plain_weights):
    network = upscaler(plain_weights)
    network.apply = lambda *given, **more: pytest.fail("it was worked on")
    volume(tmp_path / "in.nii", slices(0, 900, np.int16), quatern_b=40)
    assert "its header cannot be written anew (w2 should be positive" in refused(tmp_path, network)


def test_progress_counts_slices(tmp_path, plain):
    volume(tmp_path / "in.nii", slices(0, 900, np.int16))
    seen = []
    upscale_file(tmp_path / "in.nii", tmp_path / "out.nii", plain, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_side_that_the_format_does_not_hold(tmp_path, plain):
    nib.Nifti1Image(np.tile(np.arange(20000, dtype=np.int16)[:, None, None] % 97, (1, 8, 1)), np.eye(4)).to_filename(
        tmp_path / "in.nii"
    )
    assert "its header cannot be written anew" in refused(tmp_path, plain)


def test_a_full_disk_leaves_nothing(tmp_path, plain, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    volume(tmp_path / "in.nii", slices(0, 900, np.int16))
    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(MZSRError, match=r"out\.nii: cannot be written \(No space left on device\)"):
        upscale_file(tmp_path / "in.nii", tmp_path / "out.nii", plain)
    assert [path.name for path in tmp_path.iterdir()] == ["in.nii"]
