"""A store against a NumPy re-implementation, entry by entry; what is unlike a task never disturbs it."""

import numpy as np
import pytest
import torch

from mzsr_basicsr.meta.recall import SHARPNESS
from mzsr_basicsr.meta.store import ALIKE, UNLIKE, Store, empty_store, followed, strategy_of

SIZE, WIDTH = 4, 6


class ByHand:
    """Lists instead of tensors, float64, loops."""

    def __init__(self):
        self.entries = []  # [key, strategy, uses]

    def read(self, code):
        near = [key @ code / np.linalg.norm(key) / np.linalg.norm(code) for key, _, _ in self.entries]
        total, weighted = 1.0, np.zeros(WIDTH)
        for cosine, (_, strategy, _) in zip(near, self.entries, strict=True):
            if cosine > UNLIKE:
                weight = np.exp(SHARPNESS * (cosine - UNLIKE)) - 1
                total, weighted = total + weight, weighted + weight * strategy
        return weighted / total, max(near, default=0.0)

    def write(self, code, strategy, limit):
        near = [key @ code / np.linalg.norm(key) for key, _, _ in self.entries]
        if near and max(near) >= ALIKE:
            entry = self.entries[int(np.argmax(near))]
            key = (entry[0] * entry[2] + code) / (entry[2] + 1)
            entry[0] = key / np.linalg.norm(key)
            entry[1] = (entry[1] * entry[2] + strategy) / (entry[2] + 1)
            entry[2] += 1
            return
        if len(self.entries) == limit:
            uses = [entry[2] for entry in self.entries]
            del self.entries[uses.index(min(uses))]
        self.entries.append([code.copy(), strategy.copy(), 1])


def unit(random, near=None):
    code = random.normal(size=SIZE) if near is None else near + random.normal(0, 0.08, SIZE)
    return code / np.linalg.norm(code)


def exact(size=SIZE, width=WIDTH):
    return Store(torch.zeros(0, size).double(), torch.zeros(0, width).double(), torch.zeros(0, dtype=torch.int64))


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_reading_and_writing_as_by_hand(limit):
    random = np.random.default_rng(limit)
    places = [unit(random) for _ in range(5)]
    store, hand, counts, uses = exact(), ByHand(), set(), set()
    for _ in range(120):
        code, strategy = unit(random, places[random.integers(5)]), random.normal(size=WIDTH)
        before = [value.clone() for value in vars(store).values()]
        written = store.written(torch.from_numpy(code), torch.from_numpy(strategy), limit)
        assert all(torch.equal(a, b) for a, b in zip(before, vars(store).values(), strict=True))  # nothing in place
        store = written
        hand.write(code, strategy, limit)
        asked = unit(random, places[random.integers(5)])
        found, nearness = store.read(torch.from_numpy(asked))
        expected, near = hand.read(asked)
        np.testing.assert_allclose(found, expected, atol=1e-12)
        assert nearness == pytest.approx(near, abs=1e-12)
        assert store.uses.tolist() == [entry[2] for entry in hand.entries]
        counts.add(len(store))
        uses |= set(store.uses.tolist())
    assert max(counts) == limit or (limit == 50 and 3 < max(counts) < 50)
    assert max(uses) > 1


def test_what_is_not_like_a_task_does_not_disturb_however_much_there_is():
    random = np.random.default_rng(0)
    code = torch.tensor([1.0, 0, 0, 0])
    angle = float(np.arccos(UNLIKE)) + 1e-3
    others = torch.nn.functional.normalize(torch.from_numpy(random.normal(size=(256, 3))).float(), dim=1)
    keys = torch.cat([torch.full((256, 1), np.cos(angle)), np.sin(angle) * others], 1)
    unlike = Store(keys, torch.full((256, WIDTH), 100.0), torch.ones(256, dtype=torch.int64))
    found, nearness = unlike.read(code)
    assert found.abs().max() == 0 and nearness == pytest.approx(np.cos(angle), abs=1e-6)
    more = unlike.written(code, torch.ones(WIDTH), 300)
    weight = np.exp(SHARPNESS * (1 - UNLIKE)) - 1
    torch.testing.assert_close(more.read(code)[0], torch.full((WIDTH,), weight / (1 + weight)))


def test_reading_has_no_jump_where_an_entry_begins_to_count():
    store = exact().written(torch.tensor([1.0, 0, 0, 0]).double(), torch.ones(WIDTH).double(), 9)
    for cosine in (UNLIKE - 1e-9, UNLIKE, UNLIKE + 1e-9):
        code = torch.tensor([cosine, (1 - cosine**2) ** 0.5, 0, 0]).double()
        assert store.read(code)[0].abs().max() < 1e-7


def test_the_least_used_makes_room_and_never_the_newest():
    axes = torch.eye(SIZE)
    store = empty_store(SIZE, WIDTH)
    for place in (0, 1, 1, 0, 2, 2, 2):
        store = store.written(axes[place], torch.full((WIDTH,), float(place)), 3)
    assert store.uses.tolist() == [2, 2, 3]
    store = store.written(axes[3], torch.full((WIDTH,), 3.0), 3)
    assert store.uses.tolist() == [2, 3, 1] and torch.equal(store.keys, axes[[1, 2, 3]])
    assert store.strategies[:, 0].tolist() == [1, 2, 3] and store.strategies.dtype == torch.float16


def test_an_empty_store_knows_nothing():
    found, nearness = empty_store(SIZE, WIDTH).read(torch.ones(SIZE) / 2)
    assert found.shape == (WIDTH,) and not found.any() and nearness == 0


def test_a_strategy_leads_from_parameters_to_others():
    generator = torch.Generator().manual_seed(0)
    before = {name: torch.randn(shape, generator=generator) for name, shape in (("b", (2, 3)), ("a", (4,)), ("c", ()))}
    after = {name: torch.randn(before[name].shape, generator=generator) for name in ("a", "c", "b")}
    strategy = strategy_of(before, after)
    assert torch.equal(strategy[6:10], after["a"] - before["a"]) and strategy.shape == (11,)
    led = followed(before, strategy)
    assert list(led) == ["b", "a", "c"]
    torch.testing.assert_close(led, {name: after[name] for name in led})
    assert all(torch.equal(value, before[name]) for name, value in followed(before, torch.zeros(11)).items())
