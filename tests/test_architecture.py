"""The sources keep the table of imports: root modules are mathematics, folders are adapters, data flows one way."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "mzsr_basicsr"
PURE = {
    "errors",
    "strict",
    "kernels",
    "kernel_io",
    "resize",
    "degradation",
    "quality",
    "zero_shot",
    "ensemble",
    "options",
    "task_stream",
    "kernel_shapes",
    "wiener",
    "weights",
    "settings",
    "data_options",
    "noise",
    "lively",
    "tiling",
    "careful",
    "clock",
}
LEVEL = {
    name: level
    for level, names in enumerate(
        [
            ("errors", "clock"),
            ("kernels", "resize", "quality", "data_options", "task_stream", "strict", "weights", "settings"),
            ("noise", "lively", "tiling"),
            ("kernel_shapes", "wiener", "degradation", "options"),
            ("kernel_io",),
            ("meta",),
            ("ensemble",),
            ("zero_shot",),
            ("careful", "blind", "zssr"),
        ]
    )
    for name in names
}
FOLDERS = {"meta", "blind", "zssr"}  # mathematics too
ADAPTERS = {"archs", "data", "losses", "metrics", "models"}
PHOTO = {"photo"}  # files and clips, on top of models
PAGES = {"pages"}  # HTML from templates, beside everything else
STUDIES = {"benchmark", "inspection"}  # what people look at, on top of all that computes
OUTSIDE = {"numpy", "torch", "scipy", "PIL", "msgspec"}  # what pure modules may use beside the standard library
FACES = {
    "cli",
    "cli_upscale",
    "cli_kernel",
    "cli_degrade",
    "cli_benchmark",
    "cli_inspect",
    "launch",
    "train",
    "test",
    "demo",
    "demo_photos",
    "evaluate",
    "report",
    "__init__",
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def owner(name: str) -> str:
    """The part of the package that an import reaches: `kernels`, `meta`, `archs`, …"""
    return name.split(".")[1] if "." in name else ""


SOURCES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_table(path: Path) -> None:
    part = path.relative_to(ROOT).parts[0].removesuffix(".py")
    inside = {owner(n) for n in imports(path) if n.split(".")[0] == "mzsr_basicsr"} - {part, ""}
    outside = {n.split(".")[0] for n in imports(path)} - {"mzsr_basicsr"}
    if part in PURE | FOLDERS:
        assert not outside - OUTSIDE - set(sys.stdlib_module_names)
        allowed = set() if part == "meta" else {n for n, level in LEVEL.items() if level < LEVEL[part]}
        assert inside <= allowed
    elif part in ADAPTERS:
        allowed = PURE | FOLDERS | {"compat"}
        assert inside <= allowed - ({"compat"} if part != "models" else set())
    elif part in PHOTO:
        assert inside <= PURE | FOLDERS | {"models"}
    elif part in PAGES:
        assert not inside
    elif part in STUDIES:
        assert inside <= PURE | FOLDERS | ADAPTERS | PHOTO | PAGES | STUDIES
        assert part != "benchmark" or "inspection" not in inside
    elif part not in FACES | {"compat", "shim"}:
        pytest.fail(f"{path}: which rule holds for it?")
    assert part in FACES or not inside & (FACES - {"__init__"})


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 200
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False) or ""
            assert node.end_lineno - node.lineno - doc.count("\n") <= 40, node.name
        assert not isinstance(node, ast.Assert), "assert is for tests"


def test_pure_modules_need_no_basicsr() -> None:
    """Their files run without the package's __init__, with basicsr made unimportable."""
    code = (
        "import sys, types; sys.modules['basicsr'] = None; package = types.ModuleType('mzsr_basicsr');"
        f"package.__path__ = [{str(ROOT)!r}]; sys.modules['mzsr_basicsr'] = package;"
        "import mzsr_basicsr.zero_shot, mzsr_basicsr.kernel_io, mzsr_basicsr.options, mzsr_basicsr.quality, mzsr_basicsr.careful, mzsr_basicsr.blind.estimate, mzsr_basicsr.zssr; print('pure')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "pure\n"
