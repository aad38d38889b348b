"""Distributed training on the CPU (gloo): two processes are one process with the joint meta-batch."""

import json
import re
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from helpers.trainings import environment, run, train, write_options, write_photos
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.host.compat import leave
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
from mzsr_basicsr.models.meta_validation import MetaValidation
from mzsr_basicsr.options.run import RunOptions
from mzsr_basicsr.options.strict import parse

TASKS, STEPS = 4, 5


def draw(index: int, iteration: int) -> Task:
    generator = torch.Generator().manual_seed(100 * iteration + index)
    images = torch.rand(4, 2, 2, 6, 6, generator=generator, dtype=torch.float64)
    return Task(Pairs(images[0], images[1]), Pairs(images[2], images[3]), Degradation(torch.ones(1, 1), 1.0))


def train_step(rank: int, world: int, wrap: bool) -> torch.Tensor:
    """Five Adam steps, second order, learned rates; return all parameters as one vector."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 3, padding=1)).double()
    bare = MetaStep(network, maml, F.l1_loss, 3, 0.1, learn_rates=True)
    step = DistributedDataParallel(bare) if wrap else bare
    optimizer = torch.optim.Adam(bare.parameters(), 1e-2)
    for iteration in range(STEPS):
        optimizer.zero_grad()
        tasks = [draw(i, iteration) for i in range(rank, TASKS, world)]
        step(tasks, (0.2, 0.3, 0.5))[0].backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in bare.parameters()])


def judged(photos: str, rank: int, world: int) -> torch.Tensor:
    """The losses of five validation tasks that a process gets, of a network made from a seed."""
    tasks = {"name": "t", "type": "KernelMetaDataset", "phase": "val", "scale": 2, "dataroot_gt": photos}
    tasks |= {"support": 2, "query": 2, "gt_size": 16, "noise": [0.0, 0.05], "length": 5}
    data = {"val_tasks": tasks, "train": tasks | {"phase": "train", "batch_size_per_gpu": 1, "num_worker_per_gpu": 0}}
    options = {"name": "n", "model_type": "MZSRModel", "scale": 2, "num_gpu": 0, "network_g": {}, "path": {}}
    learned = {"total_iter": 1, "optim_g": {}, "scheduler": {}, "pixel_opt": {}, "meta": {"inner_steps": 2}}
    options |= {"datasets": data, "train": learned, "rank": rank, "world_size": world, "dist": world > 1}
    torch.manual_seed(0)
    network = MZSRNetLR(num_feat=6, num_conv=3)
    validation = MetaValidation(parse(RunOptions, "", options), torch.device("cpu"))
    return validation.losses(MetaStep(network, maml, F.l1_loss, 2, 0.1), network)


def worker(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    torch.save(train_step(rank, 2, wrap=True), f"{folder}/{rank}.pt")
    torch.save(judged(f"{folder}/photos", rank, 2), f"{folder}/judged_{rank}.pt")
    leave()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes have left, and the photographs."""
    folder = tmp_path_factory.mktemp("two")
    write_photos(folder / "photos")
    mp.spawn(worker, (str(folder),), nprocs=2)
    return folder


def test_two_processes_judge_the_validation_tasks_as_one_does(two: Path) -> None:
    """Each judges some of the tasks; both get the table of all, bit for bit."""
    alone = judged(str(two / "photos"), 0, 1)
    assert alone.shape == (5, 3) and (alone > 0).all() and len(alone.unique()) == 15
    for rank in range(2):
        assert torch.equal(torch.load(two / f"judged_{rank}.pt", weights_only=True), alone)


def test_two_processes_equal_one_on_the_joint_meta_batch(two: Path) -> None:
    first, second = (torch.load(two / f"{rank}.pt", weights_only=True) for rank in range(2))
    alone = train_step(0, 1, wrap=False)
    print(f"ranks differ by {(first - second).abs().max():.1e}, from one process by {(first - alone).abs().max():.1e}")
    assert torch.equal(first, second)
    torch.testing.assert_close(first, alone, atol=1e-10, rtol=0)
    assert (alone - train_step(0, 2, wrap=False)).abs().max() > 1e-4  # half of the tasks is another training


TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]


def test_torchrun_trains_and_validates_like_one_process(tmp_path: Path) -> None:
    """float32 sums in another order: weights agree to 1e-5; the three images' means agree as printed.

    The mean losses of the validation tasks agree to 1e-4, and both find the same best.
    """
    photos = write_photos(tmp_path / "photos", 3)
    roots = [tmp_path / "one", tmp_path / "two"]
    for root, batch in zip(roots, (4, 2)):
        root.mkdir()
        options = write_options(root / "o.yml", photos, 3, batch=batch)
        text = options.read_text()
        for old, new in (
            ("val_freq: 1000", "val_freq: 1"),
            (
                "  val: {",
                f"  val_tasks: {{name: t, type: KernelMetaDataset, dataroot_gt: {photos}, gt_size: 16, length: 3}}\n  val: {{",
            ),
        ):
            assert text.count(old) == 1
            text = text.replace(old, new)
        options.write_text(text)
    one = train(roots[0] / "o.yml", roots[0])
    two = run([*TORCHRUN, "-m", "mzsr_basicsr.train", "-opt", "o.yml", "--launcher", "pytorch"], roots[1])
    assert one.returncode == 0, one.stderr
    assert two.returncode == 0, two.stderr
    saved = [torch.load(root / "experiments/tiny/models/net_g_latest.pth", weights_only=True) for root in roots]
    for key in ("params", "params_ema"):
        for name, value in saved[0][key].items():
            torch.testing.assert_close(saved[1][key][name], value, atol=1e-5, rtol=0)
    torch.testing.assert_close(saved[1]["rates"], saved[0]["rates"], atol=1e-6, rtol=0)
    tables = [
        [line.split() for line in output.stderr.splitlines() if line.startswith(("p0", "p1", "p2", "mean"))]
        for output in (one, two)
    ]
    judged = [
        re.findall(r"Iteration (\d): validation tasks: query loss (\S+) before, (\S+) after .*%\); (.+)", output.stderr)
        for output in (one, two)
    ]
    assert len(judged[0]) == len(judged[1]) == 3
    for ours, theirs in zip(*judged):
        assert ours[0] == theirs[0] and ours[3][:8] == theirs[3][:8]
        assert [float(v) for v in ours[1:3]] == pytest.approx([float(v) for v in theirs[1:3]], abs=1e-4)
    best = [torch.load(root / "experiments/tiny/models/net_g_best.pth", weights_only=True) for root in roots]
    assert best[0]["about"] == best[1]["about"]
    assert len(tables[0]) == len(tables[1]) >= 4
    for ours, theirs in zip(*tables):
        assert ours[0] == theirs[0]
        assert [float(v) for v in ours[1:]] == pytest.approx([float(v) for v in theirs[1:]], abs=0.011)


def test_a_process_that_sees_a_bad_loss_stops_all(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 3)
    options = write_options(tmp_path / "o.yml", photos, 3)
    options.write_text(options.read_text().replace("inner_rate: 1.0e-2", "inner_rate: 1.0e+30"))
    done = run(
        [*TORCHRUN, "-m", "mzsr_basicsr.train", "-opt", "o.yml", "--launcher", "pytorch"], tmp_path, environment()
    )
    assert done.returncode != 0
    assert "is not finite" in done.stderr
    state = torch.load(tmp_path / "experiments/tiny/training_states/0.state", weights_only=True)
    assert json.loads(state["run"])["name"] == "tiny"
