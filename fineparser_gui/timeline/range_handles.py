"""In and Out point of the dive as handles of the timeline; moving them starts a new analysis."""

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.language import text


class RangeHandles:
    """State of the two handles; during a drag, the range is provisional.

    Attributes:
        frames: first and last frame of the dive, both included, with a provisional change; empty without a video.
        held, chosen: 0 for In, 1 for Out, or None: dragged, selected for the keys.
    """

    def __init__(self) -> None:
        self.frames: tuple[int, ...] = ()
        self.held: int | None = None
        self.chosen: int | None = None
        self._fixed = False
        self._committed: tuple[int, ...] = ()
        self._n_frames = 0

    def set_range(self, first: int, last: int, n_frames: int, *, fixed: bool = False) -> None:
        """Set the range of the dive, unless it is being dragged; `fixed`: it cannot be moved."""
        self._fixed = fixed
        self._committed, self._n_frames = (first, last), n_frames
        if self.held is None:
            self.frames = self._committed

    def clear(self) -> None:
        """Remove the range."""
        self.frames = self._committed = ()
        self.held = self.chosen = None

    @property
    def movable(self) -> tuple[int, ...]:
        """`frames`, or empty where they cannot be moved."""
        return () if self._fixed else self.frames

    def edges(self) -> list[int]:
        """First frame of the dive, and first frame after it."""
        return [self.frames[0], self.frames[1] + 1] if self.frames else []

    def drag(self, edge: int) -> int:
        """Move the dragged handle to the start of a frame, keeping at least `MIN_FRAMES`; returns its frame."""
        first, last = self.frames
        if self.held == 0:
            first = max(min(edge, last - MIN_FRAMES + 1), 0)
        else:
            last = min(max(edge - 1, first + MIN_FRAMES - 1), self._n_frames - 1)
        self.frames = (first, last)
        return self.frames[self.held or 0]

    def release(self) -> tuple[int, int] | None:
        """End the drag; returns the range where it was moved, None otherwise."""
        moved = self.held is not None and self.frames != self._committed
        self.held = None
        return (self.frames[0], self.frames[1]) if moved else None

    def accessible_text(self) -> str:
        """Accessible description; "" without a range."""
        return text("dive from frame {0} to {1}", *self.frames) if self.frames else ""

    def text(self, place: int) -> str:
        """Description of a handle with its frame and the effect of a change."""
        frame = self.frames[place]
        said = text("Out point: frame {0}", frame) if place else text("In point: frame {0}", frame)
        if self.frames != self._committed:
            said += " · " + text("analysed again on release")
        return said
