"""Averages of weights files, in NumPy by hand: weights, moving averages, rates and a meta-learner's own tensors."""

import hashlib
import math
from functools import reduce
from operator import getitem
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.benchmark_runs import save
from helpers.small_networks import save_network

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.weights.average import average, check_alike, read_source
from mzsr_basicsr.weights.files import read_file, save_atomically
from mzsr_basicsr.weights.manner import manner_as_plain
from mzsr_basicsr.weights.pretrained import load_pretrained


def random_file(path, seed, **changes):
    """Save a small network of random weights, with a moving average, three rows of rates and tensors under `meta`."""
    content = torch.load(save_network(path), weights_only=True)
    draw = torch.Generator().manual_seed(seed)
    content["params"] = {name: torch.randn(v.shape, generator=draw) for name, v in content["params"].items()}
    content["params_ema"] = {name: torch.randn(v.shape, generator=draw) for name, v in content["params"].items()}
    content["rates"] = 10 ** torch.empty(3, content["rates"].shape[1]).uniform_(-6, -1, generator=draw)
    content["meta"] = {
        "memory": {"keys": torch.randn(4, 5, generator=draw, dtype=torch.float64), "used": torch.arange(4)},
        "parts": [torch.randn(2, generator=draw).half(), "a text"],
        "steps": 10,
    }
    for keys, value in changes.items():
        where, *inner = content, *keys.split("__")
        for key in inner[:-1]:
            where = where[key]
        where.pop(inner[-1]) if value is None else where.update({inner[-1]: value})
    save_atomically(content, path)
    return str(path)


@pytest.fixture
def three(tmp_path):
    return [random_file(tmp_path / f"{seed}.pth", seed) for seed in range(3)]


def made(paths):
    sources = [read_source(path) for path in paths]
    check_alike(sources)
    return average(sources)


def test_every_tensor_is_the_mean_and_rates_are_the_geometric_mean(three):
    contents, found = [torch.load(path, weights_only=True) for path in three], made(three)

    def mean(*keys):
        return sum(reduce(getitem, keys, content).double().numpy() for content in contents) / 3

    for part in ("params", "params_ema"):
        assert list(found[part]) == list(contents[0][part])
        for name, value in found[part].items():
            assert value.dtype == torch.float32
            np.testing.assert_allclose(value.numpy(), mean(part, name), rtol=6e-8, atol=1e-9)
    product = np.prod([content["rates"].double().numpy() for content in contents], axis=0)
    np.testing.assert_allclose(found["rates"].numpy(), product ** (1 / 3), rtol=1e-6)
    memory, parts = found["meta"]["memory"], found["meta"]["parts"]
    np.testing.assert_allclose(memory["keys"].numpy(), mean("meta", "memory", "keys"), rtol=1e-14)
    assert memory["keys"].dtype == torch.float64 and torch.equal(memory["used"], torch.arange(4))
    np.testing.assert_allclose(parts[0].float().numpy(), mean("meta", "parts", 0), atol=1e-3)
    assert (parts[0].dtype, parts[1], found["meta"]["steps"]) == (torch.float16, "a text", 10)
    assert set(found) == set(contents[0])


def test_small_and_large_numbers_are_added_in_float64(tmp_path):
    values = {"a": 1.0, "b": 3e7, "c": -3e7}
    for name, value in values.items():
        save_network(tmp_path / f"{name}.pth")
        content = torch.load(tmp_path / f"{name}.pth", weights_only=True)
        content["params"]["tail.bias"][:] = value
        save_atomically(content, tmp_path / f"{name}.pth")
    found = made([str(tmp_path / f"{name}.pth") for name in values])
    torch.testing.assert_close(found["params"]["tail.bias"], torch.full_like(found["params"]["tail.bias"], 1 / 3))


def test_the_result_loads_and_says_what_it_is_the_average_of(three, tmp_path):
    content = made(three)
    save_atomically(content, tmp_path / "c.pth")
    loaded = load_pretrained(str(tmp_path / "c.pth"))
    for name, value in loaded.network.state_dict().items():
        assert torch.equal(value, content["params_ema"][name])
    assert loaded.scale == 2 and torch.equal(loaded.rates, content["rates"])
    origin = read_file(tmp_path / "c.pth", "file")["about"]["average_of"]
    sums = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in three]
    assert origin == [{"file": f"{seed}.pth", "sha256": digest} for seed, digest in enumerate(sums)]


def test_an_average_can_be_averaged_again(three, tmp_path):
    save_atomically(made(three[:2]), tmp_path / "c.pth")
    again = made([str(tmp_path / "c.pth"), three[2]])
    assert [one["file"] for one in again["about"]["average_of"]] == ["c.pth", "2.pth"]


def test_one_file_alone_stays_as_it_is(three):
    content, found = torch.load(three[0], weights_only=True), made(three[:1])
    assert all(torch.equal(found["params"][name], value) for name, value in content["params"].items())
    assert torch.equal(found["rates"], content["rates"])


def test_a_manner_that_is_not_said_is_the_papers(tmp_path):
    first = random_file(tmp_path / "a.pth", 0)
    second = random_file(tmp_path / "b.pth", 1, about__manner=manner_as_plain(Manner()))
    assert "average_of" in made([first, second])["about"]


def test_counters_of_normalisations_are_the_first_files(tmp_path):
    first = read_source(random_file(tmp_path / "a.pth", 0))
    contents = [{"about": first.content["about"], "meta": {"n.num_batches_tracked": torch.tensor(n)}} for n in (7, 9)]
    sources = [first._replace(content=content) for content in contents]
    check_alike(sources)
    assert int(average(sources)["meta"]["n.num_batches_tracked"]) == 7


SIGNAL = {"name": "scale", "shares": (0.25, 0.75), "shrink": None, "crop": 96, "refresh": 0}
OTHERS = [  # the change of the second file, and what is said of it
    ({"about__network_g__num_in_ch": 3}, "about.network_g.num_in_ch is there, but not in A"),
    ({"about__manner": {"signal": SIGNAL, "rule": "gradient"}}, "about.manner.signal.name is 'scale', but 'son' in A"),
    ({"about__manner": {"signal": {**SIGNAL, "name": "son"}, "rule": "adam"}}, "about.manner.* is .*, but .* in A"),
    ({"about__note": "anil"}, "about.note is there, but not in A"),
    ({"params_ema": None}, "params_ema is not there, but is in A"),
    ({"params_more": {}}, "params_more is there, but not in A"),
    ({"rates": torch.full((1, 8), 0.1)}, "rates is 1x8, but 3x8 in A"),
    ({"meta__memory__keys": torch.zeros(4, 6)}, "meta.memory.keys is 4x6, but 4x5 in A"),
    ({"meta__memory__keys": torch.zeros(4, 5, dtype=torch.int64)}, "meta.memory.keys is torch.int64, but torch.float64"),
    ({"meta__memory__keys": "none"}, "meta.memory.keys is a str, but a Tensor in A"),
    ({"meta__memory__used": torch.zeros(4, dtype=torch.int64)}, "meta.memory.used holds other whole numbers, which have"),
    ({"meta__memory": torch.zeros(4)}, "meta.memory is a Tensor, but a dict in A"),
    ({"meta__steps": 5}, "meta.steps is 5, but 10 in A"),
    ({"meta__parts": [torch.zeros(2).half()]}, "meta.parts.1 is not there, but is in A"),
    ({"meta__parts": [torch.zeros(3).half(), "a text"]}, "meta.parts.0 is 3, but 2 in A"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "line"), OTHERS)
def test_files_without_an_average(tmp_path, changes, line):
    first = random_file(tmp_path / "a.pth", 0)
    second = random_file(tmp_path / "b.pth", 1, **changes)
    with pytest.raises(WeightsError, match=rf"^{second}: {line.replace(' A', f' {first}')}") as caught:
        made([first, second])
    assert "\n" not in str(caught.value) and str(caught.value).endswith("with the same tensors")


def test_another_network_and_another_scale(tmp_path):
    first, other = random_file(tmp_path / "a.pth", 0), save_network(tmp_path / "b.pth", scale=4)
    with pytest.raises(WeightsError, match=rf"b.pth: about.scale is 4.0, but 2.0 in {first}; average files of one"):
        made([first, other])
    wide = {"type": "MZSRNetLR", "num_feat": 4, "num_conv": 2, "scale": 2}
    save(tmp_path / "c.pth", wide)
    with pytest.raises(WeightsError, match="about.network_g.type is 'MZSRNetLR', but 'MZSRNetWiener' in"):
        made([first, str(tmp_path / "c.pth")])


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("place", ["params", "params_ema", "rates", "meta"])
def test_what_is_not_finite_is_refused(tmp_path, place, value):
    path = random_file(tmp_path / "a.pth", 0)
    content = torch.load(path, weights_only=True)
    tensor = content[place]
    tensor = tensor["tail.bias"] if place.startswith("params") else tensor
    tensor = tensor["memory"]["keys"] if place == "meta" else tensor
    tensor.view(-1)[0] = value
    save_atomically(content, path)
    with pytest.raises(WeightsError, match=r"a.pth: .*holds weights that are NaN or infinite; replace the file$"):
        read_source(path)


def test_rates_below_zero_and_files_of_others_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="a.pth: its learned rates must not be negative; replace the file"):
        read_source(random_file(tmp_path / "a.pth", 0, rates=torch.full((1, 8), -0.1)))
    with pytest.raises(WeightsError, match="b.pth: does not say which network it is for"):
        read_source(random_file(tmp_path / "b.pth", 0, about=None))
