"""`mzsr demo`: it runs the two shipped option files one after the other; what they give is checked where they are run."""

from pathlib import Path

import pytest
from helpers.places import OPTIONS

from mzsr_basicsr.cli import demo
from mzsr_basicsr.errors import ConfigError, MZSRError


def test_it_trains_and_tests_with_the_files_of_the_folder_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(demo, "_call", lambda what, file, output, extra: calls.append((what, file)))
    monkeypatch.setattr(demo, "_show", lambda output: None)
    demo.run(tmp_path, OPTIONS)
    folder = OPTIONS / "demo"
    assert calls == [("train", folder / "demo_x2.yml"), ("test", folder / "test_demo_x2.yml")]


def test_a_folder_without_them_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="demo/demo_x2.yml: no such option file; run the demo in the project's folder"
    ):
        demo.run(tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("missing", "line"),
    [
        ("basicsr", "mzsr demo needs BasicSR, which is not installed here; run: python -m mzsr_basicsr.host.install"),
        ("skimage", "mzsr demo: its photographs are scikit-image's, which is not installed; run: pip install scikit"),
    ],
)
def test_what_it_needs_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, line: str
) -> None:
    monkeypatch.setattr(demo.importlib.util, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(MZSRError) as caught:
        demo.run(tmp_path / "out", OPTIONS)
    assert str(caught.value).startswith(line) and not (tmp_path / "out").exists()
