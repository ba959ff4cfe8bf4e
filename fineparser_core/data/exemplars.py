"""Choice of exemplars: which dives a query may be compared with, and which of them are drawn."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import ConfigError

#: Property that query and exemplar must share, by name of the criterion.
CRITERIA: dict[str, Callable[[DiveRecord], Hashable]] = {
    "dive-number": lambda record: record.dive_number,
    "difficulty": lambda record: record.difficulty,
    "random": lambda record: None,
}


def groups_of(records: Sequence[DiveRecord], criterion: str) -> list[list[int]]:
    """Return the indices of the records that may be compared with each other, in the order in which groups first occur.

    Raises:
        ConfigError: an unknown criterion.
    """
    common = _criterion(criterion)
    groups: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        groups[common(record)].append(index)
    return list(groups.values())


def candidates(query: DiveRecord, pool: Sequence[DiveRecord], criterion: str) -> list[DiveRecord]:
    """Return dives of the pool that the query may be compared with, by key; never the query itself.

    Args:
        criterion: "dive-number" (FineDiving), "difficulty" (the same DD: what CoRe does on MTL-AQA) or "random".

    Raises:
        ConfigError: an unknown criterion.

    Source: section 4.3 of the paper.
    """
    common = _criterion(criterion)
    wanted = common(query)
    found = (record for record in pool if common(record) == wanted and record.key != query.key)
    return sorted(found, key=lambda record: record.key)


def draw_exemplars(
    query: DiveRecord, pool: Sequence[DiveRecord], criterion: str, n: int = 10, seed: int = 0
) -> list[DiveRecord]:
    """Return up to n different candidates: all there are where there are fewer, which the caller counts.

    The draw depends on seed and query alone, not on the order of the pool or on other queries.

    Raises:
        ConfigError: an unknown criterion.

    Deviation: the release takes the first ten of a list that a global generator shuffles in place, so that its
    exemplars drift between evaluations.
    """
    found = candidates(query, pool, criterion)
    rng = np.random.default_rng((seed, zlib.crc32(query.id.encode("utf-8", "surrogatepass"))))
    return [found[i] for i in rng.permutation(len(found))[:n]]


def some_candidates(
    queries: Sequence[DiveRecord], pool: Sequence[DiveRecord], criterion: str, per_group: int, seed: int
) -> list[DiveRecord]:
    """Return up to `per_group` dives of the pool, drawn, for each group that a query may be compared with.

    Raises:
        ConfigError: an unknown criterion.
    """
    common, chosen = _criterion(criterion), list[DiveRecord]()
    wanted = {common(query) for query in queries}
    for group in groups_of(pool, criterion):
        if common(pool[group[0]]) in wanted:
            drawn = np.random.default_rng(seed).permutation(len(group))[:per_group]
            chosen += [pool[group[i]] for i in sorted(drawn)]
    return chosen


def _criterion(name: str) -> Callable[[DiveRecord], Hashable]:
    try:
        return CRITERIA[name]
    except KeyError:
        raise ConfigError(f'Exemplars by "{name}" are not known: use one of {", ".join(CRITERIA)}.') from None


# Part of the seed of each kind of draw, so that they are independent.
_PAIRS, _GROUPS = 1, 2


def epoch_pairs(
    records: Sequence[DiveRecord], criterion: str, seed: int, epoch: int, *, lone: bool = False
) -> list[tuple[int, int]]:
    """Return pairs of (query, exemplar) indices in the order in which an epoch goes through them.

    Every record is a query once, with an exemplar drawn from the others of its group; records that are alone in theirs
    are left out, or paired with themselves where `lone`, as released.

    Raises:
        ConfigError: an unknown criterion.

    Source: section 3.3 of the paper, Training.
    """
    rng = np.random.default_rng((seed, epoch, _PAIRS))
    pairs = []
    for group in groups_of(records, criterion):
        if len(group) > 1:
            places = np.arange(len(group))
            others = (places + rng.integers(1, len(group), len(group))) % len(group)
            pairs += [(group[place], group[other]) for place, other in zip(places, others, strict=True)]
        elif lone:
            pairs.append((group[0], group[0]))
    return [pairs[i] for i in rng.permutation(len(pairs))]


def epoch_groups(
    records: Sequence[DiveRecord], criterion: str, group_size: int, seed: int, epoch: int
) -> list[list[int]]:
    """Return groups of 2 to `group_size` indices, for batches in which every dive is query and exemplar of all others.

    Each record is in at most one group an epoch. The dives that a criterion admits are cut into parts of nearly equal
    size; a record left alone waits for another epoch.

    Raises:
        ConfigError: an unknown criterion, or groups of fewer than 2.

    Deviation: the paper draws an exemplar for every query; here N encoded dives give N (N - 1) ordered pairs.
    """
    if group_size < 2:
        raise ConfigError(f"A group of {group_size} has no pair: use a group size of at least 2.")
    rng = np.random.default_rng((seed, epoch, _GROUPS))
    parts: list[list[int]] = []
    for group in groups_of(records, criterion):
        count = -(-len(group) // group_size)
        parts += [part.tolist() for part in np.array_split(rng.permutation(group), count) if len(part) > 1]
    return [parts[i] for i in rng.permutation(len(parts))]
