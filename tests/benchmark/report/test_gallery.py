"""The gallery's pictures: which are chosen, what is cut out of them, and what their error maps show."""

import math
import re

import cv2
import matplotlib
import numpy as np
import pytest
from helpers.made_results import change, drop, make_results, write_pictures
from helpers.page_structure import pixels, read
from PIL import Image

from mzsr_basicsr.benchmark.report.gallery import by_interest, gather
from mzsr_basicsr.benchmark.report.gallery_pictures import bar_colours, error_map, read_exhibit
from mzsr_basicsr.benchmark.report.page import write_page


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    results = make_results()
    write_pictures(results, folder)
    return results, folder, read(write_page(results, folder))


def test_the_budget_bounds_the_page(made, tmp_path):
    results, folder, page = made
    bare = len(re.sub(r"data:image/webp[^\"]*", "", (folder / "index.html").read_text()))
    shown = []
    for budget in (0, 0.9 * bare, bare + 60_000, bare + 150_000, 24e6):
        path = write_page(results, folder, budget_mb=budget / 1e6)
        if budget > bare:
            assert path.stat().st_size <= budget
        count = len(read(path).data("gallery-data")["images"])
        assert f"{count} of 12 images" in path.read_text()
        shown.append(count)
    assert shown[:2] == [0, 0] and 0 < shown[2] < shown[3] < shown[4] == 12


def test_the_most_telling_images_come_first_from_every_cell():
    results = make_results(("a", "b"), ("S", "T"), ("k",), images=("one", "two", "three"))
    spreads = {
        ("S", "one"): 1,
        ("S", "two"): 3,
        ("S", "three"): 2,
        ("T", "one"): 9,
        ("T", "two"): math.inf,
        ("T", "three"): 10,
    }
    for (dataset, image), spread in spreads.items():
        for column, psnr in (("a", 20.0), ("b", 20.0 + spread)):
            results = change(results, dataset, "k", image, column, values={"psnr": psnr, "ssim": 0.5})
    order = [(s.dataset, s.image) for s in by_interest(results)]
    assert order[:4] == [("S", "two"), ("T", "three"), ("S", "three"), ("T", "one")]
    assert order[4:] == [("S", "one"), ("T", "two")]  # an infinite figure tells nothing


def test_hr_is_embedded_once_for_all_kernels(made):
    data = made[2].data("gallery-data")
    assert len(data["uris"]) == len(set(data["uris"])) == 6 + 12 * 4 * 2
    used = {(e["dataset"], e["image"]): set() for e in data["images"]}
    for entry in data["images"]:
        used[entry["dataset"], entry["image"]].add(entry["pictures"][0]["uri"])
    assert all(len(numbers) == 1 for numbers in used.values())


def own_luma(image):
    return np.floor(16 + (65.481 * image[..., 0] + 128.553 * image[..., 1] + 24.966 * image[..., 2]) / 255 + 0.5)


def test_error_maps_show_luma_differences_on_a_fixed_scale():
    random = np.random.default_rng(0)
    reference = random.integers(60, 200, (40, 50, 3)).astype(np.uint8)
    picture = np.uint8(reference + random.integers(-55, 55, (40, 50, 1)))
    levels = np.minimum(abs(own_luma(picture) - own_luma(reference)), 32)
    expected = matplotlib.colormaps["inferno"](np.uint8(np.rint(levels / 32 * 255)), bytes=True)[..., :3]
    assert abs(error_map(picture, reference).astype(int) - expected).max() <= 2  # two roundings of one colour map
    assert (levels == 32).any() and (levels < 3).any()
    assert not error_map(reference, reference)[..., :2].any()
    assert bar_colours(2) == ["#000004", "#fcffa4"]


def test_embedded_pictures_are_those_of_the_files(made):
    results, folder, page = made
    data = page.data("gallery-data")
    entry = next(e for e in data["images"] if (e["dataset"], e["kernel"], e["image"]) == ("Set14", "gani_d", "bird"))
    (measure,) = [
        m
        for m in results.measures
        if (m.dataset, m.kernel, m.image, m.column) == ("Set14", "gani_d", "bird", "mzsr (1)")
    ]
    picture = entry["pictures"][3]
    assert picture["name"] == "mzsr (1)" and picture["text"].startswith(f"{measure.values['psnr']:.2f}/.")
    others = [m.picture for m in results.measures if (m.dataset, m.kernel, m.image) == ("Set14", "gani_d", "bird")]
    files = {f: cv2.imread(str(folder / f))[..., ::-1] for f in (*others, "hr/Set14/bird.png")}
    shown = own_luma(pixels(data["uris"][picture["uri"]]))
    away = {f: abs(shown - own_luma(image)).mean() for f, image in files.items()}
    assert min(away, key=away.get) == measure.picture and away[measure.picture] < 3
    sr, hr = files[measure.picture], files["hr/Set14/bird.png"]
    errors = pixels(data["uris"][picture["errors"]])
    assert np.corrcoef(errors.sum(-1).ravel(), np.minimum(abs(own_luma(sr) - own_luma(hr)), 32).ravel())[0, 1] > 0.9
    assert entry["pictures"][0]["errors"] is None


def large(folder, extra):
    """One image of 600x530 px whose colours tell the place, and SR images that reach over it by some px."""
    results = make_results(("a", "b", "c", "d"), ("Set5",), ("g2.0d",), images=("big",))
    y, x = np.mgrid[: 530 + extra, : 600 + extra]
    place = np.stack([x * 255 / 620, y * 255 / 550, 128 + 0 * x], axis=-1).astype(np.uint8)
    write_pictures(results, folder)
    Image.fromarray(place[:530, :600]).save(folder / results.sources[0].hr)
    for measure in results.measures:
        Image.fromarray(place).save(folder / measure.picture)
    return results, place


def test_large_images_are_cropped_in_the_middle_and_sr_to_hr(tmp_path):
    results, place = large(tmp_path, extra=3)
    (source,) = results.sources
    exhibit = read_exhibit(results, source, tmp_path)
    assert exhibit.full == (530, 600) and exhibit.missing == ()
    assert np.array_equal(exhibit.reference, place[9:521, 44:556])
    assert all(np.array_equal(view.pixels, exhibit.reference) for view in exhibit.views if view.measured)
    (entry,) = gather(results, tmp_path, 10**7).images
    assert (entry["width"], entry["height"], entry["full"]) == (512, 512, [600, 530])


def test_pictures_that_are_not_there_are_left_out_and_named(tmp_path):
    results, place = large(tmp_path, extra=2)
    (source,) = results.sources
    a, b, c, _ = (tmp_path / m.picture for m in results.measures)
    a.unlink()
    b.write_bytes(b.read_bytes()[:500])
    Image.fromarray(place[:530, :599]).save(c)  # smaller than HR
    exhibit = read_exhibit(drop(results, "Set5", "g2.0d", "big", "d"), source, tmp_path)
    assert exhibit.missing == ("a", "b", "c", "d") and [v.measured for v in exhibit.views] == [False]
    assert read_exhibit(results, source, tmp_path).missing == ("a", "b", "c")
    (tmp_path / source.hr).unlink()
    assert read_exhibit(results, source, tmp_path) is None
    page = read(write_page(results, tmp_path))
    assert page.data("gallery-data") == {"uris": [], "images": []}


def test_the_lr_image_is_enlarged_where_no_column_is_bicubic(tmp_path):
    results = make_results(("a",), ("Set5",), ("g2.0d",), images=("one",))
    write_pictures(results, tmp_path)
    view = read_exhibit(results, results.sources[0], tmp_path).views[0]
    lr = Image.open(tmp_path / results.sources[0].lr)
    expected = np.asarray(lr.resize((96, 80), Image.Resampling.BICUBIC)).astype(int)
    assert view.name == "LR, bicubic" and abs(view.pixels.astype(int) - expected)[4:-4, 4:-4].max() <= 1
    with_it = make_results(("Bicubic", "a"), ("Set5",), ("g2.0d",), images=("one",))
    write_pictures(with_it, tmp_path)
    assert [v.name for v in read_exhibit(with_it, with_it.sources[0], tmp_path).views] == ["Bicubic", "a"]


def test_the_first_crop_lies_where_methods_differ(tmp_path):
    results = make_results(("bicubic", "b"), ("Set5",), ("g2.0d",), images=("one",))
    write_pictures(results, tmp_path)
    grey = np.full((200, 300, 3), 120, np.uint8)
    spot = grey.copy()
    spot[40:60, 230:250] = 150
    both = grey + np.uint8(10)  # a larger error, but equal for both
    for path, picture in (
        (results.sources[0].hr, grey),
        (results.measures[0].picture, both),
        (results.measures[1].picture, both + spot - grey),
    ):
        Image.fromarray(picture).save(tmp_path / path)
    x, y = read_exhibit(results, results.sources[0], tmp_path).focus
    assert abs(x - 240) <= 8 and abs(y - 50) <= 8
