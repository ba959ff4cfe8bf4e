"""Selection of a timeline handle for the arrow keys."""

from fineparser_gui.timeline.range_handles import RangeHandles
from fineparser_gui.timeline.transition_handles import TransitionHandles


class HandleSelection:
    """The selected handle; none stands for the playhead. Order: from left to right."""

    def __init__(self, transitions: TransitionHandles, ends: RangeHandles) -> None:
        self._transitions, self._ends = transitions, ends

    @property
    def transition(self) -> int | None:
        """Flight (0), entry (1) or water contact (2); None: none of them is selected."""
        return self._transitions.chosen

    @property
    def end(self) -> int | None:
        """In (0) or Out point (1); None: neither is selected."""
        return self._ends.chosen

    @property
    def any(self) -> bool:
        """Whether a handle is selected."""
        return self.transition is not None or self.end is not None

    @property
    def frame(self) -> int | None:
        """Frame of the selected handle; None: no handle is selected."""
        if self.transition is not None:
            return self._transitions.frames[self.transition]
        return self._ends.frames[self.end] if self.end is not None else None

    @property
    def text(self) -> str:
        """Description of the selected handle; "" for the playhead."""
        if self.transition is not None:
            return self._transitions.text(self.transition)
        return self._ends.text(self.end) if self.end is not None else ""

    def step(self, direction: int) -> bool:
        """Select the next (1) or previous (-1) handle, starting at the playhead; False where there is none."""
        ends = [(self._ends, place) for place in range(len(self._ends.movable))]
        inner = [(self._transitions, place) for place in range(len(self._transitions.frames))]
        stops = [None, *ends[:1], *inner, *ends[1:]]
        here = next((place for place, stop in enumerate(stops) if stop and stop[0].chosen == stop[1]), 0)
        if not 0 <= here + direction < len(stops):
            return False
        self.clear()
        stop = stops[here + direction]
        if stop is not None:
            stop[0].chosen = stop[1]
        return True

    def clear(self) -> None:
        """Select the playhead."""
        self._transitions.chosen = self._ends.chosen = None
