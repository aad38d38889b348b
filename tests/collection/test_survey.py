"""Reading a folder: pictures of every kind, and what cannot be used, in lines that count."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from helpers.collections import chosen, write_parts
from helpers.commands import smooth
from helpers.small_networks import save_network
from PIL import Image

from mzsr_basicsr.collection import survey as surveys
from mzsr_basicsr.collection.choices import list_files
from mzsr_basicsr.collection.survey import held_out, many, planes_of, survey
from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.upscaling.upscaler import Upscaler


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_parts(tmp_path / "scans", 2)


def read(folder: Path, weights: str, known=None, **more: object):
    choices = chosen(folder, folder.parent / "out.pth", weights, **more)
    upscaler, told = Upscaler(choices.upscale), {}
    return survey(folder, list_files(folder).pictures, upscaler, known or {}, told.__setitem__), told


def test_pictures_of_every_depth_are_kept_exactly(folder, weights):
    deep = smooth(1, np.uint16, 30, 26)
    tifffile.imwrite(folder / "deep.tif", deep[..., 0])
    clear = np.concatenate([smooth(3, np.uint8, 30, 26), np.full((30, 26, 1), 255, np.uint8)], 2)
    clear[:4, :4] = 0  # hidden, and filled by what is next to it
    Image.fromarray(clear).save(folder / "clear.png")
    found, _ = read(folder, weights)
    own = {one.name: one for one in found.members}
    assert not found.notices and {name: one.quantize for name, one in own.items()} == {
        "0.png": True,
        "1.png": True,
        "deep.tif": False,
        "clear.png": True,
    }
    assert own["deep.tif"].parts.shape == (1, 1, 30, 26) and np.array_equal(own["deep.tif"].parts[0, 0], deep[..., 0])
    planes = planes_of(own["deep.tif"].parts, torch.device("cpu"))
    assert planes.shape == (1, 3, 30, 26) and torch.equal(planes[0, 0], planes[0, 2])
    with Image.open(folder / "0.png") as image:
        expected = np.asarray(image).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    assert np.array_equal(planes_of(own["0.png"].parts, torch.device("cpu"))[0].numpy(), expected)
    corner = own["clear.png"].parts[0, :, :4, :4]
    assert corner.min() > 0 and np.array_equal(
        own["clear.png"].parts[0, :, 5:, 5:] // 257, clear[5:, 5:, :3].transpose(2, 0, 1)
    )


def test_only_what_holds_data_is_learned_from(folder, weights):
    pixels = smooth(1, np.float32, 120, 110)[..., 0]
    pixels[:32] = np.nan
    tifffile.imwrite(folder / "holes.tif", pixels)
    found, _ = read(folder, weights)
    assert next(one for one in found.members if one.name == "holes.tif").parts.shape == (1, 1, 88, 110)
    declared, _ = read(folder, weights, nodata=0.0)  # no picture has it
    assert len(declared.members) == 3


def test_what_cannot_be_used_is_counted(folder, weights):
    (folder / "damaged.png").write_bytes((folder / "0.png").read_bytes()[:60])
    Image.fromarray(smooth(3, np.uint8, 20, 50)).save(folder / "low.png")
    (folder / "sub").mkdir()
    shutil.copy(folder / "1.png", folder / "sub/copy.png")
    Image.fromarray(smooth(3, np.uint8, 30, 30)).save(folder / "sub/300.png", dpi=(300, 300))
    Image.fromarray(smooth(3, np.uint8, 32, 30)).save(folder / "sub/600.png", dpi=(600, 600))
    found, _ = read(folder, weights)
    assert sorted(one.name for one in found.members) == ["0.png", "1.png", "sub/300.png", "sub/600.png"]
    refused, same, scales = found.notices
    assert refused.startswith(f"2 pictures skipped, that cannot be used; the first: {folder / 'damaged.png'}: damaged")
    assert same == "1 picture skipped, the same as another"
    assert scales.startswith("two scales or more: 1 of 300 dpi, 1 of 600 dpi; each has its own kernel")
    (folder / "damaged.png").unlink()
    found, _ = read(folder, weights)
    assert found.notices[0].endswith(f"{folder / 'low.png'}: 50x20 px are too few to learn from; at least 24x24 px")


def test_too_few_that_can_be_used(folder, weights):
    (folder / "1.png").write_bytes(b"no picture")
    shutil.copy(folder / "0.png", folder / "2.png")
    with pytest.raises(
        ImageError,
        match=r"holds 1 picture that can be used \(1 the same as another, 1 refused\); give two or more, .*; the first: .*1.png: no picture of a known kind",
    ) as error:
        read(folder, weights)
    assert "\n" not in str(error.value)


def test_a_kernel_larger_than_a_picture_leaves_it_out(folder, weights):
    Image.fromarray(smooth(3, np.uint8, 24, 24)).save(folder / "small.png")
    found, _ = read(folder, weights, kernel="gaussian:1,1,0,61")
    assert len(found.members) == 2 and "small.png: the 61 px kernel" in found.notices[0]


def test_kernels_are_estimated_once(folder, weights, monkeypatch):
    found, told = read(folder, weights, kernel="auto")
    assert set(told) == {one.digest for one in found.members}
    kernels = [one.degradation.kernel for one in found.members]
    assert not torch.equal(*kernels)  # each has its own
    monkeypatch.setattr(Upscaler, "plan", None)  # nothing is asked again
    again, _ = read(folder, weights, told, kernel="auto")
    assert all(torch.equal(one.degradation.kernel, kernel) for one, kernel in zip(again.members, kernels))


def test_memory_is_bounded(folder, weights, monkeypatch):
    write_parts(folder, 6)
    monkeypatch.setattr(surveys, "MOST", 4)
    found, _ = read(folder, weights)
    assert len(found.members) == 4 and found.notices == ("6 pictures; 4 of them, by chance, are learned from",)
    assert [one.name for one in read(folder, weights)[0].members] == [one.name for one in found.members]
    bands = np.random.default_rng(0).random((60, 50, 7))
    for budget, planes in ((10, 1), (3 * 60 * 50, 3), (10**6, 7)):  # one plane there always is
        kept = surveys._kept(bands, surveys.Bands(7, False, 0.0, 1.0), budget)
        assert (kept.shape, kept.dtype) == ((planes, 1, 60, 50), np.uint16)
    large = surveys._kept(np.zeros((500, 500, 3), np.uint8), surveys.Bands(3, False, 0.0, 255.0), 2 * surveys.CROP**2)
    assert large.shape == (2, 3, surveys.CROP, surveys.CROP)


def test_a_fifth_is_held_out_whatever_the_names_are(folder, weights):
    assert [held_out(n) for n in (2, 3, 5, 9, 10, 29, 30, 200)] == [1, 1, 1, 1, 2, 5, 6, 6]
    before = [one.digest for one in read(folder, weights)[0].members]
    (folder / "0.png").rename(folder / "z.png")
    assert [one.digest for one in read(folder, weights)[0].members] == before == sorted(before)


def test_folders_without_pictures(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/a.txt").write_text("a")
    (tmp_path / "texts/.hidden.png").write_bytes(b"")
    (tmp_path / "texts/scan.dcm").write_bytes(b"")
    for name, message in (("none", "does not exist; give a folder"), ("texts/a.txt", "is a file; give a folder")):
        with pytest.raises(ConfigError, match=message):
            list_files(tmp_path / name)
    for name, message in (("empty", "holds no file; known endings: .png"), ("texts", "holds 2 files and no picture")):
        with pytest.raises(ImageError, match=message):
            list_files(tmp_path / name)
    write_parts(tmp_path / "texts", 1)
    with pytest.raises(ImageError, match=r"holds one picture, 0.png; give two or more, .*`mzsr upscale` adapts"):
        list_files(tmp_path / "texts")
    listed = list_files(write_parts(tmp_path / "texts", 2))
    assert [path.name for path in listed.pictures] == ["0.png", "1.png"]
    assert [path.name for path in listed.others] == ["a.txt", "scan.dcm"]


@pytest.mark.parametrize(("count", "said"), [(0, "0 pictures"), (1, "1 picture"), (2, "2 pictures")])
def test_one_thing_is_in_the_singular(count, said):
    assert many(count, "picture") == said
