"""The `mzsr` command from its first line on: Ctrl-C ends it with one line, at any moment."""

import sys

from mzsr_basicsr.jobs.interrupt import ending_at_once


def main() -> None:
    """Run `mzsr COMMAND`; bad input ends with one line and exit status 1."""
    try:
        with ending_at_once():
            from mzsr_basicsr.cli.commands import LAUNCHERS, parser
            from mzsr_basicsr.errors import MZSRError

            if sys.argv[1:2] and sys.argv[1] in LAUNCHERS:
                return LAUNCHERS[sys.argv.pop(1)]()  # the rest is BasicSR's own command line
            arguments = parser().parse_args()
        try:
            status = arguments.run(arguments)
        except MZSRError as error:
            sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("error: interrupted")
    if status:  # of the commands that may half succeed
        sys.exit(status)
    return None


if __name__ == "__main__":
    main()
