"""A visitor's files: taken only where they were sent, removed with the visitor, or with a server that was killed."""

import pytest

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.web import folders as module
from mzsr_basicsr.web.folders import Folders


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    with Folders() as made:
        yield made
    assert list(tmp_path.glob("mzsr_web_*")) == []


def sent(folders, name="a.png", digest="0" * 64, content=b"content"):
    path = folders.served / digest / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def test_only_its_owner_reads_the_folder(folders):
    assert folders.root.stat().st_mode & 0o077 == 0


def test_what_was_not_sent_is_not_taken(folders, tmp_path):
    visitor = folders.visitor()
    secret = tmp_path / "secret"
    secret.write_text("secret")
    link = folders.served / ("1" * 64) / "link"
    link.parent.mkdir()
    link.symlink_to(secret)
    other = folders.visitor() / "a.png"
    other.write_bytes(b"another's")
    for path in (
        secret,
        link,
        other,
        folders.served / ".." / "lock",
        "/etc/passwd",
        folders.served / ("2" * 64) / "no",
    ):
        with pytest.raises(ConfigError, match="was not sent to this page"):
            folders.take(path, visitor, "in")
    assert list(visitor.iterdir()) == []


def test_one_file_of_two_visitors_stays_until_both_are_gone(folders):
    path, first, second = sent(folders), folders.visitor(), folders.visitor()
    own = [folders.take(path, visitor, "in") for visitor in (first, second)]
    assert own[0] != own[1] and own[0].read_bytes() == own[1].read_bytes() == b"content"
    folders.leave(first)
    assert not first.exists() and own[1].read_bytes() == b"content" and path.exists()
    folders.leave(second)
    assert list(folders.served.iterdir()) == []


def test_a_second_file_takes_the_place_of_the_first(folders):
    visitor = folders.visitor()
    first, second = sent(folders), sent(folders, "b.png", "1" * 64, b"another")
    folders.take(first, visitor, "in")
    own = folders.take(second, visitor, "in")
    assert [path.name for path in own.parent.iterdir()] == ["b.png"] and not first.exists()


def test_what_nobody_took_is_removed_after_a_while(folders, monkeypatch):
    old, young = sent(folders), sent(folders, "b.png", "1" * 64)
    now = module.time.time()
    module.os.utime(old, (now - 1000, now - 1000))
    folders.leave(folders.visitor())
    assert (old.exists(), young.exists()) == (False, True)


def test_folders_of_killed_servers_are_removed_and_those_at_work_stay(folders, tmp_path):
    dead = tmp_path / "mzsr_web_dead"
    dead.mkdir()
    (dead / "lock").write_bytes(b"")
    (dead / "rest").write_bytes(b"rest")
    with Folders() as second:
        assert not dead.exists() and folders.root.is_dir() and second.root.is_dir()
