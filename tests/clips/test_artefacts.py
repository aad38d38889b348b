"""Artefacts of codecs: told by bits and structure, they grow with the quantiser alike in all of them."""

import math

import av
import numpy as np
import pytest
from helpers.small_networks import photo

from mzsr_basicsr.clips.artefacts import STRONGEST, UNKNOWN, codec_noise, structure
from mzsr_basicsr.clips.clip import TimedFrame
from mzsr_basicsr.clips.scout import Scout
from mzsr_basicsr.clips.video import probe, read_frames


def test_structure_by_hand():
    frame = np.zeros((2, 3, 3), np.uint8)
    frame[0, 1] = 51
    # Down: steps of 0, 51, 0; across: 51, 51, 0, 0.
    assert structure(frame) == pytest.approx((51 / 3 + 102 / 4) / 255)
    assert structure(frame.astype(np.uint16) * 257) == pytest.approx(structure(frame))


def test_the_law_by_hand():
    pixels = np.tile(np.uint8([[100], [110]]), (8, 16))[..., None].repeat(3, 2)  # rows 10 levels apart
    law = math.exp(-0.17) * 0.5**-0.953 * 10**0.688 / 255
    frame = TimedFrame(pixels, 0, 1, packed=0.5)
    assert codec_noise([frame]) == pytest.approx(law)
    predicted = TimedFrame(pixels, 1, 1, intra=False, packed=0.01)
    assert codec_noise([frame, predicted]) == pytest.approx(law)
    assert codec_noise([predicted]) == UNKNOWN
    assert codec_noise([TimedFrame(pixels, 0, 1, packed=1e-4)]) == STRONGEST
    assert codec_noise([TimedFrame(pixels, 0, 1, packed=math.inf)]) == 0


def coded(path, codec, quality):
    pixels = photo(96, 128)
    options = {"crf": str(quality), "g": "1"} | ({"x265-params": "log-level=none:info=0"} if codec == "libx265" else {})
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=24, width=128, height=96, options=options)
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p", dst_color_range=1)
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    frames = list(read_frames(probe(path)))
    return 255 * codec_noise(Scout(iter(frames)).shot_from(0)), frames[1].pixels


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_stronger_compression_tells_more(tmp_path, codec):
    clear = coded(tmp_path / "clear.mkv", codec, 1)[1].astype(float)
    told, own = [], []
    for quality in (18, 28, 38):
        sigma, pixels = coded(tmp_path / f"{quality}.mkv", codec, quality)
        told.append(sigma)
        own.append(float(np.std(pixels - clear)))
    assert 1.5 < told[0] < 6 < told[1] < told[2] <= 255 * STRONGEST
    assert all(0.4 < mine / real < 4 for mine, real in zip(told, own))
