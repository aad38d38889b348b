"""Examples in docstrings: those of every public name are there, and all of them give what they say."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest
from helpers.places import PACKAGE

import mzsr_basicsr

WITH_EXAMPLES = sorted(path for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=module_name)
def test_the_examples_of_a_module_are_right(path: Path) -> None:
    module = importlib.import_module(module_name(path))
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert found.attempted and not found.failed


@pytest.mark.parametrize("name", ["Degradation", "Result", "upscale"])
def test_every_public_name_has_an_example(name: str) -> None:
    assert name in mzsr_basicsr.__all__
    public = getattr(mzsr_basicsr, name)
    assert ">>> " in inspect.getdoc(public)
    for own, value in vars(public).items() if inspect.isclass(public) else ():
        if inspect.isfunction(value) and not own.startswith("_"):
            assert ">>> " in inspect.getdoc(value), own
