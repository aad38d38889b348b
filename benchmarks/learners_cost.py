"""What a meta-step of an option file costs, measured in a process of its own, which `learners.py` starts.

It prints one line of JSON: CPU seconds of an iteration with its data and of its meta-step alone, the peak of the
resident set above the start of an iteration, MB (Linux; else null), and the numbers that are meta-trained beside the
network's: the parameters of start and rule, and the rates where they are learned.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from meta_step import resident
from torch.utils.data import default_collate

SMALL, WARM = 64, 2  # HR px and iterations that load libraries; in the second, operations are counted


def main() -> None:
    """Make the model and its data set as BasicSR would, and take iterations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("options", help="option file of an MZSRModel with internal tasks")
    parser.add_argument("--iterations", type=int, default=4, help="that are timed (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, section = built(arguments.options)
    dataset = section.pop("made")
    for number in range(1, WARM + 1):
        iterate(model, batch(dataset, section, number, SMALL), number)
    start = cleared()
    begun, steps = time.process_time(), 0.0
    for number in range(WARM + 1, WARM + arguments.iterations + 1):
        steps += iterate(model, batch(dataset, section, number), number)
    seconds = time.process_time() - begun
    memory = None if start is None else resident("VmHWM") - start
    per = {"iteration": seconds / arguments.iterations, "step": steps / arguments.iterations}
    print(json.dumps({**per, "memory": memory, "phi": phi(model)}))


def built(path: str) -> tuple[Any, dict[str, Any]]:
    """Build the model, and the section of its data set, with the data set under `made`."""
    from basicsr.data import build_dataset
    from basicsr.models import build_model
    from basicsr.utils.options import parse_options

    sys.argv[1:] = ["-opt", path]  # where BasicSR looks for it; reading the file registers the plug-in
    options, _ = parse_options(".", is_train=True)
    section = options["datasets"]["train"]
    return build_model(options), {**section, "made": build_dataset(section)}


def batch(dataset: Any, section: dict[str, Any], number: int, side: int | None = None) -> dict[str, torch.Tensor]:
    """Draw the meta-batch of an iteration, counted from 1; of its images the first `side` px, or all."""
    size = section["batch_size_per_gpu"]
    drawn = default_collate([dataset[(number - 1) * size + place] for place in range(size)])
    return {**drawn, "image_gt": drawn["image_gt"][..., :side, :side]}


def iterate(model: Any, drawn: dict[str, torch.Tensor], number: int) -> float:
    """Take one iteration; give the CPU seconds of its meta-step and outer step."""
    model.feed_data(drawn)
    begun = time.process_time()
    model.optimize_parameters(number)
    return time.process_time() - begun


def cleared() -> float | None:
    """Let the peak of the resident set begin anew; give where it begins, MB, or None where the system has none."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return resident("VmRSS")


def phi(model: Any) -> int:
    """Count what is meta-trained beside the network."""
    step = model.bare_step
    rates = step.log_rates.numel() if step.learns_rates else 0
    return rates + sum(parameter.numel() for parameter in step.learner.own())


if __name__ == "__main__":
    main()
