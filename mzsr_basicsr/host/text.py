"""BasicSR's option files and logs are UTF-8, whatever the machine's locale is; BasicSR leaves that to the locale."""

import logging
from functools import partial


def mend_text() -> None:
    """Have BasicSR read option files as UTF-8, and write its logs so that no letter or file name ends a run."""
    from basicsr.utils import options

    options.open = partial(open, encoding="utf-8")  # a name of the module goes before the built-in one
    logging.FileHandler.__init__.__defaults__ = ("a", "utf-8", False, "backslashreplace")  # what it takes if none say
