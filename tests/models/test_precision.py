"""`train.precision`: what is rounded by `bfloat16` and by `mixed`, and what never is: resampling, the Wiener base, parameters."""

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

from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.degradation.resize import imresize
from mzsr_basicsr.meta import network_inputs
from mzsr_basicsr.models import hardware
from mzsr_basicsr.models.hardware import precision

CPU = torch.device("cpu")
KERNEL = gaussian_kernel(2.0, 0.8, 0.4, 9).float()
WIENER = ("MZSRNetLR, num_feat: 6, num_conv: 3", "MZSRNetWiener, num_feat: 6, num_block: 1")


def test_only_bfloat16_rounds_convolutions() -> None:
    image, weight = torch.rand(1, 3, 8, 8), torch.rand(4, 3, 3, 3)
    exact = F.conv2d(image, weight)
    with precision(CPU, "float32"):
        assert torch.equal(F.conv2d(image, weight), exact)
    with precision(CPU, "bfloat16"):
        rounded = F.conv2d(image, weight)
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), exact, atol=0.05, rtol=0.01)
    assert not torch.equal(rounded.float(), exact)
    assert F.conv2d(image, weight).dtype == torch.float32  # it ends with the context


@pytest.mark.parametrize("scale", [2.0, 0.5, 1 / 3])
def test_resampling_stays_exact(scale: float) -> None:
    image = torch.rand(2, 3, 12, 10)
    exact = imresize(image, scale)
    with precision(CPU, "bfloat16"):
        assert torch.equal(imresize(image, scale), exact)


@pytest.mark.parametrize("kernel", [KERNEL, torch.stack([KERNEL, KERNEL.T])])
def test_the_wiener_base_stays_exact(kernel: torch.Tensor) -> None:
    network, lq = MZSRNetWiener(num_feat=4, num_block=1), torch.rand(2, 3, 7, 6)
    exact = network_inputs(network, lq, Degradation(kernel, 2.0))["base"]
    with precision(CPU, "bfloat16"):
        inputs = network_inputs(network, lq, Degradation(kernel, 2.0))
        sr = network(lq, **inputs)
    assert torch.equal(inputs["base"], exact) and sr.dtype == torch.float32
    correction = network(lq, kernel) - exact
    torch.testing.assert_close(sr - exact, correction, atol=0.02 * correction.abs().max().item(), rtol=0)
    torch.nn.init.zeros_(network.tail.weight)
    with precision(CPU, "bfloat16"):
        assert torch.equal(network(lq, **inputs), exact)


def test_whatever_a_network_fixes_stays_exact_and_out_of_the_graph() -> None:
    network, lq = torch.nn.Conv2d(3, 3, 3), torch.rand(1, 3, 6, 6)
    network.fixed_inputs = lambda lq: {"base": torch.nn.Conv2d.forward(network, lq)}
    exact = network(lq)
    with precision(CPU, "bfloat16"):
        base = network_inputs(network, lq, Degradation(KERNEL, 2.0))["base"]
    assert torch.equal(base, exact) and not base.requires_grad


def test_the_papers_network_keeps_its_bicubic_skip() -> None:
    network, lq = MZSRNet(num_feat=4, num_conv=2), torch.rand(1, 3, 7, 6)
    torch.nn.init.zeros_(network.body[-1].weight)
    torch.nn.init.zeros_(network.body[-1].bias)
    exact = network(lq)
    with precision(CPU, "bfloat16"):
        assert torch.equal(network(lq).float(), exact)


def steps(root: Path, name: str, count: int) -> tuple:
    """Train so many iterations of a tiny meta-transfer learning; return the model and the losses."""
    root.mkdir(exist_ok=True)
    text = write_options(root / "o.yml", write_photos(root / "photos", 3), 5).read_text().replace(*WIENER)
    opt = yaml.load(text.replace("train:\n  total", f"train:\n  precision: {name}\n  total"), Loader=ordered_yaml()[0])
    assert opt["train"]["precision"] == name
    opt.update(dist=False, rank=0, world_size=1, auto_resume=False, is_train=True)
    for phase, section in opt["datasets"].items():
        section.update(phase=phase, scale=2)
    opt["path"].update(models=str(root), training_states=str(root), log=str(root))
    data = build_dataset(opt["datasets"]["train"])
    torch.manual_seed(0)
    model, losses = build_model(opt), []
    for iteration in range(1, count + 1):
        model.feed_data(default_collate([data[2 * iteration], data[2 * iteration + 1]]))
        model.optimize_parameters(iteration)
        losses.append(float(model.log_dict["l_meta"]))
    return model, losses


def test_a_training_step_keeps_float32_and_comes_near_the_exact_one(tmp_path: Path) -> None:
    model, losses = steps(tmp_path / "rounded", "bfloat16", 2)
    exact, expected = steps(tmp_path / "exact", "float32", 2)
    leaves = [*model.net_g.parameters(), *model.net_g_ema.parameters(), model.bare_step.log_rates]
    assert {value.dtype for value in leaves} == {torch.float32}
    assert {p.grad.dtype for p in model.net_g.parameters()} == {torch.float32}
    states = [v for state in model.optimizer_g.state.values() for v in state.values() if v.ndim]
    assert len(states) > 8 and {value.dtype for value in states} == {torch.float32}
    assert {task.query.lq.dtype for task in model.tasks} == {torch.float32}
    assert losses == pytest.approx(expected, rel=0.02) and losses != expected
    gradients = [torch.cat([p.grad.flatten() for p in m.net_g.parameters()]) for m in (model, exact)]
    assert F.cosine_similarity(*gradients, dim=0) > 0.98


@pytest.mark.parametrize(("there", "expected"), [(False, "float32"), (True, "mixed")])
def test_auto_is_mixed_where_the_hardware_has_bfloat16(
    there: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "has_bfloat16", lambda device: there)
    assert hardware.chosen_precision(CPU, "auto") == expected
    assert [hardware.chosen_precision(CPU, name) for name in ("float32", "bfloat16")] == ["float32", "bfloat16"]


def test_a_mixed_training_step_is_the_exact_one_within_one_percent(tmp_path: Path) -> None:
    model, losses = steps(tmp_path / "mixed", "mixed", 1)
    exact, expected = steps(tmp_path / "exact", "float32", 1)
    assert model.bare_step.mixed and not exact.bare_step.mixed
    assert losses == pytest.approx(expected, rel=1e-6)  # forward passes and inner steps are float32's
    gradients = [torch.cat([p.grad.flatten() for p in m.net_g.parameters()]) for m in (model, exact)]
    assert 0 < float((gradients[0] - gradients[1]).norm() / gradients[1].norm()) < 0.01
    assert (
        {p.dtype for p in model.net_g.parameters()}
        == {p.grad.dtype for p in model.net_g.parameters()}
        == {torch.float32}
    )
