"""What the README and the pages of docs point at is there: links, pictures, commands, files, modules, options."""

import argparse
import pkgutil
import re
import shlex
from pathlib import Path

import basicsr  # noqa: F401  the plug-in is registered before its modules are looked up
import pytest
from helpers.documents import PAGES, PEOPLE, README, anchors, blocks, name, prose
from helpers.places import OPTIONS, PACKAGE, ROOT

import mzsr_basicsr
from mzsr_basicsr.cli.commands import parser
from mzsr_basicsr.host import launch
from mzsr_basicsr.options import datasets, learner, run, zero_shot, zssr

DOCS = ROOT / "docs"
THEIRS = {"basicsr/train.py", "basicsr/test.py"}  # files of BasicSR's source tree
TEXT = {page: page.read_text() for page in (*PAGES, *PEOPLE)}
each_page = pytest.mark.parametrize("page", list(TEXT), ids=name)


def test_the_readme_is_short() -> None:
    assert TEXT[README].count("\n") <= 150


@each_page
def test_a_page_is_reached_and_leads_on(page: Path) -> None:
    if page == README or page in PEOPLE:
        return
    assert f"]({name(page)})" in TEXT[README]
    lines = [line for line in TEXT[page].splitlines() if line]
    assert lines[0].startswith("# ") and lines[1].startswith("For everyone who ")
    up = "../" * (len(page.relative_to(ROOT).parts) - 1)
    assert "\n---\n" in TEXT[page] and f"[README]({up}README.md)" in TEXT[page].rsplit("\n---\n", 1)[1]


@each_page
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    assert targets
    for target in targets:
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists() and file.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(file), target


def test_all_pictures_are_in_use() -> None:
    shown = {Path(target).name for text in TEXT.values() for target in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)}
    assert shown == {file.name for file in DOCS.glob("*.png")}


def command_line() -> argparse.ArgumentParser:
    return parser()


def parse(words: list[str]) -> int:
    """Parse what follows `mzsr` with the real parsers; 0 if it is right."""
    try:
        if words[0] in ("train", "test"):
            launch.parser(words[0]).parse_args(words[1:])
        else:
            command_line().parse_args(words)
    except SystemExit as stop:  # 0 after --help and --version
        return int(stop.code or 0)
    return 0


def shell_lines(page: Path) -> list[str]:
    return [line for text in blocks(page) for line in text.splitlines()]


@each_page
def test_commands_are_understood(page: Path) -> None:
    for line in shell_lines(page):
        ours = re.match(r"(?:\.venv/bin/)?mzsr (.+)", line)
        trainer = re.search(r"(?:basicsr/|-m mzsr_basicsr\.)(train|test)(?:\.py)? +(-.+)", line)
        if ours:
            words = [word for word in shlex.split(ours[1], comments=True) if word[0] not in "<>"]
            assert parse(words) == 0, line
        elif trainer:
            assert parse([trainer[1], *shlex.split(trainer[2], comments=True)]) == 0, line


@each_page
def test_commands_in_the_text_exist(page: Path) -> None:
    for command in re.findall(r"`mzsr ([a-z-][^`]*)`", prose(page)):
        assert parse([*shlex.split(command), "--help"]) == 0, command


@each_page
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = [*re.findall(r"`make (\w+)", prose(page)), *re.findall(r"^make (\w+)", "\n".join(shell_lines(page)), re.M)]
    assert set(named) <= targets


@each_page
def test_option_files_exist(page: Path) -> None:
    for path in re.findall(r"(?<![\w/])options/[\w/*]+(?:\.yml|/)", TEXT[page]):
        assert list(ROOT.glob(path)), path
    for file in re.findall(r"`([a-z\d_*]+\.yml)`", TEXT[page]):
        assert list(OPTIONS.rglob(file)), file


@each_page
def test_files_exist(page: Path) -> None:
    """Any path with a folder and an ending, from the project's root or the package's."""
    for path in set(re.findall(r"(?<![\w/:.])(?:[\w-]+/)+[\w-]+\.(?:py|md|png|pth)\b", TEXT[page])) - THEIRS:
        made = path.startswith("experiments/")  # by a training
        assert made or any((root / path).is_file() for root in (ROOT, PACKAGE)), path


@each_page
def test_folders_of_the_project_exist(page: Path) -> None:
    for path in re.findall(r"(?<![\w/.])((?:mzsr_basicsr|docs|tests|benchmarks)/(?:\w+/)*)(?!\w)", TEXT[page]):
        assert (ROOT / path).is_dir(), path


@each_page
def test_modules_and_names_exist(page: Path) -> None:
    for dotted in sorted(set(re.findall(r"(?<![\w/])mzsr_basicsr(?:\.[A-Za-z]\w*)+", TEXT[page]))):
        try:
            pkgutil.resolve_name(dotted)
        except (ImportError, AttributeError) as error:
            pytest.fail(f"{dotted}: {error}")


def test_every_room_is_described() -> None:
    rooms = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file()}
    layout = TEXT[DOCS / "extend.md"].split("###")[0]
    assert rooms <= set(re.findall(r"`(\w+)/`", layout))


RECORDS = [
    datasets.TaskSetOptions, datasets.MetaDatasetOptions, datasets.LawOptions, datasets.PairDatasetOptions,
    datasets.BlurredPatchOptions, datasets.TaskViewsOptions, datasets.ZeroShotDatasetOptions, learner.MetaOptions, learner.StartOptions,
    learner.RuleOptions, zero_shot.ZeroShotOptions, zero_shot.SignalOptions, run.CommonValOptions, zssr.ZSSROptions,
]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.__name__)
def test_every_key_is_described(record: type) -> None:
    own = set(record.__struct_fields__) - set(datasets.LoaderOptions.__struct_fields__) - {"num_worker_per_gpu"}
    words = set(re.findall(r"`(?:meta\.)?(\w+)`", TEXT[DOCS / "options.md"]))
    assert own <= words


def test_the_version_is_the_packages() -> None:
    wheels = {wheel for text in TEXT.values() for wheel in re.findall(r"mzsr_basicsr-[\d.]+-py3-none-any\.whl", text)}
    assert wheels == {f"mzsr_basicsr-{mzsr_basicsr.__version__}-py3-none-any.whl"}


def test_the_readmes_figures_stand_in_the_pages() -> None:
    pages = "".join(TEXT[page] for page in PAGES[1:])
    figures = set(re.findall(r"\d\d\.\d\d/\.\d{4}", TEXT[README]))
    assert len(figures) > 30
    assert {figure for figure in figures if figure not in pages} == set()
