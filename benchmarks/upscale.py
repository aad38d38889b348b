"""What `mzsr upscale` costs in seconds and memory, against the floor of its convolutions and against another version.

    python benchmarks/upscale.py [--old FOLDER] [--threads 2] [--repeats 3] [--large] [--picture FILE]

Photos are mosaics of scikit-image's (the extra `demo`). Each run is a process of its own; versions and precisions take
turns, and the median of each is told. The floor is the network's operations, counted by PyTorch, over the rate of one
large convolution of the network's width in the same precision. --large adds a photo of 24 megapixels; --picture draws
where the time of 1 megapixel goes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from skimage import data
from torch.utils.flop_counter import FlopCounterMode
from upscale_picture import draw

from mzsr_basicsr.weights.pretrained import load_pretrained

HERE = Path(__file__).resolve().parents[1]
CASE = Path(__file__).with_name("upscale_case.py")
KNOWN = ("kernel=gaussian:2,2", "noise=0.0")
WIDTH, SIDE = 48, 512  # channels and px of the convolution that the floor's rate is measured by


def photo(height: int, width: int, path: Path) -> Path:
    """Write a mosaic of photographs."""
    parts = [np.asarray(picture()) for picture in (data.astronaut, data.chelsea, data.coffee, data.rocket)]
    parts = [part[:300, :400] for part in parts]
    rows = [np.hstack([parts[(i + j) % 4] for j in range(-(-width // 400))]) for i in range(-(-height // 300))]
    Image.fromarray(np.vstack(rows)[:height, :width]).save(path, quality=92)
    return path


def operations() -> float:
    """Count the network's operations for one px of the photo."""
    network = load_pretrained("shipped:mzsr_x2").network.eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network(torch.rand(1, 3, 64, 64), torch.ones(1, 1))
    return counter.get_total_flops() / 64**2


def rate(precision: torch.dtype, device: str) -> float:
    """Measure the operations per second of one large convolution: the best of ten."""
    like = {"dtype": precision, "device": device}
    layer = torch.nn.Conv2d(WIDTH, WIDTH, 3, padding=1, **like).to(memory_format=torch.channels_last)
    image = torch.rand(1, WIDTH, SIDE, SIDE, **like).to(memory_format=torch.channels_last)
    best = float("inf")
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    with torch.inference_mode():
        for _ in range(11):
            wait()
            start = time.perf_counter()
            layer(image)
            wait()
            best = min(best, time.perf_counter() - start)
    return 2 * 9 * WIDTH**2 * SIDE**2 / best


def run(tree: Path, file: Path, updates: int, threads: int, *words: str) -> dict:
    """Run one case."""
    command = [sys.executable, str(CASE), str(tree), str(file), "2", str(updates), str(threads), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=file.parent)
    return json.loads(done.stdout.splitlines()[-1])


def compared(versions: dict[str, tuple], file: Path, updates: int, threads: int, repeats: int, *words: str) -> dict:
    """Run the versions by turns: name -> the median of each part, and the highest peak."""
    runs: dict[str, list[dict]] = {name: [] for name in versions}
    for _ in range(repeats):
        for name, (tree, *own) in versions.items():
            runs[name].append(run(tree, file, updates, threads, *own, *words))
    found = {}
    for name, records in runs.items():
        parts = {part: median(r["laps"][part] for r in records) for part in records[0]["laps"]}
        adapted = median(r["plan"]["adaptation"] for r in records)
        whole = median(sum(s for lap, s in r["laps"].items() if "again" not in lap) for r in records)
        found[name] = {**parts, "updates": adapted, "whole": whole, "peak": max(r["peak"] for r in records)}
    return found


def tell(title: str, found: dict, part: str, pixels: int, floors: dict[str, float]) -> None:
    """Print a row for each version: seconds of a part, its ratio to the first version's and to the floor, the peak."""
    first = next(iter(found.values()))[part]
    for name, costs in found.items():
        over = f"{costs[part] / (pixels * floors[name]):.2f}" if pixels else ""
        print(f"| {title} | {name} | {costs[part]:.2f} | {first / costs[part]:.2f} | {over} | {costs['peak']:.0f} |")
    sys.stdout.flush()


def measure(a: argparse.Namespace, versions: dict[str, tuple], floors: dict[str, float], folder: Path) -> None:
    """Run all cases, and print and draw them."""
    for side in (256, 512, 1024, 2048):
        file = photo(side, side, folder / f"{side}.png")
        found = compared(versions, file, 0, a.threads, a.repeats, "--again", *KNOWN)
        tell(f"{side}x{side}, no update: upscaling", found, "upscaling", side**2, floors)
        tell("the same, once more", found, "upscaling again", side**2, floors)
    file = folder / "256.png"
    found = compared(versions, file, 10, a.threads, a.repeats, "--again", *KNOWN)
    tell("256x256: ten updates", found, "updates", 0, floors)
    tell("the same, once more", found, "updates again", 0, floors)
    if a.picture:
        draw(
            {
                n: run(t, folder / "1024.png", 0, a.threads, "--profile", *own, *KNOWN)
                for n, (t, *own) in versions.items()
            },
            a.picture,
        )
    if a.large:
        file = photo(4000, 6000, folder / "large.jpg")
        found = compared(versions, file, 10, a.threads, 1)
        tell("24 megapixels, defaults: whole process", found, "whole", 0, floors)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", type=Path, help="a folder that holds another version of this project")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="24 megapixels, too")
    parser.add_argument("--picture", type=Path, help="draw where the time of 1 megapixel goes")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    rates = {"float32": rate(torch.float32, a.device), "bfloat16": rate(torch.bfloat16, a.device)}
    work = operations()
    floors = {name: work / value for name, value in rates.items()}
    print(
        f"{work / 1e6:.3f}·10⁶ operations a px;",
        *(f"{n}: {r / 1e9:.0f}·10⁹ a second" for n, r in rates.items()),
    )
    on = f"device={a.device}"
    versions: dict[str, tuple] = {"old": (a.old.resolve(), on)} if a.old else {}
    versions |= {name: (HERE, on, f"precision={name}") for name in rates}
    floors["old"] = floors["float32"]
    print(
        "| work | version | s | times faster | over the floor | peak, MB |\n| --- | --- | ---: | ---: | ---: | ---: |"
    )
    with tempfile.TemporaryDirectory() as name:
        measure(a, versions, floors, Path(name))


if __name__ == "__main__":
    main()
