"""Meta-learners that cannot be trained or found again: one line each, before any work."""

from pathlib import Path

import pytest
import torch
from helpers.launches import launch, make_place
from helpers.small_networks import save_network
from helpers.trainings import write_options

from mzsr_basicsr import train as trainer
from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.meta import MetaLearner
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.starts import Memory
from mzsr_basicsr.options.learner import MetaOptions, choices_of
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.options.zero_shot import ZeroShotOptions, zero_shot_settings
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.learner import learner_as_plain
from mzsr_basicsr.weights.pretrained import load_pretrained


@pytest.mark.parametrize(
    ("meta", "line"),
    [
        ({"learner": "reptil"}, "train.meta.learner: 'reptil' is not registered; did you mean `reptile`?"),
        ({"start": "memmory"}, "train.meta.start: 'memmory' is not registered; did you mean `memory`?"),
        ({"scope": "haed"}, "train.meta.scope: 'haed' is not registered; did you mean `head`?"),
        ({"outer": "second"}, "train.meta.outer: 'second' is not registered; did you mean `second_order`?"),
        ({"rule": {"type": "lstmm"}}, "train.meta.rule: 'lstmm' is not registered; did you mean `lstm`?"),
        ({"learner": "reptile", "order": 2}, "train.meta.order: 2 is not that of outer: reptile; leave it out"),
        ({"outer": "first_order", "order": 2}, "train.meta.order: 2 is not that of outer: first_order; leave it out"),
        ({"learner": "lslr", "learn_rates": False}, "train.meta.learn_rates: false, but the rule is learned_rates; give rule: gradient"),
        ({"learner": "lstm", "outer": "second_order"}, "train.meta.outer: second_order differentiates through the steps, and those of the rule lstm"),
        ({"learner": "reptile", "learn_rates": True}, "train.meta.outer: reptile moves the start towards the adapted parameters, and says nothing of rates"),
        ({"learner": "transfer", "rule": "learned_rates"}, "train.meta.outer: none makes no step in training"),
    ],
)  # fmt: skip
def test_choices_are_refused_by_name_and_with_the_reason(meta: dict, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choices_of(parse(MetaOptions, "train.meta", meta))
    assert str(caught.value).startswith(line) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("meta", "line"),
    [
        ("learner: experts", "error: train.meta.start.clusters: required for experts; give a file of `mzsr tasks cluster`"),
        ("start: {type: experts, clusters: none.pth}", "error: none.pth: "),
        ("start: {type: memory, embedding: small.pth}", "error: small.pth: an embedding of another size: "),
        ("start: {type: memory, embedding: code.pth}", "error: code.pth: damaged, or no weights file of TaskEmbedding"),
        ("start: {type: memory, sise: 4}", "error: train.meta.start.sise: unknown key; did you mean `size`?"),
        ("scope: [tial.*]", "error: train.meta.scope: 'tial.*' matches no parameter; known: "),
    ],
)  # fmt: skip
def test_a_training_stops_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meta: str, line: str
) -> None:
    make_place(tmp_path, monkeypatch)
    save_atomically({"params": TaskEmbedding(size=8).state_dict()}, "small.pth")
    torch.save({"params": torch.nn.Conv2d(1, 1, 1)}, "code.pth")  # a pickled object
    text = write_options(Path("o.yml"), Path("photos"), 1).read_text()
    text = text.replace("inner_steps: 2,", f"inner_steps: 2, {meta},")
    ended = launch(monkeypatch, trainer, text)
    assert ended.startswith(line) and "\n" not in ended
    assert not list(tmp_path.rglob("net_g_*.pth"))


def weights_with_memory(path: Path) -> dict:
    save_network(path)
    content = torch.load(path, weights_only=True)
    network = load_pretrained(str(path)).network
    learner = MetaLearner(network, Memory(network, TaskEmbedding(), size=2), "modulation")
    content["about"]["learner"], content["meta"] = learner_as_plain(learner), learner.state_dict()
    return {name: value for name, value in content.items() if name != "rates"}


def damaged(content: dict, how: str) -> dict:
    learner = content["about"]["learner"]
    if how == "unknown start":
        learner["start"] = "oracle"
    elif how == "unknown scope":
        learner["scope"] = "tail"
    elif how == "no tensors":
        del content["meta"]
    elif how == "another size":
        learner["start_arguments"] = {"size": 3}
    elif how == "huge":
        learner["start_arguments"] = {"size": 10**9}
    elif how == "odd":
        learner["start_arguments"] = "a lot"
    return content


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("unknown start", "its meta-learner 'oracle' is not registered; import the module that registers it"),
        ("unknown scope", "its meta-learner 'tail' is not registered"),
        ("no tensors", "its meta-learner does not fit its network (`meta` is missing); replace the file"),
        ("another size", "its meta-learner does not fit its network ("),
        ("huge", "its meta-learner does not fit its network (a size of 1000000000 or below 1)"),
        ("odd", "its meta-learner does not fit its network ("),
    ],
)
def test_a_file_whose_learner_cannot_be_built_is_refused(tmp_path: Path, how: str, words: str) -> None:
    path = tmp_path / "w.pth"
    content = weights_with_memory(path)
    save_atomically(content, path)
    assert load_pretrained(str(path)).learner is not None
    save_atomically(damaged(content, how), path)
    with pytest.raises(WeightsError) as caught:
        load_pretrained(str(path))
    assert str(caught.value).startswith(f"{path}: {words}") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"rule": "lstm"}, "zero_shot.rule: lstm is a rule that is learned, and the weights file has none; give another"),
        ({"rates": [[0, 1e-3]], "rule": "lstm"}, "zero_shot.rule: lstm is a rule that is learned"),
    ],
)  # fmt: skip
def test_a_learned_rule_must_be_in_the_file(given: dict, line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        zero_shot_settings(parse(ZeroShotOptions, "val.zero_shot", given), None)


def test_a_learned_rule_takes_no_schedule_that_it_was_not_trained_for() -> None:
    from mzsr_basicsr.adaptation.settings import Manner

    own, options = Manner(rule="lstm"), parse(ZeroShotOptions, "val.zero_shot", {"rates": [[0, 0.1]], "rule": "lstm"})
    with pytest.raises(ConfigError, match="zero_shot.rates: the rule lstm was trained with rates of its own"):
        zero_shot_settings(options, None, own)
