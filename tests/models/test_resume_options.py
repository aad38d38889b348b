"""Resuming with other options: the weights are those of the state, and every change is said with both values."""

from pathlib import Path

import pytest
import torch
from helpers.trainings import train, write_options, write_photos

TOTAL = 7


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """Weights and an average that differ, to start from."""
    root = tmp_path_factory.mktemp("pretrained")
    assert train(write_options(root / "o.yml", photos, 3), root).returncode == 0
    return root / "experiments/tiny/models/net_g_latest.pth"


def write(root: Path, photos: Path, pretrained: Path, path: str = "", **changes: str) -> Path:
    root.mkdir(exist_ok=True)
    options = write_options(root / "o.yml", photos, TOTAL)
    text = options.read_text().replace("{pretrain_network_g: ~", f"{{{path}pretrain_network_g: {pretrained}")
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    options.write_text(text)
    return options


def latest(root: Path) -> dict:
    return torch.load(root / "experiments/tiny/models/net_g_latest.pth", weights_only=True)


KEYS = {
    "none": ("", "params"),
    "null": ("param_key_g: ~, ", "params_ema"),
    "params": ("param_key_g: params, ", "params"),
    "average": ("param_key_g: params_ema, ", "params_ema"),
}


@pytest.mark.parametrize("key", KEYS)
def test_the_weights_of_a_resumed_run_are_its_own(tmp_path: Path, photos: Path, pretrained: Path, key: str) -> None:
    """Begun from either of the file's two, a run in three parts ends bit for bit as the run in one; the log names keys."""
    given, taken = KEYS[key]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    done = train(write(whole, photos, pretrained, given), whole)
    assert done.returncode == 0, done.stderr
    assert f"Loading MZSRNetLR from {pretrained}, with param key: [{taken}]." in done.stderr
    assert f"Loading MZSRNetLR from {pretrained}, with param key: [params_ema]." in done.stderr
    options = write(parts, photos, pretrained, given)
    for total in (3, 5, TOTAL):
        done = train(options, parts, "--auto_resume", "--force_yml", f"train:total_iter={total}")
        assert done.returncode == 0, done.stderr
    for name in ("params", "params_ema"):
        assert f"/net_g_4.pth, with param key: [{name}]." in done.stderr
        assert all(torch.equal(value, latest(parts)[name][n]) for n, value in latest(whole)[name].items())
    assert torch.equal(latest(whole)["rates"], latest(parts)["rates"])


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, photos: Path, pretrained: Path) -> Path:
    root = tmp_path_factory.mktemp("begun")
    done = train(write(root, photos, pretrained), root, "--force_yml", "train:total_iter=2")
    assert done.returncode == 0, done.stderr
    return root


AFRESH = "; to start afresh with it, give the run another `name` and its network as path.pretrain_network_g"


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, []),
        (
            {"lr": ("lr: 1.0e-3", "lr: 5.0e-5, betas: [0.5, 0.999]"), "rates": ("learn_rates", "rates_lr: 1.0e-4, learn_rates")},
            [
                "train.optim_g.lr: the state's 0.001 goes on, the option file says 5e-05" + AFRESH,
                "train.optim_g.betas: the state's [0.9, 0.999] goes on, the option file says [0.5, 0.999]" + AFRESH,
                "train.meta.rates_lr: the state's 0.001 goes on, the option file says 0.0001" + AFRESH,
            ],
        ),
        (
            {"steps": ("milestones: [3], gamma: 0.5", "milestones: [3, 3, 5], gamma: 0.1")},
            [
                "train.scheduler.milestones: the state's [3] goes on, the option file says [3, 3, 5]" + AFRESH,
                "train.scheduler.gamma: the state's 0.5 goes on, the option file says 0.1" + AFRESH,
            ],
        ),
        (
            {"type": ("MultiStepLR, milestones: [3], gamma: 0.5", "CosineAnnealingRestartLR, periods: [9]")},
            ["train.scheduler.type: the state is of another kind; the option file's CosineAnnealingRestartLR goes on from"],
        ),
        (
            {"inner": ("inner_rate: 1.0e-2", "inner_rate: 2.0e-2"), "ema": ("ema_decay: 0.5", "ema_decay: 0.9")},
            [
                "train.ema_decay: was 0.5, is 0.9 from here on",
                "train.meta.inner_rate: the learned rates of the state go on, the option file says 0.02" + AFRESH,
            ],
        ),
        (
            {
                "batch": ("batch_size_per_gpu: 2", "batch_size_per_gpu: 3"),
                "seed": ("gt_size: 16", "gt_size: 16\n    seed: 5"),
                "weights": ("loss_weights: annealed", "loss_weights: last"),
            },
            [
                "datasets.train.batch_size_per_gpu: was 2, is 3 from here on",
                "datasets.train.seed: was not given, is 5 from here on",
                "train.meta.loss_weights: was annealed, is last from here on",
            ],
        ),
    ],
)  # fmt: skip
def test_what_changes_is_said_and_nothing_else(
    begun: Path, photos: Path, pretrained: Path, changes: dict, lines: list[str]
) -> None:
    options = write(begun, photos, pretrained, **changes)
    done = train(options, begun, "--auto_resume", "--force_yml", "train:total_iter=3")
    assert done.returncode == 0, done.stderr
    found = [line.partition("Resumed with other options: ")[2] for line in done.stderr.splitlines()]
    found = [line for line in found if line]
    expected = [*lines, "train.total_iter: was 2, is 3 from here on"]
    assert len(found) == len(expected)
    for line in expected:
        assert any(said.startswith(line) for said in found), found


def test_a_schedule_of_the_state_that_is_too_short_is_refused_at_once(
    tmp_path: Path, photos: Path, pretrained: Path
) -> None:
    """The option file's longer periods are not taken up, so that the run would fail at its 5th iteration."""
    cosine = ("MultiStepLR, milestones: [3], gamma: 0.5", "CosineAnnealingRestartLR, periods: [4]")
    options = write(tmp_path, photos, pretrained, cosine=cosine)
    assert train(options, tmp_path, "--force_yml", "train:total_iter=4").returncode == 0
    options.write_text(options.read_text().replace("periods: [4]", "periods: [9]"))
    done = train(options, tmp_path, "--auto_resume", "--force_yml", "train:total_iter=9")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        "error: train.scheduler.periods: [4] of the state go on and end after 4 iterations, train.total_iter is 9; they "
        "must sum to 9 or more"
    )
    done = train(options, tmp_path, "--force_yml", "train:total_iter=10")
    assert done.returncode == 1
    assert "train.scheduler.periods: [9] end after 9 iterations, train.total_iter is 10" in done.stderr
    done = train(options, tmp_path, "--force_yml", "train:total_iter=9")
    assert done.returncode == 0, done.stderr


def test_networks_that_are_not_to_be_resumed_keep_the_key_that_was_asked_for(
    begun: Path, photos: Path, pretrained: Path
) -> None:
    options = write(begun, photos, pretrained, "ignore_resume_networks: [network_g], param_key_g: params_ema, ")
    done = train(options, begun, "--auto_resume", "--force_yml", "train:total_iter=3")
    assert done.returncode == 0, done.stderr
    assert f"Loading MZSRNetLR from {pretrained}, with param key: [params_ema]." in done.stderr
