"""Items of work that are done here or by processes side by side: each once, but for those whose process is killed."""

import signal
from collections import Counter

import pytest
from helpers.crews import Deadly, lost

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.crew import Done, Hands, spread

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")


def done(start, count, hands):
    return {one.item: one for one in spread(range(count), start, lost, hands)}


def test_one_process_does_them_in_order(tmp_path):
    start = Deadly(tmp_path / "log")
    assert list(spread("abc", start, lost, Hands())) == [Done(item, (item, False)) for item in "abc"]
    assert (tmp_path / "log").read_text() == "a\nb\nc\n"


def test_an_item_whose_process_is_killed_is_done_again_and_no_other_is_lost(tmp_path):
    start = Deadly(tmp_path / "log", once=(2,), always=(4,))
    found = done(start, 7, Hands(2, threads=1))
    assert set(found) == set(range(7))
    assert found[2].tries == 2 and found[2].result == (2, True)
    assert found[4].result == (4, "lost")
    for item in {0, 1, 3, 5, 6}:
        assert found[item].result in ((item, False), (item, True))  # True: its result was lost with the pool
    begun = Counter(map(int, (tmp_path / "log").read_text().split()))
    assert begun[2] == 2 and begun[4] == 2
    assert all(begun[item] == found[item].tries for item in {0, 1, 3, 5, 6})


def test_a_wrong_choice_is_one_error(tmp_path):
    for hands in (Hands(), Hands(2)):
        with pytest.raises(ConfigError, match="^deadly: a wrong choice$"):
            done(Deadly(tmp_path / "log", wrong=True), 3, hands)
    assert not (tmp_path / "log").exists()


def test_leaving_early_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    outcomes = spread(range(4), Deadly(tmp_path / "log"), lost, Hands(2))
    next(outcomes)
    assert list(tmp_path.glob("mzsr_*"))
    outcomes.close()
    assert not list(tmp_path.glob("mzsr_*"))
