"""`mzsr web`: a page to drop a photo or a clip on."""

import argparse
from importlib.util import find_spec

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.interrupt import TERMINATED, ending_at_once, stop_on_sigterm
from mzsr_basicsr.jobs.streams import say
from mzsr_basicsr.web.limits import Limits


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser(
        "web",
        help="a page in the browser: drop a photo or a clip, compare, download",
        description="Serve a page to the browser of this machine; nothing leaves it. Needs the extra web.",
    )
    d = Limits()
    option = parser.add_argument
    option(
        "--host", default="127.0.0.1", help="0.0.0.0 lets other machines in, without a password (default: %(default)s)"
    )
    option("--port", type=int, default=7860, help="0 for any that is free (default: %(default)s)")
    option("--limit-mb", type=float, default=d.megabytes, help="most MB of a file (default: %(default)g)")
    option(
        "--limit-megapixels",
        type=float,
        default=d.megapixels,
        help="of a photo, or of a frame of a clip, before it is enlarged (default: %(default)g)",
    )
    option("--queue", type=int, default=d.places, metavar="N", help="how many may wait (default: %(default)s)")
    option("--open", action="store_true", help="open the page in the browser")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve the page; the exit status is 0 after Ctrl-C, and 143 after SIGTERM.

    Raises:
        ConfigError: an option outside its range, no Gradio, a port in use.
    """
    with ending_at_once():
        limits = Limits(arguments.limit_mb, arguments.limit_megapixels, arguments.queue)
        if not 0 <= arguments.port <= 65535:
            raise ConfigError(f"port: {arguments.port} must be from 0 to 65535")
        if find_spec("gradio") is None:
            raise ConfigError("web: needs Gradio, which is not installed here; run: pip install 'mzsr_basicsr[web]'")
    from mzsr_basicsr.web.serve import serve

    stop_on_sigterm()
    try:
        serve(arguments.host, arguments.port, limits, arguments.open)
    except (KeyboardInterrupt, SystemExit) as stop:
        say("ended; nothing is left behind")
        return TERMINATED if isinstance(stop, SystemExit) else 0
    return 0
