"""Divergence is said before it is NaN, with what to lower; learned rates reach the log; numbers may be texts."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from helpers.trainings import train, write_options, write_photos

from mzsr_basicsr.meta import MetaStep, maml
from mzsr_basicsr.metrics.results import Row
from mzsr_basicsr.models import validation
from mzsr_basicsr.models.rates import rates_for_the_log, start_rates
from mzsr_basicsr.models.watch import Watch, fell
from mzsr_basicsr.options.run import ValOptions


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"))


def note(watch: Watch, meta: float, first: float = 1.0, last: float = 1.0, query: float = 1.0) -> list[str]:
    losses = {"l_meta": meta, "l_query": query, "l_support_first": first, "l_support_last": last}
    return watch.note(losses, "OUTER", "INNER")


def test_a_loss_ten_times_its_start_is_said_at_once_and_then_for_each_doubling() -> None:
    watch = Watch()
    said = [note(watch, loss) for loss in (0.1, 0.3, 0.1, 0.9, 3.0, 3.5, 40.0, 41.0)]
    assert [len(lines) for lines in said] == [0, 0, 0, 0, 0, 0, 1, 0]  # the reference grows with the first ten
    watch = Watch()
    for _ in range(10):
        assert note(watch, 0.1) == []
    assert note(watch, 0.9) == []
    assert note(watch, 1.2) == ["the loss is 1.2e+00, at the start it was 1.0e-01; lower OUTER"]
    assert note(watch, 2.0) == []
    assert len(note(watch, 2.5)) == 1


def test_a_loss_that_stays_three_times_above_its_start_is_said_once() -> None:
    watch = Watch()
    for _ in range(10):
        assert note(watch, 0.1) == []
    said = [line for _ in range(60) for line in note(watch, 0.4)]
    assert said == ["the loss is 4.0e-01, at the start it was 1.0e-01; lower OUTER"]
    noisy = Watch()
    generator = torch.Generator().manual_seed(0)
    for value in torch.rand(500, generator=generator).mul(0.3).add(0.01).tolist():  # of batches of one patch
        noisy_lines = note(noisy, value)
        assert noisy_lines == []


def test_an_adaptation_that_makes_it_worse_is_said() -> None:
    assert note(Watch(), 0.1, first=0.1, last=1.1) == [
        "adaptation raises the loss of a task from 1.0e-01 to 1.1e+00; lower INNER"
    ]
    assert note(Watch(), 0.1, first=0.1, last=0.1, query=1.2)[0].endswith("from 1.0e-01 to 1.2e+00; lower INNER")
    watch = Watch()
    said = [note(watch, 0.1, first=0.1, last=0.35, query=0.1) for _ in range(25)]
    assert [len(lines) for lines in said].index(1) == 19 and sum(map(len, said)) == 1
    assert note(Watch(), 0.1, first=0.1, last=0.05, query=0.2) == []


def test_a_resumed_watch_goes_on() -> None:
    watch, resumed = Watch(), Watch()
    for _ in range(10):
        note(watch, 0.1)
    note(watch, 2.0)
    resumed.load(watch.state())
    assert note(resumed, 2.5) == [] and note(Watch(), 2.5) == []
    assert note(resumed, 5.0) == ["the loss is 5.0e+00, at the start it was 1.0e-01; lower OUTER"]


def test_where_a_psnr_falls() -> None:
    assert fell({"bicubic": 40.0, "0": 30.0, "1": 29.5, "10": 12.0}) == ("0", 30.0, "10", 12.0)
    assert fell({"0": 30.0, "10": 29.1}) is None and fell({"0": 30.0}) is None and fell({"bicubic": 3.0}) is None
    assert fell({"5": 30.0, "10": 20.0}) == ("5", 30.0, "10", 20.0)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("train:optim_g:lr", "1.0e+1", "the loss is .*, at the start it was .*; lower train.optim_g.lr or train.meta.rates_lr"),
        ("train:meta:inner_rate", "1e2", "adaptation raises the loss of a task from .*; lower train.meta.rates_lr or"),
    ],
)  # fmt: skip
def test_a_training_says_it_before_it_ends(tmp_path: Path, photos: Path, key: str, value: str, message: str) -> None:
    """The rates are given as `--force_yml` hands them on: as texts."""
    options = write_options(tmp_path / "o.yml", photos, 12)
    done = train(options, tmp_path, "--force_yml", f"{key}={value}")
    assert re.search(rf"WARNING: Iteration \d+: {message}", done.stderr), done.stderr


def test_a_validation_that_diverges_says_it_and_goes_on(tmp_path: Path, photos: Path) -> None:
    options = write_options(tmp_path / "o.yml", photos, 1)
    options.write_text(options.read_text().replace("updates: [0, 1]", "updates: [0, 6], rates: [[0, 1e2]]"))
    done = train(options, tmp_path)
    assert done.returncode == 0, done.stderr
    line = r"validation: rates: the loss is \S+ after \d updates?, \S+ before; give smaller rates or fewer updates"
    assert re.search(line + "; the network is measured without updates", done.stderr), done.stderr


def test_a_validation_that_falls_says_what_to_lower(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(validation, "get_root_logger", lambda: SimpleNamespace(warning=said.append))
    val = ValOptions(metrics={"psnr": {"type": "calculate_psnr_paper"}, "ssim": {"type": "calculate_ssim_paper"}})
    values = {"bicubic": 25.0, "0": 30.0, "1": 30.4, "6": 22.5}
    row = Row("mean", {column: {"psnr": psnr, "ssim": 0.9} for column, psnr in values.items()}, {})
    validation._warn_of_falls(row, "v", val)
    validation._warn_of_divergence("v", "p0", [0.01, 0.011, 0.05], val)
    lower = "lower val.zero_shot.rates, or ask for fewer val.zero_shot.updates"
    assert said == [
        f"Validation v: psnr falls from 30.00 dB after 0 updates to 22.50 dB after 6; {lower}",
        f"Validation v, p0: adaptation raises the loss from 1.0e-02 to 5.0e-02; {lower}",
    ]
    row.values["6"]["psnr"] = 29.9
    validation._warn_of_falls(row, "v", val)
    validation._warn_of_divergence("v", "p0", [0.01, 0.011], val)
    assert len(said) == 2


def test_a_good_training_warns_of_nothing_and_logs_its_rates(tmp_path: Path, photos: Path) -> None:
    options = write_options(tmp_path / "o.yml", photos, 4)
    options.write_text(options.read_text().replace("use_tb_logger: false", "use_tb_logger: true"))
    done = train(options, tmp_path, "--force_yml", "train:optim_g:lr=1.0e-3", "train:meta:rates_lr=5e-3")
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert warnings == []
    last = [line for line in done.stderr.splitlines() if "iter:       4" in line][0]
    assert "lr:(5.000e-04,2.500e-03,)" in last  # after the milestone
    logged = [float(re.search(rf"rate_{name}: (\S+)", last)[1]) for name in ("min", "mean", "max")]
    saved = torch.load(tmp_path / "experiments/tiny/models/net_g_4.pth", weights_only=True)["rates"]
    assert logged == pytest.approx([saved.min().item(), saved.mean().item(), saved.max().item()], rel=1e-4)
    assert logged[0] < logged[1] < logged[2]
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tb_logger/tiny"))
    events.Reload()
    assert events.Scalars("rate_max")[-1].value == pytest.approx(saved.max().item(), rel=1e-5)


def test_rates_that_are_not_learned_stay_out_of_the_log(basicsr_log: pytest.LogCaptureFixture) -> None:
    network = torch.nn.Conv2d(1, 1, 1)
    assert rates_for_the_log(MetaStep(network, maml, torch.nn.functional.l1_loss, 3, 0.1)) == {}
    learned = MetaStep(network, maml, torch.nn.functional.l1_loss, 3, 0.1, learn_rates=True)
    start_rates(learned, torch.full((3, 2), 0.7), "orthogonal")
    assert float(learned.log_rates.exp().max()) < 0.7  # of another rule, and left alone
    start_rates(learned, torch.full((3, 2), 0.5), "gradient")
    assert rates_for_the_log(learned) == pytest.approx({"rate_min": 0.5, "rate_mean": 0.5, "rate_max": 0.5})
    start_rates(learned, torch.full((5, 2), 0.1), "gradient")
    assert (
        "the weights file has 5x2 rates (inner steps x tensors), this training 3x2; they start from" in basicsr_log.text
    )
