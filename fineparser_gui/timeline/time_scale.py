"""Mapping between frames and pixels of the timeline, with zoom and pan. No Qt."""

#: Minimum number of visible frames.
_MIN_SHOWN = 12.0
#: Position of a revealed frame as a fraction of the visible range.
_REVEALED_AT = 0.1


class TimeScale:
    """Visible range of a file's frames; the whole file initially.

    Attributes:
        n_frames: of the file.
        left: fractional frame at the left edge.
        shown: number of visible frames.
        side_px: margin on both sides.
    """

    def __init__(self, side_px: int) -> None:
        self.n_frames = 1
        self.left, self.shown = 0.0, 1.0
        self.side_px = side_px
        self._inner_px = 1.0

    @property
    def whole(self) -> bool:
        """Whether the whole file is visible."""
        return self.shown >= self.n_frames

    @property
    def right(self) -> float:
        """Fractional frame at the right edge."""
        return self.left + self.shown

    @property
    def frame_px(self) -> float:
        """Width of a frame in pixels."""
        return self._inner_px / self.shown

    def set_width(self, width_px: int) -> None:
        """Set the width of the widget."""
        self._inner_px = max(width_px - 2.0 * self.side_px, 1.0)

    def set_file(self, n_frames: int) -> None:
        """Set the length of the file and show all of it."""
        self.n_frames = max(n_frames, 1)
        self.show_all()

    def show_all(self) -> None:
        """Show the whole file."""
        self.left, self.shown = 0.0, float(self.n_frames)

    def show(self, first: float, last: float) -> None:
        """Show the frames from first to last, limited to the file."""
        self.shown = min(max(last - first, _MIN_SHOWN), float(self.n_frames))
        self._place(first)

    def zoom(self, factor: float, x: float) -> None:
        """Zoom in (factor > 1) or out; the frame at x stays there."""
        at = self.left + (x - self.side_px) / self.frame_px
        share = (at - self.left) / self.shown
        self.shown = min(max(self.shown / factor, min(_MIN_SHOWN, self.n_frames)), float(self.n_frames))
        self._place(at - share * self.shown)

    def pan(self, pixels: float) -> None:
        """Move the visible range to the right by pixels."""
        self._place(self.left + pixels / self.frame_px)

    def go_to(self, left: float) -> None:
        """Move the left edge to a frame, limited to the file."""
        self._place(left)

    def reveal(self, frame: int) -> bool:
        """Make a frame visible; returns whether the range had to move."""
        if self.left <= frame < self.right:
            return False
        self._place(frame - _REVEALED_AT * self.shown)
        return True

    def x(self, frame: float) -> float:
        """x of the start of a frame."""
        return self.side_px + (frame - self.left) * self.frame_px

    def frame_at(self, x: float) -> int:
        """Frame at x, limited to the file."""
        return min(max(int(self.left + (x - self.side_px) / self.frame_px), 0), self.n_frames - 1)

    def edge_at(self, x: float) -> int:
        """Frame whose start is nearest to x, which a handle snaps to."""
        return round(self.left + (x - self.side_px) / self.frame_px)

    def _place(self, left: float) -> None:
        self.left = min(max(left, 0.0), self.n_frames - self.shown)
