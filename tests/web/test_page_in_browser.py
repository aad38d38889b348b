"""The page in headless Chromium: upload, choose, wait, compare, download; two visitors; what is refused."""

import shlex
import time
import urllib.request
from urllib.error import HTTPError

import numpy as np
import pytest
from helpers.commands import photograph
from helpers.web_server import serving
from PIL import Image

pytest.importorskip("gradio", reason="needs the extra web")
from helpers.browser_pages import browser_fixture  # noqa: E402, F401  skips where there is no browser

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LIMITS = ("--limit-mb", "0.2", "--queue", "1")
# What has no name that a screen reader could tell, of all that can be used and is seen.
NAMELESS = """() => [...document.querySelectorAll('button, input, select, textarea, canvas, a[href], [role=slider]')]
  .filter(e => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden')
  .filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || (e.labels && e.labels.length)
    || e.innerText.trim() || e.title)).map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("web"), *LIMITS) as running:
        yield running
    talked = running.noted.read_text().splitlines() if running.noted.exists() else []
    assert [line for line in talked if "127.0.0.1" not in line and "::1" not in line and "'/" not in line] == []


@pytest.fixture
def visit(browser, server):
    """Open pages; none may fail, or ask another host."""
    contexts, troubles, asked = [], [], []

    def open_page(viewport=DESKTOP, scheme="light"):
        context = browser.new_context(viewport=viewport, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "requestfailed", lambda request: troubles.append(request.url) if "heartbeat" not in request.url else None
        )
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server.address)
        page.wait_for_selector("#run")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((server.address, "data:", "blob:"))] == []
    assert [trouble for trouble in troubles if "/queue/data" not in trouble] == []  # of pages closed amid their work


@pytest.fixture
def photo(tmp_path):
    photograph(tmp_path / "photo.png", dpi=(300, 300))
    with Image.open(tmp_path / "photo.png") as image:
        image.resize((48, 48)).save(tmp_path / "photo.png", dpi=(300, 300))
    return tmp_path / "photo.png"


def drop(page, path):
    page.set_input_files("#drop input[type=file]", str(path))


def enlarge(page, updates="2"):
    """Press the button, after the number of updates was written down."""
    page.wait_for_selector("#facts figcaption")
    if not page.get_by_label("Updates").is_visible():
        page.get_by_text("More choices").click()
    page.get_by_label("Updates").fill(updates)
    page.click("#run")


def finish(page):
    page.wait_for_selector("#details pre")
    page.wait_for_function("() => [...document.querySelectorAll('#compare img')].every(i => i.complete)")


def download(page, button, folder):
    with page.expect_download() as taken:
        page.click(button)
    taken.value.save_as(folder / taken.value.suggested_filename)
    return folder / taken.value.suggested_filename


def until(found, seconds=60):
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def wide(page):
    return page.evaluate("document.documentElement.scrollWidth")


def bright(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")


def test_a_photo_at_a_desk(visit, photo, mzsr):
    page = visit()
    assert min(bright(page)) > 200
    drop(page, photo)
    enlarge(page)
    finish(page)
    assert "48 × 48 px → 96 × 96 px" in page.inner_text("#facts")
    sizes = page.evaluate("[...document.querySelectorAll('#compare img')].map(i => [i.naturalWidth, i.naturalHeight])")
    assert sizes == [[96, 96]] * 2
    assert page.locator("#details svg.plot text").count() > 5 and page.get_by_alt_text("the blur kernel").is_visible()
    folder = photo.parent / "taken"
    taken = download(page, "#download", folder)
    words = shlex.split(page.inner_text("#details pre"))
    assert words[:5] == ["mzsr", "upscale", "photo.png", "-o", "photo_x2.png"] and taken.name == words[4]
    status, *_ = mzsr("upscale", photo, "-o", photo.parent / "own.png", *words[5:], "--device", "cpu")
    assert status == 0 and taken.read_bytes() == (photo.parent / "own.png").read_bytes()
    with Image.open(taken) as image:
        assert image.size == (96, 96) and round(image.info["dpi"][0]) == 600
    moves_the_line(page)
    assert page.evaluate(NAMELESS) == []


def moves_the_line(page):
    handle = page.locator("#compare .handle-wrap, #compare .outer").first
    before = handle.bounding_box()
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y, steps=4)
    page.mouse.up()
    assert handle.bounding_box()["x"] - before["x"] == pytest.approx(90, abs=3)


def test_a_motion_drawn_on_a_phone_in_the_dark(visit, photo, mzsr):
    page = visit(PHONE, "dark")
    assert max(bright(page)) < 60 and wide(page) <= 390
    drop(page, photo)
    page.get_by_text("More choices").click()
    page.get_by_label("Motion: draw its path").check()
    canvas = page.locator("#path canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    unit = box["width"] / 25
    page.mouse.move(box["x"] + 8.5 * unit, box["y"] + 12.5 * unit)
    page.mouse.down()
    page.mouse.move(box["x"] + 16.5 * unit, box["y"] + 12.5 * unit, steps=8)
    page.mouse.up()
    assert page.evaluate(NAMELESS) == [] and wide(page) <= 390
    enlarge(page, "0")
    finish(page)
    assert wide(page) <= 390
    kernel = np.load(download(page, "#download-kernel", photo.parent))
    across = kernel.sum(0)
    assert kernel.shape == (11, 11) and np.count_nonzero(kernel.sum(1)) == 1 and across[2:9] == pytest.approx(1 / 8)
    taken = download(page, "#download", photo.parent)
    own = photo.parent / "own.png"
    given = ("--kernel", photo.parent / "kernel.npy", "--updates", 0, "--device", "cpu")
    assert mzsr("upscale", photo, "-o", own, *given)[0] == 0 and taken.read_bytes() == own.read_bytes()


def test_a_gaussian_follows_its_handles_and_its_sliders(visit):
    page = visit(DESKTOP, "dark")
    page.get_by_text("More choices").click()
    page.get_by_label("Gaussian: out of focus").check()
    canvas = page.locator("#gaussian canvas")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    unit, x, y = box["width"] / 21, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + 2 * unit * np.cos(np.pi / 6), y + unit)  # the first handle: 2 px at 30 degrees
    page.mouse.down()
    page.mouse.move(x, y + 4 * unit, steps=4)
    page.mouse.up()
    labels = [f"number input for {name}" for name in ("First width, px", "Second width, px", "Angle, degrees")]
    values = lambda: [float(page.get_by_label(label).input_value()) for label in labels]  # noqa: E731
    until(lambda: values() == [4, 1, 90])
    before = canvas.screenshot()
    page.get_by_label(labels[1]).fill("3")
    page.get_by_label(labels[1]).press("Tab")
    until(lambda: canvas.screenshot() != before)


def test_files_that_are_refused_in_a_line_on_the_page(visit, tmp_path):
    page = visit()
    (tmp_path / "drawing.png").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    drop(page, tmp_path / "drawing.png")
    page.get_by_text("drawing.png: no picture of a known kind").wait_for()
    page.click("#run")
    page.get_by_text("drop a photo or a clip first").wait_for()
    other = visit()
    (tmp_path / "large.png").write_bytes(b"\0" * 300_000)
    drop(other, tmp_path / "large.png")
    other.get_by_text("large.png: 0.3 MB, and this page takes 0.2 MB").wait_for()
    wider = visit()
    Image.fromarray(np.zeros((8000, 8000), bool)).save(tmp_path / "wide.png")
    drop(wider, tmp_path / "wide.png")
    wider.get_by_text("8000 × 8000 is 64 megapixels, and this page takes 50").wait_for()


def test_a_stop_two_visitors_and_one_who_goes_away(visit, server, photo):
    until(lambda: not server.folders())  # those before are gone, and so is what they brought
    first, second = visit(), visit()
    for page in (first, second):
        drop(page, photo)
    enlarge(first, "10000")
    first.get_by_text("of 10000 updates").wait_for()
    first.click("#stop")
    first.get_by_text("Stopped; nothing was kept.").wait_for()
    enlarge(first, "10000")
    first.get_by_text("Learning from the picture").wait_for()
    enlarge(second)
    second.get_by_text("You are number 2 in the queue: one file is before yours.").wait_for()
    assert len(server.folders()) == 2
    first.context.close()
    finish(second)
    until(lambda: len(server.folders()) == 1)
    assert {path.name for path in server.folders()[0].iterdir()} == {"in", "out"}


def status(address, path, body=None, **headers):
    request = urllib.request.Request(f"{address}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status
    except HTTPError as error:
        return error.code


def test_what_the_server_does_not_answer(server, tmp_path):
    joined = b'{"data": [{"path": "%s", "meta": {"_type": "gradio.FileData"}}, 2], "fn_index": 0, "session_hash": "x"}'
    for path in (b"/etc/passwd", b"http://example.com/a.png", b"../../etc/passwd", str(server.noted).encode()):
        assert (
            status(server.address, "gradio_api/queue/join", joined % path, **{"Content-Type": "application/json"})
            == 403
        )
    lock = next(server.temporary.glob("mzsr_web_*/lock"))
    for path in ("/etc/passwd", lock, f"{lock.parent}/served/../lock", "http://example.com/"):
        assert status(server.address, f"gradio_api/file={path}") == 403
    for path in (
        "gradio_api/info",
        "gradio_api/openapi.json",
        "docs",
        "gradio_api/api/predict",
        "gradio_api/proxy=x",
        "monitoring",
    ):
        assert status(server.address, path) == 404
    form = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n%s\r\n--x--\r\n'
    for size, expected in ((1000, 200), (300_000, 413)):
        sent = {"Content-Type": "multipart/form-data; boundary=x"}
        assert status(server.address, "gradio_api/upload", form % (b"0" * size), **sent) == expected
    assert status(server.address, "", Host="example.com") == 403
    assert status(server.address, "", Origin="http://example.com") == 403
    assert status(server.address, "") == 200
