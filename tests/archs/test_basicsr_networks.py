"""Any BasicSR network as `network_g`: each takes a meta-step that lowers its loss, and a zero-shot test."""

import copy

import pytest
import torch
import torch.nn.functional as F
from basicsr.archs import build_network

from mzsr_basicsr.adaptation.zero_shot import Schedule, Settings, zero_shot
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml

NETWORKS = {
    "EDSR": {"num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_block": 2, "upscale": 2, "img_range": 255.0, "rgb_mean": [0.4488, 0.4371, 0.4040]},
    "MSRResNet": {"num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_block": 2, "upscale": 2},
    "RCAN": {"num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_group": 1, "num_block": 2, "squeeze_factor": 4, "upscale": 2, "img_range": 255.0, "rgb_mean": [0.4488, 0.4371, 0.4040]},
    "SwinIR": {"upscale": 2, "in_chans": 3, "img_size": 16, "window_size": 8, "img_range": 1.0, "depths": [2], "embed_dim": 12, "num_heads": [2], "mlp_ratio": 2, "upsampler": "pixelshuffle", "resi_connection": "1conv", "drop_path_rate": 0.5},
    "MZSRNet": {"num_feat": 8, "num_conv": 3, "kernel_code": 5},
    "MZSRNetLR": {"num_feat": 8, "num_conv": 3, "kernel_code": 5},
}  # fmt: skip
KERNEL = gaussian_kernel(1.5, 1.0, 0.3).float()


def make(name: str):
    torch.manual_seed(0)
    return build_network({"type": name, **copy.deepcopy(NETWORKS[name])})


def task() -> Task:
    generator = torch.Generator().manual_seed(0)
    hr = F.interpolate(torch.rand(4, 3, 8, 8, generator=generator), size=32, mode="bicubic").clamp(0, 1)
    lr = Degradation(KERNEL, 2).apply(hr)
    return Task(Pairs(lr[:2], hr[:2]), Pairs(lr[2:], hr[2:]), Degradation(KERNEL, 2.0))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("order", [1, 2])
def test_meta_steps_lower_the_query_loss(name: str, order: int) -> None:
    network, given = make(name), task()
    step = MetaStep(network, maml, F.l1_loss, 2, 1e-4, order=order, recompute=True)
    optimizer = torch.optim.Adam(step.parameters(), 1e-3)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss, report = step([given], (0.0, 1.0))
        loss.backward()
        optimizer.step()
        losses.append(report.query.item())
    assert losses[-1] < losses[0]
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_recomputing_gives_the_same_gradient(name: str) -> None:
    """Also where the network has random layers in training (SwinIR's stochastic depth)."""
    gradients = []
    for recompute in (False, True):
        network = make(name)
        MetaStep(network, maml, F.l1_loss, 2, 1e-3, recompute=recompute)([task()], (0.5, 0.5))[0].backward()
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    assert gradients[0].abs().max() > 0
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-5 * gradients[0].abs().max().item(), rtol=1e-3)


@pytest.mark.parametrize("name", NETWORKS)
def test_zero_shot_lowers_the_loss_on_the_son_and_leaves_the_network(name: str) -> None:
    network = make(name)
    before = copy.deepcopy(network.state_dict())
    lq = task().query.lq[:1]  # 16x16, so the son is 8x8
    result = zero_shot(network, lq, Degradation(KERNEL, 2), Settings(updates=(0, 5), schedule=Schedule(((0, 1e-3),))))
    assert result.losses[5] < result.losses[0]
    assert result.images[5].shape == (1, 3, 32, 32)
    assert (result.images[5] - result.images[0]).abs().max() > 0
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
