"""The board that a fall is from."""

from fineparser_core.diving.difficulty import Difficulty, find_difficulty
from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.errors import ConfigError
from fineparser_core.types import Recognition

#: Probability from which a board counts as seen.
_SEEN = 0.9


def seen_board(seen: Recognition | None) -> float | None:
    """Return the board that the fall shows, metres; None where it is not sure enough."""
    if seen is None or not seen.boards_m:
        return None
    board_m = max(seen.boards_m, key=lambda one: seen.boards_m[one])
    return board_m if seen.boards_m[board_m] >= _SEEN else None


def with_seen_board(difficulty: Difficulty, dive: DiveNumber, seen: Recognition | None) -> Difficulty:
    """Return the difficulty from the board that the fall shows, where none was given and it is known from there."""
    board_m = seen_board(seen)
    if difficulty.source != "commonest board" or board_m is None:
        return difficulty
    try:
        value = find_difficulty(dive, board_m).value
    except ConfigError:
        return difficulty
    return Difficulty(value=value, board_m=board_m, source="seen")
