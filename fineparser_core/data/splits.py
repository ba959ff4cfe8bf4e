"""Cutting a validation split from the training dives, so that no choice is made on the test set."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fineparser_core.data.records import DiveRecord, DiveSet
from fineparser_core.errors import ConfigError

RULES = ("number", "event")


def validation_split(
    records: Sequence[DiveRecord], share: float, by: str, seed: int
) -> tuple[list[DiveRecord], list[DiveRecord]]:
    """Return training and validation dives, by key; the same for the same records in any order.

    Args:
        records: the training split.
        share: of the dives that go to validation, from 0 up to but not 1.
        by: "number" draws within every dive number, as the release cut its test set, so that both parts have the
            same events and every validation dive has an exemplar; it estimates the test number. "event" takes whole
            events, the nearest to the share that a random order of them gives; it says how new competitions fare.
        seed: of the draw.

    Raises:
        ConfigError: an unknown rule, a share that is none, or records that cannot be cut so.
    """
    if by not in RULES:
        raise ConfigError(f'A validation split by "{by}" is not known: use one of {", ".join(RULES)}.')
    if not 0 <= share < 1:
        raise ConfigError(f"A validation share of {share:g} leaves nothing to train on: use 0 or more and less than 1.")
    ordered = sorted(records, key=lambda record: record.key)
    if share == 0:
        return ordered, []
    groups: defaultdict[str, list[DiveRecord]] = defaultdict(list)
    for record in ordered:
        groups[record.dive_number if by == "number" else record.key[0]].append(record)
    rng = np.random.default_rng(seed)
    by_name = [groups[name] for name in sorted(groups)]
    chosen = _within(by_name, share, rng) if by == "number" else _whole(by_name, share, rng)
    if not chosen:
        wanted = "two dives of one number" if by == "number" else "two events"
        raise ConfigError(
            f"{len(ordered)} dives cannot be split by {by}: it takes at least {wanted}, or --validation-share 0."
        )
    keys = {record.key for record in chosen}
    return [r for r in ordered if r.key not in keys], [r for r in ordered if r.key in keys]


def split_by_event(data: DiveSet) -> DiveSet:
    """Return the dives with whole events, a quarter of the dives, as test split, to measure new competitions.

    All events of FineDiving's own test split occur in its training split, too.

    Raises:
        ConfigError: there is only a single event.
    """
    used = [record for record in data.records.values() if record.split]
    if len({record.key[0] for record in used}) < 2:
        raise ConfigError("All dives are of one event, so that none is left to train on: leave --split-by away.")
    train, test = validation_split(used, 0.25, "event", 0)
    records = {
        record.key: replace(record, split=name) for name, each in (("train", train), ("test", test)) for record in each
    }
    return replace(data, records={**data.records, **records})


def _within(groups: list[list[DiveRecord]], share: float, rng: np.random.Generator) -> list[DiveRecord]:
    """Return the share of every group; what rounding leaves over goes on to the next, so that the sum is right."""
    chosen: list[DiveRecord] = []
    wanted = 0.0
    for group in groups:
        wanted += share * len(group)
        count = min(max(0, round(wanted) - len(chosen)), len(group) - 1)
        chosen += [group[i] for i in rng.permutation(len(group))[:count]]
    largest = max(groups, key=len, default=[])
    return chosen or largest[:1] if len(largest) > 1 else []


def _whole(groups: list[list[DiveRecord]], share: float, rng: np.random.Generator) -> list[DiveRecord]:
    if len(groups) < 2:
        return []
    wanted = share * sum(len(group) for group in groups)
    chosen: list[list[DiveRecord]] = []
    count = 0
    for i in rng.permutation(len(groups)):
        nearer = abs(count + len(groups[i]) - wanted) < abs(count - wanted)
        if nearer and len(chosen) < len(groups) - 1:
            chosen.append(groups[i])
            count += len(groups[i])
    return [record for group in chosen or [min(groups, key=len)] for record in group]
