"""Places the transitions of a parse: where physics measures them, else where the network reads them. Numpy only."""

from math import ceil

import numpy as np

from fineparser_core.motion.following import Diver
from fineparser_core.motion.moments import Moments, body_lengths, find_moments, lowest_points
from fineparser_core.types import Transitions
from fineparser_core.video.sampling import frame_to_sample

Samples = tuple[int, int]

#: Two readings of the take-off that are farther apart, in seconds of real time, do not speak of the same one.
_SAME_S = 0.4
#: How much of the take-off is what is measured.
_MEASURED = 2 / 3
#: A moment that is so little after a frame, in frames, is that frame's.
_SAME_FRAME = 1e-3


def between_readings(moments: Moments, read_s: float, slowed: float) -> Moments:
    """The take-off between what is measured and what the network reads, where they are near.

    The feet rise fastest when the legs swing after they have left the board: about two frames late. The network calls
    the take-off while a springboard still rises with the diver on it: about three frames early, and scatters more.

    Args:
        read_s: time at which the network lets the flight begin.
        slowed: how many times slower than real time the recording is.
    """
    measured_s = moments.take_off_s
    if measured_s is None or abs(measured_s - read_s) > _SAME_S * slowed:
        return moments
    return moments._replace(take_off_s=_MEASURED * measured_s + (1 - _MEASURED) * read_s)


def measured_moments(diver: Diver, times_s: np.ndarray, masks: np.ndarray, crops: np.ndarray) -> Moments:
    """The moments of a diver who falls freely.

    Args:
        times_s: (n,) seconds of the samples.
        masks: (n, 112, 112) athlete probability.
        crops: (n, 4) source pixels x0, y0, x1, y1 that each covers.
    """
    lowest_y = diver.motion.in_scene(lowest_points(masks, crops))[:, 1] / diver.scale
    return find_moments(diver.fall, times_s, lowest_y, body_lengths(masks, crops))


def place(
    moments: Moments, decoded: Samples, sampled: np.ndarray, times_s: np.ndarray
) -> tuple[Transitions, Samples, int | None]:
    """Transitions at measured moments, and at decoded samples for those that were not measured.

    Args:
        decoded: samples at which the network lets flight and entry begin.
        sampled: (96,) source frames of the samples.
        times_s: (96,) their times.

    Returns:
        The transitions, the first samples of flight and entry, and the frame of the first contact with the water; it is
        not before the entry.
    """

    def frame(time_s: float | None, sample: int) -> int:
        return int(sampled[sample]) if time_s is None else round(float(np.interp(time_s, times_s, sampled)))

    read, first, last = (int(sampled[decoded[0]]), int(sampled[decoded[1]])), int(sampled[0]), int(sampled[-1])
    frames = frame(moments.take_off_s, decoded[0]), frame(moments.entry_s, decoded[1])
    contact = None
    if moments.contact_s is not None:  # the first frame that shows it
        contact = ceil(float(np.interp(moments.contact_s, times_s, sampled)) - _SAME_FRAME)
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
    return transitions, (st, ed), contact if contact is not None and contact >= entry else None
