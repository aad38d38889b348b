"""Files of many kernels: each is found under its number, a list is shown, and no file makes more of itself than it is."""

import struct
import sys
import zlib

import h5py
import numpy as np
import pytest
import scipy.io
from helpers.kernel_archives import kernels, write_cells, write_hdf5

from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernel_hdf5 import read_hdf5
from mzsr_basicsr.degradation.kernel_mat import read_mat
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import KernelError


def all_of(path, count):
    return [load_kernel(f"{path}[{number}]").numpy() for number in range(1, count + 1)]


@pytest.mark.parametrize("write", [write_cells, write_hdf5], ids=["MATLAB 5", "MATLAB 7.3"])
def test_a_cell_array_gives_each_kernel_by_its_number(tmp_path, write):
    weights = kernels(5)
    path = write(tmp_path / "k.mat", weights)
    np.testing.assert_array_equal(all_of(path, 5), weights)
    np.testing.assert_array_equal(Degradation(f"{path}[4]", 2).kernel, weights[3])
    for spec in (str(path), f"{path}[0]", f"{path}[6]"):
        with pytest.raises(KernelError, match=r"^[^\n]*k.mat: holds 5 kernels; .*: \[1\] to \[5\] kernels 7x7$"):
            load_kernel(spec)


def test_cells_are_counted_down_the_columns_as_matlab_does(tmp_path):
    weights = kernels(6)
    np.testing.assert_array_equal(all_of(write_cells(tmp_path / "k.mat", weights, rows=2), 6), weights)


def test_stacks_are_taken_apart_along_the_axis_that_counts(tmp_path):
    weights = kernels(3)
    scipy.io.savemat(tmp_path / "last.mat", {"k": np.stack(weights, -1)})
    scipy.io.savemat(tmp_path / "first.mat", {"k": np.stack(weights)})
    np.save(tmp_path / "first.npy", np.stack(weights))
    np.save(tmp_path / "network.npy", np.stack(weights)[:, None])  # (n, 1, k, k), a convolution's weights
    np.save(tmp_path / "last.npy", np.stack(weights, -1))
    np.savez(tmp_path / "first.npz", np.stack(weights))
    np.savez_compressed(tmp_path / "each.npz", b=weights[0], a=weights[1], c=weights[2])
    write_hdf5(tmp_path / "new.mat", [], np.stack(weights, -1))
    for path in sorted(tmp_path.iterdir()):
        np.testing.assert_array_equal(all_of(path, 3), weights, err_msg=path.name)
    cube = kernels(7)  # 7 kernels of 7x7: the order of axes is the usual one
    np.save(tmp_path / "cube.npy", np.stack(cube))
    scipy.io.savemat(tmp_path / "cube.mat", {"k": np.stack(cube, -1)})
    for name in ("cube.npy", "cube.mat"):
        np.testing.assert_array_equal(all_of(tmp_path / name, 7), cube)


def test_pictures_beside_a_kernel_are_listed_with_it(tmp_path):
    (weights,) = kernels(1)
    content = {"x": np.ones((9, 12)), "f": weights, "s": {"deep": weights, "n": 3.0}, "sigma": 0.5, "range": [[1, 2]]}
    scipy.io.savemat(tmp_path / "k.mat", content)
    with pytest.raises(KernelError, match=r"holds 3 kernels; .*: \[1\] x 9x12, \[2\] f 7x7, \[3\] s 7x7$"):
        load_kernel(str(tmp_path / "k.mat"))
    for number in (2, 3):
        np.testing.assert_array_equal(load_kernel(f"{tmp_path}/k.mat[{number}]"), weights)
    scipy.io.savemat(tmp_path / "k.mat", {**content, "Kernel": weights.T})
    np.testing.assert_array_equal(load_kernel(str(tmp_path / "k.mat")), weights.T)


def test_a_long_list_is_cut(tmp_path):
    np.savez(tmp_path / "k.npz", **{f"k{index}": one for index, one in enumerate(kernels(40))})
    with pytest.raises(KernelError, match=r"\[12\] k11 7x7, and so on to \[40\]$"):
        load_kernel(str(tmp_path / "k.npz"))


@pytest.mark.parametrize("form", ["4", "5"])
@pytest.mark.parametrize("packed", [False, True])
def test_files_of_matlab_are_read_as_scipy_reads_them(tmp_path, form, packed):
    draw = np.random.default_rng(0)
    types = (
        ("f8", "f4", "i4", "i2", "u2", "u1") if form == "4" else ("f8", "f4", "i8", "u8", "i4", "u4", "i2", "u1", "i1")
    )
    content = {f"v{kind}": draw.integers(0, 100, (3, 5)).astype(kind) for kind in types}
    content |= {"complex": np.array([[1 + 2j, 3.0]]), "one": np.array([[7.0]]), "text": "abc"}
    scipy.io.savemat(tmp_path / "k.mat", content, format=form, do_compression=packed and form == "5")
    theirs = {k: v for k, v in scipy.io.loadmat(tmp_path / "k.mat").items() if not k.startswith("__")}
    ours = read_mat((tmp_path / "k.mat").read_bytes(), "k.mat", 2**20)
    assert list(ours) == list(theirs) and ours.pop("text") is None
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name])


def test_files_of_the_other_order_of_bytes(tmp_path):
    (weights,) = kernels(1)
    head = struct.pack(">5i", 1000, 7, 7, 0, 2) + b"k\0"
    (tmp_path / "four.mat").write_bytes(head + weights.T.astype(">f8").tobytes())
    parts = [
        (6, struct.pack(">2I", 6, 0)),
        (5, struct.pack(">2i", 7, 7)),
        (1, b"kernel  "),
        (9, weights.T.astype(">f8").tobytes()),
    ]
    body = b"".join(struct.pack(">2I", kind, len(data)) + data for kind, data in parts)
    (tmp_path / "five.mat").write_bytes(
        b"MATLAB 5.0".ljust(124) + b"\x01\x00MI" + struct.pack(">2I", 14, len(body)) + body
    )
    for name, variable in (("four.mat", "k"), ("five.mat", "kernel  ")):
        np.testing.assert_array_equal(scipy.io.loadmat(tmp_path / name)[variable], weights)
        np.testing.assert_array_equal(load_kernel(str(tmp_path / name)), weights)


def test_what_unpacks_to_much_is_refused(tmp_path):
    zeros = zlib.compress(bytes(70 * 2**20), 9)
    packed = b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + struct.pack("<2I", 15, len(zeros)) + zeros
    (tmp_path / "a.mat").write_bytes(packed)
    with h5py.File(tmp_path / "b.mat", "w") as file:
        file.create_dataset("k", (3000, 3000), "f8", chunks=(1000, 1000), compression="gzip", fillvalue=1)
    np.savez_compressed(tmp_path / "c.npz", k=np.zeros((3000, 3000)))
    (tmp_path / "d.npy").write_bytes(bytes(65 * 2**20))
    header = (
        np.lib.format.magic(1, 0)
        + struct.pack("<H", 118)
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 999999999)}".ljust(117)
        + b"\n"
    )
    (tmp_path / "e.npy").write_bytes(header)
    for path in sorted(tmp_path.iterdir()):
        assert path.stat().st_size < 2**20 or path.name == "d.npy"
        with pytest.raises(KernelError, match=f"^{path}: [^\n]*$"):
            load_kernel(str(path))


def test_a_file_of_matlab_7_3_opens_no_other_file(tmp_path):
    weights = kernels(2)
    with h5py.File(tmp_path / "secret.mat", "w") as file:
        file["inside"] = weights[1]
    weights[1].tofile(tmp_path / "raw")
    with h5py.File(tmp_path / "k.mat", "w") as file:
        file["linked"] = h5py.ExternalLink("secret.mat", "inside")
        file.create_dataset("outside", (7, 7), "f8", external=[(str(tmp_path / "raw"), 0, 392)])
        layout = h5py.VirtualLayout((7, 7), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "secret.mat"), "inside", (7, 7))
        file.create_virtual_dataset("virtual", layout)
        file["own"] = weights[0]
    np.testing.assert_array_equal(load_kernel(str(tmp_path / "k.mat")), weights[0])


def test_cells_in_a_circle_end(tmp_path):
    with h5py.File(tmp_path / "k.mat", "w") as file:
        cells = file.create_dataset("a", (9,), h5py.ref_dtype)
        cells[:] = [cells.ref] * 9
    with pytest.raises(KernelError, match="levels, so no file of kernels"):
        load_kernel(str(tmp_path / "k.mat"))


def test_without_h5py_the_way_out_is_named(tmp_path, monkeypatch):
    path = write_hdf5(tmp_path / "k.mat", kernels(1))
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(KernelError, match="needs the package h5py; run: pip install h5py, or save it in MATLAB by"):
        read_hdf5(path, 2**20)
    assert "h5py" in str(pytest.raises(KernelError, load_kernel, str(path)).value)


def test_mutated_files_are_kernels_or_refused_in_a_line(tmp_path):
    """SciPy's reader of .mat files ended the process on some of these."""
    weights = kernels(3)
    write_cells(tmp_path / "a.mat", weights)
    write_cells(tmp_path / "b.mat", weights, do_compression=True)
    write_hdf5(tmp_path / "c.mat", weights)
    np.savez(tmp_path / "d.npz", *weights)
    np.save(tmp_path / "e.npy", np.stack(weights))
    draw, seen = np.random.default_rng(1), [0, 0]
    for source in sorted(tmp_path.iterdir()):
        whole, path = np.frombuffer(source.read_bytes(), np.uint8), tmp_path / f"mutated{source.suffix}"
        for _ in range(120):
            places = draw.integers(0, min(len(whole), int(draw.choice([300, 10**6]))), int(draw.choice([1, 2, 8])))
            mutated = whole.copy()
            mutated[places] = draw.integers(0, 256, len(places))
            path.write_bytes(mutated.tobytes())
            try:
                load_kernel(f"{path}[1]")
                seen[0] += 1
            except KernelError as error:
                assert str(error).startswith(str(path)) and "\n" not in str(error)
                seen[1] += 1
    assert min(seen) > 50
