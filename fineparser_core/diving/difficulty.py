"""The degree of difficulty (DD), the factor of the awards in the score.

The DD is the sum of five components, A + B + C + D + E, which the regulations tabulate. A platform dive is first
looked up in `resources/tables/recorded_difficulty.json`, written by `packaging/bundled_tables.py`: the DD recorded most
often for the dive in competition, with the number of records. The same table gives the board from which a dive is
performed most often.

Source: World Aquatics competition regulations, June 2025, Appendices 8 (springboard) and 10 (platform).
Deviation: the components of the platform are those that the recorded and the published DDs of platform dives have in
common; a component that they do not show is not given, nor is the DD of its dives.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter

from fineparser_core.constants import BOARDS_M, SPRINGBOARDS_M
from fineparser_core.diving.details import AnnouncedDive
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.language import Phrase
from fineparser_core.resources import resource

TABLE = ("tables", "recorded_difficulty.json")

# All values in tenths. Columns of four: forward, back, reverse, inward.
_Row = tuple[int | None, int | None, int | None, int | None]

# A: somersaults, by half-somersaults 0 to 9.
_SOMERSAULTS = {
    1.0: (9, 11, 12, 16, 20, 24, 27, 30, 33, 38),
    3.0: (10, 13, 13, 15, 18, 22, 23, 28, 29, 35),
    5.0: (9, 11, 12, 16, 20, 24, 27, 30),
    7.5: (10, 13, 13, 15, 18, 22, 23, 28, 35, 35),
    10.0: (10, 13, 14, 15, 19, 21, 25, 27, 35, 35),
}
# B: flight position, by blocks of 0-1, 1½-2, 2½, 3-3½ and 4-4½ somersaults; "flying" is added to the position's.
_BLOCK = (0, 0, 0, 1, 1, 2, 3, 3, 4, 4)
_FLIGHT: dict[str, tuple[_Row, ...]] = {
    "C": ((1, 1, 1, -3), (0, 0, 0, 1), (0, 1, 0, 2), (0, 0, 0, 3), (0, 1, 2, 4)),
    "B": ((2, 2, 2, -2), (1, 3, 3, 3), (2, 3, 2, 5), (3, 3, 3, 6), (4, 4, 5, 8)),
    "A": ((3, 3, 3, 1), (4, 5, 6, 8), (6, 7, 6, None)),
    "D": ((1, 1, 1, -1), (0, -1, -1, 2), (0, -1, -2, 4), (0, 0, 0, None)),
    "flying": ((2, 1, 1, 4), (2, 2, 2, 5), (3, 3, 3, 7), (4, None, None, None)),
}
# C: twists, by half-twists; a row by block where the somersaults matter, the last row holding for the blocks after.
_TWISTS: dict[int, tuple[_Row, ...]] = {
    1: ((4, 2, 2, 2), (4, 4, 4, 4), (4, 0, 0, 2), (4, 0, 0, 4), (None, None, None, None)),
    2: ((6, 4, 4, 4),),
    3: ((8, 8, 8, 8), (8, 8, 8, 8), (8, 7, 6, 8)),
    4: ((10, 8, 8, 8),),
    5: ((12, 12, 12, 12), (12, 12, 12, 12), (12, 11, 10, 12)),
    6: ((15, 14, 14, 15),),
    7: ((16, 17, 18, 16),),
    8: ((19, 18, 18, 19),),
    9: ((20, 21, 21, 20),),
}
# From a platform, of back and reverse dives.
_PLATFORM_TWISTS: dict[int, tuple[_Row, ...]] = _TWISTS | {
    3: ((8, 8, 8, 8), (8, 8, 8, 8), (8, 6, 6, 8)),
    5: ((12, 12, 12, 12), (12, 12, 12, 12), (12, 10, 10, 12)),
    7: ((16, 17, 17, 16), (16, 17, 17, 16), (16, 15, 15, 16)),
}
# D: approach, by direction: the half-somersaults from which the second value holds, and the two values.
_APPROACH: dict[float, dict[int, tuple[int, int, int | None]]] = {
    1.0: {1: (8, 0, 5), 2: (7, 2, 6), 3: (7, 3, 5), 4: (3, 6, 5)},
    3.0: {1: (8, 0, 3), 2: (7, 2, 4), 3: (7, 3, 3), 4: (3, 3, 3)},
    5.0: {1: (8, 0, None), 2: (7, 2, None), 3: (5, 3, 4), 4: (3, 6, 5)},
    7.5: {1: (8, 0, 3), 2: (7, 2, 3), 3: (5, 3, 4), 4: (3, 3, 3)},
    10.0: {1: (8, 0, 2), 2: (8, 2, 2), 3: (5, 3, 4), 4: (3, 3, 2)},
}
# E: unnatural entry of dives without twist: by half-somersaults.
_UNNATURAL_FORWARD_INWARD = {2: 1, 4: 2, 6: 2, 8: 2}
_UNNATURAL_BACK_REVERSE = {1: 1, 3: 2, 5: 3, 7: 4, 9: 4}
_UNNATURAL_PLATFORM_REVERSE = _UNNATURAL_BACK_REVERSE | {7: 3}
# Armstand dives: B by blocks, C by half-twists in fewer and in more than 1½ somersaults by direction, D by direction.
_ARMSTAND_FLIGHT: dict[str, tuple[int | None, ...]] = {
    "C": (1, 0, None, 2, 4), "B": (3, 3, None, 4, 6), "A": (4, 5), "D": (0, 0),
}  # fmt: skip
_ARMSTAND_TWISTS = {
    1: {2: (10, 10), 4: (13, 13)}, 2: {1: (0, 1), 3: (9, 9), 5: (13, 13), 7: (17, 17)},
}  # fmt: skip
_ARMSTAND_APPROACH = {1: (5, 2, 4), 2: (2, 2, 4), 3: (2, 3, 5)}


_LOWEST_DD, _HIGHEST_DD = 0.5, 6.0
#: Dive number, board in meters, the DD recorded most often for the dive from it, and the number of its records.
RecordedDifficulty = tuple[str, float, float, int]


@dataclass(frozen=True, kw_only=True)
class Difficulty:
    """A degree of difficulty and its source.

    Attributes:
        value: the DD, a multiple of 0.1, e.g. 3.2.
        board_m: height of the board in meters; None if the user typed a DD without a board.
        source: "board" (the board was given), "seen" (no board was given, and the fall shows it), "commonest board" (no
            board was given or seen) or "typed" (by the user).
    """

    value: float
    board_m: float | None
    source: str


def find_difficulty(dive: DiveNumber, board_m: float | None, typed: float | None = None) -> Difficulty:
    """Find the DD of a dive.

    Args:
        board_m: height of the board in meters; None means the board with most records of the dive.
        typed: a DD given by the user, which takes precedence over the tables.

    Raises:
        ConfigError: the board is unknown, the dive is an armstand from a springboard, its DD is unknown, or the typed
            DD is out of range.
    """
    if typed is not None:
        _check_typed(typed)
        if board_m is not None:
            _check_board(dive, board_m)
        return Difficulty(value=typed, board_m=board_m, source="typed")
    if board_m is not None:
        return Difficulty(value=_difficulty(dive, board_m), board_m=board_m, source="board")
    board_m = commonest_board_m(dive)
    if board_m is None:
        raise ConfigError(unknown_board(dive))
    return Difficulty(value=_difficulty(dive, board_m), board_m=board_m, source="commonest board")


def _check_typed(difficulty: float) -> None:
    if not _LOWEST_DD <= difficulty <= _HIGHEST_DD:
        raise ConfigError("A DD of {0:g} cannot be: give one from {1} to {2}.", difficulty, _LOWEST_DD, _HIGHEST_DD)


def asked_difficulty(dive: DiveNumber, board_m: float | None, typed: float | None = None) -> Difficulty | None:
    """Return the DD of a requested dive, see `find_difficulty`; None where it is not known, or the board is not.

    Raises:
        ConfigError: as of `find_difficulty`, except for a missing board and an unknown DD.
    """
    if board_m is None and typed is None and commonest_board_m(dive) is None:
        return None
    if board_m is not None and typed is None:
        _check_board(dive, board_m)
        if _known_from(dive, board_m) is None:
            return None
    return find_difficulty(dive, board_m, typed)


def asked_dive(asked: AnnouncedDive) -> tuple[DiveNumber | None, Difficulty | None]:
    """Return the dive and the DD of a request, see `asked_difficulty`; None for both without a number.

    Raises:
        ConfigError: the number is no dive's; or as of `find_difficulty`.
    """
    if asked.difficulty is not None:
        _check_typed(asked.difficulty)
    if asked.dive_number is None:
        return None, None
    dive = parse_dive_number(asked.dive_number)
    return dive, asked_difficulty(dive, asked.board_m, asked.difficulty)


def known_difficulty(dive_number: str | None, board_m: float | None, typed: float | None = None) -> float | None:
    """Return the DD of a dive as it was entered; None where there is none.

    Args:
        dive_number, typed: as in `find_difficulty`.
        board_m: None: not known yet; the DD is then that of every board, or none.
    """
    try:
        dive = parse_dive_number(dive_number or "")
        if board_m is not None or typed is not None:
            return find_difficulty(dive, board_m, typed).value
    except ConfigError:
        return None
    values = {value for board in BOARDS_M if (value := _recorded_or_computed(dive, board)) is not None}
    return values.pop() if len(values) == 1 else None


def boards_with_difficulty(dive: DiveNumber) -> tuple[float, ...]:
    """Return the springboards, and the platforms that competitions record the dive from, in meters."""
    return tuple(board for board in BOARDS_M if _recorded_or_computed(dive, board) is not None)


def is_by_formula(dive: DiveNumber, board_m: float | None) -> bool:
    """Return True if the DD of a platform dive is computed, as no competition records it."""
    if board_m is None or board_m in SPRINGBOARDS_M or _recorded_or_computed(dive, board_m) is not None:
        return False
    return computed_difficulty(dive, board_m) is not None


def commonest_board_m(dive: DiveNumber) -> float | None:
    """Return the board with most competition records of the dive, in meters; None if there are no records."""
    rows = recorded_of(dive)
    return max(rows, key=itemgetter(3))[1] if rows else None


@cache
def recorded_difficulties() -> tuple[RecordedDifficulty, ...]:
    """Return the rows of the bundled table, ordered by dive number and board."""
    rows = json.loads(resource(*TABLE).read_text(encoding="utf-8"))["difficulties"]
    return tuple((number, board_m, difficulty, count) for number, board_m, difficulty, count in rows)


def recorded_of(dive: DiveNumber) -> tuple[RecordedDifficulty, ...]:
    """Return the rows of a dive, ordered by board."""
    return _rows_by_number().get(str(dive), ())


@cache
def _rows_by_number() -> dict[str, tuple[RecordedDifficulty, ...]]:
    return {number: tuple(rows) for number, rows in groupby(recorded_difficulties(), itemgetter(0))}


def computed_difficulty(dive: DiveNumber, board_m: float) -> float | None:
    """Return the sum of the components A + B + C + D + E; None if no value is known for a component.

    Source: World Aquatics competition regulations, Appendices 8 and 10.
    """
    springboard, n_halves = board_m in SPRINGBOARDS_M, dive.half_somersaults
    if (dive.armstand and springboard) or n_halves >= len(_SOMERSAULTS[board_m]):
        return None
    parts = [_SOMERSAULTS[board_m][n_halves], *(_armstand_parts(dive) if dive.armstand else _parts(dive, board_m))]
    tenths = [part for part in parts if part is not None]
    return sum(tenths) / 10 if len(tenths) == len(parts) else None


def _parts(dive: DiveNumber, board_m: float) -> list[int | None]:
    """Return the components B to E of a dive from the feet, tenths."""
    springboard, block, column = board_m in SPRINGBOARDS_M, _BLOCK[dive.half_somersaults], dive.direction - 1
    parts: list[int | None] = []
    for name in [dive.position, "flying"] if dive.flying else [dive.position]:
        rows = _FLIGHT[name]
        parts.append(rows[block][column] if block < len(rows) else None)
    if dive.half_twists:
        rows = (_TWISTS if springboard else _PLATFORM_TWISTS)[dive.half_twists]
        parts.append(rows[min(block, len(rows) - 1)][column])
    else:
        reverse = _UNNATURAL_PLATFORM_REVERSE if dive.direction == 3 and not springboard else _UNNATURAL_BACK_REVERSE
        natural = _UNNATURAL_FORWARD_INWARD if dive.direction in (1, 4) else reverse
        parts.append(natural.get(dive.half_somersaults, 0))
    threshold, before, after = _APPROACH[board_m][dive.direction]
    return [*parts, before if dive.half_somersaults < threshold else after]


def _armstand_parts(dive: DiveNumber) -> list[int | None]:
    """Return the components B to E of an armstand dive, tenths."""
    block, flight = _BLOCK[dive.half_somersaults], _ARMSTAND_FLIGHT[dive.position]
    parts: list[int | None] = [flight[block] if block < len(flight) else None]
    if not dive.half_somersaults:  # 600: neither turned nor approached in a direction
        return [*parts, 2]
    if dive.half_twists:
        twists = _ARMSTAND_TWISTS.get(dive.direction, {}).get(dive.half_twists)
        parts.append(twists[block > 0] if twists is not None else None)
    else:
        natural = _UNNATURAL_BACK_REVERSE if dive.direction == 1 else _UNNATURAL_FORWARD_INWARD
        parts.append(natural.get(dive.half_somersaults, 0))
    threshold, before, after = _ARMSTAND_APPROACH[dive.direction]
    return [*parts, before if dive.half_somersaults < threshold else after]


def unknown_board(dive: DiveNumber | str) -> Phrase:
    """Explain that a dive has no DD."""
    return Phrase("The DD of {0} is not known: name its board, or give the DD. Only points need it.", dive)


def _check_board(dive: DiveNumber, board_m: float) -> None:
    if board_m not in BOARDS_M:
        raise ConfigError("There is no board at {0:g} m: choose one of {1}.", board_m, _listed(BOARDS_M))
    if dive.armstand and board_m in SPRINGBOARDS_M:
        raise ConfigError("{0} is an armstand dive, which no springboard allows: choose 5, 7.5 or 10 m.", dive)


def _difficulty(dive: DiveNumber, board_m: float) -> float:
    _check_board(dive, board_m)
    value = _known_from(dive, board_m)
    if value is None:
        known = [board for board in BOARDS_M if _known_from(dive, board) is not None]
        way_out = Phrase("give the DD yourself")
        if known:
            way_out = Phrase("choose a board it is known for ({0} m), or give the DD yourself", _listed(known))
        raise ConfigError("The DD of {0} from {1:g} m is not known: {2}.", dive, board_m, way_out)
    return value


def _known_from(dive: DiveNumber, board_m: float) -> float | None:
    recorded = _recorded_or_computed(dive, board_m)
    return computed_difficulty(dive, board_m) if recorded is None else recorded


def _recorded_or_computed(dive: DiveNumber, board_m: float) -> float | None:
    if board_m in SPRINGBOARDS_M:
        return computed_difficulty(dive, board_m)
    return next((difficulty for _, board, difficulty, _ in recorded_of(dive) if board == board_m), None)


def _listed(boards_m: Sequence[float]) -> str:
    return ", ".join(f"{board:g}" for board in boards_m)
