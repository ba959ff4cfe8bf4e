"""What can be compared with what, and how the times of two dives are aligned."""

from dataclasses import dataclass, field
from enum import Enum, auto


class Alignment(Enum):
    """What coincides in both dives."""

    STEPS = auto()  # take-off, flight and entry start together; each step is stretched
    TAKE_OFF = auto()  # the flight starts together; both run in real time
    FREE = auto()  # two frames that the user chose; both run in real time


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A dive that can be shown on either side; one of the two ids is given, and they alone tell two apart."""

    title: str = field(compare=False)
    exemplar_id: str | None = None
    key: str | None = None
