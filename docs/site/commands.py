"""The reference of the command line, read off its parsers."""

import argparse

from mzsr_basicsr.cli.commands import parser
from mzsr_basicsr.host import launch

ABOUT = """# Commands

Read off the parsers of the program: what `mzsr COMMAND --help` says. Explanations with examples are in
the pages about [upscaling](../upscale.md), [adaptation to a collection](../adapt.md), [training](../train.md) and
[comparing](../compare.md).
"""


def page() -> str:
    """Make the page of all commands."""
    whole = parser()
    parts = [ABOUT]
    for name, command, words in _below(whole):
        if name in ("train", "test"):  # their words are read by launchers of their own
            command = launch.parser(name)
        parts += _section(f"mzsr {name}", command, words, 2)
    return "\n".join(parts) + "\n"


def _below(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser, str]]:
    """List the commands of a parser: name, parser, help in one line."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            words = {choice.dest: choice.help or "" for choice in action._choices_actions}
            found += [(name, below, words.get(name, "")) for name, below in action.choices.items()]
    return found


def _section(name: str, command: argparse.ArgumentParser, words: str, level: int) -> list[str]:
    """Describe a command, and the commands below it."""
    about = command.description or words
    parts = [f"{'#' * level} `{name}`", "", _plain(about[:1].upper() + about[1:]), ""]
    for group in command._action_groups:
        actions = [action for action in group._group_actions if _is_told(action)]
        if actions:
            parts += ["| | default | meaning |", "| --- | --- | --- |"]
            parts += [_row(command, action) for action in actions] + [""]
    for below, its_parser, its_words in _below(command):
        parts += _section(f"{name} {below}", its_parser, its_words, level + 1)
    return parts


def _is_told(action: argparse.Action) -> bool:
    hidden = isinstance(action, (argparse._HelpAction, argparse._SubParsersAction))
    return not hidden and action.help != argparse.SUPPRESS


def _row(command: argparse.ArgumentParser, action: argparse.Action) -> str:
    names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{action.metavar or action.dest}`"
    allowed = f"{', '.join(map(str, action.choices))}. " if action.choices else ""
    text = command._get_formatter()._expand_help(action) if action.help else ""
    return f"| {names} | {_default(action)} | {_plain(allowed + text)} |"


def _default(action: argparse.Action) -> str:
    """Write what holds where an option is not given; nothing where it is off, or must be given."""
    value = action.default
    if value in (None, False, argparse.SUPPRESS, []) or action.nargs == 0:
        return ""
    return "`" + (" ".join(map(str, value)) if isinstance(value, list) else str(value)) + "`"


def _plain(text: str) -> str:
    """Keep what Markdown would take for its own signs."""
    for sign in "|<*_[":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())
