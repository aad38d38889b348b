"""`mzsr --help`: each command once, in the group of what people do, on one line."""

import argparse

import pytest

from mzsr_basicsr.cli.commands import parser
from mzsr_basicsr.cli.groups import GROUPS, Grouped


def commands() -> dict[str, str]:
    (action,) = (one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    assert set(action.choices) == {one.dest for one in action._get_subactions()}  # each has a line of help
    return {one.dest: one.help for one in action._get_subactions()}


def test_each_command_is_in_one_group() -> None:
    named = [name for names in GROUPS.values() for name in names]
    assert len(named) == len(set(named))
    assert set(commands()) <= set(named)


def test_the_help_has_the_groups_in_order_with_a_line_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")  # a narrow terminal folds none of them
    lines = parser().format_help().split("commands:\n")[1].splitlines()
    about = commands()
    expected = []
    for title, names in GROUPS.items():
        expected += [f"  {title}:", *(name for name in names if name in about)]
    assert [line if line.endswith(":") else line.split()[0] for line in lines] == expected
    for line in (line for line in lines if not line.endswith(":")):
        name, text = line.strip().split(maxsplit=1)
        assert line.startswith("    ") and text == about[name] and len(line) <= 80


def test_a_command_of_no_group_is_shown_all_the_same() -> None:
    made = argparse.ArgumentParser(prog="p", formatter_class=Grouped)
    below = made.add_subparsers(title="commands")
    below.add_parser("upscale", help="one")
    below.add_parser("else", help="two")
    assert made.format_help().endswith("  upscale:\n    upscale  one\n  others:\n    else     two\n")
