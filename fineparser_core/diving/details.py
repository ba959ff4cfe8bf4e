"""The details of a dive: what people say of it."""

from dataclasses import dataclass, fields
from typing import Annotated, Any

from msgspec import Meta

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.judging import DiveOutcome, Judging
from fineparser_core.printable import ascii_forms, one_form

#: Maximum length of the note on a dive, in characters.
LONGEST_NOTE = 4000

_Name = Annotated[str, Meta(max_length=LONGEST_NAME)]


@dataclass(frozen=True, kw_only=True)
class AnnouncedDive:
    """A dive as it is announced: who does which dive from which board.

    Attributes:
        athlete: name; "" where it is not known.
        event: meet, training or venue; "" where it is not known.
        dive_number: in the usual spelling, for example "207C"; None where it is not known.
        board_m: height of the board in meters, a height in `BOARDS_M`; None where it is not known.
        difficulty: DD that a person typed; None: the tables'.
    """

    athlete: _Name = ""
    event: _Name = ""
    dive_number: _Name | None = None
    board_m: float | None = None
    difficulty: Annotated[float, Meta(ge=0.01, le=99.99)] | None = None

    def __post_init__(self) -> None:
        """Bring names and number into the form in which equal ones are equal."""
        object.__setattr__(self, "athlete", one_form(self.athlete))
        object.__setattr__(self, "event", one_form(self.event))
        if self.dive_number is not None:
            object.__setattr__(self, "dive_number", ascii_forms(self.dive_number))


@dataclass(frozen=True, kw_only=True)
class DiveDetails(AnnouncedDive):
    """Details of a dive; `DiveDetails()` where nothing is known.

    Attributes:
        day: day of the dive, YYYY-MM-DD; "": it has none; None where it is not known.
        outcome: what became of the dive.
        judging: the judges' marks; None where there are none.
        note: of the coach on the dive as a whole, lines.
    """

    day: _Name | None = None
    outcome: DiveOutcome = ""
    judging: Judging | None = None
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""


def details_of(dive: AnnouncedDive, **changes: Any) -> DiveDetails:
    """Return the details alone of a record that has some or all of them among others, with changes."""
    known = {one.name: getattr(dive, one.name) for one in fields(DiveDetails) if hasattr(dive, one.name)}
    return DiveDetails(**known | changes)
