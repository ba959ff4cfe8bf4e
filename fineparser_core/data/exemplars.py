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


def _criterion(name: str) -> Callable[[DiveRecord], Hashable]:
    try:
        return CRITERIA[name]
    except KeyError:
        raise ConfigError(f'Exemplars by "{name}" are not known: use one of {", ".join(CRITERIA)}.') from None
