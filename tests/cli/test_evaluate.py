"""`mzsr evaluate`: its cells are what the library gives, its Markdown adds up, and bad input is one line."""

import json
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from basicsr.archs import build_network
from helpers.commands import restored_signals
from helpers.trainings import cells, write_photos

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.adaptation.zero_shot import Schedule, Settings, zero_shot
from mzsr_basicsr.cli import evaluate
from mzsr_basicsr.cli import main as cli
from mzsr_basicsr.cli.evaluate import Case
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.names import NamedKernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, MZSRError
from mzsr_basicsr.metrics.quality import psnr_y, ssim_y
from mzsr_basicsr.metrics.results import load_json
from mzsr_basicsr.signals import SignalSettings
from mzsr_basicsr.weights.files import save_atomically

NETWORK = {"type": "MZSRNetWiener", "num_feat": 4, "num_block": 1, "scale": 2}
DIRECT = Case("g2.0d", NamedKernel("gaussian:2.0,2.0,0,21", "direct", 2))
TOLD = Case("g1.3b, told 0.7 λ", NamedKernel("gaussian:1.3,1.3,0,21", "bicubic", 2), "gaussian:0.91,0.91,0,21")
BEST = "10 + back-projection + self-ensemble"


def save(path: Path, network: dict, seed: int = 0) -> torch.nn.Module:
    """Save a network as an MZSRModel does, with learned rates that are large enough to change pixels."""
    torch.manual_seed(seed)
    built = build_network(dict(network)).eval()
    rates = torch.full((5, len(list(built.parameters()))), 0.02)
    about = {"scale": float(network["scale"]), "network_g": network}
    save_atomically({"params": built.state_dict(), "rates": rates, "about": about}, path)
    return built


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights for x2 and x4 and a set of two images, one of odd size."""
    root = tmp_path_factory.mktemp("evaluate")
    (root / "data" / "Tiny").mkdir(parents=True)
    photos = write_photos(root / "data" / "Tiny" / "GT", 2)
    cv2.imwrite(str(photos / "p1.png"), cv2.imread(str(photos / "p1.png"))[:39, :45])
    save(root / "w.pth", NETWORK)
    save(root / "four.pth", {**NETWORK, "scale": 4})
    return root


@pytest.fixture(scope="module")
def text(place: Path) -> str:
    return evaluate.run(place / "data", [str(place / "w.pth")], ["Tiny"], [DIRECT, TOLD], place / "out")


def read(place: Path, name: str) -> np.ndarray:
    return cv2.imread(str(place / "data/Tiny/GT" / f"{name}.png"))[..., ::-1].copy()


def direct_computation(place: Path, case: Case, name: str, updates: int, **extras) -> tuple[float, float]:
    """One cell, from the image file to PSNR and SSIM, by way of zero_shot."""
    gt, network = read(place, name), save(place / "again.pth", NETWORK)
    kernel, subsampling = load_kernel(case.made.spec), case.made.subsampling
    lr = Degradation(kernel, 2, subsampling).apply(torch.from_numpy(gt / 255.0).permute(2, 0, 1)[None])
    lr = (torch.round(lr.clamp(0, 1) * 255) / 255).float()
    schedule = Schedule(learned=torch.full((5, 8), 0.02))
    settings = Settings((updates,), schedule, quantize_son=True, **extras)
    made, told = (
        Degradation(k.float(), 2, subsampling) for k in (kernel, load_kernel(case.told) if case.told else kernel)
    )
    sr = zero_shot(network, lr, made, settings, told).images[updates][0]
    picture = np.uint8(np.rint(sr.permute(1, 2, 0).numpy() * 255))[: gt.shape[0], : gt.shape[1]]
    return psnr_y(picture, gt, 2), ssim_y(picture, gt, 2)


@pytest.mark.parametrize(("case", "file"), [(DIRECT, "w_Tiny_g2.0d.json"), (TOLD, "w_Tiny_g1.3b__told_0.7_λ.json")])
@pytest.mark.parametrize(("index", "name"), [(0, "p0"), (1, "p1")])
def test_a_cell_is_what_the_library_gives(place: Path, text: str, case: Case, file: str, index: int, name: str) -> None:
    rows = load_json(place / "out" / file)
    assert [row.image for row in rows] == ["p0", "p1", "mean"]
    assert list(rows[0].values) == ["bicubic", "0", "1", "5", "10", BEST] == list(rows[0].seconds)
    for column, extras in (("0", {}), ("10", {}), (BEST, {"back_projection": 4, "self_ensemble": True})):
        found = rows[index].values[column]
        expected = direct_computation(place, case, name, 10 if column == BEST else int(column), **extras)
        assert (found["psnr"], found["ssim"]) == pytest.approx(expected, abs=1e-4)
    assert len({rows[index].values[column]["psnr"] for column in rows[index].values}) == 6


def test_the_bicubic_column_is_bicubic(place: Path, text: str) -> None:
    gt = read(place, "p0")
    lr = Degradation(load_kernel(DIRECT.made.spec), 2).apply(torch.from_numpy(gt / 255.0).permute(2, 0, 1))
    lr = np.rint(lr.permute(1, 2, 0).numpy() * 255) / 255
    taps = np.array([-0.0703125, 0.8671875, 0.2265625, -0.0234375])  # Keys' cubic a quarter pixel beside a tap
    up = np.zeros((2 * lr.shape[0], 2 * lr.shape[1], 3))
    wide = np.pad(lr, [(2, 2), (2, 2), (0, 0)], mode="symmetric")
    for row in range(up.shape[0]):
        for column in range(up.shape[1]):
            weights = [taps if i % 2 else taps[::-1] for i in (row, column)]
            top, left = (i // 2 + 1 - (i % 2 == 0) for i in (row, column))
            block = wide[top : top + 4, left : left + 4]
            up[row, column] = np.einsum("i,j,ijc->c", *weights, block)
    expected = psnr_y(np.uint8(np.rint(up.clip(0, 1) * 255)), gt, 2)
    assert load_json(place / "out/w_Tiny_g2.0d.json")[0].values["bicubic"]["psnr"] == pytest.approx(expected, abs=1e-3)


def test_the_table_adds_up(place: Path, text: str) -> None:
    assert (place / "out" / "results.md").read_text() == text
    head, _, *rows = [cells(line) for line in text.splitlines() if line.startswith("|")]
    assert head == [
        "set",
        "kernel",
        "bicubic",
        "before",
        "after 1",
        "after 5",
        "after 10",
        f"after {BEST}",
        "gain of 10",
    ]
    assert [row[:2] for row in rows] == [["Tiny", "g2.0d"], ["Tiny", TOLD.name]]
    gains = []
    for row, file in zip(rows, ("w_Tiny_g2.0d.json", "w_Tiny_g1.3b__told_0.7_λ.json"), strict=True):
        before, after = (float(row[head.index(column)].split(" / ")[0]) for column in ("before", "after 10"))
        assert float(row[-1]) == pytest.approx(after - before, abs=0.0101)  # the columns are rounded
        images = json.loads((place / "out" / file).read_text())[:2]
        assert after == pytest.approx(np.mean([image["values"]["10"]["psnr"] for image in images]), abs=0.0051)
        gains.append(float(row[-1]))
    mean, least = map(float, re.search(r"ten updates: ([-+.\d]+) dB; least: ([-+.\d]+) dB", text).groups())
    assert mean == pytest.approx(np.mean(gains), abs=0.0101) and least == min(gains)


def test_a_row_of_several_kernels_is_their_mean(place: Path, tmp_path: Path) -> None:
    shakes = Case("shakes", NamedKernel("shake:0,15", "direct", 2), more=("shake:1,15",))
    evaluate.run(place / "data", [str(place / "w.pth")], ["Tiny"], [shakes], tmp_path, best=False)
    rows = load_json(tmp_path / "w_Tiny_shakes.json")
    assert [row.image for row in rows] == [f"p{i}, shake:{seed},15" for seed in (0, 1) for i in (0, 1)] + ["mean"]
    for row in rows[:4]:
        alone = Case("alone", NamedKernel(row.image.split(", ")[1], "direct", 2))
        expected = direct_computation(place, alone, row.image[:2], 5)
        assert (row.values["5"]["psnr"], row.values["5"]["ssim"]) == pytest.approx(expected, abs=1e-4)
    assert rows[4].values["5"]["psnr"] == pytest.approx(np.mean([row.values["5"]["psnr"] for row in rows[:4]]))


def test_weights_are_measured_on_rows_of_their_scale(place: Path, tmp_path: Path) -> None:
    four = Case("wide", NamedKernel("gaussian:2.0", "direct", 4))
    both = [str(place / "w.pth"), str(place / "four.pth")]
    text = evaluate.run(place / "data", both, ["Tiny"], [DIRECT, four], tmp_path, best=False)
    assert text.count("| Tiny |") == 2 and BEST not in text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["four_Tiny_wide.json", "results.md", "w_Tiny_g2.0d.json"]
    with pytest.raises(ConfigError, match=r"no row fits the scale of .*w.pth; give other weights or rows"):
        evaluate.run(place / "data", both[:1], ["Tiny"], [four], tmp_path)


def test_two_weights_files_of_one_name_keep_their_own_results(place: Path, tmp_path: Path) -> None:
    for seed, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        save(tmp_path / folder / "net_g_latest.pth", NETWORK, seed)
    both = [str(tmp_path / folder / "net_g_latest.pth") for folder in ("a", "b")]
    evaluate.run(place / "data", both, ["Tiny"], [DIRECT], tmp_path / "out", best=False)
    assert len(list((tmp_path / "out").glob("*.json"))) == 2


def test_another_signal_is_measured_and_named(place: Path, tmp_path: Path) -> None:
    weights = [str(place / "w.pth")]
    for signal, files in (("son", ["w_Tiny_g2.0d.json"]), ("scale", ["w_scale_Tiny_g2.0d.json"])):
        out = tmp_path / signal
        text = evaluate.run(place / "data", weights, ["Tiny"], [DIRECT], out, best=False, signal=signal)
        assert [p.name for p in out.glob("*.json")] == files
        assert ("learning from the signal scale" in text) == (signal == "scale")
    rows = [load_json(tmp_path / s / f)[0] for s, f in (("son", "w_Tiny_g2.0d.json"), ("scale", files[0]))]
    assert rows[0].values["10"]["psnr"] == pytest.approx(direct_computation(place, DIRECT, "p0", 10)[0], abs=1e-4)
    gt, network = read(place, "p0"), save(place / "again.pth", NETWORK)
    degradation = Degradation(load_kernel(DIRECT.made.spec).float(), 2)
    lr = degradation.apply(torch.from_numpy(gt / 255.0).float().permute(2, 0, 1)[None])
    manner = Manner(SignalSettings("scale"), "orthogonal")
    settings = Settings((10,), Schedule(((0, 5e-3),)), manner, quantize_son=True, careful=True)
    sr = zero_shot(network, torch.round(lr.clamp(0, 1) * 255) / 255, degradation, settings).images[10][0]
    expected = psnr_y(np.uint8(np.rint(sr.permute(1, 2, 0).numpy() * 255)), gt, 2)
    assert rows[1].values["10"]["psnr"] == pytest.approx(expected, abs=0.01)


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """Run `mzsr evaluate` and return the line it exits with ("" after a success)."""
    monkeypatch.setattr(sys, "argv", ["mzsr", "evaluate", *arguments])
    with restored_signals():
        try:
            cli.main()
        except SystemExit as end:
            return str(end.code)
    return ""


def test_the_command_prints_the_table(place: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    given = [str(place / "data"), "-w", str(place / "w.pth"), "-s", "Tiny", "--fast", "-o", str(tmp_path / "o")]
    assert command(monkeypatch, *given, "-k", "g2.0d") == ""
    assert capsys.readouterr().out.strip() == (tmp_path / "o" / "results.md").read_text().strip()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"-s": "Nowhere"}, r"error: .*folder .*Nowhere.GT does not exist"),
        ({"-w": "none.pth"}, r"error: none.pth: weights file does not exist"),
        ({"-w": "shipped:none"}, r"error: shipped:none: no such network is shipped"),
    ],
)
def test_what_is_missing_is_one_line(place: Path, tmp_path: Path, monkeypatch, change: dict, message: str) -> None:
    given = {"-w": str(place / "w.pth"), "-s": "Tiny", "-o": str(tmp_path / "o"), **change}
    line = command(monkeypatch, str(place / "data"), *[part for pair in given.items() for part in pair], "--fast")
    assert re.match(message, line) and "\n" not in line
    assert not (tmp_path / "o").exists()
    with pytest.raises(MZSRError):
        evaluate.run(place / "data", [given["-w"]], [given["-s"]], [DIRECT], tmp_path / "o")
