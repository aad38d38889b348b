"""Run `mzsr` inside the tests, and the pictures and clips it is run on."""

import os
import signal
import sys
from contextlib import contextmanager

import numpy as np
import tifffile
from PIL import Image

from mzsr_basicsr.cli import main as cli

QUICK = ("--updates", "1", "--kernel", "gaussian:1.0", "--device", "cpu")


class Command:
    """Runs `mzsr` with some arguments, as the shell would."""

    def __init__(self, monkeypatch, capsys):
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *args):
        """Give the exit status, and the lines of the standard output and of the standard error."""
        self._monkeypatch.setattr(sys, "argv", ["mzsr", *map(str, args)])
        self._capsys.readouterr()
        status = 0
        with restored_signals():
            try:
                cli.main()
            except SystemExit as end:
                status = end.code or 0
        out, err = self._capsys.readouterr()
        if isinstance(status, str):  # as Python ends: it prints the text, and the status is 1
            return 1, out.splitlines(), [*err.splitlines(), *status.splitlines()]
        return status, out.splitlines(), err.splitlines()

    def upscale(self, *args):
        """Run `mzsr upscale` with little work, where the arguments do not say otherwise."""
        return self("upscale", *QUICK, *args)


@contextmanager
def restored_signals():
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def smooth(bands=3, dtype=np.uint8, height=26, width=30):
    """A smooth picture without noise, (height, width, bands), from 1/5 to 4/5 of the range (floats: from -2 to 4)."""
    y, x = np.mgrid[:height, :width, :bands][:2] / 26
    waves = np.sin(7 * x + np.arange(bands)) * np.cos(5 * y - np.arange(bands))
    if np.dtype(dtype).kind == "f":
        return (1 + 3 * waves).astype(dtype)
    return np.rint((0.5 + 0.3 * waves) * np.iinfo(dtype).max).astype(dtype)


def photograph(path, seed=0, **options):
    """A picture that there is something to learn from, large enough for a son to learn from."""
    random = np.random.default_rng(seed)
    grains = random.normal(0, 3, (40, 36, 3)) * (np.arange(36)[:, None] > 20)
    Image.fromarray((smooth(height=40, width=36) + grains).clip(0, 255).astype(np.uint8)).save(path, **options)


def load(path):
    """Read with other libraries: (H, W, C)."""
    if path.suffix == ".tif":
        pixels = tifffile.imread(path)
    else:
        with Image.open(path) as image:
            pixels = np.array(image.convert("RGBA") if image.mode == "P" else image)
    return pixels if pixels.ndim == 3 else pixels[..., None]


def tree(folder):
    """All files and folders below a folder, hidden ones too, with their content."""
    paths = [os.path.join(at, name) for at, folders, files in os.walk(folder) for name in (*folders, *files)]
    return {os.path.relpath(path, folder): _content(path) for path in sorted(paths)}


def _content(path):
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as stream:
        return stream.read()
