"""Whole files of each kind that the package reads, to be damaged; and files that carry code."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import faults_place as place
import numpy as np
import torch

CANARY = "canary"  # a folder that code in a file would make
CODE = "code"  # what names of such files begin with


def seeds(folder: Path) -> list[Path]:
    """Write them, each kind in a folder of its own; it is the same every time."""
    for make in (_pictures, _tiffs, _kernels, _weights, _options, _clips, _fields, _with_code):
        make(folder)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _put(folder: Path, kind: str, name: str) -> Path:
    (folder / kind).mkdir(parents=True, exist_ok=True)
    return folder / kind / name


def _pictures(folder: Path) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    rgb = Image.fromarray(place.pixels(0, 20, 24))
    alpha = rgb.convert("RGBA")
    alpha.putalpha(rgb.convert("L"))
    known = {"exif": exif, "icc_profile": bytes(range(200)), "dpi": (72, 72)}
    for name, picture, options in (
        ("rgb.png", rgb, known), ("alpha.png", alpha, {}), ("palette.png", rgb.quantize(9), {"transparency": 3}),
        ("sixteen.png", Image.fromarray(np.arange(480, dtype=np.uint16).reshape(20, 24) * 130), {}),
        ("bits.png", rgb.convert("1"), {}), ("a.jpg", rgb, known), ("progressive.jpg", rgb, {"progressive": True}),
        ("cmyk.jpg", rgb.convert("CMYK"), {}), ("grey.jpg", rgb.convert("L"), {}), ("a.webp", rgb, known),
        ("clear.webp", alpha, {"lossless": True}), ("a.bmp", rgb, {}), ("palette.bmp", rgb.quantize(9), {}),
        ("a.gif", rgb.quantize(9), {}), ("a.ppm", rgb, {}),
        ("a.pgm", rgb.convert("L"), {}), ("a.pbm", rgb.convert("1"), {}),
    ):  # fmt: skip
        picture.save(_put(folder, "pictures", name), **options)


def _tiffs(folder: Path) -> None:
    import tifffile

    pixels = place.pixels(0, 32, 32)
    for name, content, options in (
        ("deflate.tif", pixels, {"compression": "deflate", "predictor": True}), ("plain.tif", pixels, {}),
        ("lzw.tif", pixels, {"compression": "lzw"}), ("jpeg.tif", pixels, {"compression": "jpeg"}),
        ("float.tif", pixels.astype(np.float32), {"tile": (16, 16)}), ("big.tif", pixels, {"bigtiff": True}),
        ("sixteen.tif", pixels.astype(np.uint16) * 200, {"planarconfig": "separate", "byteorder": ">"}),
    ):  # fmt: skip
        tifffile.imwrite(_put(folder, "pictures", name), content, photometric="rgb", metadata=None, **options)


def _kernels(folder: Path) -> None:
    import scipy.io
    from PIL import Image

    kernel = np.outer(np.hanning(7), np.hanning(7))
    kernel /= kernel.sum()
    scipy.io.savemat(_put(folder, "kernels", "a.mat"), {"Kernel": kernel})
    scipy.io.savemat(_put(folder, "kernels", "packed.mat"), {"k": kernel, "note": "text"}, do_compression=True)
    scipy.io.savemat(_put(folder, "kernels", "cells.mat"), {"a": np.array([kernel, kernel[1:]], dtype=object)})
    scipy.io.savemat(_put(folder, "kernels", "old.mat"), {"Kernel": kernel}, format="4")
    np.save(_put(folder, "kernels", "a.npy"), kernel)
    np.save(_put(folder, "kernels", "single.npy"), kernel.astype(">f4"))
    Image.fromarray(np.uint8(kernel / kernel.max() * 255)).save(_put(folder, "kernels", "a.png"))


def _weights(folder: Path) -> None:
    place.save_network(_put(folder, "weights", "net.pth"))
    content = torch.load(folder / "weights/net.pth", weights_only=True)
    torch.save(content, _put(folder, "weights", "old.pth"), _use_new_zipfile_serialization=False)


def _options(folder: Path) -> None:
    _put(folder, "options", "o.yml").write_text(place.OPTIONS.format(batch=2, total=3))
    _put(folder, "benchmarks", "b.yml").write_text(place.BENCHMARK)


def _clips(folder: Path) -> None:
    from PIL import Image

    for ending in ("mp4", "mkv", "mov"):
        place.save_clip(_put(folder, "clips", f"a.{ending}"), 6)
    frames = [Image.fromarray(place.pixels(index, 20, 24)).quantize(16) for index in range(3)]
    frames[0].save(_put(folder, "clips", "a.gif"), save_all=True, append_images=frames[1:], duration=50)


def _fields(folder: Path) -> None:
    place.save_volume(_put(folder, "fields", "a.nii"))
    place.save_volume(_put(folder, "fields", "a.nii.gz"))
    place.save_scan(_put(folder, "fields", "a.dcm"))
    place.save_stack(_put(folder, "fields", "stack.tif"))
    place.save_scene(_put(folder, "fields", "scene.tif"), 40, 36)


class Code:
    """What makes the canary when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self._canary = canary

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return os.makedirs, (str(self._canary),)


def _with_code(folder: Path) -> None:
    canary = folder.parent / CANARY
    code = Code(canary)
    for kind in ("weights", "states", "memories"):
        torch.save({"params": code, "rates": code, "about": {"scale": 2.0}}, _put(folder, kind, f"{CODE}.pth"))
    (folder / f"weights/{CODE}_plain.pth").write_bytes(pickle.dumps({"params": code}))
    np.save(folder / f"kernels/{CODE}.npy", np.array([code], dtype=object), allow_pickle=True)
    for name, tag in (
        ("apply", f"!!python/object/apply:os.makedirs ['{canary}']"),
        ("new", f"!!python/object/new:os.makedirs ['{canary}']"),
        ("module", "!!python/module:this"),
        ("name", "!!python/name:os.makedirs"),
    ):
        text = place.OPTIONS.format(batch=2, total=3).replace("plugin: ", f"other: {tag}\nplugin: ")
        _put(folder, "options", f"{CODE}_{name}.yml").write_text(text)
        _put(folder, "benchmarks", f"{CODE}_{name}.yml").write_text(f"other: {tag}\n{place.BENCHMARK}")
