"""Drawn graphics: a function of the seed, 8-bit, flat where nothing is drawn; and the share of them in a training."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mzsr_basicsr.data import task_stream
from mzsr_basicsr.data.blurred_patch_dataset import BlurredPatchDataset
from mzsr_basicsr.data.degraded_pair_dataset import DegradedPairDataset
from mzsr_basicsr.data.drawn import fonts
from mzsr_basicsr.data.drawn.graphic import KINDS, draw_graphic
from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
from mzsr_basicsr.data.photos import random_patch
from mzsr_basicsr.data.task_set import TaskSet
from mzsr_basicsr.degradation.kernels import KernelLaw, sample_kernels
from mzsr_basicsr.errors import ConfigError

pytestmark = pytest.mark.usefixtures("fresh_stream")


@pytest.fixture
def no_fonts(monkeypatch):
    monkeypatch.setattr(fonts, "_folders", lambda: [Path("/nowhere")])
    fonts.faces.cache_clear()
    yield
    fonts.faces.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photographs of 100 and 101 alone, which no graphic is made of."""
    rng = np.random.default_rng(0)
    for i in range(4):
        cv2.imwrite(str(tmp_path / f"p{i}.png"), rng.integers(100, 102, (50, 54, 3), dtype=np.uint8))
    return tmp_path


def section(folder: Path, kind: str, **changes) -> dict:
    base = {"name": "t", "type": kind, "phase": "train", "scale": 2, "dataroot_gt": str(folder), "length": 1000}
    return {**base, "batch_size_per_gpu": 1, "num_worker_per_gpu": 0, "gt_size": 32, **changes}


def meta_set(folder: Path, **changes) -> KernelMetaDataset:
    return KernelMetaDataset(section(folder, "KernelMetaDataset", support=2, query=2, **changes))


def drawn(image: torch.Tensor) -> bool:
    return not bool(((image * 255).round() // 2 == 50).all())


def graphic(seed: int, size: int = 64, kind: str | None = None) -> torch.Tensor:
    return draw_graphic(size, torch.Generator().manual_seed(seed), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_something_of_8_bits_and_the_seed_alone(kind: str) -> None:
    images = [graphic(seed, 64, kind) for seed in range(6)]
    for seed, image in enumerate(images):
        assert image.shape == (3, 64, 64) and image.dtype == torch.float32 and image.is_contiguous()
        assert torch.equal((image * 255).round() / 255, image) and image.min() >= 0 and image.max() <= 1
        assert image.std() > 0.03
        assert torch.equal(graphic(seed, 64, kind), image)
    assert len({image.numpy().tobytes() for image in images}) == 6


def test_the_generator_advances_by_one_number_and_no_other_is_touched() -> None:
    generator, other = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    draw_graphic(48, generator)
    torch.randint(2**62, (), generator=other)
    assert torch.equal(generator.get_state(), other.get_state()) and torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("size", [1, 7, 16, 33])
def test_any_size_is_drawn(size: int) -> None:
    for kind in KINDS:
        assert graphic(0, size, kind).shape == (3, size, size)


def test_white_stays_white_and_flat_areas_flat() -> None:
    """Pure white, or another flat ground, fills a third of most images; half of the grounds are white."""
    white, flat = [], []
    for seed in range(60):
        pixels = (graphic(seed) * 255).round().flatten(1).T
        colours, counts = torch.unique(pixels, dim=0, return_counts=True)
        white.append(float((pixels == 255).all(1).float().mean()))
        flat.append(int(counts.max()) / len(pixels))
    assert sum(share > 1 / 3 for share in flat) > 40
    assert sum(share > 1 / 3 for share in white) > 15


def test_letters_come_from_the_fonts_that_are_found() -> None:
    faces = fonts.faces()
    assert {face.family for face in faces} == {"sans", "serif", "mono"}  # matplotlib brings all of them
    names = [Path(face.path).name for face in faces]
    assert names == sorted(set(names)) and len(names) <= fonts.MOST
    assert {"DejaVuSans-Bold.ttf", "cmr10.ttf"} <= set(names) and "cmsy10.ttf" not in names
    bold = next(face for face in faces if face.path.endswith("DejaVuSans-Bold.ttf"))
    assert (bold.family, bold.bold, bold.italic) == ("sans", True, False)


def test_fonts_that_cannot_be_read_are_left_out(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "torn.ttf").write_bytes(b"\0\1\0\0 no font")
    monkeypatch.setattr(fonts, "_folders", lambda: [tmp_path])
    fonts.faces.cache_clear()
    assert fonts.faces() == (fonts.Face(),)
    fonts.faces.cache_clear()


@pytest.mark.usefixtures("no_fonts")
@pytest.mark.parametrize("kind", ["text", "terminal", "chart"])
def test_without_fonts_pillows_own_writes(kind: str) -> None:
    assert fonts.faces() == (fonts.Face(),)
    assert graphic(1, 64, kind).std() > 0.03


def test_without_freetype_one_line_says_so(monkeypatch) -> None:
    fonts.faces.cache_clear()
    monkeypatch.setattr(fonts.features, "check", lambda name: False)
    with pytest.raises(ConfigError, match="^datasets.train.drawn: needs Pillow with FreeType"):
        graphic(0, 32, "text")


def test_the_share_is_honoured(folder: Path) -> None:
    """Of 200 draws with a share of one half, 100 ± 28 are drawn but once in 10⁴ times (four deviations)."""
    data = meta_set(folder, task="internal", drawn=0.5)
    assert 72 <= sum(drawn(data[i]["image_gt"]) for i in range(200)) <= 128
    data = meta_set(folder, drawn=0.5)
    patches = [patch for i in range(50) for key in ("support_gt", "query_gt") for patch in data[i][key]]
    assert 72 <= sum(drawn(patch) for patch in patches) <= 128
    assert all(drawn(meta_set(folder, task="internal", drawn=1)[i]["image_gt"]) for i in range(10))


def test_an_item_is_a_function_of_its_number(folder: Path) -> None:
    data, again = (meta_set(folder, task="internal", drawn=0.5) for _ in range(2))
    backward = {i: again[i] for i in reversed(range(8))}
    assert all(torch.equal(data[i][key], backward[i][key]) for i in range(8) for key in backward[i])


def test_without_a_share_the_old_stream_is_drawn(folder: Path) -> None:
    """By hand: a scale, a kernel, a noise level, photographs, and from each a place and flips; nothing else."""
    internal, external = (meta_set(folder, task=task, drawn=0.0) for task in ("internal", "external"))
    law = KernelLaw(15, (1.0, 5.0), (1.0, None))
    for i in range(5):
        for data in (internal, external):
            item = data[i]
            generator = task_stream.task_generator(0, int(item["task"]))
            torch.randint(1, (), generator=generator)
            kernel = sample_kernels(law, 1, generator)[0][0]
            torch.rand((), generator=generator)
            assert torch.equal(item["kernel"], kernel.float())
            if data is internal:
                order = [int(torch.randint(4, (), generator=generator))]
            else:
                order = torch.randperm(4, generator=generator).tolist()
            patches = torch.stack([random_patch(data.photos, index, 32, True, generator) for index in order])
            found = [item[key] for key in ("image_gt", "support_gt", "query_gt") if key in item]
            assert torch.equal(torch.cat(found), patches)


def test_the_other_training_sets_take_drawn_patches_too(folder: Path) -> None:
    law = {"size": 5, "lambda1": [0.5, 1.0], "lambda2": [0.5, None]}
    pairs = DegradedPairDataset(section(folder, "DegradedPairDataset", drawn=1))
    blurred = BlurredPatchDataset(section(folder, "BlurredPatchDataset", drawn=1, lq_size=20, kernel_law=law))
    assert isinstance(pairs, TaskSet) and all(drawn(pairs[i]["gt"]) for i in range(5))
    assert all(blurred[i]["lq"].std() > 0.01 for i in range(3))


def test_a_share_is_between_0_and_1(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"^datasets.train.drawn: 1.5"):
        meta_set(folder, drawn=1.5)
