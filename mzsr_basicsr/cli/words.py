"""What the words of a command line may look like, and what is said of those that are not understood."""

import argparse
import sys
from difflib import get_close_matches


def scale(text: str) -> float:
    """Read a scale, also as 2x or x2.

    Raises:
        ArgumentTypeError: it is no number.
    """
    bare = text.strip().lower().replace("×", "x").removeprefix("x").removesuffix("x")
    try:
        return float(bare)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number; give one such as 2 or 1.5") from None


def whole_scale(text: str) -> int:
    """Read a scale that is a whole number, also as 2x or x2.

    Raises:
        ArgumentTypeError: it is none.
    """
    number = scale(text)
    if not number.is_integer():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number; give one such as 2")
    return int(number)


def number_or_word(text: str) -> float | str:
    """Read a number, or a word in lower case, such as "auto"; the settings refuse others."""
    try:
        return float(text)
    except ValueError:
        return text.lower()


def take_any_case(parser: argparse.ArgumentParser) -> None:
    """Have all options that choose among words, of a parser and of the commands below it, take them in any case."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                take_any_case(below)
        elif action.choices and action.type is None:
            action.type = str.lower


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line; what is not understood is said with the usage of its command, and the nearest option.

    Raises:
        SystemExit: with status 2, what is wrong stands on the standard error.
    """
    arguments, others = parser.parse_known_args()
    if others:
        leaf = _command_of(parser, sys.argv[1:])
        known = [name for action in leaf._actions for name in action.option_strings]
        odd = [word.partition("=")[0] for word in others if word.startswith("-")]
        near = dict.fromkeys(name for word in odd for name in get_close_matches(word, known, n=1))
        meant = f"; did you mean {', '.join(near)}?" if near else ""
        leaf.error(f"unrecognized arguments: {' '.join(others)}{meant}")
    return arguments


def _command_of(parser: argparse.ArgumentParser, words: list[str]) -> argparse.ArgumentParser:
    """Find the parser of the command, or of its action, that a command line names."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            named = next((at for at, word in enumerate(words) if word in action.choices), None)
            if named is not None:
                return _command_of(action.choices[words[named]], words[named + 1 :])
    return parser
