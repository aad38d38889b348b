"""Validation tasks: judged alike by a plain loop and after a resume; the best network; patience."""

import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import torch
import torch.nn.functional as F
from basicsr.utils.logger import initialized_logger
from helpers.commands import restored_signals
from helpers.launches import changed, launch
from helpers.trainings import OPTIONS, write_photos
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mzsr_basicsr import train
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.data import task_stream
from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
from mzsr_basicsr.models.meta_validation import Best
from mzsr_basicsr.models.mzsr_model import MZSRModel

TOTAL, EVERY, STEPS = 9, 2, 2
TASKS = {"name": "tasks", "type": "KernelMetaDataset", "support": 2, "query": 3, "gt_size": 16, "length": 5}
SECTION = (
    "{" + ", ".join(f"{key}: {value}" for key, value in TASKS.items()) + ", dataroot_gt: photos, part: [0.6, 1.0]}"
)
TEXT = changed(
    OPTIONS.format(photos="photos", total=TOTAL, batch=2, workers=0),
    ("    gt_size: 16", "    gt_size: 16\n    part: [0.0, 0.6]"),
    ("  val: {name", f"  val_tasks: {SECTION}\n  val: {{name"),
    ("lr: 1.0e-3", "lr: 1.5e-1"),  # too fast: from iteration 6 on it gets worse
    ("save_checkpoint_freq: 2", "save_checkpoint_freq: 1"),
    ("use_tb_logger: false", "use_tb_logger: true"),
    ("val_freq: 1000", f"val_freq: {EVERY}"),
)
LINE = re.compile(
    r"Iteration (\d+): validation tasks: query loss (\S+) before, (\S+) after 2 inner steps \(gain (\S+) %\); (.+)"
)


def run(root: Path, text: str, *arguments: str) -> tuple[object, str]:
    """Train in this process; return the status and the log."""
    initialized_logger.clear()
    logging.getLogger("basicsr").handlers.clear()
    if not (root / "photos").exists():
        write_photos(root / "photos", 6)
    (root / "o.yml").write_text(text)
    status: object = 0
    with pytest.MonkeyPatch.context() as patch, restored_signals():
        patch.chdir(root)
        patch.setattr(sys, "argv", ["launcher", "-opt", "o.yml", *arguments])
        try:
            train.main()
        except SystemExit as end:
            status = end.code
    return status, max((root / "experiments/tiny").glob("train_*.log")).read_text()


def weights(root: Path, name: object) -> dict:
    return torch.load(root / f"experiments/tiny/models/net_g_{name}.pth", weights_only=True)


def best_of_state(root: Path, iteration: int) -> dict:
    return torch.load(root / f"experiments/tiny/training_states/{iteration}.state", weights_only=True)["best"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An uninterrupted training and its log."""
    root = tmp_path_factory.mktemp("whole")
    status, log = run(root, TEXT)
    assert status == 0
    return root, log


def degraded(hr: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Correlate each channel with the kernel, and keep every second pixel."""
    weights = kernel.double().numpy()[None, None]
    blurred = scipy.ndimage.correlate(hr.double().numpy(), weights, mode="reflect")
    return torch.from_numpy(np.ascontiguousarray(blurred[..., ::2, ::2])).float()


def plain_losses(root: Path, iteration: int) -> list[float]:
    """Adapt the saved average to each task by hand; mean query loss before any step and after each."""
    saved = weights(root, iteration)
    data = KernelMetaDataset(
        {**TASKS, "phase": "val", "scale": 2, "dataroot_gt": str(root / "photos"), "part": [0.6, 1.0]}
    )
    rows = []
    for index in range(len(data)):
        item = data[index]
        network = MZSRNetLR(num_feat=6, num_conv=3)
        network.load_state_dict(saved["params_ema"])
        sets = [(degraded(item[f"{name}_gt"], item["kernel"]), item[f"{name}_gt"]) for name in ("support", "query")]
        losses = []
        for step in range(STEPS + 1):
            losses.append(F.l1_loss(network(sets[1][0]), sets[1][1]).item())
            if step < STEPS:
                slopes = torch.autograd.grad(F.l1_loss(network(sets[0][0]), sets[0][1]), list(network.parameters()))
                with torch.no_grad():
                    for value, slope, rate in zip(network.parameters(), slopes, saved["rates"][step], strict=True):
                        value -= rate * slope
        rows.append(losses)
    return np.mean(rows, axis=0).tolist()


def test_the_losses_are_those_of_a_plain_loop(whole: tuple[Path, str]) -> None:
    """At every validation and at the end, on the moving average, as printed; tensorboard has them exactly."""
    root, log = whole
    lines = LINE.findall(log)
    assert [int(line[0]) for line in lines] == [2, 4, 6, 8, 9]
    events = EventAccumulator(str(root / "tb_logger/tiny"))
    events.Reload()
    logged = {name: events.Scalars(f"val_tasks/{name}") for name in ("before", "after", "gain")}
    for number, (iteration, before, after, gain, _) in enumerate(lines):
        first, _, last = plain_losses(root, int(iteration))
        assert (float(before), float(after)) == pytest.approx((first, last), rel=1e-3)
        assert float(gain) == pytest.approx(100 * (1 - last / first), abs=0.06)
        for name, value in (("before", first), ("after", last)):
            assert logged[name][number].step == int(iteration)
            assert logged[name][number].value == pytest.approx(value, rel=1e-5)
        assert logged["gain"][number].value == pytest.approx(1 - last / first, abs=1e-4)
    assert all(len(points) == len(lines) for points in logged.values())  # the end is not logged twice
    assert "Multiple validation datasets" not in log and "trained on, too" not in log


def test_the_best_file_is_the_network_of_the_best_iteration(whole: tuple[Path, str]) -> None:
    root, log = whole
    lines = LINE.findall(log)
    losses = {int(line[0]): plain_losses(root, int(line[0]))[-1] for line in lines}
    best = min(losses, key=lambda iteration: losses[iteration])
    assert best not in (min(losses), max(losses)), losses
    found, expected = weights(root, "best"), weights(root, best)
    assert found["about"] == expected["about"] | {"iteration": best}
    for key in ("params", "params_ema"):
        assert all(torch.equal(found[key][name], value) for name, value in expected[key].items())
    assert torch.equal(found["rates"], expected["rates"])
    assert [line[-1] == "the best so far" for line in lines] == [
        losses[i] <= min(losses[j] for j in losses if j <= i) for i in losses
    ]
    state = best_of_state(root, TOTAL)
    assert (state["iteration"], state["since"]) == (best, sum(i > best for i in losses))
    assert state["loss"] == pytest.approx(losses[best], rel=1e-6)


def test_validation_tasks_leave_a_training_as_it_is(whole: tuple[Path, str], tmp_path: Path) -> None:
    assert run(tmp_path, changed(TEXT, (f"  val_tasks: {SECTION}\n", "")))[0] == 0
    assert not (tmp_path / "experiments/tiny/models/net_g_best.pth").exists()
    ours, theirs = weights(tmp_path, "latest"), weights(whole[0], "latest")
    assert all(torch.equal(ours["params"][name], value) for name, value in theirs["params"].items())


def interrupted(method: str, iteration: int, patch: pytest.MonkeyPatch) -> None:
    """Let a method of the model end the process at an iteration, before it does anything."""
    theirs: Callable = getattr(MZSRModel, method)

    def ending(self, *arguments):
        if iteration in arguments:
            raise SystemExit("killed")
        return theirs(self, *arguments)

    patch.setattr(MZSRModel, method, ending)


@pytest.mark.parametrize(("where", "when"), [("validation", 6), ("save_training_state", 6), ("validation", 8)])
def test_a_resumed_run_ends_with_the_same_best(whole: tuple[Path, str], tmp_path: Path, where: str, when: int) -> None:
    """Ended when the state of a validation's iteration was just saved, or was to be saved with the best file written."""
    with pytest.MonkeyPatch.context() as patch:
        interrupted(where, when, patch)
        assert run(tmp_path, TEXT)[0] == "killed"
    assert run(tmp_path, TEXT, "--auto_resume")[0] == 0
    ours, theirs = weights(tmp_path, "best"), weights(whole[0], "best")
    assert ours["about"] == theirs["about"]
    for key in ("params", "params_ema"):
        assert all(torch.equal(ours[key][name], value) for name, value in theirs[key].items())
    assert best_of_state(tmp_path, TOTAL) == best_of_state(whole[0], TOTAL)


def test_patience_stops_cleanly_and_the_run_can_go_on(whole: tuple[Path, str], tmp_path: Path) -> None:
    lines = LINE.findall(whole[1])
    first = next(number for number, line in enumerate(lines) if line[-1] != "the best so far")
    patient = changed(TEXT, ("  time_budget: 0.0", "  patience: 1"))
    for arguments in ((), ("--auto_resume",)):  # resumed, it stops where it stands
        status, log = run(tmp_path, patient, *arguments)
        assert status == 0
        stopped = int(lines[first][0])
        best, loss = lines[first - 1][0], lines[first - 1][2]
        line = f"no validation was better than that of iteration {best} ({loss}, in net_g_best.pth): saved, stopped at "
        assert f"train.patience of 1 is spent, {line}{stopped}." in log
    states = tmp_path / "experiments/tiny/training_states"
    assert max(int(path.stem) for path in states.iterdir()) == stopped < TOTAL
    assert all(
        torch.equal(weights(tmp_path, "latest")["params"][name], value)
        for name, value in weights(whole[0], stopped)["params"].items()
    )
    assert run(tmp_path, TEXT, "--auto_resume")[0] == 0
    assert best_of_state(tmp_path, TOTAL) == best_of_state(whole[0], TOTAL)
    assert torch.equal(weights(tmp_path, "latest")["rates"], weights(whole[0], "latest")["rates"])


def test_other_tasks_have_a_best_of_their_own(whole: tuple[Path, str], tmp_path: Path) -> None:
    assert run(tmp_path, TEXT, "--force_yml", "train:total_iter=2")[0] == 0
    status, log = run(tmp_path, changed(TEXT, ("length: 5", "length: 4")), "--auto_resume")
    assert status == 0
    assert "datasets.val_tasks.length: was 5, is 4 from here on" in log
    assert "datasets.val_tasks: the tasks have changed; the best of them begins anew" in log
    assert LINE.findall(log)[0][-1] == "the best so far"


def test_validation_tasks_stay_where_the_stream_goes_on(tmp_path: Path) -> None:
    photos = str(write_photos(tmp_path / "photos", 6))
    section = TASKS | {"phase": "val", "scale": 2, "dataroot_gt": photos}
    data = KernelMetaDataset(section)
    first = [data[index] for index in range(len(data))]
    assert [int(item["task"]) for item in first] == list(range(5))
    try:
        task_stream.resume_at(7)
        for index, item in enumerate(first):
            assert all(torch.equal(KernelMetaDataset(section)[index][key], value) for key, value in item.items())
    finally:
        task_stream.resume_at(0)
    train = KernelMetaDataset(section | {"phase": "train", "batch_size_per_gpu": 1, "num_worker_per_gpu": 0})
    drawn = [train[index]["kernel"] for index in range(5)]
    assert not any(torch.equal(kernel, item["kernel"]) for kernel in drawn for item in first)


def test_what_is_not_finite_is_never_the_best() -> None:
    best = Best()
    assert [best.note(loss, number) for number, loss in enumerate([float("nan"), 0.5, float("inf"), 0.5, 0.4])] == [
        False, True, False, False, True,
    ]  # fmt: skip
    assert (best.loss, best.iteration, best.since) == (0.4, 4, 0)


def test_judging_changes_nothing_in_the_step() -> None:
    """Neither the mode of a network with batch statistics, nor these, nor its parameters."""
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(3), torch.nn.Conv2d(3, 3, 3, padding=1))
    step = MetaStep(network, maml, F.l1_loss, 1, 0.1)
    before = {name: value.clone() for name, value in step.state_dict().items()}
    pairs = [Pairs(torch.rand(2, 3, 6, 6), torch.rand(2, 3, 6, 6)) for _ in range(2)]
    losses = step.judge(Task(*pairs, Degradation(torch.ones(1, 1), 1.0)))
    assert losses.shape == (2,) and not losses.requires_grad and losses[0] != losses[1]
    assert network.training and all(torch.equal(value, before[name]) for name, value in step.state_dict().items())
    assert all(parameter.grad is None for parameter in step.parameters())


BAD = {
    "no tasks at all": ([(f"  val_tasks: {SECTION}\n", ""), ("  time_budget: 0.0", "  patience: 2")], "train.patience: 2 counts validations of tasks; add datasets.val_tasks, or give 0"),
    "no task": ([("length: 5", "length: 0")], "datasets.val_tasks.length: 0: Expected `int` >= 1"),
    "another scale": ([("length: 5", "length: 5, scales: [3]")], "datasets.val_tasks.scales: 3 is none that is trained for"),
    "the training's kernels": ([("length: 5", "length: 5, seed: 0")], "datasets.val_tasks.seed: 0 is the training's"),
    "a misspelt key": ([("length: 5", "lenght: 5")], "datasets.val_tasks.lenght: unknown key; did you mean `length`?"),
    "another name": ([("val_tasks:", "val_2:")], "datasets.val_2: KernelMetaDataset validates in the section val_tasks; call it that"),
    "no support": ([("{name: tasks, type: KernelMetaDataset, support: 2", "{name: tasks, type: KernelMetaDataset, support: 0")], "datasets.val_tasks.support: 0 leaves nothing to adapt to"),
    "an empty part": ([("part: [0.6, 1.0]", "part: [0.95, 0.96]")], "datasets.val_tasks.part: [0.95, 0.96] of 6 photographs holds none; give a larger part"),
    "images": ([(SECTION, "{name: x, type: ZeroShotDataset, dataroot_gt: photos, kernel: delta}")], "datasets.val_tasks.type: ZeroShotDataset draws no tasks; give KernelMetaDataset"),
    "a signal": ([("loss_weights: annealed", "signal: scale"), ("  val_tasks: {", "  val_tasks: {"), ("    support: 2\n    query: 2\n", "    task: internal\n")], "train.meta.signal: scale learns from an LR image alone; give datasets.val_tasks.task: internal"),
    "a model without tasks": ([("model_type: MZSRModel", "model_type: SRModel")], "datasets.val_tasks: SRModel has no tasks; they are of model_type: MZSRModel"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_photos(tmp_path / "photos", 6)
    monkeypatch.chdir(tmp_path)
    changes, message = BAD[case]
    assert message in launch(monkeypatch, train, changed(TEXT, *changes))
    assert not (tmp_path / "experiments").exists()


@pytest.mark.parametrize("meta", ["{inner_steps: 0}", "{learner: transfer, inner_steps: 2}"])
def test_shared_photographs_are_said_and_plain_training_is_validated(tmp_path: Path, meta: str) -> None:
    """Where training makes no inner steps there is one loss; both sections take photographs of one folder, half of them the same."""
    text = changed(
        TEXT,
        ("part: [0.6, 1.0]", "part: [0.2, 0.8]"),  # photographs 1, 2, 3; the training has 0, 1, 2
        ("{inner_steps: 2, inner_rate: 1.0e-2, learn_rates: true, loss_weights: annealed}", meta),
        ("zero_shot: {updates: [0, 1]}", "zero_shot: {updates: [0]}"),
        (f"total_iter: {TOTAL}", "total_iter: 1"),
    )
    status, log = run(tmp_path, text)
    assert status == 0
    assert "datasets.val_tasks: 2 of its 3 photographs are trained on, too; give both sections a `part`" in log
    assert re.search(r"Iteration 1: validation tasks: query loss \S+; the best so far\n", log)
