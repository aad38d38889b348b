"""Which files a run reads and which it writes, and what a JPEG file says about its losses."""

import struct
from pathlib import Path

import numpy as np
import pytest
from helpers.picture_files import noise, pillow

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.file_jobs import check_ending, list_jobs
from mzsr_basicsr.pictures.reading import read_picture


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def pairs(inputs, output="out", format=None):
    return {job.source.as_posix(): job.target.as_posix() for job in list_jobs(inputs, Path(output), format)}


def refused(inputs, output="out", format=None, compare=False):
    """Give the one line that something is refused with: all of it, or the jobs that have a fault."""
    try:
        lines = [job.fault for job in list_jobs(inputs, output, format, compare) if job.fault]
    except ConfigError as error:
        lines = [str(error)]
    assert "".join(lines).isprintable()
    return lines[0]


def test_a_folder_keeps_its_structure_and_leaves_out_what_is_hidden_or_no_picture(place):
    touch(
        "in/a.png", "in/deep/er/b.JPG", "in/deep/c.Tiff", "in/.a.png", "in/.thumbs/d.png", "in/notes.txt", "in/svg.svg"
    )
    touch("in/.clip.mp4.parts/000000.part", "in/._a.png", "in/png")
    expected = {"a.png": "a.png", "deep/er/b.JPG": "deep/er/b.JPG", "deep/c.Tiff": "deep/c.Tiff"}
    assert pairs(["in"]) == {f"in/{source}": f"out/{target}" for source, target in expected.items()}
    assert list(pairs(["in"])) == sorted(pairs(["in"]))
    hidden = Path(".hidden")
    Path("in").rename(hidden)
    assert len(pairs([str(hidden)])) == 3  # it was asked for by its name


def test_endings_of_results(place):
    names = [
        "a.png",
        "b.jpeg",
        "c.JPG",
        "d.webp",
        "e.tif",
        "f.bmp",
        "g.pgm",
        "h.pbm",
        "i.gif",
        "j.mp4",
        "k.webm",
        "l.MOV",
        "m.avi",
    ]
    touch(*names)
    own = pairs(names)
    changed = {"h.pbm": "h.png", "m.avi": "m.mp4"}  # kinds that are read but not written
    assert own == {name: f"out/{changed.get(name, name)}" for name in names}
    as_jpg = pairs(names, format="jpg")
    assert as_jpg == {n: own[n] if n in names[8:] else f"out/{Path(n).stem}.jpg" for n in names}
    assert {job.source.name for job in list_jobs(names, Path("out")) if job.video} == {
        "i.gif",
        "j.mp4",
        "k.webm",
        "l.MOV",
        "m.avi",
    }


def test_globs(place):
    touch("in/a1.png", "in/a2.tif", "in/.a3.png", "in/a4.txt", "in/deep/a5.png", "in/a[6].png", "x/b.png")
    Path("in/a7.png").mkdir()
    assert pairs(["in/a*"]) == {f"in/{n}": f"out/{n}" for n in ("a1.png", "a2.tif", "a[6].png")}
    assert pairs(["in/**/a?.png"]) == {"in/a1.png": "out/a1.png", "in/deep/a5.png": "out/a5.png"}
    assert pairs(["in/a[6].png"]) == {"in/a[6].png": "out/a[6].png"}  # a file of that very name comes first
    assert pairs(["in/a[12].*", "x/b.png"]).keys() == {"in/a1.png", "in/a2.tif", "x/b.png"}
    assert pairs(["in/a[1].png"], "b.tif") == {"in/a1.png": "b.tif"}
    for pattern in ("in/z*.png", "in/*.txt", "nowhere/*"):
        message = refused([pattern])
        assert message.startswith(f"{pattern}: no picture or clip has such a name; known endings: .3g2 ")
        assert ".webm" in message


def test_a_file_name_is_for_one_single_file(place):
    touch("a.png", "b.png", "in/c.png")
    assert pairs(["a.png"], "new/z.tif") == {"a.png": "new/z.tif"}
    assert pairs(["a.png"], "z.TIFF") == {"a.png": "z.TIFF"}
    assert pairs(["a.png"], "z.mkv") == {"a.png": "z.mkv"}  # refused later, by what writes it
    assert pairs(["a.png"], "z.txt") == {"a.png": "z.txt/a.png"}
    assert pairs(["a.png"], "z") == {"a.png": "z/a.png"}
    for several in (["a.png", "b.png"], ["*.png"], ["in"]):
        message = refused(several, "z.png")
        assert message == "z.png: a file name goes with one single input file; name a folder"
    Path("z.png").mkdir()
    assert pairs(["a.png", "in"], "z.png") == {"a.png": "z.png/a.png", "in/c.png": "z.png/c.png"}


def test_an_ending_of_clips_makes_no_folder(place):
    touch("a.mp4")
    for name in ("b.webm", "b.m4v", "b.avi", "b.vob"):
        assert pairs(["a.mp4"], name) == {"a.mp4": name}  # those that are not written are refused later


def test_a_search_takes_no_typescript_for_a_clip(place):
    touch("in/a.png")
    Path("in/code.ts").write_text("export const answer = 42\n")
    Path("in/clip.ts").write_bytes(b"G" + bytes(187))
    both = {"in/a.png": "out/a.png", "in/clip.ts": "out/clip.mp4"}
    assert pairs(["in"]) == both and pairs(["in/*"]) == both
    assert pairs(["in/code.ts"]) == {"in/code.ts": "out/code.mp4"}  # it was asked for by its name


def test_what_is_named_twice_is_done_once(place):
    touch("in/a.png", "in/deep/b.png")
    once = {"in/a.png": "out/a.png", "in/deep/b.png": "out/deep/b.png"}
    assert pairs(["in", "in/", "./in"]) == once
    assert pairs(["in", "in/a.png", "in/*.png"]) == once
    twice = list_jobs(["in/a.png", str(place / "in/a.png")], Path("out"))
    assert [job.target.as_posix() for job in twice] == ["out/a.png"]
    assert pairs(["in/a.png", "in/a.png"], "b.png").popitem()[1] == "b.png"


def test_two_inputs_are_never_written_to_one_file(place):
    touch("x/a.png", "y/a.png", "x/a.tif", "y/A.PNG", "x/b.pbm", "x/b.png", "x/c.flv", "x/c.mp4")
    one = refused(["x/a.png", "y/a.png"])
    assert one == "out/a.png: both x/a.png and y/a.png would be written to it; rename one"
    assert "both x/a.png and x/a.tif" in refused(["x/a.png", "x/a.tif"], format="png")
    assert "both" in refused(["x/a.png", "y/A.PNG"])  # one file where case does not count
    assert "both" in refused(["x/b.pbm", "x/b.png"])
    assert "both" in refused(["x/c.flv", "x/c.mp4"])


def test_no_output_is_an_input(place):
    touch("in/a.png", "in/b.png", "c.jpg", "in/c.png")
    Path("link").symlink_to("in")
    for inputs, output, format in (
        (["in"], "in", None),
        (["in/a.png"], "in/a.png", None),
        (["in/a.png"], "link/../in/a.png", None),
        (["in/a.png"], "link", None),
        (["in", "c.jpg"], "in", "png"),  # c.jpg would become in/c.png
    ):
        assert refused(inputs, output, format).endswith("the output is an input; choose another output folder or name")
    assert pairs(["in/a.png"], "in", "tif") == {"in/a.png": "in/a.tif"}  # beside it is allowed


def test_folders_that_hold_nothing(place):
    Path("empty").mkdir()
    touch("notes/a.txt", "hidden/.a.png")
    for folder in ("empty", "notes", "hidden"):
        assert refused([folder]).startswith(f"{folder}: the folder holds no picture or clip; known endings: .3g2 .3gp ")


def test_a_missing_file_is_a_job_that_fails_later(place, monkeypatch):
    touch("a.png")
    assert pairs(["a.png", "none.png", "deep/none.mp4"]) == {
        "a.png": "out/a.png",
        "none.png": "out/none.png",
        "deep/none.mp4": "out/none.mp4",
    }
    Path("loop.png").symlink_to("loop.png")
    for odd in ("~nobody-of-that-name.png", "n" * 300 + ".png", "loop.png", "a.png/b.png"):
        assert list(pairs([odd, "a.png"])) == [odd, "a.png"]
        assert list(pairs(["a.png"], f"{odd}/x")) == ["a.png"]
    monkeypatch.setenv("HOME", str(place))
    assert pairs(["~/a.png"]) == {f"{place}/a.png": "out/a.png"}
    assert pairs(["~/a.png"], "b.png") == {f"{place}/a.png": "b.png"}


def tables(content):
    """All quantization tables of a JPEG file, by their numbers, from the bytes of its DQT segments."""
    found, place = {}, 2
    while content[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", content, place + 2)
        body = content[place + 4 : place + 2 + length] if content[place + 1] == 0xDB else b""
        while body:
            size = 128 if body[0] >> 4 else 64
            found[body[0] & 15] = np.frombuffer(body[1 : 1 + size], ">u2" if size == 128 else np.uint8)
            body = body[1 + size :]
        place += 2 + length
    return found


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_quantization_is_the_mean_of_the_first_table_in_the_file(quality):
    content = pillow(noise(3, height=16, width=16), "RGB", "JPEG", quality=quality)
    luma, chroma = (tables(content)[number].mean() for number in (0, 1))
    assert read_picture(content).quantization == pytest.approx(luma, abs=1e-9) != chroma


def test_quantization_of_other_files():
    grey = pillow(noise(1, height=16, width=16), "L", "JPEG", quality=60)
    assert read_picture(grey).quantization == pytest.approx(tables(grey)[0].mean())
    flat = pillow(noise(3, height=16, width=16), "RGB", "JPEG", qtables=[[7] * 64, [9] * 64])
    assert read_picture(flat).quantization == 7
    for format in ("PNG", "BMP", "WEBP", "TIFF"):
        assert read_picture(pillow(noise(3), "RGB", format)).quantization == 0


def test_results_inside_the_input_folder_are_no_inputs_of_the_next_run(tmp_path) -> None:
    (tmp_path / "out").mkdir()
    for name in ("a.png", "out/a.png", "output.png"):
        (tmp_path / name).write_bytes(b"")
    jobs = list_jobs([str(tmp_path)], tmp_path / "out")
    assert [str(job.source.relative_to(tmp_path)) for job in jobs] == ["a.png", "output.png"]
    inside = list_jobs([str(tmp_path)], tmp_path)  # the folder itself is its own output
    assert len(inside) == 3 and all("the output is an input" in job.fault for job in inside)


def test_an_ending_of_another_format_is_refused(tmp_path) -> None:
    check_ending(tmp_path / "b.jpeg", "jpg")
    check_ending(tmp_path / "folder", "jpg")
    check_ending(tmp_path / "b.png", None)
    with pytest.raises(ConfigError, match="b.png: its ending does not go with --format jpg; leave one of them out"):
        check_ending(tmp_path / "b.png", "jpg")
