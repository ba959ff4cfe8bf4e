"""Position and movement of the playhead: play, pause, step, shuttle, loop."""

from collections.abc import Callable
from math import ceil
from time import perf_counter

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
_SHORTEST_MS = 4  # shortest wait between frames; faster clips skip frames
_TOLERANCE_S = 1e-6  # tolerance between rounded times of file and clock


class Transport(QObject):
    """Player of a file's frames by their presentation times, which supports variable frame rates.

    The clock leads: after a delay, playback continues with the frame that is due.

    Args:
        clock: returns seconds since an arbitrary start.

    Attributes:
        frame: 0-based source frame at the playhead.
        rate: signed speed during playback, in seconds of video per second; 0 while paused.
        speed: of the next playback.
        direction: of the last movement, 1 or -1.
        span: first and last frame of the dive: playback in it stops at its end, and begins again at its start.
        loop: looped frames [first, last], both included; None: no loop.
        lead_in: frame at which the next playback begins in place of the shown one, until another is shown; None: there.

    Signals:
        frame_changed: (int) 0-based source frame.
        state_changed: playback, speed or loop changed.
    """

    frame_changed = Signal(int)
    state_changed = Signal()

    def __init__(self, parent: QObject | None = None, clock: Callable[[], float] = perf_counter) -> None:
        super().__init__(parent)
        self._times_s = np.zeros(1)
        self.frame = 0
        self.rate = 0.0
        self.speed = 1.0
        self.span: tuple[int, int] | None = None
        self.loop: tuple[int, int] | None = None
        self.lead_in: int | None = None
        self.direction = 1
        self._clock = clock
        self._from_s, self._started_s = 0.0, 0.0
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.advance)

    @property
    def n_frames(self) -> int:
        return len(self._times_s)

    @property
    def time_s(self) -> float:
        return float(self._times_s[self.frame])

    @property
    def playing(self) -> bool:
        return self.rate != 0

    @property
    def due_s(self) -> float:
        """Time of the file that is due now, in seconds."""
        return self._from_s + self.rate * (self._clock() - self._started_s)

    @property
    def shown_speed(self) -> float:
        """Present speed, from `SPEEDS`; while paused, that of the next playback."""
        return abs(self.rate) if abs(self.rate) in SPEEDS else self.speed

    def load(self, times_s: np.ndarray, frame: int = 0) -> None:
        """Set the (n_frames,) presentation times of a file in seconds, paused at a frame."""
        self.pause()
        self._times_s = times_s if len(times_s) else np.zeros(1)
        self.loop = self.span = self.lead_in = None
        self.frame = min(max(frame, 0), self.n_frames - 1)
        self.frame_changed.emit(self.frame)
        self.state_changed.emit()

    def seek(self, frame: int) -> None:
        """Go to a frame, limited to the file; playback continues from there."""
        self.lead_in = None
        self.direction = -1 if self.rate < 0 else 1
        self._go_to(frame)

    def step(self, frames: int) -> None:
        """Pause and move by a number of frames."""
        self.lead_in = None
        self.pause()
        self.direction = 1 if frames > 0 else -1
        self._go_to(self.frame + frames)

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self, rate: float | None = None) -> None:
        """Play at the present speed or at a signed rate; from the start where the end is reached."""
        rate = self.speed if rate is None else rate
        first, last = self._bounds()
        self.rate, self.direction = rate, 1 if rate > 0 else -1
        lead_in, self.lead_in = self.lead_in, None
        if rate > 0 and lead_in is not None:
            self._go_to(lead_in)
        elif rate > 0 and self.frame >= last:
            self._go_to(first)
        elif rate < 0 and self.frame <= first:
            self._go_to(last)
        else:
            self._go_to(self.frame)
        self.state_changed.emit()

    def pause(self) -> None:
        """Pause at the current frame."""
        self._timer.stop()
        if self.rate:
            self.rate = 0.0
            self.state_changed.emit()

    def shuttle(self, direction: int) -> None:
        """Play backward (−1) or forward (+1) at the present speed; repeated calls double the rate up to 4."""
        same_way = self.rate * direction > 0
        self.play(direction * (min(abs(self.rate) * 2, SPEEDS[-1]) if same_way else self.speed))

    def change_speed(self, places: int) -> None:
        """Select the next slower (−1) or faster (+1) of `SPEEDS`."""
        self.set_speed(SPEEDS[min(max(SPEEDS.index(self.shown_speed) + places, 0), len(SPEEDS) - 1)])

    def set_speed(self, speed: float) -> None:
        """Set the speed, a value of `SPEEDS`."""
        self.speed = speed
        if self.playing:
            self.rate = speed if self.rate > 0 else -speed
            self._go_to(self.frame)
        self.state_changed.emit()

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        """Loop frames [first, last]; None: stop looping."""
        self.loop = loop
        if loop and not loop[0] <= self.frame <= loop[1]:
            self.seek(loop[0])
        self.state_changed.emit()

    def move_loop(self, first: int, last: int) -> None:
        """Change the range of the loop without moving the playhead."""
        if self.loop is not None:
            self.loop = (first, last)

    def _bounds(self) -> tuple[int, int]:
        if self.loop:
            return self.loop
        inside = self.span is not None and self.span[0] <= self.frame <= self.span[1]
        return self.span if self.span is not None and inside else (0, self.n_frames - 1)

    def _go_to(self, frame: int) -> None:
        frame = min(max(frame, 0), self.n_frames - 1)
        self._from_s, self._started_s = self._start_s(frame), self._clock()
        self._show(frame)
        self._wait_for_next()

    def _start_s(self, frame: int) -> float:
        """Return the file time at which a frame appears: its time, or that of its end in reverse playback."""
        return float(self._times_s[frame]) if self.rate >= 0 else self._end_s(frame)

    def _show(self, frame: int) -> None:
        if frame != self.frame:
            self.frame = frame
            self.frame_changed.emit(frame)

    def _wait_for_next(self) -> None:
        """Start the timer for the next frame."""
        if not self.rate:
            return
        next_s = self._end_s(self.frame) if self.rate > 0 else float(self._times_s[self.frame])
        wait_s = (next_s - self.due_s) / self.rate
        self._timer.start(max(ceil(wait_s * 1000), _SHORTEST_MS))

    def advance(self) -> None:
        """Show the frame that is due."""
        if not self.rate:
            return
        first, last = self._bounds()
        time_s, forward = self.due_s, self.rate > 0
        # A frame ends at its time in reverse playback. The last frame is shown for its whole duration, too.
        if forward:
            frame = int(np.searchsorted(self._times_s, time_s + _TOLERANCE_S, side="right")) - 1
            over = time_s + _TOLERANCE_S >= self._end_s(last)
        else:
            frame = int(np.searchsorted(self._times_s, time_s - _TOLERANCE_S)) - 1
            over = time_s - _TOLERANCE_S <= self._times_s[first]
        if not over:
            self._show(min(max(frame, first), last))
            self._wait_for_next()
        elif self.loop:
            self._go_to(first if forward else last)
        else:
            self._show(last if forward else first)
            self.pause()

    def _end_s(self, frame: int) -> float:
        if frame + 1 < self.n_frames:
            return float(self._times_s[frame + 1])
        span = self._times_s[-1] - self._times_s[0]
        return float(self._times_s[-1] + span / max(self.n_frames - 1, 1))
