"""`mzsr export`: the file runs elsewhere, on any size, and gives what `mzsr upscale` gives."""

import ast
import json
import subprocess
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from helpers.commands import Command, load, photograph, smooth
from helpers.documents import blocks
from helpers.places import ROOT
from helpers.small_networks import save_network
from PIL import Image

import mzsr_basicsr

KERNEL = ("--kernel", "gaussian:1.5,0.8,0.4")


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    save_network(tmp_path / "w.pth", rate=0.001, correction=5.0)
    return Command(monkeypatch, capsys)


def session(path="out.onnx"):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def upscaled(image, **choices):
    given = {"weights": "w.pth", "noise": 0, "device": "cpu", "back_projection": 0, **choices}
    return mzsr_basicsr.upscale(image, 2, KERNEL[1], **given)


def test_onnx_of_any_size_gives_what_the_package_gives(mzsr):
    status, out, err = mzsr("export", "-o", "out.onnx", "--weights", "w.pth", *KERNEL)
    assert (status, err) == (0, []) and out[0].startswith("out.onnx: MZSRNetWiener of w, not adapted, ")
    runs = session()
    assert runs.get_inputs()[0].shape == ["batch", 3, "height", "width"]
    assert runs.get_outputs()[0].shape == ["batch", 3, "2*height", "2*width"]
    for height, width in ((40, 53), (75, 22), (9, 8)):
        image = smooth(height=height, width=width).astype(np.float32) / 255
        ours = upscaled(image, updates=0).image
        batch = np.stack([image, image[::-1]]).transpose(0, 3, 1, 2)
        made = runs.run(None, {"image": batch})[0]
        assert made.shape == (2, 3, 2 * height, 2 * width)
        np.testing.assert_allclose(made[0].transpose(1, 2, 0), ours, atol=2e-5)
        np.testing.assert_allclose(made[1], runs.run(None, {"image": batch[1:]})[0][0], atol=2e-5)


def test_an_adapted_network_of_8_bits_runs_in_the_script_of_the_page(mzsr, tmp_path):
    """The script of docs/export.md, word for word, over more than one tile, beside `mzsr_basicsr.upscale`."""
    photograph(tmp_path / "photo.png")
    options = ("--weights", "w.pth", *KERNEL, "--noise", "0", "--image", "photo.png", "--updates", "3", "--uint8")
    status, (line,), _ = mzsr("export", "-o", "scanner.onnx", *options, "--back-projection", "2", "--json")
    record = json.loads(line)
    assert (status, record["updates"], record["layout"], record["back_projection"]) == (0, "3", "NHWC", "2")
    (script,) = [text for text in blocks(ROOT / "docs/export.md", "python") if "onnxruntime" in text]
    nodes = [node for node in ast.walk(ast.parse(script)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    named = {(node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) for node in nodes}
    assert named == {"sys", "numpy", "onnxruntime", "PIL"} and len(script.splitlines()) < 30
    (tmp_path / "enlarge.py").write_text(script)
    Image.open("photo.png").save("page.png")
    wide = np.concatenate([smooth(height=530, width=40), load(tmp_path / "photo.png").repeat(14, 0)[:530]], 1)
    Image.fromarray(wide).save("wide.png")
    params_of = upscaled(load(tmp_path / "photo.png"), updates=3, back_projection=2)
    for name, ours in (("page", params_of.image), ("wide", None)):
        command = [sys.executable, "enlarge.py", "scanner.onnx", f"{name}.png", f"{name}_large.png"]
        subprocess.run(command, cwd=tmp_path, check=True)
        made = load(tmp_path / f"{name}_large.png")
        whole = session("scanner.onnx").run(None, {"image": load(tmp_path / f"{name}.png")[None]})[0][0]
        for expected in (whole, *([] if ours is None else [ours])):
            off = np.abs(made.astype(int) - expected)
            assert off.max() <= 1 and (off > 0).mean() < 1e-3, name


def test_torchscript_and_onnx_say_the_same_of_themselves(mzsr):
    image = smooth(height=31, width=44).astype(np.float32) / 255
    for file in ("out.onnx", "out.pt"):
        status, _, err = mzsr("export", "-o", file, "--weights", "w.pth", "--kernel", "bicubic", "--noise", "5")
        assert (status, err) == (0, [])
    extra = {"mzsr.json": ""}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.load("out.pt", _extra_files=extra)
    told = json.loads(extra["mzsr.json"])
    assert {prop.key: prop.value for prop in onnx.load("out.onnx").metadata_props} == told
    assert told["architecture"] == "MZSRNetWiener" and told["scale"] == "2" and told["noise"] == "5"
    assert json.loads(told["kernel"]) == [[1.0]] and json.loads(told["tags"]) == ["x2", "kernel baked in"]
    assert "licence" not in told  # whoever trained w.pth says
    ours = mzsr_basicsr.upscale(image, 2, "bicubic", 0, weights="w.pth", noise=5, device="cpu").image
    batch = image.transpose(2, 0, 1)[None]
    np.testing.assert_allclose(module(torch.from_numpy(batch))[0].permute(1, 2, 0), ours, atol=2e-5)
    np.testing.assert_allclose(session().run(None, {"image": batch})[0][0].transpose(1, 2, 0), ours, atol=2e-5)


@pytest.mark.parametrize("hardware", [True, False])
def test_weights_that_bear_bfloat16_are_adapted_and_exported_in_float32(mzsr, tmp_path, monkeypatch, hardware):
    """The shipped weights are known to bear it, and take it where the hardware has it; a file computes in float32."""
    monkeypatch.setattr("mzsr_basicsr.upscaling.precision.has_bfloat16", lambda device: hardware)
    photograph(tmp_path / "photo.png")
    options = (*KERNEL, "--noise", "0", "--image", "photo.png", "--updates", "1", "--weights", "shipped:mzsr_x2")
    status, (line,), err = mzsr("export", "-o", "out.pt", *options, "--json")
    assert (status, err) == (0, []) and max(json.loads(line)["off_by"].values()) < 2e-5


def test_the_joined_weights_say_that_their_first_network_is_taken(mzsr):
    status, out, err = mzsr("export", "-o", "first.pt", "--kernel", "gaussian:2,2")
    assert status == 0 and len(err) == 1 and "without --image their first is exported" in err[0]
    assert "of mzsr_domains_x2" in out[0]
    mzsr("export", "-o", "plain.pt", "--kernel", "gaussian:2,2", "--weights", "shipped:mzsr_x2")
    image = torch.rand(1, 3, 30, 30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, plain = (torch.jit.load(name)(image) for name in ("first.pt", "plain.pt"))
    assert torch.equal(first, plain)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--kernel", "motion:9,30"), "error: kernel: Wiener's filter does not serve this kernel, as it loses "),
        (("--kernel", "bicubic", "--scale", "3"), "error: scale: 3, but w.pth is for x2; leave --scale out"),
        (("--image", "bad.png"), "error: bad.png: "),
        (("--kernel", "bicubic", "--back-projection", "-1"), "error: back-projection: -1 must be from 0 to 100"),
    ],
)
def test_what_cannot_be_exported_leaves_nothing(mzsr, tmp_path, options, line):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    before = sorted(path.name for path in tmp_path.iterdir())
    status, out, err = mzsr("export", "-o", "out.pt", "--weights", "w.pth", *options)
    assert (status, out, len(err)) == (1, [], 1) and err[0].startswith(line)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_file_that_gives_something_else_does_not_appear(mzsr, tmp_path, monkeypatch):
    from mzsr_basicsr.exporting import chains

    spoilt = chains.bicubic_filter(2) * 1.001
    monkeypatch.setattr(chains, "bicubic_filter", lambda scale: spoilt)
    network = {"type": "MZSRNetLR", "num_feat": 4, "num_conv": 2, "scale": 2}
    from mzsr_basicsr.archs.build import build_network

    torch.save({"params": build_network(network).state_dict(), "about": {"scale": 2.0, "network_g": network}}, "lr.pth")
    (tmp_path / "out.pt").write_text("old")
    options = ("--weights", "lr.pth", "--kernel", "bicubic")
    assert mzsr("export", "-o", "out.pt", *options)[2] == [
        "error: output: out.pt is there already; give --overwrite or another name"
    ]
    status, _, err = mzsr("export", "-o", "out.pt", *options, "--overwrite")
    assert status == 1 and err[0].startswith("error: export: the file gives up to 0.00")
    assert (tmp_path / "out.pt").read_text() == "old"
    assert not list(tmp_path.glob(".*.part"))


def test_onnx_is_refused_where_it_is_not_installed(mzsr, monkeypatch):
    from mzsr_basicsr.exporting import choices

    monkeypatch.setattr(choices, "find_spec", lambda name: None)
    status, _, err = mzsr("export", "-o", "out.onnx", "--weights", "w.pth", "--kernel", "bicubic")
    assert status == 1 and "pip install 'mzsr_basicsr[export]', or give an output that ends with .pt" in err[0]
