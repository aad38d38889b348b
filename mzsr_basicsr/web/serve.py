"""The server: a port of this machine, the page behind it, and a worker; at the end nothing is left behind."""

import os
import socket
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_address

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.streams import put_out, say
from mzsr_basicsr.web.folders import Folders
from mzsr_basicsr.web.limits import Limits

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ENVIRONMENT = {  # read by Gradio and by what it brings, when they are imported
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}


def serve(host: str, port: int, limits: Limits, open_browser: bool) -> None:
    """Serve the page until Ctrl-C or SIGTERM.

    Args:
        host: name or address of this machine; others than loopback are reached by other machines, too.
        port: 0 for any that is free.
        limits: what is taken.
        open_browser: open the page in the browser.

    Raises:
        ConfigError: no such host, or the port is in use.
    """
    with listening(host, port) as ear, Folders() as folders:
        os.environ.update(_ENVIRONMENT, GRADIO_TEMP_DIR=str(folders.served))
        address = address_of(host, ear.getsockname()[1])
        if not is_loopback(host):
            say(
                f"warning: --host {host}: everybody who reaches this machine can use the page, without a password and "
                "unencrypted; use it in a network you trust, or leave --host out"
            )
        from mzsr_basicsr.web.server import run  # brings Gradio

        put_out(f"MZSR is at {address} (Ctrl-C ends it)")
        if open_browser:
            _open(address)
        run(ear, folders, limits, _LOOPBACK | {host} if is_loopback(host) else frozenset())


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Take a port of this machine.

    Raises:
        ConfigError: there is no such host, or the port is in use, or is not for everybody.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"host: {host!r} is no name of this machine; give 127.0.0.1, or leave it out") from error
    with closing(socket.socket(family, kind, protocol)) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            ear.bind(place)
            ear.listen(128)
        except OSError as error:
            raise ConfigError(
                f"port: {port} of {host} cannot be used ({error.strerror}); give another, such as --port {port + 1}, "
                "or --port 0 for any that is free"
            ) from error
        yield ear


def address_of(host: str, port: int) -> str:
    """Give what is typed into a browser."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a host."""
    try:
        return host in _LOOPBACK or ip_address(host).is_loopback
    except ValueError:
        return False


def _open(address: str) -> None:
    """Open the page; a text browser would take the terminal."""
    seen = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not (seen and webbrowser.open(address)):
        say("warning: --open: there is no display or no browser here; open the address yourself")
