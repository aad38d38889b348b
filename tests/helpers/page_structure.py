"""Pages read without a browser: their elements, the data in them, and their pictures."""

import base64
import io
import json
from html.parser import HTMLParser

import numpy as np
from PIL import Image

VOID = {"meta", "link", "img", "input", "br"}


class Structure(HTMLParser):
    """Every element with its attributes and its text, and the paths of tags to them."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, **dict(attrs), "text": "", "inside": [e["tag"] for e in self.open]}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag, **attributes):
        return [e for e in self.elements if e["tag"] == tag and attributes.items() <= e.items()]

    def data(self, name):
        """Decode the JSON of a script element."""
        (element,) = self.all("script", id=name)
        return json.loads(element["text"])


def read(path):
    """Parse a page; every element must be closed."""
    structure = Structure(path.read_text(encoding="utf-8"))
    structure.close()
    assert not structure.open
    return structure


def pixels(uri):
    """Decode a data URI to (H, W, 3) integers."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB")).astype(int)
