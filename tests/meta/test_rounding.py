"""Mixed precision against float64 products of rounded operands, and the meta-gradient against float32's."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.archs.mzsr_unrolled_arch import MZSRNetUnrolled
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
from mzsr_basicsr.meta.rounding import with_short_gradients
from mzsr_basicsr.weights.pretrained import load_pretrained

FORMS = [
    {"padding": 1},
    {"stride": 2, "padding": (1, 0)},
    {"dilation": 2, "padding": 2},
    {"groups": 2},
]


def rounded(value: Tensor) -> Tensor:
    """Round to bfloat16, in float64."""
    return value.detach().bfloat16().double()


def by_autograd(product, *wanted: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(product, wanted))


@pytest.mark.parametrize("form", FORMS)
def test_both_gradients_are_products_of_rounded_operands(form: dict) -> None:
    """g_x and g_w, then what is made by differentiating ⟨g_x, a⟩ + ⟨g_w, c⟩ + ⟨g_b, d⟩, each in float64 by autograd."""
    torch.manual_seed(0)
    x, w = torch.randn(2, 4, 7, 6), torch.randn(6, 4 // form.get("groups", 1), 3, 3)
    x, w, b = x.requires_grad_(), w.requires_grad_(), torch.randn(6, requires_grad=True)
    y = with_short_gradients(lambda p: F.conv2d(p["x"], p["w"], p["b"], **form), exact=False)({"x": x, "w": w, "b": b})
    assert torch.equal(y, F.conv2d(x, w, b, **form))
    slope = torch.randn_like(y).requires_grad_()
    found = torch.autograd.grad(y, (x, w, b), slope, create_graph=True)

    xr, wr, sr = (rounded(value).requires_grad_() for value in (x, w, slope))
    expected = by_autograd((F.conv2d(xr, wr, **form) * sr).sum(), xr, wr)
    for got, exact in zip(found, [*expected, slope.double().sum((0, 2, 3))], strict=True):
        torch.testing.assert_close(got.double(), exact, rtol=2**-8, atol=1e-5 * exact.abs().max().item())

    a, c, d = (torch.randn_like(part) for part in found)
    again = torch.autograd.grad(found, (slope, x, w), (a, c, d))
    # ⟨g_x, a⟩ = ⟨w ∗ a, g_y⟩ and ⟨g_w, c⟩ = ⟨c ∗ x, g_y⟩
    product = ((F.conv2d(rounded(a), wr, **form) + F.conv2d(xr, rounded(c), **form)) * sr).sum()
    by_slope, by_x, by_w = by_autograd(product, sr, xr, wr)
    for got, exact in zip(again, (by_slope + d.double()[:, None, None], by_x, by_w), strict=True):
        torch.testing.assert_close(got.double(), exact, rtol=2**-7, atol=2**-7 * exact.abs().max().item())


def test_an_exact_one_rounds_only_what_is_differentiated_twice() -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(2, 6, 3), nn.Softplus(), nn.Conv2d(6, 2, 3, bias=False))
    image, params = torch.rand(2, 2, 9, 9), list(network.parameters())
    plain = network(image).square().mean()
    exact = with_short_gradients(lambda _: network(image).square().mean(), exact=True)({})
    assert torch.equal(plain, exact)
    slopes = [torch.autograd.grad(loss, params, create_graph=True) for loss in (plain, exact)]
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)
    way = [torch.randn_like(p) for p in params]
    expected, got = (torch.cat([part.flatten() for part in torch.autograd.grad(s, params, way)]) for s in slopes)
    assert 1e-5 < float((got - expected).norm() / expected.norm()) < 0.01


def test_what_is_no_float32_convolution_by_trained_weights_is_left_alone() -> None:
    frozen = torch.randn(2, 2, 3, 3)
    image = torch.rand(1, 2, 8, 8, requires_grad=True)
    trained, double = frozen.clone().requires_grad_(), frozen.double().requires_grad_()

    def taken(function) -> bool:
        return "_Convolution" in type(with_short_gradients(lambda _: function(), False)({}).grad_fn).__name__

    assert taken(lambda: F.conv2d(image, trained)) and taken(lambda: F.conv2d(weight=trained, input=image))
    assert not taken(lambda: F.conv2d(image, frozen))  # a blur, for instance
    assert not taken(lambda: F.conv2d(image.double(), double))
    assert not taken(lambda: F.conv2d(image, trained, padding="same"))
    assert not taken(lambda: image @ image)
    with torch.no_grad():
        assert not taken(lambda: F.conv2d(image, trained))


def make_task(seed: int) -> Task:
    generator = torch.Generator().manual_seed(seed)
    hr = F.interpolate(torch.rand(4, 3, 12, 12, generator=generator), size=48, mode="bicubic").clamp(0, 1)
    told = Degradation(gaussian_kernel(1.5, 1.0, 0.5, 9).float(), 2)
    lr = told.apply(hr)
    return Task(Pairs(lr[:2], hr[:2]), Pairs(lr[2:], hr[2:]), told)


NETWORKS = {
    "lr": lambda: MZSRNetLR(num_feat=16, num_conv=5),
    "unrolled": lambda: MZSRNetUnrolled(num_feat=16, stages=[1, 1]),
}


def meta_gradient(network: nn.Module, tasks: list[Task], **options) -> tuple[Tensor, Tensor, Tensor]:
    """Give the gradient of parameters and rates, that of the rates, and the support losses."""
    network.zero_grad()
    step = MetaStep(network, maml, F.l1_loss, 3, 0.05, learn_rates=True, **options)
    loss, report = step(tasks, (0.2, 0.3, 0.5))
    loss.backward()
    parts = [p.grad.flatten() for p in step.parameters()]
    return torch.cat(parts), step.log_rates.grad.clone(), report.support


def error(got: Tensor, expected: Tensor) -> float:
    return float((got - expected).norm() / expected.norm())


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_meta_gradient_is_within_one_percent_of_float32s(kind: str, order: int, seed: int) -> None:
    torch.manual_seed(seed)
    network, tasks = NETWORKS[kind](), [make_task(seed), make_task(seed + 10)]
    exact, exact_rates, losses = meta_gradient(network, tasks, order=order)
    mixed, rates, same = meta_gradient(network, tasks, order=order, mixed=True)
    assert torch.equal(same, losses)  # the inner steps are float32's, bit for bit
    assert 1e-5 < error(mixed, exact) < 0.01
    assert error(rates, exact_rates) < 0.01
    again, *_ = meta_gradient(network, tasks, order=order, mixed=True, recompute=True)
    assert error(again, exact) < 0.01


@pytest.mark.parametrize("seed", [0, 1])
def test_of_a_trained_network_all_in_bfloat16_is_not(seed: int) -> None:
    network, tasks = load_pretrained("shipped:mzsr_x2").network, [make_task(seed), make_task(seed + 10)]
    network.train().requires_grad_()
    exact, *_ = meta_gradient(network, tasks)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        short, *_ = meta_gradient(network, tasks)
    mixed, *_ = meta_gradient(network, tasks, mixed=True)
    assert error(mixed, exact) < 0.01 < error(short, exact)


def test_training_without_inner_steps_rounds_the_way_back() -> None:
    torch.manual_seed(0)
    network, task = NETWORKS["lr"](), make_task(0)
    found = []
    for mixed in (False, True):
        network.zero_grad()
        MetaStep(network, maml, F.l1_loss, 0, 0.1, mixed=mixed)([task], (1.0,))[0].backward()
        found.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    assert 1e-5 < error(found[1], found[0]) < 0.01
