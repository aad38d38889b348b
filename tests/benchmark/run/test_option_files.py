"""The benchmark option files that ship: all names in them are known, their methods can be built, their sets are the paper's."""

from pathlib import Path

import msgspec
import pytest
import torch
from helpers.places import OPTIONS
from helpers.trainings import write_photos

from mzsr_basicsr.benchmark import published
from mzsr_basicsr.benchmark.run.bench import Bench
from mzsr_basicsr.benchmark.run.options import DatasetOptions
from mzsr_basicsr.benchmark.run.plan import make_plan, read_options

FILES = sorted((OPTIONS / "benchmark").glob("*.yml"))


def test_all_promised_files_are_there() -> None:
    promised = {"x2", "paper_tables_x2", "paper_tables_x4", "paper_tables_bicubic"}
    assert {file.stem for file in FILES} >= promised | {"own_scale_x2", "own_scale_x4", "domains_x2", "domains"}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_method_can_be_built(file: Path, tmp_path: Path) -> None:
    options = read_options(file)
    assert options.name == file.stem
    photos = write_photos(tmp_path / "GT", 1)
    there = {name: DatasetOptions(gt=str(photos)) for name in options.datasets}
    plan = make_plan(msgspec.structs.replace(options, datasets=there))
    bench = Bench(plan, tmp_path, torch.device("cpu"))
    for label in plan.methods:
        for degradation in plan.degradations:
            for dataset in plan.datasets:
                if (label, dataset, degradation.name) not in plan.without:
                    assert callable(bench.method(label, degradation.scale, (dataset, degradation.name)))


@pytest.mark.parametrize("name", published.names())
def test_a_table_of_the_paper_has_a_figure_for_every_cell_of_its_file(name: str) -> None:
    (options,) = [found for found in map(read_options, FILES) if found.published == name]
    kernels = [k if isinstance(k, str) else k.name for k in options.kernels]
    for dataset in options.datasets:
        for kernel in kernels:
            assert all(published.figure(name, dataset, kernel, c) is not None for c in published.columns(name))
