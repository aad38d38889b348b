"""Clips that cannot be read or written give one line that says why."""

import av
import pytest
from helpers.clips import Upscaler, decode, make_clip, make_gif, scene, sound_packets, two_shots

from mzsr_basicsr.clips.video import upscale_video
from mzsr_basicsr.errors import ImageError


def encrypted(path):
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "00" * 16, "encryption_kid": "11" * 16}
    with av.open(str(path), "w", container_options=options) as out:
        stream = out.add_stream("libx264", rate=24, width=64, height=48)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(scene(0), "rgb24")) + stream.encode(None))


def sound_only(path):
    with av.open(str(path), "w") as out:
        out.mux(sound_packets(out, "aac", 4))


def no_frames(path):
    with av.open(str(path), "w") as out:
        out.add_stream("libx264", rate=24, width=64, height=48)
        out.start_encoding()


def cut_off(path):
    make_clip(path, two_shots(4))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_no_codec(path):
    make_clip(path, two_shots(4))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz9"))


BAD = {
    "missing.mp4": (lambda path: None, "video not found"),
    "empty.mp4": (lambda path: path.touch(), "cannot read this video"),
    "empty.gif": (lambda path: path.touch(), "cannot read this GIF"),
    "noise.mkv": (lambda path: path.write_bytes(bytes(range(256)) * 20), "cannot read this video"),
    "playlist.mp4": (lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\nother.ts\n"), "cannot read this video"),
    "cut.mp4": (cut_off, "cannot read this video"),
    "cut.mkv": (cut_off, "breaks off after"),
    "sound.mp4": (sound_only, "holds no video stream"),
    "none.mp4": (no_frames, "the video holds no|holds no video"),
    "unknown.mp4": (of_no_codec, "of a codec that is not known here"),
    "locked.mp4": (encrypted, "is encrypted"),
    "clip.txt": (lambda path: path.touch(), "of the kind ..txt. is not read; allowed: .mp4"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_sources_give_one_line_and_leave_nothing(tmp_path, name):
    make, message = BAD[name]
    make(tmp_path / name)
    there = sorted(tmp_path.iterdir())
    with pytest.raises(ImageError, match=message) as caught:
        upscale_video(tmp_path / name, tmp_path / "out.mkv", Upscaler())
    assert "\n" not in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)
    assert sorted(tmp_path.iterdir()) == there


def test_a_gif_that_breaks_off_gives_one_line(tmp_path):
    source = make_gif(tmp_path / "in.gif", two_shots(4), 50)
    source.write_bytes(source.read_bytes()[:-1000])
    with pytest.raises(ImageError, match="cannot (read|decode) this GIF"):
        upscale_video(source, tmp_path / "out.gif", Upscaler())


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("in.mp4", "is the source itself"),
        ("link.mp4", "is the source itself"),
        ("out.avi", "a video of the kind ..avi. is not written; allowed: .mp4, .mkv, .mov, .webm, .m4v, .gif"),
        ("out.vob", "of the kind ..vob. is not written"),
        ("nowhere/out.mp4", "there is no folder"),
        ("folder.mp4", "is a folder"),
        ("taken.mp4", "cannot use this folder for finished frames"),
    ],
)
def test_bad_targets_give_one_line_and_nothing_is_upscaled(tmp_path, target, message):
    source = make_clip(tmp_path / "in.mp4", two_shots(2))
    (tmp_path / "link.mp4").symlink_to(source)
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / ".taken.mp4.parts").touch()
    upscaler = Upscaler()
    with pytest.raises(ImageError, match=message) as caught:
        upscale_video(source, tmp_path / target, upscaler)
    assert "\n" not in str(caught.value)
    assert upscaler.firsts == []
    assert len(decode(source)[0]) == 2


@pytest.mark.parametrize(
    ("suffix", "room", "kept"), [(".mp4", 1000, 0), (".mp4", 3000, 8), (".gif", 5000, 0), (".gif", 20000, 8)]
)
def test_a_disk_that_fills_up_gives_one_line_and_work_is_kept(tmp_path, suffix, room, kept):
    resource = pytest.importorskip("resource")
    source, target = make_clip(tmp_path / "in.mp4", two_shots(8)), tmp_path / f"out{suffix}"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(ImageError, match="cannot write.*File too large") as caught:
            upscale_video(source, target, Upscaler(), part_frames=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(caught.value)
    assert not target.exists()
    assert upscale_video(source, target, Upscaler(), part_frames=2).resumed == kept


def test_a_failing_upscaler_is_not_taken_for_a_bad_file(tmp_path):
    source, target = make_clip(tmp_path / "in.mp4", two_shots(2)), tmp_path / "out.mp4"
    with pytest.raises(OSError, match="stopped") as caught:
        upscale_video(source, target, Upscaler(stop_at=0, error=OSError))
    assert not isinstance(caught.value, ImageError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4"]


def test_sound_of_no_known_codec_is_left_out(tmp_path):
    source = make_clip(tmp_path / "in.mov", two_shots(4), audio="pcm_s16le")
    source.write_bytes(source.read_bytes().replace(b"sowt", b"zzz9"))
    report = upscale_video(source, tmp_path / "out.mkv", Upscaler())
    assert report.frames == 4 and report.audio == "left out: stream 1 (unknown) does not fit matroska"
