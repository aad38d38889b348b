"""Files of many kernels as other projects have them, written without the code under test."""

from pathlib import Path

import h5py
import numpy as np
import scipy.io


def kernels(count: int, side: int = 7) -> list[np.ndarray]:
    """Draw crooked (side, side) float64 kernels that sum to one; none of them is symmetric."""
    drawn = np.random.default_rng(count).random((count, side, side)) ** 3
    return list(drawn / drawn.sum((1, 2), keepdims=True))


def write_cells(path: Path, weights: list[np.ndarray], rows: int = 1, **options: object) -> Path:
    """Write the variable `kernels`, a cell array that is filled down its columns, by SciPy."""
    cells = np.empty(len(weights), dtype=object)
    for index, one in enumerate(weights):
        cells[index] = one
    scipy.io.savemat(path, {"kernels": cells.reshape(rows, -1, order="F"), "note": "hello"}, **options)
    return path


def write_hdf5(path: Path, weights: list[np.ndarray], stack: np.ndarray | None = None) -> Path:
    """Write what MATLAB's `save -v7.3` does: 512 bytes of its own, axes reversed, cells as references into `#refs#`."""
    with h5py.File(path, "w", userblock_size=512) as file:
        references = []
        for index, one in enumerate(weights):
            data = file.create_dataset(f"#refs#/{chr(97 + index)}", data=one.T, compression="gzip")
            data.attrs["MATLAB_class"] = np.bytes_("double")
            references.append(data.ref)
        cells = file.create_dataset("kernels", data=np.array([references], dtype=h5py.ref_dtype).T)
        cells.attrs["MATLAB_class"] = np.bytes_("cell")
        note = file.create_dataset("note", data=np.array([[104], [105]], np.uint16))
        note.attrs["MATLAB_class"] = np.bytes_("char")
        if stack is not None:
            file.create_dataset("stack", data=stack.T).attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    return path
