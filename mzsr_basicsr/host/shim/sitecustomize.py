"""Let an unmodified source tree of BasicSR 1.4.2 run: put this folder on PYTHONPATH and Python loads this file first.

`PYTHONPATH=$(python -m mzsr_basicsr.host.shim):. python basicsr/train.py -opt …` — worker processes inherit it.
A `sitecustomize` that this one hides is run after it.
"""

import importlib.util
import os
import sys
from importlib.machinery import PathFinder

import functional_tensor_finder  # stands beside this file

functional_tensor_finder.install()

_here = os.path.dirname(os.path.abspath(__file__))
_hidden = PathFinder.find_spec("sitecustomize", [p for p in sys.path if os.path.abspath(p or ".") != _here])
if _hidden is not None and _hidden.loader is not None:
    _hidden.loader.exec_module(importlib.util.module_from_spec(_hidden))
