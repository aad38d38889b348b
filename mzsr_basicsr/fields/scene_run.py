"""The work on a scene: one plan, windows that are kept as they are finished, and the file that is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import rasterio

from mzsr_basicsr.clips.work_folder import WorkFolder, identify
from mzsr_basicsr.fields.scene_gdal import reporting
from mzsr_basicsr.fields.scene_parts import keep_plan, keep_window, kept_plan, kept_window
from mzsr_basicsr.fields.scene_source import Scene, opened
from mzsr_basicsr.fields.scene_target import Part, nodata_of, write_cog, write_scene
from mzsr_basicsr.upscaling.described import describe_run, offset_of
from mzsr_basicsr.upscaling.render import Progress
from mzsr_basicsr.upscaling.survey import surveyed
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.upscaling.windows import Windows, plan_wide

_KEPT = "; finished windows are kept beside it, give the same command again to go on"


def upscale_scene(
    source: Path, target: Path, upscaler: Upscaler, progress: Progress | None, cog: bool
) -> dict[str, Any]:
    """Do as `scene.upscale_file`, with the library there."""
    with opened(source, upscaler.settings.nodata) as scene, WorkFolder(target, _identity(source, upscaler)) as folder:
        resumed = max(0, len(folder.parts) - 1)
        windows, record = _planned(scene, folder, upscaler, target)
        start = perf_counter()
        _finish(windows, folder, target, progress)
        record["seconds"]["upscaling"] = round(perf_counter() - start, 3)
        place = upscaler.settings.scale, offset_of(windows.plan.chosen.degradation, upscaler.settings.scale)
        with folder.writing(target) as path, reporting(target, "write this scene", _KEPT):
            plain = path.with_suffix(".plain.tmp") if cog else path
            try:
                write_scene(plain, scene, windows.size, windows.block, place, _parts(windows, folder))
                if cog:
                    write_cog(plain, path)
            finally:
                if cog:
                    plain.unlink(missing_ok=True)
        folder.delete()
        record["notices"] += _notices(scene, cog)
    return {**record, "windows": len(folder.parts) - 1, "resumed": resumed}


def _identity(source: Path, upscaler: Upscaler) -> dict[str, Any]:
    """Say what finished windows depend on."""
    settings = json.loads(json.dumps(upscaler.settings.as_record()))
    return identify(source, {"scene": settings, "weights": upscaler.fingerprint, "gdal": rasterio.__gdal_version__})


def _planned(scene: Scene, folder: WorkFolder, upscaler: Upscaler, target: Path) -> tuple[Windows, dict[str, Any]]:
    """Make the plan, or take the one of a run that was stopped: adaptation within a time is not the same twice."""
    if folder.parts:
        plan, image, record = kept_plan(folder.parts[0], scene.image, upscaler.device)
        return Windows(upscaler, image, plan), record
    image = surveyed(scene.image, measure=not scene.plain)
    plan = plan_wide(upscaler, image)
    record = {**describe_run(plan, upscaler.settings, image, plan.seconds), "memory": upscaler.remember(plan)}
    with reporting(target, "keep what was learned"), folder.next_part() as path:
        keep_plan(path, plan, image, record)
    return Windows(upscaler, image, plan), record


def _finish(windows: Windows, folder: WorkFolder, target: Path, progress: Progress | None) -> None:
    """Enlarge the windows that are not finished."""
    done = 0
    for number, window in enumerate(windows.tiles(), start=1):
        if number >= len(folder.parts):
            pixels, missing = windows.render(window)
            with reporting(target, "keep a finished window", _KEPT), folder.next_part() as path:
                keep_window(path, pixels, missing)
        done += (window.rows[1] - window.rows[0]) * (window.columns[1] - window.columns[0])
        if progress:
            progress(done, windows.size[0] * windows.size[1])


def _parts(windows: Windows, folder: WorkFolder) -> Iterator[Part]:
    for window, path in zip(windows.tiles(), folder.parts[1:], strict=True):
        yield (window, *kept_window(path))


def _notices(scene: Scene, cog: bool) -> list[str]:
    """Say what of a scene its result does not have."""
    source, name = scene.dataset, scene.image.name
    domains = source.tag_namespaces()
    overviews = any(source.overviews(band) for band in source.indexes)
    lost = {
        "its RPCs are left out: they are of the pixels of the source": source.rpcs is not None or "RPC" in domains,
        "its overviews are not copied; give --cog for new ones": overviews and not cog,
        "its palette has become colours: their numbers, such as classes, are lost": scene.palette is not None,
        "its XML metadata are left out": any(domain.startswith("xml:") for domain in domains),
        f"its no-data value {scene.image.nodata} is left out: no {scene.image.dtype} can have it": (
            scene.image.nodata is not None and nodata_of(scene) is None
        ),
        "it has no coordinate reference system; its transform is kept": not scene.plain
        and source.crs is None
        and source.gcps[1] is None,
    }
    return [f"{name}: {line}" for line, so in lost.items() if so]
