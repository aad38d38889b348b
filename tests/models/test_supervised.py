"""Supervised training by MZSRModel, `inner_steps: 0`: the tasks' query sets, joined, give the mean of their gradients."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import yaml
from basicsr.data import build_dataset
from basicsr.models import build_model
from basicsr.utils.options import ordered_yaml
from helpers.trainings import write_options, write_photos
from torch.utils.data import default_collate

from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import TrainingError
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
from mzsr_basicsr.models.task_builder import merged


def tasks(scales: tuple[float, ...]) -> list[Task]:
    """Tasks of two query images each, each with a kernel of its own."""
    made = []
    for seed, scale in enumerate(scales):
        hr = torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        kernel = gaussian_kernel(0.5 + seed, 0.5, 0.3 * seed, 7)
        lr = Degradation(kernel, scale).apply(hr)
        made.append(Task(Pairs(lr[:0], hr[:0]), Pairs(lr, hr), Degradation(kernel, scale), f"task {seed}"))
    return made


def gradients(given: list[Task]) -> tuple[float, list[torch.Tensor]]:
    torch.manual_seed(0)
    network = MZSRNetWiener(num_feat=4, num_block=1, scale=2).double()
    loss, _ = MetaStep(network, maml, F.l1_loss, 0, 0.1)(given, (1.0,))
    loss.backward()
    return loss.item(), [p.grad for p in network.parameters()]


def test_joined_tasks_give_the_mean_of_their_gradients() -> None:
    given = tasks((2.0, 2.0, 2.0))
    [whole] = merged(given)
    assert whole.query.lq.shape[0] == whole.degradation.kernel.shape[0] == 6 and whole.degradation.scale == 2.0
    assert torch.equal(whole.degradation.kernel[3], given[1].degradation.kernel)
    loss, found = gradients([whole])
    alone = [gradients([task]) for task in given]
    assert loss == pytest.approx(sum(value for value, _ in alone) / 3, abs=1e-12)
    for index, gradient in enumerate(found):
        expected = sum(slopes[index] for _, slopes in alone) / 3
        assert expected.abs().max() > 1e-6
        torch.testing.assert_close(gradient, expected, atol=1e-12, rtol=0)


def test_only_tasks_of_one_size_are_joined() -> None:
    whole = merged(tasks((3.0, 2.0, 3.0)))
    assert [(task.degradation.scale, len(task.query.lq)) for task in whole] == [(2.0, 2), (3.0, 4)]
    assert whole[1].name == "task 0 to task 2"


def build(tmp_path: Path, **meta) -> tuple:
    """A tiny supervised training of three tasks a step without support sets, and its first batch."""
    text = write_options(tmp_path / "o.yml", write_photos(tmp_path / "photos", 3), 5, batch=3).read_text()
    text = text.replace("MZSRNetLR, num_feat: 6, num_conv: 3", "MZSRNetWiener, num_feat: 6, num_block: 1")
    opt = yaml.load(text.replace("support: 2", "support: 0\n    quantize: true"), Loader=ordered_yaml()[0])
    opt.update(dist=False, rank=0, world_size=1, auto_resume=False, is_train=True)
    opt["train"].update(meta=meta, precision="float32")
    for phase, section in opt["datasets"].items():
        section.update(phase=phase, scale=2)
    opt["path"].update(models=str(tmp_path), training_states=str(tmp_path), log=str(tmp_path))
    data = build_dataset(opt["datasets"]["train"])
    return build_model(opt), default_collate([data[i] for i in range(3)])


def test_the_model_trains_without_support_sets(tmp_path: Path) -> None:
    """One Adam step on the joined tasks moves each weight by the rate, against the mean gradient's sign."""
    model, batch = build(tmp_path, inner_steps=0)
    assert batch["support_gt"].shape == (3, 0, 3, 16, 16)
    model.feed_data(batch)
    assert len(model.tasks) == 1 and model.tasks[0].query.lq.shape == (6, 3, 8, 8)
    levels = model.tasks[0].query.lq * 255
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)  # `quantize` holds here, too
    before = [p.detach().clone() for p in model.net_g.parameters()]
    pairs = model.tasks[0].query
    loss = F.l1_loss(
        model.net_g(pairs.lq, model.tasks[0].degradation.kernel, model.tasks[0].degradation.noise), pairs.gt
    )
    slopes = torch.autograd.grad(loss, list(model.net_g.parameters()))
    model.optimize_parameters(1)
    assert model.log_dict["l_query"] == pytest.approx(loss.item(), abs=1e-6)
    for old, new, slope in zip(before, model.net_g.parameters(), slopes, strict=True):
        torch.testing.assert_close(new, old - 1e-3 * slope / (slope.abs() + 1e-8), atol=1e-5, rtol=0)


def test_a_loss_that_is_not_finite_is_named(tmp_path: Path) -> None:
    """Also where the joined task holds one kernel for each image."""
    model, batch = build(tmp_path, inner_steps=0)
    model.feed_data(batch)
    model.update_learning_rate(1)
    torch.nn.init.constant_(model.net_g.tail.bias, float("inf"))
    with pytest.raises(
        TrainingError, match=r"iteration 1: the query loss of task \d+ of seed 0 to task \d+ of seed 0 \("
    ):
        model.optimize_parameters(1)
