"""Dives that can be compared, and how the times of two dives are aligned."""

from dataclasses import dataclass, field
from enum import Enum, auto


class Alignment(Enum):
    """Which moments of both dives are shown together."""

    STEPS = auto()  # take-off, flight and entry start together; each step is stretched
    TAKE_OFF = auto()  # the flight starts together; both run in real time
    MANUAL = auto()  # two frames that the user chose start together; both run in real time


@dataclass(frozen=True, kw_only=True)
class ComparableDive:
    """A dive that can be shown on either side. Exactly one of the two ids is given; only these are compared."""

    title: str = field(compare=False)
    exemplar_id: str | None = None
    key: str | None = None
