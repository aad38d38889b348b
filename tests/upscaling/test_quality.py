"""`quality`: what each one is in single choices, and that a choice of one's own goes first."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command, photograph
from helpers.small_networks import photo, save_network

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.api import Result, upscale
from mzsr_basicsr.upscaling.quality import NOISY, QUALITIES
from mzsr_basicsr.upscaling.settings import UpscaleSettings

BEST = QUALITIES["best"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


def enlarge(weights: str, **choices: object) -> Result:
    return upscale(
        photo(40, 48), **{"weights": weights, "kernel": "gaussian:1.0", "noise": 0, "device": "cpu", **choices}
    )


def same(first: Result, second: Result) -> bool:
    return np.array_equal(first.image, second.image) and first.losses == second.losses


def test_what_fast_and_normal_stand_for(small: str) -> None:
    plain = enlarge(small)
    assert same(plain, enlarge(small, quality="normal")) and len(plain.losses) == 11
    assert same(plain, enlarge(small, updates=10, back_projection=0, self_ensemble=False))
    assert plain.stopped == "all updates made"
    fast = enlarge(small, quality="fast")
    assert same(fast, enlarge(small, updates=0)) and (fast.losses, fast.stopped) == ([], "")


def test_best_adapts_longer_and_says_why_it_stopped(small: str) -> None:
    best = enlarge(small, quality="best", time_budget=0)
    made, lowest = len(best.losses) - 1, best.held_out.index(min(best.held_out))
    assert made == min(lowest + BEST.patience, BEST.updates) > 10
    if made < BEST.updates:
        assert best.stopped == f"held-out loss stopped falling after {lowest} update{'s' * (lowest != 1)}"
    single = {"back_projection": BEST.back_projection, "self_ensemble": True}
    assert same(best, enlarge(small, updates=made, **single))
    assert not same(best, enlarge(small, updates=made))


def test_a_choice_of_ones_own_goes_first(small: str) -> None:
    given = {"updates": 3, "back_projection": 0, "self_ensemble": False}
    assert same(enlarge(small, quality="best", **given), enlarge(small, updates=3))
    assert same(enlarge(small, quality="fast", updates=2), enlarge(small, updates=2))
    ensemble = enlarge(small, updates=2, self_ensemble=True)
    assert same(enlarge(small, quality="fast", updates=2, self_ensemble=True), ensemble)
    assert UpscaleSettings(quality="best", updates=500).effort.time_budget == 0  # all of them are made
    assert UpscaleSettings(quality="best", updates=500, time_budget=5).effort.time_budget == 5
    assert UpscaleSettings(quality="best").effort.time_budget > 0 == UpscaleSettings().effort.time_budget


def test_a_time_budget_ends_any_adaptation(small: str) -> None:
    found = enlarge(small, time_budget=1e-6)
    assert (len(found.losses), found.kept, found.stopped) == (1, 0, "time budget used up")
    np.testing.assert_array_equal(found.image, enlarge(small, quality="fast").image)


def test_noise_and_estimates_are_not_projected_back_unless_asked_for(small: str) -> None:
    few = {"updates": 1, "self_ensemble": False, "quality": "best"}
    for noise, rounds in ((NOISY, BEST.back_projection), (NOISY + 0.1, 0)):
        assert same(enlarge(small, noise=noise, **few), enlarge(small, noise=noise, updates=1, back_projection=rounds))
    estimated = enlarge(small, kernel="auto", **few)
    assert same(estimated, enlarge(small, kernel="auto", updates=1))
    asked = enlarge(small, noise=8, back_projection=2, **few)
    assert same(asked, enlarge(small, noise=8, updates=1, back_projection=2))
    assert not same(asked, enlarge(small, noise=8, **few))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"quality": "good"}, "quality: 'good'; allowed: fast, normal, best"),
        ({"time_budget": -1}, "time-budget: -1 must be from 0 to"),
        ({"time_budget": "long"}, "time-budget: 'long' must be a number from 0 to"),
    ],
)
def test_bad_choices_are_told_in_one_line(choices: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        UpscaleSettings(**choices)
    assert "\n" not in str(caught.value)


def test_the_command_says_what_was_done(small: str, monkeypatch, capsys, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    mzsr = Command(monkeypatch, capsys)
    photograph(tmp_path / "a.png")
    given = ("upscale", "a.png", "-o", "out", "--kernel", "gaussian:1", "--weights", small, "--device", "cpu")
    status, (line,), _ = mzsr(*given, "--quality", "best", "--noise", "0", "--json")
    record = json.loads(line)
    marks = record["held_out_loss"]
    assert (status, record["quality"], record["back_projection"]) == (0, "best", BEST.back_projection)
    assert record["updates_made"] == len(marks) - 1 == min(marks.index(min(marks)) + BEST.patience, BEST.updates)
    shown = {"updates": 100, "time_budget": 60.0, "back_projection": BEST.back_projection, "self_ensemble": True}
    assert shown.items() <= record["settings"].items()
    status, (line,), _ = mzsr(*given, "--quality", "best", "--noise", "0", "--time-budget", "90", "--overwrite")
    assert (
        f"{record['updates_made']} updates kept" in line and f", {record['stopped']}, " in line and " of 90 s" in line
    )
    plain = mzsr(*given, "--overwrite")[1][0]
    assert "of 10 updates kept (signal " in plain and "all updates made" not in plain
    noisy = json.loads(
        mzsr(*given, "--quality", "best", "--no-self-ensemble", "--noise", "9", "--json", "--overwrite")[1][0]
    )
    assert (noisy["back_projection"], noisy["settings"]["self_ensemble"]) == (0, False)
