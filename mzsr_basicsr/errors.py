"""Typed errors: each message is one line that says what, where, the allowed values and what to do."""

from collections.abc import Callable

_WRAPPED = "\nOriginal Traceback"  # how PyTorch hands on the error of a worker


class MZSRError(ValueError):
    """Base of every error this package raises on bad input; the launchers print it as one line.

    Args:
        message: one line. A data loader makes the error of its worker anew, from the worker's whole traceback; of that
            the line is taken. Names from files may hold anything: what cannot be printed is escaped.

    Example:
        >>> import numpy as np
        >>> from mzsr_basicsr import upscale
        >>> try:
        ...     upscale(np.zeros((32, 48)), scale=9)
        ... except MZSRError as error:
        ...     print(type(error).__name__, error)
        ConfigError scale: 9 must be from 1 to 4
    """

    def __init__(self, message: str) -> None:
        line = _own_line(message) if _WRAPPED in message else message
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line))


def _own_line(traceback: str) -> str:
    """Give the message of the error that a traceback ends with, "package.ErrorClass: message"."""
    return traceback.rstrip().splitlines()[-1].partition(": ")[2]


class ConfigError(MZSRError):
    """An option that is unknown, missing, ill-typed or out of its range; names `section.key`.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> try:
        ...     Degradation("delta", scale=0.5)
        ... except ConfigError as error:
        ...     print(error)
        degradation.scale: 0.5 must be finite and at least 1
    """


class KernelError(MZSRError):
    """A blur kernel that is missing, unreadable or not a kernel.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> try:
        ...     Degradation("disk:-1", scale=2)
        ... except KernelError as error:
        ...     print(error)
        disk:-1: disk kernel: radius -1 must be 0.1 to 40 px; write disk:RADIUS
    """


class ImageError(MZSRError):
    """An image or a folder of images that is missing, damaged or too small; names the file.

    Example:
        >>> from mzsr_basicsr import upscale
        >>> try:
        ...     upscale("photo.png")
        ... except ImageError as error:
        ...     print(error)
        image: a str; give a NumPy array or a torch tensor
    """


class WeightsError(MZSRError):
    """A weights or state file that is missing, damaged or of another network, scale or run.

    Example:
        >>> from mzsr_basicsr.weights import locate
        >>> try:
        ...     locate("shipped:mzsr_x9")
        ... except WeightsError as error:
        ...     print(error)
        shipped:mzsr_x9: no such network is shipped; allowed: ... shipped:mzsr_x2, shipped:mzsr_x3, ...
    """


class MissingBasicSR(MZSRError):
    """Something was asked for that needs BasicSR, which is not installed.

    Args:
        what: needs it, such as "mzsr train".

    Example:
        >>> print(MissingBasicSR("mzsr train"))
        mzsr train needs BasicSR, which is not installed here; run: python -m mzsr_basicsr.host.install
    """

    def __init__(self, what: str) -> None:
        line = f"{what} needs BasicSR, which is not installed here; run: python -m mzsr_basicsr.host.install"
        super().__init__(what if _WRAPPED in what else line)


class InstallError(MZSRError):
    """BasicSR cannot be fetched, built, installed or imported; the end of that step's output was printed before.

    Example:
        >>> from mzsr_basicsr.host.install import mend
        >>> try:
        ...     mend("the setup.py of another version")
        ... except InstallError as error:
        ...     print(error)
        setup.py of BasicSR ...: ... this is another source than the one known here, ...
    """


class TrainingError(MZSRError):
    """Training, or adaptation to an image, cannot go on: a loss or a result is not finite; a training is saved.

    Example:
        >>> import torch
        >>> from mzsr_basicsr.adaptation.sound import check_picture
        >>> try:
        ...     check_picture(torch.tensor([float("nan")]), torch.tensor([0.5]))
        ... except TrainingError as error:
        ...     print(error)
        the result holds pixels that are not finite; check the weights, or give smaller rates
    """


def refusal(check: Callable[..., object], *arguments: object) -> str | None:
    """Give the line by which a check refuses its arguments; None if it takes them.

    Example:
        >>> from mzsr_basicsr import Degradation
        >>> refusal(Degradation, "delta", 0.5)
        'degradation.scale: 0.5 must be finite and at least 1'
        >>> refusal(Degradation, "delta", 2) is None
        True
    """
    try:
        check(*arguments)
    except MZSRError as error:
        return str(error)
    return None
