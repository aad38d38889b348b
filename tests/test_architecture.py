"""Rooms and layers, read off the folders: mathematics below, adapters and files above it, faces on top; no circles."""

import ast
import sys
from pathlib import Path

import pytest
from helpers.places import PACKAGE

MATHEMATICS = {"degradation", "meta", "signals", "adaptation", "blind", "zssr"}
FACES = {"cli", "host", "web"}  # and the modules of the package's root, but for `errors`, which everything may import
OUTSIDE_OF_MATHEMATICS = {
    "numpy",
    "torch",
    "scipy",
    "PIL",
}  # beside the standard library; PIL reads kernels drawn as PNG
IN_ONE_FILE = {"degradation/kernel_hdf5.py": {"h5py"}}  # reads kernels of MATLAB 7.3; imported where there is one
NEED_BASICSR = {"host", "models", "data", "archs", "benchmark"}  # may import it; upscaling and all below it may not
SOURCES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(path: Path) -> str:
    """The folder a module lives in, or its own name in the package's root."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_used(path: Path) -> set[str]:
    used = {name.split(".")[1] for name in imports(path) if name.startswith("mzsr_basicsr.")}
    return {name for name in used if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()} - {room(path)}


def others_used(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)} - {"mzsr_basicsr"} - set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    own, used = room(path), rooms_used(path)
    if own in MATHEMATICS:
        allowed_here = IN_ONE_FILE.get(path.relative_to(PACKAGE).as_posix(), set())
        assert others_used(path) <= OUTSIDE_OF_MATHEMATICS | allowed_here
        assert used <= MATHEMATICS | {"errors"}
    elif (PACKAGE / own).is_dir() and own not in FACES:
        assert not used & FACES
        assert all((PACKAGE / name).is_dir() for name in used - {"errors"})
    if "basicsr" in others_used(path):
        assert own in NEED_BASICSR


def test_rooms_form_no_circle() -> None:
    below = {room(path): set() for path in SOURCES}
    for path in SOURCES:
        below[room(path)] |= rooms_used(path)
    while below:
        free = {name for name, used in below.items() if not used & set(below)}
        assert free, f"a circle among {sorted(below)}"
        below = {name: used for name, used in below.items() if name not in free}


def test_few_files_stand_in_the_root() -> None:
    assert {p.name for p in PACKAGE.glob("*.py")} == {"__init__.py", "errors.py", "train.py", "test.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 200
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False) or ""
            assert node.end_lineno - node.lineno - doc.count("\n") <= 40, node.name
        assert not isinstance(node, ast.Assert), "assert is for tests"


def test_no_function_takes_more_than_two_parts_of_a_degradation_side_by_side() -> None:
    """They travel as one `Degradation`; the record itself is made of them."""
    parts = {"kernel", "told", "told_kernel", "scale", "subsampling", "noise", "noise_sigma", "sigma"}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and path.name != "record.py":
                taken = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)} & parts
                assert len(taken) <= 2, f"{path}: {node.name}: {taken}"
