"""Draw the learning curve of a meta-training from its tensorboard log: PSNR before and after adaptation."""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def main() -> None:
    """Read every `metrics/SET/psnr_UPDATES` of the log and draw one line for each number of updates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path, help="folder tb_logger/NAME of the run")
    parser.add_argument("dataset", help="name of the validation set in the option file")
    parser.add_argument("picture", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    events = EventAccumulator(str(arguments.log), size_guidance={"scalars": 0})
    events.Reload()
    prefix = f"metrics/{arguments.dataset}/psnr_"
    columns = {
        tag.removeprefix(prefix): events.Scalars(tag) for tag in events.Tags()["scalars"] if tag.startswith(prefix)
    }
    columns.pop("bicubic", None)
    if not columns:
        raise SystemExit(f"error: {arguments.log} holds no {prefix}…; give the folder and the set of a meta-training")
    draw(columns, arguments.dataset, arguments.picture)


def draw(columns: dict[str, list], dataset: str, picture: Path) -> None:
    """Draw and write the picture."""
    figure, axes = plt.subplots(figsize=(7, 4), dpi=120)
    for updates, points in sorted(columns.items(), key=lambda item: int(item[0])):
        label = "before adaptation" if updates == "0" else f"after {updates} update{'s' * (updates != '1')}"
        axes.plot([p.step for p in points], [p.value for p in points], marker=".", label=label)
    axes.set(xlabel="iteration of meta-transfer learning", ylabel=f"PSNR on {dataset}, dB")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(picture)


if __name__ == "__main__":
    main()
