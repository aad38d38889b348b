"""Run one sub-command of `mzsr` in this process, as its parser reads it, without the rest of the command."""

import argparse
from types import ModuleType


def build(face: ModuleType) -> argparse.ArgumentParser:
    """Make a parser that has the commands of one face module only."""
    root = argparse.ArgumentParser(prog="mzsr")
    face.add(root.add_subparsers(dest="command", required=True))
    return root


def call(face: ModuleType, *arguments: object) -> int | None:
    """Run a command line; bad input raises."""
    parsed = build(face).parse_args([str(argument) for argument in arguments])
    return parsed.run(parsed)


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """List the sub-parsers by name."""
    return parser._subparsers._group_actions[0].choices


def assert_helpful(command: argparse.ArgumentParser, examples: str) -> None:
    """Check that a command describes itself, gives two examples, and tells every option's default."""
    assert command.description and command.description.count(".") == 1
    assert command.epilog.count(f"\n  {examples}") == 2
    assert command.format_help()
    for action in command._actions:
        assert action.help or action.choices, action
        if action.option_strings and not action.required and action.dest != "help":
            assert "default: " in action.help, action.dest
