"""The moments of a dive, estimated once: take-off, top, come-out and contact, each by all its sources.

Each source has a bias and a scatter, measured on labeled real clips with `packaging/benchmarks/moments.py`, and is
sometimes wrong altogether. Their likelihoods are multiplied. A body that rises for a time and falls for another has
fallen g/2 times the difference of their squares, which is the height of a board: a height of no board is unlikely.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fineparser_core.constants import BOARDS_M, GRAVITY_M_S2
from fineparser_core.motion.ballistics import Ballistics, fit_ballistics, in_the_air
from fineparser_core.motion.body import (
    LEAST_CONFIDENCE,
    angles,
    body_lengths,
    center_of_mass,
    lowest_points,
    mask_centers,
)
from fineparser_core.motion.following import Diver
from fineparser_core.motion.readings import Readings, read_moments
from fineparser_core.records import Moment, Moments, Transitions
from fineparser_core.video.clips import frame_to_sample

#: Frames that biases and scatters are given in, seconds of real time.
FRAME_S = 1 / 30


class MomentSource(NamedTuple):
    """Error of a reading: bias and standard deviation, in frames of a thirtieth of a second of real time."""

    bias: float
    deviation: float


# Measured on the fourteen labeled clips of real dives, each left out in turn (`packaging/benchmarks/moments.py`). The
# network calls the take-off while a springboard still rises with the diver on it. Those of feet, opening, hips and
# contact were measured with the masks of earlier weights.
NETWORK_SPRINGBOARD, NETWORK_PLATFORM = MomentSource(-3.0, 1.5), MomentSource(-2.2, 1.5)
FEET = MomentSource(-1.0, 2.0)
OPENING, HIPS, NETWORK_COME_OUT = MomentSource(-0.1, 1.0), MomentSource(-0.5, 1.6), MomentSource(-2.0, 1.8)
#: Error of the contact, read where the lowest point reaches the water's level, against body points labeled frame by
#: frame; the first frame that shows it is a third of a frame later.
CONTACT = MomentSource(-0.3, 0.7)
#: Scatter of the path's highest point beyond what its fit states.
_TOP_S = 0.025
#: Share of readings that are wrong altogether, and the time within which these lie anywhere, seconds of real time.
_WRONG, _ANYWHERE_S = 0.1, 1.0
#: The first height that is a platform's.
_PLATFORM_FROM_M = 5.0
#: Time from the top of an armstand's path, extended to before its take-off, until its hands leave the platform, and its
#: scatter; seconds of real time, by eye on seven dives from 10 m.
_HANDS_S, _HANDS_SCATTER_S = 0.08, 0.04
# The body's center falls farther than the board is high: stretched over the tip that swings up it is some 1.1 m over
# the board, and some 0.9 m over the water when the hands of a leaning body touch that. Meters.
POSTURE_M, POSTURE_SCATTER_M = 0.2, 0.2
#: Uncertainty of a slow replay's slowness, as a share; the height varies with its square.
_SLOWED_SHARE = 0.35
#: Deviation of the network's reading where no free fall was found, in frames.
_ALONE = 6.0
#: Steps of the grid of times, and of the highest point; seconds of real time.
_STEP_S, _TOP_STEP_S = 1 / 240, 1 / 120
#: Distance from the likeliest time beyond which another time is meant, and the share of the whole that makes a
#: conflict.
_SAME_S, _CONFLICT = 0.15, 0.2
#: A contact that is so many standard deviations before the come-out contradicts it.
_APART = 2.0


def height_m(rise_s: float, fall_s: float) -> float:
    """Return the meters that a body's center falls below its take-off, by the durations of its rise and fall."""
    return GRAVITY_M_S2 / 2 * (fall_s**2 - rise_s**2)


def find_moments(
    diver: Diver,
    network_s: tuple[float, float],
    times_s: np.ndarray,
    masks: np.ndarray,
    crops: np.ndarray,
    joints: np.ndarray | None,
) -> Moments:
    """Return the moments of a diver who falls freely.

    Args:
        network_s: times at which the network lets flight and entry begin.
        times_s: (n,) seconds of the samples.
        masks: (n, 112, 112) athlete probability.
        crops: (n, 4) source pixels x0, y0, x1, y1 that each covers.
        joints: (n, 16, 3) source pixels and confidence; None where the network sees none.
    """
    lowest_y = diver.motion.in_scene(lowest_points(masks, crops))[:, 1] / diver.scale
    places, hips = diver.motion.in_scene(mask_centers(masks, crops)), None
    if joints is not None:
        seen = diver.motion.in_scene(joints[..., :2].astype(np.float64))
        seen = np.where(joints[..., 2:] >= LEAST_CONFIDENCE, seen, np.nan)
        center, hips = center_of_mass(seen), angles(seen, "shoulder", "hip", "knee")
        places = center if np.isfinite(center).all(axis=1).any() else places
    readings = read_moments(diver.fall, times_s, lowest_y, body_lengths(masks, crops), hips)
    distinct, first = np.unique(times_s, return_index=True)
    air = in_the_air(distinct, diver.motion, readings.contact_s)
    path = fit_ballistics(distinct[air], places[first][air])
    return estimate_moments(network_s, readings, path, diver.fall.slowed)


def estimate_moments(
    network_s: tuple[float, float], readings: Readings, path: Ballistics | None, slowed: float
) -> Moments:
    """Estimate the moments of a dive.

    Args:
        network_s: times at which the network lets flight and entry begin, seconds of the file, as all times are.
        path: of the body's center in the air; None where it does not show.
        slowed: how many times slower than real time the recording is.
    """
    unit_s = FRAME_S * slowed
    contact = None
    if readings.contact_s is not None:
        time_s = readings.contact_s - CONTACT.bias * unit_s
        contact = Moment(time_s=time_s, deviation_s=CONTACT.deviation * unit_s, sources=("contact",))
    take_off, top, covariance = _take_off(network_s[0], readings.feet, path, contact, slowed)
    come_out = _come_out(network_s[1], readings, slowed)
    if contact is not None:
        both_s = float(np.hypot(contact.deviation_s, come_out.deviation_s))
        if contact.time_s + _APART * both_s < come_out.time_s:  # bodies do not open in the water
            contact, come_out = replace(contact, conflict=True), replace(come_out, conflict=True)
    return Moments(take_off=take_off, top=top, come_out=come_out, contact=contact, covariance_s2=covariance)


def network_alone(network_s: tuple[float, float]) -> Moments:
    """Return the moments as the network reads them, where no free fall was found."""
    take_off, come_out = (
        Moment(time_s=time_s, deviation_s=_ALONE * FRAME_S, sources=("network",)) for time_s in network_s
    )
    return Moments(take_off=take_off, come_out=come_out)


def hands_leave(moments: Moments, slowed: float) -> Moments:
    """Return the moments of an armstand, which tips over on its hands and leaves them while it falls.

    Feet and network take the swing of the legs for the take-off. The path tells of the hands; it has no top after them.
    """
    if moments.top is None:
        return moments
    deviation_s = float(np.hypot(moments.top.deviation_s, _HANDS_SCATTER_S * slowed))
    take_off = Moment(
        time_s=moments.top.time_s + _HANDS_S * slowed, deviation_s=deviation_s, sources=moments.top.sources
    )
    return replace(moments, take_off=take_off, top=None, covariance_s2=0.0)


def _come_out(network_s: float, readings: Readings, slowed: float) -> Moment:
    read = {"network": (network_s, NETWORK_COME_OUT)}
    if readings.opening_s is not None:
        read["opening"] = (readings.opening_s, OPENING)
    if readings.hips_s is not None:
        read["hips"] = (readings.hips_s, HIPS)
    times_s = _grid([time_s for time_s, _ in read.values()], slowed)
    likely = np.prod([_likelihood(times_s, *one, slowed) for one in read.values()], axis=0)
    return _moment(times_s, likely, tuple(read), slowed)[0]


def _take_off(
    network_s: float,
    rising: Sequence[tuple[float, float]],
    path: Ballistics | None,
    contact: Moment | None,
    slowed: float,
) -> tuple[Moment, Moment | None, float]:
    """Return the take-off, the highest point, and their covariance: both together, as the board's height binds them."""
    times_s = _grid([network_s, *(time_s for time_s, _ in rising)], slowed)
    each = [share * _likelihood(times_s, time_s, FEET, slowed) for time_s, share in rising]
    feet = np.sum(each, axis=0) if each else np.ones(len(times_s))
    springboard, platform = (
        feet * _likelihood(times_s, network_s, source, slowed) for source in (NETWORK_SPRINGBOARD, NETWORK_PLATFORM)
    )
    sources = ("network", "feet") if each else ("network",)
    if path is None:
        return _moment(times_s, springboard + platform, sources, slowed)[0], None, 0.0
    top_s, deviation_s = path.top()
    deviation_s = float(np.hypot(deviation_s, _TOP_S * slowed))
    tops_s = top_s + np.arange(-3 * deviation_s, 3 * deviation_s + 1e-9, _TOP_STEP_S * slowed)
    likely_top = np.exp(-0.5 * ((tops_s - top_s) / deviation_s) ** 2)
    both = np.zeros((len(times_s), len(tops_s)))
    for board_m in BOARDS_M:
        read = springboard if board_m < _PLATFORM_FROM_M else platform
        both += read[:, None] * likely_top * _fits_board(board_m, times_s, tops_s, contact, slowed)
    if contact is not None:
        sources = (*sources, "height")
    take_off, near = _moment(times_s, both.sum(axis=1), sources, slowed)
    both = np.where(near[:, None], both, 0.0) / both[near].sum()
    of_top = both.sum(axis=0)
    mean_s = float(of_top @ tops_s)
    top = Moment(
        time_s=mean_s,
        deviation_s=max(float(np.sqrt(of_top @ (tops_s - mean_s) ** 2)), _TOP_STEP_S * slowed / 2),
        sources=("path",) if contact is None else ("path", "height"),
    )
    covariance = float(((times_s - take_off.time_s)[:, None] * (tops_s - mean_s) * both).sum())
    return take_off, top, covariance


def _fits_board(
    board_m: float, times_s: np.ndarray, tops_s: np.ndarray, contact: Moment | None, slowed: float
) -> np.ndarray:
    """Return the likelihood (take-offs, tops) that the fall is from a board of that height."""
    rise_s = (tops_s - times_s[:, None]) / slowed
    possible: np.ndarray = (rise_s > 0).astype(float)
    if contact is None:
        return possible
    fall_s = np.maximum(contact.time_s - tops_s, 0) / slowed
    off_m = GRAVITY_M_S2 / 2 * (fall_s**2 - rise_s**2) - board_m - POSTURE_M
    variance = POSTURE_SCATTER_M**2 + (GRAVITY_M_S2 * fall_s * contact.deviation_s / slowed) ** 2
    if slowed != 1:
        variance = variance + (_SLOWED_SHARE * board_m) ** 2
    likelihood: np.ndarray = possible * (np.exp(-0.5 * off_m**2 / variance) / np.sqrt(variance) + _WRONG / BOARDS_M[-1])
    return likelihood


def _grid(read_s: Sequence[float], slowed: float) -> np.ndarray:
    """Return times at which a moment may be that is read at some."""
    return np.arange(min(read_s) - 0.4 * slowed, max(read_s) + 0.4 * slowed, _STEP_S * slowed)


def _likelihood(times_s: np.ndarray, read_s: float, source: MomentSource, slowed: float) -> np.ndarray:
    """Return the likelihood of times, given the reading of a source."""
    unit_s = FRAME_S * slowed
    off = (read_s - source.bias * unit_s - times_s) / (source.deviation * unit_s)
    right = np.exp(-0.5 * off**2) / (source.deviation * FRAME_S * np.sqrt(2 * np.pi))
    return np.asarray((1 - _WRONG) * right + _WRONG / _ANYWHERE_S)


def _moment(
    times_s: np.ndarray, likely: np.ndarray, sources: tuple[str, ...], slowed: float
) -> tuple[Moment, np.ndarray]:
    """Return the moment by the mean and scatter of the times around the likeliest, and the mask of these times.

    Where others are nearly as likely the sources contradict each other: the scatter is that of all.
    """
    near = np.abs(times_s - times_s[likely.argmax()]) <= _SAME_S * slowed
    share = likely / likely.sum()
    conflict = float(share[~near].sum()) > _CONFLICT
    time_s = float(share[near] @ times_s[near] / share[near].sum())
    counted = share if conflict else np.where(near, share, 0) / share[near].sum()
    deviation_s = max(float(np.sqrt(counted @ (times_s - time_s) ** 2)), _STEP_S * slowed)
    return Moment(time_s=time_s, deviation_s=deviation_s, sources=sources, conflict=conflict), near


class PlacedMoments(NamedTuple):
    """Moments on frames and samples.

    Attributes:
        samples: at which flight and entry begin.
        contact_frame: source frame of the first contact with the water, which is not before the entry; None where that
            does not show.
        moments: those that stand.
    """

    transitions: Transitions
    samples: tuple[int, int]
    contact_frame: int | None
    moments: Moments


def place_moments(
    moments: Moments, decoded: tuple[int, int], sampled: np.ndarray, times_s: np.ndarray
) -> PlacedMoments:
    """Return the frames of moments, and the samples at which flight and entry begin.

    Args:
        decoded: samples at which the network lets flight and entry begin, which stand where the moments leave a phase
            without a frame or a sample.
        sampled: (96,) source frames of the samples.
        times_s: (96,) their times.
    """

    def frame(moment: Moment) -> int:
        return round(float(np.interp(moment.time_s, times_s, sampled)))

    read, first, last = (int(sampled[decoded[0]]), int(sampled[decoded[1]])), int(sampled[0]), int(sampled[-1])
    frames = frame(moments.take_off), frame(moments.come_out)
    contact = None if moments.contact is None else frame(moments.contact)
    if contact is not None and contact > frames[0]:
        frames = frames[0], min(frames[1], contact)
    for flight, entry in (frames, (frames[0], read[1]), (read[0], frames[1])):
        st, ed = (
            sample if one == before else frame_to_sample(sampled, one)
            for one, before, sample in zip((flight, entry), read, decoded, strict=True)
        )
        if first < flight < entry <= last and st < ed:
            break
    else:
        (flight, entry), (st, ed) = read, decoded
    flight_s, entry_s = (float(np.interp(one, sampled, times_s)) for one in (flight, entry))
    transitions = Transitions(
        first_flight_frame=flight, first_entry_frame=entry, first_flight_s=flight_s, first_entry_s=entry_s
    )
    alone = network_alone((flight_s, entry_s))
    if flight != frame(moments.take_off):
        moments = replace(moments, take_off=alone.take_off, top=None)
    if entry not in (frame(moments.come_out), contact):
        moments = replace(moments, come_out=alone.come_out)
    if contact is not None and contact < entry:
        contact, moments = None, replace(moments, contact=None)
    return PlacedMoments(transitions, (st, ed), contact, moments)
