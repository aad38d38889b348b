"""What the device computes fast in, against what the system and the processor say."""

import platform
from pathlib import Path

import pytest
import torch

from mzsr_basicsr.cli.machine import short_numbers
from mzsr_basicsr.upscaling.device import has_bfloat16, memory_format

INFO = Path("/proc/cpuinfo")
CPU = torch.device("cpu")


@pytest.mark.skipif(
    not INFO.is_file() or platform.machine() != "x86_64", reason="NOT TESTED: no list of a processor's instructions"
)
def test_bfloat16_is_told_as_the_processors_instructions_say() -> None:
    lines = [line for line in INFO.read_text("utf-8").splitlines() if line.startswith("flags")]
    flags = set(lines[0].split()) if lines else set()
    assert has_bfloat16(CPU) == bool(flags & {"avx512_bf16", "amx_bf16"})
    assert has_bfloat16(CPU) == (short_numbers("cpu", sorted(flags)) is not None)  # what `mzsr info` says


@pytest.mark.parametrize("there", [True, False])
def test_any_of_the_checks_is_enough_and_none_of_them_is_needed(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: there, raising=False)
    assert has_bfloat16(CPU) == there
    for name in ("avx512_bf16", "amx_tile"):
        monkeypatch.delattr(torch.cpu, f"_is_{name}_supported")  # an older PyTorch
    assert not has_bfloat16(CPU)


def test_the_layout_is_channels_last_where_convolutions_are_faster_so() -> None:
    found = [memory_format(torch.device(name)) for name in ("cpu", "cuda", "mps")]
    assert found == [torch.channels_last, torch.channels_last, torch.preserve_format]
