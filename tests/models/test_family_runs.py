"""Whole trainings of every meta-learner: resumed bit for bit, the same on two processes, and found again at a test."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from helpers.family_tasks import network, task
from helpers.launches import TEST, changed, launch, make_place
from helpers.small_networks import photo
from helpers.trainings import write_options
from torch.nn.parallel import DistributedDataParallel

from mzsr_basicsr import test as tester
from mzsr_basicsr import train as trainer
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.host.compat import leave
from mzsr_basicsr.meta import LEARNERS
from mzsr_basicsr.meta.clusters import Clusters
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.models.inner_loop import build_step
from mzsr_basicsr.options.learner import MetaOptions
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.weights.clusters import save_clusters
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.pretrained import load_pretrained

OWN = sorted(set(LEARNERS) - {"maml"})


def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place with photographs, an embedding, and clusters of tasks."""
    make_place(tmp_path, monkeypatch)
    torch.manual_seed(0)
    embedding = TaskEmbedding()
    save_atomically({"params": embedding.state_dict()}, "embedding.pth")
    save_clusters(Clusters(F.normalize(torch.randn(2, 32)), embedding), "clusters.pth", {})


def options_of(name: str, total: int, **more: object) -> str:
    """An option file of a learner, with learned rates where it learns them."""
    text = write_options(Path("o.yml"), Path("photos"), total).read_text()
    start = LEARNERS[name].start
    if start != "shared":
        more["start"] = f"{{type: {start}, embedding: embedding.pth, clusters: clusters.pth, size: 3, hidden: 4}}"
    keys = ", ".join(f"{key}: {value}" for key, value in {"learner": name, "truncate": 1, **more}.items())
    return changed(
        text,
        ("inner_steps: 2, inner_rate: 1.0e-2, learn_rates: true, ", f"inner_steps: 2, inner_rate: 1.0e-2, {keys}, "),
    )


def saved(iteration: int | str) -> dict:
    return torch.load(f"experiments/tiny/models/net_g_{iteration}.pth", weights_only=True)


def equal(a: object, b: object) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


@pytest.mark.parametrize("name", OWN)
def test_a_resumed_training_ends_bit_for_bit_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    place(tmp_path, monkeypatch)
    text = options_of(name, 4)
    assert launch(monkeypatch, trainer, text) == ""
    whole, early = saved(4), saved(2)
    if LEARNERS[name].start != "shared" or LEARNERS[name].rule == "lstm":
        assert not equal(whole["meta"], early["meta"])  # φ is trained
    for path in Path("experiments/tiny").rglob("*4.*"):
        path.unlink()
    resumed = changed(text, ("resume_state: ~", "resume_state: experiments/tiny/training_states/2.state"))
    assert launch(monkeypatch, trainer, resumed) == ""
    assert equal(whole, saved(4))


def trained(rank: int, world: int, wrap: bool, folder: str) -> list[torch.Tensor]:
    """A few steps of every learner: its parameters in the end."""
    ends = []
    for name in OWN:
        start = LEARNERS[name].start
        meta = {"learner": name, "inner_steps": 2, "inner_rate": 0.05, "truncate": 1}
        if start != "shared":
            files = {"embedding": f"{folder}/embedding.pth", "clusters": f"{folder}/clusters.pth"}
            meta["start"] = {"type": start, "size": 3, "hidden": 4, **files}
        bare = build_step(network(), parse(MetaOptions, "train.meta", meta), F.l1_loss, False).double()
        step = DistributedDataParallel(bare) if wrap else bare
        optimizer = torch.optim.Adam([p for p in bare.parameters() if p.requires_grad], 1e-2)
        for iteration in range(3):
            optimizer.zero_grad()
            step([task(4 * iteration + i) for i in range(rank, 4, world)], (0.4, 0.6))[0].backward()
            optimizer.step()
        ends.append(torch.cat([p.detach().flatten() for p in bare.parameters()]))
    return ends


def worker(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    torch.save(trained(rank, 2, True, folder), f"{folder}/{rank}.pt")
    leave()


def test_two_processes_equal_one_on_the_joint_meta_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(tmp_path, monkeypatch)
    mp.spawn(worker, (str(tmp_path),), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    for name, one, other, alone in zip(OWN, first, second, trained(0, 1, False, str(tmp_path)), strict=True):
        assert torch.equal(one, other), name
        torch.testing.assert_close(one, alone, atol=1e-10, rtol=0, msg=name)


@pytest.mark.parametrize("name", [*OWN, "maml"])
def test_a_test_builds_the_learner_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The zero-shot hook, and the upscaling of a photograph, use the start, the scope and the rule of the file."""
    place(tmp_path, monkeypatch)
    assert launch(monkeypatch, trainer, options_of(name, 2)) == ""
    path = "experiments/tiny/models/net_g_latest.pth"
    loaded, seen = load_pretrained(path), []
    plain = LEARNERS[name].start == "shared" and LEARNERS[name].scope == "all" and LEARNERS[name].rule != "lstm"
    assert (loaded.learner is None) == plain

    def watched(network, lq, degradation, settings, *rest):
        seen.append(settings)
        return zero_shot(network, lq, degradation, settings, *rest)

    monkeypatch.setattr("mzsr_basicsr.models.mzsr_model.zero_shot", watched)
    tests = changed(TEST, ("pretrain_network_g: ~", f"pretrain_network_g: {path}"))
    rates = ", rates: learned" if loaded.rates is not None else ""
    assert launch(monkeypatch, tester, changed(tests, ("updates: [0, 1]", f"updates: [0, 1]{rates}"))) == ""
    assert all((settings.learner is None) == plain for settings in seen) and seen
    if not plain:
        assert seen[0].learner.moving == loaded.learner.moving
        assert equal(dict(seen[0].learner.state_dict()), dict(loaded.learner.state_dict()))

    upscaler = Upscaler(UpscaleSettings(scale=2, weights=path, kernel="gaussian:1", updates=2, device="cpu"))
    plan = upscaler.plan(photo(48, 48))
    own = dict(loaded.network.named_parameters())
    moved = {part for part, value in plan.adapted.params.items() if not torch.equal(value, own[part])}
    if name == "anil":
        assert moved <= set(loaded.learner.moving) < set(own)
    assert ("starts from expert " in plan.adapted.began) == (name == "experts")
    assert bool(plan.adapted.began) == (not plain)
    assert upscaler.apply(photo(48, 48), plan).shape == (96, 96, 3)
