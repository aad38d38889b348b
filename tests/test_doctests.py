"""Examples in docstrings: those of every public name are there, and all of them give what they say."""

import doctest
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from helpers.places import PACKAGE, ROOT

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


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str, list[str]]]:
    """What the site's reference of the Python functions lists."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "site"))
    return importlib.import_module("reference").API


def listed(entry: str) -> Iterator[tuple[str, object]]:
    """The functions and classes of an entry of the reference, as autodoc chooses them."""
    name, _, chosen = entry.partition(":")
    module = importlib.import_module(f"mzsr_basicsr.{name}")
    own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    names = chosen.split(",") if chosen else getattr(module, "__all__", own)
    for key in names:
        value = getattr(module, key)
        if not key.startswith("_") and (inspect.isclass(value) or inspect.isroutine(inspect.unwrap(value))):
            yield f"{name}.{key}", value


def examples(thing: object) -> list[doctest.Example]:
    """Those of its own docstring; nothing that a base class says counts."""
    return doctest.DocTestParser().get_examples(inspect.cleandoc(thing.__doc__ or ""))


def is_shown(thing: object) -> bool:
    """It has an example that says what comes out, in a section of its own, and none is skipped."""
    found = examples(thing)
    headed = re.search(r"^Example:$", inspect.cleandoc(thing.__doc__ or ""), re.MULTILINE)
    return bool(headed) and any(e.want or e.exc_msg for e in found) and not any(e.options for e in found)


def not_shown(where: str, thing: object) -> list[str]:
    """Name it if it has no example, and its public methods that are in no example."""
    missing = [] if is_shown(thing) else [where]
    if not inspect.isclass(thing) or getattr(thing, "_is_protocol", False):
        return missing
    source = "".join(example.source for example in examples(thing))
    for name, value in vars(thing).items():
        method = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
        forward = name == "forward" and issubclass(thing, torch.nn.Module)
        if inspect.isfunction(method) and not name.startswith("_") and not forward:
            used = re.search(rf"\.{name}\b", source)
            missing += [] if used or is_shown(method) else [f"{where}.{name}"]
    return missing


def test_all_that_the_reference_lists_has_an_example(api) -> None:
    found = [one for _, _, entries in api.values() for entry in entries for one in listed(entry)]
    assert [name for where, thing in found for name in not_shown(where, thing)] == []
    assert len(found) > 50


def test_the_reference_lists_every_public_name(api) -> None:
    found = [thing for _, _, entries in api.values() for entry in entries for _, thing in listed(entry)]
    public = [getattr(mzsr_basicsr, name) for name in mzsr_basicsr.__all__]
    assert all(value in found for value in public if inspect.isclass(value) or inspect.isfunction(value))


def test_a_name_without_an_example_is_found() -> None:
    class Shown:
        """Be shown.

        Example:
            >>> Shown().one()
            1
        """

        def one(self): ...

        def two(self):
            """Inherit nothing."""

        @classmethod
        def three(cls):
            """Give three.

            Example:
                >>> Shown.three()  # doctest: +SKIP
                3
            """

    class Silent(Shown):
        pass

    assert not_shown("Shown", Shown) == ["Shown.two", "Shown.three"]
    assert not_shown("Silent", Silent) == ["Silent"]
