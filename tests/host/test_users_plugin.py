"""The module that docs/extend.md describes, on every way in but BasicSR's own script (see test_stock_basicsr)."""

from pathlib import Path

import pytest
from helpers.trainings import run
from helpers.users_plugin import check_training, write_plugin

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
WAYS = {
    "our launcher": ("-m", "mzsr_basicsr.train"),
    "the command": ("-c", "import sys; sys.path.remove(''); from mzsr_basicsr.cli.main import main; main()", "train"),
    "torchrun, spawned workers": (*TORCHRUN, "-m", "mzsr_basicsr.train"),
}


@pytest.mark.parametrize("command", WAYS.values(), ids=WAYS)
def test_through_our_launchers(tmp_path: Path, command: tuple[str, ...]) -> None:
    write_plugin(tmp_path)
    extra = ["--launcher", "pytorch"] if "--standalone" in command else []
    check_training(run([*command, "-opt", "my_training.yml", *extra], tmp_path), tmp_path)


def test_basicsr_first_in_a_module(tmp_path: Path) -> None:
    """Whatever a module imports first: our launcher has mended BasicSR by then."""
    write_plugin(tmp_path)
    module = tmp_path / "my_plugin.py"
    module.write_text(f"from basicsr.utils.registry import ARCH_REGISTRY\n{module.read_text()}")
    check_training(run(["-m", "mzsr_basicsr.train", "-opt", "my_training.yml"], tmp_path), tmp_path)


def test_a_module_that_is_not_found_is_said(tmp_path: Path) -> None:
    write_plugin(tmp_path)
    (tmp_path / "my_plugin.py").unlink()
    done = run(["-m", "mzsr_basicsr.train", "-opt", "my_training.yml"], tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert (
        "my_plugin.PLUGIN cannot be loaded (No module named 'my_plugin'); start in its folder, or install it"
        in done.stderr
    )
