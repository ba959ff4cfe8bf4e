from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.exemplars import candidates, epoch_pairs
from fineparser_core.data.splits import split_by_event, validation_split
from fineparser_core.errors import ConfigError


@pytest.fixture
def records(make_record):
    """200 dives of ten numbers, the first commonest, in 20 events of different sizes."""
    rng = np.random.default_rng(0)
    numbers = [f"{100 + int(n)}B" for n in rng.geometric(0.3, 200)]
    events = [f"event{int(e):02d}" for e in rng.choice(20, 200, p=np.arange(1, 21) / 210)]
    return [make_record(e, i, dive_number=n) for i, (e, n) in enumerate(zip(events, numbers, strict=True))]


@pytest.mark.parametrize("by", ["number", "event"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 0.6])
def test_parts_are_whole_and_about_the_share(records, by, share):
    train, validation = validation_split(records, share, by, 7)
    assert sorted(r.key for r in (*train, *validation)) == sorted(r.key for r in records)
    assert {r.key for r in train}.isdisjoint(r.key for r in validation)
    assert train
    assert validation
    assert len(validation) == pytest.approx(share * 200, abs=16 if by == "event" else 10)


def test_by_number_every_validation_dive_keeps_an_exemplar(records):
    train, validation = validation_split(records, 0.25, "number", 7)
    whole, cut = (Counter(r.dive_number for r in part) for part in (records, validation))
    assert {r.dive_number for r in validation} <= {r.dive_number for r in train}
    for number, count in whole.items():
        assert abs(cut[number] - 0.25 * count) <= 1


def test_whole_events_are_tested_on(finediving_root):
    data = load_dataset(finediving_root)
    few = {
        key: replace(record, key=(f"event{place % 3}", place))
        for place, (key, record) in enumerate(data.records.items())
    }
    data = replace(data, records={record.key: record for record in few.values()})
    other = split_by_event(data)
    events = [{record.key[0] for record in other.split(name)} for name in ("train", "test")]
    assert all(events)
    assert events[0].isdisjoint(events[1])
    assert sum(len(other.split(name)) for name in ("train", "test")) == len(data.records)
    event = min(record.key[0] for record in data.records.values())
    alone = {key: record for key, record in data.records.items() if key[0] == event}
    with pytest.raises(ConfigError, match="All dives are of one event"):
        split_by_event(replace(data, records=alone))


@pytest.fixture
def pool(make_record):
    """30 dives of 407C and 107B in turn, all of DD 3.2 but every third, and one of 626C."""
    dives = [
        make_record("A", i, dive_number=("407C", "107B")[i % 2], difficulty=3.0 if i % 3 == 0 else 3.2)
        for i in range(30)
    ]
    return [*dives, make_record("B", 1, dive_number="626C", difficulty=3.5)]


@pytest.mark.parametrize(
    ("criterion", "same", "count"),
    [
        ("dive-number", lambda r: r.dive_number, 14),
        ("difficulty", lambda r: r.difficulty, 9),
        ("random", lambda r: 0, 30),
    ],
)
def test_candidates_have_it_in_common_and_are_not_the_query(pool, criterion, same, count):
    query = pool[0]
    found = candidates(query, pool[::-1], criterion)
    assert len(found) == count
    assert query not in found
    assert {same(record) for record in found} == {same(query)}
    assert found == sorted(found, key=lambda record: record.key)


def test_every_query_has_one_exemplar_an_epoch(pool):
    pairs = epoch_pairs(pool, "dive-number", 1, 0)
    assert sorted(query for query, _ in pairs) == list(range(30))  # 626C is alone
    assert all(pool[q].dive_number == pool[e].dive_number and q != e for q, e in pairs)
    assert [query for query, _ in pairs] != list(range(30))
    assert epoch_pairs(pool, "dive-number", 1, 0) == pairs
    assert epoch_pairs(pool, "dive-number", 1, 1) != pairs
    assert len(epoch_pairs(pool, "random", 1, 0)) == 31
    alone = set(epoch_pairs(pool, "dive-number", 1, 0, lone=True)) - {(30, 30)}
    assert (alone, len(epoch_pairs(pool, "dive-number", 1, 0, lone=True))) == (set(pairs), 31)
