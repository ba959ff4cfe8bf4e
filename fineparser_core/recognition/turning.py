"""The turns of the body from take-off to entry, tracked through frames that show it badly.

In the air angular momentum is conserved: the body turns as fast as its shape lets it, always in the same sense. A
filter on a grid follows all angles and all momenta at once, so that frames without evidence are bridged by the rate of
the others, and ambiguities stay open.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fineparser_core.measures.context import InTheAir
from fineparser_core.motion.body import SEGMENTS
from fineparser_core.recognition.posture import confidence, independent

#: Steps of the angle in a turn, and turns on either side that are followed: no dive has more than 5½ somersaults.
_STEPS, _MOST_TURNS = 24, 6.0
#: Angular momentum on the grid, as the rate of a straight body in turns a second: the fastest tucked bodies turn 3.2
#: times a second with a quarter of the straight body's inertia.
_FASTEST, _N_RATES = 1.0, 41
#: Inertia of a straight body with raised arms about its side-to-side axis, in masses times squared torso lengths, the
#: least inertia of a tucked body as a share of it, and the limbs' inertia about their centers.
_STRAIGHT_INERTIA, _LEAST_SHARE, _OWN_INERTIA = 0.95, 0.2, 0.08
#: Scatter of a joint in torso lengths where it lies within a fifth of a torso length, and where it does not.
_NEAR_SCATTER, _FAR_SCATTER = 0.1, 0.35
#: Share of trunks that are farther off and wrong altogether, and that have shoulders and hips exchanged.
_LOST, _EXCHANGED = 0.45, 0.15
#: Window of the inertia, a standard deviation in seconds: a body opens and closes in a fifth of a second.
_INERTIA_S = 0.06
#: Weight of a usual inertia beside those that are seen.
_LEAST_SURE = 0.05
#: Scatter of the line from hips to shoulders about the body's own, radians: backs bend.
_LINE_SCATTER = 0.15
#: Joints whose motion between frames gives the body's turn, the middle of both sides; minimum number that must show.
_BODY, _LEAST_JOINTS = ("head", "shoulder", "hip", "knee", "ankle", "elbow", "wrist"), 4
#: Scatter of these turns, and remainder of the joints' motion in torso lengths where few are right.
_STEP_SCATTER, _STEP_REMAINDER = 0.04, 0.3
#: Change of the rate by what the shape does not tell, turns a second in the square root of a second.
_RATE_DRIFT = 0.1
#: Scatter of the angle beyond that, turns in the square root of a second.
_ANGLE_DRIFT = 0.06
#: Time before the contact over which the body's line is read, seconds.
_LINE_S = 0.1
#: Time before the take-off from which the body is followed, seconds.
_BEFORE_S = 0.1
#: Scatter of the trunk's line at the take-off about upright (or inverted), turns.
_START_SCATTER = 0.14


def track_turning(dive: InTheAir, armstand: bool) -> tuple[np.ndarray, np.ndarray] | None:
    """Track the trunk from take-off to entry, and return the distribution of its whole turn.

    Returns:
        (n,) turns from upright, or from the armstand, to where the body's line points at the entry, signed: clockwise
        in the picture is positive; and (n,) their probabilities. None where the trunk is hardly seen.
    """
    seen = dive.seen
    first = max(int(np.searchsorted(seen.times_s, seen.times_s[dive.leaves] - _BEFORE_S)), 0)
    window = slice(first, dive.end + 1)
    trunk = (seen.joint("shoulder") - seen.joint("hip"))[window]
    length = np.hypot(*trunk.T)
    shown = np.isfinite(length)
    if shown.sum() < 6:
        return None
    torso = float(np.nanquantile(length, 0.8))
    times = seen.times_s[window]
    sure = confidence(seen, "shoulder", "hip")[window]
    momentum_share = _STRAIGHT_INERTIA / _inertia(dive, window, torso, sure)
    angles = np.arctan2(trunk[:, 0], -trunk[:, 1]) / (2 * np.pi)
    grid = np.arange(-int(_MOST_TURNS * _STEPS), int(_MOST_TURNS * _STEPS) + 1) / _STEPS
    rates = np.linspace(-_FASTEST, _FASTEST, _N_RATES)
    start = 0.5 if armstand else 0.0
    likely = np.exp(-0.5 * ((grid - start) / _START_SCATTER) ** 2)[:, None] * np.ones(len(rates))
    likely /= likely.sum()
    steps = _steps(dive, window, torso)
    share = independent(times)
    for i in range(len(times)):
        if i:
            step_s = float(times[i] - times[i - 1])
            turned = rates * (momentum_share[i] + momentum_share[i - 1]) / 2 * step_s
            likely = _moved(likely, turned * _STEPS, step_s) * _turned(steps[i], turned) ** share[i]
        if shown[i]:
            likely = likely * _seen(angles[i], length[i] / torso, sure[i], grid)[:, None] ** share[i]
            likely /= likely.sum()
    return grid - start - _bent_turns(dive), likely.sum(axis=1)


def _bent_turns(dive: InTheAir) -> float:
    """Return the turns by which the trunk is ahead of the body's line at the entry, where the hips are still bent."""
    seen = dive.seen
    first = int(np.searchsorted(seen.times_s, seen.times_s[dive.end] - _LINE_S))
    window = slice(max(first, 0), dive.end + 1)
    trunk, thigh = (
        (seen.joint("shoulder") - seen.joint("hip"))[window],
        (seen.joint("hip") - seen.joint("knee"))[window],
    )
    sure = confidence(seen, "shoulder", "hip", "knee")[window]
    sure = np.where(np.isfinite(trunk).all(axis=1) & np.isfinite(thigh).all(axis=1), sure, 0.0)
    if sure.sum() < _LEAST_SURE:
        return 0.0
    across = np.nansum(sure * (thigh[:, 0] * trunk[:, 1] - thigh[:, 1] * trunk[:, 0]))
    along = np.nansum(sure * (thigh * trunk).sum(axis=1))
    return float(np.arctan2(across, along)) / (2 * np.pi) / 2


def _inertia(dive: InTheAir, window: slice, torso: float, sure: np.ndarray) -> np.ndarray:
    """Return the smoothed inertia (n,) of the body about its side-to-side axis in torso lengths squared.

    Args:
        sure: (n,) probability that the body was found right, by which frames count.
    """
    center = dive.seen.center_of_mass()[window]
    total, mass = np.zeros(len(center)), np.zeros(len(center))
    for first, second, share, along in SEGMENTS:
        off = ((1 - along) * dive.seen.joint(first) + along * dive.seen.joint(second))[window] - center
        square = (off**2).sum(axis=1) / torso**2
        shown = np.isfinite(square)
        total += np.where(shown, share * square, 0)
        mass += share * shown
    usual = 0.5 * _STRAIGHT_INERTIA
    values = np.where(mass > 0, total / np.maximum(mass, 1e-9) + _OWN_INERTIA, usual)
    weights = np.where(mass > 0, sure**2, 0.0)
    times = dive.seen.times_s[window]
    near = np.exp(-0.5 * ((times[:, None] - times) / _INERTIA_S) ** 2) * weights
    smooth = (near @ values + _LEAST_SURE * usual) / (near.sum(axis=1) + _LEAST_SURE)
    bounded: np.ndarray = np.clip(smooth, _LEAST_SHARE * _STRAIGHT_INERTIA, 1.2 * _STRAIGHT_INERTIA)
    return bounded


def _steps(dive: InTheAir, window: slice, torso: float) -> list[tuple[float, float]]:
    """Return the turn of the whole body since the frame before, clockwise, and its probability, for each frame.

    Joints that do not turn together lower the probability.
    """
    places = np.stack([dive.seen.joint(name)[window] for name in _BODY], axis=1)
    sure = np.stack([confidence(dive.seen, name)[window] for name in _BODY], axis=1)
    found = [(0.0, 0.0)]
    for i in range(1, len(places)):
        before, after = places[i - 1], places[i]
        weights = sure[i - 1] * sure[i] * (np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1))
        if (weights > 0).sum() < _LEAST_JOINTS:
            found.append((0.0, 0.0))
            continue
        right = float(weights.sum() / (weights > 0).sum())
        weights = weights / weights.sum()
        before, after = (np.where(weights[:, None] > 0, one, 0.0) for one in (before, after))
        before, after = before - weights @ before, after - weights @ after
        x = float(weights @ (before * after).sum(axis=1))
        y = float(weights @ (before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]))
        square = float(weights @ (before**2 + after**2).sum(axis=1)) - 2 * np.hypot(x, y)
        right *= float(np.exp(-max(square, 0.0) / (_STEP_REMAINDER * torso) ** 2))
        found.append((float(np.arctan2(y, x)) / (2 * np.pi), right))
    return found


def _turned(step: tuple[float, float], rates: np.ndarray) -> np.ndarray:
    """Return the likelihood (n,) of a seen turn of the whole body for each true turn."""
    turn, right = step
    off = (turn - rates + 0.5) % 1 - 0.5
    density = np.exp(-0.5 * (off / _STEP_SCATTER) ** 2) / (_STEP_SCATTER * np.sqrt(2 * np.pi))
    return np.asarray(right * density + 1 - right)


def _seen(angle: float, length: float, sure: float, grid: np.ndarray) -> np.ndarray:
    """Return the likelihood (n,) of a trunk of that angle and length in torso lengths, were the body turned so far."""
    off = (grid - angle + 0.5) % 1 - 0.5
    near = _around(off, _NEAR_SCATTER, length)
    far = _around(off, _FAR_SCATTER, length)
    exchanged = _around(np.abs(off) - 0.5, _NEAR_SCATTER, length)
    return np.asarray(sure * near + (1 - sure) * ((1 - _LOST - _EXCHANGED) * far + _EXCHANGED * exchanged + _LOST))


def _around(off: np.ndarray, scatter: float, length: float) -> np.ndarray:
    """Return the density of a trunk's angle off by so many turns, by the scatter of the joints at its ends."""
    deviation = float(np.hypot(np.sqrt(2) * scatter / max(length, 0.1), _LINE_SCATTER)) / (2 * np.pi)
    return np.asarray(np.exp(-0.5 * (off / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi)))


def _moved(likely: np.ndarray, cells: np.ndarray, step_s: float) -> np.ndarray:
    """Return the distribution a step later: each rate moves its angles by so many cells, and both scatter."""
    out = np.zeros_like(likely)
    for k, by in enumerate(cells):
        whole = int(np.floor(by))
        part = by - whole
        out[:, k] = (1 - part) * _shifted(likely[:, k], whole) + part * _shifted(likely[:, k], whole + 1)
    angle = _ANGLE_DRIFT * np.sqrt(step_s) * _STEPS
    rate = _RATE_DRIFT * np.sqrt(step_s) * (_N_RATES - 1) / (2 * _FASTEST)
    return _blurred(_blurred(out, angle, 0), rate, 1)


def _shifted(values: np.ndarray, by: int) -> np.ndarray:
    out = np.zeros_like(values)
    if by >= 0:
        out[by:] = values[: len(values) - by]
    else:
        out[:by] = values[-by:]
    return out


def _blurred(values: np.ndarray, deviation: float, axis: int) -> np.ndarray:
    """Return the values after a diffusion of that deviation in cells."""
    reach = max(1, int(np.ceil(3 * deviation)))
    at = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (at / max(deviation, 1e-3)) ** 2)
    weights /= weights.sum()
    beyond = [(0, 0), (0, 0)]
    beyond[axis] = reach, reach
    return np.asarray(sliding_window_view(np.pad(values, beyond), len(weights), axis) @ weights)
