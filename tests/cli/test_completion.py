"""TAB in a real bash: what a line with tabs becomes is what the command of that name is given."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.trainings import environment

from mzsr_basicsr.cli.completion import SHELLS, script

PROMPT = "ready: "
TYPED = {  # with | for TAB: what the command gets
    "mzsr up|a.png": "upscale a.png",
    "mzsr kern|dr|disk:2": "kernel draw disk:2",
    "mzsr upscale --quality b|": "upscale --quality best",
    "mzsr upscale --qual|": "upscale --quality",
    "mzsr upscale pho|": "upscale photo.jpg",
    "mzsr upscale photo.jpg oth|": "upscale photo.jpg other one.png",
    "mzsr upscale photo.jpg -o fo|": "upscale photo.jpg -o folder of scans/",
    "mzsr upscale fo|s|": "upscale folder of scans/scan.tif",
    "mzsr upscale --scale pho|": "upscale --scale pho",
    "mzsr train -opt opt|": "train -opt options.yml",
    "mzsr train --launcher py|": "train --launcher pytorch",
    "mzsr completion z|": "completion zsh",
    "mzsr inf|--js|": "info --json",
}


def type_in_bash(folder: Path, lines: list[str]) -> list[str]:
    """Type lines into an interactive bash that knows the script, and give what `mzsr` got from each."""
    master, slave = pty.openpty()
    (folder / "rc").write_text(f'source ./script; mzsr() {{ echo "$*" >>said; }}; PS1="{PROMPT}"')
    command = ["bash", "--noprofile", "--rcfile", "rc", "-i"]
    terminal = {**environment(), "TERM": "dumb"}
    shell = subprocess.Popen(command, cwd=folder, stdin=slave, stdout=slave, stderr=slave, env=terminal)
    os.close(slave)
    for line in [*lines, "exit 0"]:
        said = b""
        while not said.endswith(PROMPT.encode()):  # or the tabs would be taken before readline sees them
            said += os.read(master, 4096)
        os.write(master, f"{line}\n".encode())
    assert shell.wait(timeout=20) == 0
    os.close(master)
    return (folder / "said").read_text().splitlines()


def test_bash_completes_commands_options_values_and_files(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(script("bash"))
    (tmp_path / "folder of scans").mkdir()
    for name in ("photo.jpg", "other one.png", "options.yml", "folder of scans/scan.tif"):
        (tmp_path / name).touch()
    typed = [line.replace("|", "\t") for line in TYPED]
    assert [line.strip() for line in type_in_bash(tmp_path, typed)] == list(TYPED.values())


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_takes_its_script(shell: str, tmp_path: Path) -> None:
    text = script(shell)
    assert all(word in text for word in ("upscale", "quality", "normal", "estimate"))
    if shutil.which(shell) is None:
        pytest.skip(f"NOT TESTED: no {shell} here, which would read its script")
    (tmp_path / "script").write_text(text)
    done = subprocess.run([shell, "-n", "script"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
