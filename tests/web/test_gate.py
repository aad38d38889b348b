"""What the gate lets through, asked without a server: hosts, origins, addresses, and paths wherever they stand."""

import asyncio
import json

import pytest

pytest.importorskip("starlette", reason="needs the extra web")
from mzsr_basicsr.web.gate import Gate  # noqa: E402


@pytest.fixture
def served(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served/own.png").write_bytes(b"own")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "served/link").symlink_to(tmp_path / "secret")
    return tmp_path / "served"


def ask(served, path, body=b"", hosts=frozenset({"127.0.0.1"}), **headers):
    """Give the status and the headers; the application behind the gate says 200, and what it was sent."""

    async def app(scope, receive, send):
        got = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": got})

    sent, waiting = [], [{"type": "http.request", "body": body[:5], "more_body": True}]
    waiting.append({"type": "http.request", "body": body[5:], "more_body": False})

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    given = {"host": "127.0.0.1:7860", **headers}
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in given.items()]
    asyncio.run(Gate(app, served.resolve(), hosts)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_the_page_comes_with_a_policy_that_names_no_other_host(served):
    status, headers, _ = ask(served, "/")
    assert status == 200 and b"http" not in headers[b"content-security-policy"]
    assert headers[b"x-content-type-options"] == b"nosniff"


@pytest.mark.parametrize("path", ["/docs", "/gradio_api/info", "/gradio_api/run/x", "/gradio_api/proxy=http://x", "//"])
def test_other_addresses_are_unknown(served, path):
    assert ask(served, path)[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
def test_other_pages_are_not_answered(served, headers):
    assert ask(served, "/", **headers)[0] == 403


def test_any_name_serves_where_others_are_let_in_but_no_other_origin(served):
    assert ask(served, "/", hosts=frozenset(), host="box:7860", origin="http://box:7860")[0] == 200
    assert ask(served, "/", hosts=frozenset(), host="box:7860", origin="http://other:7860")[0] == 403


def test_files_are_its_own(served):
    assert ask(served, f"/gradio_api/file={served}/own.png")[0] == 200
    for path in (served / "link", served.parent / "secret", f"{served}/../secret", "own.png", "http://x/a.png", "/\0"):
        assert ask(served, f"/gradio_api/file={path}")[0] == 403


def test_paths_are_found_wherever_they_stand(served):
    own, secret = str(served / "own.png"), str(served.parent / "secret")

    def joined(path):
        value = {"data": [[{"a": {"path": own}}, {"b": [{"path": path, "url": None}]}], {"path": None}]}
        return ask(served, "/gradio_api/queue/join", json.dumps(value).encode())

    assert joined(own)[0] == 200 and json.loads(joined(own)[2])["data"][1] == {"path": None}
    for path in (secret, str(served / "link"), "http://evil.example/a.png", "../secret", 7, {"path": own}):
        assert joined(path)[0] == 403


@pytest.mark.parametrize("body", [b"no json", b"[" * 100_000, b" " * (2**20 + 1), b"\xff"])
def test_what_is_no_question_is_refused(served, body):
    assert ask(served, "/gradio_api/queue/join", body)[0] == 403
