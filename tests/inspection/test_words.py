"""The sentences of an inspection, good news or bad."""

from dataclasses import replace

import pytest
import torch
from helpers.inspections import Linear

from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.inspection.record import inspect_image
from mzsr_basicsr.inspection.results import Update
from mzsr_basicsr.inspection.words import gained, share, summarise


def told(losses, psnrs):
    """Summarise made-up numbers."""
    found = inspect_image(Linear(), torch.zeros(1, 3, 16, 16), Degradation(delta_kernel(), 2), Settings(updates=(0,)))
    pairs = enumerate(zip(losses, psnrs))
    updates = [
        Update(n, loss, 30.0, psnr, None if psnr is None else 0.9, found.updates[0].moved) for n, (loss, psnr) in pairs
    ]
    return summarise(replace(found, updates=tuple(updates)))


@pytest.mark.parametrize(
    ("losses", "psnrs", "verdict", "lead", "second"),
    [
        ((0.02, 0.018, 0.0176), (36.21, 36.4, 36.461), "better", "Two updates lowered the son's loss by 12 % (0.02 to 0.0176), and PSNR rose from 36.21 to 36.46 dB (+0.25 dB).", "SSIM went from 0.9000 to 0.9000."),
        ((0.02, 0.01), (32.823, 32.677), "worse", "One update lowered the son's loss by 50 % (0.02 to 0.01), but PSNR fell from 32.82 to 32.68 dB (−0.14 dB): adaptation made this image worse.", "No update was better than none at all, 32.82 dB."),
        ((0.01, 0.02, 0.02), (30.0, 31.0, 29.0), "worse", "Two updates raised the son's loss by 100 % (0.01 to 0.02), and PSNR fell from 30.00 to 29.00 dB (−1.00 dB): adaptation made this image worse.", "The best was after 1 update: 31.00 dB."),
        ((0.01, 0.02), (30.0, 31.0), "better", "One update raised the son's loss by 100 % (0.01 to 0.02), but PSNR rose from 30.00 to 31.00 dB (+1.00 dB).", "SSIM went"),
        ((0.03, 0.02, 0.01), (30.0, 31.002, 31.0), "better", "Two updates lowered the son's loss by 66.7 % (0.03 to 0.01), and PSNR rose from 30.00 to 31.00 dB (+1.00 dB).", "SSIM went"),
        ((0.01, 0.01), (30.0, 30.001), "same", "One update left the son's loss at 0.01, and PSNR stayed at 30.00 dB.", "SSIM went"),
        ((0.02, 0.01), (None, None), "unknown", "One update lowered the son's loss by 50 % (0.02 to 0.01).", "There is no ground truth"),
        ((0.02,) * 14, (30.0,) * 13 + (float("inf"),), "better", "13 updates left the son's loss at 0.02, and PSNR rose from 30.00 to infinite (equal images).", "SSIM went"),
        ((0.02,), (31.0,), "same", "No update was made; the son's loss is 0.02. PSNR is 31.00 dB, SSIM 0.9000.", ""),
    ],
)  # fmt: skip
def test_the_summary_is_honest(losses, psnrs, verdict, lead, second):
    found = told(losses, psnrs)
    assert (found.lead, found.verdict) == (lead, verdict)
    assert " ".join(found.more).startswith(second) and (not found.more or found.more[-1] == "No layer moved.")


def test_numbers_are_written_so_that_they_add_up():
    assert gained(32.823, 32.677) == " (−0.14 dB)"  # as 32.82 and 32.68 are written; by itself it is 0.146
    assert [share(value) for value in (0.0, 0.0123456, 0.5, 12.0)] == ["0 %", "1.23 %", "50 %", "1200 %"]
