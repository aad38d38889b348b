"""Importing the package first makes BasicSR importable; every test starts from the same seed."""

import gc
import sys

import pytest
import torch

import mzsr_basicsr  # noqa: F401  before any `import basicsr`


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)  # the tensors are tiny: more threads only wait for each other


@pytest.fixture(autouse=True, scope="module")
def _codecs_end_here():
    """Free the codecs that failed clips left in cycles: a process forked later that frees one waits for its threads."""
    yield
    if "av" in sys.modules:
        gc.collect()


@pytest.fixture
def fresh_stream():
    """The stream of tasks begins at its first task, before and after."""
    from mzsr_basicsr.data import task_stream

    task_stream.resume_at(0)
    yield
    task_stream.resume_at(0)


@pytest.fixture
def three_photos(monkeypatch, tmp_path):
    """Work in a folder whose folder `in` holds 0.png, 1.png and 2.png."""
    from helpers.commands import photograph

    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for index in range(3):
        photograph(tmp_path / f"in/{index}.png", index)
    return tmp_path


@pytest.fixture
def mzsr(monkeypatch, capsys, three_photos):
    """Run `mzsr` beside three photographs."""
    from helpers.commands import Command

    return Command(monkeypatch, capsys)


@pytest.fixture
def basicsr_log(caplog, monkeypatch):
    """What BasicSR's logger says from now on, which it keeps from all others."""
    import logging

    from basicsr.utils import get_root_logger

    monkeypatch.setattr(get_root_logger(), "propagate", True)
    caplog.set_level(logging.INFO, logger="basicsr")
    return caplog


@pytest.fixture(autouse=True)
def own_signals():
    """Leave SIGINT and SIGTERM as they were: commands that run in the tests' process set them for good."""
    from helpers.commands import restored_signals

    with restored_signals():
        yield
