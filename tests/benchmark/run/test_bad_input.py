"""Bad input of `mzsr benchmark` is one line that says what, where, what is allowed and what to do, before any work."""

import importlib.util
import re
import shutil

import cv2
import numpy as np
import pytest
from helpers.benchmark_runs import NETWORK, benchmark, count_calls, make_place, network_method, options, save

from mzsr_basicsr.errors import ConfigError, ImageError, KernelError, MZSRError, WeightsError

EDSR = {"type": "EDSR", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 4, "num_block": 1}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = make_place(tmp_path_factory.mktemp("bad"))
    save(root / "four.pth", {**NETWORK, "scale": 4})
    save(root / "plain.pth", rates=None)
    save(root / "edsr.pth", {**EDSR, "upscale": 4}, rates=None, scale=2.0)
    for name in ("empty", "halved", "lr", "one"):
        (root / name).mkdir()
    for stem in ("p0", "p1"):
        cv2.imwrite(str(root / f"lr/{stem}.png"), cv2.imread(str(root / f"gt/{stem}.png"))[::2, ::2])
        cv2.imwrite(str(root / f"halved/{stem}.png"), np.zeros((10, 12, 3), np.uint8))
    shutil.copy(root / "lr/p1.png", root / "one/p1.png")
    shutil.copytree(root / "gt", root / "twins")
    shutil.copy(root / "gt/p0.png", root / "twins/p0.bmp")
    shutil.copytree(root / "gt", root / "corrupt")
    (root / "corrupt/p1.png").write_bytes((root / "gt/p1.png").read_bytes()[:200])
    (root / "damaged.pth").write_bytes(b"no weights")
    return root


def refused(place, tmp_path, changes, error=MZSRError, **choice):
    """Give the line that a benchmark ends with; nothing was computed and no report is there."""
    content = options(place, **{"output": str(tmp_path / "out"), **changes})
    with pytest.MonkeyPatch.context() as patch:
        calls = count_calls(patch)
        with pytest.raises(error) as caught:
            benchmark(content, **choice)
    assert calls == [] and not list(tmp_path.rglob("*.html"))
    line = str(caught.value)
    assert "\n" not in line and len(line) < 600
    return line


def own(**changes):
    return {"kernels": [{"name": "mine", "kernel": "gaussian:2", "scale": 2, **changes}]}


def one(**section):
    return {"methods": {"m": section}}


ZSSR = {"type": "zssr", "network_g": {"type": "MZSRNet", "num_feat": 4, "num_conv": 2}}
CONFIG = [
    (one(type="msrz"), r"methods.m: unknown method 'msrz'; did you mean `mzsr`\?"),
    ({"methods": {"bicubik": None}}, r"methods.bicubik: unknown method 'bicubik'; did you mean `bicubic`\?"),
    ({"methods": {}}, "methods: is empty; name at least one"),
    ({"kernels": []}, "kernels: is empty; name at least one"),
    ({"kernels": ["g2d"]}, r"kernels: unknown kernel 'g2d'; did you mean `g2.0d`\?"),
    ({"kernels": ["g2.0d", "g2.0d"]}, "kernels: g2.0d stands there twice; give each kernel a name"),
    ({"kernels": ["g2.0d", "g2.0d_x4"], "scales": [2]}, "kernels: g2.0d stands there twice"),
    ({"kernels": [{"name": "mine", "kernel": "delta"}]}, "kernels: mine has no scale; give `scale` there, or `scales`"),
    ({"published": "paper_x3"}, r"published: 'paper_x3': did you mean `paper_x"),
    ({"reference": "mzsr"}, "reference: 'mzsr' is no method; known: bicubic"),
    ({"metrics": ["ssim"]}, r"metrics: \['ssim'\]; begin with psnr"),
    ({"metrics": ["psnr", "lpips"]}, "metrics: lpips is pyiqa's, which is not installed; pip install .*, or use psnr, ssim"),
    ({"metrics": ["psnr", "psnr"]}, "metrics: .*name each of them once"),
    ({"seed": 2**63}, "seed"),
    ({"imports": ["antigravity"]}, "imports: antigravity is no module of yours"),
    ({"imports": [".x"]}, "imports: .x is no module of yours"),
    ({"imports": [""]}, "imports:  is no module of yours"),
    ({"imports": ["no_such_module"]}, "imports: no_such_module: .*; start in its folder, or install it"),
    (one(type="mzsr", kernel="internal"), "methods.m.kernel: 'internal': .*allowed: known, auto, bicubic"),
    (one(type="mzsr", param_key="params"), "methods.m.param_key: goes with `network_g`, which is missing"),
    ({"jobs": 0}, r"jobs: 0: Expected `int` >= 1"),
    ({"scales": [0.5]}, "scales"),
    ({"scales": []}, "scales: is empty; name at least one, or leave it out"),
    ({"scales": [float("inf")]}, "degradation.scale: inf must be finite"),
    (one(type=["mzsr"]), r"methods.m: unknown method \['mzsr'\]; did you mean `mzsr`"),
    ({"device": "gpu"}, "device: 'gpu': .*allowed: auto, cpu, cuda"),
    ({"device": "cuda"}, "device: cuda is not there; found: cpu; give one of these, or auto"),
    ({"datasets": {"T": {"gt": "x", "ql": {}}}}, r"datasets\.ql: unknown key; known: gt, lq"),
    ({"dataset": {}}, r"dataset: unknown key; did you mean `datasets`\?"),
    (one(type="bicubic", kernel="known"), "methods.m.kernel: unknown key"),
    (one(type="mzsr", kernel="none"), "methods.m.kernel: 'none': .*allowed: known, auto, bicubic"),
    (one(type="network"), "methods.m.weights: required key is missing"),
    (one(**ZSSR, crop=0), "methods.m.crop: 0: Expected `int` >= 1"),
    (one(**ZSSR, updates=[]), r"methods.m.updates: is empty; give at least one number, as \[3000\]"),
    (one(**ZSSR, updates=[-1]), "methods.m.updates: .*>= 0"),
    (one(**ZSSR, fathers=[1.0, 1.1]), r"methods.m.fathers: \[1.0, 1.1\]; allowed: sizes above 0 and up to 1"),
    (one(**ZSSR, fathers=[]), r"methods.m.fathers: \[\]; allowed"),
    (one(**ZSSR, gradual=[1.5, 1.25]), r"methods.m.gradual: \[1.5, 1.25\] must rise, between 1 and the scale 2"),
    (one(**ZSSR, gradual=[2.0]), r"methods.m.gradual: \[2.0\] must rise"),
    (one(type="zssr", network_g={"type": "MZSRNat"}), r"methods.m.network_g.type: 'MZSRNat' .*did you mean `MZSRNet`\?"),
    (one(type="zssr", network_g={"type": "MZSRNet", "feat": 4}), r"methods.m.network_g.feat: unknown key; did you"),
    (one(type="zssr", network_g={"type": "EDSR"}), r"methods.m.network_g: EDSR .*num_in_ch"),
    *[(own(name=name), "kernels: .*becomes a folder; allowed") for name in ("a/b", "..", "", ".")],
    *[({"methods": {name: {"type": "bicubic"}}}, "methods: .*becomes a folder") for name in ("a/b", "..", "")],
    *[({"name": name}, f"name: {name!r} becomes a folder; allowed: letters") for name in ("a/b", "..", "")],
]  # fmt: skip


@pytest.mark.parametrize(("changes", "line"), CONFIG)
def test_options(place, tmp_path, monkeypatch, changes, line):
    if "metrics" in changes:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert re.match(line, refused(place, tmp_path, changes, ConfigError))


@pytest.mark.parametrize("name", ["a/b", "..", ""])
def test_names_of_sets(place, tmp_path, name):
    line = refused(place, tmp_path, {"datasets": {name: str(place / "gt")}}, ConfigError)
    assert line.startswith("datasets: ") and "becomes a folder; allowed" in line


def w(file, **more):
    return lambda place: network_method(place / file, **more)


WEIGHTS = [
    (w("none.pth"), "none.pth: weights file does not exist; check the path"),
    (w("damaged.pth"), "damaged.pth: damaged, or no weights file"),
    (lambda place: network_method("shipped:none"), "shipped:none: no such network is shipped; allowed: shipped:"),
    (w("four.pth"), "four.pth is for scale 4, but a kernel of scale 2 is in `kernels`; name weights by scale"),
    (w("four.pth", network_g=NETWORK), "four.pth: trained for scale 4, the options say 2; use weights of that scale"),
    (w("edsr.pth", network_g={**EDSR, "upscale": 4}), "m.network_g.upscale: 4 differs from scale 2 of a kernel"),
    (w("edsr.pth", network_g=EDSR), "m.network_g.upscale: 4 differs from scale 2 of a kernel"),  # EDSR's own default
    (w("net.pth", network_g={**NETWORK, "scale": 4}), "m.network_g.scale: 4 differs from scale 2 of a kernel"),
    (w("net.pth", network_g={**NETWORK, "num_feat": 5}), "net.pth: weights of another network"),
    (w("net.pth", network_g={"type": "EDSR", "upscale": 2}), "methods.m.network_g: EDSR .*num_in_ch"),
    (lambda place: {"type": "mzsr", "weights": {4: str(place / "four.pth")}}, r"weights: none for scale 2 \(there are: 4\)"),
    (lambda place: {"type": "mzsr", "weights": {}}, r"weights: none for scale 2 \(there are: none\); add them as `2: FILE`"),
    (lambda place: {"type": "mzsr", "weights": str(place / "plain.pth")}, "rates: `learned`, but the weights hold no rates"),
    (w("net.pth", zero_shot={"updates": []}), r"methods.m.zero_shot.updates: is empty; give at least one number"),
    (w("net.pth", zero_shot={"rates": [[1, 0.1]]}), "zero_shot.rates: .*rising from update 0"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "line"), WEIGHTS)
def test_weights(place, tmp_path, method, line):
    assert re.search(line, refused(place, tmp_path, {"methods": {"m": method(place)}}, (ConfigError, WeightsError)))


def section(gt="gt", lq=None, kernel="g2.0d"):
    return lambda place: {"gt": str(place / gt), "lq": {kernel: str(place / lq)} if lq else {}}


IMAGES = [
    (section("empty"), "datasets.Tiny: .*empty holds no photograph; known endings: .png"),
    (section("nowhere"), "Tiny: skipped, since .*nowhere is no folder; put the images there, or name another folder"),
    (section("twins"), "p0.bmp and .*p0.png have the same name; rename one of them"),
    (section("twins", "lr"), "datasets.Tiny.lq.g2.0d: .*p0.bmp and .*p0.png have the same name; rename one of them"),
    (section("gt", "one"), "datasets.Tiny.lq.g2.0d: .*one has no image named p0, as .*p0.png is; add it, or leave lq out"),
    (section("corrupt"), "p1.png: damaged or not an image .*; replace or remove the file"),
    (section(lq="halved"), "p0.png: LR is 12x10 px, but its GT at scale 2 needs 24x20; check `scale` and the folders"),
    (section(lq="gt"), "p0.png: LR is 48x40 px, but its GT at scale 2 needs 24x20"),
    (section(lq="nowhere"), "datasets.Tiny.*lq.*: folder .*nowhere does not exist"),
    (section(lq="empty"), "datasets.Tiny.*lq.*: .*empty holds no photograph"),
    (section(lq="halved", kernel="g2d"), r"datasets.Tiny.lq: unknown kernel 'g2d'; did you mean `g2.0d`\?"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "line"), IMAGES)
def test_sets(place, tmp_path, made, line):
    found = refused(place, tmp_path, {"datasets": {"Tiny": made(place)}}, (ImageError, ConfigError))
    assert re.search(line, found)


@pytest.mark.parametrize("spec", ["gaussian:x", "none.mat", "gaussian:2,2,0,4"])
def test_kernels(place, tmp_path, spec):
    assert refused(place, tmp_path, own(kernel=spec), KernelError).startswith(spec)


def test_choices(place, tmp_path):
    for kind, word, near in (
        ("methods", "bicubik", "bicubic"),
        ("datasets", "Tyny", "Tiny"),
        ("kernels", "g20d", "g2.0d"),
    ):
        line = refused(place, tmp_path, {}, ConfigError, **{kind: [word]})
        assert line == f"--{kind}: '{word}' is not in the option file; did you mean `{near}`?"


def test_folders(place, tmp_path):
    (tmp_path / "out" / "tiny").mkdir(parents=True)
    (tmp_path / "out/tiny/notes.txt").write_text("mine")
    assert "holds other things than results of a benchmark; choose another --output" in refused(place, tmp_path, {})
    (tmp_path / "out/tiny/notes.txt").unlink()
    benchmark(options(place, output=str(tmp_path / "out")))
    line = refused(place, tmp_path, own())
    assert "holds the results of another configuration: its `kernels` is " in line and "--update" in line
    (tmp_path / "out/tiny/configuration.json").write_text("{")
    assert "configuration.json: is damaged; give --update to write it again" in refused(place, tmp_path, {})
    (tmp_path / "file").write_text("")
    assert refused(place, tmp_path, {"output": str(tmp_path / "file")}, ConfigError).endswith("choose another --output")
