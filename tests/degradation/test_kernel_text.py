"""Texts of kernels: what their numbers are, and that a text which can be read can be built, and no other."""

import pytest

from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernel_text import InFile, Written, files_of, read_text
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.errors import KernelError

TEXTS = {
    "delta": Written("delta"),
    "gaussian:2": Written("gaussian", (2, 2, 0, 15)),
    "gaussian:4,1": Written("gaussian", (4, 1, 0, 15)),
    "gaussian:4,1,-0.5": Written("gaussian", (4, 1, -0.5, 15)),
    "gaussian:4.0,1.0,-0.5,21": Written("gaussian", (4, 1, -0.5, 21)),
    "disk:0.1": Written("disk", (0.1,)),
    "box:40": Written("box", (40,)),
    "motion:7": Written("motion", (7,)),
    "motion:7,30": Written("motion", (7, 30)),
    "pair:0.7,3": Written("pair", (0.7, 3)),
    "pair:0.7,3,-45": Written("pair", (0.7, 3, -45)),
    "shake:0": Written("shake", (0, 25)),
    "shake:4294967295,81": Written("shake", (2**32 - 1, 81)),
}


@pytest.mark.parametrize("text", TEXTS)
def test_numbers(text):
    assert read_text(text) == TEXTS[text]
    kernel = load_kernel(text)
    assert kernel.shape[-1] == (TEXTS[text].numbers[3] if text.startswith("gaussian") else kernel.shape[-2])


def test_the_papers_kernels_can_be_read():
    assert all(isinstance(read_text(case.spec), Written) for case in TEST_KERNELS.values())


@pytest.mark.parametrize(
    "text",
    ["gaussian:", "gaussian:1,2,3,4", "gaussian:1,2,3,5,6", "gaussian:0", "gaussian:1,inf", "gaussian:1,1,nan"]
    + ["disk:", "disk:1,2", "disk:0.09", "box:41", "motion:7,30,1", "motion:7,inf", "pair:1", "pair:1,50", "pair:50,1"]
    + ["shake:", "shake:1.5", "shake:-1", "shake:4294967296", "shake:1,24", "shake:1,3", "shake:1,83", "shake:1,25,2"]
    + ["delta:3", "fog:3", "", "k.txt", "none.npy"],
)
def test_what_cannot_be_read_is_refused_as_it_is_when_it_is_loaded(text):
    with pytest.raises(KernelError) as light:
        read_text(text)
    with pytest.raises(KernelError) as heavy:
        load_kernel(text)
    assert str(light.value) == str(heavy.value) and str(light.value).startswith(f"{text}: ")


@pytest.mark.parametrize("name", ["k.mat", "K.NPY", "k.npz", "k[3].png"])
def test_a_file_is_a_path_and_maybe_a_number(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"not read here")
    assert read_text(str(path)) == InFile(path)
    assert read_text(f"{path}[12]") == InFile(path, 12)
    assert files_of(str(path), "disk:3", f"{path}[2]") == [path, path]
    for wrong in (f"{path}[]", f"{path}[-1]", f"{path}[1", f"{path}[a]", f"{path}.mat[1]", f"{'a' * 300}.mat"):
        with pytest.raises(KernelError, match="^[^\n]*$"):
            read_text(wrong)
