"""The inner loop of a meta-training: what a step learns from, by signal and rule, and what is refused."""

import copy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from helpers.launches import changed, launch, make_place
from helpers.trainings import write_internal

from mzsr_basicsr import train as trainer
from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta import Pairs, Task
from mzsr_basicsr.meta.rules import orthogonal
from mzsr_basicsr.models.inner_loop import build_step, manner_of_training
from mzsr_basicsr.options.run import MetaOptions
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.signals import Scene, SignalSettings, lessons_of


def task(seed: int, made: Degradation | None = None) -> Task:
    images = [
        torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed + side), dtype=torch.float64)
        for side in (8, 16, 32)
    ]
    told = Degradation(gaussian_kernel(1.5, 0.8, 0.4, 9), 2, noise=0.02)
    return Task(Pairs(images[0], images[1]), Pairs(images[1], images[2]), told, f"task {seed}", made, seed)


@pytest.mark.parametrize("quantize", [False, True])
@pytest.mark.parametrize("misstated", [False, True])
def test_an_inner_loop_is_the_tests_adaptation(quantize: bool, misstated: bool) -> None:
    """Two steps by hand from each task's LR image, then the query loss and its gradient there: first order."""
    torch.manual_seed(0)
    network = MZSRNetLR(num_feat=6, num_conv=3, kernel_code=2).double()
    made = Degradation(gaussian_kernel(2.5, 2.0, 0.1, 9), 2, noise=0.02) if misstated else None
    tasks = [task(3, made), task(4, made)]
    meta = parse(
        MetaOptions,
        "train.meta",
        {"signal": "scale", "rule": "orthogonal", "order": 1, "inner_steps": 2, "inner_rate": 0.01},
    )
    loss, report = build_step(network, meta, F.l1_loss, quantize)(tasks, (0.0, 1.0))
    loss.backward()
    found = [parameter.grad.clone() for parameter in network.parameters()]
    expected, first = [torch.zeros_like(part) for part in found], []
    for one in tasks:
        adapted, state = copy.deepcopy(network), {}
        scene = Scene(
            network, one.query.lq, made or one.degradation, one.degradation, F.l1_loss, quantize, seed=one.seed
        )
        lessons = lessons_of(scene, SignalSettings("scale"))
        for step in range(2):
            params = dict(adapted.named_parameters())
            lesson = lessons(step, {name: value.detach() for name, value in params.items()})(params)
            first += [lesson.item()] if step == 0 else []
            directions = orthogonal(list(torch.autograd.grad(lesson, list(params.values()))), state)
            with torch.no_grad():
                for parameter, direction in zip(adapted.parameters(), directions, strict=True):
                    parameter -= 0.01 * direction
        query = F.l1_loss(adapted(one.query.lq, one.degradation.kernel), one.query.gt)
        slopes = torch.autograd.grad(query, list(adapted.parameters()))
        expected = [total + slope / 2 for total, slope in zip(expected, slopes, strict=True)]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=0)
    assert report.support[:, 0].tolist() == pytest.approx(first, abs=1e-12)


def test_the_papers_manner_needs_no_key() -> None:
    meta = parse(MetaOptions, "train.meta", {})
    assert manner_of_training(meta) == Manner() == Manner(SignalSettings("son"), "gradient")
    given = {"type": "mixed", "shares": [0.2, 0.8], "shrink": ["5e-1", 0.9], "crop": 48, "refresh": 5}
    meta = parse(MetaOptions, "train.meta", {"signal": given, "rule": "orthogonal", "order": 1})
    assert manner_of_training(meta) == Manner(SignalSettings("mixed", (0.2, 0.8), (0.5, 0.9), 48, 5), "orthogonal")


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"signal": "scael"}, r"^train.meta.signal: 'scael' is not registered; did you mean `scale`\?$"),
        ({"signal": {"type": "sun"}}, r"^train.meta.signal.type: 'sun' is not registered; did you mean `son`\?$"),
        ({"signal": {"shrink": [0.5, 0.9]}}, r"^train.meta.signal.type: required key is missing"),
        ({"signal": {"type": "scale", "shrnk": [0.5, 0.9]}}, r"^train.meta.signal.shrnk: unknown key; did you mean `shrink`\?$"),
        ({"signal": {"type": "scale", "shrink": [0.9, 0.5]}}, r"^train.meta.signal.shrink: \[0.9, 0.5\] must be \[smallest, largest\], both above 0 and at most 1$"),
        ({"signal": {"type": "scale", "shrink": [0.5, 1.5]}}, r"^train.meta.signal.shrink: \[0.5, 1.5\] must be"),
        ({"signal": {"type": "scale", "shrink": [0.0, 0.5]}}, r"^train.meta.signal.shrink: .*> 0"),
        ({"signal": {"type": "mixed", "shares": [0.0, 0.0]}}, r"^train.meta.signal.shares: \[0.0, 0.0\]; one of them must be above 0$"),
        ({"signal": {"type": "mixed", "shares": [0.5, -1.0]}}, r"^train.meta.signal.shares: .*>= 0"),
        ({"signal": {"type": "scale", "crop": -1}}, r"^train.meta.signal.crop: -1: Expected `int` >= 0$"),
        ({"rule": "ortogonal", "order": 1}, r"^train.meta.rule: 'ortogonal' is not registered; did you mean `orthogonal`\?$"),
        ({"rule": "orthogonal"}, r"^train.meta.outer: second_order differentiates through the steps, .* rule orthogonal .* give outer: first_order, or rule: gradient$"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_said_in_a_line(meta: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        manner_of_training(parse(MetaOptions, "train.meta", meta))
    assert "\n" not in str(caught.value)


def test_without_inner_steps_the_order_does_not_matter() -> None:
    assert manner_of_training(parse(MetaOptions, "train.meta", {"rule": "orthogonal", "inner_steps": 0})).rule


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("task: internal\n    query: 2", "support: 2\n    query: 2", "error: train.meta.signal: scale learns from an LR image alone; give datasets.train.task: internal"),
        ("order: 1", "order: 2", "error: train.meta.outer: second_order differentiates through the steps"),
        ("signal: scale", "signal: {type: scale, shrink: [0.9, 0.5]}", "error: train.meta.signal.shrink: [0.9, 0.5]"),
        ("rates: learned", "rates: learned, rule: gradient", "error: zero_shot.rule: gradient, but the rates were learned for orthogonal; give rates of its own"),
        ("rates: learned", "rates: learned, signal: sale", "error: zero_shot.signal: 'sale' is not registered; did you mean `scale`?"),
        ("rates: learned", "rates: learned, early_stop: 2", "error: val.zero_shot.early_stop: 2 compares losses"),
        ("rates: learned", "rule: newton", "error: zero_shot.rule: 'newton' is not registered; known: adam, gradient, learned_rates, lstm, orthogonal"),
    ],
)  # fmt: skip
def test_a_training_that_would_fail_later_is_refused_at_once(
    tmp_path, monkeypatch, old: str, new: str, line: str
) -> None:
    make_place(tmp_path, monkeypatch)
    text = write_internal(Path("o.yml"), Path("photos"), 2, "signal: scale, rule: orthogonal, order: 1").read_text()
    assert launch(monkeypatch, trainer, changed(text, (old, new))).startswith(line)
    assert not list(tmp_path.rglob("*.pth"))
