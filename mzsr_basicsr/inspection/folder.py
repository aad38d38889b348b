"""The folder of an inspection: the names of its files.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from collections.abc import Mapping

FORMATS: Mapping[str, str] = {"webp": "WEBP", "png": "PNG"}  # of the animation: its ending, and Pillow's name
PAGE, NUMBERS, ANIMATION = "inspect.html", "inspect.json", "updates"


def names(format: str | None) -> list[str]:
    """List the files; `format` is that of the animation, None for no animation."""
    return [PAGE, NUMBERS] + ([] if format is None else [f"{ANIMATION}.{format}"])
