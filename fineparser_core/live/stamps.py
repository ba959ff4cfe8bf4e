"""The source's own time stamps on our clock: distances stay the source's, its drift is followed, its jumps mended."""

from collections import deque
from itertools import pairwise

from fineparser_core.live.packets import TICK

# Clocks of cameras differ by less than this; following them no faster leaves the times within a dive as they are.
_MOST_SLEW = 500e-6
# Packets come late, never early: over so many seconds, the least late packet gives the clock's offset.
_WINDOW_S = 10.0
# Stamps that step by this much more or less than what passed meanwhile have jumped; a pause steps as it passes.
_JUMP_S = 1.0


class StampClock:
    """Places the stamps of a connection on the clock of `now_s`.

    Attributes:
        jumps: how often the source's clock has jumped.
    """

    def __init__(self, first: list[tuple[float, float]], not_before_s: float) -> None:
        """Start.

        Args:
            first: (stamp, arrival) of the first packets, in seconds: what connecting brings at once is old.
            not_before_s: where the connection before has ended.
        """
        self.jumps = 0
        n_steady = next((at for at, (a, b) in enumerate(pairwise(first), 1) if abs(b[0] - a[0]) > _JUMP_S), len(first))
        offset = min(arrived - stamp for stamp, arrived in first[:n_steady])
        self._offset = max(offset, not_before_s - first[0][0])
        self._stamp: float | None = None
        self._decode_s = not_before_s
        self._interval_s = float(TICK)
        self._arrived = 0.0
        self._least_late: deque[tuple[float, float]] = deque()  # (arrival, lateness), both ascending

    def place(self, stamp_s: float, arrived_s: float, *, in_order: bool = True) -> tuple[float, float]:
        """Place a packet.

        Args:
            in_order: False if it is the time of a picture that may be shown later than the next pictures.

        Returns:
            when it is decoded, later than the packet before, and what to add to its stamps.
        """
        if self._stamp is not None:
            step, passed = stamp_s - self._stamp, arrived_s - self._arrived
            if step < -_JUMP_S or (step > _JUMP_S and abs(step - passed) > _JUMP_S):
                self.jumps += 1
                self._anchor(stamp_s, arrived_s)
            elif step <= 0 and in_order:  # repeated, or set back a little
                self._anchor(stamp_s, arrived_s)
            elif step > 0:
                self._interval_s = min(step, _JUMP_S)
                self._follow(stamp_s, arrived_s, step)
        self._stamp, self._arrived = stamp_s, arrived_s
        self._decode_s = max(stamp_s + self._offset, self._decode_s + float(TICK))
        return self._decode_s, self._offset

    def _anchor(self, stamp_s: float, arrived_s: float) -> None:
        self._offset = max(arrived_s, self._decode_s + self._interval_s) - stamp_s
        self._least_late.clear()

    def _follow(self, stamp_s: float, arrived_s: float, step: float) -> None:
        late = arrived_s - stamp_s
        while self._least_late and self._least_late[-1][1] >= late:
            self._least_late.pop()
        self._least_late.append((arrived_s, late))
        if self._least_late[0][0] < arrived_s - _WINDOW_S:
            self._least_late.popleft()
            off = self._least_late[0][1] - self._offset
            if off > _JUMP_S:  # its clock stood still
                self.jumps += 1
                self._anchor(stamp_s, arrived_s)
                return
        else:
            off = min(self._least_late[0][1] - self._offset, 0.0)
        self._offset += min(max(off, -_MOST_SLEW * step), _MOST_SLEW * step)
