"""The page of an inspection in a browser: stepping, keys, playing, views, and nothing asked of a network."""

import shutil
from datetime import UTC, datetime

import pytest
import torch
from helpers.inspections import small_report

from mzsr_basicsr.inspection.page import page_of

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    torch.set_num_threads(1)
    return small_report(tmp_path_factory.mktemp("inspection"), updates=3, rate=0.02)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(report, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "inspect.html"
    path.write_text(page_of(report, None))
    return path.as_uri()


@pytest.fixture
def opened(browser, address):
    """Open the page; at the end there must have been no complaint and no request but for the page itself."""
    complaints, requests, pages = [], [], []

    def open_page(width=1440, **options):
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        page.wait_for_function("document.querySelector('.now-line') !== null")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert complaints == [] and [url for url in requests if not url.startswith("data:")] == [address] * len(pages)


def caption(page):
    return page.inner_text("#caption")


def shown(page):
    return page.get_attribute("#picture", "src")


def wanted(report, number):
    return f"update {number}: {report.inspection.updates[number].psnr:.2f} dB"


def test_stepping_changes_all_that_is_shown(opened, report):
    page = opened()
    assert caption(page) == wanted(report, 3) and page.input_value("#step") == "3"
    seen = {}
    for number in (2, 1, 0, 0):
        page.click("#back")
        assert caption(page) == wanted(report, number) and page.input_value("#step") == str(number)
        assert page.inner_text("#zoom-words") == f"update {number}"
        seen[number] = (
            shown(page),
            page.evaluate("document.getElementById('zoom-now').toDataURL()"),
            page.get_attribute(".now-line >> nth=0", "x1"),
            page.inner_text("[data-number='0']"),
        )
    assert all(len(set(column)) == 3 for column in zip(*seen.values()))
    assert page.evaluate("document.getElementById('zoom-first').toDataURL()") == seen[0][1]
    assert [page.inner_text(f"[data-amount='{i}']") for i in range(2)] == ["0 %", "0 %"]
    assert page.evaluate("document.querySelector('[data-layer]').style.width") == "0%"
    page.fill("#step", "2")
    assert caption(page) == wanted(report, 2) and shown(page) == seen[2][0]
    page.click("#last")
    found = report.inspection
    largest = max(move.relative for number in range(4) for move in found.moved(number).values())
    bars = page.evaluate("[...document.querySelectorAll('[data-layer]')].map(bar => parseFloat(bar.style.width))")
    assert bars == pytest.approx([100 * move.relative / largest for move in found.moved(3).values()], abs=1e-3)


def test_keys(opened, report):
    page = opened()
    for key, number in (
        ("ArrowLeft", 2),
        ("Home", 0),
        ("ArrowLeft", 0),
        ("ArrowRight", 1),
        ("End", 3),
        ("Control+Home", 3),
    ):
        page.keyboard.press(key)
        assert caption(page) == wanted(report, number), key
    page.focus("#step")
    page.keyboard.press("ArrowLeft")
    assert caption(page) == wanted(report, 2)  # one step, not two


@pytest.mark.parametrize(("motion", "pause"), [("no-preference", 500), ("reduce", 1500)])
def test_play_runs_once_and_can_be_paused(opened, report, motion, pause):
    page = opened(reduced_motion=motion)
    page.clock.install(time=datetime(2026, 1, 1, tzinfo=UTC))
    page.clock.pause_at(datetime(2026, 1, 1, 1, tzinfo=UTC))  # or time would go by while a slow machine clicks
    page.click("#play")
    assert caption(page) == wanted(report, 0) and page.inner_text("#play") == "Pause"
    page.clock.run_for(pause - 50)
    assert caption(page) == wanted(report, 0)
    page.clock.run_for(100)
    assert caption(page) == wanted(report, 1)
    page.click("#play")
    page.clock.run_for(3 * pause)
    assert caption(page) == wanted(report, 1) and page.inner_text("#play") == "Play"
    page.click("#play")
    page.clock.run_for(5 * pause)
    assert caption(page) == wanted(report, 3) and page.inner_text("#play") == "Play"
    assert (page.evaluate("getComputedStyle(document.querySelector('.bar')).transitionDuration") == "0s") == (
        motion == "reduce"
    )


def test_views_and_frame(opened, report):
    page = opened()
    pictures = {}
    for view in ("sr", "change", "verdict", "error", "hr"):
        page.click(f"[data-view='{view}']")
        pictures[view] = shown(page)
        assert page.locator("[aria-pressed='true'][data-view]").count() == 1
        assert page.inner_text("#view-words") == page.get_attribute(f"[data-view='{view}']", "data-words")
    assert len(set(pictures.values())) == 5
    page.click("#back")
    assert shown(page) == pictures["hr"]
    page.click("[data-view='sr']")
    zoom = "document.getElementById('zoom-hr').toDataURL()"
    before, place = page.evaluate(zoom), page.evaluate("document.getElementById('marker').style.left")
    box = page.locator("#picture").bounding_box()
    page.mouse.click(box["x"] + 0.95 * box["width"], box["y"] + box["height"] / 2)
    after = page.evaluate("document.getElementById('marker').style.left")
    assert page.evaluate(zoom) != before and float(after[:-1]) > float(place[:-1])
    assert float(after[:-1]) == pytest.approx(
        100 * (60 - 52) / 60, abs=1e-3
    )  # the frame is as high as the image, 52 px


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_pages_do_not_overflow_and_ink_is_seen(opened, scheme):
    page = opened(width=390, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ink, paper = page.evaluate(
        "[getComputedStyle(document.querySelector('.plots svg text')).fill, getComputedStyle(document.body).backgroundColor]"
    )
    levels = [sum(map(float, colour.strip("rgb()").split(","))) / 3 for colour in (ink, paper)]
    assert abs(levels[0] - levels[1]) > 150 and (levels[1] < 60) == (scheme == "dark")
