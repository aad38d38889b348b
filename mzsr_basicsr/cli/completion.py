"""`mzsr completion`: a script by which a shell completes commands, options, their values and files.

The script is made once, by shtab, and holds all words: TAB starts no Python, and `mzsr` loads nothing more for it.
"""

import argparse

from mzsr_basicsr.cli.groups import add_command
from mzsr_basicsr.cli.words import number_or_word, scale, whole_scale
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.streams import put_out

_NUMBERS = (int, float, scale, whole_scale, number_or_word)
_FILES_IN_BASH = {  # shtab's own function takes names with spaces apart
    "bash": "_mzsr_file",
    "preamble": {"bash": '_mzsr_file() { compgen -f -- "$1"; }'},
}
SHELLS = ("bash", "zsh", "fish", "tcsh")
_EPILOG = """examples:
  eval "$(mzsr completion bash)"                      a line for ~/.bashrc: always that of the installed version
  mzsr completion zsh >~/.zfunc/_mzsr                 a folder of $fpath
  mzsr completion fish >~/.config/fish/completions/mzsr.fish
"""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `completion` to the commands."""
    parser = add_command(commands, "completion", "print the script by which your shell completes mzsr", _EPILOG)
    parser.add_argument("shell", choices=SHELLS, help="whose script: %(choices)s")
    parser.set_defaults(run=_run)


def _run(a: argparse.Namespace) -> None:
    with ending_at_once():
        put_out(script(a.shell))


def script(shell: str) -> str:
    """Make the script for one of `SHELLS`."""
    import shtab

    from mzsr_basicsr.cli.commands import parser

    made = parser()
    _complete_files(made, {**shtab.FILE, **_FILES_IN_BASH})
    return shtab.complete(made, shell).rstrip()


def _complete_files(parser: argparse.ArgumentParser, files: object) -> None:
    """Have values that may name a file complete as one: all but numbers and words of a list."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                _complete_files(below, files)
        elif action.nargs != 0 and not action.choices and action.type not in _NUMBERS:
            action.complete = files  # type: ignore[attr-defined]  # where shtab looks for it
