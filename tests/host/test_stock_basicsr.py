"""The literal command of BasicSR's users: the unmodified source tree of PyPI's basicsr 1.4.2, with the plug-in installed.

1.4.2 imports `torchvision.transforms.functional_tensor`, which torchvision 0.17 removed, before it reads any option. The
folder `mzsr_basicsr/host/shim` on PYTHONPATH holds a `sitecustomize` that lets Python find that module again; the source
tree itself is not touched. From there on the option file's first line loads the plug-in.
"""

from pathlib import Path

import pytest
import torch
from helpers.places import ROOT
from helpers.stage1 import write_stage1
from helpers.trainings import environment, run, write_options, write_photos
from helpers.users_plugin import check_training, write_plugin

from mzsr_basicsr.errors import InstallError
from mzsr_basicsr.host import install

SHIM = ROOT / "mzsr_basicsr" / "host" / "shim"


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist, fetched by pip; one line of its setup.py is mended, which no training reads."""
    try:
        return install.fetch(tmp_path_factory.mktemp("sdist"))
    except InstallError as error:
        pytest.skip(f"NOT TESTED: {error}")


def stock(
    tree: Path,
    script: str,
    *arguments: str,
    shim: bool = True,
    launcher: tuple[str, ...] = (),
    also: tuple[Path, ...] = (),
):
    """Run a script of the source tree; `import basicsr` finds that tree, not an installed copy."""
    path = ":".join([*([str(SHIM)] if shim else []), str(tree), str(ROOT), *map(str, also)])
    return run([*launcher, f"basicsr/{script}.py", *arguments], tree, environment(PYTHONPATH=path))


def latest(tree: Path, name: str) -> dict:
    return torch.load(tree / f"experiments/{name}/models/net_g_latest.pth", weights_only=True)


def test_train_resume_force_and_test(tree: Path, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 3)
    options = str(write_options(tmp_path / "o.yml", photos, 5))
    whole = stock(tree, "train", "-opt", options)
    assert whole.returncode == 0, whole.stderr
    assert "iter:       5" in whole.stderr
    before = latest(tree, "tiny")
    assert all(torch.isfinite(value).all() for value in before["params"].values())

    parts = [stock(tree, "train", "-opt", options, "--force_yml", "name=parts", "train:total_iter=3")]
    assert torch.load(tree / "experiments/parts/training_states/2.state", weights_only=True)["iter"] == 2
    parts.append(stock(tree, "train", "-opt", options, "--auto_resume", "--force_yml", "name=parts"))
    assert [p.returncode for p in parts] == [0, 0], parts[-1].stderr
    assert "Resuming training from epoch: 0, iter: 2" in parts[1].stderr
    resumed = latest(tree, "parts")
    for key in ("params", "params_ema"):
        assert all(torch.equal(value, resumed[key][name]) for name, value in before[key].items())

    text = "\n".join(line for line in Path(options).read_text().splitlines() if not line.startswith("logger"))
    text = text.replace("  val: {", "  test: {").replace(
        "pretrain_network_g: ~", "pretrain_network_g: experiments/tiny/models/net_g_latest.pth"
    )
    start, end = text.index("  train:\n    name"), text.index("  test: {")
    text = text[:start] + text[end:]
    start, end = text.index("train:\n  total_iter"), text.index("val: {val_freq")
    (tmp_path / "t.yml").write_text(text[:start] + text[end:].replace("save_img: false", "save_img: true, suffix: s"))
    tested = stock(tree, "test", "-opt", str(tmp_path / "t.yml"))
    assert tested.returncode == 0, tested.stderr
    assert len(list((tree / "results/tiny/visualization/v").glob("*_1updates_s.png"))) == 3
    assert "after 1" in tested.stderr


def test_debug_and_torchrun(tree: Path, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 3)
    options = str(write_options(tmp_path / "o.yml", photos, 3))
    debug = stock(tree, "train", "-opt", options, "--debug", "--force_yml", "train:total_iter=2")
    assert debug.returncode == 0, debug.stderr
    assert latest(tree, "debug_tiny")["about"]["scale"] == 2.0
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    both = stock(tree, "train", "-opt", options, "--launcher", "pytorch", "--force_yml", "name=both", launcher=torchrun)
    assert both.returncode == 0, both.stderr
    assert latest(tree, "both")["rates"].shape == (2, 6)


def test_a_stage_of_basicsr_is_checked_and_runs_under_torchrun(tree: Path, tmp_path: Path) -> None:
    """Its own SRModel on our pairs: a data set that is too short, a rate that is a text, two processes without a GPU."""
    photos = write_photos(tmp_path / "photos", 3)
    short = stock(tree, "train", "-opt", str(write_stage1(tmp_path / "short.yml", photos, 3, length=5)))
    assert short.returncode == 1
    assert "ConfigError: datasets.train.length: 5 tasks; train.total_iter needs 6" in short.stderr
    options = str(write_stage1(tmp_path / "o.yml", photos, 3))
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    forced = ("--launcher", "pytorch", "--force_yml", "train:optim_g:lr=1.0e-3")
    both = stock(tree, "train", "-opt", options, *forced, launcher=torchrun)
    assert both.returncode == 0, both.stderr
    assert set(latest(tree, "pairs")) == {"params", "params_ema"}


def test_a_users_plugin(tree: Path, tmp_path: Path) -> None:
    """The module that docs/extend.md describes."""
    options = write_plugin(tmp_path, f"{tmp_path}/")
    check_training(
        stock(tree, "train", "-opt", str(options), "--force_yml", "name=users", also=(tmp_path,)), tree, "users"
    )


def test_a_refusal_is_the_last_line_and_leaves_the_earlier_run_alone(tree: Path, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 3)
    options = write_options(tmp_path / "o.yml", photos, 2, workers=2)
    force = ("-opt", str(options), "--force_yml", "name=good")
    assert stock(tree, "train", *force).returncode == 0
    before = sorted((tree / "experiments").rglob("*"))
    options.write_text(options.read_text().replace("ema_decay", "ema_dacay"))
    done = stock(tree, "train", *force)
    assert done.stderr.splitlines()[-1].endswith("train.ema_dacay: unknown key; did you mean `ema_decay`?")
    options.write_text(options.read_text().replace("ema_dacay", "ema_decay"))
    for photo in photos.glob("*"):
        photo.write_bytes(photo.read_bytes()[:60])
    done = stock(tree, "train", *force)
    assert done.returncode == 1 and ".png: damaged or not an image (60 bytes)" in done.stderr.splitlines()[-1]
    done = stock(tree, "test", *force)
    assert "datasets.train: a training file cannot be tested with" in done.stderr.splitlines()[-1]
    assert sorted((tree / "experiments").rglob("*")) == before
    assert not (tree / "results/good").exists()


def test_the_tree_is_what_runs_and_the_shim_is_what_it_needs(tree: Path) -> None:
    path = f"{SHIM}:{tree}:{ROOT}"
    code = "import basicsr, sys; print(basicsr.__file__)"
    found = run(["-c", code], tree.parent, environment(PYTHONPATH=path))
    assert found.stdout.strip().endswith(str(tree / "basicsr" / "__init__.py"))
    without = stock(tree, "train", "-opt", "none.yml", shim=False)
    assert without.returncode != 0
    if "functional_tensor" not in without.stderr:  # an old torchvision still has the module
        assert "none.yml" in without.stderr


def test_the_shim_says_where_it_is_and_runs_what_it_hides(tmp_path: Path) -> None:
    assert run(["-m", "mzsr_basicsr.host.shim"], tmp_path).stdout.strip().splitlines()[-1] == str(SHIM)
    (tmp_path / "sitecustomize.py").write_text("import os; os.environ['HIDDEN'] = 'ran'")
    code = (
        "import os, sys; print(os.environ.get('HIDDEN'), sys.meta_path[-1].__class__.__name__, 'torch' in sys.modules)"
    )
    done = run(["-c", code], tmp_path, environment(PYTHONPATH=f"{SHIM}:{tmp_path}"))
    assert done.stdout.split() == ["ran", "FunctionalTensorFinder", "False"]


def test_importing_twice_is_harmless() -> None:
    code = "import importlib, mzsr_basicsr as m; importlib.reload(m); from basicsr.utils.registry import MODEL_REGISTRY as r; print('MZSRModel' in r)"
    assert run(["-c", code], ROOT).stdout.strip().splitlines()[-1] == "True"
