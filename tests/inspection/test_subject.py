"""What is inspected, as it is read from files, cut and made; and the maps that are drawn of it."""

import numpy as np
import pytest
from helpers.inspections import KERNEL, hr_file, luma_by_formula, small_report, tensor
from helpers.places import BENCHMARK
from helpers.small_networks import photo, save_network
from PIL import Image
from scipy import ndimage

from mzsr_basicsr.benchmark.report.gallery_pictures import error_map
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.noise import estimate_noise
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ImageError
from mzsr_basicsr.inspection.choices import MOST_PIXELS, Choices
from mzsr_basicsr.inspection.pictures import busiest, change, ranges_of, verdict_map
from mzsr_basicsr.inspection.run import inspect_file
from mzsr_basicsr.inspection.subject import make_pair, read_colours, read_pair
from mzsr_basicsr.inspection.words import summarise
from mzsr_basicsr.upscaling.settings import UpscaleSettings


def test_the_lr_image_is_made_in_float64_and_rounded(tmp_path):
    report = small_report(tmp_path, updates=0)
    kernel = load_kernel(KERNEL).numpy()
    blurred = ndimage.correlate(photo(52, 60).astype(np.float64), kernel[..., None], mode="reflect")
    np.testing.assert_array_equal(report.subject.pixels, np.rint(blurred[::2, ::2]))
    np.testing.assert_array_equal(report.subject.gt, photo(52, 60))
    assert report.settings.quantize_son and report.chosen.degradation.noise == 0


def test_an_estimated_kernel_is_taken_and_noise_is_told(tmp_path):
    noisy = (photo(64, 64) + np.random.default_rng(0).normal(0, 8, (64, 64, 3))).clip(0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(tmp_path / "a.png")
    upscale = UpscaleSettings(updates=0, weights=save_network(tmp_path / "w.pth"), device="cpu")
    report = inspect_file(Choices(upscale, tmp_path / "a.png"))
    assert report.chosen.estimate is not None and report.chosen.degradation.subsampling == "bicubic"
    assert report.chosen.degradation.noise == pytest.approx(estimate_noise(tensor(noisy)), rel=1e-6)
    assert report.chosen.degradation.noise == pytest.approx(8 / 255, rel=0.3)


def test_grey_alpha_and_16_bits(tmp_path):
    grey = photo(20, 24)[..., 0]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey.astype(np.uint16) * 257 + 9).save(tmp_path / "deep.png")
    Image.fromarray(np.dstack([photo(40, 48), np.full((40, 48), 255, np.uint8)])).save(tmp_path / "alpha.png")
    plain = read_pair(read_colours(tmp_path / "grey.png"), tmp_path / "alpha.png", 2, None)
    assert plain.notices == ("The alpha of alpha.png is left out.",) and plain.eight_bits
    np.testing.assert_array_equal(plain.gt, photo(40, 48))
    np.testing.assert_allclose(plain.lq[0].numpy(), np.stack([grey / 255] * 3), rtol=1e-6)
    deep = read_pair(read_colours(tmp_path / "deep.png"), None, 2, None)
    assert not deep.eight_bits
    np.testing.assert_allclose(deep.lq[0, 1].numpy(), (grey * 257.0 + 9) / 65535, rtol=1e-6)


def test_a_crop_is_central_and_its_truth_fits(tmp_path):
    read = read_colours(hr_file(tmp_path, 52, 60))
    chosen = Degradation(delta_kernel(), 2)
    cut = make_pair(read, chosen, 16)
    whole = make_pair(read, chosen, None)
    np.testing.assert_array_equal(cut.pixels, whole.pixels[5:21, 7:23])
    np.testing.assert_array_equal(cut.gt, whole.gt[10:42, 14:46])
    np.testing.assert_array_equal(cut.gt[::2, ::2], cut.pixels)
    assert "central 16x16 px of the LR image's 30x26" in cut.notices[-1] and len(whole.notices) == 1


def test_a_large_image_is_cut_to_its_centre(tmp_path):
    pixels = np.zeros((1000, 2000, 3), np.uint8)
    pixels[500, 1000] = 255
    Image.fromarray(pixels).save(tmp_path / "large.png")
    subject = read_pair(read_colours(tmp_path / "large.png"), None, 2, None)
    height, width = subject.pixels.shape[:2]
    assert 0.99 * MOST_PIXELS < height * width <= MOST_PIXELS and width / height == pytest.approx(2, rel=0.01)
    assert np.argwhere(subject.pixels[..., 0]).tolist() == [[500 - (1000 - height) // 2, 1000 - (2000 - width) // 2]]


@pytest.mark.skipif(not (BENCHMARK / "Set5" / "GT").is_dir(), reason="no benchmark: set MZSR_BENCHMARK")
def test_what_butterfly_gains_is_said():
    """Ten updates gain on an image of the paper, by the paper's metric, and the summary says by how much."""
    upscale = UpscaleSettings(kernel="gaussian:2,2,0,21", device="cpu")
    found = inspect_file(Choices(upscale, hr=BENCHMARK / "Set5" / "GT" / "butterfly.png")).inspection
    before, after = (found.updates[number].psnr for number in (0, 10))
    assert before > 32 and after > before + 0.1  # bicubic upscaling: 22.6 dB
    gain = f"and PSNR rose from {before:.2f} to {after:.2f} dB (+{round(after, 2) - round(before, 2):.2f} dB)."
    assert summarise(found).lead.endswith(gain)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")])
def test_too_little_memory_is_one_line(tmp_path, monkeypatch, error):
    def fail(*arguments):
        raise error

    monkeypatch.setattr("mzsr_basicsr.inspection.run.inspect_image", fail)
    with pytest.raises(ImageError, match="hr.png: out of memory on cpu; give --crop 256, or less"):
        small_report(tmp_path)
    error = RuntimeError("a fault")
    with pytest.raises(RuntimeError, match="a fault"):
        small_report(tmp_path)


def test_maps_by_hand(tmp_path):
    found = small_report(tmp_path, updates=2, rate=0.02).inspection
    ranges, truth, first, last = ranges_of(found), found.gt, found.sr[0], found.sr[2]
    largest = max(np.percentile(np.abs(p.astype(int) - first), 99.5) for p in found.sr.values())
    allowed = [gain for gain in (1, 2, 5, 10, 20, 50) if gain * largest <= 128]
    assert ranges.change == max(allowed)
    np.testing.assert_array_equal(
        change(last, first, ranges.change), np.clip((last.astype(int) - first) * ranges.change + 128, 0, 255)
    )
    assert (change(first, first, 7) == 128).all()
    before, after = (np.abs(luma_by_formula(p) - luma_by_formula(truth)) for p in (first, last))
    drawn = verdict_map(last, first, truth, ranges.verdict).astype(int)
    blue, orange = drawn[..., 2] > drawn[..., 0], drawn[..., 0] > drawn[..., 2]
    np.testing.assert_array_equal(blue, after < before)
    np.testing.assert_array_equal(orange, after > before)
    dark = error_map(last, truth, ranges.error).astype(int).sum(2)
    assert dark[after == 0].max() < 10 < dark[after >= ranges.error].min()


def test_the_busiest_part_is_found():
    picture = np.full((300, 400, 3), 90, np.uint8)
    picture[160:200, 240:290] = np.random.default_rng(0).integers(0, 256, (40, 50, 3))
    top, left = busiest(picture)
    assert top <= 160 and top + 64 >= 200 and left <= 240 and left + 64 >= 290
    assert busiest(picture[:20, :30]) == (0, 0)
