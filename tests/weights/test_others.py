"""Weights files of others: the network's tensors are found under any key and prefix, and nothing else is taken for them."""

import collections
import re
from pathlib import Path

import pytest
import torch
from basicsr.archs import build_network
from basicsr.utils.registry import ARCH_REGISTRY
from torch import nn

from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.benchmark.run.methods import build_method
from mzsr_basicsr.benchmark.run.options import NetworkOptions
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.options.run import ZeroShotOptions
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.weights.files import load_weights

EDSR = {"type": "EDSR", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 4, "num_block": 1, "upscale": 2}


def edsr(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return build_network(dict(EDSR))


def prefixed(prefix: str, state: dict) -> dict:
    return {prefix + name: value for name, value in state.items()}


STATE, AVERAGE = edsr(1).state_dict(), edsr(2).state_dict()
OTHER = nn.Conv2d(3, 4, 3).state_dict()  # of a discriminator
MOMENTS = {"state": {0: {"exp_avg": torch.zeros(4, 3, 3, 3)}}, "param_groups": [{"lr": 1e-4}]}
FILES = {
    "bare": (STATE, "the file itself"),
    "bare, in order": (collections.OrderedDict(STATE), "the file itself"),
    "module.": (prefixed("module.", STATE), "the file itself, names without `module.`"),
    "compiled": (prefixed("_orig_mod.", STATE), "the file itself, names without `_orig_mod.`"),
    "params": ({"params": STATE}, "params"),
    "params, module.": ({"params": prefixed("module.", STATE)}, "params, names without `module.`"),
    "state_dict": ({"state_dict": STATE, "epoch": 3}, "state_dict"),
    "model": ({"model": STATE, "optimizer": MOMENTS, "iter": 7}, "model"),
    "model_state_dict": ({"model_state_dict": STATE}, "model_state_dict"),
    "net": ({"net": STATE, "psnr": 31.0}, "net"),
    "nested": ({"checkpoint": {"net_g": STATE, "net_d": OTHER}}, "checkpoint.net_g"),
    "generator": (
        {"meta": {"iter": 3}, "state_dict": {**prefixed("generator.", STATE), **prefixed("discriminator.", OTHER)}},
        "state_dict, names without `generator.`",
    ),
    "two prefixes": ({"state_dict": prefixed("module.net_g.", STATE)}, "state_dict, names without `module.net_g.`"),
    "lightning": (
        {"state_dict": prefixed("model.network.", STATE), "optimizer_states": [MOMENTS], "step": torch.tensor(3)},
        "state_dict, names without `model.network.`",
    ),
    "beside others": ({"params": OTHER, "g": STATE}, "g"),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_tensors_are_found_and_the_key_is_named(tmp_path: Path, kind: str) -> None:
    content, key = FILES[kind]
    torch.save(content, tmp_path / "w.pth")
    network = edsr(0)
    found = load_weights(network, str(tmp_path / "w.pth"), None, 2.0)
    assert (found.key, found.differences, found.rates) == (key, [], None)
    assert all(torch.equal(value, STATE[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ({"params": STATE, "params_ema": AVERAGE}, ("params_ema", "params")),
        ({"params_ema": AVERAGE, "params": STATE}, ("params_ema", "params")),
        ({"model": STATE, "model_ema": AVERAGE}, ("model_ema", "model")),
        (
            {"state_dict": {**prefixed("generator.", STATE), **prefixed("generator_ema.", AVERAGE)}},
            ("state_dict, names without `generator_ema.`", "state_dict, names without `generator.`"),
        ),
    ],
)
def test_of_two_alike_the_average_is_taken_or_not(tmp_path: Path, content: dict, keys: tuple[str, str]) -> None:
    torch.save(content, tmp_path / "w.pth")
    for ema, key, expected in ((True, keys[0], AVERAGE), (False, keys[1], STATE)):
        network = edsr(0)
        assert load_weights(network, str(tmp_path / "w.pth"), None, 2.0, ema=ema).key == key
        assert all(torch.equal(value, expected[name]) for name, value in network.state_dict().items())


def test_a_key_that_is_given_is_insisted_on(tmp_path: Path) -> None:
    path = str(tmp_path / "w.pth")
    torch.save({"params": STATE, "other": AVERAGE}, path)
    network = edsr(0)
    assert load_weights(network, path, "other", 2.0).key == "other"
    assert torch.equal(network.conv_first.weight, AVERAGE["conv_first.weight"])
    assert load_weights(network, path, "params_ema", 2.0).key == "params"  # as BasicSR does, and says
    with pytest.raises(WeightsError, match=r"w.pth: has no `params_g`; it holds: params, other"):
        load_weights(network, path, "params_g", 2.0)


def test_a_mismatch_lists_five_differences_and_their_number(tmp_path: Path) -> None:
    path = str(tmp_path / "w.pth")
    theirs = {name: value for name, value in STATE.items() if "upsample" not in name}
    theirs |= {f"more.{i}": torch.zeros(i) for i in range(4)} | {"conv_last.weight": torch.zeros(3, 5, 3, 3)}
    for content in (theirs, {"state_dict": prefixed("generator.", theirs)}):
        torch.save(content, path)
        network = edsr(0)
        before = {name: value.clone() for name, value in network.state_dict().items()}
        with pytest.raises(WeightsError) as caught:
            load_weights(network, path, None, 2.0)
        assert str(caught.value) == (
            f"{path}: weights of another network than this EDSR: missing upsample.0.weight (16, 4, 3, 3); "
            "missing upsample.0.bias (16,); unexpected more.0 (0,); unexpected more.1 (1,); unexpected more.2 (2,) "
            "(7 differences)"
        )
        assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
        found = load_weights(network, path, None, 2.0, strict=False)
        assert len(found.differences) == 7
        assert torch.equal(network.conv_first.weight, STATE["conv_first.weight"])
        assert torch.equal(network.conv_last.weight, before["conv_last.weight"])


def test_nothing_that_fits_is_an_error_even_where_some_may_be_left_out(tmp_path: Path) -> None:
    path = str(tmp_path / "w.pth")
    torch.save(MZSRNetLR(num_feat=5, num_conv=2).state_dict(), path)
    with pytest.raises(WeightsError, match="weights of another network than this EDSR: missing conv_first.weight"):
        load_weights(edsr(0), path, None, 2.0, strict=False)


def test_batch_normalisations_of_old_files_lack_their_count(tmp_path: Path) -> None:
    path = str(tmp_path / "w.pth")
    theirs = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
    nn.init.uniform_(theirs[1].running_var, 1, 2)
    state = theirs.state_dict()
    torch.save({name: value for name, value in state.items() if "num_batches" not in name}, path)
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
    assert load_weights(network, path, None, 2.0).differences == []
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_code_is_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": edsr(0)}, tmp_path / "w.pth")  # a whole module
    with pytest.raises(WeightsError, match="damaged, or no weights file that can be loaded safely"):
        load_weights(edsr(0), str(tmp_path / "w.pth"), None, 2.0)


class HalfFrozen(nn.Module):
    """Bicubic and two 1x1 convolutions, of which the first is not trained."""

    def __init__(self, scale: int = 2) -> None:
        super().__init__()
        self.scale = scale
        self.first, self.second = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.first.requires_grad_(False)

    def forward(self, lq: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(upscale(lq, self.scale)))


def test_learned_rates_beside_frozen_parameters_work_in_the_benchmark(tmp_path: Path) -> None:
    """One column for each trained tensor; the result is two plain steps of descent with those rates."""
    if "HalfFrozen" not in ARCH_REGISTRY:
        ARCH_REGISTRY.register(HalfFrozen)
    torch.manual_seed(0)
    network, path = HalfFrozen(), tmp_path / "w.pth"
    rates = torch.tensor([[0.3, 0.02], [0.1, 0.05]])
    torch.save({"params": network.state_dict(), "rates": rates}, path)
    hook = parse(ZeroShotOptions, "", {"updates": [2], "rates": "learned"})
    options = NetworkOptions(type="network", network_g={"type": "HalfFrozen"}, weights=str(path), zero_shot=hook)
    degradation = Degradation(gaussian_kernel(1.0, 1.0, 0.0, 7).float(), 2)
    lq = degradation.apply(torch.rand(1, 3, 32, 32))
    [output] = build_method("ours", options, 2.0, 0, torch.device("cpu"))(lq, degradation)
    for row in rates:
        loss = (network(degradation.apply(lq)) - lq).abs().mean()
        trained = list(network.second.parameters())
        for value, slope, rate in zip(trained, torch.autograd.grad(loss, trained), row, strict=True):
            value.data -= rate * slope
    torch.testing.assert_close(output.image, network(lq).clamp(0, 1), atol=1e-6, rtol=0)
    torch.save({"params": network.state_dict(), "rates": torch.ones(2, 4)}, path)
    with pytest.raises(WeightsError, match=re.escape(f"{path}: its learned rates do not fit its network")):
        build_method("ours", options, 2.0, 0, torch.device("cpu"))
