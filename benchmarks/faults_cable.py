"""Two hosts, as network namespaces of Linux, and the cable between them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

HOSTS, ADDRESSES = ("mzsr_a", "mzsr_b"), ("10.99.0.1", "10.99.0.2")


@contextmanager
def two_hosts() -> Iterator[bool]:
    """Lay a cable between two namespaces; False where that may not be done."""
    pair = [f"{name}_eth" for name in HOSTS]
    commands = [["netns", "add", name] for name in HOSTS]
    commands.append(["link", "add", pair[0], "type", "veth", "peer", "name", pair[1]])
    for name, end, address in zip(HOSTS, pair, ADDRESSES, strict=True):
        commands.append(["link", "set", end, "netns", name])
        inside = [["addr", "add", f"{address}/24", "dev", end], ["link", "set", end, "up"], ["link", "set", "lo", "up"]]
        commands += [["-n", name, *words] for words in inside]
    try:
        yield os.geteuid() == 0 and shutil.which("ip") is not None and all(_ip(*words) for words in commands)
    finally:
        for name in HOSTS if os.geteuid() == 0 and shutil.which("ip") else ():
            _ip("netns", "del", name)


def _ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], check=False, stderr=subprocess.DEVNULL).returncode == 0


def set_cable(host: int, state: str) -> None:
    """Cut the cable at a host ("down"), or lay it again ("up")."""
    _ip("-n", HOSTS[host], "link", "set", f"{HOSTS[host]}_eth", state)
