"""Do something once a module has been imported, whoever imports it, without importing it."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


def when_imported(name: str, act: Callable[[], None]) -> None:
    """Call `act` now if the module is imported, else right after it has been.

    Args:
        name: of a top-level module.
        act: called once.
    """
    if sys.modules.get(name) is not None:
        act()
    elif not any(isinstance(finder, _Watcher) and finder.name == name for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher(name, act))


class _Watcher:  # no MetaPathFinder: importlib.abc would bring two dozen modules
    """Stands first among the finders until its module is imported; it finds nothing by itself."""

    def __init__(self, name: str, act: Callable[[], None]) -> None:
        self.name = name
        self._act = act

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Let the other finders find the module, and have its loader call `act` when it has run the module."""
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)  # it may be found, and not be imported
        if spec is None or spec.loader is None:
            return None
        loader = spec.loader
        run = loader.exec_module

        def run_and_act(module: ModuleType) -> None:
            run(module)
            loader.exec_module = run  # type: ignore[method-assign]
            sys.meta_path.remove(self)
            self._act()

        loader.exec_module = run_and_act  # type: ignore[method-assign]
        return spec
