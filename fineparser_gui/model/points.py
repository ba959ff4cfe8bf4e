"""The points of the phases as the window shows them: rounded so that they add up."""

from collections.abc import Sequence
from math import floor

from fineparser_core.types import Contribution, Scoring

#: Digits behind the decimal point of contributions.
DIGITS = 2


def step_points(parts: Sequence[Contribution], score: float, compared: float) -> tuple[float, ...]:
    """The points of the phases, as they are shown everywhere: their sum is a score less the one compared, as shown."""
    total = round(score, DIGITS) - round(compared, DIGITS)
    return tuple(rounded_to_sum([part.points for part in parts], total))


def scored_points(scoring: Scoring) -> tuple[float, ...]:
    """`step_points` of a score against the mean of its exemplars."""
    mean = sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars)
    return step_points(scoring.contributions, scoring.score, mean)


def rounded_to_sum(values: Sequence[float], total: float) -> list[float]:
    """Values for the screen, rounded up or down so that they make the total as it is shown (largest remainders).

    Args:
        values: at least one; they make the total up to roundings.
    """
    units = [value * 10**DIGITS for value in values]
    lacking = round(total * 10**DIGITS) - sum(floor(unit) for unit in units)
    each, rest = divmod(lacking, len(units))
    by_remainder = sorted(range(len(units)), key=lambda place: floor(units[place]) - units[place])
    up = set(by_remainder[:rest])
    return [(floor(unit) + each + (place in up)) / 10**DIGITS for place, unit in enumerate(units)]
