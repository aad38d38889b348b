"""What the system and other processes may do to a training is one line."""

import errno

import pytest
import torch

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.host import compat
from mzsr_basicsr.host.failures import explained

CLOSED = "[…/gloo/transport/tcp/pair.cc:561] Connection closed by peer [127.0.0.1]:14752. This is typically caused by …"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(CLOSED),
        RuntimeError("Timed out waiting 20000ms for recv operation"),
        torch.distributed.DistStoreError("x"),
    ],
)
def test_the_end_of_another_process_is_a_line(error):
    line = explained(error)
    assert line.startswith("another process of this training has ended") and line.endswith("with --auto_resume")


def test_other_errors_are_not_explained_away():
    assert explained(RuntimeError("The size of tensor a must match")) is None
    assert "No space" in explained(OSError(errno.ENOSPC, "No space left on device", "a.pth"))


def test_the_time_that_processes_wait_for_each_other(monkeypatch):
    monkeypatch.delenv("MZSR_TIMEOUT", raising=False)
    assert compat._timeout().total_seconds() == 1800
    monkeypatch.setenv("MZSR_TIMEOUT", "90")
    assert compat._timeout().total_seconds() == 90
    monkeypatch.setenv("MZSR_TIMEOUT", "soon")
    with pytest.raises(ConfigError, match="MZSR_TIMEOUT: 'soon'; it must be seconds"):
        compat._timeout()
