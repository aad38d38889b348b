"""Files of clusters: written whole, read without running what they carry, refused in one line."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from helpers.refused_weights import check_refused

from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import WeightsError
from mzsr_basicsr.meta.clusters import Clusters
from mzsr_basicsr.meta.embedding import TaskEmbedding
from mzsr_basicsr.weights.clusters import load_clusters, save_clusters


class Harm:
    """Runs code where a file of it is loaded without care."""

    def __reduce__(self) -> tuple:
        return print, ("ran",)


def made(size: int = 6) -> Clusters:
    torch.manual_seed(1)
    return Clusters(F.normalize(torch.randn(3, size), dim=-1), TaskEmbedding(num_feat=4, size=size).eval())


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    clusters, path = made(), tmp_path / "c.pth"
    save_clusters(clusters, path, {"tasks": 9, "domains": ["a", "b"]})
    content = torch.load(path, weights_only=True)
    assert set(content) == {"centres", "embedding", "arguments", "about"}
    assert content["about"] == {"tasks": 9, "domains": ["a", "b"]} and content["arguments"]["size"] == 6
    loaded = load_clusters(path)
    assert torch.equal(loaded.centres, clusters.centres) and not loaded.embedding.training
    images, degradation = torch.rand(1, 3, 40, 40), Degradation("gaussian:1.0", 2)
    vector = clusters.embedding.of(images, degradation).detach()
    assert torch.equal(loaded.embedding.of(images, degradation), vector)
    assert loaded.nearest(vector) == max(range(3), key=lambda k: float(clusters.centres[k] @ vector))


def content(**changes: object) -> dict:
    clusters = made()
    whole = {
        "centres": clusters.centres,
        "embedding": clusters.embedding.state_dict(),
        "arguments": clusters.embedding.arguments,
        "about": {},
    }
    return {**whole, **changes}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged, or no file of clusters that can be loaded safely; replace the file"),
        (content(about=Harm()), "damaged, or no file of clusters that can be loaded safely; replace the file"),
        (7, "holds a int, not a file of clusters"),
        ({"params": {}}, "no file of clusters; make one with `mzsr tasks cluster`"),
        (content(arguments={"size": 6}), "no file of clusters; make one"),
        (content(arguments={"num_in_ch": 3, "num_feat": 4, "size": 10**9}), "no file of clusters; make one"),
        (content(arguments={"num_in_ch": 3, "num_feat": 4, "size": 5}), "an embedding of another size: head.2.weight"),
        (content(embedding={}), "holds no weights of TaskEmbedding"),
        (
            content(centres=made(5).centres),
            r"its centres \(3, 5\) are of an embedding of another size than its own, 6; make it again",
        ),
        (content(centres=made().centres[:0]), r"its centres \(0, 6\) are of an embedding of another size"),
        (content(centres=2 * made().centres), "its centres are no unit vectors"),
        (content(centres=torch.nan * made().centres), "its centres are no unit vectors"),
    ],
)
def test_other_files_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture, content: object, message: str
) -> None:
    check_refused(load_clusters, content, tmp_path / "c.pth", message)
    assert capsys.readouterr().out == ""


def test_a_failed_save_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.pth"
    save_clusters(made(), path, {})
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WeightsError, match="c.pth: cannot be written"):
        save_clusters(made(5), path, {})
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
