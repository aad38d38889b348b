"""Resume: killed at any moment, a run ends bit for bit where an uninterrupted one ends."""

import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from helpers.trainings import environment, train, write_options, write_photos

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.models.checkpoint import check_moments, load_resume_state
from mzsr_basicsr.weights.files import save_atomically

TOTAL = 9


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """An uninterrupted run."""
    root = tmp_path_factory.mktemp("whole")
    done = train(write_options(root / "o.yml", photos, TOTAL), root)
    assert done.returncode == 0, done.stderr
    return root


def weights(root: Path, name: object = TOTAL - 1) -> dict:
    return torch.load(root / f"experiments/tiny/models/net_g_{name}.pth", weights_only=True)


def assert_same_end(root: Path, whole: Path) -> None:
    for name in (TOTAL - 1, "latest"):
        ours, theirs = weights(root, name), weights(whole, name)
        for key in ("params", "params_ema"):
            assert all(torch.equal(ours[key][n], theirs[key][n]) for n in theirs[key])
        assert torch.equal(ours["rates"], theirs["rates"])
    states = [
        torch.load(r / f"experiments/tiny/training_states/{TOTAL - 1}.state", weights_only=True) for r in (root, whole)
    ]
    moments = [s["optimizers"][0]["state"] for s in states]
    assert all(torch.equal(moments[0][i][k], moments[1][i][k]) for i in moments[1] for k in ("exp_avg", "exp_avg_sq"))
    assert all(moments[0][i]["step"] == moments[1][i]["step"] == TOTAL - 1 for i in moments[1])
    assert states[0]["optimizers"][0]["param_groups"] == states[1]["optimizers"][0]["param_groups"]
    assert states[0]["schedulers"] == states[1]["schedulers"]


@pytest.mark.parametrize("workers", [0, 2])
def test_killed_and_resumed_ends_bit_for_bit_alike(tmp_path: Path, photos: Path, whole: Path, workers: int) -> None:
    options = write_options(tmp_path / "o.yml", photos, TOTAL, workers=workers)
    slow = "import time, mzsr_basicsr.train as t; from mzsr_basicsr.models.mzsr_model import MZSRModel as M; f = M.optimize_parameters\n"
    slow += "M.optimize_parameters = lambda self, i: (time.sleep(0.3), f(self, i))[1]\nt.main()"
    command = [sys.executable, "-c", slow, "-opt", str(options)]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    state = tmp_path / "experiments/tiny/training_states/4.state"
    try:
        for _ in range(600):
            if state.exists() or running.poll() is not None:
                break
            time.sleep(0.05)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert not (tmp_path / "experiments/tiny/models/net_g_latest.pth").exists()
    resumed = train(options, tmp_path, "--auto_resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "Resuming training from epoch: 0, iter: 4" in resumed.stderr
    assert_same_end(tmp_path, whole)


def test_damaged_files_fall_back_to_the_state_before(tmp_path: Path, photos: Path, whole: Path) -> None:
    options = write_options(tmp_path / "o.yml", photos, TOTAL)
    assert train(options, tmp_path, "--force_yml", "train:total_iter=7").returncode == 0
    states = tmp_path / "experiments/tiny/training_states"
    cut(states / "6.state")
    cut(tmp_path / "experiments/tiny/models/net_g_4.pth")  # its state is whole, but useless without the network
    resumed = train(options, tmp_path, "--auto_resume")
    assert resumed.returncode == 0, resumed.stderr
    for path in (states / "6.state", states / "4.state"):
        assert f"WARNING: cannot resume from {path}" in resumed.stdout
    assert "Resuming training from epoch: 0, iter: 2" in resumed.stderr
    assert_same_end(tmp_path, whole)
    for path in states.glob("*.state"):
        cut(path)
    failed = train(options, tmp_path, "--auto_resume")
    assert failed.returncode == 1
    assert failed.stderr.strip().splitlines()[-1].startswith("error: no usable training state in ")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_the_time_budget_stops_cleanly_and_the_run_goes_on(tmp_path: Path, photos: Path, whole: Path) -> None:
    options = write_options(tmp_path / "o.yml", photos, TOTAL)
    first = train(options, tmp_path, "--force_yml", "train:time_budget=0.000001")
    assert first.returncode == 0, first.stderr
    assert "is spent: saved, stopped at 1." in first.stderr
    assert train(options, tmp_path, "--auto_resume").returncode == 0
    assert_same_end(tmp_path, whole)


def test_a_step_that_is_not_finite_stops_with_the_task_and_can_be_resumed(tmp_path: Path, photos: Path) -> None:
    """1e30 overflows in the loss; 5e6 in the gradient of a finite loss. Neither may reach the weights or the schedule."""
    options = write_options(tmp_path / "o.yml", photos, TOTAL)
    options.write_text(options.read_text().replace("learn_rates: true", "learn_rates: false"))
    assert train(options, tmp_path, "--force_yml", "train:total_iter=4").returncode == 0
    experiment = tmp_path / "experiments/tiny"
    states = experiment / "training_states"
    good = [torch.load(path, weights_only=True) for path in (states / "4.state", experiment / "models/net_g_4.pth")]
    for rate, fault in (("1e30", "the query loss of task "), ("5e6", "the meta-gradient is not finite; ")):
        done = train(options, tmp_path, "--auto_resume", "--force_yml", f"train:meta:inner_rate=!!float{rate}")
        assert done.returncode == 1
        line = done.stderr.strip().splitlines()[-1]
        assert line.startswith(f"error: iteration 5: {fault}")
        assert "of seed 0 (scale 2, kernel with middle row [" in line
        assert "the state of iteration 4 was saved; lower train.meta.inner_rate" in line
        assert sorted(path.name for path in states.iterdir()) == ["2.state", "4.state"]
        state, network = (
            torch.load(path, weights_only=True) for path in (states / "4.state", experiment / "models/net_g_4.pth")
        )
        assert state["schedulers"] == good[0]["schedulers"]
        assert state["optimizers"][0]["param_groups"] == good[0]["optimizers"][0]["param_groups"]
        for key in ("params", "params_ema"):
            assert all(torch.equal(value, good[1][key][name]) for name, value in network[key].items())
    resumed = train(options, tmp_path, "--auto_resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "Resuming training from epoch: 0, iter: 4" in resumed.stderr
    assert torch.isfinite(weights(tmp_path)["params"]["body.0.weight"]).all()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("inner_steps: 2", "inner_steps: 3", "train.meta.inner_steps` is 2, the option file's is 3"),
        ("learn_rates: true", "learn_rates: false", "train.meta.learn_rates` is True, the option file's is False"),
        ("type: Adam", "type: SGD", "train.optim_g.type` is Adam, the option file's is SGD"),
    ],
)
def test_an_optimizer_state_that_cannot_serve_is_refused(
    whole: Path, photos: Path, old: str, new: str, key: str
) -> None:
    text = write_options(whole / "other.yml", photos, TOTAL).read_text()
    assert old in text
    opt = yaml.safe_load(text.replace(old, new).partition("\n")[2]) | {"auto_resume": True}
    opt["path"] |= {part: str(whole / "experiments/tiny" / part) for part in ("models", "training_states")}
    with pytest.raises(WeightsError, match=re.escape(key)):
        load_resume_state(opt)


class _Code:
    def __reduce__(self):
        return (os.system, ("touch ran",))


def test_a_state_that_carries_code_is_refused(tmp_path: Path, photos: Path) -> None:
    options = write_options(tmp_path / "o.yml", photos, TOTAL)
    (tmp_path / "evil.state").write_bytes(pickle.dumps({"iter": _Code()}))
    text = options.read_text().replace("resume_state: ~", f"resume_state: {tmp_path}/evil.state")
    options.write_text(text)
    done = train(options, tmp_path)
    assert done.returncode == 1
    assert "evil.state: damaged, or no training state that can be loaded safely" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    save_atomically({"a": torch.ones(2)}, path)
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        save_atomically({"a": torch.zeros(2), "b": lambda: None}, path)
    assert torch.equal(torch.load(path, weights_only=True)["a"], torch.ones(2))
    assert [p.name for p in tmp_path.iterdir()] == ["w.pth"]


@pytest.mark.parametrize("kind", ["Adam", "AdamW", "SGD"])
def test_moments_that_no_optimizer_has_are_a_line(kind: str) -> None:
    parameter = torch.nn.Parameter(torch.ones(2, 3))
    parameter.grad = torch.ones(2, 3)
    options = {"lr": 0.1} | ({"momentum": 0.9} if kind == "SGD" else {})
    optimizer = getattr(torch.optim, kind)([parameter], **options)
    optimizer.step()
    check_moments([optimizer])
    state = optimizer.state[parameter]
    moment = next(name for name in state if name != "step")
    whole = state[moment]
    for damaged in (whole[:1], 0.5, None):
        state[moment] = damaged
        with pytest.raises(WeightsError, match=f"the training state is damaged: no {kind} has"):
            check_moments([optimizer])
    state["exp_awg"] = state.pop(moment)
    with pytest.raises(WeightsError, match="exp_awg"):
        check_moments([optimizer])
    state[moment] = state.pop("exp_awg")
    state[moment] = whole
    check_moments([optimizer])


@pytest.mark.parametrize("optimizers", [None, {}, [{"state": {}}], ["Adam"]])
def test_a_state_without_optimizers_is_passed_over(tmp_path: Path, optimizers: object, capsys) -> None:
    opt = {"name": "tiny", "auto_resume": True, "path": {"training_states": str(tmp_path), "models": str(tmp_path)}}
    save_atomically({"iter": 2, "epoch": 0, "schedulers": [], "optimizers": optimizers}, tmp_path / "2.state")
    with pytest.raises(WeightsError, match="no usable training state in .*2.state: no training state of BasicSR"):
        load_resume_state(opt)
    save_atomically({"iter": 2, "epoch": 0, "schedulers": [], "optimizers": [], "run": "{"}, tmp_path / "2.state")
    with pytest.raises(WeightsError, match="2.state: damaged: it does not say of which run it is"):
        load_resume_state(opt)
    assert capsys.readouterr().out.count("WARNING: cannot resume from") == 2
