"""`mzsr benchmark`: methods beside each other on the same LR images."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mzsr_basicsr.benchmark.run.option_file import check_readable
from mzsr_basicsr.cli.many import add_many, read_many
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.interrupt import ending_at_once, stop_on_sigterm
from mzsr_basicsr.jobs.outputs import check_folder
from mzsr_basicsr.jobs.streams import put_out, say

if TYPE_CHECKING:
    from mzsr_basicsr.benchmark.run.options import BenchmarkOptions, DatasetOptions

_EPILOG = """examples:
  mzsr benchmark -opt options/benchmark/x2.yml --data BENCHMARKS       # BENCHMARKS holds Set5/GT, Set14/GT, …
  mzsr benchmark -opt options/benchmark/domains_x2.yml --data DOMAINS  # DOMAINS holds medical/*.png, text/*.png, …
  mzsr benchmark -opt options/benchmark/paper_tables_x2.yml --jobs 2
  mzsr benchmark -opt mine.yml --methods mzsr --datasets Set5          # compute only these now

Run it again to go on where it was stopped: nothing is computed twice. Open OUTPUT/NAME/index.html to look at it.
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser(
        "benchmark",
        help="compare methods on data sets and kernels: tables, plots, a page",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-opt", required=True, type=Path, help="option file; see the folder options/benchmark")
    parser.add_argument(
        "--data",
        type=Path,
        help="folder that holds the images of each data set, in NAME/GT or in NAME itself, instead of the file's",
    )
    parser.add_argument("-o", "--output", help="folder of results (default: the option file's)")
    parser.add_argument("--methods", nargs="+", help="compute only these now")
    parser.add_argument("--datasets", nargs="+", help="compute only these now")
    parser.add_argument("--kernels", nargs="+", help="compute only these now")
    parser.add_argument("--jobs", type=int, help="processes side by side")
    add_many(parser, "images")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="(default: the option file's)")
    parser.add_argument("--update", action="store_true", help="go on in a results folder of another configuration")
    parser.set_defaults(run=_run)


def _run(a: argparse.Namespace) -> int:
    with ending_at_once():
        check_readable(a.opt)
        if a.jobs is not None and a.jobs < 1:
            raise ConfigError(f"--jobs: {a.jobs} must be at least 1")
        shard, _ = read_many(a)
        from mzsr_basicsr.benchmark.run.plan import make_plan, read_options
        from mzsr_basicsr.benchmark.study import Choice, run_benchmark
    stop_on_sigterm()
    plan = make_plan(_changed(read_options(a.opt), a))
    check_folder(Path(plan.options.output) / plan.options.name, [], [], overwrite=True)  # whose it is, it says itself
    for line in plan.skipped:
        say(line)
    results, folder = run_benchmark(plan, Choice(a.methods, a.datasets, a.kernels, shard), a.update, a.ray)
    if shard is not None:
        put_out(f"shard {shard} is done; when all are, run it once more without --shard for the tables and the page")
        return 1 if results.failures else 0
    put_out((folder / "table.md").read_text(encoding="utf-8"))
    put_out(f"Look at {folder / 'index.html'}")
    return 1 if results.failures else 0


def _changed(options: "BenchmarkOptions", a: argparse.Namespace) -> "BenchmarkOptions":
    """Put what the command line says in the place of what the file says."""
    import msgspec

    given = {"output": a.output, "jobs": a.jobs, "device": a.device}
    if a.data is not None:
        given["datasets"] = {name: _moved(entry, a.data / name) for name, entry in options.datasets.items()}
    return msgspec.structs.replace(options, **{key: value for key, value in given.items() if value is not None})


def _moved(entry: "str | DatasetOptions", folder: Path) -> "DatasetOptions":
    from mzsr_basicsr.benchmark.run.options import DatasetOptions

    lq = {} if isinstance(entry, str) else {k: str(folder / Path(path).name) for k, path in entry.lq.items()}
    return DatasetOptions(gt=str(folder if _holds_photographs(folder) else folder / "GT"), lq=lq)


def _holds_photographs(folder: Path) -> bool:
    """Tell whether the images lie in the folder of a data set itself, which then has no folder GT."""
    from mzsr_basicsr.data.folders import SUFFIXES

    if (folder / "GT").is_dir() or not folder.is_dir():
        return False
    return any(p.suffix.lower() in SUFFIXES for p in folder.iterdir())
