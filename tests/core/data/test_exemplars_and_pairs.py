import pytest

from fineparser_core.data.exemplars import candidates, epoch_pairs


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
