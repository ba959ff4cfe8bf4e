"""The score of a dive from the judges' awards; awards and outcomes in words.

Each judge gives 0 to 10 in halves. With 7 judges the two highest and the two lowest awards are dropped, with 5 the
highest and the lowest; the three left are added and multiplied by the degree of difficulty. A synchronized dive has
11 judges, three for the execution of each diver and five for the synchronization: the highest and lowest of each of
the three panels are dropped, and the sum of the five left counts three fifths. With 9 judges, two for each diver, those
four form a panel.

Source: World Aquatics competition regulations, diving.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean
from typing import Annotated, Literal

from msgspec import Meta

from fineparser_core.errors import ConfigError
from fineparser_core.language import text
from fineparser_core.printable import ascii_forms

#: "balk": begun twice, which costs two points of every award; "repeat": of the dive before; "": nothing to say.
DiveOutcome = Literal["", "balk", "repeat"]


def dive_outcome_text(outcome: DiveOutcome) -> str:
    """Return an outcome in the language of the process, or ""."""
    return {"balk": text("balk"), "repeat": text("repeat")}.get(outcome, "")


#: Numbers of judges; more than seven judge synchronized dives.
PANELS = (3, 5, 7, 9, 11)
MOST_AWARDS = 11
_SYNCHRO_PANELS = {9: (slice(0, 4), slice(4, 9)), 11: (slice(0, 3), slice(3, 6), slice(6, 11))}
#: Text of a missing mark of a phase.
NOT_MARKED = "-"

Award = Annotated[float, Meta(ge=0, le=10)]


@dataclass(frozen=True, kw_only=True)
class PhaseMarks:
    """Marks of the phases; None where there is none."""

    take_off: Award | None = None
    flight: Award | None = None
    entry: Award | None = None

    @property
    def by_step(self) -> tuple[float | None, float | None, float | None]:
        """Values in the order of `STEP_NAMES`."""
        return self.take_off, self.flight, self.entry


@dataclass(frozen=True, kw_only=True)
class Judging:
    """Marks and deductions that judges gave a dive.

    Attributes:
        awards: of every judge, see `counting`; or a single award, which may be a mean and then has any decimals.
        phases: with any decimals.
    """

    awards: Annotated[tuple[Award, ...], Meta(min_length=1, max_length=MOST_AWARDS)]
    phases: PhaseMarks = PhaseMarks()

    def __post_init__(self) -> None:
        """Check the values. Raises: ConfigError, where an award cannot be."""
        _check(self.awards, halves=len(self.awards) > 1)
        _check([mark for mark in self.phases.by_step if mark is not None], halves=False)

    @property
    def award(self) -> float:
        """The mean of the awards that count."""
        return self.awards[0] if len(self.awards) == 1 else mean_award(self.awards)

    def score(self, difficulty: float) -> float:
        """Return the official score in points, rounded to hundredths: 3 * `award` * `difficulty`."""
        return round(3 * self.award * difficulty, 2)


def counting(awards: Sequence[float]) -> tuple[bool, ...]:
    """Return for each award whether it counts: neither the highest nor the lowest of a panel.

    Of a number that no panel has, all.

    Args:
        awards: in any order, but for those of a synchronized dive, see `total_award`.
    """
    panels: Sequence[slice] = _SYNCHRO_PANELS.get(len(awards), (slice(len(awards)),))
    dropped = {5: 1, 7: 2, 9: 1, 11: 1}.get(len(awards), 0)
    counts = [False] * len(awards)
    for panel in panels:
        places = sorted(range(len(awards))[panel], key=awards.__getitem__)
        for place in places[dropped : len(places) - dropped]:
            counts[place] = True
    return tuple(counts)


def mean_award(awards: Sequence[float]) -> float:
    """Return the mean of the awards that count, 0 to 10, see `counting`.

    Args:
        awards: one or more.

    Raises:
        ConfigError: an award is not a multiple of 0.5 from 0 to 10.
    """
    _check(awards)
    return fmean(award for award, counts in zip(awards, counting(awards), strict=True) if counts)


def total_award(awards: Sequence[float]) -> float:
    """Return the sum of the counted awards, 0 to 30; the score is this sum times the DD.

    Args:
        awards: 3, 5 or 7 awards in any order, or the 9 or 11 of a synchronized dive: two or three for the execution of
            each diver, five for the synchronization.

    Raises:
        ConfigError: the number of awards is none of these, or an award is not a multiple of 0.5 from 0 to 10.
    """
    if len(awards) not in PANELS:
        raise ConfigError(
            "Found {0} awards: give those of 3, 5 or 7 judges, or 9 or 11 of a synchronised dive.", len(awards)
        )
    return 3 * mean_award(awards)


def counted_award(counted: Sequence[float]) -> float:
    """Return `total_award` of records that keep the counted awards alone: 3, or 5 of a synchronized dive.

    Raises:
        ConfigError: the number of awards is neither, or an award is not a multiple of 0.5 from 0 to 10.
    """
    _check(counted)
    if len(counted) not in (3, 5):
        raise ConfigError("Found {0} counted awards, need 3, or 5 of a synchronised dive.", len(counted))
    return 3 * fmean(counted)


def read_awards(text: str) -> tuple[float, ...]:
    """Read the numbers of a text ("6.5 6 6.5"), one or more.

    Raises:
        ConfigError: there is none, or more than any panel gives, or something else.
    """
    if not (values := _numbers(text)):
        raise ConfigError("'{0}' is no score: give the points, 75.60, or the judges' marks, 6.5 6 6.5.", text)
    return values


def read_judging(awards: str, phases: str = "") -> Judging:
    """Return the marks of a dive as a person writes them.

    Args:
        awards: as in `Judging`, with decimal points or commas: "6.5", or "6 6.5 7 6.5 6".
        phases: likewise, "7 - 6"; `NOT_MARKED` for a phase without a mark, as those have that lack at the end.

    Raises:
        ConfigError: they are none.
    """
    given = _numbers(awards)
    if not given:
        raise ConfigError("'{0}' are no marks: give the award, 6.5, or that of each judge, 6 6.5 7 6.5 6.", awards)
    words = _words(phases)
    if len(words) > 3 or not all(word == NOT_MARKED or _numbers(word) for word in words):
        raise ConfigError("'{0}' are no marks of take-off, flight and entry: give three, 7 6.5 6.", phases)
    marks = [None if word == NOT_MARKED else _numbers(word)[0] for word in words]
    return Judging(awards=given, phases=PhaseMarks(**dict(zip(("take_off", "flight", "entry"), marks, strict=False))))


def read_called(text: str, n_judges: int = 0) -> tuple[float, ...]:
    """Read the awards of a dive typed while they are called: "7 7.5 7", "7 75 7", or without spaces "77.57".

    Args:
        n_judges: how many are expected; 0: any size of `PANELS`.

    Raises:
        ConfigError: the text holds no awards, or another number of them.
    """
    words = [
        word.strip(",") for word in re.split(r"[\s;/]+|,(?![05])", ascii_forms(text.strip()).replace("½", ".5")) if word
    ]
    if len(words) == 1:
        words = _CALLED.findall(words[0]) if _ALL_CALLED.fullmatch(words[0]) else words
    found = [_AWARD.fullmatch(word) for word in words]
    awards = tuple(float(f"{one[1]}.{one[2] or 0}") for one in found if one)
    if len(awards) < len(words) or not awards or max(awards) > 10:
        raise ConfigError("'{0}' are no awards: type 7 7.5 7, 7 75 7 or 77.57.", text[:40])
    if len(awards) not in ((n_judges,) if n_judges else PANELS):
        judges = n_judges or "3, 5, 7, 9, 11"
        raise ConfigError("{0} awards of {1} judges: give one for each judge.", len(awards), judges)
    return awards


_AWARD = re.compile(r"(10|\d)(?:[.,]?([05]))?")
_CALLED = re.compile(r"(?:10|\d)(?:[.,][05])?")
_ALL_CALLED = re.compile(rf"(?:{_CALLED.pattern})+")


def _words(text: str) -> list[str]:
    """Split at spaces, semicolons and slashes; a comma is a decimal comma, except before a space and in "6,6.5,7"."""
    text = ascii_forms(text.replace("，", " "))
    parted = [word for word in re.split(r"[\s;/、]+|,(?:\s+|$)", text) if word]
    return text.split(",") if len(parted) == 1 and "." in text else parted


def _numbers(text: str) -> tuple[float, ...]:
    """Return the numbers of a text; empty where there are none, or something else."""
    try:
        values = tuple(float(word.replace(",", ".")) for word in _words(text))
    except ValueError:
        return ()
    return values if all(map(isfinite, values)) and len(values) <= MOST_AWARDS else ()


def _check(awards: Sequence[float], *, halves: bool = True) -> None:
    for award in awards:
        if not (0 <= award <= 10 and (not halves or (2 * award) % 1 == 0)):
            raise ConfigError("Award {0:g} is not one a judge can give: use 0 to 10 in halves.", award)


_LARGEST = 10.0


def half_text(award: float) -> str:
    """Return an award rounded to a half: "6½"."""
    whole, half = divmod(round(2 * min(max(award, 0.0), _LARGEST)), 2)
    return f"{whole or ''}½" if half else str(whole)


def likely_text(award_range: tuple[float, float]) -> str:
    """Return the range in which an award is likely to lie: "likely 5½ to 7½"."""
    low, high = map(half_text, award_range)
    return text("likely {0}", low) if low == high else text("likely {0} to {1}", low, high)
