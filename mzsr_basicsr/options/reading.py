"""Option files, which may be a stranger's: read so that no code of theirs runs, and no few lines become many values."""

import sys
from collections import OrderedDict
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from mzsr_basicsr.errors import ConfigError, MZSRError

_LARGEST = 256 * 1024  # bytes of a file
_LONGEST = 2000  # characters of a value; Python writes no integers of more digits than twice that
_MOST = 20_000  # values, those counted again that an alias repeats
_DEEPEST = 50  # sections within each other
_NAME = "tag:yaml.org,2002:python/name:"
_TEXT = ".PLUGIN"  # what a plug-in's name ends with
_ONLY = "of Python, only the line `plugin: !!python/name:MODULE.PLUGIN` is allowed"
_BAD_VALUES = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)  # as 2000-13-45
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class OptionLoader(_SafeLoader):
    """Builds what BasicSR's loader builds of a harmless file: ordered mappings, and texts of plug-ins by their name."""


def _mapping(loader: Any, node: yaml.MappingNode) -> OrderedDict[Any, Any]:
    return OrderedDict(loader.construct_pairs(node))


def _named(loader: Any, name: str, node: yaml.Node) -> str:
    return plugin(name, "the option file")


OptionLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
OptionLoader.add_multi_constructor(_NAME, _named)


def read_options(path: Path, hint: str, plugins: bool = False) -> dict[str, Any]:
    """Read an option file.

    Args:
        path: of the file.
        hint: where there are examples, for the message.
        plugins: import the plug-ins that it names; else it may name none.

    Raises:
        ConfigError: it cannot be read, is no YAML or no mapping, is too large, or asks for code to be run.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ConfigError(f"{path}: larger than {_LARGEST >> 10} KiB, so no option file")
        text = content.decode()
        for name in _check_events(text, str(path), plugins):
            plugin(name, str(path))
        opt = _load(text, str(path), plugins)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check its rights") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(opt, dict):
        raise ConfigError(f"{path}: holds no options; see {hint} for examples")
    return opt


def plugin(name: str, where: str) -> str:
    """Import a plug-in: the text `PLUGIN` of a module outside of Python's own library.

    Raises:
        ConfigError: it has another name, is not there, or is no text.
    """
    if not _may_be_plugin(name):
        raise ConfigError(f"{where}: !!python/name:{name} is refused; {_ONLY}")
    try:
        value = import_module(name.removesuffix(_TEXT)).PLUGIN
    except (ImportError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"{where}: !!python/name:{name} cannot be loaded ({reason}); start in its folder, or install it"
        ) from None
    if not isinstance(value, str):
        raise ConfigError(f"{where}: !!python/name:{name} is a {type(value).__name__}; a plug-in's PLUGIN is a text")
    return value


def may_be_imported(module: str) -> bool:
    """Tell whether an option file may name a module: one that is no part of Python itself."""
    words = module.split(".")
    return all(word.isidentifier() for word in words) and words[0] not in sys.stdlib_module_names


def _may_be_plugin(name: str) -> bool:
    return name.endswith(_TEXT) and may_be_imported(name.removesuffix(_TEXT))


def _load(text: str, where: str, plugins: bool) -> Any:
    try:
        return yaml.load(text, Loader=OptionLoader if plugins else _SafeLoader)  # noqa: S506  both are safe
    except (MZSRError, yaml.YAMLError):
        raise
    except _BAD_VALUES as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ConfigError(f"{where}: not valid YAML: a value cannot be read ({reason})") from None


def _check_events(text: str, where: str, plugins: bool) -> list[str]:
    """Go through a file without building anything of it, and give the plug-ins that it names.

    Raises:
        ConfigError: a tag is none of YAML's own, or all becomes too large.
    """
    named: list[str] = []
    count = _Count(where)
    for event in yaml.parse(text, Loader=_SafeLoader):
        tag = getattr(event, "tag", None) or "!"
        name = tag.removeprefix(_NAME)
        at_the_top = isinstance(event, yaml.ScalarEvent) and count.depth == 1
        if plugins and at_the_top and name != tag and _may_be_plugin(name):
            named.append(name)
        elif tag != "!" and tag not in _SafeLoader.yaml_constructors:
            short = tag.replace("tag:yaml.org,2002:", "!!")[:100]
            allowed = _ONLY if plugins else "this file has no tags but YAML's own"
            line = event.start_mark.line + 1 if event.start_mark else "?"
            raise ConfigError(f"{where}: line {line}: the tag {short} is refused; {allowed}")
        count.see(event)
    return named


class _Count:
    """Counts the values of an option file as if its aliases were written out."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._sizes: dict[str, int] = {}  # of what has an anchor and is complete
        self._open: list[tuple[str | None, int]] = []  # anchors of collections that are not, and their values so far

    @property
    def depth(self) -> int:
        return len(self._open)

    def see(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, 1))
            if self.depth > _DEEPEST:
                raise self._refusal(f"more than {_DEEPEST} sections within each other")
        elif isinstance(event, yaml.CollectionEndEvent):
            self._add(*self._open.pop())
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._sizes:
                raise self._refusal(f"the alias *{(event.anchor or '')[:50]} stands for itself, or for nothing")
            self._add(None, self._sizes[event.anchor])
        elif isinstance(event, yaml.ScalarEvent):
            if len(event.value) > _LONGEST:
                raise self._refusal(f"a value of more than {_LONGEST} characters")
            self._add(event.anchor, 1)

    def _add(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._sizes[anchor] = size
        if self._open:
            above, own = self._open[-1]
            self._open[-1], size = (above, own + size), own + size
        if size > _MOST:
            raise self._refusal(f"more than {_MOST} values, with what its aliases repeat")

    def _refusal(self, what: str) -> ConfigError:
        return ConfigError(f"{self._where}: {what}, so no option file")
