"""From an option file to the plan of a benchmark: every name is checked before any work is done."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mzsr_basicsr.benchmark import published
from mzsr_basicsr.benchmark.run.ensemble import check_members
from mzsr_basicsr.benchmark.run.options import METHODS, BenchmarkOptions, DatasetOptions, KernelOptions, MethodOptions
from mzsr_basicsr.benchmark.run.places import lines_of, without_weights
from mzsr_basicsr.data.folders import SUFFIXES
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, ImageError
from mzsr_basicsr.options import reading
from mzsr_basicsr.options.strict import nearest, parse


@dataclass(frozen=True, init=False, eq=False)
class NamedDegradation(Degradation):
    """A row of the matrix: a degradation, its name, and the text or file of its kernel."""

    name: str = ""
    spec: str = ""

    def __init__(self, name: str, spec: str, scale: float, subsampling: str) -> None:
        super().__init__(spec, scale, subsampling)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "spec", spec)

    def weights(self) -> bytes:
        """Give the kernel's weights, to 12 digits, as they enter the keys of results."""
        return self.kernel.numpy().round(12).tobytes()


@dataclass(frozen=True)
class Plan:
    """What is to be measured.

    Attributes:
        options: of the file.
        datasets: those that are there.
        degradations: kernels at their scales.
        methods: options of each, by label.
        skipped: a line for each data set that is not there, and for each method of whose weights some are not.
        without: (label, data set, kernel) where a method has none.
    """

    options: BenchmarkOptions
    datasets: dict[str, DatasetOptions]
    degradations: list[NamedDegradation]
    methods: dict[str, MethodOptions]
    skipped: list[str]
    without: frozenset[tuple[str, str, str]] = frozenset()


def read_options(path: Path) -> BenchmarkOptions:
    """Read an option file.

    Raises:
        ConfigError: it is missing, not YAML, or a key is wrong.
    """
    return parse(BenchmarkOptions, "", reading.read_options(path, "the folder options/benchmark"))


def make_plan(options: BenchmarkOptions) -> Plan:
    """Resolve the names of an option file.

    Raises:
        ConfigError: an unknown method, kernel, metric's place or table, with the nearest known name.
        ImageError: no data set is there, or one is empty.
    """
    _check_name("name", options.name)
    if options.published is not None and options.published not in published.names():
        raise ConfigError(f"published: {options.published!r}: {nearest(options.published, published.names())}")
    if options.metrics[:1] != ["psnr"]:
        raise ConfigError(f"metrics: {options.metrics}; begin with psnr, by which methods are ranked")
    methods = {label: _method(label, section) for label, section in options.methods.items()}
    if not methods or not options.kernels:
        raise ConfigError(f"{'kernels' if methods else 'methods'}: is empty; name at least one")
    check_members(methods)
    if options.reference is not None and options.reference not in methods:
        raise ConfigError(f"reference: {options.reference!r} is no method; {nearest(options.reference, list(methods))}")
    if len(set(options.metrics)) < len(options.metrics):
        raise ConfigError(f"metrics: {options.metrics}; name each of them once")
    degradations = _degradations(options)
    datasets, skipped = _datasets(options)
    _check_published(datasets, [d.name for d in degradations])
    missing = without_weights(methods, datasets, {d.name: d.scale for d in degradations})
    skipped += lines_of(missing)
    return Plan(options, datasets, degradations, methods, skipped, frozenset(missing))


def _check_name(key: str, name: str) -> None:
    if not name or name != Path(name).name or name in (".", ".."):
        raise ConfigError(f"{key}: {name!r} becomes a folder; allowed: letters, digits, `_`, `-`")


def _method(label: str, section: dict[str, Any] | None) -> MethodOptions:
    _check_name("methods", label)
    given = {"type": label, **(section or {})}
    kind = given["type"]
    if not isinstance(kind, str) or kind not in METHODS:
        raise ConfigError(f"methods.{label}: unknown method {kind!r}; {nearest(str(kind), list(METHODS))}")
    return parse(METHODS[kind], f"methods.{label}", given)  # type: ignore[return-value]


def _datasets(options: BenchmarkOptions) -> tuple[dict[str, DatasetOptions], list[str]]:
    found: dict[str, DatasetOptions] = {}
    skipped = []
    for name, entry in options.datasets.items():
        _check_name("datasets", name)
        section = DatasetOptions(gt=entry) if isinstance(entry, str) else entry
        folder = Path(section.gt).expanduser()
        if not folder.is_dir():
            skipped.append(f"{name}: skipped, since {section.gt} is no folder; {_nearby(name, folder)}")
        elif not any(p.suffix.lower() in SUFFIXES for p in folder.rglob("*")):
            raise ImageError(f"datasets.{name}: {section.gt} holds no photograph; known endings: {' '.join(SUFFIXES)}")
        else:
            found[name] = section
    if not found:
        raise ImageError("; ".join(skipped) or "datasets: is empty; name at least one")
    return found, skipped


def _check_published(datasets: dict[str, DatasetOptions], kernels: list[str]) -> None:
    """Refuse published LR images of a kernel that is not there: they would be made instead, and nobody would know."""
    for name, section in datasets.items():
        for kernel in section.lq:
            if kernel not in kernels:
                raise ConfigError(f"datasets.{name}.lq: unknown kernel {kernel!r}; {nearest(kernel, kernels)}")


def _nearby(name: str, folder: Path) -> str:
    """Suggest a data set that lies where the missing one should."""
    home = folder.parents[1] if len(folder.parents) > 1 else folder
    there = sorted(p.name for p in home.iterdir() if p.is_dir()) if home.is_dir() else []
    near = nearest(name, there)
    return near if near.startswith("did") else "put the images there, or name another folder"


def _degradations(options: BenchmarkOptions) -> list[NamedDegradation]:
    if options.scales == []:
        raise ConfigError("scales: is empty; name at least one, or leave it out")
    found: dict[str, NamedDegradation] = {}
    for entry in options.kernels:
        for one in _at_scales(_kernel(entry), options.scales):
            if one.name in found:
                raise ConfigError(f"kernels: {one.name} stands there twice; give each kernel a name of its own")
            found[one.name] = one
    return list(found.values())


def _kernel(entry: str | KernelOptions) -> KernelOptions:
    if isinstance(entry, KernelOptions):
        _check_name("kernels", entry.name)
        return entry
    if entry not in TEST_KERNELS:
        raise ConfigError(f"kernels: unknown kernel {entry!r}; {nearest(entry, list(TEST_KERNELS))}")
    known = TEST_KERNELS[entry]
    section = {"name": entry, "kernel": known.spec, "subsampling": known.subsampling, "scale": known.scale}
    return parse(KernelOptions, f"kernels.{entry}", section)


def _at_scales(kernel: KernelOptions, scales: list[float] | None) -> list[NamedDegradation]:
    """Place a kernel at its own scale, or at all that are asked for, with the scale in its name (x2 has none)."""
    if scales is None:
        if kernel.scale is None:
            raise ConfigError(f"kernels: {kernel.name} has no scale; give `scale` there, or `scales` for all kernels")
        return [NamedDegradation(kernel.name, kernel.kernel, kernel.scale, kernel.subsampling)]
    base = kernel.name.removesuffix("_x4") if kernel.name in TEST_KERNELS else kernel.name
    names = [base if math.isclose(scale, 2) else f"{base}_x{scale:g}" for scale in scales]
    spec, how = kernel.kernel, kernel.subsampling
    return [NamedDegradation(name, spec, scale, how) for name, scale in zip(names, scales, strict=True)]
