"""Shipped weights: each has its card and checksum, is checked before it is loaded, and says which network it is for."""

import hashlib
import shutil
from pathlib import Path

import pytest
import torch
from basicsr.archs import build_network
from helpers.places import PACKAGE
from torch import nn

from mzsr_basicsr import weights
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.meta import network_inputs
from mzsr_basicsr.weights.files import load_weights, save_atomically
from mzsr_basicsr.weights.pretrained import load_pretrained

ROOT = PACKAGE / "weights"
# what the file itself does not say, as it was saved before files said it
NETWORKS = {"demo_stage1_x2": {"type": "MZSRNetLR", "num_feat": 32, "num_conv": 8, "scale": 2}}
NETWORK = {"type": "MZSRNetWiener", "num_feat": 4, "num_block": 2, "scale": 2}


def save(path: Path, network: dict, rates: torch.Tensor | None = None, **about: object) -> nn.Module:
    """Save a fresh network as an MZSRModel does."""
    torch.manual_seed(0)
    built = build_network(dict(network))
    content = {"params": built.state_dict(), "about": {"scale": 2.0, "network_g": network, **about}}
    save_atomically(content | ({} if rates is None else {"rates": rates}), path)
    return built


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's folder that may be tampered with."""
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path / path.name)
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    return tmp_path


def test_every_file_has_a_card_and_a_checksum_and_nothing_else_is_listed() -> None:
    lines = [line.split() for line in (ROOT / "SHA256SUMS").read_text().splitlines()]
    files = {path.name: path for path in ROOT.glob("*.pth")}
    assert {name for _, name in lines} == set(files) and len(lines) == len(files) == len(weights.names())
    for digest, name in lines:
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() == digest, name
        card = files[name].with_suffix(".md").read_text()
        assert card.startswith(f"# {name}")
        assert all(word in card for word in ("training", "data", "made again by")), name
        assert files[name].stat().st_size < 2 * 2**20


@pytest.mark.parametrize("name", [name for name in weights.names() if not name.startswith(("kernel_net", "task_"))])
def test_every_file_loads_and_super_resolves(name: str) -> None:
    spec = f"shipped:{name}"
    content = torch.load(weights.locate(spec), weights_only=True)
    about = content["about"]
    if isinstance(about["network_g"], dict):
        network = load_pretrained(spec).network
    else:
        network = build_network(dict(NETWORKS[name]))
        assert type(network).__name__ == about["network_g"]
        load_weights(network, spec, None, about["scale"])
    kernel = gaussian_kernel(2.0, 2.0, 0.0, 21).float()
    lq = torch.rand(1, 3, 12, 10)
    with torch.no_grad():
        sr = network(lq, **network_inputs(network, lq, Degradation(kernel, about["scale"])))
    assert sr.shape == (1, 3, 12 * int(about["scale"]), 10 * int(about["scale"]))
    assert torch.isfinite(sr).all()


def test_files_are_found_by_name_and_by_path(folder: Path) -> None:
    name = weights.names()[0]
    assert weights.locate(f"shipped:{name}") == str(folder / f"{name}.pth")
    assert weights.locate(str(folder / f"{name}.pth")) == str(folder / f"{name}.pth")
    assert weights.locate("experiments/mine.pth") == "experiments/mine.pth"  # others are nobody's business


def test_a_tampered_copy_is_refused(folder: Path) -> None:
    name = weights.names()[0]
    path = folder / f"{name}.pth"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    for spec in (f"shipped:{name}", str(path)):
        with pytest.raises(WeightsError, match=f"{name}.pth: its SHA-256 is {found}, not that of SHA256SUMS") as caught:
            weights.locate(spec)
        assert "\n" not in str(caught.value)
    with pytest.raises(WeightsError, match="its SHA-256 is"):
        load_weights(nn.Conv2d(1, 1, 1), f"shipped:{name}", None, 2.0)
    path.write_bytes(whole)
    assert weights.locate(str(path)) == str(path)


def test_a_file_that_is_not_listed_is_refused(folder: Path) -> None:
    save(folder / "stranger.pth", NETWORK)
    with pytest.raises(WeightsError, match=r"stranger.pth: its SHA-256 is .*install the package again"):
        load_pretrained("shipped:stranger")


def test_an_unknown_name_lists_the_known_ones(folder: Path) -> None:
    for name in ("mzsr_x5", "../weights/demo", ""):
        with pytest.raises(WeightsError) as caught:
            load_pretrained(f"shipped:{name}")
        line = str(caught.value)
        assert line.startswith(f"shipped:{name}: no such network is shipped; allowed: ") and "\n" not in line
        assert all(f"shipped:{known}" in line for known in weights.names())


def test_a_file_of_ours_is_enough_to_build_its_network(tmp_path: Path) -> None:
    rates = torch.rand(5, 12)
    network = save(tmp_path / "w.pth", NETWORK, rates)
    loaded = load_pretrained(str(tmp_path / "w.pth"))
    assert loaded.scale == 2.0 and torch.equal(loaded.rates, rates) and not loaded.network.training
    kernel = gaussian_kernel(1.0, 1.0, 0.0)
    lq = torch.rand(1, 3, 6, 6)
    assert torch.equal(loaded.network(lq, kernel), network(lq, kernel))
    for none in (None, torch.zeros(0, 12)):  # stage 1 has no inner steps
        save(tmp_path / "w.pth", NETWORK, none)
        assert load_pretrained(str(tmp_path / "w.pth")).rates is None


def test_the_average_is_taken_where_there_is_one(tmp_path: Path) -> None:
    network = save(tmp_path / "w.pth", NETWORK)
    content = torch.load(tmp_path / "w.pth", weights_only=True)
    content["params_ema"] = {name: value + 1 for name, value in content["params"].items()}
    save_atomically(content, tmp_path / "w.pth")
    loaded = load_pretrained(str(tmp_path / "w.pth")).network
    assert torch.equal(loaded.head.weight, network.head.weight + 1)


@pytest.mark.parametrize(
    ("network", "error", "message"),
    [
        ("MZSRNetWiener", WeightsError, "w.pth: does not say which network it is for; use it with an option file"),
        ({"type": "MZSRNetWeiner"}, ConfigError, "is not registered; did you mean `MZSRNetWiener`?"),
        ({"type": "MZSRNetWiener", "num_blok": 2}, ConfigError, "network_g.num_blok: unknown key"),
        ({"type": "MZSRNetWiener", "num_feat": 5}, WeightsError, "w.pth: weights of another network"),
    ],
)
def test_a_file_that_does_not_say_its_network_is_refused(tmp_path: Path, network, error, message: str) -> None:
    save(tmp_path / "w.pth", NETWORK, network_g=network)
    with pytest.raises(error) as caught:
        load_pretrained(str(tmp_path / "w.pth"))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_only_a_strict_load_insists_on_the_scale(tmp_path: Path) -> None:
    """The blocks of a network for x2 start one for x4; what does not fit stays as it was."""
    source = save(tmp_path / "w.pth", NETWORK)
    with pytest.raises(WeightsError, match="w.pth: trained for scale 2, the options say 4"):
        load_weights(build_network({**NETWORK, "scale": 4}), str(tmp_path / "w.pth"), None, 4.0)
    torch.manual_seed(1)
    target = build_network({**NETWORK, "scale": 4})
    before = {name: value.clone() for name, value in target.state_dict().items()}
    load_weights(target, str(tmp_path / "w.pth"), None, 4.0, strict=False)
    for name, value in target.state_dict().items():
        expected = source.state_dict()[name] if value.shape == source.state_dict()[name].shape else before[name]
        assert torch.equal(value, expected), name
    assert torch.equal(target.blocks[1].first.weight, source.blocks[1].first.weight)
