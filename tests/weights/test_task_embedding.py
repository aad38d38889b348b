"""TaskEmbedding's weights: what is shipped, and files that are refused in one line."""

from pathlib import Path

import pytest
import torch
from helpers.refused_weights import check_refused

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.weights.files import save_atomically
from mzsr_basicsr.weights.task_embedding import load_embedding


class Harm:
    """Runs code where a file of it is loaded without care."""

    def __reduce__(self) -> tuple:
        return print, ("ran",)


def test_what_is_shipped_tells_blurs_apart() -> None:
    embedding = load_embedding()
    assert not embedding.training and not any(p.requires_grad for p in embedding.parameters())
    images = torch.rand(2, 3, 64, 64)
    blurs = [Degradation(f"gaussian:{variance}", 2) for variance in (2.0, 2.1, 0.2)]
    first, near, far = (embedding.of(images, blur) for blur in blurs)
    assert float(first @ near) > 0.95 > float(first @ far) + 0.1


def test_a_users_training_is_loaded_its_average_first(tmp_path: Path) -> None:
    path, (first, second) = tmp_path / "net_g_latest.pth", (TaskEmbedding().state_dict() for _ in range(2))
    save_atomically({"params": first, "params_ema": second}, path)
    assert all(torch.equal(value, second[name]) for name, value in load_embedding(str(path)).state_dict().items())
    save_atomically({"params": first}, path)
    assert all(torch.equal(value, first[name]) for name, value in load_embedding(str(path)).state_dict().items())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged, or no weights file of TaskEmbedding that can be loaded safely"),
        (b"hello", "damaged, or no weights file of TaskEmbedding that can be loaded safely"),
        ({"params": Harm()}, "damaged, or no weights file of TaskEmbedding that can be loaded safely"),
        ([1, 2], "holds a list, not a weights file of TaskEmbedding"),
        ({}, "holds no weights of TaskEmbedding; give a file that its training saved"),
        ({"params": {"a": torch.zeros(1)}}, "holds no weights of TaskEmbedding; give a file that its training saved"),
        (
            {"params": TaskEmbedding(size=16).state_dict()},
            r"an embedding of another size: head.2.weight is \(16, 96\), where \(32, 96\) is needed "
            r"\(num_in_ch 3, num_feat 16, size 32\); give another file",
        ),
        (
            {"params": {**TaskEmbedding().state_dict(), "head.0.bias": 5}},
            "an embedding of another size: head.0.bias is int, where",
        ),
        (
            {"params": {**TaskEmbedding().state_dict(), "head.0.bias": torch.full((96,), torch.nan)}},
            "holds numbers that are not finite",
        ),
    ],
)
def test_other_files_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture, content: object, message: str
) -> None:
    check_refused(load_embedding, content, tmp_path / "e.pth", message)
    assert capsys.readouterr().out == ""


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(WeightsError, match="none.pth: weights file of TaskEmbedding does not exist"):
        load_embedding("none.pth")
