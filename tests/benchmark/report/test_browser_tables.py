"""The benchmark's page in a real browser: sorting, filtering, the way to the gallery, light and dark."""

from helpers.browser_pages import browser_fixture, made_fixture, shot, visit_fixture  # noqa: F401  fixtures

TABLE = "table.means"


def column(page, table, place):
    """The texts of a column, of the rows that are seen."""
    code = f"rows => rows.filter(r => !r.hidden).map(r => r.cells[{place}].innerText.trim())"
    return page.locator(f"{table} tbody tr").evaluate_all(code)


def heading_of(page, text):
    return page.locator(f"{TABLE} thead th").filter(has=page.get_by_role("button", name=text, exact=True))


def test_headings_sort_up_down_and_back(visit):
    page = visit()
    heading = heading_of(page, "mzsr (10)")
    before = column(page, TABLE, 5)
    numbers = [float(text.split("/")[0]) for text in before]
    assert numbers not in (sorted(numbers), sorted(numbers, reverse=True))
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert [float(text.split("/")[0]) for text in column(page, TABLE, 5)] == sorted(numbers)
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert [float(text.split("/")[0]) for text in column(page, TABLE, 5)] == sorted(numbers, reverse=True)
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "none" and column(page, TABLE, 5) == before


def test_another_heading_starts_anew_and_unknown_figures_come_last(visit):
    page = visit()
    heading_of(page, "mzsr (1)").get_by_role("button").click()
    kernel = heading_of(page, "kernel")
    kernel.get_by_role("button").click()
    assert page.locator(f"{TABLE} th:not([aria-sort=none])[aria-sort]").count() == 1
    assert column(page, TABLE, 0) == ["g2.0d", "g2.0d", "gani_d", "gani_d"]
    published = heading_of(page, "RCAN†").get_by_role("button")
    place = page.locator(f"{TABLE} thead th").all_inner_texts().index("RCAN†")
    for expected in (["28.42/.8379", "29.15/.8601"], ["29.15/.8601", "28.42/.8379"]):
        published.click()
        assert column(page, TABLE, place) == [*expected, "–", "–"]


def test_every_image_is_filtered_sorted_and_shown(visit, made):
    page = visit()
    page.locator("#measures summary").click()
    table = "#measures-table"
    page.wait_for_function("document.querySelector('#found').textContent")  # it is filled once the part has opened
    assert page.text_content("#found") == "48 of 48"
    page.fill("#filter", "bird  GANI (10)")
    assert page.text_content("#found") == "2 of 48"
    assert column(page, table, 0) == ["Set5", "Set14"] and set(column(page, table, 3)) == {"mzsr (10)"}
    page.fill("#filter", "mzsr (1)")
    page.get_by_role("button", name="PSNR, dB").last.click()
    own = sorted(m.values["psnr"] for m in made[0].measures if m.column == "mzsr (1)")
    assert column(page, table, 4) == [f"{value:.2f}" for value in own]
    page.fill("#filter", "Set14 butterfly gani mzsr (0)")
    page.locator(f"{table} tbody tr:not([hidden]) td").nth(4).click()
    assert page.text_content("#caption").startswith("butterfly, Set14, gani_d")
    assert page.text_content("#tag-b").startswith("mzsr (0) ")
    page.wait_for_timeout(700)  # it scrolls
    top = page.locator("#gallery").bounding_box()["y"]
    assert -5 < top < 400
    page.fill("#filter", "Set5 baby g2.0d mzsr (1)")
    page.get_by_role("button", name="baby").focus()
    page.keyboard.press("Enter")
    assert page.text_content("#caption").startswith("baby, Set5, g2.0d")


def ground(page):
    """The colour of the page beside its text."""
    return page.evaluate("getComputedStyle(document.body).backgroundColor"), tuple(shot(page)[500, 3])


def test_light_and_dark_by_preference_and_by_button(visit):
    light, dark = visit(color_scheme="light"), visit(color_scheme="dark")
    white, black = ground(light), ground(dark)
    assert white == ("rgb(255, 255, 255)", (255, 255, 255))
    assert black[0] == "rgb(21, 24, 27)" and black[1] == (21, 24, 27)
    for page, other in ((light, black), (dark, white)):
        page.click("#theme")
        assert ground(page) == other


def test_plots_are_drawn_in_the_page_s_ink(visit):
    page = visit(color_scheme="dark")
    plot = page.locator("#plots svg").first
    plot.scroll_into_view_if_needed()
    seen = shot(plot).sum(-1)
    assert (seen > 600).mean() > 0.005 and (seen < 120).mean() > 0.5


def test_less_motion_jumps_to_the_gallery(visit):
    page = visit(reduced_motion="reduce")
    page.locator("#measures summary").click()
    page.locator("#measures-table tbody tr").nth(3).click()
    assert abs(page.evaluate("document.getElementById('gallery').getBoundingClientRect().top")) < 60
