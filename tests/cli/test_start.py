"""A light start: help, refusals and the package itself load nothing heavy, and `mzsr upscale` only what it uses.

What is loaded is looked up in `sys.modules` of processes of their own; no time is measured, see benchmarks/start.py.
"""

import json
import re
import subprocess
import sys

import pytest
from helpers.commands import photograph
from helpers.trainings import environment

import mzsr_basicsr

HEAVY = [
    "torch",
    "numpy",
    "scipy",
    "PIL",
    "cv2",
    "basicsr",
    "torchvision",
    "matplotlib",
    "msgspec",
    "yaml",
    "av",
    "tqdm",
    "jinja2",
    "skimage",
    "sklearn",
    "tifffile",
    "gradio",
    "fastapi",
    "ray",
]
NOT_FOR_UPSCALING = [
    "sympy",  # parts of PyTorch bring it, and take half a second
    "basicsr",
    "torchvision",
    "scipy",
    "cv2",
    "torch._dynamo",
    "matplotlib",
    "av",
    "jinja2",
    "yaml",
    "tifffile",
    "imagecodecs",
    "sklearn",
]
COMMANDS = (
    "upscale",
    "web",
    "adapt",
    "export",
    "degrade",
    "benchmark",
    "inspect",
    "train",
    "test",
    "demo",
    "evaluate",
    "kernel",
    "weights",
    "tasks",
    "info",
    "completion",
)
KERNEL = (f"kernel {action}" for action in ("estimate", "draw", "convert", "compare"))
ACTIONS = (*KERNEL, "weights average", "tasks map", "tasks cluster")
# Runs command lines one after the other, and says what each gave and which modules are loaded by then.
DRIVER = """
import contextlib, io, json, sys
from mzsr_basicsr.cli.main import main

found = []
for line in json.loads(sys.argv[1]):
    sys.argv = ["mzsr", *line.split()]
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = end.code
    if isinstance(status, str):  # as Python ends: it prints the text, and the status is 1
        err.write(status + chr(10))
        status = 1
    found.append([status or 0, out.getvalue(), err.getvalue(), [m for m in HEAVY if m in sys.modules]])
print(json.dumps(found))
"""
REFUSED = {  # arguments: exit status, what the one line says
    "nonsense": (2, "invalid choice: 'nonsense'"),
    "upscale a.png": (2, "the following arguments are required: -o/--output"),
    "upscale a.png -o out --format svg": (2, "argument --format: invalid choice: 'svg'"),
    "upscale a.png -o out --signal fog": (2, "argument --signal: invalid choice: 'fog'"),
    "upscale a.png -o out --overwrite --skip-existing": (2, "not allowed with argument --overwrite"),
    "upscale a.png -o out --scale 5": (1, "scale: 5 must be from 1 to 4"),
    "upscale a.png -o out --jobs 0": (1, "jobs: 0 must be from 1 to "),
    "upscale a.png -o out --shard 0/4": (1, "shard: 0/4: there is no share 0 of 4; the first number must be from 1"),
    "upscale a.png -o out --shard two": (1, "shard: 'two' is no share; write --shard 3/16 for the third of sixteen"),
    "upscale a.png -o out --shard auto/4": (1, "shard: auto/4: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX"),
    "upscale a.png -o out --ray local --jobs 2": (1, "ray: the cluster's CPUs say how many are at work side by side"),
    "benchmark -opt text --shard 5/4": (1, "shard: 5/4: there is no share 5 of 4; the first number must be from 1 to"),
    "upscale a.png -o out --kernel fog:3": (
        1,
        "fog:3: unknown kernel; allowed: auto, auto-free, bicubic, a .mat, .npy, .npz or .png file (FILE[3]: the third ",
    ),
    "upscale a.png -o out --kernel atuo": (1, "atuo: unknown kernel, did you mean auto? allowed: auto, auto-free, "),
    "degrade a.png -o out --kernel bicubci": (1, "bicubci: unknown kernel, did you mean bicubic? allowed: auto, bic"),
    "upscale a.png -o out --noise high": (1, "noise: 'high' must be auto, or a number from 0 to 100"),
    "upscale a.png -o out --scale two": (2, "argument --scale: 'two' is no number; give one such as 2 or 1.5"),
    "upscale a.png -o out --kernle x": (2, "mzsr upscale: error: unrecognized arguments: --kernle x; did you mean --k"),
    "kernel draw disk:3 -o k.png --sied 9": (2, "mzsr kernel draw: error: unrecognized arguments: --sied 9; did you "),
    "kernel draw disk:3 -o k.png/": (2, "argument -o/--output: k.png/ is a folder's name, by its slash; give the "),
    "upscale a.png -o out --kernel disk:50": (1, "disk:50: disk kernel: radius 50 must be 0.1 to 40 px; write disk:R"),
    "upscale a.png -o out --kernel none.npy": (1, "none.npy: kernel file not found; allowed: "),
    "upscale a.png -o out --kernel auto-free --subsampling bicubic": (1, "subsampling: bicubic does not go with the "),
    "upscale a.png -o out --kernel-turned": (1, "kernel-turned: the kernel auto is no given one; give --kernel a file"),
    "degrade a.png -o out --kernel bicubic --kernel-turned": (1, "kernel-turned: the kernel bicubic is no given one"),
    "inspect a.png -o out --kernel-turned": (1, "kernel-turned: the kernel auto is no given one"),
    "upscale a.png -o out --weights none.pth": (1, "none.pth: weights file does not exist"),
    "upscale a.png -o out --weights shipped:none": (1, "shipped:none: no such network is shipped; allowed: shipped:"),
    "upscale a.png -o out --memory empty": (1, "empty: is a folder; give --memory the name of a file"),
    "upscale a.png -o out --memory none/m.pt": (1, "none/m.pt: there is no folder none; create it first"),
    "upscale none.png -o out": (1, "none.png: no such file; give a picture file: PNG, "),
    "upscale none.mp4 -o out": (1, "none.mp4: video not found; give an existing file"),
    "upscale *.none -o out": (1, "*.none: no picture or clip has such a name; known endings: "),
    "upscale empty -o out": (1, "empty: the folder holds no picture or clip"),
    "upscale a.png -o b.mkv": (1, "b.mkv: cannot write a picture as '.mkv'; allowed: .png"),
    "upscale a.png -o b.png --format jpg": (1, "b.png: its ending does not go with --format jpg"),
    "upscale a.png -o a.png": (1, "a.png: the output is an input"),
    "upscale a.png -o text/out": (1, "text/out: cannot make this folder (Not a directory); choose another output"),
    "upscale - a.png -o -": (1, "upscale: -o - writes one picture; give one file, or - for one"),
    "upscale a.png -o b.heic": (1, "b.heic: no picture is written as '.heic'; allowed: .png"),
    "upscale a.png -o b.pgn": (1, "b.pgn: no picture is written as '.pgn'; allowed: .png"),
    "adapt none -o w.pth": (1, "adapt: none does not exist; give a folder of pictures of one camera, scanner or "),
    "adapt empty -o w.pth": (1, "adapt: empty holds no file; known endings: .png"),
    "adapt . -o w.pth": (1, "adapt: . holds one picture, a.png; give two or more"),
    "adapt . -o w.pt": (1, "output: w.pt ends with '.pt'; allowed: .pth"),
    "adapt . -o w.pth --minutes 0": (1, "minutes: 0 must be from 0.01 to 10000"),
    "export -o w.onnx": (
        1,
        "kernel: auto is estimated from an image; give --image FILE of the camera or scanner, or a ",
    ),
    "export -o w.pth --kernel bicubic": (1, "output: w.pth ends with '.pth'; allowed: .onnx .pt"),
    "export -o w.pt --kernel bicubic --updates 3": (1, "updates: 3 need an image to learn from; give --image FILE"),
    "export -o w.pt --kernel fog:3": (1, "fog:3: unknown kernel"),
    "export -o w.pt --image none.png": (1, "none.png: no such file"),
    "export -o w.pt --kernel bicubic --weights none.pth": (1, "none.pth: weights file does not exist"),
    "export -o w.pt --kernel bicubic --scale 2.5": (1, "scale: 2.5; allowed: 2, 3, 4, as networks have them"),
    "kernel draw fog:3 -o k.png": (1, "fog:3: unknown kernel"),
    "kernel draw disk:3 -o k.npy": (1, "output: k.npy ends with '.npy'; allowed: .png"),
    "kernel convert none.mat -o k.npy": (1, "none.mat: kernel file not found"),
    "kernel compare disk:2 disk:x": (1, "disk:x: not numbers; write disk:RADIUS"),
    "tasks map none -o map.png": (1, "photos: folder none does not exist"),
    "tasks map empty -o map.svg": (1, "output: map.svg ends with '.svg'; allowed: .png .html"),
    "tasks cluster empty -k 300 -o c.pth": (1, "clusters: 300 are more than the 256 tasks"),
    "kernel estimate none.png": (1, "none.png: no such file"),
    "degrade a.png -o out --noise 256": (1, "noise: 256 must be from 0 to 255"),
    "degrade a.png -o out --kernel gaussian:0": (1, "gaussian:0: variances must be positive px^2"),
    "degrade none.png -o out": (1, "none.png: no such file"),
    "degrade none.mp4 -o out": (1, "none.mp4: a clip or a GIF; give pictures of another kind"),
    "web --port 70000": (1, "port: 70000 must be from 0 to 65535"),
    "web --queue two": (2, "argument --queue: invalid int value: 'two'"),
    "inspect -o out": (1, "inspect: neither an LR image nor --hr"),
    "inspect a.png -o out --crop 9999": (1, "crop: 9999 px; at most 1024"),
    "inspect a.png -o out --signal fog": (2, "argument --signal: invalid choice: 'fog'"),
    "inspect a.png -o out --gt none.png": (1, "none.png: no such file"),
    "inspect a.png -o out --weights none.pth": (1, "none.pth: weights file does not exist"),
    "inspect a.png -o text": (1, "output: text is there and no folder"),
    "benchmark -opt none.yml": (1, "none.yml: cannot be read (No such file or directory); check the path after -opt"),
    "benchmark -opt text --jobs 0": (1, "--jobs: 0 must be at least 1"),
    "evaluate none": (1, "datasets.test.dataroot_gt: folder none/Set5/GT does not exist"),
    "evaluate . --signal fog": (2, "argument --signal: invalid choice: 'fog'"),
    "evaluate . -w none.pth": (1, "none.pth: weights file does not exist"),
    "weights average a.png text": (2, "the following arguments are required: -o/--output"),
    "weights average a.png -o c.pth": (1, "weights average: a.png is one file; give two or more"),
    "weights average a.png none.pth -o c.pth": (1, "none.pth: weights file does not exist"),
    "weights average a.png shipped:none -o c.pth": (1, "shipped:none: no such network is shipped; allowed: shipped:"),
    "weights average a.png ./a.png -o c.pth": (1, "weights average: a.png is given more than once; give each file"),
    "weights average a.png text -o c.npy": (1, "output: c.npy ends with '.npy'; allowed: .pth"),
    "weights average a.png text -o none/c.pth": (1, "output: none/c.pth: there is no folder none; make it first"),
    "weights average a.png text -o c.pth --soup none": (1, "soup: folder none does not exist; give a folder of photo"),
    "weights average a.png text -o c.pth --soup empty": (1, "soup: empty holds no photograph; known endings: .png"),
    "weights average a.png text -o c.pth --soup . --tasks 0": (1, "tasks: 0 must be from 1 to 10000"),
    "weights average a.png text -o c.pth --soup . --updates -1": (1, "updates: -1 must be from 0 to 1000"),
    "weights average a.png text -o c.pth --soup . --seed -1": (1, "seed: -1 must be an integer from 0"),
    "demo --options none": (1, "demo_x2.yml: no such option file"),
    "train": (2, "the following arguments are required: -opt"),
    "train -opt none.yml": (1, "none.yml: no such option file; check the path after -opt"),
    "test -opt none.yml": (1, "none.yml: no such option file; check the path after -opt"),
}


def python(folder, code, *arguments):
    """Run a text in a Python of its own, and give its last line of output."""
    command = [sys.executable, "-c", code, *arguments]
    run = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def loaded(folder, lines):
    return python(folder, f"HEAVY = {HEAVY}\n{DRIVER}", json.dumps(lines))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("start")
    photograph(folder / "a.png")
    (folder / "text").write_text("a text")
    (folder / "empty").mkdir()
    return folder


def test_help_and_version_load_nothing(place):
    helps = [f"{name} --help".strip() for name in ("", *COMMANDS, *ACTIONS)]
    *shown, version = loaded(place, [*helps, "--version"])
    for line, (status, out, err, heavy) in zip(helps, shown, strict=True):
        assert (status, err, heavy) == (0, "", []), line
        assert out.startswith(f"usage: mzsr {line.removesuffix('--help')}".rstrip()), line
    assert version == [0, f"mzsr {mzsr_basicsr.__version__}\n", "", []]
    assert all(re.search(rf"^    {name}\b", shown[0][1], re.MULTILINE) for name in COMMANDS)


def test_refusals_load_nothing_and_say_what_they_said(place):
    before = sorted(place.rglob("*"))
    for line, (status, out, err, heavy) in zip(REFUSED, loaded(place, list(REFUSED)), strict=True):
        expected, message = REFUSED[line]
        assert (status, out, heavy) == (expected, "", []), line
        assert message in err.splitlines()[-1], line
        assert expected == 2 or (err.count("\n") == 1 and err.startswith("error: ")), line
    assert sorted(place.rglob("*")) == before


def test_what_nothing_need_be_done_for_loads_nothing(place):
    (place / "done").mkdir()
    (place / "done/a.png").write_bytes(b"a result")
    line = "upscale a.png none.png -o done --skip-existing"
    ((status, out, err, heavy),) = loaded(place, [line])
    assert (status, out, heavy) == (1, "done/a.png: is there already, skipped\n", [])
    assert err.splitlines()[0].startswith("error: none.png: no such file")
    assert err.splitlines()[1:] == ["error: 1 of 2 files failed, see above"]


def test_the_package_loads_nothing_and_upscaling_only_what_it_uses(place):
    code = """
import json, sys
import mzsr_basicsr
first = [m for m in HEAVY if m in sys.modules]
from mzsr_basicsr.cli.main import main
sys.argv = ["mzsr", "upscale", "a.png", "-o", "out", "--updates", "2"]
main()
print(json.dumps([first, [m for m in NOT_FOR_UPSCALING if m in sys.modules], "torch" in sys.modules]))
"""
    found = python(place, f"HEAVY, NOT_FOR_UPSCALING = {HEAVY}, {NOT_FOR_UPSCALING}\n{code}")
    assert found == [[], [], True] and (place / "out/a.png").is_file()


def test_the_process_that_shares_out_the_work_loads_no_torch(place):
    (place / "two").mkdir()
    for index in range(2):
        photograph(place / f"two/{index}.png", index)
    code = """
import json, sys
from mzsr_basicsr.cli.main import main
if __name__ == "__main__":
    sys.argv = ["mzsr", "upscale", "two", "-o", "shared", "--updates", "0", "--device", "cpu", "--jobs", "2"]
    main()
    print(json.dumps("torch" in sys.modules))
"""
    assert python(place, code) is False
    assert sorted(path.name for path in (place / "shared").iterdir()) == ["0.png", "1.png"]
