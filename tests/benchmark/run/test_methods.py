"""Every kind of method gives what the library gives when it is called by hand on the LR file."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from basicsr.archs import build_network
from helpers.benchmark_runs import NETWORK, benchmark, make_place, network_method, options, planned, read, save
from helpers.bicubic_by_hand import gaussian, resized

from mzsr_basicsr.adaptation.zero_shot import Schedule, Settings, zero_shot
from mzsr_basicsr.benchmark.run.methods import build_method
from mzsr_basicsr.blind.estimate import estimate_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.weights.kernel_net import GAUSSIANS, load_kernel_net
from mzsr_basicsr.zssr import ZSSRSettings, zssr

SWINIR = {
    **{"type": "SwinIR", "upscale": 2, "img_size": 16, "window_size": 8, "depths": [2], "embed_dim": 12},
    **{"num_heads": [2], "mlp_ratio": 2, "upsampler": "pixelshuffledirect", "img_range": 1.0},
}
WIENER = {"type": "MZSRNetWiener", "num_feat": 4, "num_block": 1, "scale": 2}
HOOK = {"updates": [1, 3], "rates": [[0, 0.05], [1, 0.02]], "quantize_son": True}
QUICK = {"updates": [2, 3], "crop": 16, "fathers": [1.0, 0.8], "back_projection": 1, "rate": 1e-2}
SMALL = {"type": "MZSRNet", "num_feat": 4, "num_conv": 2}


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def run(place, method, kernel="g2.0d"):
    """Measure one method; give its results, and p1's LR image (1, 3, 20, 23) and SR pictures by updates."""
    results, out = benchmark(options(place, methods={"m": method}, kernels=[kernel]))
    assert not results.failures
    lr = next(s.lr for s in results.sources if s.image == "p1")
    lq = torch.from_numpy(read(out / lr) / np.float32(255)).permute(2, 0, 1)[None]
    return lq, {m.updates: read(out / m.picture) for m in results.measures if m.image == "p1"}


def picture(image):
    """(1, 3, H, W) in [0, 1] as p1's SR file has it."""
    return np.uint8(np.rint(image[0].detach().clamp(0, 1).permute(1, 2, 0).numpy() * 255))[:39, :45]


def by_hook(network, lq, kernel, settings, same, subsampling="direct"):
    degradation = Degradation(kernel.float(), 2, subsampling)
    for updates, image in zero_shot(network, lq, degradation, settings).images.items():
        np.testing.assert_array_equal(same[updates], picture(image))
    assert settings.updates == tuple(same)


def test_bicubic_is_matlabs(place):
    lq, pictures = run(place, {"type": "bicubic"})
    upscaled = resized(lq[0].permute(1, 2, 0).double().numpy(), 2).clip(0, 1) * 255
    found = pictures[None]
    assert found.shape == (39, 45, 3) and np.abs(found - upscaled[:39, :45]).max() < 0.501


@pytest.mark.parametrize(("kernel", "variance", "subsampling"), [("g2.0d", 2, "direct"), ("g1.3b", 1.3, "bicubic")])
def test_mzsr_is_the_zero_shot_test_with_learned_rates(place, kernel, variance, subsampling):
    network = save(place / "w.pth", WIENER, seed=5)
    settings = Settings((0, 1, 10), Schedule(learned=torch.full((5, 8), 0.02)), quantize_son=True)
    lq, pictures = run(place, {"type": "mzsr", "weights": {2: str(place / "w.pth")}}, kernel)
    by_hook(network, lq, torch.from_numpy(gaussian(variance)), settings, pictures, subsampling)
    assert not np.array_equal(pictures[0], pictures[10])


def test_a_network_without_the_hook_is_the_bare_network(place):
    network = save(place / "net.pth", seed=3)
    lq, pictures = run(place, network_method(place / "net.pth"))
    with torch.no_grad():
        np.testing.assert_array_equal(pictures[None], picture(network(lq)))
    assert list(pictures) == [None]


def test_a_network_without_the_hook_is_told_the_kernel(place):
    network = save(place / "w.pth", WIENER, seed=5)
    lq, pictures = run(place, network_method(place / "w.pth"))
    settings = Settings((0,))
    by_hook(network, lq, torch.from_numpy(gaussian(2)), settings, {0: pictures[None]})
    shown = zero_shot(network, lq, Degradation(torch.from_numpy(gaussian(1)).float(), 2), settings).images[0]
    assert not np.array_equal(pictures[None], picture(shown))


def test_a_network_with_the_hook(place):
    network = save(place / "net.pth", seed=3)
    settings = Settings((1, 3), Schedule(((0, 0.05), (1, 0.02))), quantize_son=True)
    lq, pictures = run(place, network_method(place / "net.pth", zero_shot=HOOK))
    by_hook(network, lq, torch.from_numpy(gaussian(2)), settings, pictures)


def swin(weights):
    network = build_network(dict(SWINIR)).eval()
    network.load_state_dict(torch.load(weights)["params"])
    return network


def by_windows(network, lq):
    """Mirror by hand to multiples of 8, (20, 23) -> (24, 24), and cut."""
    rows = [*range(lq.shape[-2]), *range(lq.shape[-2] - 2, -1, -1)][: 8 * math.ceil(lq.shape[-2] / 8)]
    columns = [*range(lq.shape[-1]), *range(lq.shape[-1] - 2, -1, -1)][: 8 * math.ceil(lq.shape[-1] / 8)]
    whole = network(lq[:, :, rows][..., columns])
    return whole[..., : 2 * lq.shape[-2], : 2 * lq.shape[-1]]


@pytest.mark.parametrize("told", [{"network_g": SWINIR}, {}])
def test_a_network_of_windows_on_odd_sizes(place, told):
    save(place / "swin.pth", SWINIR, rates=None, scale=2.0)
    network = swin(place / "swin.pth")
    lq, pictures = run(place, network_method(place / "swin.pth", **told))
    with torch.no_grad():
        np.testing.assert_allclose(pictures[None].astype(int), picture(by_windows(network, lq)), atol=1)


def test_a_network_of_windows_with_the_hook(place):
    save(place / "swin.pth", SWINIR, rates=None)
    hook = {"updates": [2], "rates": [[0, 0.05]]}
    lq, pictures = run(place, network_method(place / "swin.pth", network_g=SWINIR, zero_shot=hook))
    network = swin(place / "swin.pth")
    kernel = torch.from_numpy(gaussian(2)).float()
    blurred = F.conv2d(symmetric(lq[0][:, None], 10), kernel[None, None])[:, 0][None]
    son = blurred[..., ::2, ::2]
    for _ in range(2):
        network.zero_grad()
        F.l1_loss(by_windows(network, son)[..., :20, :23], lq).backward()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter -= 0.05 * parameter.grad
    expected = picture(by_windows(network, lq)).astype(int)
    np.testing.assert_allclose(pictures[2].astype(int), expected, atol=1)
    assert np.mean(pictures[2] == expected) > 0.99
    assert not np.array_equal(pictures[2], picture(by_windows(swin(place / "swin.pth"), lq)))


def symmetric(planes, by):
    return torch.from_numpy(np.pad(planes.numpy(), [(0, 0), (0, 0), (by, by), (by, by)], mode="symmetric"))


def test_zssr_starts_from_the_benchmarks_seed(place):
    torch.manual_seed(7)
    network = build_network(dict(SMALL)).to(memory_format=torch.channels_last)
    content = options(place, methods={"zssr": {**QUICK, "network_g": SMALL}}, seed=7)
    results, out = benchmark(content)
    (lr,) = (s.lr for s in results.sources if s.image == "p1")
    lq = torch.from_numpy(read(out / lr) / np.float32(255)).permute(2, 0, 1)[None]
    degradation = Degradation(torch.from_numpy(gaussian(2)).float(), 2)
    given = ZSSRSettings(updates=(2, 3), crop=16, fathers=(1.0, 0.8), back_projection=1, rate=1e-2)
    found = {m.updates: read(out / m.picture) for m in results.measures if m.image == "p1"}
    for updates, image in zssr(network, lq, degradation, given).images.items():
        np.testing.assert_array_equal(found[updates], picture(image))
    assert results.columns == ["zssr (2)", "zssr (3)"] and not np.array_equal(found[2], found[3])
    other, again = benchmark({**content, "seed": 8, "name": "eight"})
    assert not np.array_equal(read(again / other.measures[-1].picture), read(out / results.measures[-1].picture))


@pytest.mark.parametrize(("kernel", "subsampling"), [("g2.0d", "direct"), ("g1.3b", "bicubic")])
def test_an_estimated_kernel(place, kernel, subsampling):
    network = save(place / "w.pth", WIENER, seed=5)
    settings = Settings((1,), Schedule(((0, 0.02),)))
    hook = {"updates": [1], "rates": [[0, 0.02]]}
    lq, pictures = run(place, network_method(place / "w.pth", zero_shot=hook, kernel="auto"), kernel)
    gaussians = load_kernel_net(GAUSSIANS) if subsampling == "direct" else None
    estimated = estimate_kernel(load_kernel_net(), lq, 2, subsampling, spread_by=gaussians).kernel
    by_hook(network, lq, estimated, settings, pictures, subsampling)
    known = zero_shot(
        network, lq, Degradation(torch.from_numpy(gaussian(float(kernel[1:4]))).float(), 2, subsampling), settings
    ).images[1]
    assert not np.array_equal(pictures[1], picture(known))


def test_bicubic_as_the_kernel_means_none_beside_its_own(place):
    network = save(place / "w.pth", WIENER, seed=5)
    hook = {"updates": [1], "rates": [[0, 0.02]]}
    lq, pictures = run(place, network_method(place / "w.pth", zero_shot=hook, kernel="bicubic"))
    by_hook(network, lq, torch.ones(1, 1), Settings((1,), Schedule(((0, 0.02),))), pictures, "bicubic")


def test_a_method_leaves_its_network_as_it_was(place):
    save(place / "net.pth", NETWORK, seed=3)
    plan = planned(options(place, methods={"m": network_method(place / "net.pth", zero_shot=HOOK)}))
    method = build_method("m", plan.methods["m"], 2.0, 0, torch.device("cpu"))
    lq = torch.rand(1, 3, 20, 23)
    first, second = (method(lq, plan.degradations[0]) for _ in range(2))
    assert [o.updates for o in first] == [1, 3]
    assert all(torch.equal(a.image, b.image) for a, b in zip(first, second))
