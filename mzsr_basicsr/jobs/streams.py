"""The standard streams as a shell gives them: of any encoding, closed, a terminal, or with nobody who reads them.

This module imports the standard library alone: a program calls it before its first word.
"""

import contextlib
import os
import sys
from typing import TextIO

from mzsr_basicsr.errors import ConfigError, ImageError

UNREAD = 128 + 13  # exit status of a program that SIGPIPE ends, as a shell gives it


def never_raise() -> None:
    """Let no output end in an error of its encoding: what it lacks, and names that are no text, become escapes.

    A stream that the shell has closed takes all, and keeps none of it.
    """
    while (free := os.open(os.devnull, os.O_RDWR)) < 3:  # or the next file that is opened would take what is printed
        pass
    os.close(free)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  it lives as long as the program
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a test's stream may have none
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def say(line: str) -> None:
    """Print a line for people, on the standard error."""
    try:
        print(line, file=sys.stderr, flush=True)
    except BrokenPipeError:
        _give_up(sys.stderr)


def put_out(content: str | bytes) -> None:
    """Write a line, or bytes as they are, to the standard output.

    Lines that nobody reads any more, as of `| head`, are dropped, and the work goes on.

    Raises:
        BrokenPipeError: nobody reads the bytes any more.
        ImageError: its disk is full.
    """
    try:
        if isinstance(content, str):
            print(content, flush=True)
        else:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        _give_up(sys.stdout)
        if isinstance(content, bytes):
            raise
    except OSError as error:
        with contextlib.suppress(OSError):
            sys.stdout.close()  # or Python would complain about the rest of it at the end
        raise ImageError(f"standard output: cannot be written ({error.strerror}); free space") from error


def finish() -> None:
    """Write out what is left in the streams, before Python's own end would complain of a reader that has gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            _give_up(stream)
        except (OSError, ValueError):  # ValueError: it was closed
            continue


def check_pipe_out() -> None:
    """Refuse to write a picture to a terminal.

    Raises:
        ConfigError: one line.
    """
    if sys.stdout.isatty():
        raise ConfigError("output: - is the terminal, which shows no picture; add >FILE or | COMMAND, or name a file")


def read_pipe_in() -> bytes:
    """Read all of the standard input.

    Raises:
        ConfigError: it is a terminal, or closed.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigError("input: - is the terminal, which holds no picture; add <FILE, or name a file")
    return sys.stdin.buffer.read()


def _give_up(stream: TextIO) -> None:
    """Have a stream that nobody reads take all, and keep none of it."""
    with contextlib.suppress(OSError, ValueError):  # of a test's stream, which has no number
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
