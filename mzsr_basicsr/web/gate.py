"""What a browser may ask of the server: the page and its parts, its own files, and nothing from anywhere else.

Gradio's server can do more than this page needs: it documents an interface for programs, fetches addresses that it is
given, and serves files by their paths. The gate stands before it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/gradio_api/"
_PAGES = ("/", "/config", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json", "/gradio_api/startup-events")
_FOLDERS = ("/assets/", "/static/", "/svelte/", "/gradio_api/heartbeat/")
_ASKED = tuple(f"{API}{name}" for name in ("queue/data", "upload", "upload_progress", "cancel", "reset"))
_JOIN, _FILE = f"{API}queue/join", f"{API}file="
_LONGEST = 2**20  # bytes of what is asked; uploads go another way
_HEADERS = {
    "content-security-policy": "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Gate:
    """An ASGI application before another one.

    Args:
        app: Gradio's.
        served: the folder whose files may be sent and named.
        hosts: names by which the server is asked; empty for any. Without them a page elsewhere could reach it by a
            name of its own that leads here.
    """

    def __init__(self, app: ASGIApp, served: Path, hosts: frozenset[str] = frozenset()) -> None:
        self._app, self._served, self._hosts = app, served, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it in a line."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return None
        fault = self._fault(scope)
        if fault is None and scope["path"] == _JOIN:
            body = await _body(receive)
            fault = None if body is not None and self._names_own_files(body) else (403, "no file of this page")
            receive = _again(body or b"", receive)
        if fault is not None:
            return await PlainTextResponse(fault[1], fault[0])(scope, receive, send)
        return await self._app(scope, receive, _with_headers(send))

    def _fault(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._hosts and urlsplit(f"//{host}").hostname not in self._hosts:
            return 403, "this server is asked by its own name only"
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "this server answers its own page only"
        path = scope["path"]
        if path.startswith(_FILE):
            return None if self._is_own(path.removeprefix(_FILE)) else (403, "no file of this page")
        known = path in (*_PAGES, *_ASKED, _JOIN) or path.startswith(_FOLDERS)
        return None if known else (404, "there is no such page")

    def _is_own(self, path: object) -> bool:
        if not isinstance(path, str) or "\0" in path:
            return False
        return Path(os.path.realpath(path)).is_relative_to(self._served) and os.path.isabs(path)

    def _names_own_files(self, body: bytes) -> bool:
        try:
            return all(self._is_own(path) for path in _paths(json.loads(body)))
        except (ValueError, RecursionError):
            return False


def _paths(value: object) -> Iterator[object]:
    """Find all that Gradio would take for the path of a file."""
    if isinstance(value, dict):
        if value.get("path") is not None:
            yield value["path"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _paths(part)


async def _body(receive: Receive) -> bytes | None:
    """Read what is asked; None where it is too long, or the browser has gone."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if message["type"] != "http.request" or len(body) > _LONGEST:
            return None
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *own]}
        await send(message)

    return sent
