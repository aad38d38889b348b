"""Give `torchvision.transforms.functional_tensor` back to BasicSR 1.4.2, which imports one function from it.

torchvision 0.17 removed that module; the function lives on as `torchvision.transforms.functional.rgb_to_grayscale`.
The finder stands last on `sys.meta_path`: it is asked only where no real module exists, and costs nothing before.
This file imports little of the standard library alone, because `sitecustomize` loads it at every start of Python: no
`importlib.abc`, which brings two dozen modules.
"""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

MISSING = "torchvision.transforms.functional_tensor"


class _Loader:
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        from torchvision.transforms.functional import rgb_to_grayscale

        module.rgb_to_grayscale = rgb_to_grayscale  # type: ignore[attr-defined]


class FunctionalTensorFinder:
    """Find the one removed module, and nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Answer for the missing module only."""
        if fullname != MISSING:
            return None
        return importlib.util.spec_from_loader(fullname, _Loader())  # type: ignore[arg-type]


def install() -> None:
    """Append the finder once; a second call is harmless, also from a second copy of this file."""
    if not any(type(finder).__name__ == FunctionalTensorFinder.__name__ for finder in sys.meta_path):
        sys.meta_path.append(FunctionalTensorFinder())
