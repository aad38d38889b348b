"""Importing the package first makes BasicSR importable; every test starts from the same seed."""

import pytest
import torch

import mzsr_basicsr  # noqa: F401  before any `import basicsr`


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)  # the tensors are tiny: more threads only wait for each other
