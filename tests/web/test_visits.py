"""Visitors are kept apart, and leave nothing."""

import pytest
from helpers.commands import photograph

from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.web import folders as module
from mzsr_basicsr.web.folders import Folders
from mzsr_basicsr.web.limits import Limits
from mzsr_basicsr.web.visits import Visits


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    with Folders() as made:
        yield made


@pytest.fixture
def visits(folders):
    return Visits(folders, Limits())


def sent(folders, name="a.png", content=None):
    path = folders.served / ("0" * 64) / name
    path.parent.mkdir(exist_ok=True)
    photograph(path) if content is None else path.write_bytes(content)
    return str(path)


def test_each_has_a_file_of_its_own(visits, folders):
    own = [visits.take_file(name, sent(folders)).path for name in ("one", "two")]
    assert own[0] != own[1] and visits.of("three").upload is None
    visits.leave("one")
    assert [path.exists() for path in own] == [False, True]


def test_a_file_that_is_refused_leaves_nothing_and_no_earlier_one(visits, folders):
    visits.take_file("one", sent(folders))
    with pytest.raises(MZSRError, match="b.png: no picture of a known kind"):
        visits.take_file("one", sent(folders, "b.png", b"<html>"))
    assert visits.of("one").upload is None and list(visits.of("one").folder.iterdir()) == []


def test_one_task_at_a_time_and_its_folder_is_empty(visits):
    _, folder, ticket = visits.begin("one")
    (folder / "rest").write_text("rest")
    with pytest.raises(MZSRError, match="has a file at work already"):
        visits.begin("one")
    visits.begin("two")
    visits.stop("two")
    assert not ticket.stopped
    visits.end("one", folder, done=True)
    assert (folder / "rest").exists()
    assert list(visits.begin("one")[1].iterdir()) == []
    visits.end("one", folder, done=False)
    assert not folder.exists()


def test_who_leaves_is_stopped_and_what_is_made_after_that_is_removed(visits, folders):
    visit, folder, ticket = visits.begin("one")
    visits.leave("one")
    assert ticket.stopped and not visit.folder.exists()
    folder.mkdir(parents=True)
    visits.end("one", folder, done=False)
    assert list(folders.served.iterdir()) == []


def test_a_kernels_file_is_taken_and_limited(visits, folders):
    assert visits.take_kernel("one", sent(folders, "k.npy", b"k")).read_bytes() == b"k"
    with pytest.raises(MZSRError, match="large.npy: more than 20 MB"):
        visits.take_kernel("one", sent(folders, "large.npy", b"0" * 20_000_001))
    visits.forget_kernel("one")
    assert visits.of("one").kernel is None and list(visits.of("one").folder.iterdir()) == []
