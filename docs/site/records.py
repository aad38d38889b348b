"""The reference of option files, read off the strict records; what a key means is taken from the pages by hand."""

import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from mzsr_basicsr.benchmark.run import options as benchmark
from mzsr_basicsr.options import datasets, learner, run, schedule, zero_shot, zssr

DOCS = Path(__file__).resolve().parents[1]
RECORDS = [  # heading, where it stands in an option file
    ("A run", [run.RunOptions, run.PathOptions, run.LoggerOptions]),
    ("`train`", [run.TrainOptions, learner.MetaOptions, learner.StartOptions, learner.RuleOptions,
                 zero_shot.SignalOptions, schedule.MultiStepOptions, schedule.CosineOptions]),
    ("`val`", [run.ValOptions, zssr.ZSSRValOptions, zero_shot.ZeroShotOptions, zssr.ZSSROptions]),
    ("`datasets`", [datasets.MetaDatasetOptions, datasets.ValTaskOptions, datasets.LawOptions,
                    datasets.PairDatasetOptions, datasets.BlurredPatchOptions, datasets.TaskViewsOptions,
                    datasets.ZeroShotDatasetOptions, datasets.BackendOptions]),
    ("A benchmark", [benchmark.BenchmarkOptions, benchmark.DatasetOptions, benchmark.KernelOptions,
                     benchmark.BicubicOptions, benchmark.NetworkOptions, benchmark.MZSROptions,
                     benchmark.EnsembleOptions]),
]  # fmt: skip
ABOUT = """# All keys of option files

Read off the records that check every option file. A key that is not listed, or a value of another type, ends the run
with one line. [Options](../options.md) explains kernels, signals, starts and rules with examples; a benchmark's file is
explained in [Compare](../compare.md).
"""
Table = dict[str, str]


def page() -> str:
    """Make the page of all records."""
    tables = _tables("options.md") + _tables("compare.md")
    parts = [ABOUT]
    for heading, records in RECORDS:
        parts.append(f"## {heading}\n")
        if heading == "A benchmark":
            parts.append("[Methods and their keys](../compare.md#the-option-file), explained.\n")
        for record in records:
            parts += [f"### `{record.__name__}`\n", record.__doc__.split("\n\n")[0] + "\n", *_rows(record, tables), ""]
    return "\n".join(parts)


def _rows(record: type[msgspec.Struct], tables: list[Table]) -> list[str]:
    """Describe the keys of a record; meanings come from the table by hand that has most of them, then from others."""
    fields = msgspec.structs.fields(record)
    shared = {id(table): sum(field.name in table for field in fields) for table in tables}
    nearest = [table for table in sorted(tables, key=lambda table: -shared[id(table)]) if shared[id(table)] > 1]
    types = {field.name: field.type for field in inspect.type_info(record).fields}
    lines = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    for field in fields:
        meaning = next((table[field.name] for table in nearest if field.name in table), "")
        lines.append(f"| `{field.name}` | {words(types[field.name])} | {_default(field)} | {meaning} |")
    return lines


def words(kind: inspect.Type) -> str:
    """Say in words what a value may be.

    >>> words(inspect.type_info(datasets.Count)), words(inspect.type_info(list[str] | None))
    ('integer ≥ 1', 'list of text, or nothing')
    """
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        name = "integer" if isinstance(kind, inspect.IntType) else "number"
        bounds = (("≥", kind.ge), (">", kind.gt), ("≤", kind.le), ("<", kind.lt))
        return " ".join([name, *(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)])
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, inspect.UnionType):
        parts = sorted(kind.types, key=lambda part: isinstance(part, inspect.NoneType))
        return ", or ".join(words(part) for part in parts)
    if isinstance(kind, (inspect.ListType, inspect.VarTupleType)):
        return f"list of {words(kind.item_type)}"
    if isinstance(kind, inspect.TupleType):
        return "[" + "; ".join(words(part) for part in kind.item_types) + "]"
    if isinstance(kind, inspect.DictType):
        return f"mapping to {words(kind.value_type)}"
    if isinstance(kind, inspect.StructType):
        return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})"
    names = {inspect.StrType: "text", inspect.BoolType: "true, false", inspect.NoneType: "nothing"}
    return names.get(type(kind), "anything")


def _default(field: Any) -> str:
    """Write a default; nothing where the key must be given, or where it is a record of its own."""
    if field.required:
        return "*required*"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is None or isinstance(value, msgspec.Struct):
        return ""
    shown = str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value
    return f"`{list(value) if isinstance(value, tuple) else shown}`"


def _tables(name: str) -> list[Table]:
    """Take the tables of a page apart: from key to meaning."""
    found: list[Table] = []
    for block in re.findall(r"(?:^\|.*\n)+", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE):
        table = {}
        for line in block.splitlines()[2:]:
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            for key in re.findall(r"`(?:\w+\.)?(\w+)`", cells[0]):
                table[key] = _from_here(cells[-1].strip(), name)
        found.append(table)
    return found


def _from_here(text: str, name: str) -> str:
    """Let the links of a page lead to the same places from the page of records."""
    text = re.sub(r"\]\(#", f"](../{name}#", text)
    return re.sub(r"\]\((?=[\w-]+\.md)", "](../", text)
