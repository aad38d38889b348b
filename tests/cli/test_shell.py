"""Inputs and outputs as a shell gives them: pipes, slashes, endings that lie or are not known, words in any case."""

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Command, load, photograph, smooth
from helpers.picture_files import pillow
from helpers.trainings import environment
from PIL import Image

FAST = ("--updates", "0", "--kernel", "gaussian:1.0", "--noise", "0", "--device", "cpu")
MAIN = [sys.executable, "-m", "mzsr_basicsr.cli.main"]


@pytest.fixture
def mzsr(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    photograph(tmp_path / "a.png")
    command = Command(monkeypatch, capsys)
    command("upscale", "a.png", "-o", "known.png", *FAST)
    return command


def bash(line):
    return subprocess.run(["bash", "-c", line, "bash", *MAIN], env=environment(), capture_output=True, timeout=100)


def same(path):
    return np.array_equal(load(Path(path)), load(Path("known.png")))


def stdin(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_process_substitution_reaches_worker_processes(mzsr):
    options = " ".join(FAST)
    run = bash(f'"$@" upscale <(cat a.png) <(cat a.png) a.png -o out --jobs 2 {options}')
    assert run.returncode == 0, run.stderr
    assert len(os.listdir("out")) == 3 and all(same(f"out/{name}") for name in os.listdir("out"))


def test_a_named_pipe_takes_a_result(mzsr):
    os.mkfifo("pipe")
    found = []
    reader = threading.Thread(target=lambda: found.append(Path("pipe").read_bytes()))
    reader.start()
    assert mzsr("upscale", "a.png", "-o", "pipe", *FAST) == (0, [], [])
    reader.join()
    Path("b.png").write_bytes(found[0])
    assert same("b.png") and mzsr("upscale", "a.png", "-o", "/dev/null", *FAST) == (0, [], [])


def test_a_named_pipe_is_read_once(mzsr, tmp_path):
    os.mkfifo("pipe.png")
    for line in (("upscale", "pipe.png", "-o", "out", *FAST), ("degrade", "pipe.png", "-o", "out.png")):
        feed = threading.Thread(target=lambda: Path("pipe.png").write_bytes(Path("a.png").read_bytes()))
        feed.start()
        assert mzsr(*line)[0] == 0
        feed.join()
    mzsr("degrade", "a.png", "-o", "lr.png")
    assert same("out/pipe.png") and np.array_equal(load(tmp_path / "out.png"), load(tmp_path / "lr.png"))


def test_the_standard_input_into_a_file_and_into_a_folder(mzsr, monkeypatch):
    content = Path("a.png").read_bytes()
    stdin(monkeypatch, content)
    status, (line,), err = mzsr("upscale", "-", "-o", "b.png", *FAST)
    assert (status, err) == (0, []) and line.startswith("b.png: kernel") and same("b.png")
    stdin(monkeypatch, content)
    assert mzsr("upscale", "-", "a.png", "-o", "out", *FAST)[0] == 0
    assert sorted(os.listdir("out")) == ["a.png", "stdin.png"] and same("out/stdin.png")
    stdin(monkeypatch, b"a text")
    assert mzsr("upscale", "-", "-o", "c.png", *FAST)[2][0].startswith(
        "error: standard input: no picture of a known kind"
    )
    stdin(monkeypatch, content)
    assert mzsr("degrade", "-", "-o", "lr.jpg")[1][0].startswith("standard input -> lr.jpg, 18x20 px")


def test_a_file_to_the_standard_output(mzsr, monkeypatch):
    def run(*words):
        out = io.TextIOWrapper(io.BytesIO())
        monkeypatch.setattr(sys, "stdout", out)
        result = mzsr(*words)
        return out.buffer.getvalue(), result

    for output in ("-", "/dev/stdout"):
        content, (status, _, err) = run("upscale", "a.png", "-o", output, *FAST)
        Path("piped.png").write_bytes(content)
        assert (status, err) == (0, []) and same("piped.png")
    content, (status, _, err) = run("upscale", "a.png", "-o", "-", "--format", "JPG", "--compare", *FAST)
    assert content.startswith(b"\xff\xd8") and err == ["warning: --compare is for files, and -o - writes none"]
    Image.fromarray(smooth(4)).save("clear.png")
    content, (status, _, err) = run("upscale", "clear.png", "-o", "-", "--format", "jpg", *FAST)
    assert (content, status) == (b"", 1) and err[0].startswith("error: jpg output: jpg holds no alpha; allowed: png")


def test_a_terminal_is_no_place_for_pixels(mzsr, monkeypatch):
    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    screen = Terminal(io.BytesIO())
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        err = mzsr("upscale", "a.png", "-o", "-", *FAST)[2]
    assert err == ["error: output: - is the terminal, which shows no picture; add >FILE or | COMMAND, or name a file"]
    assert screen.buffer.getvalue() == b""
    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO()))
    err = mzsr("upscale", "-", "-o", "b.png", *FAST)[2]
    assert err == ["error: input: - is the terminal, which holds no picture; add <FILE, or name a file"]


def test_a_slash_is_a_folders_and_an_ending_of_pictures_is_none(mzsr):
    assert mzsr("upscale", "a.png", "-o", "b.png/", *FAST)[0] == 0 and same("b.png/a.png")
    assert mzsr("degrade", "a.png", "-o", "c.heic/")[0] == 0 and Path("c.heic/a.png").is_file()
    before = sorted(os.listdir())
    for name in ("x.heic", "x.HEIC", "x.jp2", "x.pbm", "x.jpge", "x.svg"):
        for line in (("upscale", "a.png", "-o", name), ("degrade", "a.png", "-o", name)):
            status, out, err = mzsr(*line)
            assert (status, out, len(err)) == (1, [], 1)
            assert err[0].startswith(
                f"error: {name}: no picture is written as '{Path(name).suffix}'; allowed: .png .jpg "
            )
            assert err[0].endswith("for a folder of that name put a / at its end")
    assert sorted(os.listdir()) == before
    assert mzsr("upscale", "a.png", "-o", "v1.2", *FAST)[0] == 0 and same("v1.2/a.png")


def test_an_empty_name_is_not_the_current_folder(mzsr):
    for command in ("upscale", "degrade"):
        line = "error: input: an empty name; give a file, a folder, a glob or -"
        assert mzsr(command, "", "-o", "out") == (1, [], [line])
        assert mzsr(command, "a.png", "-o", "") == (1, [], ["error: output: an empty name; name a file or a folder"])
    line = "error: output: the standard output, which `mzsr upscale` alone writes to; name a file or a folder"
    assert mzsr("degrade", "a.png", "-o", "-") == (1, [], [line]) and not Path("-").exists()


def gif(path, count):
    frames = [Image.fromarray(smooth()[:, :, index % 3]) for index in range(count)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50)


def test_a_gif_that_does_not_move_is_a_picture(mzsr):
    gif("still.gif", 1)
    gif("moving.gif", 3)
    status, out, err = mzsr("upscale", "still.gif", "moving.gif", "-o", "out", "--json", *FAST)
    still, moving = map(json.loads, out)
    assert (status, still["target"], moving["target"]) == (0, "out/still.png", "out/moving.gif")
    assert "clip" not in still and moving["clip"]["frames"] == 3
    assert mzsr("upscale", "still.gif", "-o", "out", "--format", "webp", *FAST)[0] == 0
    assert Image.open("out/still.webp").size == (60, 52)
    assert mzsr("upscale", "still.gif", "-o", "b.gif", *FAST)[0] == 0  # that is asked for
    assert Image.open("b.gif").format == "GIF"
    assert mzsr("degrade", "still.gif", "-o", "lr")[0] == 0
    assert "moving.gif: a clip or a GIF" in mzsr("degrade", "moving.gif", "-o", "lr")[2][0]


def test_an_ending_that_lies_is_said_and_the_name_decides(mzsr):
    Path("lie.jpg").write_bytes(Path("a.png").read_bytes())
    Path("lie.gif").write_bytes(pillow(smooth(), "RGB", "JPEG"))
    status, out, err = mzsr("upscale", "lie.jpg", "lie.gif", "-o", "out", *FAST)
    assert status == 0 and err == [
        "warning: lie.jpg: is PNG by its content, not JPEG as its ending says; its result is jpg",
        "warning: lie.gif: is JPEG by its content, not GIF as its ending says; its result is png",
    ]
    assert [Image.open(f"out/{name}").format for name in ("lie.jpg", "lie.png")] == ["JPEG", "PNG"]
    assert mzsr("degrade", "lie.jpg", "-o", "lr")[1][0].endswith("; it is PNG by its content, not JPEG")


def test_one_input_that_names_nothing_does_not_stop_the_others(mzsr):
    os.makedirs("x")
    for name in ("x/a.png", "b.png"):
        photograph(name)
    status, out, err = mzsr("upscale", "none*.png", "a.png", "x/a.png", "b.png", "-o", "out", *FAST)
    assert status == 1 and [line.partition(":")[0] for line in out] == ["out/b.png"]
    assert err[:2] == ["error: out/a.png: both a.png and x/a.png would be written to it; rename one"] * 2
    assert err[2].startswith("error: none*.png: no picture or clip has such a name; known endings: ")
    assert err[3] == "error: 3 of 4 files failed, see above" and os.listdir("out") == ["b.png"]
    status, out, err = mzsr("degrade", "none*.png", "a.png", "-o", "lr")
    assert (status, len(out), len(err)) == (1, 1, 1)


def test_words_in_any_case_and_a_scale_as_people_write_it(mzsr):
    words = ("--format", "PNG", "--quality", "Fast", "--subsampling", "Direct", "--device", "CPU", "--signal", "AUTO")
    for scale in ("2x", "x2", "×2", "2"):
        line = ("upscale", "a.png", "-o", "out", "--scale", scale, *words, *FAST, "--overwrite")
        assert mzsr(*line)[0] == 0 and same("out/a.png")
    status, _, err = mzsr("upscale", "a.png", "-o", "out", "--scale", "twice")
    assert (
        status == 2
        and err[-1] == "mzsr upscale: error: argument --scale: 'twice' is no number; give one such as 2 or 1.5"
    )
    assert mzsr("upscale", "a.png", "-o", "out", "--noise", "AUTO", "--skip-existing")[0] == 0


def test_a_misspelt_option_shows_the_usage_of_its_command(mzsr):
    for line, usage, meant in (
        ("upscale a.png -o b.png --kernle x", "upscale", "--kernel"),
        ("kernel draw disk:2 -o b.png --sied 9", "kernel draw", "--side"),
        ("weights average a b -o c.pth --taks 3", "weights average", "--tasks"),
    ):
        status, _, err = mzsr(*line.split())
        assert status == 2 and err[0].startswith(f"usage: mzsr {usage} ")
        assert err[-1].endswith(f"did you mean {meant}?") and f"mzsr {usage}: error: unrecognized arguments" in err[-1]
