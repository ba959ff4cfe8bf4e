"""Dive numbers in the notation of the diving rules.

Groups 1 to 4 (forward, back, reverse, inward) are `group, flying (0 or 1), half-somersaults`: `107C`,
`1011C` (5½ somersaults), `113B` (flying). Group 5 (twisting) is `5, direction, half-somersaults,
half-twists`: `5253B`. Group 6 (armstand) is `6, direction, half-somersaults` and, where it twists,
half-twists: `626C`, `6243D`; `600A` is the plain armstand dive. The letter is the position.

Source: World Aquatics competition regulations, diving.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fineparser_core.errors import ConfigError
from fineparser_core.language import Phrase, text, translated
from fineparser_core.printable import ascii_forms

#: Directions of rotation by their digits, and positions by their letters.
DIRECTIONS = {
    1: Phrase("forward // direction"),
    2: Phrase("back // direction"),
    3: Phrase("reverse // direction"),
    4: Phrase("inward // direction"),
}
POSITIONS = {
    "A": Phrase("straight // position"),
    "B": Phrase("pike // position"),
    "C": Phrase("tuck // position"),
    "D": Phrase("free // position"),
}

_PLAIN = re.compile(r"(?P<group>[1-4])(?P<flying>[01])(?P<somersaults>\d|1[01])")
_TWISTING = re.compile(r"(?P<group>5)(?P<direction>[1-4])(?P<somersaults>\d)(?P<twists>[1-9])")
_ARMSTAND = re.compile(r"(?P<group>6)(?P<direction>[1-3])(?P<somersaults>\d)(?P<twists>[1-9])?|600")


@dataclass(frozen=True, kw_only=True)
class DiveNumber:
    """The parts of a dive number.

    Attributes:
        group: 1 forward, 2 back, 3 reverse, 4 inward, 5 twisting, 6 armstand.
        direction: of rotation, 1 forward, 2 back, 3 reverse, 4 inward; 0 only for the armstand dive 600.
        flying: whether the dive flies straight before it somersaults (groups 1 to 4).
        half_somersaults: number of half somersaults.
        half_twists: number of half twists.
        position: "A" straight, "B" pike, "C" tuck, "D" free.
    """

    group: int
    direction: int
    flying: bool
    half_somersaults: int
    half_twists: int
    position: str

    @property
    def armstand(self) -> bool:
        """Whether the dive starts from an armstand, which is allowed on platforms only."""
        return self.group == 6

    @property
    def description(self) -> str:
        """The dive in words, e.g. "back 2½ somersaults 1½ twists, pike"."""
        parts = [text("armstand")] if self.armstand else []
        if self.flying:
            parts.append(text("flying"))
        if self.direction:
            parts.append(translated(DIRECTIONS[self.direction]))
        if self.half_somersaults:
            parts.append(translated(somersaults(self.half_somersaults)))
        elif not self.half_twists:
            parts.append(text("dive // kind of dive") if self.armstand else text("jump // kind of dive"))
        if self.half_twists:
            turns = _halves(self.half_twists)
            parts.append(text("{0} twist", turns) if self.half_twists <= 2 else text("{0} twists", turns))
        return f"{' '.join(parts)}, {translated(POSITIONS[self.position])}"

    def __str__(self) -> str:
        if self.group < 5:
            digits = f"{self.group}{int(self.flying)}{self.half_somersaults}"
        else:
            digits = f"{self.group}{self.direction}{self.half_somersaults}{self.half_twists or ''}"
        return digits + self.position


def parse_dive_number(text: str) -> DiveNumber:
    """Parse a dive number in upper or lower case, with or without spaces ("5253 b").

    Raises:
        ConfigError: the text is not a dive number.
    """
    compact = "".join(ascii_forms(text).split()).upper()
    digits, position = compact[:-1], compact[-1:]
    if compact.isascii() and compact.isdigit():
        raise ConfigError(
            "Dive number '{0}' lacks its position: add A (straight), B (pike), C (tuck) or D (free), as in 107B.",
            text[:40],
        )
    match = _PLAIN.fullmatch(digits) or _TWISTING.fullmatch(digits) or _ARMSTAND.fullmatch(digits)
    if not digits.isascii() or position not in tuple(POSITIONS) or match is None:
        raise ConfigError(
            "'{0}' is not a dive number: give the digits and the position, as in 107B, 407C, 5253B or 6243D.", text[:40]
        )
    fields = {name: int(value) for name, value in match.groupdict().items() if value is not None}
    group = fields.get("group", 6)
    return DiveNumber(
        group=group,
        direction=group if group < 5 else fields.get("direction", 0),
        flying=bool(fields.get("flying", 0)),
        half_somersaults=fields.get("somersaults", 0),
        half_twists=fields.get("twists", 0),
        position=position,
    )


def known_number(text: str) -> DiveNumber | None:
    """Parse a dive number, see `parse_dive_number`; return None if it is none."""
    try:
        return parse_dive_number(text)
    except ConfigError:
        return None


def somersaults(halves: int) -> Phrase:
    """Return half somersaults in words, "1½ somersaults"."""
    turns = _halves(halves)
    return Phrase("{0} somersault", turns) if halves <= 2 else Phrase("{0} somersaults", turns)


def _halves(count: int) -> str:
    whole, half = divmod(count, 2)
    return f"{whole or ''}{'½' if half else ''}"


def dive_distance(first: DiveNumber, second: DiveNumber) -> float:
    """Return the distance between two dives, see the module's table; symmetric, and 0 only for equal numbers."""
    distance = 0.5 * abs(first.half_somersaults - second.half_somersaults)
    distance += 0.5 * abs(first.half_twists - second.half_twists)
    distance += 2.0 * (first.direction != second.direction)
    distance += 3.0 * (first.armstand != second.armstand)
    distance += 2.0 * (_head_first(first) != _head_first(second))
    distance += 1.0 * (bool(first.half_twists) != bool(second.half_twists))
    distance += 1.0 * (first.position != second.position)
    return distance + 1.0 * (first.flying != second.flying)


def group_by_distance(dive: DiveNumber, numbers: Iterable[str]) -> list[tuple[float, list[str]]]:
    """Group dive numbers by their distance from a dive.

    Returns:
        (distance, numbers) pairs, the nearest first; the numbers of a group are sorted.
    """
    groups: dict[float, list[str]] = {}
    for number in sorted(numbers):
        groups.setdefault(dive_distance(dive, parse_dive_number(number)), []).append(number)
    return sorted(groups.items())


def _head_first(dive: DiveNumber) -> bool:
    """Return True if the hands enter first: an odd number of half somersaults, or an even number from an armstand."""
    return (dive.half_somersaults + dive.armstand) % 2 == 1
