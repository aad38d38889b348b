"""`mzsr upscale` on good pictures and clips, through its command line: what it writes, and what it says about it."""

import io
import json
import math

import cv2
import numpy as np
import pytest
import torch
from helpers.clips import audio_packets, decode, double, make_clip, psnr, two_shots
from helpers.commands import QUICK, Command, load, photograph, smooth
from helpers.picture_files import exif_block, pillow, tiff
from PIL import Image

import mzsr_basicsr
from mzsr_basicsr.adaptation.decision import least_promise
from mzsr_basicsr.degradation.noise import jpeg_noise
from mzsr_basicsr.degradation.record import Degradation

ICC = b"a colour profile" * 9


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return Command(monkeypatch, capsys)


def clear_palette():
    image = Image.fromarray(smooth()).quantize(200)
    stream = io.BytesIO()
    image.save(stream, "PNG", transparency=bytes([0] * 9 + [255] * 247))
    return stream.getvalue()


FILES = {  # name: content, bands, type
    "grey.png": (pillow(smooth(1), "L", "PNG"), 1, np.uint8),
    "grey_alpha.png": (pillow(smooth(2), "LA", "PNG"), 2, np.uint8),
    "alpha.webp": (pillow(smooth(4), "RGBA", "WEBP", lossless=True, exact=True), 4, np.uint8),
    "palette.png": (clear_palette(), 4, np.uint8),
    "deep.tif": (tiff(smooth(3, np.uint16), photometric="rgb"), 3, np.uint16),
    "float.tif": (tiff(smooth(3, np.float32), photometric="rgb"), 3, np.float32),
    "bands.tif": (tiff(smooth(5), photometric="minisblack", planarconfig="contig"), 5, np.uint8),
    "ink.jpg": (pillow(smooth(4), "CMYK", "JPEG", quality=97), 4, np.uint8),
    "lines.bmp": (pillow(smooth(3), "RGB", "BMP"), 3, np.uint8),
    "deep/net.ppm": (pillow(smooth(3), "RGB", "PPM"), 3, np.uint8),
}


def test_a_folder_of_all_kinds_keeps_bands_depth_and_places(mzsr, tmp_path):
    (tmp_path / "in/deep").mkdir()
    for name, (content, _, _) in FILES.items():
        (tmp_path / "in" / name).write_bytes(content)
    status, out, err = mzsr.upscale("in", "-o", "out")
    assert (status, len(out), err) == (0, len(FILES), [])
    for name, (_, bands, dtype) in FILES.items():
        before, after = load(tmp_path / "in" / name), load(tmp_path / "out" / name)
        assert (after.shape, after.dtype) == ((52, 60, bands), dtype), name
        # A smooth picture is hardly blurred: direct subsampling gives it back. A palette's dithering has to be blurred.
        colours = slice(-1) if "alpha" in name else slice(3) if name == "palette.png" else slice(None)
        planes = torch.from_numpy(after.astype(float).reshape(52, 60, bands)).permute(2, 0, 1)
        blurred = Degradation("gaussian:1.0", 2).apply(planes).permute(1, 2, 0).numpy().reshape(before.shape)
        low = blurred if name == "palette.png" else after[::2, ::2].astype(float)
        error = np.abs(low - before)[2:-2, 2:-2, colours]
        opaque = before[2:-2, 2:-2, -1:] > 250 if name == "palette.png" else np.full((22, 26, 1), True)
        assert (error * opaque).mean() < 0.02 * (before.max() - float(before.min())), name
    for name in ("grey.png", "float.tif", "bands.tif", "deep.tif"):  # the library gives the same numbers
        pixels = load(tmp_path / "in" / name)
        same = mzsr_basicsr.upscale(pixels, 2, "gaussian:1.0", 1, alpha=False, device="cpu").image
        np.testing.assert_array_equal(load(tmp_path / "out" / name), same)
    assert {line.split(": ")[0] for line in out} == {f"out/{name}" for name in FILES}
    assert all("kernel λ 1.00, 1.00 px² at " in line and line.endswith(" s") for line in out)


@pytest.mark.parametrize(("kernel", "said"), [("delta", "no blur, direct"), ("gaussian:0.2", "kernel λ 0.1")])
def test_what_blurs_nothing_is_said_so(mzsr, tmp_path, kernel, said):
    photograph(tmp_path / "in" / "a.png")
    status, out, _ = mzsr("upscale", "in", "-o", "out", "--kernel", kernel, "--updates", 0)
    assert status == 0 and f"out/a.png: {said}" in out[0]


def test_orientation_profile_and_format(mzsr, tmp_path):
    marked = {"exif": b"Exif\0\0" + exif_block(orientation=6), "icc_profile": ICC}
    for name in ("a.jpg", "b.png"):
        photograph(tmp_path / "in" / name, **marked)
    assert mzsr.upscale("in", "-o", "out")[0] == 0
    assert mzsr.upscale("in/a.jpg", "-o", "new/c.webp", "--scale", "1.5")[0] == 0
    assert mzsr.upscale("in/b.png", "-o", "out", "--format", "jpg")[0] == 0
    kinds = {"out/a.jpg": "JPEG", "out/b.png": "PNG", "out/b.jpg": "JPEG", "new/c.webp": "WEBP"}
    for name, kind in kinds.items():
        with Image.open(tmp_path / name) as image:
            assert image.format == kind
            turned = {"new/c.webp": (60, 54), "out/b.jpg": (80, 72)}  # upright where the format changed
            assert image.size == turned.get(name, (72, 80))
            assert image.getexif()[0x0112] == (1 if name in turned else 6) and image.getexif()[0x010F] == "Maker"
            assert image.info["icc_profile"] == ICC


KEYS = {"source", "target", "width", "height", "settings", "kernel", "noise", "updates_made", "updates_kept", "loss"}
KEYS |= {"diverged", "signal", "rule", "held_out_loss", "seconds", "seconds_in_all", "offset", "notices"}
KEYS |= {"quality", "stopped", "back_projection", "began", "memory", "damaged", "left_out", "precision"}


def test_json_records_say_what_was_done(mzsr, tmp_path):
    photograph(tmp_path / "in/a.jpg", quality=80)
    Image.fromarray(smooth()).save(tmp_path / "in/b.png")
    choices = ("--updates", "3", "--kernel", "gaussian:2.0,0.5,0.3", "--seed", "7", "--scale", "4", "--json")
    status, out, err = mzsr("upscale", "in", "in/none.png", "-o", "out", *choices)
    first, second, missing = map(json.loads, out)
    assert (status, len(err)) == (1, 2)  # the missing file, and how many failed
    assert missing["source"] == "in/none.png" and missing["target"] == "out/none.png"
    assert err[0] == f"error: {missing['error']}" and missing["error"].startswith("in/none.png: no such file")
    for record in (first, second):
        assert record.keys() == KEYS
        asked = {"scale": 4.0, "updates": 3, "kernel": "gaussian:2.0,0.5,0.3", "seed": 7, "weights": "shipped:mzsr_x4"}
        assert asked.items() <= record["settings"].items()
        assert record["kernel"].items() >= {"side": 15, "subsampling": "direct", "confidence": None}.items()
        assert [record["kernel"][n] for n in ("lambda1", "lambda2", "theta")] == pytest.approx([2, 0.5, 0.3], abs=0.01)
        assert len(record["loss"]) == len(record["held_out_loss"]) == record["updates_made"] + 1 == 4
        promise = 20 * math.log10(record["held_out_loss"][0] / min(record["held_out_loss"]))  # dB
        least = least_promise(Degradation("gaussian:2.0,0.5,0.3", 4))
        assert record["updates_kept"] == (3 if promise >= least else 0)
        assert record["kernel"]["centre"] == [0, 0] and record["offset"] == [-1.5, -1.5]  # x4, the top-left of 4x4 px
        assert record["notices"] == [] and record["memory"] is None
        assert record["seconds"].keys() == {"kernel", "adaptation", "upscaling"}
        assert 0 < sum(record["seconds"].values()) <= record["seconds_in_all"] + 0.002
    assert (first["source"], first["target"], first["width"], first["height"]) == ("in/a.jpg", "out/a.jpg", 36, 40)
    with Image.open(tmp_path / "in/a.jpg") as image:
        artefacts = 255 * jpeg_noise(float(np.mean(image.quantization[0])))
    assert (first["noise"], second["noise"]) == (pytest.approx(artefacts, abs=0.001), 0)
    assert len(load(tmp_path / "out/a.jpg")) == 160


def test_an_estimated_kernel(mzsr, tmp_path):
    photograph(tmp_path / "in/a.png")
    status, out, _ = mzsr("upscale", "in/a.png", "-o", "out", "--updates", "1", "--noise", "3", "--json")
    record = json.loads(out[0])
    kernel = record["kernel"]
    assert (status, record["settings"]["kernel"], record["noise"], kernel["subsampling"]) == (0, "auto", 3, "bicubic")
    assert 0 <= kernel["confidence"] <= 1 and 0 <= kernel["residual"] <= 1
    found = mzsr_basicsr.upscale(load(tmp_path / "in/a.png"), 2, updates=1, noise=3)
    np.testing.assert_array_equal(load(tmp_path / "out/a.png"), found.image)
    assert kernel["confidence"] == round(found.confidence, 4)
    text = mzsr("upscale", "in/a.png", "-o", "out", "--overwrite", "--updates", "0", "--noise", "3")[1][0]
    shown = f"λ {kernel['lambda1']:.2f}, {kernel['lambda2']:.2f} px² at {kernel['theta']:.2f} rad"
    assert (
        f"out/a.png: kernel {shown} (confidence {kernel['confidence']:.2f}), bicubic (centred), noise 3.0, not adapted"
        in text
    )


@pytest.mark.parametrize("name", ["a.png", "grey.tif", "clear.png"])
def test_the_comparison_shows_the_result_beside_bicubic_and_the_kernel(mzsr, tmp_path, name):
    picture = {"a.png": smooth(), "grey.tif": smooth(1)[..., 0], "clear.png": smooth(4)}[name]
    Image.fromarray(picture).save(tmp_path / "in" / name)
    assert mzsr.upscale("in", "-o", "out", "--compare")[0] == 0
    target = (tmp_path / "out" / name).with_name(f"{name.partition('.')[0]}_compare.png")
    shown, result = load(target).astype(float), load(tmp_path / "out" / name).astype(float)
    if name == "clear.png":  # lies on white
        alpha = result[..., 3:] / 255
        result = result[..., :3] * alpha + 255 * (1 - alpha)
    height, width = result.shape[:2]
    row = shown[168 - height : 168]  # the pictures stand on one line, beside a kernel of 160 px
    distance = [np.abs(row[:, x : x + width] - result).mean() for x in range(row.shape[1] - width + 1)]
    place = np.argmin(distance)
    assert distance[place] < 0.51  # the result itself; to its left bicubic, which is like it
    assert 0.51 < min(distance[: place - width]) < 12
    kernel = shown[8:168, place + width :]
    assert kernel.shape[1] > 150 and ((kernel[..., 0] - kernel[..., 2]) > 50).sum() > 100  # in colours
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([name, target.name])


def test_results_that_are_there_already(mzsr, tmp_path):
    for name in ("in/a.png", "in/b.png"):
        photograph(tmp_path / name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.png").write_bytes(b"precious")
    line = "out/a.png: is there already"
    status, out, err = mzsr.upscale("in", "-o", "out")
    assert status == 1 and err[0] == f"error: {line}; give --overwrite or --skip-existing" and len(out) == 1
    assert mzsr.upscale("in", "-o", "out", "--skip-existing") == (
        0,
        [f"{line}, skipped", out[0][:0] + "out/b.png: is there already, skipped"],
        [],
    )
    records = mzsr.upscale("in", "-o", "out", "--skip-existing", "--json")[1]
    assert json.loads(records[0]) == {"source": "in/a.png", "target": "out/a.png", "skipped": True}
    assert (tmp_path / "out/a.png").read_bytes() == b"precious"
    assert mzsr.upscale("in", "-o", "out", "--overwrite")[0] == 0
    assert load(tmp_path / "out/a.png").shape == (80, 72, 3)
    assert mzsr("upscale", "in", "-o", "out", "--overwrite", "--skip-existing")[0] == 2


def test_a_clip(mzsr, tmp_path):
    frames = two_shots(8)
    make_clip(tmp_path / "in/a.mp4", frames, audio="aac")
    status, out, err = mzsr.upscale("in/a.mp4", "-o", "out", "--json")
    record = json.loads(out[0])
    assert (status, err) == (0, [])
    expected = {"frames": 8, "shots": 2, "resumed": 0, "audio": "copied", "subtitles": "none", "notes": []}
    assert record["clip"] == expected and len(record["kernels"]) == 2
    made = {"updates_made": 1, "diverged": False, "stopped": "all updates made"}
    assert len(record["adaptations"]) == 2 and all(made.items() <= one.items() for one in record["adaptations"])
    assert record["settings"]["weights"] == "shipped:mzsr_domains_x2" and record["kernels"][0][
        "lambda1"
    ] == pytest.approx(1, abs=0.01)
    (shown, times), (source, source_times) = decode(tmp_path / "out/a.mp4"), decode(tmp_path / "in/a.mp4")
    assert times == source_times and audio_packets(tmp_path / "out/a.mp4") == audio_packets(tmp_path / "in/a.mp4")
    assert min(psnr(one, double(other)) for one, other in zip(shown, source, strict=True)) > 30
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.mp4"]
    status, out, _ = mzsr("upscale", "in/a.mp4", "-o", "b.mkv", "--updates", "0", *QUICK[2:])
    assert status == 0 and out[0].startswith("b.mkv: 8 frames, 2 shots, 0 done before; audio copied, ")


def test_a_clip_is_compared_says_what_does_not_apply_and_names_what_is_not_written(mzsr, tmp_path):
    make_clip(tmp_path / "in/a.mp4", two_shots(4))
    given = ["--compare", "--format", "png", "--updates", "0", *QUICK[2:]]
    status, _, err = mzsr("upscale", "in/a.mp4", "-o", "out", *given)
    assert (status, err) == (0, ["warning: --format png is for pictures; clips keep their own kind, or become .mp4"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.mp4", "a_compare.png"]
    drawn, shown = load(tmp_path / "out/a_compare.png"), decode(tmp_path / "out/a.mp4")[0][0]
    assert drawn.shape[1] > 2 * shown.shape[1]  # bicubic, the result, and the kernel
    assert cv2.matchTemplate(drawn, shown, cv2.TM_SQDIFF).min() / shown.size < 2  # the result's own first frame
    status, _, err = mzsr("upscale", "in/a.mp4", "-o", "b.webm", "--format", "png", *QUICK)
    assert (status, err) == (1, ["error: b.webm: its ending does not go with --format png; leave one of them out"])
    for name, why in (("c.avi", "is not written; allowed: .mp4"), ("c.vob", "is not written; allowed: .mp4")):
        status, _, err = mzsr("upscale", "in/a.mp4", "-o", name, *QUICK)
        assert status == 1 and len(err) == 1 and why in err[0] and not (tmp_path / name).exists()
    (tmp_path / "in/d.vob").write_bytes(b"a clip")
    status, _, err = mzsr("upscale", "in/d.vob", "-o", "out", *QUICK)
    assert status == 1 and "is not read; allowed: .mp4" in err[0] and err[0].endswith("convert it to .mkv first")
