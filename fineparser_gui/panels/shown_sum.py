"""Numbers rounded so that what is shown adds up."""

from collections.abc import Sequence
from math import floor

#: Digits behind the point of what is said of points.
DIGITS = 2


def rounded_to_sum(values: Sequence[float], total: float, digits: int = DIGITS) -> list[float]:
    """Values for the screen, rounded up or down so that they make the total as it is shown (largest remainders).

    Args:
        values: at least one; they make the total up to roundings.
        digits: behind the point, of values and total.
    """
    units = [value * 10**digits for value in values]
    lacking = round(total * 10**digits) - sum(floor(unit) for unit in units)
    each, rest = divmod(lacking, len(units))
    by_remainder = sorted(range(len(units)), key=lambda place: floor(units[place]) - units[place])
    up = set(by_remainder[:rest])
    return [(floor(unit) + each + (place in up)) / 10**digits for place, unit in enumerate(units)]
