"""The help of `mzsr`: the commands in groups of what people do, one line each, the page of each, and its output."""

import argparse
from collections.abc import Iterable

from mzsr_basicsr.jobs.outputs import file_name

# A command of yours is a word here; one that is not there yet does no harm.
GROUPS = {
    "upscale": ("upscale", "web", "adapt", "export", "degrade"),
    "train": ("demo", "train", "test", "tasks", "weights"),
    "compare": ("evaluate", "benchmark"),
    "inspect": ("inspect", "kernel"),
    "maintain": ("info", "completion"),
}


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    about: str,
    epilog: str | None = None,
    more: str | None = None,
) -> argparse.ArgumentParser:
    """Add a command, or an action of one.

    Args:
        commands: to add to.
        name: of the command.
        about: its line in the list of commands, without a capital and a full stop.
        epilog: examples, shown as they stand.
        more: what its own page begins with; None for `about` as a sentence.
    """
    return commands.add_parser(
        name,
        help=about,
        description=more or f"{about[0].upper()}{about[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_output(parser: argparse.ArgumentParser, about: str, endings: tuple[str, ...], required: bool = True) -> None:
    """Add `--output` and `--overwrite` of a command that writes one file; `check_output` takes `endings` from there."""
    text = f"{about}, ending: {endings[0]}" if len(endings) == 1 else f"{about}; endings: {' '.join(endings)}"
    parser.add_argument("-o", "--output", type=file_name, required=required, metavar="FILE", help=text)
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there (default: refuse)")
    parser.set_defaults(endings=endings)


class Grouped(argparse.HelpFormatter):
    """Lists commands by `GROUPS`; all else as argparse does."""

    def _format_action(self, action: argparse.Action) -> str:
        if not isinstance(action, argparse._SubParsersAction):
            return super()._format_action(action)
        about = {one.dest: one.help or "" for one in action._get_subactions()}
        grouped = {name for names in GROUPS.values() for name in names}
        parts = [_part(title, names, about) for title, names in GROUPS.items()]
        return "".join([*parts, _part("others", (name for name in about if name not in grouped), about)])


def _part(title: str, names: Iterable[str], about: dict[str, str]) -> str:
    """Give the lines of a group; nothing where it has none."""
    lines = [f"    {name:<{max(map(len, about))}}  {about[name]}\n" for name in names if name in about]
    return "".join([f"  {title}:\n", *lines]) if lines else ""
