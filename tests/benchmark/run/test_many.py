"""A benchmark in shares and over a cluster: the same files and values as in one run."""

import importlib.util
import json
import shutil
import tempfile

import pytest
from helpers.benchmark_runs import benchmark, count_calls, make_place, network_method, options
from helpers.commands import tree
from helpers.trainings import environment, run

from mzsr_basicsr.files.whole import part_of
from mzsr_basicsr.jobs.shard import Shard, shard_of

IMAGES = {
    f"Tiny/{kernel}/{image}": (kernel, width)
    for kernel in ("g2.0d", "g1.3b")
    for image, width in (("p0", 24), ("p1", 23))
}


@pytest.fixture
def content(tmp_path):
    place = make_place(tmp_path)
    hook = {"updates": [0, 2], "rates": "learned"}
    methods = {"bicubic": {}, "net": network_method(place / "net.pth", zero_shot=hook)}
    return options(place, methods=methods, kernels=["g2.0d", "g1.3b"])


def values(results):
    return {(m.column, m.kernel, m.image): m.values for m in results.measures}


def test_shares_together_are_a_whole_run(content, monkeypatch):
    whole, out = benchmark({**content, "name": "whole"})
    calls = count_calls(monkeypatch)
    for number in (1, 2, 3):
        calls.clear()
        _, folder = benchmark(content, reports=True, shard=Shard(number, 3))
        mine = [place for name, place in IMAGES.items() if shard_of(name, 3) == number]
        assert sorted(calls) == sorted((label, *place) for place in mine for label in ("bicubic", "net"))
        assert not (folder / "index.html").exists()
    calls.clear()
    results, folder = benchmark(content, reports=True)
    assert calls == [] and values(results) == values(whole)
    assert tree(folder / "sr") == tree(out / "sr") and (folder / "index.html").exists()


def test_a_share_that_begins_while_another_does(content, tmp_path):
    folder = tmp_path / "out/tiny"
    folder.mkdir(parents=True)
    with part_of(folder / "configuration.json") as part:
        part.write_text("{}")
        results, _ = benchmark(content, shard=Shard(1, 1))
        assert len(results.measures) == 12


CLUSTER = """
import functools, json, sys
import mzsr_basicsr
import ray
from helpers.benchmark_runs import planned
from mzsr_basicsr.benchmark import study

ray.init = functools.partial(ray.init, num_cpus=1, include_dashboard=False)
study.write_reports = lambda *rest: None
results, _ = study.run_benchmark(planned(json.loads(sys.argv[1])), study.Choice(), ray="local")
print(len(results.measures), results.about["processes x threads"].split(",")[0])
"""


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="NOT TESTED: Ray is not installed")
def test_a_cluster_gives_the_same_bytes(content, tmp_path):
    whole, out = benchmark({**content, "name": "whole"})
    short = tempfile.mkdtemp(prefix="mzsr_")
    changes = {"RAY_TMPDIR": short, "HOME": str(tmp_path), "RAY_AUTH_MODE": "disabled"}
    try:
        done = run(["-c", CLUSTER, json.dumps({**content, "output": "out"})], tmp_path, environment(**changes))
    finally:
        shutil.rmtree(short, ignore_errors=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2] == "12 a Ray cluster's x 1"
    assert tree(tmp_path / "out/tiny/sr") == tree(out / "sr")
    assert values(benchmark(content)[0]) == values(whole)
