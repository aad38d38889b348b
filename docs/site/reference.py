"""The pages that nobody writes by hand: options from records, commands from parsers, Python from docstrings."""

import json
from pathlib import Path

import commands
import records

API = {  # page: its title, what it is about, and the modules, or MODULE:NAME,…, whose public names it lists
    "package": ("The package", "What `import mzsr_basicsr` gives.", ["upscaling.api", "upscaling.settings"]),
    "degradation": (
        "Degradations and kernels",
        "How an image lost its pixels: `mzsr_basicsr.Degradation`, kernels, resampling, noise, Wiener's way back.",
        ["degradation." + name for name in ("record", "kernels", "shapes", "kernel_files", "degrade", "resize", "noise",
                                            "effective", "moves", "spread", "wiener")],
    ),
    "adaptation": (
        "Adaptation to one image",
        "The meta-test, what it learns from, and ZSSR.",
        ["adaptation.zero_shot", "adaptation.settings:Manner", "signals", "zssr"],
    ),
    "meta": ("Meta-learners", "Tasks, steps, and the four choices.",
             ["meta", "meta.embedding", "meta.store", "weights.clusters", "weights.task_embedding"]),
    "blind": ("Kernel estimation", "The blur kernel from the image alone.", ["blind.estimate", "kernel_tools.picture"]),
    "networks": ("Networks", "What is registered as `network_g`.",
                 ["archs." + name for name in ("conditioning", "mzsr_arch", "mzsr_lr_arch", "mzsr_wiener_arch",
                                               "mzsr_unrolled_arch")]),
    "metrics": ("Metrics", "PSNR and SSIM by the paper, and others.", ["metrics.paper_metric", "metrics.quality"]),
    "errors": ("Errors", "What bad input raises: each message is one line.", ["errors"]),
}  # fmt: skip


def write_all(source: Path) -> None:
    """Write the generated pages below the folder `source`."""
    folder = source / "reference"
    (folder / "api").mkdir(parents=True, exist_ok=True)
    _write(folder / "records.md", records.page())
    _write(folder / "commands.md", commands.page())
    for name, parts in API.items():
        _write(folder / "api" / f"{name}.md", api_page(*parts))
    _write(source / "quickstart.md", notebook_page(source / "quickstart.ipynb"))
    cards = sorted(file.stem for file in (source / "weights").glob("*.md"))
    _write(source / "weights" / "index.md", cards_page(cards))


def api_page(title: str, about: str, modules: list[str]) -> str:
    """List the public names of modules by autodoc."""
    parts = [f"# {title}", about]
    for entry in modules:
        module, _, names = entry.partition(":")
        chosen = f"\n   :members: {names}" if names else ""
        parts += [f"## `mzsr_basicsr.{module}`", f"```{{eval-rst}}\n.. automodule:: mzsr_basicsr.{module}{chosen}\n```"]
    return "\n\n".join(parts) + "\n"


def notebook_page(file: Path) -> str:
    """Turn a notebook into a page: its text as it is, its code in fences."""
    parts = []
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    parts.insert(1, "{download}`This page as a notebook <quickstart.ipynb>`, which a test runs.")
    return "\n\n".join(parts) + "\n"


def cards_page(names: list[str]) -> str:
    """List the model cards."""
    lines = "\n".join(names)
    about = "Each network that comes with the package has a card: what it is for, how it was made, what it reaches."
    return f"# Model cards\n\n{about}\n\n```{{toctree}}\n:maxdepth: 1\n\n{lines}\n```\n"


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
