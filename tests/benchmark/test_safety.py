"""benchmarks/safety.py: a study of two tiny photographs, gone on with and repeated, and its tables by hand."""

import importlib
import json
import math

import cv2
import numpy as np
import pytest
from helpers.places import ROOT
from helpers.small_networks import photo, save_network
from PIL import Image

from mzsr_basicsr.adaptation import careful
from mzsr_basicsr.errors import ConfigError


@pytest.fixture
def safety(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("safety")


@pytest.fixture
def report(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("safety_report")


@pytest.fixture
def place(tmp_path):
    for name in ("town/GT", "grey"):
        (tmp_path / name).mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "town/GT/one.png"), photo(72, 80)[..., ::-1])
    cv2.imwrite(str(tmp_path / "grey/two.png"), cv2.cvtColor(photo(80, 72), cv2.COLOR_RGB2GRAY))
    save_network(tmp_path / "net.pth")
    return tmp_path


def run(safety, place, *more, out="out"):
    folders = [str(place / "town/GT"), str(place / "grey")]
    fixed = ["-o", str(place / out), "--weights", str(place / "net.pth"), "--updates", "4", "--crop", "64"]
    safety.main([*folders, *fixed, *map(str, more)])
    return [json.loads(line) for line in (place / out / "pairs.jsonl").read_text().splitlines()]


def test_a_study_is_gone_on_with(safety, place, capsys, monkeypatch):
    rows = run(safety, place, "--pairs", 2, "--extra")
    assert [(r["folder"], r["kernel"]) for r in rows] == [("town", "g0.2d"), ("grey", "g0.2d")]
    for row in rows:
        held = row["held_out"]
        assert len(held) == len(row["losses"]) == 5
        assert row["best"] == held.index(min(held)) == row["kept"]
        assert row["predicted"]["last"] == pytest.approx(20 * math.log10(held[0] / held[4]))
        assert row["predicted"]["kept"] == pytest.approx(20 * math.log10(held[0] / held[row["kept"]]))
        same = {0: "before", 2: "half", 4: "after"}.get(row["kept"], "best")
        assert row["psnr"]["careful"] == row["psnr"][same] == row["psnr"]["best"]
        assert row["psnr"]["before"] != row["psnr"]["half"] != row["psnr"]["after"]
    file = place / "out/pairs.jsonl"
    file.write_text(file.read_text() + '{"folder": "gr')  # killed while it wrote
    calls = []
    adapt = careful.adapt_carefully
    monkeypatch.setattr(careful, "adapt_carefully", lambda *a: calls.append(a) or adapt(*a))
    assert [r["kernel"] for r in run(safety, place, "--pairs", 3)] == ["g0.2d", "g0.2d", "g2.0d"] and len(calls) == 1
    assert run(safety, place, "--pairs", 2)[:2] == rows and len(calls) == 1
    out = capsys.readouterr().out
    assert "| **all** | all | 2 |" in out and "| **all** | all | 3 |" in out
    with Image.open(place / "out/safety.png") as picture:
        assert picture.size[0] > 1000 and len(np.unique(np.asarray(picture.convert("L")))) > 20
    assert {p.name for p in (place / "out").iterdir()} == {"pairs.jsonl", "settings.json", "safety.md", "safety.png"}


def test_the_truth_is_what_the_benchmark_would_measure(safety, place):
    from mzsr_basicsr.adaptation.settings import Settings
    from mzsr_basicsr.adaptation.zero_shot import zero_shot
    from mzsr_basicsr.data.photos import to_picture, to_tensor
    from mzsr_basicsr.degradation.degrade import round_to_8_bits
    from mzsr_basicsr.degradation.record import Degradation
    from mzsr_basicsr.metrics.quality import psnr_y
    from mzsr_basicsr.weights.pretrained import load_pretrained

    (row,) = run(safety, place, "--pairs", 1, "--crop", 72, "--kernels", "g2.0d", out="whole")
    hr = photo(72, 80)
    firsts = range(hr.shape[1] - 72 + 1)
    truth = Degradation("gaussian:2,2,0,21", 2)
    network = load_pretrained(str(place / "net.pth")).network
    found = []
    for first in firsts:
        part = np.ascontiguousarray(hr[:, first : first + 72])
        lq = round_to_8_bits(truth.apply(to_tensor(part)[None].double())).float()
        sr = zero_shot(network, lq, truth.to(lq), Settings(updates=(0,))).images[0]
        found.append(psnr_y(to_picture(sr), part, 2))
    assert min(abs(row["psnr"]["before"] - value) for value in found) < 1e-3


@pytest.mark.parametrize("more", [["--told", "1.3"], ["--estimated"], ["--signal", "scale"], ["--rule", "orthogonal"]])
def test_other_settings_want_another_folder(safety, place, more):
    (first,) = run(safety, place, "--pairs", 1)
    with pytest.raises(SystemExit, match=rf"error: .*out holds a study with other {more[0][2:]}; give another -o"):
        run(safety, place, "--pairs", 1, *more)
    (other,) = run(safety, place, "--pairs", 1, *more, out="other")
    assert other["psnr"]["after"] != first["psnr"]["after"]


def test_wrong_choices_are_one_line(safety, place):
    for more, line in (
        (["--signal", "sun"], "error: --signal: 'sun' is not registered; did you mean `son`"),
        (["--updates", "0"], "error: --pairs, --updates, --crop and --told must be above 0"),
        (["--weights", str(place / "none.pth")], "none.pth"),
    ):
        with pytest.raises(SystemExit, match=line):
            run(safety, place, "--pairs", 1, *more)
    with pytest.raises(SystemExit, match="two folders are called town"):
        safety.named_folders([str(place / "town/GT"), str(place / "town")])


def test_variances_are_told_wrongly_and_nothing_else(safety):
    from mzsr_basicsr.degradation.kernels import gaussian_kernel

    pair = importlib.import_module("safety_pair")
    told = pair.true_degradation("gani_d", 2, 1.3)
    assert told.subsampling == "direct" and told.scale == 2
    assert np.allclose(told.kernel, gaussian_kernel(5.2, 1.3, -0.5, 21), atol=1e-12)
    assert pair.true_degradation("g1.3b", 2).subsampling == "bicubic"


def test_pairs_are_spread_and_more_of_them_begin_alike(safety):
    folders = {"a": ["1", "2", "3"], "b": ["4"]}
    pairs = safety.draw_pairs(folders, ["k", "l"], seed=0)
    assert len(set(pairs)) == len(pairs) == 8
    assert [p[0] for p in pairs] == ["a", "b", "a", "b", "a", "a", "a", "a"]
    assert {p[2] for p in pairs if p[0] == "b"} == {"k", "l"}
    assert pairs != safety.draw_pairs(folders, ["k", "l"], seed=1)
    assert pairs == safety.draw_pairs(folders, ["k", "l"], seed=0)


def row(before, after, best, kept, predicted, folder="f", kernel="k"):
    psnr = {"before": before, "half": before, "after": after, "best": best, "careful": best if kept else before}
    promised = {"best": predicted, "kept": predicted if kept else 0.0, "last": predicted}
    return {"folder": folder, "kernel": kernel, "psnr": psnr, "best": 3, "kept": kept, "predicted": promised}


def by_hand():
    return [
        row(30.0, 31.0, 30.98, 3, 0.4),  # kept, and right
        row(30.0, 29.8, 29.9, 3, 0.04),  # kept, and wrong: it loses 0.1 dB
        row(30.0, 29.0, 29.5, 0, 0.01),  # rolled back, and right
        row(30.0, 30.2, 30.2, 0, 0.01),  # rolled back, and wrong: it would have gained
        row(30.0, None, 30.5, 3, 0.2, "g"),  # diverged in the end
    ]


def test_tables_by_hand(report):
    text = report.tables(by_hand())
    lines = {tuple(c.strip() for c in line.split("|")[1:3]): line for line in text.splitlines() if "|" in line}
    assert lines["f", "k"].split("|")[3:-1] == [
        " 4 ",
        *[" +0.00 ", " -1.00 ", " 50 % ", " +0.22 ", " -0.10 ", " 25 % ", " 50 % "],
    ]
    assert lines["g", "k"] == "| g | k | 1 | – | – | 100 % | +0.50 | +0.50 | 0 % | 100 % |"
    assert lines["**all**", "all"].split("|")[6].strip() == "60 %"


def test_thresholds_by_hand(report):
    rows = {line.split("|")[1].strip(): line for line in report.thresholds(by_hand()).splitlines()}
    # gains of the lowest held-out loss: 0.98, -0.1, -0.5, 0.2, 0.5; of all updates: 1, -0.2, -1, 0.2, no picture
    assert rows["0"] == "| 0 | +0.22 | -0.50 | 40 % | +0.00 | -1.00 | 60 % | 100 % |"
    assert rows["0.02"] == "| 0.02 | +0.28 | -0.10 | 20 % | +0.20 | -0.20 | 40 % | 60 % |"
    assert rows["0.1"] == "| 0.1 | +0.30 | +0.00 | 0 % | +0.25 | +0.00 | 20 % | 40 % |"
    assert rows["1"] == "| 1 | +0.00 | +0.00 | 0 % | +0.00 | +0.00 | 0 % | 0 % |"


def test_the_picture_is_written_whole_or_not_at_all(report, tmp_path, monkeypatch):
    file = tmp_path / "safety.png"
    report.draw(by_hand(), file, 0.1)
    whole = file.read_bytes()

    def fails(*arguments, **more):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(OSError, match="disk full"):
        report.draw(by_hand()[:1], file, 0.1)
    assert file.read_bytes() == whole and list(tmp_path.iterdir()) == [file]


def test_what_is_passed_is_seen_and_the_rest_is_waited_for(safety, place):
    pair = importlib.import_module("safety_pair")
    follow = careful.follow
    with pytest.raises(ConfigError), pair.watching():
        raise ConfigError("x")
    assert careful.follow is follow
    careful.follow = lambda n: ((({"w": i}), 0.0) for i in range(n))
    try:
        with pair.watching() as passed:
            next(careful.follow(4))
        assert [p["w"] for p in passed] == [0, 1, 2, 3]
    finally:
        careful.follow = follow
