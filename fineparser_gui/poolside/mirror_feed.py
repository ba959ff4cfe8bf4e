"""Playback of a running recording on a separate thread: with a delay, paused, slowly, or in a loop."""

import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event
from typing import Protocol

import av
from PySide6.QtCore import QObject, QSize, QThread, Signal

from fineparser_core.live.packets import LiveFrame, now_s
from fineparser_core.video.picture import Picture, Scaler
from fineparser_gui.support.images import image_from

#: Shortest delay, in seconds: the way of a picture from the camera to the screen. With a shorter delay pictures would
#: be shown as unevenly as they arrive.
LEAST_DELAY_S = 0.25
# Delays after which a late picture is left out, and after which all pictures up to the due time are, in seconds.
_LATE_S, _FAR_BEHIND_S = 0.3, 2.0
# Number of pictures decoded before they are due, shortest delay for that in seconds, and longest time that it may take.
_AHEAD, _AHEAD_FROM_S, _TAKES_S = 8, 0.7, 0.03
# Memory for pictures that a loop plays again, in bytes.
_KEPT_BYTES = 128 * 2**20
_MOST_UNPAINTED, _PAINTED_IN_S = 1, 0.3
# Time after a jump in which left-out pictures are not counted, in seconds: they were decoded before the jump.
_SETTLES_S = 1.5
# Tolerance for the last picture of a looped part, in seconds.
_SAME_S = 1e-3


class MirrorSource(Protocol):
    """Source of pictures, for example a `RingFollower`."""

    def frames(self, from_s: float, stop: Event) -> Iterator[LiveFrame]: ...


class PictureBuffer:
    """Pictures in order of time, of which one is the present picture, with those before it for loops.

    Attributes:
        at: place of the present picture; -1 before the first.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[float, Picture]] = []
        self._bytes, self.at = 0, -1

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, place: int) -> tuple[float, Picture]:
        return self._kept[place]

    @property
    def ahead(self) -> int:
        """Number of pictures after the present picture."""
        return len(self._kept) - 1 - self.at

    @property
    def per_second(self) -> float:
        """Number of pictures in a second; 0 where it is not known."""
        length_s = self._kept[-1][0] - self._kept[0][0] if len(self._kept) > 1 else 0.0
        return (len(self._kept) - 1) / length_s if length_s > 0 else 0.0

    def add(self, time_s: float, picture: Picture) -> None:
        """Keep a further picture; the oldest go where they take too much memory."""
        self._kept.append((time_s, picture))
        self._bytes += picture.n_bytes
        while self._bytes > _KEPT_BYTES and self.at > 0:
            self._bytes -= self._kept.pop(0)[1].n_bytes
            self.at -= 1

    def go_before(self, time_s: float) -> bool:
        """Make the picture before a time the present one, if the time is among those of the pictures."""
        if not (self._kept and self._kept[0][0] <= time_s <= self._kept[-1][0]):
            return False
        self.at = bisect_right(self._kept, time_s - _SAME_S, key=lambda one: one[0]) - 1
        return True


class MirrorFeed(QThread):
    """Thread that plays a source at a delay until it is closed.

    The window's thread gives the orders, which this thread carries out. Pictures that come too late are left out and
    counted.

    Args:
        size_px: (width, height) in device pixels that pictures need not exceed.

    Signals:
        pictured: (QImage, QSize) a picture and its size in the source; `painted` is the answer.

    Attributes:
        dropped: number of pictures that were left out.
        delay_s: requested delay, in seconds.
        rate: speed of the playback, also while it does not follow the delay; 1 is real time.
        paused: whether the playback is paused.
        following: whether the delay is kept; False after a pause, slow motion or in a loop.
        looped: whether a part is played in a loop.
    """

    pictured = Signal(object, QSize)

    def __init__(self, source: MirrorSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.size_px = (640, 360)
        self.dropped = 0
        self.delay_s, self.rate = 0.0, 1.0
        self.paused = self.looped = False
        self.following = True
        self._source = source
        self._changed = threading.Condition()
        self._orders: deque[Callable[[], None]] = deque()
        self._closed = self._pulling = False
        self._unpainted = 0
        # Attributes that the thread alone uses.
        self._kept = PictureBuffer()
        self._stop = Event()
        self._frames: Iterator[LiveFrame] | None = None
        self._from_s, self._previews = 0.0, False  # target of a jump; whether an earlier picture is better than none
        self._scaler: Scaler | None = None
        self._source_size = QSize()
        self._shown_s = self._shown_at_s = self._opened_at_s = 0.0
        self._clock = (0.0, 0.0)  # a time of pictures, and when it is shown
        self._loop: tuple[float, float] | None = None

    @property
    def time_s(self) -> float:
        """Time of the shown picture; 0 before the first."""
        return self._shown_s

    @property
    def overdue_s(self) -> float:
        """Time for which the source owes a picture, in seconds, while its delay is kept; else 0."""
        if not self.following or not self._shown_s:
            return 0.0
        return max(now_s() - self._due_s(self._shown_s), 0.0)

    def live(self, delay_s: float | None = None) -> None:
        """Follow the source, at another delay or at the former delay."""
        self.delay_s = self.delay_s if delay_s is None else delay_s
        self.rate, self.paused, self.looped, self.following = 1.0, False, False, True
        self._order(self._follow)

    def pause(self, on: bool) -> None:
        """Stop at the picture that is shown, or go on from there."""
        self.paused, self.following = on, False
        self._order(self._set_clock)

    def play_at(self, rate: float) -> None:
        """Play on from the picture that is shown, at a rate."""
        self.rate, self.paused, self.following = rate, False, False
        self._order(self._set_clock)

    def loop(self, from_s: float, to_s: float) -> None:
        """Play a part again and again, at the present rate."""
        self.paused, self.looped, self.following = False, True, False
        self._order(lambda: self._begin_loop((from_s, to_s)))

    def painted(self) -> None:
        """Report that the window has painted the last picture."""
        with self._changed:
            self._unpainted = 0
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._order(self._stop.set)
        self._stop.set()
        self.wait()

    def _order(self, act: Callable[[], None]) -> None:
        with self._changed:
            self._orders.append(act)
            if self._pulling:
                self._stop.set()  # nothing may come for long
            self._changed.notify_all()

    def run(self) -> None:
        """Carry out orders and show the pictures in turn, on the thread."""
        self._follow()
        while not self._closed:
            with self._changed:
                while not self._orders and self.paused:
                    self._changed.wait()
                act = self._orders.popleft() if self._orders else None
            if act is not None:
                act()
            else:
                self._advance()
        self._stop.set()
        self._frames = None  # ends the iterator, which closes its file

    def _follow(self) -> None:
        self._loop = None
        self._go_to(now_s() - max(self.delay_s, LEAST_DELAY_S))

    def _begin_loop(self, loop: tuple[float, float]) -> None:
        self._loop = loop
        self._go_to(loop[0])
        self._clock = loop[0], now_s()

    def _set_clock(self) -> None:
        if not self.looped:
            self._loop = None
        self._clock = self._shown_s, now_s()
        # The next picture answers the key at once: at an eighth of the speed, its own time is a quarter second away.
        if not self.paused and (self._kept.ahead or self._pull()):
            self._clock = self._kept[self._kept.at + 1][0], now_s()

    def _due_s(self, time_s: float) -> float:
        """Return the time at which a picture is to be shown."""
        if self.following:
            return time_s + max(self.delay_s, LEAST_DELAY_S)
        return self._clock[1] + (time_s - self._clock[0]) / self.rate

    def _go_to(self, time_s: float) -> None:
        """Continue with the first picture from a time on; at once if it is kept."""
        if self._kept.go_before(time_s):
            return
        self._kept = PictureBuffer()
        self._open(time_s)
        self._previews = True

    def _open(self, time_s: float) -> None:
        self._stop.set()
        self._stop = Event()
        self._opened_at_s = now_s()
        self._from_s, self._previews = time_s, False
        self._frames = None  # ends the former iterator
        self._frames = self._source.frames(time_s, self._stop)

    def _advance(self) -> None:
        """Show the next picture when it is due, unless another order comes until then."""
        if self._loop is not None and self._shown_s >= self._loop[1] - _SAME_S:
            self._begin_loop(self._loop)
        if not self._kept.ahead and not self._pull():
            return
        time_s, picture = self._kept[self._kept.at + 1]
        if self._loop is not None and time_s > self._loop[1]:
            self._begin_loop(self._loop)
            return
        while (
            self._kept.ahead < _AHEAD
            and now_s() - time_s > _AHEAD_FROM_S
            and self._due_s(time_s) - now_s() > _TAKES_S
            and self._pull()
        ):
            pass
        with self._changed:
            while not self._orders and (wait_s := self._due_s(time_s) - now_s()) > 0:
                self._changed.wait(wait_s)
            if self._orders:
                return
        self._kept.at += 1
        self._show(time_s, picture)

    def _pull(self) -> bool:
        """Decode and keep the next picture; return False if there is none or another order came."""
        if self._frames is None:
            self._open(self._kept[-1][0] + _SAME_S if self._kept else self._shown_s)
        assert self._frames is not None
        with self._changed:
            if self._closed or (self._orders and not self.paused):
                return False
            self._pulling = True
        frame = None
        with suppress(av.error.FFmpegError, OSError):
            frame = next(self._frames, None)
            while frame is not None and frame.time_s < self._from_s - _SAME_S:
                if self._previews:
                    self._tell(self._scaled(frame))
                frame = next(self._frames, None)
        with self._changed:
            self._pulling = False
        if frame is None:
            self._frames = None
            if not self._orders:  # its source has ended: nothing is asked of it in a hurry
                self._stop.wait(_LATE_S)
            return False
        late_s = now_s() - self._due_s(frame.time_s)
        settled = now_s() - self._opened_at_s > _SETTLES_S
        if self.following and late_s > _FAR_BEHIND_S and settled:
            self.dropped += round(late_s * self._kept.per_second)
            self._follow()
            return False
        if late_s > _LATE_S and not self.paused and now_s() - self._shown_at_s < _LATE_S:
            self.dropped += settled
            return False
        self._kept.add(frame.time_s, self._scaled(frame))
        return True

    def _scaled(self, frame: LiveFrame) -> Picture:
        width, height = frame.geometry.size_px
        if self._scaler is None or self._source_size != QSize(width, height):
            self._scaler, self._source_size = Scaler(frame.geometry), QSize(width, height)
        scale = min(self.size_px[0] / width, self.size_px[1] / height, 1.0)
        return self._scaler.picture(frame.picture, (round(width * scale), round(height * scale)))

    def _show(self, time_s: float, picture: Picture) -> None:
        self._shown_s, self._shown_at_s = time_s, now_s()
        self._tell(picture)

    def _tell(self, picture: Picture) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._unpainted < _MOST_UNPAINTED or self._closed, _PAINTED_IN_S):
                self.dropped += 1
                return
            self._unpainted += 1
        self.pictured.emit(image_from(picture), self._source_size)
