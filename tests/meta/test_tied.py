"""Modules that are registered twice, and parameters that modules share: whole afterwards, and the plain gradients."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mzsr_basicsr.adaptation.careful import adapt_carefully
from mzsr_basicsr.adaptation.zero_shot import Schedule, Settings, zero_shot
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.inspection.record import inspect_image
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
from mzsr_basicsr.zssr import ZSSRSettings, zssr

KERNEL = gaussian_kernel(1.0, 1.0, 0.0, 7)


class Pair(nn.Module):
    """Two convolutions in one module; with `shared` they hold one weight, under two names of two modules."""

    def __init__(self, shared: bool) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        if shared:
            self.second.weight = self.first.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(F.softplus(self.first(x)))


class Twins(nn.Module):
    """One module with two attributes for one parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Parameter(0.2 * torch.randn(3, 3, 3, 3))
        self.two = self.one
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(F.softplus(F.conv2d(x, self.one, self.bias, padding=1)), self.two, self.bias, padding=1)


def module_twice() -> nn.Module:
    block = nn.Conv2d(3, 3, 3, padding=1)
    return nn.Sequential(block, nn.Softplus(), block)


def deep_twice() -> nn.Module:
    """The same block, two modules deep, under two names; and one of its parts a third time."""
    block = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Softplus())
    return nn.Sequential(block, nn.Sequential(block, block[0]))


NETWORKS = {
    "module": (module_twice, [("0.weight", "0.bias"), ("0.weight", "0.bias")]),
    "parameter": (
        lambda: Pair(shared=True),
        [("first.weight", "first.bias"), ("first.weight", "second.bias")],
    ),
    "attribute": (Twins, [("one", "bias"), ("one", "bias")]),
    "deep": (deep_twice, [("0.0.weight", "0.0.bias")] * 3),
    "none": (lambda: Pair(shared=False), [("first.weight", "first.bias"), ("second.weight", "second.bias")]),
}


def make(name: str, scale: int = 1) -> nn.Module:
    torch.manual_seed(3)
    network = NETWORKS[name][0]().double()
    return network if scale == 1 else nn.Sequential(nn.Upsample(scale_factor=scale), network)


def by_hand(name: str, params: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The network as a chain of convolutions, each with the parameters it should have."""
    chain = NETWORKS[name][1]
    for number, (weight, bias) in enumerate(chain):
        x = F.conv2d(x if number == 0 else F.softplus(x), params[weight], params[bias], padding=1)
    return x


def task(seed: int) -> Task:
    images = torch.rand(4, 2, 3, 6, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Task(Pairs(images[0], images[1]), Pairs(images[2], images[3]), Degradation(torch.ones(1, 1), 1.0))


def whole(network: nn.Module, before: list) -> None:
    """Every module holds the very parameters it held, and no others."""
    after = list(network.named_parameters(remove_duplicate=False))
    assert [name for name, _ in after] == [name for name, _ in before]
    assert all(new is old and isinstance(new, nn.Parameter) for (_, new), (_, old) in zip(after, before, strict=True))


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_is_that_of_the_plain_loop(name: str, order: int, learned: bool) -> None:
    network, given, weights = make(name), task(1), (0.3, 0.0, 0.7)
    before = list(network.named_parameters(remove_duplicate=False))
    names = list(dict(network.named_parameters()))
    step = MetaStep(network, maml, F.mse_loss, 3, 0.05, learn_rates=learned, order=order)
    step([given], weights)[0].backward()
    whole(network, before)
    start = {n: p.detach().clone().requires_grad_() for n, p in network.named_parameters()}
    rates = torch.full((3, len(names)), 0.05, dtype=torch.float64, requires_grad=True)
    params, total = dict(start), 0.0
    for row, weight in zip(rates, weights, strict=True):
        loss = F.mse_loss(by_hand(name, params, given.support.lq), given.support.gt)
        slopes = torch.autograd.grad(loss, list(params.values()), create_graph=order == 2)
        params = {n: p - r * g for (n, p), r, g in zip(params.items(), row, slopes, strict=True)}
        total = total + weight * F.mse_loss(by_hand(name, params, given.query.lq), given.query.gt)
    expected = torch.autograd.grad(total, [*start.values(), rates])
    for (_, parameter), slope in zip(network.named_parameters(), expected, strict=False):
        assert slope.abs().max() > 1e-5
        torch.testing.assert_close(parameter.grad, slope, atol=1e-12, rtol=0)
    if learned:
        torch.testing.assert_close(step.log_rates.grad, 0.05 * expected[-1], atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_training_moves_the_shared_parameters_themselves(name: str) -> None:
    """The optimizer's parameters, those of the modules and those of the state dict stay one."""
    network = make(name)
    keys, before = list(network.state_dict()), list(network.named_parameters(remove_duplicate=False))
    step = MetaStep(network, maml, F.mse_loss, 2, 0.05, learn_rates=True)
    optimizer = torch.optim.Adam(step.parameters(), 1e-2)
    start = copy.deepcopy(network.state_dict())
    for iteration in range(3):
        optimizer.zero_grad()
        step([task(iteration)], (0.0, 1.0))[0].backward()
        optimizer.step()
    whole(network, before)
    state = network.state_dict()
    assert list(state) == keys
    params = dict(network.named_parameters())
    x = task(9).query.lq
    torch.testing.assert_close(network(x), by_hand(name, params, x), atol=1e-14, rtol=0)
    assert all((state[key] - start[key]).abs().max() > 1e-3 for key in keys)


@pytest.mark.parametrize("name", NETWORKS)
def test_an_image_is_adapted_to_by_plain_descent(name: str) -> None:
    """The hook, careful adaptation, ZSSR and the inspection leave the network whole; the hook gives the right image."""
    network = make(name, scale=2)
    before, mode = list(network.named_parameters(remove_duplicate=False)), network.training
    hr = F.interpolate(torch.rand(1, 3, 16, 16, dtype=torch.float64), size=64, mode="bicubic").clamp(0, 1)
    degradation = Degradation(KERNEL, 2)
    lq = degradation.apply(hr)
    found = zero_shot(network, lq, degradation, Settings(updates=(3,), schedule=Schedule(((0, 0.1),))))
    whole(network, before)
    params = {n.removeprefix("1."): p.detach().requires_grad_() for n, p in network.named_parameters()}
    son, up = degradation.apply(lq), nn.Upsample(scale_factor=2)
    for _ in range(3):
        loss = F.l1_loss(by_hand(name, params, up(son)), lq)
        slopes = torch.autograd.grad(loss, list(params.values()))
        moved = zip(params.items(), slopes, strict=True)
        params = {n: (p - 0.1 * g).detach().requires_grad_() for (n, p), g in moved}
    torch.testing.assert_close(found.images[3], by_hand(name, params, up(lq)).clamp(0, 1), atol=1e-12, rtol=0)
    adapt_carefully(network, lq, degradation, Settings(updates=(2,)))
    inspect_image(network.float(), lq.float(), degradation.to(lq.float()), Settings(updates=(2,)))
    network.double()
    zssr(network, lq, degradation, ZSSRSettings(updates=(2,), crop=16, self_ensemble=False))
    whole(network, before)
    assert network.training == mode
