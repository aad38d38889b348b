"""What BasicSR reads in a run of our launchers, read as we do: no option file and no weights file runs code."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.options.reading import OptionLoader
from mzsr_basicsr.weights.files import UNREADABLE, check_unpacked


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Have BasicSR's option loader know plug-ins alone, and `torch.load` nothing but tensors, whoever calls it.

    BasicSR's own models load weights with whatever is PyTorch's default, which runs pickled code before 2.6.
    """
    import torch
    import yaml
    from basicsr.utils import options

    their_yaml, their_load = options.ordered_yaml, torch.load

    def load(f: Any, *args: Any, **keywords: Any) -> Any:
        try:
            if isinstance(f, (str, Path)):
                check_unpacked(f)
            return their_load(f, *args, **{**keywords, "weights_only": True})
        except OSError:  # the launcher explains it
            raise
        except UNREADABLE:
            name = f if isinstance(f, str) or hasattr(f, "__fspath__") else getattr(f, "name", "a weights file")
            raise WeightsError(f"{name}: damaged, or no weights that can be loaded safely; replace the file") from None

    options.ordered_yaml = lambda: (OptionLoader, yaml.Dumper)
    torch.load = load
    try:
        yield
    finally:
        options.ordered_yaml, torch.load = their_yaml, their_load
