"""Frames to pixels and back, with zoom and pan: arithmetic alone."""

#: Nobody needs to look at fewer frames at once.
_FEWEST_SHOWN = 12.0
#: A playhead that left the view comes back in at this share of it.
_REVEALED_AT = 0.1


class TimeScale:
    """Which frames of a file lie where; all of them until zoomed.

    Attributes:
        n_frames: of the file.
        left: the frame at the left edge, with its fraction.
        shown: frames from there to the right edge.
        side_px: margin at both ends.
    """

    def __init__(self, side_px: int) -> None:
        self.n_frames = 1
        self.left, self.shown = 0.0, 1.0
        self.side_px = side_px
        self._inner_px = 1.0

    @property
    def whole(self) -> bool:
        """Whether all of the file is in view."""
        return self.shown >= self.n_frames

    @property
    def right(self) -> float:
        """The frame at the right edge."""
        return self.left + self.shown

    @property
    def frame_px(self) -> float:
        """Width of a frame."""
        return self._inner_px / self.shown

    def set_width(self, width_px: int) -> None:
        """Take the width of the widget."""
        self._inner_px = max(width_px - 2.0 * self.side_px, 1.0)

    def set_file(self, n_frames: int) -> None:
        """Show all of another file."""
        self.n_frames = max(n_frames, 1)
        self.show_all()

    def show_all(self) -> None:
        """Show all of the file."""
        self.left, self.shown = 0.0, float(self.n_frames)

    def show(self, first: float, last: float) -> None:
        """Show the frames from first to last, as far as there are any."""
        self.shown = min(max(last - first, _FEWEST_SHOWN), float(self.n_frames))
        self._place(first)

    def zoom(self, factor: float, x: float) -> None:
        """Show fewer frames (factor over 1) or more; the one at x stays there."""
        at = self.left + (x - self.side_px) / self.frame_px
        share = (at - self.left) / self.shown
        self.shown = min(max(self.shown / factor, min(_FEWEST_SHOWN, self.n_frames)), float(self.n_frames))
        self._place(at - share * self.shown)

    def pan(self, pixels: float) -> None:
        """Move the view to the right by pixels."""
        self._place(self.left + pixels / self.frame_px)

    def go_to(self, left: float) -> None:
        """Put a frame at the left edge, as near as the ends of the file allow."""
        self._place(left)

    def reveal(self, frame: int) -> bool:
        """Bring a frame into view; whether the view had to move."""
        if self.left <= frame < self.right:
            return False
        self._place(frame - _REVEALED_AT * self.shown)
        return True

    def x(self, frame: float) -> float:
        """Where the beginning of a frame lies."""
        return self.side_px + (frame - self.left) * self.frame_px

    def frame_at(self, x: float) -> int:
        """The frame at x, as near as the ends of the file allow."""
        return min(max(int(self.left + (x - self.side_px) / self.frame_px), 0), self.n_frames - 1)

    def edge_at(self, x: float) -> int:
        """The frame whose beginning lies nearest: what a handle snaps to."""
        return round(self.left + (x - self.side_px) / self.frame_px)

    def _place(self, left: float) -> None:
        self.left = min(max(left, 0.0), self.n_frames - self.shown)
