"""`prefetch_mode: cuda`: the next meta-batch is degraded ahead, to the very tasks that the model would have made."""

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from helpers.trainings import write_photos
from torch.utils.data import DataLoader, Dataset

from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
from mzsr_basicsr.host import compat
from mzsr_basicsr.models import ahead
from mzsr_basicsr.models.ahead import TaskPrefetcher
from mzsr_basicsr.models.mzsr_model import MZSRModel
from mzsr_basicsr.models.task_builder import build_tasks

CPU = {"num_gpu": 0}


def loader_of(root: Path, **options: object) -> DataLoader:
    section = {
        "name": "t",
        "type": "KernelMetaDataset",
        "phase": "train",
        "scale": 2,
        "dataroot_gt": str(write_photos(root / "photos", 3)),
        "task": "internal",
        "gt_size": 16,
        "noise": [0.01, 0.05],
        "quantize": True,
        "length": 4,
        "seed": 3,
        "batch_size_per_gpu": 2,
        "num_worker_per_gpu": 0,
        **options,
    }
    return DataLoader(KernelMetaDataset(section), batch_size=2)


def test_tasks_are_those_that_the_model_makes_and_come_in_order(tmp_path: Path) -> None:
    loader = loader_of(tmp_path)
    prefetcher = TaskPrefetcher(loader, CPU)
    prefetcher.reset()
    for expected in loader:
        batch = prefetcher.next()
        assert torch.equal(batch["task"], expected["task"])
        for made, own in zip(batch["tasks"], build_tasks(expected, "direct", 3, True), strict=True):
            assert made.name == own.name and made.degradation.noise == own.degradation.noise
            for a, b in ((made.support, own.support), (made.query, own.query)):
                assert torch.equal(a.lq, b.lq) and torch.equal(a.gt, b.gt)
    assert prefetcher.next() is None
    prefetcher.reset()
    assert prefetcher.next() is not None


def test_the_model_takes_tasks_that_were_made_ahead(tmp_path: Path) -> None:
    prefetcher = TaskPrefetcher(loader_of(tmp_path), CPU)
    batch = prefetcher.next()
    model = SimpleNamespace(device=torch.device("cpu"), bare_step=SimpleNamespace(takes_tasks_apart=True), options=None)
    MZSRModel.feed_data(model, batch)
    assert model.tasks is batch["tasks"]  # with no options at hand it could not have made them


def test_the_next_batch_is_made_while_the_step_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, threads = [threading.Event() for _ in range(3)], []

    def noting(batch, section):
        threads.append(threading.current_thread())
        made[len(threads) - 1].set()
        return []

    monkeypatch.setattr(ahead, "tasks_of", noting)
    prefetcher = TaskPrefetcher(loader_of(tmp_path), CPU)
    assert prefetcher.next() is not None
    assert made[1].wait(20)  # nobody has asked for the second
    assert threading.main_thread() not in threads


def test_other_data_is_handed_on_and_errors_are_raised_where_they_are_waited_for() -> None:
    class Two(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            if index:
                raise ValueError("an image")
            return {"lq": torch.zeros(1), "path": "a.png"}

    prefetcher = TaskPrefetcher(DataLoader(Two()), CPU)
    assert set(prefetcher.next()) == {"lq", "path"}
    with pytest.raises(ValueError, match="an image"):
        prefetcher.next()


def test_basicsr_is_given_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from basicsr.data import prefetch_dataloader

    theirs = SimpleNamespace(CUDAPrefetcher=prefetch_dataloader.CUDAPrefetcher)
    monkeypatch.setattr(prefetch_dataloader, "CUDAPrefetcher", theirs.CUDAPrefetcher)
    monkeypatch.setitem(sys.modules, "basicsr.train", theirs)
    ahead.mend_cuda_prefetching()
    assert prefetch_dataloader.CUDAPrefetcher is theirs.CUDAPrefetcher is TaskPrefetcher
    assert "mend_cuda_prefetching" in compat.mend.__code__.co_names
