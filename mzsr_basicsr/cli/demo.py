"""The demo: meta-train through BasicSR's pipeline for a few minutes, then show what adaptation gains."""

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

from mzsr_basicsr import weights
from mzsr_basicsr.errors import ConfigError, MissingBasicSR, TrainingError
from mzsr_basicsr.jobs.interrupt import ending_at_once

WEIGHTS = weights.FOLDER / "demo_stage1_x2.pth"


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("demo", help="meta-train for a few minutes and show what adaptation gains")
    parser.add_argument("-o", "--output", default="demo_output", help="folder for all it writes (default: %(default)s)")
    parser.add_argument(
        "--options", type=Path, default=Path("options"), help="folder of option files (default: %(default)s)"
    )
    parser.add_argument("--data", type=Path, help="folder of photographs to train on (default: scikit-image's own)")
    parser.set_defaults(run=lambda a: run(Path(a.output), a.options, a.data))


def run(output: Path, options: Path, data: Path | None = None) -> None:
    """Run the demo; everything it writes lies below `output`.

    Args:
        output: folder, made if it is missing.
        options: folder whose sub-folder `demo` holds demo_x2.yml and test_demo_x2.yml.
        data: folder of training photographs; default are scikit-image's.

    Raises:
        ConfigError: an option file or scikit-image is missing.
        MissingBasicSR: BasicSR is not installed.
        TrainingError: training or test failed; the end of its log is in the message.
    """
    with ending_at_once():
        files = [(options / "demo" / name).resolve() for name in ("demo_x2.yml", "test_demo_x2.yml")]
        for file in files:
            if not file.is_file():
                raise ConfigError(
                    f"{file}: no such option file; run the demo in the project's folder or give --options"
                )
        if importlib.util.find_spec("basicsr") is None:
            raise MissingBasicSR("mzsr demo")
        if importlib.util.find_spec("skimage") is None:
            raise ConfigError(
                "mzsr demo: its photographs are scikit-image's, which is not installed; run: pip install scikit-image"
            )
        from mzsr_basicsr.cli.demo_photos import write_photos
    output.mkdir(parents=True, exist_ok=True)
    write_photos(output / "photographs")
    photos = [f"datasets:train:dataroot_gt={data.resolve()}"] if data else []
    print(f"1/2  Meta-transfer learning from the shipped stage-1 network ({WEIGHTS.name}); log: {output}/train.log")
    _call("train", files[0], output, ["--force_yml", f"path:pretrain_network_g={WEIGHTS}", *photos])
    print(f"2/2  Zero-shot test on unseen photographs, kernel g_2.0^d, x2; log: {output}/test.log")
    _call("test", files[1], output, [])
    _show(output)


def _call(what: str, file: Path, output: Path, extra: list[str]) -> None:
    """Run one of the launchers in the output folder: its progress to the terminal, its log to a file."""
    command = [sys.executable, "-W", "ignore", "-m", f"mzsr_basicsr.{what}", "-opt", str(file), *extra]
    log = output / f"{what}.log"
    with log.open("w") as stream:
        status = subprocess.run(command, cwd=output, stderr=stream, check=False).returncode
    if status != 0:
        tail = " | ".join(log.read_text().splitlines()[-3:])
        raise TrainingError(f"{what} ended with status {status}; see {log}: {tail}")


def _show(output: Path) -> None:
    from mzsr_basicsr.metrics.results import load_json, table

    results = output / "results" / "test_demo_x2"
    *rows, mean = load_json(results / "unseen.json")
    psnr = {column: values["psnr"] for column, values in mean.values.items()}
    pictures = results / "visualization" / "unseen"
    print(f"\nPSNR in dB / SSIM (paper's metric) after so many updates on the image itself:\n\n{table(rows)}\n")
    print(f"Ten updates gain {psnr['10'] - psnr['0']:+.2f} dB over the network before adaptation,")
    print(f"and end {psnr['10'] - psnr['bicubic']:+.2f} dB above bicubic.\n")
    print(f"SR images:  {pictures}/*updates_mzsr.png\nComparison: {pictures}/{rows[0].image}_comparison.png")
