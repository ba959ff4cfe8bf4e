"""The points of the phases as the window shows them: rounded so that they add up."""

from collections.abc import Sequence
from math import floor

from fineparser_core.records import Contribution, Scoring

#: Digits behind the decimal point of contributions.
DIGITS = 2


def step_points(parts: Sequence[Contribution], score: float, compared: float) -> tuple[float, ...]:
    """Return the points of the phases, rounded so that their sum is the difference of both scores as shown."""
    total = round(score, DIGITS) - round(compared, DIGITS)
    return tuple(rounded_to_sum([part.points for part in parts], total))


def scored_points(scoring: Scoring) -> tuple[float, ...]:
    """Return the `step_points` of a score against the mean of its exemplars."""
    mean = sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars)
    return step_points(scoring.contributions, scoring.score, mean)


def rounded_to_sum(values: Sequence[float], total: float) -> list[float]:
    """Return values rounded up or down so that their sum is the total as shown (largest remainders).

    Args:
        values: numbers whose sum is the total up to rounding; not empty.
    """
    units = [value * 10**DIGITS for value in values]
    lacking = round(total * 10**DIGITS) - sum(floor(unit) for unit in units)
    each, rest = divmod(lacking, len(units))
    by_remainder = sorted(range(len(units)), key=lambda place: floor(units[place]) - units[place])
    up = set(by_remainder[:rest])
    return [(floor(unit) + each + (place in up)) / 10**DIGITS for place, unit in enumerate(units)]
