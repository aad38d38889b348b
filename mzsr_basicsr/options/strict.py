"""From an option section to its strict record, or one line that says what is wrong with it."""

import difflib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.numbers import as_number, with_number_at

R = TypeVar("R", bound=Struct)


def parse(record: type[R], section: str, values: Mapping[str, Any]) -> R:
    """Turn one section of an option file into its record.

    Args:
        record: the record's class.
        section: where the values stand in the option file, for messages.
        values: what was read; not changed.

    Raises:
        ConfigError: naming `section.key`, the value's fault, and what to write instead.
    """
    try:
        return msgspec.convert(values, record)
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at ")
        mended = with_number_at(values, where) if re.search(r"`float\b", text) and "got `str`" in text else None
        if mended is None:
            raise ConfigError(_explain(str(error), record, section, values)) from None
    return parse(record, section, mended)


def nearest(word: str, known: Sequence[str]) -> str:
    """Suggest the known word that is most like a misspelt one, or list them all."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known)}"


def check_keys(section: str, keys: Sequence[str], function: Callable[..., Any]) -> None:
    """Check keys that become the arguments of a function or class.

    Raises:
        ConfigError: a key it has no argument for.
    """
    parameters = inspect.signature(function).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return
    for key in keys:
        if key not in parameters:
            raise ConfigError(f"{section}.{key}: unknown key; {nearest(key, list(parameters))}")


def check_name(key: str, name: Any, registry: Any) -> None:
    """Check that a name is registered, suggesting the nearest one."""
    if not isinstance(name, str) or (name not in registry and f"{name}_basicsr" not in registry):
        raise ConfigError(f"{key}: {name!r} is not registered; {nearest(str(name), sorted(registry.keys()))}")


def _explain(message: str, record: type[Struct], section: str, values: Mapping[str, Any]) -> str:
    """Rewrite msgspec's "… - at `$.a.b`" as one line that names section.key and says what to do."""
    text, _, where = message.partition(" - at ")
    keys = re.findall(r"\.([A-Za-z_0-9]+)", where.strip("`"))
    path = ".".join(part for part in (section, *keys) if part)
    named = re.search(r"field `(\w+)`", text)
    if named and "unknown" in text:
        known = _fields_at(record, keys)
        return f"{path}.{named[1]}: unknown key; {nearest(named[1], known)}".lstrip(".")
    if named and "missing" in text:
        return f"{path}.{named[1]}: required key is missing; add it to the option file".lstrip(".")
    value: Any = values
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    allowed = _allowed_at(record, keys) if "enum" in text else ""
    return f"{path}: {value!r}: {text}{allowed}{_number_hint(value)}"


def _number_hint(value: Any) -> str:
    """A number in quotes, or with an exponent but no point, is a text in YAML 1.1; say how to write an integer."""
    number = as_number(value)
    if isinstance(value, str) and isinstance(number, int):
        return f"; YAML reads it as text, write {number}" if "e" in value.lower() else "; remove the quotes"
    return ""


def _fields_at(record: type[Struct], keys: list[str]) -> list[str]:
    """List the known keys of the record that stands at a path of keys."""
    return [field.encode_name for field in msgspec.structs.fields(_record_at(record, keys))]


def _allowed_at(record: type[Struct], keys: list[str]) -> str:
    """List the allowed words of the field that stands at a path of keys."""
    fields = {field.name: field.type for field in msgspec.structs.fields(_record_at(record, keys[:-1]))}
    words: list[str] = []
    waiting = [fields.get(keys[-1])] if keys else []
    while waiting:
        annotation = waiting.pop()
        if get_origin(annotation) is Literal:
            words += map(str, get_args(annotation))
        else:
            waiting += get_args(annotation)
    return f"; allowed: {', '.join(words)}"


def _parts(annotation: Any) -> list[Any]:
    """List all types an annotation is made of, as of `dict[str, str | Record]`."""
    return [part for own in get_args(annotation) for part in (own, *_parts(own))]


def _record_at(record: type[Struct], keys: list[str]) -> type[Struct]:
    """Walk down a path of keys as far as it leads through records."""
    for key in keys:
        annotation = next((field.type for field in msgspec.structs.fields(record) if field.name == key), None)
        choices = [annotation, *_parts(annotation)]
        inner = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, Struct)]
        record = inner[0] if inner else record
    return record
