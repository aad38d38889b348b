"""The signals that draw copies, as an inspection records and tells them: against sums by hand and the signal itself."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.inspections import Linear, psnr_by_formula, small_report, tensor, up
from helpers.small_networks import photo, save_network

from mzsr_basicsr import signals
from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.inspection.own_copy import draws_copies
from mzsr_basicsr.inspection.page import page_of
from mzsr_basicsr.inspection.plots import plots_of
from mzsr_basicsr.inspection.record import inspect_image
from mzsr_basicsr.inspection.signal_words import words_of
from mzsr_basicsr.inspection.words import summarise
from mzsr_basicsr.signals import SignalSettings
from mzsr_basicsr.signals.son import son

DELTA = Degradation(delta_kernel(), 2)
PIXELS = photo(32, 36)


def settings(name, updates=3, **more):
    manner = Manner(SignalSettings(name, **more), "gradient")
    return Settings((updates,), Schedule(((0, 0.05),)), manner, quantize_son=True, seed=2)


def inspected(name, network=None, **more):
    return inspect_image(network or Linear(), tensor(PIXELS, torch.float32), DELTA, settings(name, **more))


def test_the_copy_shown_is_that_of_the_first_update():
    """With a delta kernel the degraded copy is every second pixel of it; the first loss is L1 between the two."""
    found = inspected("scale")
    estimate = np.rint((0.9 * up(PIXELS.transpose(2, 0, 1) / 255) + 0.02).clip(0, 1) * 255).transpose(1, 2, 0)
    np.testing.assert_allclose(found.copy.estimate, estimate, atol=1)  # float32 decides halves otherwise
    copy, degraded = found.copy.copy, found.copy.degraded
    sizes = sorted(copy.shape[:2])
    assert 0.6 * 64 - 2 <= sizes[0] <= 0.95 * 64 and 0.6 * 72 - 2 <= sizes[1] <= 0.95 * 72
    np.testing.assert_array_equal(degraded, copy[::2, ::2])
    made = 0.9 * up(degraded.transpose(2, 0, 1) / 255) + 0.02
    assert found.updates[0].loss == pytest.approx(np.abs(made - copy.transpose(2, 0, 1) / 255).mean(), abs=1 / 255 / 2)


def test_every_update_is_measured_on_that_copy_and_on_the_son():
    found = inspected("scale")
    a, b = 0.9, 0.02
    for update in found.updates:
        moved = [update.moved[name].distance for name in ("layer.a", "layer.b")]
        candidates = []
        for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            here = [start + sign * part for start, sign, part in zip((a, b), signs, moved)]
            pairs = ((found.copy.degraded, found.copy.copy), (PIXELS[::2, ::2], PIXELS))
            made = [
                np.rint((here[0] * up(low.transpose(2, 0, 1) / 255) + here[1]).clip(0, 1) * 255) for low, _ in pairs
            ]
            pictures = [picture.transpose(1, 2, 0) for picture in made]
            candidates.append([psnr_by_formula(p, target, 0) for p, (_, target) in zip(pictures, pairs)])
        known = [update.copy_psnr, update.son_psnr]
        assert min(np.abs(np.subtract(one, known)).max() for one in candidates) < 0.02
    assert len({update.copy_psnr for update in found.updates}) == 4


def test_losses_are_those_of_zero_shot():
    for name in ("scale", "mixed"):
        found, theirs = inspected(name), zero_shot(Linear(), tensor(PIXELS, torch.float32), DELTA, settings(name))
        assert [update.loss for update in found.updates] == theirs.losses
        assert found.manner.signal.name == name and found.copy is not None


def test_what_draws_no_copies_shows_none(monkeypatch):
    monkeypatch.setitem(signals.SIGNALS, "mine", son)
    for name, more in (("son", {}), ("mine", {}), ("mixed", {"shares": (1.0, 0.0)})):
        found = inspected(name, **more)
        assert found.copy is None and all(update.copy_psnr is None for update in found.updates)
        assert len(plots_of(found)) == 2
    assert draws_copies(SignalSettings("mixed")) and len(plots_of(inspected("mixed"))) == 3


def told(psnrs, copies):
    found = inspected("scale", updates=0)
    updates = [
        replace(found.updates[0], number=n, psnr=p, ssim=0.9, copy_psnr=c)
        for n, (p, c) in enumerate(zip(psnrs, copies))
    ]
    return summarise(replace(found, updates=tuple(updates)))


@pytest.mark.parametrize(
    ("psnrs", "copies", "lead"),
    [
        ((24.0, 26.0), (20.0, 20.5), "One update raised PSNR on a smaller copy of the network's own estimate from 20.00 to 20.50 dB, and PSNR rose from 24.00 to 26.00 dB (+2.00 dB)."),
        ((24.0, 23.0), (20.0, 20.5), "One update raised PSNR on a smaller copy of the network's own estimate from 20.00 to 20.50 dB, but PSNR fell from 24.00 to 23.00 dB (−1.00 dB): adaptation made this image worse."),
        ((24.0, 23.0), (20.0, 19.0), "One update lowered PSNR on a smaller copy of the network's own estimate from 20.00 to 19.00 dB, and PSNR fell from 24.00 to 23.00 dB (−1.00 dB): adaptation made this image worse."),
        ((24.0, 24.0), (20.0, 20.0), "One update left PSNR on a smaller copy of the network's own estimate at 20.00 dB, and PSNR stayed at 24.00 dB."),
    ],
)  # fmt: skip
def test_the_summary_speaks_of_the_copy(psnrs, copies, lead):
    assert told(psnrs, copies).lead == lead


def test_no_update_and_no_truth():
    assert summarise(inspected("scale", updates=0)).lead.startswith("No update was made; the loss is 0.")
    assert "the network fits what it learns from." in summarise(inspected("scale")).more[0]


@pytest.mark.parametrize(("name", "pictures"), [("scale", 4), ("mixed", 5)])
def test_the_page_explains_and_shows_it(tmp_path, name, pictures):
    report = small_report(tmp_path, updates=1)
    found = inspect_image(
        Linear(), report.subject.lq, report.chosen.degradation.to(torch.zeros(0)), settings(name, 1), report.subject.gt
    )
    html = page_of(replace(report, inspection=found), None)
    text = re.sub(r"<[^>]+>", "", html.replace("&#39;", "'"))
    assert all(sentence in text for sentence in words_of(found.manner.signal).sentences)
    assert html.count('<img class="pixels"') == pictures  # estimate, copy, degraded copy, LR image, and maybe the son
    height, width = found.copy.copy.shape[:2]
    assert f"the copy of the first update, {width}×{height} px" in text and "PSNR on the first copy" in text


def test_every_signal_is_explained_in_two_sentences():
    for name in (*signals.SIGNALS, "mine"):
        sentences = words_of(SignalSettings(name)).sentences
        assert len(sentences) == 2 and all(one.endswith(".") and ". " not in one for one in sentences)
    assert len({words_of(SignalSettings(name)).sentences for name in signals.SIGNALS}) == len(signals.SIGNALS)


def test_a_loss_that_is_not_finite_ends_in_one_line(tmp_path):
    save_network(tmp_path / "w.pth")
    wild = replace(settings("scale", 9), schedule=Schedule(((0, 1e38),)))
    with pytest.raises(ConfigError, match=r"^rates: the loss is (inf|nan) after update \d; give smaller --rates"):
        inspect_image(Linear(), tensor(PIXELS), DELTA, wild)
