"""Strict records: every fault is one line with section.key, the value, and what to do."""

import ast
from pathlib import Path

import msgspec
import pytest

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options import datasets as data_options
from mzsr_basicsr.options import run as options
from mzsr_basicsr.options.datasets import MetaDatasetOptions, ZeroShotDatasetOptions
from mzsr_basicsr.options.run import RunOptions, TrainOptions, ZeroShotOptions
from mzsr_basicsr.options.strict import check_name, parse

TRAIN = {"total_iter": 10, "optim_g": {"type": "Adam", "lr": 1e-4}, "scheduler": {}, "pixel_opt": {}, "meta": {}}
RUN = {"name": "n", "model_type": "MZSRModel", "scale": 2, "num_gpu": 0, "network_g": {}, "datasets": {}, "path": {}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ema_dacay": 0.9}, r"train.ema_dacay: unknown key; did you mean `ema_decay`\?"),
        ({"zzz": 0.9}, r"train.zzz: unknown key; known: total_iter, optim_g"),
        ({"meta": {"inner_step": 5}}, r"train.meta.inner_step: unknown key; did you mean `inner_steps`\?"),
        ({"meta": {"inner_rate": "fast"}}, r"train.meta.inner_rate: 'fast': Expected `float`, got `str`$"),
        ({"meta": {"inner_rate": "-1e-3"}}, r"train.meta.inner_rate: -0.001: Expected `float` > 0"),
        ({"total_iter": "1e5"}, r"train.total_iter: '1e5': Expected `int`, got `str`; .*write 100000$"),
        ({"meta": {"order": 3}}, r"train.meta.order: 3: .*allowed: 1, 2"),
        (
            {"meta": {"loss_weights": "unifrom"}},
            r"train.meta.loss_weights: 'unifrom': .*allowed: uniform, annealed, last",
        ),
        ({"meta": {"learn_rates": 1}}, r"train.meta.learn_rates: 1: Expected `bool | null`, got `int`"),
        ({"total_iter": 0}, r"train.total_iter: 0: Expected `int` >= 1"),
        ({"total_iter": "100"}, r"train.total_iter: '100': Expected `int`, got `str`; remove the quotes"),
        ({"ema_decay": 1.5}, r"train.ema_decay: 1.5: Expected `float` < 1"),
        ({"precision": "half"}, r"train.precision: 'half': .*allowed: auto, float32, mixed, bfloat16"),
    ],
)
def test_faults_are_named(changes, message) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse(TrainOptions, "train", TRAIN | changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["1e-4", "1.0e-4", "0.0001", "1E-4", ".1e-3", "+1e-4", "1.e-4"])
def test_texts_that_are_numbers_serve_where_a_number_is_wanted(text: str) -> None:
    """YAML reads `1e-4` as a text, and BasicSR's `--force_yml` makes one even of `1.0e-4`."""
    assert parse(TrainOptions, "train", TRAIN | {"meta": {"inner_rate": text}, "ema_decay": text}).ema_decay == 1e-4
    rates = parse(ZeroShotOptions, "val.zero_shot", {"rates": [[0, text], [2, 0.5], [4, text]], "noise": text})
    assert rates.rates == ((0, 1e-4), (2, 0.5), (4, 1e-4)) and rates.noise == 1e-4
    base = {"name": "1e5", "type": "K", "phase": "train", "scale": 2, "batch_size_per_gpu": 1, "num_worker_per_gpu": 0}
    section = parse(MetaDatasetOptions, "datasets.train", base | {"kernel_law": {"lambda1": [text, "3e0"]}})
    assert section.kernel_law.lambda1 == (1e-4, 3.0) and section.name == "1e5"
    section = parse(MetaDatasetOptions, "datasets.train", base | {"kernel_law": {"shapes": text}})
    assert section.kernel_law.shapes == 1e-4  # also where a mapping may stand in its place
    law = {"shapes": {"shake": text, "disk": 0.5}}
    section = parse(MetaDatasetOptions, "datasets.train", base | {"kernel_law": law})
    assert section.kernel_law.shapes == {"shake": 1e-4, "disk": 0.5} and law["shapes"]["shake"] == text


def test_missing_and_nested_keys_are_named() -> None:
    with pytest.raises(ConfigError, match=r"^train.total_iter: required key is missing"):
        parse(TrainOptions, "train", {})
    with pytest.raises(ConfigError, match=r"^scale: required key is missing"):
        parse(RunOptions, "", {k: v for k, v in RUN.items() if k != "scale"})
    with pytest.raises(ConfigError, match=r"^val.zero_shot.update: unknown key; did you mean `updates`\?"):
        parse(RunOptions, "", RUN | {"val": {"zero_shot": {"update": [1]}}})
    with pytest.raises(ConfigError, match=r"^val.zero_shot.rates: 'lerned': .*learned"):
        parse(ZeroShotOptions, "val.zero_shot", {"rates": "lerned"})
    with pytest.raises(ConfigError, match=r"^trian: unknown key; did you mean `train`\?"):
        parse(RunOptions, "", RUN | {"trian": {}})


def test_faults_of_data_sections_are_named() -> None:
    either = {"name": "t", "type": "KernelMetaDataset", "phase": "train", "scale": 2}
    base = either | {"batch_size_per_gpu": 1, "num_worker_per_gpu": 0}
    assert parse(MetaDatasetOptions, "datasets.train", base | {"support": 0}).kernel_law.misstatement == (0.6, 1.6)
    for law, message in (
        ({"shapes": 1.5}, r"^datasets.train.kernel_law.shapes: 1.5: Expected `float` <= 1"),
        (
            {"shapes": {"shake": "1e-1", "disk": "x"}},
            r"^datasets.train.kernel_law.shapes: .*Expected `float`, got `str`",
        ),
        ({"shapes": {"shake": 1.5}}, r"^datasets.train.kernel_law.shapes: {'shake': 1.5}: Expected `float` <= 1"),
        ({"bicubic": -0.1}, r"^datasets.train.kernel_law.bicubic: -0.1: Expected `float` >= 0"),
        ({"mistated": 0.1}, r"^datasets.train.kernel_law.mistated: unknown key; did you mean `misstated`\?"),
    ):
        with pytest.raises(ConfigError, match=message):
            parse(MetaDatasetOptions, "datasets.train", base | {"kernel_law": law})
    with pytest.raises(ConfigError, match=r"^datasets.val.told_kernle: unknown key; did you mean `told_kernel`\?"):
        parse(ZeroShotDatasetOptions, "datasets.val", either | {"told_kernle": "delta"})


def test_records_are_immutable_and_leave_the_mapping_alone() -> None:
    given = TRAIN | {"meta": {"order": 1}}
    record = parse(TrainOptions, "train", given)
    assert record.meta.order == 1 and given["meta"] == {"order": 1}
    with pytest.raises(AttributeError):
        record.total_iter = 3


def test_every_key_is_read_by_some_line() -> None:
    """A field of a record that no source reads as an attribute is an option without effect."""
    package = Path(options.__file__).parents[1]
    read = {
        node.attr
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    # read by BasicSR itself, from the raw mapping (train.py, data/__init__.py, options.py, logger.py, base_model.py)
    basicsr = {
        "prefetch_mode", "num_prefetch_queue", "pin_memory", "persistent_workers", "num_worker_per_gpu", "type", "phase",
        "resume_state", "ignore_resume_networks", "param_key_g", "strict_load_g", "root", "experiments_root", "models", "training_states", "log",
        "visualization", "results_root", "print_freq", "save_checkpoint_freq", "use_tb_logger", "wandb", "scheduler", "warmup_iter", "val_freq",
        "save_img", "manual_seed", "plugin", "dist_params", "auto_resume", "is_train", "root_path", "model_type", "logger",
    }  # fmt: skip
    values = [*vars(options).values(), *vars(data_options).values()]
    records = {r for r in values if isinstance(r, type) and issubclass(r, msgspec.Struct)}
    fields = {field.name for record in records for field in msgspec.structs.fields(record)}
    assert len(fields) > 95
    assert {"misstatement", "told_kernel", "quantize", "noise_sigma"} <= fields
    assert not fields - read - basicsr


@pytest.mark.parametrize("name", [[], {"a": 1}, None, 3])
def test_a_name_that_is_no_text_is_not_registered(name: object) -> None:
    with pytest.raises(ConfigError, match="model_type: .* is not registered; known: a"):
        check_name("model_type", name, {"a": 1})
