"""The son is one lesson for all updates, and one question for all draws of an exam."""

import torch

from mzsr_basicsr.signals.son import answering_once


def test_an_exam_asks_the_son_once_for_all_draws() -> None:
    calls: list[object] = []

    def loss(params: dict[str, torch.Tensor]) -> torch.Tensor:
        calls.append(params)
        return params["w"].sum()

    lesson, first, second = answering_once(loss), {"w": torch.ones(2)}, {"w": torch.full((2,), 3.0)}
    with torch.no_grad():
        assert [float(lesson(p)) for p in (first, first, second, first)] == [2, 2, 6, 2]
    assert len(calls) == 3
    wanted = {"w": torch.ones(2, requires_grad=True)}
    for _ in range(2):  # a gradient is never taken from memory
        assert torch.autograd.grad(lesson(wanted), wanted["w"])[0].tolist() == [1, 1]
    assert len(calls) == 5
