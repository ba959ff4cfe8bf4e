"""A meet or a training as a list of dives: which video is which dive, what the judges gave, totals and places.

A balk costs two points of every award; athletes with equal totals share a place.

Source: World Aquatics competition regulations, diving.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

from msgspec import Meta

from fineparser_core.constants import BOARDS_M, LONGEST_NAME
from fineparser_core.diving.details import AnnouncedDive, DiveDetails
from fineparser_core.diving.difficulty import find_difficulty, known_difficulty
from fineparser_core.diving.dive_number import DiveNumber, known_number, parse_dive_number
from fineparser_core.diving.judging import MOST_AWARDS, PANELS, Award, DiveOutcome, Judging
from fineparser_core.errors import ConfigError
from fineparser_core.language import Phrase, together

#: Maximum number of rows of a list.
MOST_ROWS = 1000
#: Maximum length of a typed dive number, in characters.
LONGEST_NUMBER = 12
_DEDUCTION = 2.0

_Name = Annotated[str, Meta(max_length=LONGEST_NAME)]


@dataclass(frozen=True, kw_only=True)
class ListedDive(AnnouncedDive):
    """A dive of the list and its outcome; see `counted` where it refers to the dive of a video.

    The dive number is as typed where it is none, see `problem`; the event is "" where the list has a single event.

    Attributes:
        round: from 1; 0: unknown, see `numbered`.
        awards: as they were called; empty until then.
        dive: name of the video's dive; None while the row is open.
    """

    round: Annotated[int, Meta(ge=0, le=99)] = 0
    awards: Annotated[tuple[Award, ...], Meta(max_length=MOST_AWARDS)] = ()
    outcome: DiveOutcome = ""
    dive: _Name | None = None

    def __post_init__(self) -> None:
        """Check board and awards. Raises: ValueError for an unknown board or award."""
        super().__post_init__()
        if self.board_m not in (None, *BOARDS_M):
            raise ValueError(f"board_m: {self.board_m:g} is no board")
        if len(self.awards) > 1 and any((2 * award) % 1 for award in self.awards):
            raise ValueError("awards: they are 0 to 10 in halves")

    @property
    def number(self) -> DiveNumber | None:
        """None where it is no dive number."""
        return known_number(self.dive_number or "")

    @property
    def known_difficulty(self) -> float | None:
        """The DD; None where neither the tables nor the coach say it."""
        return known_difficulty(self.dive_number, self.board_m, self.difficulty)

    @property
    def points(self) -> float | None:
        """The score; None where there is none yet."""
        difficulty = self.known_difficulty
        if not self.awards or difficulty is None:
            return None
        taken = _DEDUCTION if self.outcome == "balk" else 0.0
        return Judging(awards=tuple(max(award - taken, 0.0) for award in self.awards)).score(difficulty)

    @property
    def done(self) -> bool:
        """True if it has a video, awards or an outcome."""
        return bool(self.dive is not None or self.awards or self.outcome)

    @property
    def same_athlete(self) -> tuple[str, str]:
        """Key that the dives of an athlete in an event share."""
        return self.event.casefold(), " ".join(self.athlete.casefold().split())


@dataclass(frozen=True, kw_only=True)
class Meet:
    """The dives in the order in which they are done.

    Attributes:
        judges: their number, a size of `PANELS`; 0: any number.
        least_groups: of how many groups the dives of an athlete must be; 0: of any.
        most_difficulty: limit of the sum of an athlete's DDs; 0: there is none.
        left_out: dives of videos that belong to no row, for example a repeated dive.
    """

    title: _Name = ""
    judges: Annotated[int, Meta(ge=0, le=MOST_AWARDS)] = 0
    least_groups: Annotated[int, Meta(ge=0, le=6)] = 0
    most_difficulty: Annotated[float, Meta(ge=0, le=99)] = 0.0
    rows: Annotated[tuple[ListedDive, ...], Meta(max_length=MOST_ROWS)] = ()
    left_out: Annotated[tuple[_Name, ...], Meta(max_length=10_000)] = ()

    def __post_init__(self) -> None:
        """Check the values. Raises: ValueError, where no panel has so many judges."""
        if self.judges not in (0, *PANELS):
            raise ValueError(f"judges: {self.judges}, and no panel has so many")

    @property
    def finished(self) -> bool:
        """True if the last row is done: no clip takes a row by itself any more, but that of the last dive."""
        if not self.rows or not self.rows[-1].done:
            return False
        return self.rows[-1].dive is not None or any(row.dive is None for row in self.rows[:-1])

    def row_of(self, dive: str) -> int | None:
        """Return the place of the row that a dive belongs to."""
        return next((place for place, row in enumerate(self.rows) if row.dive == dive), None)


class Standing(NamedTuple):
    """An athlete in an event: the place, from 1, the total, and how many dives it is of."""

    event: str
    place: int
    athlete: str
    points: float
    n_dives: int


def counted(row: ListedDive, dive: DiveDetails) -> ListedDive:
    """Return a row as it counts: number, board, DD, awards and outcome are those of its dive.

    The announced number or board stands where the dive has none.
    """
    own_difficulty = dive.dive_number or dive.difficulty is not None
    return replace(
        row,
        dive_number=dive.dive_number or row.dive_number,
        board_m=row.board_m if dive.board_m is None else dive.board_m,
        difficulty=dive.difficulty if own_difficulty else row.difficulty,
        awards=dive.judging.awards if dive.judging is not None else (),
        outcome=dive.outcome,
    )


def disagreement(row: ListedDive, dive: DiveDetails) -> Phrase | None:
    """Return what was announced and what the dive says instead; None where they agree.

    The DD is compared where the numbers agree; else it follows from them.
    """
    now = counted(row, dive)
    pairs: list[tuple[str, str]] = []
    if row.dive_number and now.dive_number and row.dive_number != now.dive_number:
        pairs.append((row.dive_number, now.dive_number))
    if row.board_m is not None and now.board_m is not None and row.board_m != now.board_m:
        pairs.append((Phrase("{0:g} m", row.board_m), Phrase("{0:g} m", now.board_m)))
    said, counts = replace(now, difficulty=row.difficulty).known_difficulty, now.known_difficulty
    if row.dive_number == now.dive_number and None not in (said, counts) and said != counts:
        pairs.append((Phrase("DD {0}", said), Phrase("DD {0}", counts)))
    if not pairs:
        return None
    return Phrase("Announced: {0}. The dive: {1}, which counts.", *map(together, zip(*pairs, strict=True)))


def problem(row: ListedDive, judges: int = 0) -> Phrase | None:
    """Return why a row cannot be used as it is; None if it can.

    Args:
        judges: see `Meet`.
    """
    if not row.dive_number:
        return Phrase("The dive number is missing.")
    try:
        find_difficulty(parse_dive_number(row.dive_number), row.board_m, row.difficulty)
    except ConfigError as error:
        return error.phrase
    if judges and row.awards and len(row.awards) != judges:
        return Phrase("{0} awards of {1} judges: give one for each judge.", len(row.awards), judges)
    return None


def expected_judges(meet: Meet, place: int) -> int:
    """Return how many awards a row must have: one of each judge of the meet, or of its event's other rows; 0: any."""
    event = meet.rows[place].event.casefold() if place < len(meet.rows) else ""
    others = {at: len(row.awards) for at, row in enumerate(meet.rows) if row.awards and row.event.casefold() == event}
    others.pop(place, None)
    numbers = list(others.values())
    return meet.judges or (numbers[0] if len(numbers) > 1 and len(set(numbers)) == 1 else 0)


def warnings(meet: Meet) -> dict[int, Phrase]:
    """Return possible breaches of the rules by row: a dive done twice, too few groups, too much difficulty."""
    said: dict[int, Phrase] = {}
    for places in _by_athlete(meet.rows).values():
        numbers: dict[str, int] = {}
        for place in places:
            digits = (meet.rows[place].dive_number or "")[:-1]
            if digits and numbers.setdefault(digits, place) != place:
                said[place] = Phrase("{0} is in the list of this athlete twice.", meet.rows[place].dive_number)
        groups = {number.group for place in places if (number := meet.rows[place].number)}
        total = sum(meet.rows[place].known_difficulty or 0.0 for place in places)
        if len(groups) < meet.least_groups:
            said[places[-1]] = Phrase("Dives of {0} groups, and {1} are needed.", len(groups), meet.least_groups)
        if 0 < meet.most_difficulty < round(total, 1):
            said[places[-1]] = Phrase("DD {0:.1f} in all, and {1:.1f} is the limit.", total, meet.most_difficulty)
    return said


def numbered(rows: Sequence[ListedDive]) -> tuple[ListedDive, ...]:
    """Return the rows with a round; where it is unknown, the athlete's next."""
    last: dict[tuple[str, str], int] = {}
    found = []
    for row in rows:
        number = row.round or min(last.get(row.same_athlete, 0) + 1, 99)
        last[row.same_athlete] = number
        found.append(replace(row, round=number))
    return tuple(found)


def in_turn(rows: Sequence[ListedDive]) -> tuple[ListedDive, ...]:
    """Return rows as in a meet: event by event, round by round, athletes in the order of their first rows."""
    events = list(dict.fromkeys(row.event.casefold() for row in rows))
    athletes = list(dict.fromkeys(row.same_athlete for row in rows))
    return tuple(
        sorted(rows, key=lambda row: (events.index(row.event.casefold()), row.round, athletes.index(row.same_athlete)))
    )


def next_open(
    meet: Meet, caught: DiveDetails | None = None, start: int = 0, *, passed_too: bool = False, surely: bool = False
) -> int | None:
    """Return the place of the first row from `start` without a video; who is next.

    Args:
        caught: nothing known of this dive contradicts the row.
        surely: athlete and number of the dive are known, too, and are those of the row.
        passed_too: also a row with awards or an outcome before the last row that is done, and of a finished meet.
    """
    last_done = max((place for place, row in enumerate(meet.rows) if row.done), default=-1)
    for place, row in enumerate(meet.rows[start:], start):
        passed = meet.finished or (row.done and place < last_done)
        agrees = caught is None or _agree(row, caught, surely=surely)
        if row.dive is None and (passed_too or not passed) and agrees:
            return place
    return None


def matched(
    meet: Meet, dives: Mapping[str, DiveDetails], start: int = 0, *, passed_too: bool = False, surely: bool = False
) -> Meet:
    """Give each dive, by its name and in their order, the next open row from `start`; see `next_open`.

    Dives that have a row or are left out keep that.
    """
    taken = {row.dive for row in meet.rows} | set(meet.left_out)
    for name, details in dives.items():
        place = None if name in taken else next_open(meet, details, start, passed_too=passed_too, surely=surely)
        if place is not None:
            meet = _with(meet, place, dive=name)
    return meet


def assigned(meet: Meet, place: int, dive: str) -> Meet:
    """Give a row a dive; the row that had it gets the former dive."""
    other, former = meet.row_of(dive), meet.rows[place].dive
    if other is not None:
        meet = _with(meet, other, dive=former)
    return replace(_with(meet, place, dive=dive), left_out=tuple(one for one in meet.left_out if one != dive))


def taken_off(meet: Meet, place: int) -> Meet:
    """Open a row again; its dive then belongs to no row, like a repeated dive."""
    dive = meet.rows[place].dive
    return meet if dive is None else replace(_with(meet, place, dive=None), left_out=(*meet.left_out, dive))


def freed(meet: Meet, start: int) -> Meet:
    """Open all rows from `start` again."""
    return replace(meet, rows=(*meet.rows[:start], *(replace(row, dive=None) for row in meet.rows[start:])))


def renamed(meet: Meet, names: Mapping[str, str]) -> Meet:
    """Return the list with other names of dives; a row whose dive has none is open."""
    rows = tuple(replace(row, dive=names.get(row.dive)) if row.dive is not None else row for row in meet.rows)
    return replace(meet, rows=rows, left_out=tuple(names[one] for one in meet.left_out if one in names))


def running(rows: Sequence[ListedDive]) -> list[float | None]:
    """Return each athlete's total in the event up to each row; None where the row has no score."""
    totals: dict[tuple[str, str], float] = {}
    found: list[float | None] = []
    for row in rows:
        if row.points is not None:
            totals[row.same_athlete] = round(totals.get(row.same_athlete, 0.0) + row.points, 2)
        found.append(None if row.points is None else totals[row.same_athlete])
    return found


def standings(rows: Sequence[ListedDive]) -> list[Standing]:
    """Rank the athletes by event; equal totals share a place. Athletes without a score are left out."""
    found: dict[str, list[Standing]] = {}
    for places in _by_athlete(rows).values():
        scored = [rows[place].points or 0.0 for place in places if rows[place].points is not None]
        first = rows[places[0]]
        if scored:
            standing = Standing(first.event, 0, first.athlete, round(sum(scored), 2), len(scored))
            found.setdefault(first.event.casefold(), []).append(standing)
    ranked = []
    for of_event in found.values():
        for one in sorted(of_event, key=lambda one: -one.points):
            ranked.append(one._replace(place=1 + sum(other.points > one.points for other in of_event)))
    return ranked


def _by_athlete(rows: Sequence[ListedDive]) -> dict[tuple[str, str], list[int]]:
    """Return the places of the rows of each athlete in each event."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        found.setdefault(row.same_athlete, []).append(place)
    return found


def _agree(row: ListedDive, caught: DiveDetails, *, surely: bool) -> bool:
    names = [" ".join(name.casefold().split()) for name in (row.athlete, caught.athlete)]
    numbers = str(row.number or row.dive_number or ""), caught.dive_number
    return all(pair[0] == pair[1] if all(pair) else not surely for pair in (names, numbers))


def _with(meet: Meet, place: int, **values: object) -> Meet:
    row = replace(meet.rows[place], **values)  # type: ignore[arg-type]
    return replace(meet, rows=(*meet.rows[:place], row, *meet.rows[place + 1 :]))
