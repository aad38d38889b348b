"""Typed errors: each message is one line that says what, where, the allowed values and what to do."""

from collections.abc import Callable

_WRAPPED = "\nOriginal Traceback"  # how PyTorch hands on the error of a worker


class MZSRError(ValueError):
    """Base of every error this package raises on bad input; the launchers print it as one line.

    Args:
        message: one line. A data loader makes the error of its worker anew, from the worker's whole traceback; of that
            the line is taken.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_printable(_own_line(message) if _WRAPPED in message else message))


def _printable(text: str) -> str:
    """Make one line of printable characters of what names in damaged files, or of files, may hold."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else c.encode("unicode_escape").decode() for c in text)


def _own_line(traceback: str) -> str:
    """Give the message of the error that a traceback ends with, "package.ErrorClass: message"."""
    return traceback.rstrip().splitlines()[-1].partition(": ")[2]


class ConfigError(MZSRError):
    """An option that is unknown, missing, ill-typed or out of its range; names `section.key`."""


class KernelError(MZSRError):
    """A blur kernel that is missing, unreadable or not a kernel."""


class ImageError(MZSRError):
    """An image or a folder of images that is missing, damaged or too small; names the file."""


class WeightsError(MZSRError):
    """A weights or state file that is missing, damaged or of another network, scale or run."""


class MissingBasicSR(MZSRError):
    """Something was asked for that needs BasicSR, which is not installed.

    Args:
        what: needs it, such as "mzsr train".
    """

    def __init__(self, what: str) -> None:
        line = f"{what} needs BasicSR, which is not installed here; run: python -m mzsr_basicsr.host.install"
        super().__init__(what if _WRAPPED in what else line)


class InstallError(MZSRError):
    """BasicSR cannot be fetched, built, installed or imported; the end of that step's output was printed before."""


class TrainingError(MZSRError):
    """Training, or adaptation to an image, cannot go on: a loss or a result is not finite; a training is saved."""


def refusal(check: Callable[..., object], *arguments: object) -> str | None:
    """Give the line by which a check refuses its arguments; None if it takes them."""
    try:
        check(*arguments)
    except MZSRError as error:
        return str(error)
    return None
