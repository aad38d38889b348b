"""How `mzsr web` begins: refusals in one line and by status, warnings, the address; nothing heavy is needed for them."""

import socket
import sys
from types import ModuleType

import pytest

from mzsr_basicsr.cli import web
from mzsr_basicsr.web import folders, serve


@pytest.fixture
def served(monkeypatch, tmp_path):
    """What the server would have been started with, in the place of Gradio's."""
    calls = []
    module = ModuleType("mzsr_basicsr.web.server")
    module.run = lambda *given: calls.append(given)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(folders.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(web, "find_spec", lambda name: name)
    for name in serve._ENVIRONMENT:
        monkeypatch.setenv(name, "before")
    monkeypatch.setenv("GRADIO_TEMP_DIR", "before")
    return calls


def test_it_says_where_it_is(mzsr, served, tmp_path):
    status, out, err = mzsr("web", "--port", "0", "--limit-mb", "5", "--queue", "3")
    (ear, _, limits, hosts) = served[0]
    assert (status, err) == (0, []) and "127.0.0.1" in hosts
    assert out[0].startswith("MZSR is at http://127.0.0.1:") and ear.fileno() == -1
    assert (limits.bytes, limits.pixels, limits.places) == (5_000_000, 50_000_000, 3)
    assert list(tmp_path.glob("mzsr_web_*")) == []


def test_telemetry_is_off_whatever_was_set(mzsr, served):
    mzsr("web", "--port", "0")
    assert serve.os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert serve.os.environ["GRADIO_SHARE"] == "False"


def test_other_machines_are_let_in_with_a_warning(mzsr, served):
    status, out, err = mzsr("web", "--host", "0.0.0.0", "--port", "0")
    assert status == 0 and out[0].startswith("MZSR is at http://127.0.0.1:") and served[0][3] == frozenset()
    assert len(err) == 1 and err[0].startswith("warning: --host 0.0.0.0: everybody who reaches this machine")


def test_without_a_display_the_address_is_enough(mzsr, served, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    status, out, err = mzsr("web", "--port", "0", "--open")
    assert status == 0 and len(out) == 1
    assert err == ["warning: --open: there is no display or no browser here; open the address yourself"]


def test_a_port_in_use(mzsr, served):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, out, err = mzsr("web", "--port", port)
    assert (status, out, len(err)) == (1, [], 1)
    assert err[0].startswith(f"error: port: {port} of 127.0.0.1 cannot be used (Address already in use); give another")


def test_gradio_is_missing(mzsr, served, monkeypatch):
    monkeypatch.setattr(web, "find_spec", lambda name: None)
    status, out, err = mzsr("web")
    assert (status, out) == (1, [])
    assert err == ["error: web: needs Gradio, which is not installed here; run: pip install 'mzsr_basicsr[web]'"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--port 65536", "port: 65536 must be from 0 to 65535"),
        ("--limit-mb 0", "limit-mb: 0 must be from 0.001 to 100000"),
        ("--limit-megapixels nan", "limit-megapixels: nan must be from 0.001"),
        ("--queue -1", "queue: -1 must be from 0 to 1000"),
        ("--host no.such.host.invalid", "host: 'no.such.host.invalid' is no name of this machine"),
    ],
)
def test_choices_that_do_not_work(mzsr, served, words, line, monkeypatch):
    if "host" in words:  # no name server is asked
        monkeypatch.setattr(serve.socket, "getaddrinfo", lambda *a, **k: (_ for _ in ()).throw(OSError("no name")))
    status, out, err = mzsr("web", *words.split())
    assert (status, out, len(err)) == (1, [], 1) and line in err[0]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.9.9.9", True), ("0.0.0.0", False), ("box", False)],
)
def test_loopback(host, expected):
    assert serve.is_loopback(host) is expected
