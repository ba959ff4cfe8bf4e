"""A recognized dive in words, for the command line, the window and reports."""

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.types import Recognition, SeenNumber

#: Maximum number of dive numbers shown, and their minimum probability: a chip of 1 % helps nobody.
MOST_TOLD, _LEAST_TOLD = 3, 0.02
#: Probability from which the dive is described in words.
_DESCRIBED = 0.5


def told_numbers(seen: Recognition) -> tuple[SeenNumber, ...]:
    """Return the numbers that are told, the likeliest first."""
    return tuple(one for one in seen.numbers[:MOST_TOLD] if one.probability >= _LEAST_TOLD)


def seen_text(seen: Recognition) -> str:
    """Return the likeliest numbers, "forward 1½ somersaults, pike: 103B 84 %, 103C 12 %"; "" where there is none."""
    numbers = told_numbers(seen)
    told = ", ".join(f"{one.dive_number} {100 * one.probability:.0f} %" for one in numbers)
    if not numbers or numbers[0].probability < _DESCRIBED:
        return told
    return f"{parse_dive_number(numbers[0].dive_number).description}: {told}"
