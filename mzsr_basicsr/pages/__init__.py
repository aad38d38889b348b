"""Self-contained HTML pages: Jinja2 templates beside this file, pictures as data URIs, nothing from a network."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from mzsr_basicsr.files.whole import part_of

__all__ = ["png_uri", "render", "webp_uri", "write_whole"]

_FOLDER = Path(__file__).parent


def render(template: str, **values: object) -> str:
    """Fill a template of this folder; values are escaped, and a missing one is an error.

    Args:
        template: file name, as "benchmark.html.j2".
        **values: what the template names.

    Returns:
        The HTML text.
    """
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(template).render(**values)


def png_uri(picture: np.ndarray) -> str:
    """Encode (H, W, 3) or (H, W) uint8 RGB without loss as a data URI."""
    return _uri(picture, "PNG", optimize=True)


def webp_uri(picture: np.ndarray, quality: int = 90) -> str:
    """Encode (H, W, 3) uint8 RGB as a data URI, with loss; quality 0 to 100."""
    return _uri(picture, "WEBP", quality=quality, method=4)


def _uri(picture: np.ndarray, form: str, **options: object) -> str:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, form, **options)
    return f"data:image/{form.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"


def write_whole(content: str | bytes, path: Path, then: Callable[[Path], object] = lambda part: None) -> None:
    """Write a UTF-8 or binary file whole or not at all; its folder must be there.

    `then` is called with the written file before it gets its name.
    """
    with part_of(path) as part:
        part.write_bytes(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)
        then(part)
