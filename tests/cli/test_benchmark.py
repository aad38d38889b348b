"""The command `mzsr benchmark`: its file and switches, its exit status, and one line for bad input."""

import shutil

import cv2
import msgspec
import numpy as np
import pytest
import yaml
from helpers.benchmark_runs import count_calls, faulty, make_place, options
from helpers.places import ROOT

from mzsr_basicsr.benchmark.results import Results
from mzsr_basicsr.benchmark.run.options import BenchmarkOptions
from mzsr_basicsr.benchmark.run.plan import _method, read_options


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path / "place") if (tmp_path / "place").mkdir() is None else tmp_path


def write(place, content):
    path = place / "mine.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_it_prints_the_table_and_goes_on(mzsr, place, monkeypatch):
    file = write(place, options(place))
    calls = count_calls(monkeypatch)
    status, out, err = mzsr("benchmark", "-opt", file)
    folder = place / "out" / "tiny"
    assert status == 0 and out[-1] == f"Look at {folder / 'index.html'}"
    assert "\n".join(out[:-1]).strip() == (folder / "table.md").read_text().strip()
    assert len(calls) == 2
    names = {"cells", "configuration.json", "index.html", "lr", "lr.json", "results.csv", "results.json", "sr"}
    names |= {"table.md", "table.tex"}
    assert names <= {p.name for p in folder.iterdir()}
    status, again, _ = mzsr("benchmark", "-opt", file)
    assert (status, again) == (0, out) and len(calls) == 2
    results = msgspec.json.decode((folder / "results.json").read_bytes(), type=Results)
    assert {"torch", "seed", "processor", "processes x threads"} <= set(results.about)


def test_a_failure_is_told_and_the_status_is_1(mzsr, place):
    methods = {"bad": faulty(place, "RuntimeError"), "bicubic": {}}
    status, out, err = mzsr("benchmark", "-opt", write(place, options(place, methods=methods)))
    assert status == 1
    assert "failed: bad on Tiny/g2.0d/p1: RuntimeError: two lines" in " ".join(err)
    assert any("p1: bad failed: RuntimeError: two lines" in line for line in out)
    assert [line for line in out if line.startswith("| g2.0d")][0].split(" | ")[2] == "–"


def test_what_the_command_line_says_comes_first(mzsr, place, monkeypatch):
    (place / "data").mkdir()
    shutil.copytree(place / "gt", place / "data" / "Tiny" / "GT")
    content = options(place, datasets={"Tiny": "nowhere", "Set5": "nowhere"}, kernels=["g2.0d", "g1.3b"], device="cuda")
    content["methods"] = {"bicubic": {}, "other": {"type": "bicubic"}}
    calls = count_calls(monkeypatch)
    given = ["--data", place / "data", "-o", place / "there", "--device", "cpu", "--methods", "other"]
    status, out, err = mzsr("benchmark", "-opt", write(place, content), *given, "--kernels", "g1.3b")
    assert status == 0 and calls == [("other", "g1.3b", 24), ("other", "g1.3b", 23)]
    assert (place / "there/tiny/index.html").is_file() and not (place / "out").exists()
    (skipped,) = [line for line in err if "skipped" in line]
    assert skipped.startswith(f"Set5: skipped, since {place / 'data/Set5/GT'} is no folder; ")


def test_published_folders_move_with_the_data(mzsr, place):
    home = place / "data" / "Tiny"
    shutil.copytree(place / "gt", home / "GT")
    shutil.copytree(place / "gt", home / "LR")
    content = options(place, datasets={"Tiny": {"gt": "nowhere", "lq": {"g2.0d": "old/Tiny/LR"}}})
    status, _, err = mzsr("benchmark", "-opt", write(place, content), "--data", place / "data")
    assert status == 1 and f"{home / 'LR' / 'p0.png'}: LR is 48x40 px, but its GT at scale 2 needs 24x20" in err[-1]


def test_images_may_lie_in_the_data_set_itself_and_may_be_grey(mzsr, place):
    home = place / "data" / "Tiny"
    shutil.copytree(place / "gt", home)
    grey = cv2.imread(str(home / "p0.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(home / "p0.png"), grey)
    content = options(place, datasets={"Tiny": "nowhere"})
    status, _, _ = mzsr("benchmark", "-opt", write(place, content), "--data", place / "data")
    results = msgspec.json.decode((place / "out/tiny/results.json").read_bytes(), type=Results)
    assert status == 0 and [s.hr for s in results.sources] == [str(home / "p0.png"), str(home / "p1.png")]
    luma = np.rint(grey[2:-2, 2:-2] * (65.481 + 128.553 + 24.966) / 255 + 16)
    picture = cv2.imread(str(place / "out/tiny" / results.measures[0].picture)).astype(float)
    assert np.ptp(picture, axis=2).max() == 0  # what is grey stays grey
    error = np.rint(picture[2:-2, 2:-2, 0] * 219 / 255 + 16) - luma
    assert results.measures[0].values["psnr"] == pytest.approx(10 * np.log10(255**2 / np.mean(error**2)), abs=1e-3)


def test_a_folder_of_published_lr_images_alone_is_no_data_set(mzsr, place):
    shutil.copytree(place / "gt", place / "data" / "Tiny" / "LR")
    content = options(place, datasets={"Tiny": "nowhere"})
    status, _, err = mzsr("benchmark", "-opt", write(place, content), "--data", place / "data")
    assert status == 1 and f"Tiny: skipped, since {place / 'data/Tiny/GT'} is no folder" in err[-1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"name: [", "mine.yml: not valid YAML: while parsing"),
        (b"name: \xff\xfe", "mine.yml: not valid YAML: "),
        (b"- a", "mine.yml: holds no options; see the folder options/benchmark"),
        (b"", "mine.yml: holds no options"),
        (b"x: !!python/name:os.system", "mine.yml: line 1: the tag !!python/name:os.system is refused; this "),
        (b"plugin: !!python/name:mzsr_basicsr.PLUGIN", "line 1: the tag !!python/name:mzsr_basicsr.PLUGIN is refused"),
        (b"name: a\ndatasets: {}\nkernels: []", "methods: required key is missing"),
        (b"name: a\ndatasets: {}\nkernels: [g2.0d]\nmethods: {bicubic: ~}", "datasets: is empty; name at least one"),
        (b"name: a\ndatasets: {}\nkernels: [g2.0d]\nmethods: {1: ~}", "methods: "),
        (b"name: a\ndatasets: []\nkernels: [g2.0d]\nmethods: {bicubic: ~}", r"datasets: \[\]: Expected `object`"),
    ],
)
def test_a_damaged_file_is_one_line(mzsr, place, text, line):
    (place / "mine.yml").write_bytes(text)
    status, out, err = mzsr("benchmark", "-opt", place / "mine.yml")
    assert (status, out, len(err)) == (1, [], 1)
    assert err[0].startswith("error: ") and line.replace("\\", "") in err[0]


def test_switches_that_are_wrong_are_one_line(mzsr, place):
    file = write(place, options(place))
    for given, line in (
        (
            ["-opt", place / "none.yml"],
            "none.yml: cannot be read (No such file or directory); check the path after -opt",
        ),
        (["-opt", place], "cannot be read (Is a directory)"),
        (["-opt", file, "--jobs", "0"], "--jobs: 0 must be at least 1"),
        (["-opt", file, "--datasets", "Tinny"], "--datasets: 'Tinny' is not in the option file; did you mean `Tiny`?"),
        (["-opt", file, "--data", place / "none"], "Tiny: skipped, since"),
    ):
        status, out, err = mzsr("benchmark", *given)
        assert (status, out) == (1, []) and err[-1].startswith("error: ") and line in err[-1]
    assert not (place / "out").exists()


@pytest.mark.parametrize("name", ["x2", "paper_tables_x2", "paper_tables_x4", "paper_tables_bicubic"])
def test_the_shipped_option_files_can_be_read(name):
    read = read_options(ROOT / f"options/benchmark/{name}.yml")
    assert isinstance(read, BenchmarkOptions) and read.name == name
    assert all(_method(label, section) for label, section in read.methods.items())
