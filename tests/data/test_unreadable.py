"""Photographs that cannot be read, from folders, LMDB files and loader workers: one line that names the file."""

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.trainings import write_photos
from torch.utils.data import DataLoader, Dataset

from mzsr_basicsr.data import photos as module
from mzsr_basicsr.data.photos import Photos, decode
from mzsr_basicsr.errors import ConfigError, ImageError, MissingBasicSR, MZSRError


def make_lmdb(folder: Path, target: Path, names: list[str]) -> Path:
    """Make an LMDB as BasicSR does, of photographs under other names."""
    from basicsr.utils.lmdb_util import make_lmdb_from_imgs

    files = sorted(folder.glob("*.png"))[: len(names)]
    make_lmdb_from_imgs(str(folder), str(target), [file.name for file in files], names)
    return target


def test_lmdb_keys_may_have_dots_and_spaces(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 3)
    names = ["a.v1", "a.v1.crop", "b (2) c"]
    read = Photos(str(make_lmdb(folder, tmp_path / "p.lmdb", names)), "lmdb", "datasets.train.dataroot_gt")
    assert [Path(read.path(i)).name for i in range(3)] == names
    for index, file in enumerate(sorted(folder.glob("*.png"))):
        assert np.array_equal(read.image(index), cv2.imread(str(file))[:, :, ::-1])


def test_two_sets_may_read_one_lmdb(tmp_path: Path) -> None:
    target = make_lmdb(write_photos(tmp_path / "photos", 2), tmp_path / "p.lmdb", ["0", "1"])
    sets = [Photos(roots, "lmdb", "x") for roots in (str(target), [str(target), f"{target}/../p.lmdb"])]
    assert np.array_equal(sets[0].image(1), sets[1].image(1)) and np.array_equal(sets[1].image(3), sets[0].image(1))
    loaded = DataLoader(Read(sets[0]), num_workers=1, multiprocessing_context="fork", collate_fn=lambda items: items[0])
    assert np.array_equal(next(iter(loaded)), sets[0].image(0))  # its parent has it open


class Read(Dataset):
    def __init__(self, photos: Photos) -> None:
        self.photos = photos

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.photos.image(index)


def test_a_list_without_sizes_or_endings_is_read(tmp_path: Path) -> None:
    (tmp_path / "meta_info.txt").write_text("0001.png (40,48,3) 1\n0002.png\n0003\n\n")
    assert [key for _, key in Photos(str(tmp_path), "lmdb", "x").keys] == ["0001", "0002", "0003"]


def test_lmdbs_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meta_info.txt").write_text("0001.png (40,48,3) 1\n")
    with pytest.raises(ImageError, match=r"no LMDB that can be opened \(.*\); make it again"):
        Photos(str(tmp_path), "lmdb", "x").image(0)
    target = make_lmdb(write_photos(tmp_path / "photos", 1), tmp_path / "p.lmdb", ["0"])
    with (target / "meta_info.txt").open("a") as listing:
        listing.write("1.png (40,48,3) 1\n")
    with pytest.raises(ImageError, match="p.lmdb/1: meta_info.txt names it, but the LMDB does not hold it"):
        Photos(str(target), "lmdb", "x").image(1)
    monkeypatch.setitem(module.__builtins__, "__import__", _without("lmdb"))
    with pytest.raises(ConfigError, match="needs the package lmdb; run: pip install lmdb"):
        Photos(str(target), "lmdb", "x").image(0)


def _without(missing: str):
    there = __import__

    def imports(name, *arguments, **named):
        if name == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return there(name, *arguments, **named)

    return imports


def test_files_that_went_away_or_are_not_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_photos(tmp_path / "photos", 2)
    read = Photos(str(folder), "disk", "x")
    (folder / "p0.png").unlink()
    with pytest.raises(ImageError, match=r"p0.png: cannot be read \(No such file or directory\); mend or remove"):
        read.image(0)
    (folder / "p1.png").unlink()
    (folder / "p1.png").mkdir()
    with pytest.raises(ImageError, match=r"p1.png: cannot be read \(Is a directory\)"):
        read.image(1)

    def too_many(*arguments):
        raise cv2.error("too many pixels")

    monkeypatch.setattr(cv2, "imdecode", too_many)
    with pytest.raises(ImageError, match="big.png: cannot be decoded"):
        decode(b"x", "big.png")


class Failing(Dataset):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> None:
        raise self.error


class UsersError(MZSRError):
    pass


@pytest.mark.parametrize(("kind", "start"), [(ImageError, "fork"), (ImageError, "spawn"), (UsersError, "fork")])
def test_the_error_of_a_loader_worker_is_its_own_line(kind: type[MZSRError], start: str) -> None:
    loader = DataLoader(Failing(kind("a.png: damaged: replace it")), num_workers=1, multiprocessing_context=start)
    with pytest.raises(kind) as caught:
        next(iter(loader))
    assert str(caught.value) == "a.png: damaged: replace it"


def test_a_missing_package_in_a_worker_is_its_own_line() -> None:
    error = MissingBasicSR("io_backend lmdb")
    with pytest.raises(MissingBasicSR) as caught:
        next(iter(DataLoader(Failing(error), num_workers=1, multiprocessing_context="fork")))
    assert str(caught.value) == str(error)


def test_errors_are_pickled_as_they_are() -> None:
    assert str(pickle.loads(pickle.dumps(ImageError("a: b")))) == "a: b"
