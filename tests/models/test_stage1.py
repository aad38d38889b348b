"""Stage 1 with BasicSR's own SRModel on our pairs: exact on resume, under torchrun, and refused where it must fail."""

from pathlib import Path

import pytest
import torch
from helpers.stage1 import write_stage1
from helpers.trainings import environment, run, train, write_photos

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "mzsr_basicsr.train"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"), 3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    root = tmp_path_factory.mktemp("whole")
    done = train(write_stage1(root / "o.yml", photos, 5, batch=4), root)
    assert done.returncode == 0, done.stderr
    return root


def latest(root: Path) -> dict:
    return torch.load(root / "experiments/pairs/models/net_g_latest.pth", weights_only=True)


def same(ours: dict, theirs: dict, tolerance: float = 0.0) -> None:
    for key in ("params", "params_ema"):
        for name, value in theirs[key].items():
            torch.testing.assert_close(ours[key][name], value, atol=tolerance, rtol=0)


@pytest.mark.parametrize("key", ["", "param_key_g: ~, ", "param_key_g: params_ema, "])
def test_a_resumed_run_ends_as_one_that_never_stopped(tmp_path: Path, photos: Path, whole: Path, key: str) -> None:
    options = write_stage1(tmp_path / "o.yml", photos, 5, batch=4)
    options.write_text(options.read_text().replace("path: {", f"path: {{{key}"))
    assert train(options, tmp_path, "--force_yml", "train:total_iter=3").returncode == 0
    resumed = train(options, tmp_path, "--auto_resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "Resuming training from epoch: 0, iter: 2" in resumed.stderr
    assert "with param key: [params]." in resumed.stderr and "with param key: [params_ema]." in resumed.stderr
    assert "Resumed with other options" not in resumed.stderr
    same(latest(tmp_path), latest(whole))


def test_torchrun_on_cpus_is_one_process_with_the_joint_batch(tmp_path: Path, photos: Path, whole: Path) -> None:
    options = write_stage1(tmp_path / "o.yml", photos, 5, batch=2)
    done = run([*TORCHRUN, "-opt", str(options), "--launcher", "pytorch"], tmp_path, environment())
    assert done.returncode == 0, done.stderr
    same(latest(tmp_path), latest(whole), 1e-6)
    first = latest(tmp_path)
    done = run([*TORCHRUN, "-opt", str(options), "--launcher", "pytorch", "--auto_resume"], tmp_path, environment())
    assert done.returncode == 0, done.stderr
    same(latest(tmp_path), first)


def test_numbers_may_arrive_as_texts(tmp_path: Path, photos: Path, whole: Path) -> None:
    """What `--force_yml` and YAML make of 1.0e-3 and 5e-1 is a text; BasicSR's Adam would end on it."""
    options = write_stage1(tmp_path / "o.yml", photos, 5, batch=4)
    options.write_text(options.read_text().replace("gamma: 0.5", "gamma: 5e-1"))
    done = train(options, tmp_path, "--force_yml", "train:optim_g:lr=1.0e-3")
    assert done.returncode == 0, done.stderr
    same(latest(tmp_path), latest(whole))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("length: 400", "length: 9", "error: datasets.train.length: 9 tasks; train.total_iter needs 10"),
        (
            "{type: MultiStepLR, milestones: [3], gamma: 0.5}",
            "{type: CosineAnnealingRestartLR, periods: [2, 2], restart_weights: [1, 1]}",
            "error: train.scheduler.periods: [2, 2] end after 4 iterations, train.total_iter is 5; they must sum to 5",
        ),
        (
            ", upscale: 2",
            "",
            "error: network_g: EDSR makes 32x32 px of 8x8 px, where scale 2 needs 16x16 (the target has 16x16)",
        ),
    ],
)
def test_what_would_fail_later_is_refused(tmp_path: Path, photos: Path, old: str, new: str, message: str) -> None:
    options = write_stage1(tmp_path / "o.yml", photos, 5)
    text = options.read_text()
    assert old in text
    options.write_text(text.replace(old, new))
    done = train(options, tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith(message)
    assert not list(tmp_path.rglob("*.pth"))


def test_what_the_state_holds_back_is_said(tmp_path: Path, photos: Path) -> None:
    options = write_stage1(tmp_path / "o.yml", photos, 3)
    assert train(options, tmp_path).returncode == 0
    text = options.read_text().replace("lr: 1.0e-3", "lr: 5.0e-4, weight_decay: 0.1").replace("[3]", "[1, 4]")
    options.write_text(text.replace("gamma: 0.5", "gamma: 0.25"))
    resumed = train(options, tmp_path, "--auto_resume")
    assert resumed.returncode == 0, resumed.stderr
    for line in (
        "train.optim_g.lr: the state's 0.001 goes on, the option file says 0.0005; to start afresh with it, give the run",
        "train.optim_g.weight_decay: the state's 0 goes on, the option file says 0.1; ",
        "train.scheduler.milestones: the state's [3] goes on, the option file says [1, 4]; ",
        "train.scheduler.gamma: the state's 0.5 goes on, the option file says 0.25; ",
    ):
        assert f"WARNING: Resumed with other options: {line}" in resumed.stderr
    assert resumed.stderr.count("Resumed with other options") == 4
