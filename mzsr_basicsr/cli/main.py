"""The `mzsr` command from its first line on: Ctrl-C ends it with one line, at any moment."""

import errno
import sys

from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.jobs.interrupt import ending_at_once, quiet_end
from mzsr_basicsr.jobs.neighbour import sleep_while_waiting
from mzsr_basicsr.jobs.streams import UNREAD, finish, never_raise

_OF_THE_SYSTEM = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO", "EACCES", "EPERM")}


def main() -> None:
    """Run `mzsr COMMAND`; bad input ends with one line and exit status 1."""
    never_raise()
    sleep_while_waiting()
    try:
        with quiet_end():
            with ending_at_once():
                from mzsr_basicsr.cli.commands import chosen

                work = chosen()
            status = work()
    except MZSRError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("error: interrupted")
    except BrokenPipeError:  # of a progress bar, as of `2>&1 | head`
        sys.exit(UNREAD)
    except OSError as error:
        if error.errno not in _OF_THE_SYSTEM:
            raise
        sys.exit(f"error: {error.filename or 'a file'}: {error.strerror}; check its rights, and the disk's free space")
    finally:
        finish()
    if status:  # of the commands that may half succeed
        sys.exit(status)


if __name__ == "__main__":
    main()
