"""Parses of a dive with slightly moved moments, over which a score is averaged.

No moment of a dive is known to the frame, and a score shall not depend on a single frame.
"""

from dataclasses import replace

import numpy as np

from fineparser_core.types import DiveParse, Moment, Moments

#: Largest standard deviation that a moment is moved by, real seconds: where its sources contradict each other it may be
#: anywhere, and measures there mean nothing.
MOST_S = 0.1


def moved_parses(parse: DiveParse) -> list[DiveParse]:
    """Return parses whose means over a function are those over the uncertain moments, to the second order.

    Each of the n moments that are known is moved by the square root of n standard deviations to either side; the
    highest point moves with the take-off as far as the two go together.

    Source: the unscented transform, without a point in the middle (Julier and Uhlmann 1997).
    """
    moments, slowed = parse.moments, parse.motion.slowed if parse.motion is not None else 1.0
    known = [name for name in ("take_off", "come_out", "contact") if getattr(moments, name) is not None]
    found = []
    for name in known:
        moment: Moment = getattr(moments, name)
        by_s = float(np.sqrt(len(known))) * min(moment.deviation_s, MOST_S * slowed)
        for off_s in (-by_s, by_s):
            found.append(replace(parse, moments=_moved(moments, name, moment, off_s)))
    return found


def _moved(moments: Moments, name: str, moment: Moment, off_s: float) -> Moments:
    later = replace(moment, time_s=moment.time_s + off_s)
    if name == "come_out":
        return replace(moments, come_out=later)
    if name == "contact":
        return replace(moments, contact=later)
    if moments.top is None:
        return replace(moments, take_off=later)
    along_s = off_s * moments.covariance_s2 / moment.deviation_s**2
    return replace(moments, take_off=later, top=replace(moments.top, time_s=moments.top.time_s + along_s))
