"""A memory of what was learned: files, runs, processes and clips share it, and nothing else changes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.clips import make_clip, two_shots
from helpers.commands import Command, load
from helpers.small_networks import photo, save_network

import mzsr_basicsr
from mzsr_basicsr.adaptation import careful
from mzsr_basicsr.errors import ConfigError, WeightsError
from mzsr_basicsr.jobs.file_jobs import FileJob
from mzsr_basicsr.jobs.policy import FilePolicy
from mzsr_basicsr.jobs.worker import run_job
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

GIVEN = {"kernel": "gaussian:1.0", "updates": 3, "noise": 0, "device": "cpu"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


def stored(file: Path) -> dict:
    return torch.load(file, weights_only=True)


def test_an_empty_memory_changes_nothing_and_what_was_learned_helps_next_time(small: str, tmp_path: Path) -> None:
    given, file = {**GIVEN, "weights": small}, tmp_path / "m.pt"
    weights = Path(small).read_bytes()
    without = mzsr_basicsr.upscale(photo(), **given)
    first = mzsr_basicsr.upscale(photo(), **given, memory=str(file))
    assert np.array_equal(first.image, without.image) and first.losses == without.losses and without.memory is None
    assert first.memory == {"entries": 0, "nearness": 0.0, "used": False, "wrote": True} and first.kept > 0
    second = mzsr_basicsr.upscale(photo(), **given, memory=str(file))
    assert second.memory == {"entries": 1, "nearness": 1.0, "used": True, "wrote": second.kept > 0}
    assert second.held_out[0] < first.held_out[0] and second.losses[0] < first.losses[0]
    assert not np.array_equal(second.image, first.image)
    again = mzsr_basicsr.upscale(photo(), **given)
    assert np.array_equal(again.image, without.image) and Path(small).read_bytes() == weights
    assert stored(file)["uses"].tolist() == [1 + (second.kept > 0)]


def test_what_is_written_is_how_far_adaptation_moved_the_parameters(small: str, tmp_path: Path) -> None:
    upscaler = Upscaler(UpscaleSettings(weights=small, memory=str(tmp_path / "m.pt"), **GIVEN))
    before = {name: value.clone() for name, value in upscaler.network.state_dict().items()}
    plan = upscaler.plan(photo())
    assert upscaler.remember(plan)["wrote"]
    moves = [(plan.adapted.params[name] - value).flatten() for name, value in upscaler.network.named_parameters()]
    assert torch.equal(stored(tmp_path / "m.pt")["strategies"][0], torch.cat(moves).detach().half())
    assert all(torch.equal(value, before[name]) for name, value in upscaler.network.state_dict().items())


def test_without_updates_it_is_asked_and_not_written(small: str, tmp_path: Path) -> None:
    given, file = {**GIVEN, "weights": small, "memory": str(tmp_path / "m.pt")}, tmp_path / "m.pt"
    quick = mzsr_basicsr.upscale(photo(), **{**given, "updates": 0})
    assert quick.memory == {"entries": 0, "nearness": 0.0, "used": False, "wrote": False} and not file.exists()
    mzsr_basicsr.upscale(photo(), **given)
    content = file.read_bytes()
    found = mzsr_basicsr.upscale(photo(), **{**given, "updates": 0})
    assert found.memory == {"entries": 1, "nearness": 1.0, "used": True, "wrote": False}
    assert file.read_bytes() == content and not np.array_equal(found.image, quick.image)
    assert (found.kept, found.stopped, len(found.losses)) == (0, "", 1)


def test_images_unlike_what_is_known_are_as_without(small: str, tmp_path: Path) -> None:
    given = {**GIVEN, "weights": small}
    mzsr_basicsr.upscale(photo(), **given, memory=str(tmp_path / "m.pt"))
    other = {**given, "kernel": "gaussian:6,6"}
    along = mzsr_basicsr.upscale(photo(), **other, memory=str(tmp_path / "m.pt"))
    assert np.array_equal(along.image, mzsr_basicsr.upscale(photo(), **other).image)
    assert along.memory["nearness"] < 0.8 and not along.memory["used"]


def test_what_was_rolled_back_is_not_written(small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful, "least_promise", lambda degradation: 1e9)
    given = {**GIVEN, "weights": small, "signal": "scale"}
    found = mzsr_basicsr.upscale(photo(), **given, memory=str(tmp_path / "m.pt"))
    assert found.kept == 0 and not found.memory["wrote"] and not (tmp_path / "m.pt").exists()


def test_a_memory_of_other_weights_or_of_another_scale(small: str, tmp_path: Path) -> None:
    given, file = {**GIVEN, "memory": str(tmp_path / "m.pt")}, tmp_path / "m.pt"
    mzsr_basicsr.upscale(photo(), weights=small, **given)
    content = file.read_bytes()
    other = save_network(tmp_path / "other.pth", correction=0.9)
    larger = save_network(tmp_path / "x3.pth", scale=3)
    for weights, scale, message in ((other, 2, "or of other weights"), (larger, 3, "of scale 2.0, the network's is 3")):
        with pytest.raises(WeightsError, match=message):
            mzsr_basicsr.upscale(photo(), scale, weights=weights, **given)
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("memory", "error"), [(3, ConfigError), (Path("m.pt"), ConfigError), ("none/m.pt", WeightsError)]
)
def test_bad_memories_in_python(small: str, memory: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="memory: a |there is no folder none"):
        mzsr_basicsr.upscale(photo(), weights=small, memory=memory, **GIVEN)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_shares_one(mzsr: Command, small: str, jobs: int) -> None:
    options = ("--weights", small, "--memory", "m.pt", "--jobs", jobs, "--kernel", "gaussian:1.0", "--updates", 3)
    status, out, err = mzsr("upscale", "in", "-o", "out", "--json", "--noise", 0, *options)
    assert (status, err) == (0, [])
    told = [json.loads(line)["memory"] for line in out]
    assert sum(one["wrote"] for one in told) == int(stored(Path("m.pt"))["uses"].sum()) > 0
    assert sorted(one["entries"] for one in told)[0] == 0 and all(0 <= one["nearness"] <= 1 for one in told)
    status, out, err = mzsr("upscale", "in", "-o", "out", "--skip-existing", *options)
    assert (status, len(out), err) == (0, 3, []) and all(line.endswith("skipped") for line in out)
    assert sum(one["wrote"] for one in told) == int(stored(Path("m.pt"))["uses"].sum())
    status, out, err = mzsr("upscale", "in/0.png", "-o", "again", *options)
    known = len(stored(Path("m.pt"))["keys"])
    assert status == 0 and f", memory of {known} (nearest 1.00) used" in out[0]
    assert load(Path("again/0.png")).shape == (80, 72, 3)


def test_bad_memories_on_the_command_line(mzsr: Command, three_photos: Path) -> None:
    Path("text.pt").write_text("no memory")
    bad = {"in": "in: is a folder", "none/m.pt": "there is no folder none", "text.pt": "text.pt: damaged, or no memory"}
    for name, message in bad.items():
        status, out, err = mzsr.upscale("in", "-o", "out", "--memory", name, "--updates", 0)
        assert (status, out, len(err)) == (1, [], 1) and message in err[0] and err[0].startswith("error: ")
    assert not Path("out").exists()


def test_a_clip_that_goes_on_finds_the_memory_it_began_with(small: str, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mkv", two_shots(80))
    settings = UpscaleSettings(weights=small, memory=str(tmp_path / "m.pt"), **{**GIVEN, "updates": 1})
    job, upscaler = FileJob(source, tmp_path / "out/a.mkv"), Upscaler(settings)
    apply, calls = upscaler.apply, []

    def stopped(*arguments: object, **more: object) -> np.ndarray:
        calls.append(1)
        if len(calls) == 60:
            raise KeyboardInterrupt
        return apply(*arguments, **more)

    upscaler.apply = stopped
    with pytest.raises(KeyboardInterrupt):
        run_job(job, upscaler, FilePolicy())
    assert not (
        tmp_path / "m.pt"
    ).exists()  # it is written at the end, so that the second part finds what the first did
    record = run_job(job, Upscaler(settings), FilePolicy())
    assert record["clip"]["resumed"] == 32 and record["clip"]["shots"] == 2
    told = [one["memory"] for one in record["adaptations"]]
    assert [one["entries"] for one in told] == [0] * len(told)
    assert (tmp_path / "m.pt").exists() == any(one["wrote"] for one in told)
