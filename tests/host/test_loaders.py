"""Loader workers of a launcher: Ctrl-C is not for them, and they say nothing of a training that is gone."""

import signal
import sys

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from mzsr_basicsr.host import loaders
from mzsr_basicsr.host.prefetching import Prefetcher


class Mask(Dataset):
    """Whether SIGINT is blocked in the worker, and the first number of its random source."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        blocked = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
        return torch.tensor([int(blocked), int(np.random.get_state()[1][0])])  # noqa: NPY002


def seed(number):
    np.random.seed(7 + number)  # noqa: NPY002


def test_workers_are_shielded_and_started_as_asked_for() -> None:
    theirs = DataLoader.__iter__
    with loaders.shielded_loaders():
        loader = DataLoader(Mask(), num_workers=1, worker_init_fn=seed, multiprocessing_context="fork")
        assert [next(iter(loader)).tolist() for _ in range(2)] == [[[1, 7]]] * 2
    assert DataLoader.__iter__ is theirs
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_only_a_lost_connection_is_no_news(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    loaders.Quiet(None)(0)
    for error in (ConnectionResetError("gone"), EOFError()):
        sys.excepthook(type(error), error, None)
    assert capsys.readouterr().err == ""
    sys.excepthook(KeyError, KeyError("a fault"), None)
    assert "a fault" in capsys.readouterr().err


def test_prefetched_items_come_in_their_order_and_errors_too() -> None:
    assert list(Prefetcher(iter(range(5)), 2)) == [0, 1, 2, 3, 4]

    def failing():
        yield 1
        raise ValueError("an image")

    items = Prefetcher(failing(), 1)
    assert next(items) == 1
    try:
        next(items)
    except ValueError as error:
        assert str(error) == "an image"
    else:
        raise AssertionError("it was lost")
