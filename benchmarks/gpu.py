"""What a GPU must do beside being fast: run out of memory gracefully, train by NCCL, and go on as if never stopped.

    python benchmarks/gpu.py [--device cuda]

On `--device cpu` the same runs by gloo, without the part about memory. Photographs to train on are drawn by chance.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.upscaling.upscaler import Upscaler

HERE = Path(__file__).resolve().parents[1]
OPTIONS = HERE / "options" / "demo" / "demo_x2.yml"
LESS = ("datasets:train:gt_size=96", "datasets:train:batch_size_per_gpu=2", "train:meta:inner_steps=2")


def picture(height: int, width: int, seed: int) -> np.ndarray:
    """Draw something smooth with edges: (height, width, 3) uint8."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 256, (height // 16 + 1, width // 16 + 1, 3), dtype=np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)) // 32 * 36


def short_of_memory() -> str:
    """Upscale with all memory and with a twentieth of it: the same picture, in more tiles."""
    photo, results, tiles = picture(2048, 2048, 0), [], []
    settings = {"kernel": "gaussian:2,2", "noise": 0.0, "updates": 2, "tile": 2048, "device": "cuda"}
    for share in (1.0, 0.02):
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(share)
        torch.cuda.reset_peak_memory_stats()
        done: list[int] = []
        upscaler = Upscaler(UpscaleSettings(**settings))
        plan = upscaler.plan(photo)
        torch.cuda.set_per_process_memory_fraction(share)
        results.append(upscaler.apply(photo, plan, progress=lambda now, _, told=done: told.append(now)).astype(int))
        tiles.append((len(done), torch.cuda.max_memory_allocated() / 2**20))
    torch.cuda.set_per_process_memory_fraction(1.0)
    off = np.abs(results[0] - results[1])
    (few, high), (many, low) = tiles
    return (
        f"memory: {few} tile of {high:.0f} MB; with 2 % of it {many} tiles of {low:.0f} MB; the pictures differ "
        f"by {off.max()} levels at most, in {100 * (off > 0).mean():.3f} % of the values"
    )


def train(folder: Path, name: str, total: int, device: str, *more: str, launcher: bool = False) -> dict:
    """Train some iterations, and give the parameters."""
    forced = [f"name={name}", f"num_gpu={int(device == 'cuda')}", f"train:total_iter={total}", *LESS, *more]
    forced += ["datasets:train:dataroot_gt=photos", "logger:print_freq=1", "logger:save_checkpoint_freq=2"]
    command = [sys.executable, "-m", "mzsr_basicsr.train", "-opt", str(OPTIONS), "--auto_resume"]
    if launcher:
        command[1:3] = ["-m", "torch.distributed.run", "--nproc_per_node=1", "-m", "mzsr_basicsr.train"]
        command += ["--launcher", "pytorch"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [*command, "--force_yml", *forced], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name}: status {done.returncode}\n{done.stderr[-2000:]}")
    if launcher and "nccl" not in done.stdout + done.stderr and device == "cuda":
        print("NCCL was not named in the log")
    file = folder / "experiments" / name / "models" / f"net_g_{total}.pth"
    return torch.load(file, map_location="cpu", weights_only=True)["params"]


def difference(first: dict, second: dict) -> float:
    """Give the largest difference of two networks' parameters."""
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def main() -> None:
    """Run all, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    device = parser.parse_args().device
    if device == "cuda":
        print(torch.cuda.get_device_name(), torch.__version__, flush=True)
        print(short_of_memory(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photos").mkdir()
        for number in range(4):
            Image.fromarray(picture(200, 240, number)).save(folder / "photos" / f"{number}.png")
        whole = train(folder, "whole", 4, device)
        again = train(folder, "again", 4, device)
        print(f"two runs: parameters differ by {difference(whole, again):.2e} at most", flush=True)
        train(folder, "parts", 2, device)
        resumed = train(folder, "parts", 4, device)
        print(f"resumed after 2 of 4 iterations: they differ by {difference(whole, resumed):.2e}", flush=True)
        wrapped = train(folder, "wrapped", 4, device, launcher=True)
        backend = "NCCL" if device == "cuda" else "gloo"
        print(f"distributed ({backend}, 1 process): they differ by {difference(whole, wrapped):.2e}", flush=True)


if __name__ == "__main__":
    main()
