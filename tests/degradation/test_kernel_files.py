"""Kernel files: what is written is read back, and everything else is refused in one clear line."""

from __future__ import annotations

import os
import pickle
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
from PIL import Image

from mzsr_basicsr.degradation.kernel_files import load_kernel, save_kernel
from mzsr_basicsr.degradation.kernels import gaussian_kernel
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.errors import KernelError

KERNEL = gaussian_kernel(3.0, 1.0, 0.4, size=13)


@pytest.mark.parametrize("suffix", [".mat", ".npy"])
def test_mat_and_npy_keep_every_bit(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"kernel{suffix}"
    save_kernel(KERNEL, path)
    assert torch.equal(load_kernel(str(path)), KERNEL)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_png_keeps_kernels_to_sixteen_bits(tmp_path: Path) -> None:
    save_kernel(KERNEL, tmp_path / "kernel.png")
    torch.testing.assert_close(
        load_kernel(str(tmp_path / "kernel.png")), KERNEL, rtol=0, atol=2e-5 * KERNEL.max().item()
    )


def test_eight_bit_png_is_grey_intensities_over_their_sum(tmp_path: Path) -> None:
    grey = np.array([[0, 10, 0], [20, 200, 20], [0, 10, 40]], dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(tmp_path / "rgb.png")
    for name in ("grey.png", "rgb.png"):
        np.testing.assert_allclose(load_kernel(str(tmp_path / name)).numpy(), grey / 300.0, rtol=1e-12)


def test_mat_takes_kernel_or_the_only_matrix(tmp_path: Path) -> None:
    path = str(tmp_path / "a.mat")
    scipy.io.savemat(path, {"Kernel": KERNEL.numpy(), "other": np.ones((3, 3))})
    assert torch.equal(load_kernel(path), KERNEL)
    scipy.io.savemat(path, {"kernel": KERNEL.numpy(), "sigma": 2.0, "note": "hello"})
    assert torch.equal(load_kernel(path), KERNEL)
    scipy.io.savemat(path, {"one": KERNEL.numpy(), "two": KERNEL.numpy()})
    with pytest.raises(KernelError, match=r"a.mat: holds 2 kernels; choose one .*: \[1\] one 13x13, \[2\] two 13x13$"):
        load_kernel(path)
    scipy.io.savemat(path, {"sigma": 2.0, "note": "hello"})
    with pytest.raises(KernelError, match="a.mat: needs the variable 'Kernel', or .*; variables: sigma, note$"):
        load_kernel(path)


def test_kernels_given_by_text() -> None:
    assert load_kernel("delta").tolist() == [[1.0]]
    assert torch.equal(load_kernel("gaussian:2"), gaussian_kernel(2.0, 2.0, 0.0, 15))
    assert torch.equal(load_kernel("gaussian:4,1"), gaussian_kernel(4.0, 1.0, 0.0, 15))
    assert torch.equal(load_kernel("gaussian:4,1,-0.5,21"), gaussian_kernel(4.0, 1.0, -0.5, 21))
    for case in TEST_KERNELS.values():
        assert load_kernel(case.spec).shape == (21, 21)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("bicubic", "bicubic: unknown kernel; allowed: a .mat, .npy, .npz or .png file"),
        ("kernel.txt", "kernel.txt: unknown kernel"),
        ("nowhere/kernel.mat", "nowhere/kernel.mat: kernel file not found"),
        ("gaussian:two", "gaussian:two: not numbers"),
        ("gaussian:", "not numbers"),
        ("gaussian:1,2,3,15,9", "5 numbers"),
        ("gaussian:1,2,3,1.5", "not numbers"),
        ("gaussian:-1", "variances must be positive"),
        ("gaussian:nan", "variances must be positive"),
        ("gaussian:1,1,0,16", "size 16 must be an odd"),
    ],
)
def test_unknown_texts_are_refused(spec: str, message: str) -> None:
    with pytest.raises(KernelError, match=message) as caught:
        load_kernel(spec)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((4, 4), 1 / 16), "kernel is 4x4"),
        (np.full((3, 3), 1.0), "sums to 9"),
        (np.array([[0, 0, 0], [0, 1.5, 0], [0, -0.5, 0]]), "negative weight -0.5"),
        (np.full((3, 3), np.nan), "9 value\\(s\\) that are NaN"),
        (np.full((3, 3), 1j), "type complex128"),
    ],
)
@pytest.mark.parametrize("suffix", [".mat", ".npy"])
def test_files_that_hold_no_kernel_are_refused(tmp_path: Path, suffix: str, array: np.ndarray, message: str) -> None:
    path = tmp_path / f"bad{suffix}"
    if suffix == ".npy":
        np.save(path, array)
    else:
        scipy.io.savemat(path, {"Kernel": array})
    with pytest.raises(KernelError, match=message) as caught:
        load_kernel(str(path))
    assert str(caught.value).startswith(f"{path}: ")


class Trap:
    """An object whose unpickling would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    trap = Trap(tmp_path / "sprung")
    np.save(tmp_path / "object.npy", np.array([[trap]], dtype=object), allow_pickle=True)
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(trap))
    for name in ("object.npy", "raw.npy"):
        with pytest.raises(KernelError, match=f"{name}: cannot read a kernel"):
            load_kernel(str(tmp_path / name))
    assert not trap.path.exists()


@pytest.mark.parametrize("suffix", [".mat", ".npy", ".png"])
@pytest.mark.parametrize("damage", ["empty", "cut", "noise"])
def test_damaged_files_are_refused_in_one_line(tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"kernel{suffix}"
    save_kernel(KERNEL, path)
    whole = path.read_bytes()
    noise = np.random.default_rng(0).integers(0, 256, len(whole), dtype=np.uint8).tobytes()
    path.write_bytes({"empty": b"", "cut": whole[: len(whole) * 2 // 3], "noise": noise}[damage])
    with pytest.raises(KernelError) as caught:
        load_kernel(str(path))
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_black_png_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((3, 3), dtype=np.uint8)).save(tmp_path / "black.png")
    with pytest.raises(KernelError, match="all black"):
        load_kernel(str(tmp_path / "black.png"))


def test_saving_refuses_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KernelError, match="cannot save a kernel as '.tif'; allowed: .mat, .npy, .png"):
        save_kernel(KERNEL, tmp_path / "kernel.tif")
    with pytest.raises(KernelError, match="sums to 2"):
        save_kernel(KERNEL * 2, tmp_path / "kernel.npy")
    with pytest.raises(KernelError, match="cannot write the kernel"):
        save_kernel(KERNEL, tmp_path / "missing" / "kernel.npy")
    save_kernel(KERNEL, tmp_path / "kernel.npy")

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full_disk)
    with pytest.raises(KernelError, match="No space left on device"):
        save_kernel(gaussian_kernel(1.0, 1.0, 0.0), tmp_path / "kernel.npy")
    assert [entry.name for entry in tmp_path.iterdir()] == ["kernel.npy"]
    assert torch.equal(load_kernel(str(tmp_path / "kernel.npy")), KERNEL)


def test_damaged_headers_are_refused(tmp_path: Path) -> None:
    """What NumPy's and Pillow's readers raise beside the usual: TokenError, SyntaxError, DecompressionBombError."""
    save_kernel(KERNEL, tmp_path / "k.npy")
    content = (tmp_path / "k.npy").read_bytes()
    (tmp_path / "k.npy").write_bytes(content.replace(b"{'descr'", b"{{'desc'"))
    save_kernel(KERNEL, tmp_path / "k.png")
    content = (tmp_path / "k.png").read_bytes()
    for side, name in ((2**16, "bomb.png"), (5000, "large.png")):
        head = content[12:16] + side.to_bytes(4, "big") * 2 + content[24:29]
        (tmp_path / name).write_bytes(content[:12] + head + zlib.crc32(head).to_bytes(4, "big") + content[33:])
    for name, said in (
        ("k.npy", "cannot read a kernel"),
        ("bomb.png", ""),
        ("large.png", "5000x5000 px are no kernel"),
    ):
        with pytest.raises(KernelError, match=said):
            load_kernel(str(tmp_path / name))
