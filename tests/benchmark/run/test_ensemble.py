"""An ensemble is the mean of its members' SR images, computed here from single runs and in NumPy."""

import numpy as np
import pytest
import torch
import yaml
from helpers.benchmark_runs import (
    NETWORK,
    benchmark,
    count_calls,
    make_place,
    network_method,
    options,
    planned,
    read,
    save,
)
from helpers.bicubic_by_hand import gaussian
from helpers.documents import blocks
from helpers.places import ROOT

from mzsr_basicsr.adaptation.zero_shot import Schedule, Settings, zero_shot
from mzsr_basicsr.benchmark.run.ensemble import columns, ensemble
from mzsr_basicsr.benchmark.run.output import Output
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError

HOOKS = ({"updates": [0, 2], "rates": [[0, 0.05]]}, {"updates": [2, 0], "rates": [[0, 0.2]]})


@pytest.fixture
def place(tmp_path):
    root = make_place(tmp_path)
    save(root / "other.pth", NETWORK, seed=7)
    return root


def members(place, *hooks):
    files = ("net.pth", "other.pth")
    return {
        f"m{i}": network_method(place / files[i], **({"zero_shot": hook} if hook else {}))
        for i, hook in enumerate(hooks)
    }


def measured(place, methods):
    """Give the results, and p1's LR image (1, 3, 20, 23) and pictures by column."""
    results, out = benchmark(options(place, methods=methods))
    assert not results.failures
    lr = next(s.lr for s in results.sources if s.image == "p1")
    lq = torch.from_numpy(read(out / lr) / np.float32(255)).permute(2, 0, 1)[None]
    return results, lq, {m.column: read(out / m.picture) for m in results.measures if m.image == "p1"}


def sr(place, index, lq, updates):
    """What the library gives when it is called by hand: (39, 45, 3) float64 in 0 to 255, not rounded."""
    file, rate = (("net.pth", 0.05), ("other.pth", 0.2))[index]
    network = save(place / file, NETWORK, seed=(0, 7)[index])
    settings = Settings((updates,), Schedule(((0, rate),)))
    degradation = Degradation(torch.from_numpy(gaussian(2)).float(), 2)
    image = zero_shot(network, lq, degradation, settings).images[updates]
    return 255.0 * image[0].permute(1, 2, 0).double().numpy()[:39, :45]


def test_numbers_of_updates_that_all_have_are_columns(place):
    methods = {"both": {"type": "ensemble", "of": ["m0", "m1"]}, **members(place, *HOOKS)}
    results, lq, pictures = measured(place, methods)
    assert results.columns == ["both (0)", "both (2)", "m0 (0)", "m0 (2)", "m1 (0)", "m1 (2)"]
    for updates in (0, 2):
        expected = (sr(place, 0, lq, updates) + sr(place, 1, lq, updates)) / 2
        assert np.abs(pictures[f"both ({updates})"] - expected).max() < 0.501  # levels: rounded once, not twice
        assert np.abs(pictures[f"m0 ({updates})"] - expected).max() > 2
    assert not np.array_equal(pictures["both (0)"], pictures["both (2)"])
    assert {(g.method, g.updates) for g in results.gains} == {("both", 2), ("m0", 2), ("m1", 2)}


def test_of_other_numbers_the_last_are_averaged(place):
    methods = {
        **members(place, HOOKS[0], None),
        "bicubic": None,
        "all": {"type": "ensemble", "of": ["m0", "m1", "bicubic"]},
    }
    results, lq, pictures = measured(place, methods)
    assert results.columns == ["m0 (0)", "m0 (2)", "m1", "bicubic", "all"]
    expected = (sr(place, 0, lq, 2) + sr(place, 1, lq, 0) + pictures["bicubic"]) / 3
    assert np.abs(pictures["all"] - expected).max() < 0.501 + 0.5 / 3  # bicubic's was rounded before


def test_the_example_of_the_page(place):
    (example,) = (text for text in blocks(ROOT / "docs/compare.md") if "type: ensemble" in text)
    plan = planned(options(place, **yaml.safe_load(example)))
    assert columns("both", plan.methods) == [0, 1, 10]


def test_seconds_are_the_sum():
    def method(updates, seconds):
        return lambda lq, degradation: [Output(u, lq, s) for u, s in zip(updates, seconds)]

    lq, degradation = torch.rand(1, 3, 4, 4), Degradation("delta", 2)
    alike = ensemble([method([0, 10], [1.0, 5.0]), method([0, 10], [0.5, 0.75])])(lq, degradation)
    assert [(o.updates, o.seconds) for o in alike] == [(0, 1.5), (10, 5.75)]
    (other,) = ensemble([method([0, 10], [1.0, 5.0]), method([300], [60.0])])(lq, degradation)
    assert (other.updates, other.seconds) == (None, 65.0)


def test_it_is_computed_alone_and_again_where_a_member_changed(place, monkeypatch):
    content = options(place, methods={**members(place, *HOOKS), "both": {"type": "ensemble", "of": ["m0", "m1"]}})
    calls = count_calls(monkeypatch)
    first, out = benchmark(content, methods=["both"])
    assert [label for label, *_ in calls] == ["m0", "m1"] * 2 and {m.method for m in first.measures} == {"both"}
    calls.clear()
    benchmark(content, methods=["both"])
    assert calls == []
    save(place / "other.pth", NETWORK, seed=8)
    before = [read(out / m.picture) for m in first.measures]
    again, _ = benchmark(content, methods=["both"])
    assert [label for label, *_ in calls] == ["m0", "m1"] * 2
    assert not any(np.array_equal(a, read(out / m.picture)) for a, m in zip(before, again.measures))


def test_a_member_that_fails_fails_the_ensemble_alone(place):
    faulty = {"type": "FaultyNet", "fault": "RuntimeError", "width": 23, "scale": 2}
    methods = {"bicubic": None, "bad": network_method(place / "faulty.pth", network_g=faulty)}
    results, _ = benchmark(options(place, methods={**methods, "both": {"type": "ensemble", "of": ["bicubic", "bad"]}}))
    assert {(f.method, f.image, f.reason) for f in results.failures} == {
        (label, "p1", "RuntimeError: two lines") for label in ("bad", "both")
    }
    assert {m.method for m in results.measures if m.image == "p0"} == {"bicubic", "bad", "both"}


BAD = [
    ([], r"methods.e.of: \[\]; name two or more methods, each once"),
    (["bicubic"], r"methods.e.of: \['bicubic'\]; name two or more"),
    (["bicubic", "bicubic"], "methods.e.of: .*each once"),
    (["bicubic", "edsr", "bicubic"], "methods.e.of: .*each once"),
    (["bicubic", "edsrr"], r"methods.e.of: 'edsrr' is no method; did you mean `edsr`\?"),
    (["bicubic", "e"], "methods.e.of: 'e' is an ensemble; known: bicubic, edsr"),
    (["bicubic", "f"], "methods.e.of: 'f' is an ensemble; known: bicubic, edsr"),
    ("bicubic", "methods.e.of: 'bicubic': Expected `array`"),
    (None, "methods.e.of: required key is missing; add it"),
]


@pytest.mark.parametrize(("of", "line"), BAD)
def test_bad_input_is_one_line(place, of, line):
    made = {"type": "ensemble"} | ({} if of is None else {"of": of})
    two = {"bicubic": None, "edsr": {"type": "bicubic"}}
    methods = {**two, "e": made, "f": {"type": "ensemble", "of": list(two)}}
    with pytest.raises(ConfigError, match=line) as caught:
        benchmark(options(place, methods=methods))
    assert "\n" not in str(caught.value) and not (place / "out").exists()
