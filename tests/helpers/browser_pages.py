"""What the tests in a browser share: pages with pictures of known colours, and pixels of what is drawn."""

import io
import shutil

import msgspec
import numpy as np
import pytest
from PIL import Image

from helpers.made_results import make_results
from mzsr_basicsr.benchmark.report.page import write_page

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if BROWSER is None:
    pytest.skip("needs a browser: chromium or google-chrome", allow_module_level=True)
COLUMNS = ("bicubic", "mzsr (0)", "mzsr (1)", "mzsr (10)")
NAMES = ("HR", *COLUMNS)
BLOCK, WIDTH, HEIGHT = 16, 320, 240  # px


def blocks(name):
    """A picture of plain blocks, (240, 320, 3): red and green tell the place, blue which picture it is."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] // BLOCK
    blue = np.full_like(x, 40 + 40 * NAMES.index(name))
    return np.stack([40 + 60 * (x % 4), 40 + 60 * (y % 4), blue], axis=-1).astype(np.uint8)


def block_results(folder):
    """Write a benchmark of block pictures; all images are alike but for their names."""
    results = make_results(COLUMNS)
    pictures = {s.hr: "HR" for s in results.sources} | {m.picture: m.column for m in results.measures}
    for file, name in pictures.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(blocks(name)).save(folder / file)
    return results


def shot(element):
    """Draw an element: (H, W, 3) integers, one for each CSS pixel."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB")).astype(int)


def variables(page, *names):
    """Read CSS variables of the gallery as numbers."""
    style = "getComputedStyle(document.getElementById('gallery'))"
    return page.evaluate(f"names => names.map(n => parseFloat({style}.getPropertyValue('--' + n)))", list(names))


def middle(page, selector, across=0.5, down=0.5):
    """Find a place inside an element as (x, y) of the window, by shares of its width and height."""
    box = page.locator(selector).bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


@pytest.fixture(scope="module", name="browser")
def browser_fixture():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", name="made")
def made_fixture(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    results = block_results(folder)
    results = msgspec.structs.replace(results, published="paper_x2", skipped=["Urban100: not there"])
    return results, write_page(results, folder)


@pytest.fixture(name="visit")
def visit_fixture(browser, made):
    """Open the page; at the end nothing may have failed, and nothing but the file may have been asked for."""
    contexts, troubles, asked = [], [], []

    def open_page(width=1440, height=1000, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda request: troubles.append(request.url[:80]))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(made[1].as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []
    assert {url for url in asked if not url.startswith("data:")} == {made[1].as_uri()}
