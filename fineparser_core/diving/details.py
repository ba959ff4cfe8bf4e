"""The details of a dive: what people say of it."""

from dataclasses import dataclass

from fineparser_core.diving.judging import DiveOutcome, Judging


@dataclass(frozen=True, kw_only=True)
class DiveDetails:
    """Details of a dive; `DiveDetails()` where nothing is known.

    Attributes:
        athlete: name; "" where it is not known.
        day: day of the dive, YYYY-MM-DD; "" where it is not known.
        dive_number: in the usual spelling; None where it is not known.
        board_m: height of the board in meters, a height in `BOARDS_M`; None where it is not known.
        difficulty: DD that a person typed; None: the tables'.
        outcome: what became of the dive.
        judging: the judges' marks; None where there are none.
        note: of the coach on the dive as a whole, lines.
    """

    athlete: str = ""
    day: str = ""
    dive_number: str | None = None
    board_m: float | None = None
    difficulty: float | None = None
    outcome: DiveOutcome = ""
    judging: Judging | None = None
    note: str = ""
