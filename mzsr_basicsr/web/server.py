"""Gradio's application behind our gate, run by uvicorn on a port that is taken already."""

import socket
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI

from mzsr_basicsr.web.acts import Acts
from mzsr_basicsr.web.desk import Desk
from mzsr_basicsr.web.folders import Folders
from mzsr_basicsr.web.gate import Gate
from mzsr_basicsr.web.limits import Limits
from mzsr_basicsr.web.page import CSS, build, theme
from mzsr_basicsr.web.visits import Visits


def run(ear: socket.socket, folders: Folders, limits: Limits, hosts: frozenset[str]) -> None:
    """Serve until a signal ends it; the signal is raised again when all is closed.

    Args:
        ear: listens.
        folders: of the server.
        limits: what is taken.
        hosts: names by which the server is asked; empty for any.
    """
    temporary = folders.root / "work"
    temporary.mkdir()
    desk = Desk(limits.places, temporary)
    try:
        desk.warm_up()
        app = Gate(application(Acts(Visits(folders, limits), desk), folders.root, limits), folders.served, hosts)
        config = uvicorn.Config(app, log_level="critical", access_log=False, timeout_graceful_shutdown=1)
        uvicorn.Server(config).run([ear])
    finally:
        desk.close()


def application(acts: Acts, root: Path, limits: Limits) -> FastAPI:
    """Make Gradio's application of the page.

    Args:
        acts: what its events do.
        root: folder of the server.
        limits: what is taken.
    """
    page = build(acts)
    page.queue(default_concurrency_limit=None, api_open=False)
    app = gr.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        page,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=limits.bytes,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        theme=theme(),
        css_paths=[CSS],
    )
    page.has_launched = True  # or Gradio would take files of any path; the gate looks at them, too
    return app
