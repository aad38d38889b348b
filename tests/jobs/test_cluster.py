"""`--ray`: the files of a folder over a cluster of one host with one CPU, in a process of its own."""

import importlib.util
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from helpers.commands import QUICK, tree
from helpers.trainings import environment, run

CHILD = """
import functools, json, sys
from pathlib import Path
import ray
ray.init = functools.partial(ray.init, num_cpus=1, include_dashboard=False)
from helpers.crews import Deadly, lost
from mzsr_basicsr.jobs.crew import Hands, spread
from mzsr_basicsr.cli import main as cli

start = Deadly(Path("log").resolve(), once=(1,), always=(2,))
for one in spread(range(4), start, lost, Hands(ray="local")):
    print(json.dumps([one.item, one.result, one.tries, bool(one.host)]))
sys.argv = ["mzsr", *sys.argv[1:]]
cli.main()
"""
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None or not hasattr(signal, "SIGKILL"), reason="NOT TESTED: Ray is not installed"
)


@needs_ray
def test_a_cluster_of_one_host(mzsr, three_photos):
    assert mzsr.upscale("in", "-o", "alone")[0] == 0
    Path("in/bad.png").write_bytes(b"no picture")
    short = tempfile.mkdtemp(prefix="mzsr_")  # the names of sockets are at most 107 bytes long
    changes = {"RAY_TMPDIR": short, "HOME": str(three_photos), "RAY_AUTH_MODE": "disabled"}
    try:
        words = ["upscale", "in", "-o", "out", *QUICK, "--json", "--ray", "local"]
        done = run(["-c", CHILD, *words], three_photos, environment(**changes))
    finally:
        shutil.rmtree(short, ignore_errors=True)
    assert done.returncode == 1, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    deadly, records = lines[:4], lines[4:]
    expected = [[0, [0, False], 1, True], [1, [1, True], 2, True], [2, [2, "lost"], 4, False], [3, [3, False], 1, True]]
    assert sorted(deadly) == expected
    assert sorted(Path("log").read_text().split()) == sorted("0112222" + "3")
    assert tree("out") == tree("alone")
    (bad,) = [record for record in records if "error" in record]
    assert bad["source"] == "in/bad.png" and "no picture of a known kind" in bad["error"]
    assert all(record["tries"] == 1 and record["host"] for record in records if record is not bad)
    last = done.stderr.splitlines()[-1]
    assert len(records) == 4 and last == "error: 1 of 4 files failed, see above"


def test_without_ray_a_line_names_the_extra(mzsr, three_photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    status, out, err = mzsr.upscale("in", "-o", "out", "--ray", "auto")
    assert (status, out) == (1, []) and not Path("out").exists()
    assert err[-1] == (
        "error: ray: Ray is not installed here; run: pip install 'mzsr_basicsr[ray]', here and on every host of the cluster"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--ray", "auto", "--jobs", "2"],
            "ray: the cluster's CPUs say how many are at work side by side; leave --jobs out",
        ),
        (["--ray", " "], "ray: an empty address; give HOST:PORT of a cluster, auto or local"),
    ],
)
def test_refusals(mzsr, three_photos, words, message):
    assert mzsr.upscale("in", "-o", "out", *words) == (1, [], [f"error: {message}"])


@pytest.mark.parametrize("option", [["--ray", "auto"], ["--shard", "1/2"]])
def test_one_picture_to_a_stream_is_not_spread(mzsr, three_photos, option):
    name = option[0].removeprefix("--")
    line = f"error: {name}: -o - writes one picture; leave {option[0]} out, or name a folder"
    assert mzsr.upscale("in/0.png", "-o", "-", *option) == (1, [], [line])
