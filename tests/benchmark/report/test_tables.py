"""Tables of a benchmark: means by hand, ranks as printed, and every text parsed back."""

import csv
import io
import re

import msgspec
import pytest
from helpers.made_results import change, drop, make_results
from helpers.trainings import cells
from msgspec import structs

from mzsr_basicsr.benchmark.report.grid import costs, grid, number
from mzsr_basicsr.benchmark.report.tables import csv_text, escape, latex, markdown
from mzsr_basicsr.errors import ConfigError


def single(values, metrics=("psnr", "ssim"), **overrides):
    """One image, one kernel; values: by column, one number for each metric."""
    results = make_results(list(values), ["Set5"], ["g2.0d"], ["baby"], metrics=list(metrics), **overrides)
    for column, numbers in values.items():
        results = change(results, "Set5", "g2.0d", "baby", column, values=dict(zip(metrics, numbers)))
    return results


def tables(text):
    """Markdown tables, as lists of rows of cells."""
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", text, re.MULTILINE)
    return [[cells(line) for line in block.strip().splitlines()] for block in blocks]


def ranks(results, metrics=None):
    return [cell.rank for cell in grid(results, metrics).rows[0].cells]


def test_cells_are_means_over_the_images():
    results = make_results()
    found = {
        (r.dataset, r.kernel, h.text): c for r in grid(results).rows for h, c in zip(grid(results).columns, r.cells)
    }
    assert len(found) == 2 * 2 * 4
    for (dataset, kernel, column), cell in found.items():
        values = [m.values for m in results.measures if (m.dataset, m.kernel, m.column) == (dataset, kernel, column)]
        psnr, ssim = sum(v["psnr"] for v in values) / 3, sum(v["ssim"] for v in values) / 3
        assert len(values) == 3 and cell.values == pytest.approx((psnr, ssim), abs=1e-12)
        assert cell.text == f"{psnr:.2f}/{ssim:.4f}".replace("/0.", "/.")


def test_rows_go_kernel_by_kernel_with_the_sets_inside():
    rows = grid(make_results(datasets=("B", "A"), kernels=("k2", "k1"))).rows
    assert [f"{r.kernel} {r.dataset} {r.first}" for r in rows] == ["k2 B True", "k2 A False", "k1 B True", "k1 A False"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": 30.001, "b": 30.004, "c": 29.0, "d": 28.0}, [1, 1, 2, None]),  # equal as printed
        ({"a": 30.004, "b": 30.006, "c": 29.0}, [2, 1, None]),  # 30.00 and 30.01
        ({"a": 29.0, "b": 31.0, "c": 29.001}, [2, 1, 2]),
        ({"a": 30.0}, [None]),  # nothing to be better than
        ({"a": float("inf"), "b": 99.0, "c": float("nan")}, [1, 2, None]),
    ],
)
def test_ranks_go_by_what_is_printed(values, expected):
    assert ranks(single({c: (v, 0.5) for c, v in values.items()})) == expected


def test_less_is_better_for_some_metrics():
    results = single(
        {"a": (30, 0.9, 0.20, 4.0), "b": (31, 0.9, 0.10, 5.0), "c": (32, 0.9, 0.30, 6.0)},
        ("psnr", "ssim", "lpips", "niqe"),
    )
    results = structs.replace(results, lower_is_better=["lpips", "niqe"])
    assert [ranks(results), ranks(results, ["lpips"]), ranks(results, ["niqe"])] == [
        [None, 2, 1],
        [2, 1, None],
        [1, 2, None],
    ]
    first, lpips, niqe, _ = tables(markdown(results))
    assert first[2][2:] == ["30.00/.9000", "<ins>31.00/.9000</ins>", "**32.00/.9000**"]
    assert lpips[2] == ["g2.0d", "Set5", "<ins>0.2000</ins>", "**0.1000**", "0.3000"]
    assert niqe[2] == ["g2.0d", "Set5", "**4.00**", "<ins>5.00</ins>", "6.00"]
    assert latex(results).count(r"\begin{tabular}") == 3 and "LPIPS (lower is better)" in markdown(results)


def test_psnr_alone_is_printed_alone():
    results = single({"a": (30,), "b": (31,)}, ["psnr"])
    assert tables(markdown(results))[0][2][2:] == ["<ins>30.00</ins>", "**31.00**"]
    assert markdown(results).startswith("PSNR, dB, mean over")


def test_a_failed_image_empties_its_cell_and_the_ranks_skip_it():
    results = drop(make_results(), "Set14", "gani_d", "bird", "mzsr (10)")
    row = tables(markdown(results))[0][-1]
    assert row[5] == "–" and row[4].startswith("**") and row[3].startswith("<ins>")
    assert "- Set14, gani_d, bird: mzsr failed: out of memory" in markdown(results)
    assert r"\textbf{" in latex(results).splitlines()[-3] and latex(results).splitlines()[-3].endswith(r" & -- \\")
    assert [cell.text for cell in grid(results).rows[0].cells].count("–") == 0


def test_a_missing_set_is_a_dash_and_a_line():
    results = make_results(datasets=("Set5", "Set14"), skipped=["BSD100: no such folder"])
    results = msgspec.structs.replace(results, datasets=["Set5", "BSD100"])  # no measure of BSD100
    body = tables(markdown(results))[0][2:]
    assert body[1] == ["", "BSD100", "–", "–", "–", "–"] and "- BSD100: no such folder" in markdown(results)


def test_published_columns_stand_last_unranked_and_marked():
    results = make_results(("ours", "theirs"), ("Set5", "Set14"), ("g2.0d",), published="paper_x2")
    table = tables(markdown(results))[0]
    assert table[0][2:] == [
        "ours",
        "theirs",
        *(f"{c}†" for c in ("Bicubic", "RCAN", "IKC", "ZSSR", "MZSR (1)", "MZSR (10)")),
    ]
    assert table[2][-6:] == ["28.73/.8449", "29.15/.8601", "29.05/.8896", "34.90/.9397", "35.20/.9398", "36.05/.9439"]
    assert table[3][-6:] == ["–"] * 6  # the paper has no Set14
    assert table[2][3].startswith("**") and table[2][2].startswith("<ins>")  # though below most of the paper's
    note = "† published in the paper, not measured here; all other columns were measured now."
    assert note in markdown(results).splitlines()
    assert note[2:] in latex(results) and r"MZSR (10)\textsuperscript{\textdagger} \\" in latex(results)
    assert [c.published for c in grid(results).columns] == [False] * 2 + [True] * 6


def test_published_columns_without_a_figure_are_left_out():
    assert len(grid(make_results(datasets=("Set14",), published="paper_x2")).columns) == 4
    assert grid(make_results(datasets=("Set14",), published="paper_x2")).notes == ()
    bicubic = grid(make_results(kernels=("bicubic_x2",), published="paper_bicubic"))
    assert bicubic.rows[0].cells[-1].text == "37.25/–"  # its SSIM is not known


def test_rows_that_the_paper_degraded_otherwise_get_a_note():
    notes = grid(make_results(datasets=("Set5", "BSD100"), published="paper_x2")).notes
    assert len(notes) == 2 and notes[1].startswith("† gani_d on BSD100")


def test_an_unknown_published_table_is_refused():
    with pytest.raises(ConfigError, match="paper_x3"):
        markdown(make_results(published="paper_x3"))


def test_costs():
    results = make_results(("a", "b"), ["Set5"], ["g2.0d"], ("x", "y"))
    for image, seconds, peak in (("x", 1.0, 10.4), ("y", 2.0, 30.6)):
        results = change(results, "Set5", "g2.0d", image, "a", seconds=seconds, peak_mb=peak)
        results = change(results, "Set5", "g2.0d", image, "b", seconds=0.01234, peak_mb=None)
    assert costs(results) == [("a", 1.5, 30.6, 2), ("b", pytest.approx(0.01234), None, 2)]
    assert tables(markdown(results))[-1][2:] == [["a", "1.5", "31", "2"], ["b", "0.0123", "–", "2"]]


def test_csv_gives_every_measure_back_in_full():
    results = make_results(("bicubic", 'od,d "x" (3)'), metrics=["psnr", "ssim", "lpips"])
    results = change(results, "Set5", "g2.0d", "baby", "bicubic", peak_mb=None)
    rows = list(csv.DictReader(io.StringIO(csv_text(results))))
    head = "dataset,kernel,scale,image,method,updates,column,psnr,ssim,lpips,seconds,peak_mb,picture"
    assert csv_text(results).splitlines()[0] == head and len(rows) == len(results.measures) == 24
    for row, m in zip(rows, results.measures):
        assert (float(row["psnr"]), float(row["ssim"]), row["lpips"]) == (m.values["psnr"], m.values["ssim"], "")
        assert (row["updates"], row["column"]) == ("" if m.updates is None else str(m.updates), m.column)
        assert (row["peak_mb"] and float(row["peak_mb"])) == ("" if m.peak_mb is None else m.peak_mb)
        assert float(row["seconds"]) == m.seconds and row["picture"] == m.picture


def test_markdown_means_what_the_names_say():
    assert escape("gani_d a|b *c* _d_ <e> f&g ~h~ `i` [j] k\\l\nm") == (
        r"gani_d a\|b \*c\* \_d\_ &lt;e> f&amp;g \~h\~ \`i\` \[j] k\\l m"
    )
    text = markdown(make_results(("a|b",), ("S*t",), ("g<i>",)))
    assert r"| kernel | set | a\|b |" in text and r"| g&lt;i> | S\*t | " in text


def test_latex_escapes_names_and_balances():
    results = make_results((r"50% & $x^2$ #1 {a}_b~c\d", "b"), ("[S]",), ("*k_1",))
    text = latex(results)
    assert r"50\% \& \$x\textasciicircum{}2\$ \#1 \{a\}\_b\textasciitilde{}c\textbackslash{}d & b \\" in text
    assert r"{*}k\_1 & {[}S] & " in text  # after \\ a bare asterisk or bracket would be read as its argument
    plain = re.sub(r"\\[\\{}%&$#_]", "", text)
    assert plain.count("{") == plain.count("}") and text.count(r"\midrule") == 1
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0]
    assert re.search(r"\\textbf\{\d\d\.\d\d/\.\d{4}\}", body) and re.search(r"\\underline\{\d\d\.\d\d/\.\d{4}\}", body)
    assert body.count("&") == 3 and text.splitlines()[2] == r"\begin{tabular}{llcc}"


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (0.94388, "ssim", ".9439"),
        (1.0, "ssim", "1.0000"),
        (-0.012, "ssim", "-.0120"),
        (-0.00001, "ssim", ".0000"),
        (0.5, "psnr", "0.50"),
        (36.046, "psnr", "36.05"),
        (float("inf"), "psnr", "inf"),
        (None, "psnr", "–"),
        (float("nan"), "lpips", "–"),
        (0.25, "lpips", "0.2500"),
    ],
)
def test_numbers_as_the_paper_prints_them(value, metric, text):
    assert number(value, metric) == text
