"""Networks that many tests of this folder share."""

import pytest
from helpers.scans import upscaler
from helpers.small_networks import save_network


@pytest.fixture(scope="session")
def plain_weights(tmp_path_factory):
    """A network that corrects nothing: what it gives is known beforehand."""
    return save_network(tmp_path_factory.mktemp("weights") / "wiener.pth", correction=0.0)


@pytest.fixture(scope="session")
def small_weights(tmp_path_factory):
    return save_network(tmp_path_factory.mktemp("weights") / "small.pth")


@pytest.fixture(scope="session")
def plain(plain_weights):
    """Direct subsampling: pixel (0, 0) of a result lies on pixel (0, 0)."""
    return upscaler(plain_weights)


@pytest.fixture(scope="session")
def centred(plain_weights):
    return upscaler(plain_weights, subsampling="bicubic")
