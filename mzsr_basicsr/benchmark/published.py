"""The figures printed in the MZSR paper (Soh, Cho & Cho, CVPR 2020, arXiv 2002.12213): PSNR in dB / SSIM, on Y.

One line below is one row of the paper's table: kernel, set, then the columns in the order of the first line.
"""

from typing import NamedTuple

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.strict import nearest

__all__ = ["Published", "columns", "figure", "names", "remark"]

# x2: the kernels g_0.2^d, g_2.0^d, g_ani^d (direct subsampling) and g_1.3^b (bicubic)
_X2 = """
               Bicubic      RCAN         IKC          ZSSR         MZSR_(1)     MZSR_(10)
g0.2d Set5     30.24/.8976  28.40/.8618  29.09/.8786  34.29/.9373  33.14/.9277  33.74/.9301
g0.2d BSD100   27.45/.7992  25.16/.7602  26.23/.7808  29.35/.8465  28.74/.8389  29.03/.8415
g0.2d Urban100 24.70/.7958  21.68/.7323  23.66/.7806  28.13/.8788  26.24/.8394  26.60/.8439
g2.0d Set5     28.73/.8449  29.15/.8601  29.05/.8896  34.90/.9397  35.20/.9398  36.05/.9439
g2.0d BSD100   26.51/.7157  26.89/.7394  27.46/.8156  30.57/.8712  30.58/.8627  31.09/.8739
g2.0d Urban100 23.70/.7109  24.14/.7384  25.17/.8169  27.86/.8582  28.23/.8657  29.19/.8838
gani_d Set5     28.15/.8265  28.42/.8379  28.74/.8565  33.96/.9307  34.05/.9271  34.78/.9323
gani_d BSD100   26.00/.6891  26.22/.7062  26.44/.7310  29.72/.8479  28.82/.8013  29.54/.8297
gani_d Urban100 23.13/.6796  23.35/.6982  23.62/.7239  27.03/.8335  26.51/.8126  27.34/.8369
g1.3b Set5     30.54/.8773  31.54/.8992  33.88/.9357  35.24/.9434  35.18/.9430  36.64/.9498
g1.3b BSD100   27.49/.7546  28.27/.7904  30.95/.8860  30.74/.8743  29.02/.8544  31.25/.8818
g1.3b Urban100 24.74/.7527  25.65/.7946  29.47/.8956  28.30/.8693  28.27/.8771  29.83/.8965
"""
# x4: g_2.0^d, direct
_X4 = """
                  Bicubic      RCAN         IKC          ZSSR         multi-scale_(1)  MZSR_(1)     MZSR_(10)
g2.0d_x4 Set5     24.74/.7321  23.92/.7283  24.01/.7322  27.39/.7685  29.85/.8601      30.20/.8655  30.50/.8704
g2.0d_x4 BSD100   24.01/.5998  23.16/.5918  23.12/.5939  25.89/.6776  26.68/.7136      26.73/.7138  26.89/.7168
g2.0d_x4 Urban100 21.16/.5811  19.52/.5400  19.81/.5583  23.53/.6822  24.13/.7251      24.36/.7333  24.65/.7394
"""
# plain bicubic x2, the paper's table 1; its SSIM is not at hand
_BICUBIC = """
                    ZSSR   MZSR_(1)  MZSR_(10)
bicubic_x2 Set5     36.93  36.77     37.25
bicubic_x2 BSD100   31.43  31.33     31.64
bicubic_x2 Urban100 29.34  30.01     30.41
"""
_TEXTS = {"paper_x2": _X2, "paper_x4": _X4, "paper_bicubic": _BICUBIC}
_UNLIKE = {("paper_x2", "BSD100", "gani_d"), ("paper_x2", "Urban100", "gani_d")}


class Published(NamedTuple):
    """One printed figure: PSNR in dB, and SSIM, or None where it is not known."""

    psnr: float
    ssim: float | None


def names() -> list[str]:
    """List the tables."""
    return list(_TEXTS)


def columns(table: str) -> list[str]:
    """List a table's columns in the paper's order.

    Raises:
        ConfigError: there is no such table.
    """
    return [word.replace("_", " ") for word in _lines(table)[0]]


def figure(table: str, dataset: str, kernel: str, column: str) -> Published | None:
    """Look one figure up.

    Args:
        table: one of `names`.
        dataset: "Set5", "BSD100" or "Urban100".
        kernel: name of the test kernel, as "g2.0d".
        column: one of `columns`.

    Returns:
        What the paper prints; None where it prints nothing.

    Raises:
        ConfigError: there is no such table.
    """
    rows = {(line[0], line[1]): line[2:] for line in _lines(table)[1:]}
    cells = dict(zip(columns(table), rows.get((kernel, dataset), []), strict=False))
    return _parse(cells[column]) if column in cells else None


def remark(table: str, dataset: str, kernel: str) -> str | None:
    """Say why a published row cannot be set beside measured ones, or None where it can.

    The definitions of the test kernels give the paper's Bicubic column to 0.01 dB everywhere else.
    """
    if (table, dataset, kernel) not in _UNLIKE:
        return None
    return (
        f"{kernel} on {dataset}: the paper degraded these images in another way (bicubic reads 0.2 dB more now); "
        "compare gains over bicubic, not PSNR"
    )


def _lines(table: str) -> list[list[str]]:
    if table not in _TEXTS:
        raise ConfigError(f"published: {table!r}: no such table; {nearest(table, names())}")
    return [line.split() for line in _TEXTS[table].strip().splitlines()]


def _parse(cell: str) -> Published:
    psnr, _, ssim = cell.partition("/")
    return Published(float(psnr), float(ssim) if ssim else None)
