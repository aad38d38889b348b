"""One run of `upscale.py`, in a process of its own: upscale a file by a tree's package, and print what each part took.

    python benchmarks/upscale_case.py TREE FILE SCALE UPDATES THREADS [--profile] [--again] [FIELD=VALUE ...]

The last are fields of `UpscaleSettings`. Only what versions have in common is used, so that TREE may be an older one.
"""

import json
import resource
import sys
import time
from pathlib import Path

LAPS: dict[str, float] = {}
# What an operation of PyTorch is counted as, by the first word that its name holds.
KINDS = {
    "backward": "gradients",
    "conv": "convolutions",
    "fft": "Fourier transforms",
    "copy": "copies",
    "index": "copies",
    "cat": "copies",
    "shuffle": "copies",
}


def lap(name: str) -> None:
    """Add the seconds since the last lap to a part."""
    now = time.perf_counter()
    LAPS[name] = LAPS.get(name, 0.0) + now - LAPS.pop("since", now)
    LAPS["since"] = now


def fields(words: list[str]) -> dict[str, object]:
    """Read FIELD=VALUE: a number where it is one, else a text."""
    found: dict[str, object] = {}
    for word in words:
        name, _, text = word.partition("=")
        try:
            found[name] = float(text) if "." in text else int(text)
        except ValueError:
            found[name] = text
    return found


def kinds_of(events: list) -> dict[str, float]:
    """Add up the seconds of operations by their kind."""
    found = dict.fromkeys([*KINDS.values(), "other"], 0.0)
    for event in events:
        kind = next((kind for word, kind in KINDS.items() if word in event.key.lower()), "other")
        found[kind] += event.self_cpu_time_total / 1e6
    return found


def main() -> None:
    """Print one record."""
    tree, file, scale, updates, threads, *rest = sys.argv[1:]
    sys.path.insert(0, tree)
    LAPS["since"] = time.perf_counter()
    import torch

    torch.set_num_threads(int(threads))
    from mzsr_basicsr.pictures.reading import read_picture
    from mzsr_basicsr.pictures.resized import resized
    from mzsr_basicsr.pictures.writing import write_picture
    from mzsr_basicsr.upscaling.settings import UpscaleSettings
    from mzsr_basicsr.upscaling.upscaler import Upscaler

    lap("start")
    picture = read_picture(Path(file))
    lap("reading")
    chosen = fields([word for word in rest if "=" in word])
    upscaler = Upscaler(UpscaleSettings(scale=float(scale), updates=int(updates), **chosen))
    lap("weights")
    plan = upscaler.plan(picture.pixels, picture.alpha, "photo")
    lap("kernel and updates")
    pixels = upscaler.apply(picture.pixels, plan, picture.alpha, "photo")
    lap("upscaling")
    write_picture(resized(picture, pixels, float(scale)), Path(file).with_name(f"result{Path(file).suffix}"))
    lap("writing")
    if "--again" in rest:  # what is set up on a first use is there now
        again = upscaler.plan(picture.pixels, picture.alpha, "photo")
        lap("updates again")
        upscaler.apply(picture.pixels, again, picture.alpha, "photo")
        lap("upscaling again")
    LAPS.pop("since")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        peak = torch.cuda.max_memory_allocated() / 2**20  # on a GPU it is the GPU's that counts
    kinds = {}
    if "--profile" in rest:
        from torch.profiler import ProfilerActivity, profile

        with profile(activities=[ProfilerActivity.CPU]) as found:
            upscaler.apply(picture.pixels, plan, picture.alpha, "photo")
        kinds = kinds_of(list(found.key_averages()))
    adapted = {"kernel": 0.0, "adaptation": 0.0, **plan.seconds}
    print(json.dumps({"laps": LAPS, "plan": adapted, "peak": peak, "kinds": kinds}))


if __name__ == "__main__":
    main()
