"""What runs the same network fastest on this machine: PyTorch as it is, compiled, ONNX Runtime, OpenVINO.

    python benchmarks/export.py IMAGE [--side 512] [--runs 5] [--threads 1]

One tile of the image, shipped:mzsr_x2 with the kernel gaussian:2,2 baked in; the arms take turns in one process, so
that what disturbs one disturbs all. Each is given with its median seconds, by the clock and of the processor (which
other programs on the machine hardly change), how many times fewer of the latter it takes than the first arm, and how
far its result lies off that arm's. Needs the extra `export`; OpenVINO and a C++ compiler are used where they are there.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import numpy as np
import torch
from PIL import Image

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import super_resolve
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.exporting.module import Exported
from mzsr_basicsr.exporting.write import example, write_onnx
from mzsr_basicsr.weights.pretrained import load_pretrained

Arm = Callable[[], np.ndarray]
Found = tuple[float, float, np.ndarray]  # seconds by the clock, and of the processor; the result
WEIGHTS, KERNEL = "shipped:mzsr_x2", "gaussian:2,2"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", type=Path, help="LR image; repeated as tiles where it is smaller than the side")
    parser.add_argument("--side", type=int, default=512, help="of the tile, LR px (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="of each arm (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of each arm (default: %(default)s)")
    parser.add_argument("--only", nargs="+", help="arms whose names begin so (default: all)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        arms = make_arms(read(arguments.image, arguments.side), Path(folder), arguments.threads)
        wanted = {n: a for n, a in arms.items() if not arguments.only or n.startswith(tuple(arguments.only))}
        print(table(measure(wanted, arguments.runs)))


def read(path: Path, side: int) -> torch.Tensor:
    """Read a square of an image, (1, 3, side, side) in [0, 1]."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    pixels = np.pad(pixels, ((0, max(0, side - len(pixels))), (0, max(0, side - pixels.shape[1])), (0, 0)), "symmetric")
    return torch.from_numpy(pixels[:side, :side].copy()).permute(2, 0, 1)[None] / 255


def make_arms(image: torch.Tensor, folder: Path, threads: int) -> dict[str, Arm]:
    """Make every arm that this machine can run."""
    loaded = load_pretrained(WEIGHTS)
    degradation = Degradation(KERNEL, loaded.scale).to(image)
    network = loaded.network.eval()
    params = dict(network.named_parameters())
    module = Exported(network, degradation).eval()
    wide = image.to(memory_format=torch.channels_last)

    def ours(lq: torch.Tensor, bfloat16: bool = False) -> np.ndarray:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return super_resolve(network, params, lq, degradation, Settings()).float().numpy()

    def run(made: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
        with torch.inference_mode():
            return made(image).numpy()

    arms: dict[str, Arm] = {
        "mzsr, eager, float32": lambda: ours(image),
        "mzsr, eager, float32, channels last": lambda: ours(wide),
        "mzsr, eager, bfloat16, channels last": lambda: ours(wide, bfloat16=True),
        "exported module, eager, float32": lambda: run(module),
    }
    if which("g++") or which("clang++"):
        compiled = torch.compile(module)
        arms["exported module, torch.compile, float32"] = lambda: run(compiled)
    file = folder / "network.onnx"
    write_onnx(module, example(uint8=False), {"scale": "2", "degradation": str(degradation)}, file)
    return arms | onnxruntime_arms(file, image.numpy(), threads) | openvino_arms(file, image.numpy(), threads)


def onnxruntime_arms(file: Path, image: np.ndarray, threads: int) -> dict[str, Arm]:
    """Run the file as it is, and with its convolutions quantized by what the image itself shows of their ranges."""
    import onnxruntime
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Once(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter([{"image": image[..., :192, :192]}])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.left, None)

    quantized = file.with_name("int8.onnx")
    of_the_network = [n for n in convolutions(file) if n is not None]
    quantize_static(
        file, quantized, Once(), quant_format=QuantFormat.QDQ, per_channel=True, nodes_to_quantize=of_the_network,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1

    def arm(path: Path) -> Arm:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {"image": image})[0]

    return {"ONNX Runtime, float32": arm(file), "ONNX Runtime, int8 body": arm(quantized)}


def convolutions(file: Path) -> list[str | None]:
    """Name the convolutions of the network's own layers: those of 3 x 3, not the filters'."""
    import onnx

    graph = onnx.load(file).graph
    shapes = {weight.name: list(weight.dims) for weight in graph.initializer}
    return [n.name for n in graph.node if n.op_type == "Conv" and shapes.get(n.input[1], [])[-2:] == [3, 3]]


def openvino_arms(file: Path, image: np.ndarray, threads: int) -> dict[str, Arm]:
    """Run the same files by OpenVINO, with its hints of a precision."""
    if find_spec("openvino") is None:
        return {}
    import openvino

    core = openvino.Core()

    def arm(path: Path, precision: str) -> Arm:
        hints = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}
        compiled = core.compile_model(core.read_model(path), "CPU", hints)
        return lambda: compiled({"image": image})[0].copy()

    return {
        "OpenVINO, float32": arm(file, "f32"),
        "OpenVINO, bfloat16 hint": arm(file, "bf16"),
        "OpenVINO, int8 body": arm(file.with_name("int8.onnx"), "f32"),
    }


def measure(arms: dict[str, Arm], runs: int) -> dict[str, Found]:
    """Run all arms by turns, after one run each that is not counted."""
    results = {name: arm() for name, arm in arms.items()}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in arms}
    for _ in range(runs):
        for name, arm in arms.items():
            start = time.perf_counter(), time.process_time()
            arm()
            seconds[name].append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return {name: (*np.median(seconds[name], axis=0).tolist(), results[name]) for name in arms}


def table(found: dict[str, Found]) -> str:
    """Lay out as Markdown; the first arm is the measure of the others."""
    _, first, truth = next(iter(found.values()))
    head = "| | seconds | processor's seconds | times as fast | largest difference | PSNR to the first, dB |"
    lines = [head, "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, (clock, seconds, result) in found.items():
        off = np.abs(result.astype(np.float64) - truth)
        psnr = f"{-10 * np.log10((off**2).mean()):.1f}" if off.any() else ""
        lines.append(f"| {name} | {clock:.2f} | {seconds:.2f} | {first / seconds:.2f} | {off.max():.1e} | {psnr} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
