"""Measure the saved weights of a training of any stage on photographs, and draw PSNR before and after adaptation."""

import argparse
import io
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import torch
from torch import Tensor
from tqdm import tqdm

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.data.photos import decode, to_picture, to_tensor
from mzsr_basicsr.degradation.degrade import round_to_8_bits
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.metrics.quality import psnr_y
from mzsr_basicsr.pages import write_whole
from mzsr_basicsr.weights.pretrained import Pretrained, load_pretrained


def main() -> None:
    """Measure every file once (the figures are kept beside the picture), then draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, help="folder experiments/NAME/models with its net_g_N.pth")
    parser.add_argument("folders", type=Path, nargs="+", help="HR images; each folder is a panel")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="PNG to write; figures go to a .json beside it"
    )
    parser.add_argument("--every", type=int, default=400, help="iterations between measured files")
    parser.add_argument("--kernel", default="gaussian:2.0,2.0,0.0,21")
    parser.add_argument("--updates", type=int, nargs="+", default=[0, 10])
    parser.add_argument("--crop", type=int, default=256, help="side of the middle that is measured, HR px")
    arguments = parser.parse_args()
    record = arguments.output.with_suffix(".json")
    found: dict[str, dict[str, float]] = json.loads(record.read_text()) if record.exists() else {}
    files = sorted((int(p.stem[6:]), p) for p in arguments.models.glob("net_g_*.pth") if p.stem[6:].isdigit())
    for iteration, path in tqdm([f for f in files if f[0] % arguments.every == 0], unit="file"):
        network = load_pretrained(str(path))
        for folder in arguments.folders:
            key = f"{iteration} {folder.parent.name if folder.name == 'GT' else folder.name}"
            if key not in found:
                found[key] = measure(network, folder, arguments)
                write_whole(json.dumps(found, indent=1), record)
    draw(found, arguments.updates, arguments.output)


def measure(network: Pretrained, folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Give the mean PSNR after each number of updates, without care: what the weights themselves do."""
    settings = Settings(
        tuple(arguments.updates), network.schedule, network.manner, quantize_son=True, learner=network.learner
    )
    degradation = Degradation(arguments.kernel, network.scale)
    rows = []
    for name in list_photographs(str(folder), "folders"):
        hr = middle(Path(name), arguments.crop, int(network.scale))
        lq = round_to_8_bits(degradation.apply(hr))
        images = zero_shot(network.network, lq, degradation.to(lq), settings).images
        rows.append([psnr_y(to_picture(images[u]), to_picture(hr), int(network.scale)) for u in arguments.updates])
    means = torch.tensor(rows, dtype=torch.float64).mean(0).tolist()
    return {str(u): mean for u, mean in zip(arguments.updates, means, strict=True)}


def middle(path: Path, side: int, scale: int) -> Tensor:
    """Read the middle of an image, cut to multiples of the scale: (1, 3, H, W) in [0, 1]."""
    image = to_tensor(decode(path.read_bytes(), str(path)))[None]
    for axis in (-2, -1):
        length = min(side, image.shape[axis]) // scale * scale
        image = image.narrow(axis, (image.shape[axis] - length) // 2, length)
    return image


def draw(found: dict[str, dict[str, float]], updates: list[int], picture: Path) -> None:
    """Draw a panel for each folder."""
    names = list(dict.fromkeys(key.split(" ", 1)[1] for key in found))
    figure, panels = plt.subplots(1, len(names), figsize=(4.2 * len(names), 3.6), dpi=110, squeeze=False)
    for axes, name in zip(panels[0], names, strict=True):
        points = sorted(
            (int(key.split(" ", 1)[0]), value) for key, value in found.items() if key.split(" ", 1)[1] == name
        )
        for u in updates:
            label = "before adaptation" if u == 0 else f"after {u} updates"
            axes.plot([p[0] for p in points], [p[1][str(u)] for p in points], marker=".", label=label)
        axes.set(title=name, xlabel="iteration", ylabel="PSNR, dB")
        axes.grid(alpha=0.3)
        axes.legend()
    figure.tight_layout()
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    write_whole(stream.getvalue(), picture)


if __name__ == "__main__":
    main()
