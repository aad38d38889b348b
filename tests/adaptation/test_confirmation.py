"""A start that is doubted: the image says whether what was chosen for it is kept."""

import numpy as np
import pytest
import torch
from helpers.own_scale_by_hand import chance, copy_of, made_small
from helpers.small_networks import Lift, photo
from torch import Tensor

from mzsr_basicsr.adaptation import confirmation
from mzsr_basicsr.adaptation.careful import adapt_carefully
from mzsr_basicsr.adaptation.confirmation import FIRST, QUESTIONS, confirmed
from mzsr_basicsr.adaptation.descent import begin, begun_in_words, scene_of
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.starts import Domains

NONE = Degradation(delta_kernel(), 2)


def image(side: int = 40) -> Tensor:
    return torch.from_numpy(photo(side, side)).permute(2, 0, 1)[None].double() / 255


def level(value: float) -> dict[str, Tensor]:
    return {"level": torch.tensor([value], dtype=torch.float64)}


def mark_by_hand(lq: Tensor, pictures: tuple[float, float], own: float) -> float:
    """The loss of a network that lifts by `own`, on smaller copies of the estimates of two."""
    low, total = lq[0].permute(1, 2, 0).numpy(), 0.0
    for lift in pictures:
        picture = (low.repeat(2, 0).repeat(2, 1) + lift).clip(0, 1)
        for number in range(QUESTIONS):
            generator = chance(0, FIRST + number)
            copy = copy_of(picture, 2, (0.5, 0.95), 96, generator)
            small = made_small(copy, np.ones((1, 1)), 2, "direct", 0, generator, quantize=False)
            total += np.abs(small.repeat(2, 0).repeat(2, 1) + own - copy).mean()
    return total


@pytest.mark.parametrize(("chosen", "shared"), [(0.0, 0.1), (0.1, 0.0), (0.004, -0.004), (-0.004, 0.004)])
def test_the_network_that_makes_the_smaller_copy_again_is_kept(chosen: float, shared: float) -> None:
    scene = scene_of(Lift(), image(26), NONE, Settings(), NONE)
    marks = [mark_by_hand(image(26), (chosen, shared), own) for own in (chosen, shared)]
    assert abs(marks[0] - marks[1]) > 1e-6
    assert confirmed(scene, level(chosen), level(shared)) == (marks[0] < marks[1])


def test_small_images_and_nan_confirm_nothing() -> None:
    assert not confirmed(scene_of(Lift(), image(23), NONE, Settings(), NONE), level(0.0), level(0.5))
    assert confirmed(scene_of(Lift(), image(24), NONE, Settings(), NONE), level(0.0), level(0.5))
    assert not confirmed(scene_of(Lift(), image(), NONE, Settings(), NONE), level(float("nan")), level(0.5))


def learner(lift: float, least: float = 0.0) -> MetaLearner:
    """Every image is of the second domain, whose network lifts by so much."""
    torch.manual_seed(0)
    start = Domains(Lift(), TaskEmbedding(num_feat=4, size=8), 1, 1)
    start.added[0].data.fill_(lift)
    start.centres.fill_(1)
    start.owners.fill_(1)
    start.least.fill_(least)
    return MetaLearner(Lift(), start)


@pytest.mark.parametrize("updates", [0, 2])
def test_what_is_not_confirmed_starts_from_the_shared_parameters(updates: int) -> None:
    """A lift by a tenth makes no copy again; one by nothing does, as well as the shared parameters do, which is not better."""
    settings = Settings((updates,), learner=learner(0.1), careful=True)
    found = adapt_carefully(Lift(), image(), NONE, settings)
    plain = adapt_carefully(Lift(), image(), NONE, Settings((updates,), careful=True))
    assert torch.equal(found.params["level"], plain.params["level"]) and found.began == "" == plain.began
    images = zero_shot(Lift(), image(), NONE, settings).images
    assert torch.equal(
        images[updates], zero_shot(Lift(), image(), NONE, Settings((updates,), careful=True)).images[updates]
    )


def test_what_is_confirmed_is_begun_from_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmation, "lessons_of", lambda scene, signal: lambda number, params: lambda p: -p["level"])
    settings = Settings((0,), learner=learner(0.1))
    scene = scene_of(Lift(), image(), NONE, settings, NONE)
    begun = begin(scene, settings)
    assert float(begun["level"]) == pytest.approx(0.1)
    assert begun_in_words(scene, settings, begun) == "starts from domain 2 of 2; all parameters move"
    found = adapt_carefully(Lift(), image(), NONE, settings)
    assert found.began == "starts from domain 2 of 2; all parameters move" and float(found.params["level"]) > 0.09
    many = Settings((0,), learner=learner(0.1, least=0.9))
    assert float(begin(scene_of(Lift(), image(), NONE, many, NONE), many)["level"]) == 0


def test_white_paper_stays_white_whichever_network_is_begun_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmation, "lessons_of", lambda scene, signal: lambda number, params: lambda p: p["level"])
    page = torch.ones(1, 3, 40, 40, dtype=torch.float64)
    page[..., 10:14, 12:30] = torch.linspace(0.3, 0.5, 18, dtype=torch.float64)
    found = zero_shot(Lift(), page, NONE, Settings((0,), learner=learner(-0.1))).images[0]
    assert bool((found[..., :16, :] == 1).all() and (found[..., 32:, :] == 1).all())
    torch.testing.assert_close(found[0, 0, 24, 26:56:2], page[0, 0, 12, 13:28] - 0.1)  # what is drawn is the network's
