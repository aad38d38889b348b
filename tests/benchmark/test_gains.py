"""What adaptation gains: means, least gains and shares of losers, worked out by hand."""

import msgspec
import pytest
from helpers.made_results import change, drop, make_results

from mzsr_basicsr.benchmark.gains import adapted_columns, gains
from mzsr_basicsr.benchmark.results import Gain

COLUMNS = ("bicubic", "mzsr (0)", "mzsr (10)", "zssr (300)", "son (0)", "son (10)", "son (50)")
IMAGES = ("a", "b", "c", "d")


def made(figures, **choices):
    """figures: PSNR by (set, kernel, image, column)."""
    results = make_results(COLUMNS, images=IMAGES, **choices)
    for (dataset, kernel, image, column), psnr in figures.items():
        results = change(results, dataset, kernel, image, column, values={"psnr": psnr, "ssim": 0.5})
    return results


def by_hand():
    before = {("S", "k", image, "mzsr (0)"): 30.0 for image in IMAGES}
    after = {("S", "k", image, "mzsr (10)"): psnr for image, psnr in zip(IMAGES, (31.0, 29.9, 29.97, 30.5))}
    return made({**before, **after}, datasets=["S"], kernels=["k"])


def test_mean_least_and_share_of_one_cell():
    cell, pooled = [g for g in gains(by_hand()) if g.method == "mzsr"]
    assert (cell.dataset, cell.kernel, cell.column, cell.updates) == ("S", "k", "mzsr (10)", 10)
    assert cell.mean == pytest.approx((1.0 - 0.1 - 0.03 + 0.5) / 4)
    assert cell.least == pytest.approx(-0.1)
    assert cell.losing == 0.25 and cell.images == 4  # 0.03 dB less is no loss
    assert pooled == msgspec.structs.replace(cell, dataset=None, kernel=None)


def test_only_methods_with_a_start_of_their_own_gain():
    assert [(c, u) for c, _, u in adapted_columns(by_hand())] == [("mzsr (10)", 10), ("son (10)", 10), ("son (50)", 50)]
    assert not gains(make_results(["bicubic", "zssr (300)", "mzsr (1)", "mzsr (10)"]))


def test_all_sets_and_kernels_are_pooled_image_by_image():
    results = drop(make_results(COLUMNS, images=IMAGES), "Set5", "g2.0d", "a", "son (0)")
    results = drop(results, "Set5", "gani_d", "b", "son (50)")
    found = {(g.kernel, g.dataset, g.column): g for g in gains(results)}
    assert len(found) == (2 * 2 + 1) * 3 and list(found)[-1] == (None, None, "son (50)")
    psnr = {(m.dataset, m.kernel, m.image, m.column): m.values["psnr"] for m in results.measures}
    for column, missing in (("son (10)", 1), ("son (50)", 2)):
        values = {
            k[:3]: v - psnr[(*k[:3], "son (0)")]
            for k, v in psnr.items()
            if k[3] == column and (*k[:3], "son (0)") in psnr
        }
        pooled = found[None, None, column]
        assert pooled.images == len(values) == 16 - missing
        assert pooled.mean == pytest.approx(sum(values.values()) / len(values))
        assert pooled.least == pytest.approx(min(values.values()))
        cell = [v for k, v in values.items() if k[:2] == ("Set5", "gani_d")]
        assert found["gani_d", "Set5", column].mean == pytest.approx(sum(cell) / len(cell))


def test_a_gain_survives_json():
    found = gains(by_hand())
    assert msgspec.json.decode(msgspec.json.encode(found), type=list[Gain]) == found
