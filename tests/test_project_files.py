"""The files that a code host and its users look for: citation, contribution, security, templates, workflow."""

import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.documents import blocks
from helpers.places import PACKAGE, ROOT

import mzsr_basicsr

GITHUB = ROOT / ".github"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
KINDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_the_citation_is_of_this_version_and_of_the_paper() -> None:
    cited = load(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(cited)  # what CFF 1.2.0 demands
    assert (cited["cff-version"], cited["type"], cited["license"]) == ("1.2.0", "software", "MIT")
    assert str(cited["version"]) == mzsr_basicsr.__version__
    assert [set(author) for author in cited["authors"]] == [{"name"}]  # an entity: the project, no person
    paper = cited["preferred-citation"]
    assert {"type", "title", "authors"} <= set(paper) and paper["year"] == 2020
    assert [author["family-names"] for author in paper["authors"]] == ["Soh", "Cho", "Cho"]
    readme = (ROOT / "README.md").read_text()
    assert paper["url"] in readme and paper["url"].endswith(paper["identifiers"][0]["value"].removeprefix("arXiv:"))
    assert re.fullmatch(r"10\.\d{4,}/\S+", paper["doi"])


def test_the_changelog_says_when_each_version_was_made() -> None:
    heads = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    dated = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", head) for head in heads[1:]]
    assert all(dated), heads
    days = [one[2] for one in dated]
    assert days == sorted(days, reverse=True)
    assert dated[0][1] == mzsr_basicsr.__version__


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one_of_the_code_hosts_and_asks_for_the_surroundings(form: Path) -> None:
    content = load(form)
    assert {"name", "description", "body"} <= set(content)
    assert all(part["type"] in KINDS for part in content["body"])
    asked = [part for part in content["body"] if part["type"] != "markdown"]
    ids = [part["id"] for part in asked]
    assert len(set(ids)) == len(ids) and all(part["attributes"]["label"] for part in asked)
    assert any("mzsr info" in part["attributes"]["label"] for part in asked)


def test_the_workflow_calls_the_readmes_two_commands() -> None:
    workflow = load(GITHUB / "workflows" / "test.yml")
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    said = set(re.findall(r"^make \w+", "\n".join(blocks(ROOT / "README.md")), re.MULTILINE))
    assert {step["run"] for step in steps if "run" in step} == {"make demo", "make test"} <= said
    named = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "setup.py").read_text())
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == named
    assert workflow["permissions"] == {"contents": "read"}
    assert all("@v" in step["uses"] for step in steps if "uses" in step)


def test_the_package_says_that_it_is_typed() -> None:
    marker = PACKAGE / "py.typed"
    assert marker.read_bytes() == b"" and stat.S_ISREG(marker.stat().st_mode)
    assert '"Typing :: Typed"' in (ROOT / "setup.py").read_text()
