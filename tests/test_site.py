"""The documentation site: it builds without a warning, its links lead somewhere, its examples and its notebook run."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.places import ROOT

SITE = ROOT / "docs" / "site"
GALLERY = ROOT / "docs" / "gallery"
needs_sphinx = pytest.mark.skipif(importlib.util.find_spec("sphinx_gallery") is None, reason="NOT TESTED: no Sphinx")
WORDS = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@pytest.fixture(autouse=True)
def _site_modules(monkeypatch: pytest.MonkeyPatch):
    """`docs/site` holds modules that only its own script imports."""
    monkeypatch.syspath_prepend(str(SITE))


def stamps() -> dict[Path, float]:
    """When the files that a build reads were written."""
    places = [path for name in ("docs", "mzsr_basicsr", "options") for path in (ROOT / name).rglob("*")]
    return {path: path.stat().st_mtime for path in places if path.is_file() and "__pycache__" not in path.parts}


@needs_sphinx
def test_it_builds_without_a_warning_and_writes_nowhere_else(tmp_path: Path) -> None:
    before = stamps()
    command = [sys.executable, str(SITE / "build.py"), "--quick", "-o", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=tmp_path, env=WORDS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert stamps() == before
    assert {path.name for path in tmp_path.iterdir()} == {"site"}
    html = tmp_path / "site" / "html"
    records = (html / "reference" / "records.html").read_text()
    assert "time_budget" in records and "integer ≥ 1" in records
    assert "--back-projection" in (html / "reference" / "commands.html").read_text()
    assert "Degradation.son" in (html / "reference" / "api" / "degradation.html").read_text()
    assert (html / "weights" / "mzsr_x2.html").is_file() and (html / "quickstart.html").is_file()
    assert {path.stem for path in GALLERY.glob("plot_*.py")} <= {
        path.stem for path in (html / "gallery").glob("*.html")
    }


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    import links

    (tmp_path / "a.html").write_text(
        '<a href="b.html#there"></a><img src="no.png"><a href="https://x.org/"></a><a href="http://x"></a>'
    )
    (tmp_path / "b.html").write_text('<p id="here"></p><a href="a.html"></a>')
    assert links.faults(tmp_path) == [
        "a.html: b.html#there: there is no such place in that page",
        "a.html: http://x: no address of a site",
        "a.html: no.png: there is no such file in the site",
    ]


def test_records_are_told_with_their_bounds_and_defaults() -> None:
    import records

    from mzsr_basicsr.options.datasets import LawOptions
    from mzsr_basicsr.options.learner import MetaOptions

    law = {line.split("|")[1].strip(): line for line in records._rows(LawOptions, records._tables("options.md"))}
    assert "| integer ≥ 1 | `15` | side of the kernels, px |" in law["`size`"]
    assert "| number ≥ 0 ≤ 1 | `0` |" in law["`misstated`"]
    meta = {line.split("|")[1].strip(): line for line in records._rows(MetaOptions, records._tables("options.md"))}
    assert "`annealed`, `last`, `uniform` | `uniform` |" in meta["`loss_weights`"]
    assert "[RuleOptions](#ruleoptions)" in meta["`rule`"]


def test_every_key_of_a_record_has_a_meaning() -> None:
    """Those of a benchmark's methods are explained in a list of another kind, in docs/compare.md."""
    import records

    tables = records._tables("options.md") + records._tables("compare.md")
    lines = [
        line
        for heading, group in records.RECORDS
        if heading != "A benchmark"
        for record in group
        for line in records._rows(record, tables)[2:]
    ]
    silent = {line.split("|")[1].strip(" `") for line in lines if not line.split("|")[-2].strip()}
    assert len(lines) > 150 and silent <= {"zero_shot", "zssr", "type"}


def test_commands_are_told_as_the_parsers_have_them() -> None:
    import commands

    page = commands.page()
    for heading in ("## `mzsr upscale`", "### `mzsr kernel draw`", "## `mzsr train`", "### `mzsr tasks map`"):
        assert heading in page
    assert "| `--scale` | `2.0` |" in page and "| `--auto_resume` |  |" in page


@pytest.mark.parametrize("name", ["plot_2_kernels", "plot_5_architecture", "plot_6_learner"])
def test_an_example_of_the_gallery_runs(name: str, tmp_path: Path) -> None:
    """The three that take the least; `make docs` runs all."""
    command = [sys.executable, "-W", "error:::mzsr_basicsr", str(GALLERY / f"{name}.py")]
    done = subprocess.run(command, cwd=tmp_path, env=WORDS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(ROOT / "docs" / "quickstart.ipynb", 4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells), "commit it without its outputs"
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    where = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    said = "".join(output.get("text", "") for output in outputs)
    assert "updates kept" in said and "λ 2.00 and 2.00 px²" in said
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
