"""The domains start: which network a task starts from, by hand, and what a weights file of it keeps."""

import pytest
import torch
from helpers.small_networks import Lift
from torch import Tensor

from mzsr_basicsr.degradation.graphics import commonest
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.starts import Domains, View
from mzsr_basicsr.weights.learner import learner_as_plain, learner_of

DEGRADATION = Degradation("gaussian:1.0", 2)


def page(levels: int) -> Tensor:
    """(1, 3, 40, 40): as many grey levels as are asked for, all as often."""
    return (torch.arange(1600) % levels).reshape(1, 1, 40, 40).expand(1, 3, -1, -1) / 255


def start(least: float = 0.2) -> tuple[Domains, Lift]:
    torch.manual_seed(3)
    network = Lift()
    made = Domains(network, TaskEmbedding(num_feat=4, size=8), 2, 3)
    made.added[0].data += torch.tensor([0.25, 0.5], dtype=torch.float64)[:, None]
    made.least.fill_(least)
    made.owners.copy_(torch.tensor([0, 1, 2]))
    return made, network


def place_at(made: Domains, image: Tensor, centre: int) -> None:
    """Put one centre where the image lies, and the others opposite."""
    code = made.code(View(image, DEGRADATION))
    made.centres.copy_(-code.expand(3, -1))
    made.centres[centre] = code


@pytest.mark.parametrize(("centre", "added", "name"), [(0, 0.0, "1 of 3"), (1, 0.25, "2 of 3"), (2, 0.5, "3 of 3")])
def test_a_task_starts_from_the_network_of_the_nearest_centre(centre: int, added: float, name: str) -> None:
    made, network = start()
    place_at(made, page(10), centre)
    params = dict(network.named_parameters())
    begun = made(View(page(10), DEGRADATION), params)
    assert float(begun["level"]) == added and made.named(View(page(10), DEGRADATION)) == f"domain {name}"
    assert MetaLearner(network, made).words(View(page(10), DEGRADATION)) == (
        f"starts from domain {name}; all parameters move"
    )


@pytest.mark.parametrize(("levels", "chosen"), [(4, 1), (19, 1), (21, 0), (200, 0)])
def test_an_image_of_many_levels_is_of_the_first_domain_wherever_it_lies(levels: int, chosen: int) -> None:
    """Four of n levels that are equally often fill 4 / n of the image; a fifth is asked for."""
    made, _ = start(least=0.2)
    place_at(made, page(levels), 1)
    assert commonest(page(levels)) == pytest.approx(4 / levels, abs=4 / 1600)
    assert made.chosen(View(page(levels), DEGRADATION)) == chosen


def test_the_commonest_levels_are_counted_in_grey_over_all_images() -> None:
    images = torch.stack([torch.full((3, 2, 2), 0.1), torch.tensor([0.0, 0.5, 1.0])[:, None, None].expand(-1, 2, 2)])
    assert commonest(images) == 1  # two levels
    five = torch.tensor([[[0, 10, 20, 30, 40, 40]]]) / 255
    assert commonest(five) == pytest.approx(5 / 6)


def test_a_weights_file_gives_it_back() -> None:
    made, network = start()
    place_at(made, page(10), 2)
    learner = MetaLearner(network, made)
    plain = learner_as_plain(learner)
    assert plain is not None and plain["start_arguments"] == {"domains": 2, "centres": 3}
    again = learner_of({"about": {"learner": plain}, "meta": learner.state_dict()}, network, "w.pth")
    view = View(page(10), DEGRADATION)
    assert again is not None and float(again.begin(view, dict(network.named_parameters()))["level"]) == 0.5
    lacking = {name: value for name, value in learner.state_dict().items() if name != "start.owners"}
    with pytest.raises(ValueError, match="w.pth: its meta-learner does not fit its network"):
        learner_of({"about": {"learner": plain}, "meta": lacking}, network, "w.pth")
