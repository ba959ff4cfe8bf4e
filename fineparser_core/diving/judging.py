"""The score of a dive from the judges' awards.

Each judge gives 0 to 10 in halves. With 7 judges the two highest and the two lowest awards are dropped, with 5 the
highest and the lowest; the three left are added and multiplied by the degree of difficulty. A synchronised dive has
11 judges, three for the execution of each diver and five for the synchronisation: the highest and lowest of each of
the three panels are dropped, and the sum of the five left counts three fifths.

Source: World Aquatics competition regulations, diving.
"""

import re
from collections.abc import Sequence
from math import isfinite

from fineparser_core.errors import ConfigError

_MOST_MARKS = 11
_SYNCHRO_PANELS = (slice(0, 3), slice(3, 6), slice(6, 11))


def total_award(awards: Sequence[float]) -> float:
    """The sum of the counted awards, 0 to 30; the score is this sum times the DD.

    Args:
        awards: 3, 5 or 7 awards in any order, or the 11 of a synchronised dive: three for the execution of one diver,
            three for that of the other, five for the synchronisation.

    Raises:
        ConfigError: the number of awards is none of these, or an award is not a multiple of 0.5 from 0 to 10.
    """
    _check(awards)
    match len(awards):
        case 3 | 5 | 7:
            return float(sum(_middle(awards, (len(awards) - 3) // 2)))
        case 11:
            return 0.6 * sum(sum(_middle(awards[panel], 1)) for panel in _SYNCHRO_PANELS)
        case count:
            raise ConfigError("Found {0} awards: give those of 3, 5 or 7 judges, or 11 of a synchronised dive.", count)


def counted_award(counted: Sequence[float]) -> float:
    """`total_award` of records that keep the counted awards alone: 3, or 5 of a synchronised dive.

    Raises:
        ConfigError: the number of awards is neither, or an award is not a multiple of 0.5 from 0 to 10.
    """
    if len(counted) == 5:
        _check(counted)
        return 0.6 * sum(counted)
    if len(counted) == 3:
        return total_award(counted)
    raise ConfigError("Found {0} counted awards, need 3, or 5 of a synchronised dive.", len(counted))


def score_dive(awards: Sequence[float], difficulty: float) -> float:
    """The score in points, rounded to hundredths: the sum of the counted awards times `difficulty`.

    Raises:
        ConfigError: as `total_award`.
    """
    return round(total_award(awards) * difficulty, 2)


def mean_award(awards: Sequence[float]) -> float:
    """The mean of the counted awards, 0 to 10; of a number of marks that no panel has, of all of them.

    Args:
        awards: at least one.

    Raises:
        ConfigError: one is not a multiple of 0.5 from 0 to 10.
    """
    _check(awards)
    if len(awards) in (3, 5, 7, 11):
        return total_award(awards) / 3
    return sum(awards) / len(awards)


def read_awards(text: str) -> tuple[float, ...]:
    """The numbers of a text such as "6.5 6 6.5", at least one.

    Raises:
        ConfigError: there is none, or more than any panel gives, or something else.
    """
    try:
        values = tuple(float(part.replace(",", ".")) for part in re.split(r"[\s;/]+|,\s+", text.strip()) if part)
    except ValueError:
        values = ()
    if not values or not all(map(isfinite, values)) or len(values) > _MOST_MARKS:
        raise ConfigError("'{0}' is no score: give the points, 75.60, or the judges' marks, 6.5 6 6.5.", text)
    return values


def read_score(text: str, difficulty: float | None) -> float:
    """The score of a dive as a person writes it: points such as "75.60", or marks such as "6.5 6 6.5".

    A single number from 0 to 10 in halves is a mark; of a number of marks that no panel has the mean counts three
    times.

    Args:
        difficulty: DD of the dive, for marks; None where it is not known.

    Raises:
        ConfigError: it is neither, or marks without a DD.
    """
    values = read_awards(text)
    if len(values) == 1 and not (0 <= values[0] <= 10 and (2 * values[0]) % 1 == 0):
        return values[0]
    _check(values)
    if difficulty is None:
        raise ConfigError("The marks {0} are no score without a DD: give the dive number and the board first.", text)
    return round(3 * mean_award(values) * difficulty, 2)


def _check(awards: Sequence[float]) -> None:
    for award in awards:
        if not (0 <= award <= 10 and (2 * award) % 1 == 0):
            raise ConfigError("Award {0:g} is not one a judge can give: use 0 to 10 in halves.", award)


def _middle(awards: Sequence[float], dropped: int) -> Sequence[float]:
    return sorted(awards)[dropped : len(awards) - dropped]
