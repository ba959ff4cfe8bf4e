"""Bias of an event's annotators: flights of the same dive numbers differ in length between events."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fineparser_core.data.records import DiveRecord

#: Dives of an event below which its median says little.
FEWEST = 4


@dataclass(frozen=True, kw_only=True)
class EventBias:
    """One event.

    Attributes:
        dives: those of numbers that other events have, too.
        factor: median over them of the labeled flight, relative to the median of its dive number in all events.
    """

    event: str
    dives: int
    factor: float


def event_biases(flights: Sequence[tuple[str, str, float]]) -> Mapping[str, EventBias]:
    """Return the events with at least `FEWEST` dives, the shortest flights first.

    Args:
        flights: event, dive number and length of a labeled flight, in any unit.
    """
    events_of, lengths_of = defaultdict(set), defaultdict(list)
    for event, number, length in flights:
        events_of[number].add(event)
        lengths_of[number].append(length)
    ratios: defaultdict[str, list[float]] = defaultdict(list)
    for event, number, length in flights:
        if len(events_of[number]) > 1 and length > 0:
            ratios[event].append(length / float(np.median(lengths_of[number])))
    found = [
        EventBias(event=event, dives=len(each), factor=float(np.median(each)))
        for event, each in ratios.items()
        if len(each) >= FEWEST
    ]
    return {one.event: one for one in sorted(found, key=lambda one: (one.factor, one.event))}


def biases_of(records: Sequence[DiveRecord]) -> Mapping[str, EventBias]:
    """Return `event_biases` of the records whose transitions make three steps, in frames."""
    return event_biases(
        [
            (record.key[0], record.dive_number, float(record.first_entry_frame - record.first_flight_frame))
            for record in records
            if record.has_steps and record.first_entry_frame is not None and record.first_flight_frame is not None
        ]
    )
