"""Pairing of training dives: an exemplar for every query, or groups in which all ordered pairs are compared."""

from collections.abc import Sequence

import numpy as np

from fineparser_core.data.exemplars import groups_of
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import ConfigError

# Part of the seed of each kind of draw, so that they are independent.
_PAIRS, _GROUPS = 1, 2


def epoch_pairs(records: Sequence[DiveRecord], criterion: str, seed: int, epoch: int) -> list[tuple[int, int]]:
    """Return pairs of (query, exemplar) indices in the order in which an epoch goes through them.

    Every record is a query once, with an exemplar drawn from the others of its group; records that are alone in theirs
    are left out.

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
