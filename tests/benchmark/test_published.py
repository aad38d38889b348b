"""The paper's figures: some typed a second time, sums of columns, and our own measurement of its Bicubic column."""

import re

import pytest

from mzsr_basicsr.benchmark.published import columns, figure, names, remark
from mzsr_basicsr.errors import ConfigError

SETS = ("Set5", "BSD100", "Urban100")
X2 = ("g0.2d", "g2.0d", "gani_d", "g1.3b")
KERNELS = {"paper_x2": X2, "paper_x4": ("g2.0d_x4",), "paper_bicubic": ("bicubic_x2",)}
# typed by themselves, one in each row of the paper
SPOTS = """
paper_x2 g0.2d Set5 ZSSR 34.29 .9373 | paper_x2 g0.2d BSD100 RCAN 25.16 .7602 | paper_x2 g0.2d Urban100 IKC 23.66 .7806
paper_x2 g2.0d Set5 MZSR_(10) 36.05 .9439 | paper_x2 g2.0d BSD100 MZSR_(1) 30.58 .8627 | paper_x2 g2.0d Urban100 Bicubic 23.70 .7109
paper_x2 gani_d Set5 IKC 28.74 .8565 | paper_x2 gani_d BSD100 ZSSR 29.72 .8479 | paper_x2 gani_d Urban100 MZSR_(10) 27.34 .8369
paper_x2 g1.3b Set5 RCAN 31.54 .8992 | paper_x2 g1.3b BSD100 Bicubic 27.49 .7546 | paper_x2 g1.3b Urban100 MZSR_(1) 28.27 .8771
paper_x4 g2.0d_x4 Set5 multi-scale_(1) 29.85 .8601 | paper_x4 g2.0d_x4 BSD100 MZSR_(10) 26.89 .7168
paper_x4 g2.0d_x4 Urban100 RCAN 19.52 .5400
"""


@pytest.mark.parametrize("spot", re.split(r"\s*[|\n]\s*", SPOTS.strip()))
def test_spots_typed_a_second_time(spot):
    table, kernel, dataset, column, psnr, ssim = spot.split()
    assert figure(table, dataset, kernel, column.replace("_", " ")) == (float(psnr), float(ssim))


def test_every_kernel_set_and_column_has_a_plausible_figure():
    assert names() == list(KERNELS)
    for table, kernels in KERNELS.items():
        for key in [(d, k, c) for d in SETS for k in kernels for c in columns(table)]:
            found = figure(table, *key)
            assert found is not None and 19 < found.psnr < 38, key
            assert (found.ssim is None) == (table == "paper_bicubic") and 0.5 < (found.ssim or 0.9) < 0.96, key


def test_sums_of_columns():
    # added up from the paper's tables: PSNR in hundredths, SSIM in ten thousandths
    x2 = [(32138, 93439), (31887, 94187), (33376, 99908), (37009, 106308), (36398, 104897), (37508, 106441)]
    x4 = [(6991, 19130), (6660, 18601), (6694, 18844), (7681, 21283), (8066, 22988), (8129, 23126), (8204, 23266)]
    for table, sums in (("paper_x2", x2), ("paper_x4", x4)):
        for column, (psnr, ssim) in zip(columns(table), sums, strict=True):
            found = [figure(table, d, k, column) for d in SETS for k in KERNELS[table]]
            assert round(sum(f.psnr for f in found) * 100, 6) == psnr, (table, column)
            assert round(sum(f.ssim for f in found) * 10000, 6) == ssim, (table, column)


def test_columns_stand_in_the_papers_order():
    assert columns("paper_x2") == ["Bicubic", "RCAN", "IKC", "ZSSR", "MZSR (1)", "MZSR (10)"]
    assert columns("paper_x4") == ["Bicubic", "RCAN", "IKC", "ZSSR", "multi-scale (1)", "MZSR (1)", "MZSR (10)"]
    assert columns("paper_bicubic") == ["ZSSR", "MZSR (1)", "MZSR (10)"]


def test_the_bicubic_column_agrees_with_what_we_measured():
    # mean PSNR / SSIM of bicubic upscaling on Set5, measured with this package's degradation and metric
    measured = {"g0.2d": (30.24, 0.8976), "g2.0d": (28.73, 0.8449), "gani_d": (28.15, 0.8265), "g1.3b": (30.54, 0.8773)}
    assert {k: figure("paper_x2", "Set5", k, "Bicubic") for k in X2} == measured
    assert figure("paper_x4", "Set5", "g2.0d_x4", "Bicubic") == (24.74, 0.7321)


def test_plain_bicubic():
    rows = [[figure("paper_bicubic", d, "bicubic_x2", c) for d in SETS] for c in columns("paper_bicubic")]
    assert [[cell.psnr for cell in row] for row in rows] == [
        [36.93, 31.43, 29.34],
        [36.77, 31.33, 30.01],
        [37.25, 31.64, 30.41],
    ]


@pytest.mark.parametrize("key", [("Set14", "g2.0d", "ZSSR"), ("Set5", "g2.0d_x4", "ZSSR"), ("Set5", "g2.0d", "EDSR")])
def test_what_the_paper_does_not_print_is_none(key):
    assert figure("paper_x2", *key) is None


@pytest.mark.parametrize("call", [columns, lambda table: figure(table, "Set5", "g2.0d", "ZSSR")])
def test_an_unknown_table_names_the_nearest(call):
    with pytest.raises(ConfigError, match=r"'papr_x2'.*did you mean `paper_x2`\?$"):
        call("papr_x2")


def test_rows_that_cannot_be_compared_have_a_remark():
    marked = {(d, k) for d in SETS for k in X2 if remark("paper_x2", d, k)}
    assert marked == {("BSD100", "gani_d"), ("Urban100", "gani_d")}
    assert remark("paper_x2", "BSD100", "gani_d").startswith("gani_d on BSD100: ")
