"""No output of any command raises: streams of ASCII, names that are no text, readers that have gone, closed streams."""

import ast
import json
import os
import subprocess
import sys

import pytest
from helpers.commands import photograph
from helpers.places import PACKAGE
from helpers.trainings import environment

ODD = b"h\xe9 \xce\xbb.png"  # Latin-1, which no UTF-8 is, and a lambda that is
STRICT = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
QUICK = "--updates 0 --kernel bicubic --noise 0 --device cpu"
LINES = {  # command line, ODD stands for the picture: exit status
    f"upscale in -o out {QUICK} --kernel gaussian:2,1": 0,
    f"upscale in -o out --json --overwrite {QUICK}": 0,
    f"upscale ODD -o new {QUICK}": 0,
    f"upscale none-λ.png -o out {QUICK}": 1,
    "degrade in -o lr --noise 2": 0,
    "kernel estimate ODD --json": 0,
    "kernel draw disk:2 -o ODD": 0,
    "kernel convert disk:2 -o λ.npy": 0,
    "kernel compare λ.npy disk:3": 0,
    "inspect ODD -o seen --updates 0 --kernel gaussian:2 --animation none": 0,
    "inspect ODD -o seen --updates 0 --kernel gaussian:2 --animation none --json --overwrite": 0,
    "weights average λ.pth b.pth -o c.pth": 1,
    "tasks map λ -o map.png": 1,
    "adapt λ -o a.pth": 1,
    "benchmark -opt λ.yml": 1,
    "evaluate λ": 1,
    "demo --options λ": 1,
    "train -opt λ.yml": 1,
    "test -opt λ.yml": 1,
    "completion bash": 0,
    "info": 0,
    **{
        f"{name} --help": 0
        for name in ("", "upscale", "degrade", "kernel estimate", "inspect", "evaluate", "tasks map")
    },
    **{f"{name} --help": 0 for name in ("adapt", "benchmark", "demo", "weights average", "train", "test", "info")},
    "upscale ODD -o out --ünknown": 2,
}
DRIVER = """
import json, os, sys
from mzsr_basicsr.cli.main import main

found = []
for words in json.load(open("lines.json", encoding="ascii")):
    sys.stdout.reconfigure(errors="strict")  # what a program begins with
    sys.stderr.reconfigure(errors="strict")
    sys.argv = ["mzsr", *(os.fsdecode(bytes(word)) for word in words)]
    status = 0
    try:
        main()
    except SystemExit as end:
        status = end.code or 0
    if isinstance(status, str):
        print(status, file=sys.stderr)
        status = 1
    found.append(status)
    sys.stdout.flush()
with open("found.json", "w", encoding="ascii") as stream:
    json.dump(found, stream)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strict")
    (folder / "in").mkdir()
    photograph(folder / "a.png")
    os.rename(folder / "a.png", os.fsencode(folder / "in") + b"/" + ODD)
    return folder


def test_each_command_on_ascii_with_a_name_that_is_no_text(place):
    words = [line.encode().replace(b"-o ODD", b"-o odd-" + ODD.replace(b" ", b"")).split(b" ") for line in LINES]
    words = [[b"in/" + ODD if word == b"ODD" else word for word in line if word] for line in words]
    (place / "lines.json").write_text(json.dumps([[list(word) for word in line] for line in words]))
    run = subprocess.run(
        [sys.executable, "-c", DRIVER], cwd=place, env={**environment(), **STRICT}, capture_output=True, timeout=170
    )
    assert run.returncode == 0, run.stderr.decode("ascii", "replace")[-2000:]
    found = dict(zip(LINES, json.loads((place / "found.json").read_text()), strict=True))
    assert found == LINES
    out, err = run.stdout.decode("ascii"), run.stderr.decode("ascii")  # it is ASCII
    assert "Traceback" not in err and "\\u03bb 2.00, 1.00 px\\xb2" in out
    records = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert len(records) == 3 and os.fsencode(records[0]["source"]) == b"in/" + ODD
    made = {os.path.join(at, name) for at, _, names in os.walk(os.fsencode(place)) for name in names}
    assert {os.path.join(os.fsencode(place), folder, ODD) for folder in (b"out", b"new", b"lr")} <= made


SCRIPT = "import sys; from mzsr_basicsr.cli.main import main; sys.argv = ['mzsr', *sys.argv[1:]]; main()"


def shell(place, line):
    """Run a line of bash, in which `mzsr` is the command: the exit status of each part of the last pipe, and stderr."""
    text = f'mzsr() {{ "{sys.executable}" -c "{SCRIPT}" "$@"; }}; {line}; echo "${{PIPESTATUS[@]}}" >status'
    run = subprocess.run(["bash", "-c", text], cwd=place, env=environment(), capture_output=True, timeout=100)
    return [int(word) for word in (place / "status").read_text().split()], run.stderr.decode()


def test_a_reader_that_has_gone_is_no_fault_and_the_work_is_done(place):
    assert shell(place, "mzsr --help | true") == ([0, 0], "")
    assert shell(place, f"mzsr upscale in -o piped {QUICK} | true") == ([0, 0], "")
    assert len(list((place / "piped").iterdir())) == 1
    assert shell(place, f"mzsr upscale in/*.png -o - {QUICK} | true") == ([141, 0], "")  # the picture itself is lost
    assert shell(place, "mzsr upscale none.png -o - 2>&1 | true") == ([1, 0], "")


def test_closed_streams(place):
    assert shell(place, f"mzsr upscale in -o closed {QUICK} >&- 2>&-") == ([0], "")
    assert len(list((place / "closed").iterdir())) == 1
    assert shell(place, "mzsr upscale none.png -o closed 2>&-") == ([1], "")


def test_every_text_file_of_ours_says_its_encoding():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            if name == "read_text":
                assert node.args or "encoding" in {k.arg for k in node.keywords}, f"{path}:{node.lineno}"
            if name == "write_text":
                assert "encoding" in {k.arg for k in node.keywords}, f"{path}:{node.lineno}"
            words = [a.value for a in node.args if isinstance(a, ast.Constant)] if name else []
            if name == "open" and any(word in ("r", "w", "a", "x", "r+", "w+", "a+") for word in words):
                owner = node.func.value
                library = isinstance(owner, ast.Name) and owner.id in ("av", "rasterio")
                assert library or "encoding" in {k.arg for k in node.keywords}, f"{path}:{node.lineno}"


def test_print_is_left_to_the_streams():
    """Only one module prints, as only it knows what a stream may be; three lines have a reason of their own."""
    prints = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert prints == {"jobs/streams.py", "cli/inspect.py", "models/checkpoint.py", "host/shim/__main__.py"}
