"""The benchmark's page in a real browser: tables, edge, magnified crops, error maps, themes, telephones."""

import re
from functools import lru_cache

import numpy as np
import pytest
from helpers.browser_pages import (  # noqa: F401  fixtures
    BLOCK,
    COLUMNS,
    HEIGHT,
    NAMES,
    WIDTH,
    blocks,
    browser_fixture,
    made_fixture,
    middle,
    playwright,
    shot,
    variables,
    visit_fixture,
)
from helpers.page_structure import pixels, read

MARKS = "#frame, #edge, .tag { visibility: hidden }"


@lru_cache
def embedded(page_file, name, kind):
    """Decode a picture of the first image as the page holds it."""
    data = read(page_file).data("gallery-data")
    picture = next(p for p in data["images"][0]["pictures"] if p["name"] == name)
    return pixels(data["uris"][picture[kind]])


def drawn(page, made, shares, kind="uri"):
    """Say which of the embedded pictures the stage shows at each share of its width, an eighth below its top."""
    page.add_style_tag(content=MARKS)
    stage = shot(page.locator("#stage"))
    row = BLOCK * 2 + BLOCK // 2
    found = []
    for share in shares:
        column = int(share * WIDTH) // BLOCK * BLOCK + BLOCK // 2
        colour = stage[int(row / HEIGHT * stage.shape[0]), int(column / WIDTH * stage.shape[1])]
        away = {name: abs(colour - embedded(made[1], name, kind)[row, column]).max() for name in NAMES[kind != "uri" :]}
        found.append(min(away, key=away.get))
        assert away[found[-1]] <= 4
    return found


def test_the_edge_follows_the_pointer_and_the_keys(visit, made):
    page = visit()
    assert drawn(page, made, (0.2, 0.4, 0.6, 0.8)) == ["bicubic"] * 2 + ["mzsr (10)"] * 2
    page.mouse.move(*middle(page, "#stage", 0.5, 0.3))
    page.mouse.down()
    page.mouse.move(*middle(page, "#stage", 0.7, 0.6), steps=3)
    assert drawn(page, made, (0.2, 0.4, 0.6, 0.8)) == ["bicubic"] * 3 + ["mzsr (10)"]
    page.mouse.up()
    page.mouse.move(*middle(page, "#stage", 0.1, 0.6))  # without a button nothing moves
    assert float(page.input_value("#cut")) == pytest.approx(70, abs=0.5)
    page.focus("#cut")
    assert drawn(page, made, (0.2, 0.67, 0.8)) == ["bicubic"] * 2 + ["mzsr (10)"]
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    assert float(page.input_value("#cut")) == pytest.approx(65, abs=0.5)
    assert drawn(page, made, (0.2, 0.67, 0.8)) == ["bicubic"] + ["mzsr (10)"] * 2
    page.keyboard.press("Home")
    assert drawn(page, made, (0.1, 0.4)) == ["mzsr (10)"] * 2


def test_a_and_b_are_any_two_pictures(visit, made):
    page = visit()
    page.select_option("#a", label="HR")
    page.get_by_role("button", name="Show mzsr (0) as B").click()
    assert drawn(page, made, (0.2, 0.8)) == ["HR", "mzsr (0)"]
    assert page.locator(".sides [aria-pressed=true]").evaluate_all("all => all.map(b => b.ariaLabel)") == [
        "Show HR as A",
        "Show mzsr (0) as B",
    ]
    page.click("#swap")
    page.click("#next")  # the choice stays for the next image
    assert drawn(page, made, (0.2, 0.8)) == ["mzsr (0)", "HR"]


def test_the_error_switch_shows_error_maps(visit, made):
    page = visit()
    page.get_by_role("switch", name="error map").check()
    assert drawn(page, made, (0.2, 0.8), kind="errors") == ["bicubic", "mzsr (10)"]
    assert page.locator("#legend").is_visible()
    page.select_option("#a", label="HR")
    assert shot(page.locator("#stage"))[100, 100].tolist() == [0, 0, 4]  # HR has no error
    page.get_by_role("switch", name="error map").uncheck()
    assert drawn(page, made, (0.2, 0.8)) == ["HR", "mzsr (10)"] and page.locator("#legend").is_hidden()


def crops(page):
    """Where the tiles' pictures lie, in px of the image, as the browser lays them out."""
    code = "all => all.map(i => { const b = i.getBoundingClientRect(), l = i.parentNode.getBoundingClientRect(); return [l.x - b.x, l.y - b.y, b.width] })"
    return [(x / (w / WIDTH), y / (w / WIDTH), w / WIDTH) for x, y, w in page.locator(".lens img").evaluate_all(code)]


def check_tiles(page, zoom, across, down):
    """All tiles show the crop around a place of the image, magnified, each of its own picture."""
    found = crops(page)
    assert len(found) == len(NAMES) and len(set(found)) == 1
    (x, y, factor), lens = found[0], page.locator(".lens").first.bounding_box()["width"] / zoom
    assert factor == zoom and (x + lens / 2, y + lens / 2) == pytest.approx((across * WIDTH, down * HEIGHT), abs=1.5)
    at = [int((start + lens / 2) // BLOCK * BLOCK + BLOCK / 2) for start in (x, y)]  # middle of a block, in the image
    row, column = (int((place - start) * zoom) for place, start in zip(at[::-1], (y, x)))
    tiles, corner = shot(page.locator("#tiles")), page.locator("#tiles").bounding_box()
    for tile, name in zip(page.locator(".lens").all(), NAMES):
        box = tile.bounding_box()
        seen = tiles[int(box["y"] - corner["y"]) + row, int(box["x"] - corner["x"]) + column]
        assert np.allclose(seen, blocks(name)[at[1], at[0]], atol=12), name
    frame = page.locator("#frame").bounding_box()
    stage = page.locator("#stage").bounding_box()
    assert (frame["x"] - stage["x"]) / stage["width"] == pytest.approx(x / WIDTH, abs=0.01)
    assert frame["height"] / stage["height"] == pytest.approx(lens / HEIGHT, abs=0.01)


def test_all_tiles_follow_the_pointer_wheel_and_keys(visit):
    page = visit()
    page.locator("#stage").scroll_into_view_if_needed()
    for across, down in ((0.4, 0.5), (0.62, 0.38)):
        page.mouse.move(*middle(page, "#stage", across, down))
        check_tiles(page, 4, across, down)
    top = page.evaluate("scrollY")
    page.mouse.wheel(0, -100)
    playwright.expect(page.locator("#zoom-8")).to_be_checked()
    check_tiles(page, 8, 0.62, 0.38)
    assert page.evaluate("scrollY") == top
    page.focus("#stage")
    page.keyboard.press("-")
    for key in ("ArrowLeft", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    check_tiles(page, 4, 0.62 - 8 / WIDTH, 0.38 + 16 / HEIGHT)
    page.get_by_role("radio", name="8×").check(force=True)
    check_tiles(page, 8, 0.62 - 8 / WIDTH, 0.38 + 16 / HEIGHT)
    page.mouse.move(*middle(page, "#stage", 0.99, 0.01))  # a crop never leaves the image
    x, y, lens = variables(page, "x", "y", "crop-w")
    assert y == 0 and x == pytest.approx(WIDTH - lens, abs=1)


def test_images_are_chosen_by_lists_buttons_and_keys(visit):
    page = visit()
    shown = "#caption"
    assert page.text_content(shown).startswith("baby, Set5, g2.0d: 320×240 px.")
    page.select_option("#kernel", "gani_d")
    page.select_option("#set", "Set14")
    page.select_option("#image", "bird")
    assert page.text_content(shown).startswith("bird, Set14, gani_d")
    page.select_option("#kernel", "g2.0d")
    assert page.text_content(shown).startswith("bird, Set14, g2.0d")
    page.click("#previous")
    assert page.text_content(shown).startswith("baby, Set14, g2.0d")
    page.keyboard.press("ArrowRight")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    assert page.text_content(shown).startswith("butterfly, Set14, g2.0d") and page.text_content("#place") == "6 / 12"
    assert page.input_value("#image") == "butterfly"


def test_a_telephone_taps_and_drags_without_overflow(visit, made):
    page = visit(390, 844, has_touch=True, is_mobile=True)
    wide = "() => document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(wide)
    page.locator("#stage").scroll_into_view_if_needed()
    assert page.evaluate(wide)
    page.touchscreen.tap(*middle(page, "#stage", 0.3, 0.6))
    check_tiles(page, 4, 0.3, 0.6)
    assert page.input_value("#cut") == "50"
    page.locator("#stage").scroll_into_view_if_needed()  # the tiles were drawn
    touch = page.context.new_cdp_session(page)
    for kind, across in (("touchStart", 0.5), ("touchMove", 0.6), ("touchMove", 0.75), ("touchEnd", None)):
        x, y = middle(page, "#stage", across or 0, 0.4)
        points = [] if across is None else [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    playwright.expect(page.locator("#cut")).to_have_value(re.compile("74.5|75|75.5"), timeout=3000)
    for box in page.locator(".lens, .tile figcaption, #stage, .bar").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().right)"
    ):
        assert box <= 390
    assert COLUMNS[0] in page.text_content("#tag-a")
