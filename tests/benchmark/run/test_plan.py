"""What a benchmark measures: kernels at scales, LR images as SciPy makes them, and the same pixels for every method."""

import shutil

import cv2
import numpy as np
import pytest
from helpers.benchmark_runs import WatchedNet, benchmark, make_place, network_method, options, planned, read
from helpers.bicubic_by_hand import degraded, gaussian

from mzsr_basicsr.benchmark.run import sources
from mzsr_basicsr.benchmark.run.sources import make_sources


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def test_kernels_stand_at_their_own_scales(place):
    own = {"name": "mine", "kernel": "gaussian:1.5,1.5,0,7", "subsampling": "bicubic", "scale": 3}
    plan = planned(options(place, kernels=["g2.0d", "g1.3b", "g2.0d_x4", own]))
    found = [(d.name, d.scale, d.subsampling) for d in plan.degradations]
    bicubic = ("g1.3b", 2, "bicubic"), ("g2.0d_x4", 4, "direct"), ("mine", 3, "bicubic")
    assert found == [("g2.0d", 2, "direct"), *bicubic]
    weights = [d.kernel.numpy() for d in plan.degradations]
    for found, expected in zip(weights, (gaussian(2), gaussian(1.3), gaussian(2), gaussian(1.5, 7))):
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_scales_cross_kernels(place):
    own = {"name": "mine", "kernel": "box:3"}
    plan = planned(options(place, kernels=["g1.3b", "g2.0d_x4", own], scales=[2, 2.5, 4]))
    names = ["g1.3b", "g1.3b_x2.5", "g1.3b_x4", "g2.0d", "g2.0d_x2.5", "g2.0d_x4", "mine", "mine_x2.5", "mine_x4"]
    assert [d.name for d in plan.degradations] == names
    assert [d.scale for d in plan.degradations] == [2, 2.5, 4] * 3
    assert [d.subsampling for d in plan.degradations] == ["bicubic"] * 3 + ["direct"] * 6


@pytest.mark.parametrize(
    ("name", "variance", "scale", "subsampling"),
    [
        ("g0.2d", 0.2, 2, "direct"),
        ("g1.3b", 1.3, 2, "bicubic"),
        ("g2.0d_x4", 2.0, 4, "direct"),
        ("b", 1.0, 3, "bicubic"),
    ],
)
def test_lr_files_are_scipys(place, tmp_path, name, variance, scale, subsampling):
    own = {"name": name, "kernel": f"gaussian:{variance},{variance},0,21", "subsampling": subsampling, "scale": scale}
    given = make_sources(planned(options(place, kernels=[own if name == "b" else name])), tmp_path)
    assert [g.source.image for g in given] == ["p0", "p1"]
    for g in given:
        expected = degraded(read(place / f"gt/{g.source.image}.png"), gaussian(variance), scale, subsampling)
        np.testing.assert_array_equal(read(tmp_path / g.source.lr), expected)
        assert g.source.lr == f"lr/Tiny/{name}/{g.source.image}.png"


def publish(place, name="published", add=3):
    """Write LR images that no degradation makes."""
    (place / name).mkdir()
    for stem in ("p0", "p1"):
        lr = degraded(read(place / f"gt/{stem}.png"), gaussian(2), 2, "direct")
        cv2.imwrite(str(place / name / f"{stem}.png"), np.uint8(lr // 2 + add)[..., ::-1])
    return place / name


def test_published_lr_images_are_used_as_they_are(place):
    folder = publish(place)
    section = {"gt": str(place / "gt"), "lq": {"g2.0d": str(folder)}}
    content = options(place, datasets={"Tiny": section, "Made": str(place / "gt")}, kernels=["g2.0d", "g0.2d"])
    results, out = benchmark(content)
    pictures = {(s.dataset, s.kernel, s.image): read(out / s.lr) for s in results.sources}
    assert len(pictures) == 8
    for stem in ("p0", "p1"):
        np.testing.assert_array_equal(pictures["Tiny", "g2.0d", stem], read(folder / f"{stem}.png"))
        made = degraded(read(place / f"gt/{stem}.png"), gaussian(2), 2, "direct")
        np.testing.assert_array_equal(pictures["Made", "g2.0d", stem], made)
        np.testing.assert_array_equal(pictures["Tiny", "g0.2d", stem], pictures["Made", "g0.2d", stem])
    hr = {s.image: s.hr for s in results.sources if s.dataset == "Tiny"}
    assert hr == {stem: str(place / f"gt/{stem}.png") for stem in ("p0", "p1")}


def test_every_method_gets_these_pixels_and_no_others(place):
    spies = {label: network_method(place / "spy.pth", **more) for label, more in (("a", {}), ("b", {}))}
    hook = {"updates": [0], "rates": [[0, 0.1]]}
    spies["hooked"] = network_method(place / "spy.pth", zero_shot=hook)
    section = {"gt": str(place / "gt"), "lq": {"g2.0d": str(publish(place))}}
    WatchedNet.seen.clear()
    results, out = benchmark(options(place, datasets={"Tiny": section}, methods=spies, kernels=["g2.0d", "g1.3b"]))
    assert len(results.measures) == 12
    files = {(s.kernel, s.image): read(out / s.lr) / np.float32(255) for s in results.sources}
    whole = [t[0].permute(1, 2, 0).numpy() for t in WatchedNet.seen if t.shape[-1] > 20]
    assert len(whole) == 12
    for key, file in files.items():
        assert sum(t.shape == file.shape and bool((t == file).all()) for t in whole) == 3, key


def test_a_network_without_the_hook_runs_once_an_image(place):
    WatchedNet.seen.clear()
    benchmark(options(place, methods={"spy": network_method(place / "spy.pth")}))
    assert [t.shape[-1] for t in WatchedNet.seen if t.shape[-1] > 19] == [
        24,
        23,
    ]  # 19: which sizes it takes, see `windows`


def test_lr_images_are_made_once_and_again_where_they_changed(place, tmp_path):
    plan = planned(options(place))

    def make():
        return {g.source.image: (tmp_path / g.source.lr).stat().st_mtime_ns for g in make_sources(plan, tmp_path)}

    first = make()
    assert make() == first
    (tmp_path / "lr/Tiny/g2.0d/p1.png").write_bytes(b"damaged")
    second = make()
    assert second["p0"] == first["p0"] and second["p1"] != first["p1"]
    np.testing.assert_array_equal(
        read(tmp_path / "lr/Tiny/g2.0d/p1.png"), degraded(read(place / "gt/p1.png"), gaussian(2), 2, "direct")
    )
    shutil.copy(place / "gt/p1.png", place / "gt/p0.png")
    third = make()
    assert third["p1"] == second["p1"] and third["p0"] != first["p0"]
    expected = degraded(read(place / "gt/p1.png"), gaussian(2), 2, "direct")
    np.testing.assert_array_equal(read(tmp_path / "lr/Tiny/g2.0d/p0.png"), expected)
    (tmp_path / "lr.json").write_text("[")
    assert make().keys() == third.keys()


def test_a_missing_set_is_one_line_and_the_rest_goes_on(place):
    there = place / "sets" / "Set14" / "GT"
    shutil.copytree(place / "gt", there)
    sets = {"Set5": str(place / "sets/Set5/GT"), "Set14": str(there), "Other": "nowhere/near/here"}
    plan = planned(options(place, datasets=sets))
    assert list(plan.datasets) == ["Set14"]
    first, second = plan.skipped
    assert first.startswith("Set5: skipped, since ") and "did you mean `Set14`?" in first
    assert (
        second == "Other: skipped, since nowhere/near/here is no folder; put the images there, or name another folder"
    )


def test_lr_images_that_were_made_before_a_stop_are_not_made_again(place, tmp_path, monkeypatch):
    plan, made, real = planned(options(place, kernels=["g2.0d", "g0.2d"])), [], sources._write_lr

    def write(item, file):
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(file.relative_to(tmp_path / "lr").as_posix())
        return real(item, file)

    monkeypatch.setattr(sources, "_write_lr", write)
    with pytest.raises(KeyboardInterrupt):
        make_sources(plan, tmp_path)
    assert len(made) == 3
    monkeypatch.setattr(sources, "_write_lr", lambda item, file: made.append(file.parent.name) or real(item, file))
    make_sources(plan, tmp_path)
    assert made[3:] == ["g0.2d"]
