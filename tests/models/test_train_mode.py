"""Layers that have a train mode: they train where nothing is adapted, exactly as in plain PyTorch; else they are named."""

import copy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import yaml
from basicsr.data import build_dataset
from basicsr.models import build_model
from basicsr.utils.options import ordered_yaml
from basicsr.utils.registry import ARCH_REGISTRY
from helpers.trainings import train, write_options, write_photos
from torch import nn
from torch.nn.utils import spectral_norm
from torch.utils.data import default_collate

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml
from mzsr_basicsr.meta.modes import layers_with_a_mode
from mzsr_basicsr.models.layers import drawn_by
from mzsr_basicsr.zssr import ZSSRSettings, zssr


@ARCH_REGISTRY.register()
class Moody(nn.Module):
    """A small x2 network with every kind of layer that has a train mode."""

    def __init__(self, scale: int = 2, drop: float = 0.3) -> None:
        super().__init__()
        self.scale = scale
        self.head = spectral_norm(nn.Conv2d(3, 6, 3, padding=1))
        self.body = nn.Sequential(nn.BatchNorm2d(6), nn.Softplus(), nn.Dropout2d(drop))
        self.tail = nn.Conv2d(6, 3 * scale**2, 3, padding=1)

    def forward(self, lq: torch.Tensor) -> torch.Tensor:
        return F.pixel_shuffle(self.tail(self.body(self.head(lq))), self.scale)


def build(tmp_path: Path, inner_steps: int, network: str = "{type: Moody}"):
    """The model of a training of 3 tasks a step, and a batch."""
    text = write_options(tmp_path / "o.yml", write_photos(tmp_path / "photos", 3), 5, batch=3).read_text()
    text = text.replace("{type: MZSRNetLR, num_feat: 6, num_conv: 3}", network)
    opt = yaml.load(text, Loader=ordered_yaml()[0])
    opt.update(dist=False, rank=0, world_size=1, auto_resume=False, is_train=True)
    opt["train"].update(meta={"inner_steps": inner_steps}, precision="float32")
    for phase, section in opt["datasets"].items():
        section.update(phase=phase, scale=2)
    opt["path"].update(models=str(tmp_path), training_states=str(tmp_path), log=str(tmp_path))
    data = build_dataset(opt["datasets"]["train"])
    return build_model(opt), default_collate([data[i] for i in range(3)])


def test_stage_1_is_plain_supervised_training(tmp_path: Path) -> None:
    """Weights, running statistics, power iterations and dropout of three steps, and the average with its statistics."""
    model, batch = build(tmp_path, 0)
    plain, average = copy.deepcopy(model.net_g), copy.deepcopy(model.net_g_ema)
    plain.train()
    optimizer = torch.optim.Adam(plain.parameters(), 1e-3)
    for iteration in (1, 2, 3):
        model.feed_data(batch)
        model.optimize_parameters(iteration)
        [task] = model.tasks
        optimizer.zero_grad()
        with drawn_by(0, iteration, torch.device("cpu")):
            loss = F.l1_loss(plain(task.query.lq), task.query.gt)
        loss.backward()
        optimizer.step()
        assert model.log_dict["l_query"] == pytest.approx(loss.item(), abs=1e-6)
        with torch.no_grad():
            for mean, value in zip(average.parameters(), plain.parameters(), strict=True):
                mean.mul_(0.5).add_(value, alpha=0.5)
    state, start = plain.state_dict(), nn.BatchNorm2d(6).state_dict()
    for name, value in model.net_g.state_dict().items():
        torch.testing.assert_close(value, state[name], atol=1e-6, rtol=0)
    assert (state["body.0.running_mean"] - start["running_mean"]).abs().max() > 1e-3
    means = dict(average.named_parameters())
    for name, value in model.net_g_ema.state_dict().items():
        expected = means[name] if name in means else state[name]
        torch.testing.assert_close(value, expected, atol=1e-6, rtol=0)
    assert model.net_g.training and not model.net_g_ema.training


def test_dropout_draws_anew_in_each_iteration_and_process(tmp_path: Path) -> None:
    def drawn(seed: int, number: int) -> torch.Tensor:
        with drawn_by(seed, number, torch.device("cpu")):
            return F.dropout(torch.ones(64))

    before = torch.get_rng_state()
    assert torch.equal(drawn(0, 1), drawn(0, 1))
    assert not torch.equal(drawn(0, 1), drawn(0, 2)) and not torch.equal(drawn(0, 1), drawn(1, 1))
    assert torch.equal(before, torch.get_rng_state())


def test_a_resumed_stage_1_with_random_layers_is_exact(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 3)
    ends = []
    for name, totals in (("whole", (6,)), ("parts", (4, 6))):
        (root := tmp_path / name).mkdir()
        (root / "nets.py").write_text(_as_a_module())
        options = write_options(root / "o.yml", photos, 6)
        text = options.read_text().replace("{type: MZSRNetLR, num_feat: 6, num_conv: 3}", "{type: Mood}")
        text = text.replace("inner_steps: 2", "inner_steps: 0").replace("learn_rates: true", "learn_rates: false")
        options.write_text(
            text.replace("plugin: !!python/name:mzsr_basicsr.PLUGIN", "plugin: !!python/name:nets.PLUGIN")
        )
        for total in totals:
            done = train(options, root, "--auto_resume", "--force_yml", f"train:total_iter={total}")
            assert done.returncode == 0, done.stderr
        ends.append(torch.load(root / "experiments/tiny/models/net_g_latest.pth", weights_only=True))
    for key in ("params", "params_ema"):
        assert all(torch.equal(value, ends[1][key][name]) for name, value in ends[0][key].items())
        assert ends[0][key]["1.num_batches_tracked"] == 6


def _as_a_module() -> str:
    return """import mzsr_basicsr
from torch import nn
from basicsr.utils.registry import ARCH_REGISTRY

PLUGIN = mzsr_basicsr.PLUGIN


@ARCH_REGISTRY.register()
class Mood(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Conv2d(4, 12, 1), nn.PixelShuffle(2))
"""


def test_the_meta_step_freezes_them_and_says_so_once(tmp_path: Path, basicsr_log: pytest.LogCaptureFixture) -> None:
    model, batch = build(tmp_path, 2)
    before = {name: value.clone() for name, value in model.net_g.named_buffers()}
    for iteration in (1, 2):
        model.feed_data(batch)
        model.optimize_parameters(iteration)
    said = [record.getMessage() for record in basicsr_log.records if "as at a test" in record.getMessage()]
    assert said == [
        "train.meta.inner_steps: 2: the meta-step runs these layers as at a test, where their statistics stay as they "
        "are and nothing is random: body.0 (BatchNorm2d), body.2 (Dropout2d), head (SpectralNorm); train them with "
        "inner_steps: 0 (stage 1), and go on from those weights"
    ]
    assert all(torch.equal(value, before[name]) for name, value in model.net_g.named_buffers())


@pytest.mark.parametrize(("steps", "network"), [(0, "{type: Moody}"), (2, "{type: Moody, drop: 0.0}")])
def test_only_what_is_frozen_is_named(
    tmp_path: Path, basicsr_log: pytest.LogCaptureFixture, steps: int, network: str
) -> None:
    build(tmp_path, steps, network)
    assert ("as at a test" in basicsr_log.text) == (steps > 0)
    named = [r.getMessage() for r in basicsr_log.records if "as at a test" in r.getMessage()]
    assert len(named) == (1 if steps else 0) and not any("Dropout" in line for line in named)


class Jitter(nn.Module):
    """A layer of somebody's own: it adds noise in training, in a method of its own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.jittered(x)

    def jittered(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.randn_like(x) if self.training else x


LAYERS = {
    "BatchNorm2d": (nn.BatchNorm2d(2), True),
    "SyncBatchNorm": (nn.SyncBatchNorm(2), True),
    "InstanceNorm2d": (nn.InstanceNorm2d(2), False),
    "InstanceNorm2d with statistics": (nn.InstanceNorm2d(2, track_running_stats=True), True),
    "BatchNorm2d without statistics": (nn.BatchNorm2d(2, track_running_stats=False), False),
    "LayerNorm": (nn.LayerNorm(2), False),
    "GroupNorm": (nn.GroupNorm(1, 2), False),
    "Dropout": (nn.Dropout(0.1), True),
    "Dropout that never drops": (nn.Dropout(0.0), False),
    "AlphaDropout": (nn.AlphaDropout(), True),
    "RReLU": (nn.RReLU(), True),
    "PReLU": (nn.PReLU(), False),
    "Conv2d": (nn.Conv2d(2, 2, 1), False),
    "attention": (nn.MultiheadAttention(4, 2), False),
    "attention with dropout": (nn.MultiheadAttention(4, 2, dropout=0.1), True),
    "old spectral_norm": (spectral_norm(nn.Conv2d(2, 2, 1)), True),
    "new spectral_norm": (nn.utils.parametrizations.spectral_norm(nn.Conv2d(2, 2, 1)), True),
    "weight_norm": (nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 2, 1)), False),
    "of its own": (Jitter(), True),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_with_a_mode_are_recognised(name: str) -> None:
    layer, expected = LAYERS[name]
    assert bool(layers_with_a_mode(nn.Sequential(nn.Conv2d(2, 2, 1), layer))) == expected


def test_an_evaluation_mode_that_was_chosen_is_kept() -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)).eval()
    images = torch.rand(2, 2, 3, 6, 6)
    task = Task(Pairs(*images[:, :0]), Pairs(*images), Degradation(torch.ones(1, 1), 1.0))
    MetaStep(network, maml, F.l1_loss, 0, 0.1)([task], (1.0,))[0].backward()
    assert network[1].num_batches_tracked == 0 and not network.training


def test_zssr_trains_them_and_gives_its_result_as_at_a_test() -> None:
    """Four updates, then one result; the error that rules the rate is measured after each two of them."""
    network = Moody()
    network.body[2] = Recorder()
    lq = torch.rand(1, 3, 16, 16)
    settings = ZSSRSettings(updates=(4,), crop=16, measure_every=2, self_ensemble=False, back_projection=0)
    zssr(network, lq, Degradation(torch.ones(1, 1), 2), settings)
    assert Recorder.modes == [True, True, False, True, True, False, False]


class Recorder(nn.Module):
    """Notes the mode of each call, in copies too."""

    modes: list[bool] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.modes.append(self.training)
        return x
