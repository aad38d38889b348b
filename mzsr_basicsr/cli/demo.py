"""The demo: meta-train through BasicSR's pipeline for a few minutes, then show what adaptation gains."""

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

from mzsr_basicsr import weights
from mzsr_basicsr.errors import ConfigError, MissingBasicSR, TrainingError
from mzsr_basicsr.jobs.interrupt import ending_at_once
from mzsr_basicsr.jobs.outputs import check_folder
from mzsr_basicsr.jobs.streams import put_out

WEIGHTS = weights.FOLDER / "demo_stage1_x2.pth"
SHOWN = "chelsea"  # the photograph of the picture: without letters


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
        _check_output(output)
        if importlib.util.find_spec("basicsr") is None:
            raise MissingBasicSR("mzsr demo")
        if importlib.util.find_spec("skimage") is None:
            raise ConfigError(
                "mzsr demo: its photographs are scikit-image's, which is not installed; run: pip install scikit-image"
            )
        from mzsr_basicsr.cli.demo_photos import write_images
    output.mkdir(parents=True, exist_ok=True)
    write_images(output / "photographs")
    photos = [f"datasets:train:dataroot_gt={data.resolve()}"] if data else []
    put_out(f"1/2  Meta-transfer learning from the shipped stage-1 network ({WEIGHTS.name}); log: {output}/train.log")
    _call("train", files[0], output, ["--force_yml", f"path:pretrain_network_g={WEIGHTS}", *photos])
    put_out(f"2/2  Zero-shot test on unseen photographs and a text, kernel g_2.0^d, x2; log: {output}/test.log")
    _call("test", files[1], output, [])
    _show(output)


def _check_output(output: Path) -> None:
    """Refuse a folder that cannot be written, and one that holds something else than an earlier demo."""
    check_folder(output, [], [], overwrite=True)
    if output.is_dir() and any(output.iterdir()) and not (output / "photographs").is_dir():
        raise ConfigError(f"output: {output} holds other files; give a folder of the demo's own")


def _call(what: str, file: Path, output: Path, extra: list[str]) -> None:
    """Run one of the launchers in the output folder: its progress to the terminal, its log to a file."""
    command = [sys.executable, "-W", "ignore", "-m", f"mzsr_basicsr.{what}", "-opt", str(file), *extra]
    log = output / f"{what}.log"
    with log.open("wb") as stream:
        status = subprocess.run(command, cwd=output, stderr=stream, check=False).returncode
    if status != 0:
        tail = " | ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:])
        raise TrainingError(f"{what} ended with status {status}; see {log}: {tail}")


def _show(output: Path) -> None:
    from mzsr_basicsr.cli.demo_photos import TEXT
    from mzsr_basicsr.cli.demo_picture import draw, gain, verdict
    from mzsr_basicsr.metrics.results import load_json, mean_row, table

    results = output / "results" / "test_demo_x2"
    rows = load_json(results / "unseen.json")[:-1]
    pictures = results / "visualization" / "unseen"
    text = next(row for row in rows if row.image == TEXT)
    photographs = [row for row in rows if row is not text]
    photograph = next(row for row in photographs if row.image == SHOWN)
    drawing = output / "demo.png"
    draw(text, photograph, output / "photographs" / "test", pictures).save(drawing)
    put_out(f"\nPSNR in dB / SSIM (paper's metric) after so many updates on the image itself:\n\n{table(rows)}\n")
    for what, row in (("text", text), ("photographs, on average", mean_row(photographs))):
        above = row.values["10"]["psnr"] - row.values["bicubic"]["psnr"]
        put_out(f"The {what}: ten updates gain {gain(row):+.2f} dB, and end {above:+.2f} dB above bicubic.")
    put_out(f"{verdict(gain(text), gain(photograph))}\n")
    put_out(f"SR images: {pictures}/*updates_mzsr.png\nPicture:   {drawing}")
