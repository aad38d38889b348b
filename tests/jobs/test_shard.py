"""`--shard`: every file falls to one share, by its name alone, on any host."""

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from helpers.commands import photograph, tree
from hypothesis import given
from hypothesis import strategies as st

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.file_jobs import list_jobs, share_of
from mzsr_basicsr.jobs.shard import Shard, read_shard, shard_of

# printf NAME | sha256sum, its first 16 digits as a number, the rest of a division by 2, 3, 16, 1000, and one more
KNOWN = {
    "a.png": (1, 3, 9, 673),
    "deep/er/b.JPG": (1, 1, 3, 595),
    "ünïcode/ß.tif": (2, 1, 16, 768),
}
ARRAY = {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "16"}
ARRAY |= {"SLURM_ARRAY_TASK_STEP": "1", "SLURM_ARRAY_TASK_COUNT": "16"}
names = st.lists(st.binary(max_size=30).map(os.fsdecode), unique=True, max_size=30)  # as names of files may be


@pytest.mark.parametrize("name", KNOWN)
def test_the_share_of_a_name_is_for_ever(name):
    assert tuple(shard_of(name, count) for count in (2, 3, 16, 1000)) == KNOWN[name]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_it_is_what_sha256sum_says():
    for index in range(5):
        name = f"photos/{index}.png"
        said = subprocess.run(["sha256sum"], input=name.encode(), capture_output=True, check=True).stdout
        assert shard_of(name, 7) == int(said[:16], 16) % 7 + 1


@given(names, st.integers(1, 40))
def test_every_name_is_in_exactly_one_share(found, count):
    held = [name for number in range(1, count + 1) for name in found if Shard(number, count).holds(name)]
    assert sorted(held) == sorted(found)


def test_shares_are_about_equal():
    """Chi-square with 15 degrees of freedom: beyond 37.7 in one of a thousand fair hashes."""
    counts = Counter(shard_of(f"IMG_{index:05}.jpg", 16) for index in range(8000))
    assert sum((counts[number] - 500) ** 2 / 500 for number in range(1, 17)) < 37.7


def shares(folder, count, output="out", **more):
    """The files of each share, relative to the folder."""
    jobs = list_jobs([str(folder)], Path(output), **more)
    parts = [share_of(jobs, Shard(number, count)) for number in range(1, count + 1)]
    return [{job.source.relative_to(folder).as_posix() for job in part} for part in parts]


def test_a_folders_files_fall_to_the_same_share_whatever_else_it_holds(tmp_path):
    every = [f"{folder}{index}.png" for folder in ("", "a/", "a/b/") for index in range(9)]
    for place, names in ((tmp_path / "one", every), (tmp_path / "elsewhere/two", every[::2])):
        for name in names:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).touch()
    whole = shares(tmp_path / "one", 4)
    assert sorted(name for part in whole for name in part) == sorted(every)
    assert whole == [{name for name in every if shard_of(name, 4) == number} for number in (1, 2, 3, 4)]
    half = shares(tmp_path / "elsewhere/two", 4, output="other", compare=True, format="tif")
    assert half == [part & set(every[::2]) for part in whole]


def test_what_two_files_would_share_is_refused_in_the_share_of_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("x/a.png", "x/a.tif", "x/b.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    jobs = list_jobs(["x"], Path("out"), format="png")
    parts = [share_of(jobs, Shard(number, 16)) for number in range(1, 17)]
    assert len([job for part in parts for job in part if job.fault and "both" in job.fault]) == 2


def test_an_input_that_names_nothing_is_told_by_all(tmp_path):
    jobs = list_jobs([str(tmp_path / "*.png")], tmp_path / "out")
    assert all(len(share_of(jobs, Shard(number, 3))) == 1 for number in (1, 2, 3))


def test_shares_together_do_what_one_run_does(mzsr, three_photos):
    photograph("in/3.png", 3)
    assert mzsr.upscale("in", "-o", "whole")[0] == 0
    said = []
    for number in (1, 2, 3):
        status, out, err = mzsr.upscale("in", "-o", "out", "--shard", f"{number}/3")
        assert status == 0 and err[0] == f"shard {number}/3: {len(out)} of 4 files"
        said += out
    assert len(said) == 4 and tree("out") == tree("whole")
    status, out, err = mzsr.upscale("in", "-o", "out", "--shard", "1/3", "--skip-existing")
    assert status == 0 and all(line.endswith("is there already, skipped") for line in out)


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("3/16", ARRAY, "3/16"),
        ("auto", ARRAY, "7/16"),
        ("auto/16", ARRAY, "7/16"),
        ("auto", ARRAY | {"SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "15"}, "8/16"),
        ("auto", ARRAY | {"SLURM_ARRAY_TASK_STEP": "3", "SLURM_ARRAY_TASK_COUNT": "6"}, "3/6"),
        ("auto/8", {"JOB_COMPLETION_INDEX": "0"}, "1/8"),
        ("auto/8", {"JOB_COMPLETION_INDEX": "7"}, "8/8"),
        ("auto", ARRAY | {"JOB_COMPLETION_INDEX": "0"}, "7/16"),
    ],
)
def test_the_environment_says_which_share(text, environment, expected):
    assert str(read_shard(text, environment)) == expected


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("0/4", {}, "shard: 0/4: there is no share 0 of 4; the first number must be from 1 to 4"),
        ("5/4", {}, "shard: 5/4: there is no share 5 of 4; the first number must be from 1 to 4"),
        ("1/0", {}, "shard: 1/0: there is no share 1 of 0; there must be one share or more"),
        ("two", {}, "shard: 'two' is no share; write --shard 3/16 for the third of sixteen, or auto"),
        ("3", {}, "shard: '3' is no share; write"),
        ("-1/4", {}, "shard: '-1/4' is no share"),
        ("٣/4", {}, "shard: '٣/4' is no share"),
        ("auto", {}, "shard: auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set here"),
        ("auto", {"JOB_COMPLETION_INDEX": "3"}, "shard: auto: Kubernetes does not say how many completions"),
        ("auto/3", {"JOB_COMPLETION_INDEX": "3"}, "shard: auto/3: there is no share 4 of 3"),
        ("auto/3", {"JOB_COMPLETION_INDEX": "x"}, "shard: auto: JOB_COMPLETION_INDEX is 'x', no whole number"),
        ("auto", ARRAY | {"SLURM_ARRAY_TASK_COUNT": "3"}, "shard: auto: the array's 3 tasks do not follow each other"),
        ("auto", {"SLURM_ARRAY_TASK_ID": "3"}, "shard: auto: SLURM_ARRAY_TASK_MIN is '', no whole number"),
        ("auto/4", ARRAY, "shard: auto/4: the array has 16 tasks, not 4; write --shard 3/4 for a part"),
    ],
)
def test_refusals(text, environment, message):
    with pytest.raises(ConfigError) as refused:
        read_shard(text, environment)
    assert str(refused.value).startswith(message) and str(refused.value).isprintable()
