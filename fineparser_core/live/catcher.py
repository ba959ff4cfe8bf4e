"""Finds dives in a stream as it comes: the same free falls as in a file, looked for in its last seconds."""

from dataclasses import dataclass, replace
from math import inf

from fineparser_core.constants import DIVES_APART_S
from fineparser_core.live.packets import LiveFrame, LivePacket, PacketDecoder
from fineparser_core.motion.ballistics import CORRELATED_S
from fineparser_core.motion.boxes import MotionFinder
from fineparser_core.motion.free_fall import LEAST_EVIDENCE, FreeFall, find_free_falls
from fineparser_core.motion.pictures import Reducer
from fineparser_core.motion.recording import PICTURES_A_SECOND, apart
from fineparser_core.video.probe import Geometry

#: Seconds that are remembered.
_REMEMBERED_S = 9.0
#: Seconds between searches of the last seconds for a body that may fall, and the searched ranges.
_LOOKED_EVERY_S, _SHORT_S, _SHORT_AMONG_S = 0.4, 3.0, (1.2, 0.3)
#: Share of the evidence of a dive that makes a fall worth another look once it has ended, and from which images on.
_SUSPECT, _LONG_AMONG_S = 0.3, 6.5
#: A fall that ended so long ago is a dive: it was no hurdle, as the body did not go up again, and its boxes have
#: settled.
SETTLED_S = 2.1
# The acceleration of a fall differs from none by so many standard deviations.
_SURE = 5.0
# Seconds by which pictures may come closer together than requested, as clocks of cameras are not exact.
_EARLY_S = 0.4 / PICTURES_A_SECOND
# The same in intervals of the source: of 240 a second each eighth is looked at, not each fifth.
_EARLY = 0.5


@dataclass(frozen=True)
class CaughtFall:
    """A dive in a stream; times are those of its packets.

    Attributes:
        leaves_s, touches_s: first and last picture on the parabola: about the take-off and the water.
        confidence: as of `DiveSegment`.
        slowed: how many times slower than real time it is; 1 of a camera.
        instead_of: a reported dive that turns out to precede this dive, for example a hurdle.
    """

    leaves_s: float
    touches_s: float
    confidence: float
    slowed: float = 1.0
    instead_of: "CaughtFall | None" = None


class Catcher:
    """Takes the packets of a source in order and reports a dive `SETTLED_S` after its water.

    Pictures may be missing: they are left out by 30 a second, or where nothing else refers to them. The same thread
    calls all of it.

    Args:
        real_time: whether nothing in it is slowed down, as in what a camera sends. A video may be a slow replay.
    """

    def __init__(self, *, real_time: bool = True) -> None:
        self._real_time = real_time
        self._decoder = PacketDecoder()
        self._finder: MotionFinder | None = None
        self._geometry: Geometry | None = None
        self._reduce: Reducer | None = None
        self._base_s = self._picture_s = self._looked_s = self._interval_s = self._apart_s = 0.0
        self._due_s: list[float] = []
        self._caught: list[CaughtFall] = []

    def add(self, packet: LivePacket) -> list[CaughtFall]:
        """Return the dives that are certain with a packet."""
        fps = packet.format.fps or PICTURES_A_SECOND
        self._interval_s = 1 / min(fps, PICTURES_A_SECOND)
        self._apart_s = 1 / PICTURES_A_SECOND - min(_EARLY_S, _EARLY / fps)
        needed = packet.time_s - self._picture_s >= self._apart_s
        return self._look_at(self._decoder.decode(packet, needed=needed))

    def finish(self) -> list[CaughtFall]:
        """Return the dives of the end of the stream, with the pictures that are still in the decoder."""
        return self._look_at(self._decoder.flush()) + self.search_rest()

    def search_rest(self) -> list[CaughtFall]:
        """Return the unreported dives in all remembered packets, by the rule of a file, where nothing need come after.

        Later packets are searched as before.
        """
        if self._finder is None:
            return []
        return self._certain(self._falls(), inf)

    def _falls(
        self,
        *,
        least_evidence: float = LEAST_EVIDENCE,
        since_s: float = -inf,
        among_s: tuple[float, float] = (-inf, inf),
    ) -> list[FreeFall]:
        """Return the free falls in the pictures since a time; see `find_free_falls`."""
        assert self._finder is not None
        motion, (from_s, to_s) = self._finder.motion(since_s - self._base_s), among_s
        among_s = from_s - self._base_s, to_s - self._base_s
        falls = find_free_falls(motion, least_evidence=least_evidence, among_s=among_s)
        return [replace(one, start_s=one.start_s + self._base_s, end_s=one.end_s + self._base_s) for one in falls]

    def _look_at(self, frames: list[LiveFrame]) -> list[CaughtFall]:
        found: list[CaughtFall] = []
        for frame in frames:
            if frame.time_s - self._picture_s >= self._apart_s:
                found += self._look(frame)
        return found

    def _look(self, frame: LiveFrame) -> list[CaughtFall]:
        picture, time_s = frame.picture, frame.time_s
        left: list[CaughtFall] = []
        if self._geometry != frame.geometry:  # what came before has ended
            left = self.search_rest()
            self._geometry, self._base_s = frame.geometry, time_s
            self._reduce, self._finder = Reducer(self._geometry), MotionFinder(self._interval_s)
        assert self._finder is not None
        assert self._reduce is not None
        self._picture_s = time_s
        # Like those of a file: on our clock the last digits of the times would decide what is 0.12 s apart.
        self._finder.add(self._reduce(picture), round(time_s - self._base_s, 6))
        if time_s - self._looked_s < _LOOKED_EVERY_S:
            return left
        self._looked_s = time_s
        self._finder.forget_before(time_s - self._base_s - _REMEMBERED_S)
        among_s = time_s - _SHORT_AMONG_S[0], time_s - _SHORT_AMONG_S[1]
        lately = self._falls(least_evidence=0.0, since_s=time_s - _SHORT_S, among_s=among_s)
        suspects = (fall for fall in lately if fall.evidence >= _SUSPECT * LEAST_EVIDENCE)
        self._due_s += [fall.end_s + SETTLED_S for fall in suspects]
        if not any(due_s <= time_s for due_s in self._due_s):
            return left
        self._due_s = [due_s for due_s in self._due_s if due_s > time_s]
        among_s = time_s - _LONG_AMONG_S, time_s
        return left + self._certain(self._falls(among_s=among_s), time_s)

    def _certain(self, falls: list[FreeFall], now_s: float) -> list[CaughtFall]:
        found = []
        possible = [fall for fall in falls if _may_be_a_dive(fall) and (fall.slowed == 1 or not self._real_time)]
        for fall in apart(possible):
            confidence = fall.evidence / (fall.evidence + LEAST_EVIDENCE)
            near = [
                one
                for one in self._caught
                if fall.start_s - one.touches_s < DIVES_APART_S and one.leaves_s - fall.end_s < DIVES_APART_S
            ]
            # The same fall again is no better than the report before.
            better = all(one.touches_s <= fall.start_s and one.confidence < confidence for one in near)
            if not better or now_s - fall.end_s < SETTLED_S:
                continue
            instead_of = near[-1] if near else None
            found.append(CaughtFall(fall.start_s, fall.end_s, confidence, fall.slowed, instead_of))
            self._caught = [*(one for one in self._caught[-4:] if one not in near), found[-1]]
        return sorted(found, key=lambda one: one.leaves_s)


def _may_be_a_dive(fall: FreeFall) -> bool:
    """Return True if it falls freely beyond doubt, and ends below where it began.

    A jump up to a higher place has the evidence of the hurdle before it; arms, and swimmers who come up, follow some
    parabola for a while, but not surely a bent parabola.
    """
    n_together = max(1.0, CORRELATED_S * (fall.last - fall.first) / (fall.end_s - fall.start_s))
    sure = fall.acceleration > _SURE * fall.deviation * n_together**0.5
    return sure and fall.height_share > 0
