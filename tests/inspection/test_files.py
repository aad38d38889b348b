"""The files of an inspection beside the page: the numbers and the animation; and how all are written."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.inspections import small_report
from PIL import Image, ImageSequence

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.inspection.files import contents, write_all
from mzsr_basicsr.inspection.numbers import record_of
from mzsr_basicsr.inspection.page import page_of
from mzsr_basicsr.inspection.pictures import animation, change, ranges_of


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    torch.set_num_threads(1)
    return small_report(tmp_path_factory.mktemp("inspection"), updates=3, rate=0.2)


def test_the_record_holds_everything(report):
    record = json.loads(contents(report, None)["inspect.json"])
    found = report.inspection
    for update, line in zip(found.updates, record["updates"], strict=True):
        assert (line["update"], line["loss"], line["psnr"]) == (update.number, update.loss, update.psnr)
        assert (line["ssim"], line["son_psnr"]) == (update.ssim, update.son_psnr)
        assert line["moved"] == [update.moved[tensor["name"]].distance for tensor in record["tensors"]]
        assert line["moved_relative"] == [update.moved[tensor["name"]].relative for tensor in record["tensors"]]
        assert line["rates"] == (None if update.number == 0 else [pytest.approx(0.2)] * len(record["tensors"]))
        assert line["layers_moved_relative"] == [found.moved(update.number)[name].relative for name in record["layers"]]
    np.testing.assert_array_equal(record["kernel"]["weights"], report.chosen.degradation.kernel.numpy())
    assert (record["scale"], record["lr_size"], record["sr_size"]) == (2, [26, 30], [52, 60])
    assert record["lr_made_from_it"] and record["kernel"]["subsampling"] == "direct"


def test_infinite_values_stay_readable(report):
    equal = replace(report.inspection.updates[0], psnr=float("inf"))
    found = replace(report.inspection, updates=(equal, *report.inspection.updates[1:]))
    record = record_of(replace(report, inspection=found))
    assert record["updates"][0]["psnr"] == "inf" and json.dumps(record, allow_nan=False)
    assert "infinite (equal images)" in page_of(replace(report, inspection=found), None)


@pytest.mark.parametrize("format", ["webp", "png"])
def test_the_animation_is_without_loss(report, format):
    found = report.inspection
    with Image.open(io.BytesIO(animation(found, format))) as moving:
        assert (moving.format, moving.n_frames) == (format.upper(), 4)
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(moving)]
    height, width = found.gt.shape[:2]
    for frame, picture in zip(frames, found.sr.values(), strict=True):
        np.testing.assert_array_equal(frame[-height:, :width], picture)
        moved = change(picture, found.sr[0], ranges_of(found).change)
        np.testing.assert_array_equal(frame[-height:, frame.shape[1] // 2 :][:, :width], moved)
    captions = {frame[:-height, : frame.shape[1] // 2].tobytes() for frame in frames}
    assert len(captions) == 4 and all(frame[:-height].max() > 200 for frame in frames)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    from mzsr_basicsr.inspection import files

    def full(content, path):
        if path.suffix == ".json":
            raise OSError(28, "No space left on device")
        path.write_text("x")

    monkeypatch.setattr(files, "write_whole", full)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "mine.txt").write_text("kept")
    for folder in (tmp_path / "new" / "deep", tmp_path / "old"):
        with pytest.raises(ConfigError, match="cannot be written .No space left on device"):
            write_all({"inspect.html": "a", "inspect.json": "b"}, folder)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine.txt", "old"]
