"""Every shipped option file: it opens with the plug-in's line, builds on the CPU, and holds no key that nobody reads."""

import copy
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from basicsr.data import build_dataset
from basicsr.models import build_model
from basicsr.utils.options import ordered_yaml
from helpers.places import OPTIONS

import mzsr_basicsr
from mzsr_basicsr import weights

ALL = sorted(OPTIONS.rglob("*.yml"))
FILES = [file for file in ALL if file.parent.name != "benchmark"]  # those are of `mzsr benchmark`, with its own tests
README = (OPTIONS / "README.md").read_text()
WEIGHTS = "experiments/{}/models/net_g_latest.pth"
LINE = "plugin: !!python/name:mzsr_basicsr.PLUGIN"
# what BasicSR's SRModel, trainer and tester read; MZSRModel's files are checked by their strict records
SR_KEYS = {
    "": {"plugin", "name", "model_type", "scale", "num_gpu", "manual_seed", "datasets", "network_g", "path", "train", "val", "logger", "dist_params"},
    "path": {"pretrain_network_g", "strict_load_g", "resume_state"},
    "train": {"ema_decay", "optim_g", "scheduler", "total_iter", "warmup_iter", "pixel_opt"},
    "val": {"val_freq", "save_img", "suffix", "metrics"},
    "logger": {"print_freq", "save_checkpoint_freq", "use_tb_logger", "wandb"},
}  # fmt: skip


def load(file: Path) -> dict:
    return yaml.load(file.read_text(), Loader=ordered_yaml()[0])


def as_basicsr_would(opt: dict, tmp_path: Path) -> dict:
    """Add what parse_options adds, point the data at small photographs, and forget weights that are not trained yet."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(8):
        image = np.random.default_rng(i).integers(0, 256, (272, 276, 3), dtype=np.uint8)
        cv2.imwrite(str(photos / f"{i}.png"), image)
    training = "train" in opt
    opt.update(dist=False, rank=0, world_size=1, auto_resume=False, is_train=training, num_gpu=0)
    for phase, section in opt["datasets"].items():
        section.update(phase=phase, scale=opt["scale"], dataroot_gt=str(photos))
    opt["path"]["pretrain_network_g"] = None
    opt["path"].update(
        models=str(tmp_path), training_states=str(tmp_path), visualization=str(tmp_path), log=str(tmp_path)
    )
    return opt


def test_all_promised_files_are_there() -> None:
    promised = {
        "mzsr_x2",
        "mzsr_x3",
        "mzsr_x4",
        "mzsr_paper_x2",
        "paper_x2",
        "paper_x4",
        "mzsr_bicubic_x2",
        "mzsr_multiscale",
        "pretrain_paper_x2",
        "demo_x2",
        "mzsr_conditioned_x2",
        "mzsr_edsr_x2",
        "mzsr_photo_x2",
    }
    names = {file.stem for file in FILES}
    first_stages = {f"pretrain_mzsr_x{scale}" for scale in (2, 3, 4)}
    others = {"pretrain_demo_x2", "kernel_net", "task_embedding", "pretrain_edsr_x2", "zssr_x2"}
    assert promised | first_stages | others <= names
    assert {f"test_{name}" for name in promised} <= names


def test_a_name_is_used_once_in_the_whole_tree() -> None:
    """Experiment folders are named after the files, whatever folder those are in."""
    names = [file.stem for file in ALL]
    assert len(names) == len(set(names))


def test_the_folders_readme_names_every_file_once_and_no_other() -> None:
    named = re.findall(r"[\w/]+\.yml", README)
    assert sorted(named) == sorted(file.relative_to(OPTIONS).as_posix() for file in ALL)


@pytest.mark.parametrize("file", ALL, ids=lambda f: f.stem)
def test_the_folders_readme_says_where_a_files_data_are(file: Path) -> None:
    (row,) = [line for line in README.splitlines() if f"`{file.relative_to(OPTIONS).as_posix()}`" in line]
    sections = load(file)["datasets"].values()
    roots = {section["dataroot_gt"] if isinstance(section, dict) else section for section in sections}
    assert set(re.findall(r"`((?:datasets|photographs)/[\w/]+)`", row)) == roots


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_file_builds_on_the_cpu(file: Path, tmp_path: Path) -> None:
    assert file.read_text().splitlines()[0] == LINE
    opt = load(file)
    assert opt["plugin"] == mzsr_basicsr.PLUGIN
    opt = as_basicsr_would(opt, tmp_path)
    untouched = copy.deepcopy(opt)
    for section in opt["datasets"].values():
        item = build_dataset(section)[0]
        assert "kernel" in item or "lq" in item
    model = build_model(opt)
    assert opt == untouched  # options are read, never written
    if opt["model_type"] == "MZSRModel":
        assert sum(p.numel() for p in model.net_g.parameters()) > 0
        if opt["is_train"] or opt["val"]["zero_shot"]["rates"] != "learned":  # those come with the weights
            assert model.settings().updates
    elif opt["model_type"] == "SRModel":
        assert not set(opt) - SR_KEYS[""] - {"dist", "rank", "world_size", "auto_resume", "is_train"}
        for section in ("train", "val", "logger"):
            assert not set(opt.get(section, {})) - SR_KEYS[section]
        assert not set(load(file)["path"]) - SR_KEYS["path"]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_test_file_fits_its_training_file(file: Path) -> None:
    """Network, scale and subsampling must be the same, or the weights would not serve."""
    partners = [other for other in FILES if other.stem == f"test_{file.stem}"]
    if not partners:
        return
    train, test = load(file), load(partners[0])
    assert train["network_g"] == test["network_g"] and train["scale"] == test["scale"]
    assert train["datasets"]["train"].get("subsampling") == test["datasets"]["test"]["subsampling"]
    assert test["path"]["pretrain_network_g"] in (WEIGHTS.format(train["name"]), f"shipped:{train['name']}")


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_the_weights_a_file_starts_from_are_made_by_another_file(file: Path) -> None:
    """And they fit: the network is the same, or the file says that it need not be."""
    opt, makers = load(file), {WEIGHTS.format(load(other)["name"]): load(other) for other in FILES}
    assert opt["name"] == file.stem
    start = opt["path"]["pretrain_network_g"]
    if start is None:
        return
    if start.startswith("shipped:"):
        assert start.removeprefix("shipped:") in weights.names()
        return
    assert start in makers and start != WEIGHTS.format(opt["name"])
    if opt["path"].get("strict_load_g", True):
        assert makers[start]["network_g"] == opt["network_g"]


def test_the_papers_setting_is_in_the_papers_file() -> None:
    """protocol.md, stage 2; written out here so that an edit of the file is noticed."""
    opt = load(OPTIONS / "paper" / "paper_x2.yml")
    data, train = opt["datasets"]["train"], opt["train"]
    assert (data["support"], data["query"], data["gt_size"], data["batch_size_per_gpu"]) == (8, 8, 64, 5)
    assert data["kernel_law"] == {"size": 15, "lambda1": [1.0, 5.0], "lambda2": [1.0, None], "theta": [0.0, np.pi]}
    assert (train["total_iter"], train["optim_g"]["type"], train["optim_g"]["lr"]) == (100000, "Adam", 1e-4)
    meta = train["meta"]
    assert (meta["inner_steps"], meta["inner_rate"], meta["order"], meta["loss_weights"]) == (5, 1e-2, 2, "uniform")
    assert opt["val"]["zero_shot"]["rates"] == [[0, 2e-2], [1, 1e-2], [4, 5e-3]]
