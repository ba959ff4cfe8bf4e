"""Where the playhead is and how it moves: play, pause, step, shuttle, loop. Knows no pixels."""

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
_TICK_MS = 8


class Transport(QObject):
    """Plays the frames of a file by their own times, so a variable frame rate plays true.

    Signals:
        frame_changed: (int) 0-based source frame.
        state_changed: playing, speed or loop changed.
    """

    frame_changed = Signal(int)
    state_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._times_s = np.zeros(1)
        self._frame = 0
        self._rate = 0.0  # seconds of video per second; 0 is paused
        self._speed = 1.0
        self._loop: tuple[int, int] | None = None
        self._from_s = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def frame(self) -> int:
        return self._frame

    @property
    def n_frames(self) -> int:
        return len(self._times_s)

    @property
    def time_s(self) -> float:
        return float(self._times_s[self._frame])

    @property
    def playing(self) -> bool:
        return self._rate != 0

    @property
    def rate(self) -> float:
        """Signed speed while it plays, 0 while it does not."""
        return self._rate

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def loop(self) -> tuple[int, int] | None:
        """Frames [first, last], both included, that repeat."""
        return self._loop

    def load(self, times_s: np.ndarray, frame: int = 0) -> None:
        """Take the (n_frames,) presentation times of another file, paused at a frame."""
        self.pause()
        self._times_s = times_s if len(times_s) else np.zeros(1)
        self._loop = None
        self._frame = min(max(frame, 0), self.n_frames - 1)
        self.frame_changed.emit(self._frame)
        self.state_changed.emit()

    def seek(self, frame: int) -> None:
        """Go to a frame (kept within the file), playing on from there if it plays."""
        frame = min(max(frame, 0), self.n_frames - 1)
        self._restart_clock(frame)
        self._show(frame)

    def step(self, frames: int) -> None:
        """Pause and move by whole frames."""
        self.pause()
        self.seek(self._frame + frames)

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self, rate: float | None = None) -> None:
        """Play at the chosen speed, or at a signed rate; from the start where the end is reached."""
        rate = self._speed if rate is None else rate
        first, last = self._bounds()
        if rate > 0 and self._frame >= last:
            self.seek(first)
        elif rate < 0 and self._frame <= first:
            self.seek(last)
        self._rate = rate
        self._restart_clock(self._frame)
        self._timer.start()
        self.state_changed.emit()

    def pause(self) -> None:
        """Stop at the current frame."""
        self._timer.stop()
        if self._rate:
            self._rate = 0.0
            self.state_changed.emit()

    def shuttle(self, direction: int) -> None:
        """J (−1) and L (+1): play that way; pressed again, twice as fast, up to 4 times."""
        same_way = self._rate * direction > 0
        self.play(direction * min(abs(self._rate) * 2, SPEEDS[-1]) if same_way else direction * 1.0)

    def change_speed(self, places: int) -> None:
        """Next slower (−1) or faster (+1) of `SPEEDS`."""
        self.set_speed(SPEEDS[min(max(SPEEDS.index(self._speed) + places, 0), len(SPEEDS) - 1)])

    def set_speed(self, speed: float) -> None:
        """Choose one of `SPEEDS`."""
        self._speed = speed
        if self.playing:
            self._rate = speed if self._rate > 0 else -speed
            self._restart_clock(self._frame)
        self.state_changed.emit()

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        """Repeat frames [first, last], or stop repeating."""
        self._loop = loop
        if loop and not loop[0] <= self._frame <= loop[1]:
            self.seek(loop[0])
        self.state_changed.emit()

    def _bounds(self) -> tuple[int, int]:
        return self._loop or (0, self.n_frames - 1)

    def _restart_clock(self, frame: int) -> None:
        self._from_s = float(self._times_s[frame])
        self._clock.start()

    def _show(self, frame: int) -> None:
        if frame != self._frame:
            self._frame = frame
            self.frame_changed.emit(frame)

    def _tick(self) -> None:
        time_s = self._from_s + self._rate * self._clock.nsecsElapsed() / 1e9
        frame = int(np.searchsorted(self._times_s, time_s, side="right")) - 1
        first, last = self._bounds()
        forward = self._rate > 0
        # The last frame stays for its own duration before the loop starts over or the end pauses.
        over = time_s >= self._end_s(last) if forward else time_s < self._times_s[first]
        if not over:
            self._show(min(max(frame, first), last))
        elif self._loop:
            self.seek(first if forward else last)
        else:
            self._show(last if forward else first)
            self.pause()

    def _end_s(self, last: int) -> float:
        if last + 1 < self.n_frames:
            return float(self._times_s[last + 1])
        span = self._times_s[-1] - self._times_s[0]
        return float(self._times_s[-1] + span / max(self.n_frames - 1, 1))
