"""Draw the learning curve of a training from its tensorboard log: PSNR before and after adaptation, or the loss.

python benchmarks/learning_curve.py tb_logger/mzsr_x2 Set14 curve.png                    # of validations
python benchmarks/learning_curve.py tb_logger/pretrain_mzsr_x2 l_query curve.png --loss  # of stage 1
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def main(given: list[str] | None = None) -> None:
    """Read every `metrics/SET/psnr_UPDATES` of the log and draw a line for each number of updates, or draw a loss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path, help="folder tb_logger/NAME of the run")
    parser.add_argument("name", help="of the validation set in the option file; with --loss, of a loss, as l_query")
    parser.add_argument("picture", type=Path, help="PNG to write")
    parser.add_argument("--loss", action="store_true", help="draw a loss of the training")
    parser.add_argument("--window", type=int, default=1000, help="iterations it is averaged over (default: 1000)")
    arguments = parser.parse_args(given)
    events = EventAccumulator(str(arguments.log), size_guidance={"scalars": 0})
    events.Reload()
    prefix = "losses/" if arguments.loss else f"metrics/{arguments.name}/psnr_"
    columns = {
        tag.removeprefix(prefix): events.Scalars(tag) for tag in events.Tags()["scalars"] if tag.startswith(prefix)
    }
    if arguments.loss:
        if arguments.name not in columns:
            known = ", ".join(columns) or "none"
            raise SystemExit(f"error: {arguments.log} holds no loss {arguments.name}; it holds: {known}")
        draw_loss(columns[arguments.name], arguments.name, arguments.window, arguments.picture)
        return
    columns.pop("bicubic", None)
    if not columns:
        raise SystemExit(
            f"error: {arguments.log} holds no {prefix}…; give the folder and the validation set of a training"
        )
    draw(columns, arguments.name, arguments.picture)


def draw(columns: dict[str, list], dataset: str, picture: Path) -> None:
    """Draw and write the picture."""
    figure, axes = plt.subplots(figsize=(7, 4), dpi=120)
    for updates, points in sorted(columns.items(), key=lambda item: int(item[0])):
        label = "before adaptation" if updates == "0" else f"after {updates} update{'s' * (updates != '1')}"
        axes.plot([p.step for p in points], [p.value for p in points], marker=".", label=label)
    axes.set(xlabel="iteration", ylabel=f"PSNR on {dataset}, dB")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(picture)


def draw_loss(points: list, name: str, window: int, picture: Path) -> None:
    """Draw a loss, as it was logged and averaged, and write the picture."""
    steps, values = (np.array(column) for column in zip(*((p.step, p.value) for p in points), strict=True))
    figure, axes = plt.subplots(figsize=(7, 4), dpi=120)
    axes.plot(steps, values, color="#0072b2", alpha=0.25, linewidth=0.8, label="as logged")
    axes.plot(steps, averaged(steps, values, window), color="#0072b2", label=f"mean over {window} iterations")
    axes.set(xlabel="iteration", ylabel=f"{name} (L1, intensities in [0, 1])", yscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.tight_layout()
    figure.savefig(picture)


def averaged(steps: np.ndarray, values: np.ndarray, window: int) -> np.ndarray:
    """Average values over the iterations that are at most half a window away; at the ends over those that there are."""
    first = np.searchsorted(steps, steps - window / 2, "left")
    end = np.searchsorted(steps, steps + window / 2, "right")
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return (sums[end] - sums[first]) / (end - first)


if __name__ == "__main__":
    main()
