"""Option files of strangers: what BasicSR's own loader would run or blow up is refused in a line, the rest reads alike."""

import os
import sys
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import yaml
from basicsr.utils.options import ordered_yaml
from helpers.places import OPTIONS

import mzsr_basicsr
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.reading import read_options

FILES = sorted(OPTIONS.rglob("*.yml"))
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(9)
)
RUNS = [
    "!!python/object/apply:os.system ['touch ran']",
    "!!python/object/apply:os.mkdir [ran]",
    "!!python/object/new:os.system ['touch ran']",
    "!!python/object/apply:subprocess.check_output [[touch, ran]]",
    '!!python/object/apply:eval [\'__import__("os").mkdir("ran")\']',
    "!!python/object:yaml.Loader {}",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/module:runs",
    "!!python/name:runs.NOTHING",
    "!!python/name:runs.os.PLUGIN.x",
    "!!python/name:antigravity.PLUGIN",
    "!!python/name:os.path.PLUGIN",
    "!!python/tuple [1, 2]",
    "!<tag:yaml.org,2002:python/object/apply:os.mkdir> [ran]",
    "!local x",
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder that modules are imported from; importing `runs` makes a folder."""
    (tmp_path / "runs.py").write_text("import os\nos.mkdir('ran')\n")
    (tmp_path / "good_one.py").write_text("PLUGIN = 'a text'\n")
    (tmp_path / "no_text.py").write_text("def PLUGIN(): raise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def refused(text, plugins=True):
    with open("o.yml", "w", encoding="utf-8") as stream:
        stream.write(text)
    with pytest.raises(ConfigError, match="^[^\n]*$") as caught:
        read_options(Path("o.yml"), "the examples", plugins)
    assert len(str(caught.value)) < 500
    return str(caught.value)


@pytest.mark.parametrize("value", RUNS)
@pytest.mark.parametrize("where", ["plugin: {}", "a: {{b: {}}}", "{}: 1", "- {}", "? {}\n: 1"])
def test_nothing_of_a_strangers_is_run(place, value, where):
    for plugins in (True, False):
        line = refused(where.format(value) + "\n", plugins)
        assert "is refused; " in line or "not valid YAML" in line
    assert not os.path.exists("ran") and "runs" not in sys.modules


def test_basicsrs_own_loader_runs_it(place):
    """So that the tests above are of something."""
    yaml.load(f"a: {RUNS[1]}", Loader=ordered_yaml()[0])
    assert os.path.isdir("ran")


def test_a_plug_in_is_a_text_of_a_module_named_at_the_top(place):
    (place / "o.yml").write_text("plugin: !!python/name:good_one.PLUGIN\nours: !!python/name:mzsr_basicsr.PLUGIN\n")
    expected = {"plugin": "a text", "ours": mzsr_basicsr.PLUGIN}
    assert read_options(place / "o.yml", "", plugins=True) == expected
    assert "is a function; a plug-in's PLUGIN is a text" in refused("plugin: !!python/name:no_text.PLUGIN")
    assert "cannot be loaded (No module named 'none_such')" in refused("plugin: !!python/name:none_such.PLUGIN")
    assert "line 3: the tag !!python/name:good_one.PLUGIN is refused" in refused(
        "a:\n  b:\n    c: !!python/name:good_one.PLUGIN"
    )
    assert "is refused" in refused("plugin: !!python/name:good_one.PLUGIN", plugins=False)
    assert "is refused" in refused("plugin: !!python/name:good_one.PLUGIN [1]")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "more than 20000 values, with what its aliases repeat"),
        ("a: &a [*a]", "the alias *a stands for itself, or for nothing"),
        ("a: &a {b: {c: *a}}", "the alias *a stands for itself"),
        ("a: *none", "the alias *none stands for itself, or for nothing"),
        ("[" * 200 + "]" * 200, "more than 50 sections within each other"),
        ("[" * 100_000, "not valid YAML: while increasing flow level"),
        ("a: " * 60 + "1", "not valid YAML"),
        ("".join(" " * i + "a:\n" for i in range(60)), "more than 50 sections"),
        (f"a: 0x{'f' * 5000}", "a value of more than 2000 characters"),
        (f"a: [{'1, ' * 50_000}]", "more than 20000 values"),
        ("# " + "x" * 300_000, "larger than 256 KiB"),
        ("a: 2001-13-45", "a value cannot be read (month must be in 1..12)"),
        ("? [1]\n: 2", "a value cannot be read"),
        ("a: !!float x", "a value cannot be read"),
        ("a: !!int ''", "a value cannot be read"),
        ("a: !!bool x", "a value cannot be read"),
        ("a: !!timestamp x", "a value cannot be read"),
        ("a: !!binary é", "not valid YAML"),
        ("a: 1\n--- \nb: 1", "not valid YAML"),
        ("a: \x07", "not valid YAML"),
        ("- a", "holds no options; see the examples"),
        ("", "holds no options"),
    ],
)
def test_what_becomes_too_large_or_cannot_be_read_is_one_line_at_once(place, text, message):
    for plugins in (True, False):
        began = time.process_time()
        if text.startswith("? [") and not plugins:
            assert "not valid YAML" in refused(text, plugins)  # YAML's own words
        else:
            assert message in refused(text, plugins)
        assert time.process_time() - began < 3


def test_aliases_within_reason_and_yamls_own_tags_serve(place):
    (place / "o.yml").write_text("a: &a {x: !!float 2e-4, y: [1, ~, true]}\nb: *a\nc: !!str 12\nd: ! plain\n", "utf-8")
    x = OrderedDict(x=2e-4, y=[1, None, True])
    assert read_options(place / "o.yml", "", plugins=True) == {"a": x, "b": x, "c": "12", "d": "plain"}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_our_files_read_as_basicsr_reads_them(file):
    theirs = yaml.load(file.read_text(), Loader=ordered_yaml()[0])
    ours = read_options(file, "", plugins="plugin" in theirs)
    assert ours == theirs and list(ours) == list(theirs)
    assert [type(value) for value in ours.values()] == [
        type(value) for value in theirs.values()
    ] or "plugin" not in theirs


def test_mutated_files_are_options_or_refused_in_a_line(place):
    draw, seen = np.random.default_rng(0), [0, 0]
    whole = np.frombuffer((OPTIONS / "mzsr_x2.yml").read_bytes(), np.uint8)
    for _ in range(300):
        mutated = whole.copy()
        places = draw.integers(0, len(whole), int(draw.choice([1, 3, 20])))
        mutated[places] = draw.choice(np.frombuffer(b"&*!:[]{}-\n \t'\"#%\xff\x00a0", np.uint8), len(places))
        (place / "o.yml").write_bytes(mutated.tobytes())
        try:
            assert isinstance(read_options(place / "o.yml", "", plugins=True), dict)
            seen[0] += 1
        except ConfigError as error:
            assert "\n" not in str(error)
            seen[1] += 1
    assert min(seen) > 30
