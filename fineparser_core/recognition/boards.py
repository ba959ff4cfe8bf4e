"""The board that a fall is from."""

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.diving.difficulty import Difficulty, find_difficulty
from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.errors import ConfigError
from fineparser_core.measures.context import InTheAir
from fineparser_core.motion.moments import POSTURE_M, POSTURE_SCATTER_M, height_m
from fineparser_core.records import Recognition

#: Prior probability of boards: clubs dive from 1 m and 3 m, competitions from 3 m and 10 m, hardly anybody from 7.5 m.
_COMMON = {1.0: 0.3, 3.0: 0.3, 5.0: 0.12, 7.5: 0.03, 10.0: 0.25}
#: Share of falls whose times or sizes are misread altogether, and the meters within which these lie anywhere.
_WRONG, _ANYWHERE_M = 0.03, 12.0
#: Share of recordings at 25 pictures a second whose file plays them at 30, by which squared their falls are too low.
_SPED_UP, _SPED_UP_SQUARED = 0.1, 1.44
#: Distance of shoulders and hips as they are found in the air, meters, and by how much those of divers and of joints
#: differ, as a share: on eleven real clips a sixth less than anatomy has.
_TORSO_M, _TORSO_SHARE = 0.4, 0.25
#: Uncertainty of the height of the board's edge: meters, as it swings and the water is touched nearer to the
#: camera or farther, and a share, as the camera may look up or down; of a replay, how slow it is.
_EDGE_M, _EDGE_SHARE, _SLOWED_SHARE = 0.5, 0.15, 0.35
#: Torsos that must be seen for that.
_LEAST_TORSOS = 6
#: Probability from which a board counts as seen.
_SEEN = 0.9


def boards(dive: InTheAir) -> dict[float, float]:
    """Return the probability of each board by the fall's times, the edge in the picture and the body's size."""
    by_gravity = [found for found in (_fall_by_time(dive), _fall_by_edge(dive)) if found is not None]
    by_size = _fall_by_size(dive)
    likely = dict(_COMMON)
    for board_m in likely:
        fall_m = board_m + POSTURE_M
        right, sped_up = 1 - _SPED_UP, _SPED_UP
        for found_m, deviation_m in by_gravity:
            right *= _density(fall_m, found_m, deviation_m)
            sped_up *= _density(fall_m, _SPED_UP_SQUARED * found_m, _SPED_UP_SQUARED * deviation_m)
        likely[board_m] *= right + sped_up
        if by_size is not None:
            likely[board_m] *= _density(fall_m, *by_size)
    total = sum(likely.values())
    return {board_m: share / total for board_m, share in likely.items()}


def _density(value: float, mean: float, deviation: float) -> float:
    """Return the density of a value that is read with a standard deviation, or misread."""
    right = float(np.exp(-0.5 * ((value - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi)))
    return (1 - _WRONG) * right + _WRONG / _ANYWHERE_M


def _fall_by_time(dive: InTheAir) -> tuple[float, float] | None:
    """Return the meters that the body's center falls below the take-off by its times, and their deviation.

    None in slow motion.
    """
    moments = dive.moments
    if dive.seen.slowed != 1 or moments.top is None or moments.contact is None:
        return None
    take_off, top, contact = moments.take_off, moments.top, moments.contact
    rise_s, fall_s = top.time_s - take_off.time_s, contact.time_s - top.time_s
    slopes = np.array([rise_s, -(rise_s + fall_s), fall_s]) * GRAVITY_M_S2
    covariance = np.diag([one.deviation_s**2 for one in (take_off, top, contact)])
    covariance[0, 1] = covariance[1, 0] = moments.covariance_s2
    variance = float(slopes @ covariance @ slopes)
    return height_m(max(rise_s, 0.0), fall_s), float(np.sqrt(max(variance, 0.0) + POSTURE_SCATTER_M**2))


def _fall_by_edge(dive: InTheAir) -> tuple[float, float] | None:
    """Return the same by the board's edge over the water in the picture, with the scale by gravity."""
    if dive.path is None or dive.board is None or dive.water_y is None:
        return None
    height_m = (dive.water_y - float(dive.board[1])) / dive.path.px_per_m
    share = float(np.hypot(dive.path.scale_share, _EDGE_SHARE if dive.seen.slowed == 1 else _SLOWED_SHARE))
    return height_m + POSTURE_M, float(np.hypot(share * abs(height_m), _EDGE_M))


def _fall_by_size(dive: InTheAir) -> tuple[float, float] | None:
    """Return the same by the torso's length in the picture."""
    if dive.path is None or dive.touches is None:
        return None
    torso = dive.seen.joint("shoulder") - dive.seen.joint("hip")
    length = np.hypot(*torso[dive.leaves : dive.end + 1].T)
    if np.isfinite(length).sum() < _LEAST_TORSOS:
        return None
    px_per_m = float(np.nanquantile(length, 0.8)) / _TORSO_M
    start, end = (dive.path.place(float(dive.seen.times_s[at]))[1] for at in (dive.leaves, dive.touches))
    fall_m = float(end - start) / px_per_m
    return fall_m, float(np.hypot(_TORSO_SHARE * abs(fall_m), 2 * POSTURE_SCATTER_M))


def seen_board(seen: Recognition | None) -> float | None:
    """Return the board that the fall shows, meters; None where it is not sure enough."""
    if seen is None or not seen.boards_m:
        return None
    board_m = max(seen.boards_m, key=lambda one: seen.boards_m[one])
    return board_m if seen.boards_m[board_m] >= _SEEN else None


def with_seen_board(difficulty: Difficulty | None, dive: DiveNumber, seen: Recognition | None) -> Difficulty | None:
    """Return the difficulty from the board that the fall shows, where none was given and it is known from there.

    Args:
        difficulty: as requested; None where no board was given and no usual board is known.
    """
    board_m = seen_board(seen)
    if board_m is None or (difficulty is not None and difficulty.source != "commonest board"):
        return difficulty
    try:
        value = find_difficulty(dive, board_m).value
    except ConfigError:
        return difficulty
    return Difficulty(value=value, board_m=board_m, source="seen")
