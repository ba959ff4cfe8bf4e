"""Reads a source on its own thread: connects, hands packets on, and reconnects when it breaks off."""

import logging
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, pairwise
from statistics import fmean, median
from threading import Event, Thread
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from fineparser_core.errors import VideoError
from fineparser_core.language import Phrase
from fineparser_core.live.packets import TICK, LivePacket, StreamFormat, now_s
from fineparser_core.live.shaping import USUAL_FPS, PacketShaper, seconds_of, upright_scaler
from fineparser_core.live.sources import TIMEOUT_S, SourceKind, StreamSource
from fineparser_core.video.containers import demuxed, open_container
from fineparser_core.video.probe import MOST_PIXELS

# Clocks of cameras differ by less than this; following them no faster leaves the times within a dive as they are.
_MOST_SLEW = 500e-6
# Packets come late, never early: over so many seconds, the least late packet gives the clock's offset.
_WINDOW_S = 10.0
# Stamps that step by this much more or less than what passed meanwhile have jumped; a pause steps as it passes.
_JUMP_S = 1.0
# Seconds of pictures without stamps whose rate is measured; the share of their mean step below which two arrive
# together; and the share of such steps, of all, from which on pictures arrive in groups.
_SMOOTHED_S, _TOGETHER, _GROUPED = 1.0, 0.25, 0.75


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


class EvenArrivals:
    """Times of pictures without stamps: when they arrive, or a picture apart where they arrive in groups.

    Some cameras send several pictures at a time. The rate is that of the groups of the last second, and the first
    picture of a group has the time at which it arrives.
    """

    def __init__(self) -> None:
        self._arrivals: deque[tuple[int, float]] = deque()  # number and time

    def begin(self, arrivals_s: Sequence[float]) -> list[float]:
        """Return the times of the first pictures, once about a second of them is there."""
        self._arrivals.extend(enumerate(arrivals_s))
        return [self._time(number, arrived_s) for number, arrived_s in self._arrivals]

    def add(self, arrived_s: float) -> float:
        """Return the time of the next picture."""
        number = self._arrivals[-1][0] + 1 if self._arrivals else 0
        self._arrivals.append((number, arrived_s))
        while self._arrivals[0][1] < arrived_s - _SMOOTHED_S:
            self._arrivals.popleft()
        return self._time(number, arrived_s)

    def _time(self, number: int, arrived_s: float) -> float:
        (first, first_s), (last, last_s) = self._arrivals[0], self._arrivals[-1]
        mean_s = (last_s - first_s) / max(last - first, 1)
        steps = pairwise(self._arrivals)
        groups = [after for before, after in steps if after[1] - before[1] > _TOGETHER * mean_s]
        if len(groups) < 2 or len(groups) > _GROUPED * (len(self._arrivals) - 1):
            return arrived_s
        (early, early_s), (late, late_s) = groups[0], groups[-1]
        return late_s + (number - late) * (late_s - early_s) / (late - early)


logger = logging.getLogger(__name__)

# Maximum time from decoding a picture to showing it, in seconds: 16 pictures at 5 a second. More is a damaged stamp.
_MOST_REORDERED_S = 3.2
# Streams without stamps: a packet is as old as its arrival.
_WITHOUT_STAMPS = ("mpjpeg", "mjpeg", "h264", "hevc")
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 10.0
# Seconds at the start of a connection from which the offset of its clock is computed.
_SETTLES_S = 0.5
_MOST_FPS = 1000
# Rates of 29.97 and 30 are distinguished.
_LEAST_STEPS, _ROUND_FPS, _ODD = 8, 0.015, 1.6
# A packet, its stamp and its arrival, in seconds.
Arrival = tuple["Packet[Any]", float, float]


class SourceState(StrEnum):
    """States of a source."""

    CONNECTED = "connected"
    LOST = "lost"
    FORMAT = "format"
    CLOCK = "clock"
    ENDED = "ended"


@dataclass(frozen=True)
class SourceEvent:
    """A message about a source.

    Attributes:
        at_s: on the clock of `now_s`.
        said: for people.
    """

    state: SourceState
    at_s: float
    said: Phrase


class LiveReader:
    """Reads a source until it is stopped. Two sources are two readers; their times share a clock.

    Attributes:
        source: what is read.
        n_packets: handed on so far.
    """

    def __init__(
        self,
        source: StreamSource,
        listeners: Sequence[Callable[[LivePacket], object]],
        on_event: Callable[[SourceEvent], None] = lambda event: None,
        *,
        loop: bool = False,
    ) -> None:
        """Prepare; `start` connects.

        Args:
            listeners: called with every packet on the reader's thread; they return at once: `Ring.write`,
                `PacketQueue.put`.
            on_event: called on the reader's thread.
            loop: play a file again and again.
        """
        self.source = source
        self.n_packets = 0
        self._listeners, self._on_event, self._loop = tuple(listeners), on_event, loop
        self._stop = Event()
        self._thread = Thread(target=self._run, name="live-reader", daemon=True)
        self._last_s = 0.0
        self._format: StreamFormat | None = None
        self._connected = self._follows = False

    def start(self) -> None:
        """Connect, on the thread."""
        self._thread.start()

    def stop(self, wait_s: float = 2 * TIMEOUT_S + 1) -> bool:
        """End.

        Args:
            wait_s: for the thread, which ends at the next packet, or with the time-outs where nothing comes.

        Returns:
            whether the source is closed.
        """
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(wait_s)
        return not self._thread.is_alive()

    @property
    def running(self) -> bool:
        """Whether the thread runs; a file ends by itself."""
        return self._thread.is_alive()

    def _run(self) -> None:
        wait_s = _FIRST_WAIT_S
        while not self._stop.is_set():
            began_s, n_before = now_s(), self.n_packets
            try:
                self._play()
                said = Phrase("The stream has ended.")
            except VideoError as error:
                said = error.phrase
            except (av.error.FFmpegError, OSError, ValueError) as error:
                said = _reason(error)
            except Exception as error:  # damaged streams raise any kind in PyAV
                logger.info("%s: %s", self.source, error, exc_info=True)
                said = _reason(error)
            if self._stop.is_set():
                return
            if self.source.kind is SourceKind.FILE and not self._loop:
                self._tell(SourceState.ENDED, said)
                return
            if self.source.kind is SourceKind.FILE and self.n_packets > n_before:
                continue
            self._tell(SourceState.LOST, said)
            wait_s = _FIRST_WAIT_S if now_s() - began_s > _LONGEST_WAIT_S else wait_s
            self._stop.wait(wait_s * random.uniform(0.8, 1.2))
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    def _play(self) -> None:
        """Hand on the packets of a connection until it ends."""
        source = self.source
        options = {**source.options, "max_pixels": str(MOST_PIXELS)}
        with open_container(source.address, form=source.format, options=options, timeout_s=TIMEOUT_S) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None or stream.codec_context is None:
                raise VideoError("{0} sends no pictures: choose another address of the camera.", source)
            arriving = self._arriving(container, stream)
            stamped = _has_stamps(container)
            first, broken = _settle(arriving, _SETTLES_S if stamped else _SMOOTHED_S)
            if not stamped:
                even = EvenArrivals()
                times_s = even.begin([at_s for *_, at_s in first])
                first = [(packet, time_s, at_s) for (packet, _, at_s), time_s in zip(first, times_s, strict=True)]
                arriving = ((packet, even.add(at_s), at_s) for packet, _, at_s in arriving)
            if not first:
                raise broken or VideoError("{0} sends no pictures: choose another address of the camera.", source)
            fps = _rate([stamp_s for _, stamp_s, _ in first])
            if fps > _MOST_FPS:
                self._tell(
                    SourceState.CLOCK,
                    Phrase("The camera's clock says {0:.0f} frames a second: dives may be missed.", fps),
                )
                fps = 0.0
            fps = fps or _nominal(stream)
            first = _in_order(first, 1 / (fps or USUAL_FPS))
            clock = StampClock([(stamp_s, at_s) for _, stamp_s, at_s in first], self._last_s)
            shaper = PacketShaper(stream, fps, upright_scaler(source.path) if source.kind is SourceKind.FILE else None)
            jumps, reordered_s = 0, 0.0
            self._connected = self._follows = False
            for packet, stamp_s, at_s in chain(first, arriving):
                if self._stop.is_set():
                    return
                decode_s, offset_s = clock.place(stamp_s, at_s, in_order=packet.dts is not None)
                shown_s = stamp_s if packet.pts is None or not stamped else seconds_of(packet, packet.pts)
                if abs(shown_s - stamp_s) <= _MOST_REORDERED_S:
                    reordered_s = shown_s - stamp_s
                self._hand_on(shaper.shaped(packet, max(stamp_s + reordered_s + offset_s, decode_s), decode_s))
                if clock.jumps > jumps:
                    jumps = clock.jumps
                    self._tell(SourceState.CLOCK, Phrase("The clock of the camera has jumped; the recording goes on."))
            self._hand_on(shaper.flushed())
            if broken:
                raise broken

    def _arriving(self, container: InputContainer, stream: VideoStream) -> Iterator[Arrival]:
        """Yield packets as they come, of a file at its own speed, until the reader is stopped."""
        began: tuple[float, float] | None = None
        for packet in demuxed(container, stream):
            if self._stop.is_set():
                return
            if not packet.size:
                continue
            at_s = now_s()
            stamp = packet.pts if packet.dts is None else packet.dts
            stamp_s = at_s if stamp is None or not _has_stamps(container) else seconds_of(packet, stamp)
            if self.source.kind is SourceKind.FILE:
                began = began or (stamp_s, at_s)
                due_s = began[1] + stamp_s - began[0]
                if self._stop.wait(max(due_s - at_s, 0.0)):
                    return
                at_s = due_s
            yield packet, stamp_s, at_s

    def _hand_on(self, packets: Iterator[LivePacket]) -> None:
        """Give packets to the listeners, from the first key frame on."""
        for packet in packets:
            if not self._connected or packet.format != self._format:
                state = SourceState.FORMAT if self._connected else SourceState.CONNECTED
                self._tell(state, _described(packet.format))
            self._connected, self._format = True, packet.format
            if not self._follows and not packet.key:
                continue
            self._last_s = packet.decode_s
            self.n_packets += 1
            for listener in self._listeners:
                listener(packet if self._follows else replace(packet, follows=False))
            self._follows = True

    def _tell(self, state: SourceState, said: Phrase) -> None:
        logger.info("%s: %s: %s", self.source, state, said)
        self._on_event(SourceEvent(state, now_s(), said))


def _settle(arriving: Iterator[Arrival], settles_s: float) -> tuple[list[Arrival], Exception | None]:
    """Return the packets of a connection's first seconds, and the error if it has broken off already."""
    first: list[Arrival] = []
    try:
        for one in arriving:
            first.append(one)
            if one[2] - first[0][2] >= settles_s:
                break
    except Exception as error:  # of any kind; what came before it is kept
        return first, error
    return first, None


def _in_order(first: list[Arrival], step_s: float) -> list[Arrival]:
    """Return the first packets with decode stamps where Matroska gives none: before the first stamped packet."""
    at = next((place for place, (packet, *_) in enumerate(first) if packet.dts is not None), 0)
    before = [
        (packet, first[at][1] - (at - place) * step_s, at_s) for place, (packet, _, at_s) in enumerate(first[:at])
    ]
    return before + first[at:]


def _rate(stamps_s: list[float]) -> float:
    """Return the pictures a second by the first stamps, as the rates of cameras are unreliable.

    0 if there are too few.
    """
    steps = [after - before for before, after in pairwise(stamps_s) if after > before]
    if len(steps) < _LEAST_STEPS:
        return 0.0
    # Stamps may be whole milliseconds: take the mean, but without steps over missing pictures and within bursts.
    usual_s = median(steps)
    rate = 1 / fmean(step for step in steps if usual_s / _ODD < step < usual_s * _ODD)
    return float(round(rate)) if abs(rate - round(rate)) < _ROUND_FPS else round(rate, 2)


def _nominal(stream: VideoStream) -> float:
    rate = stream.average_rate or stream.guessed_rate or 0
    return float(rate) if 1 <= rate <= _MOST_FPS else 0.0


def _has_stamps(container: InputContainer) -> bool:
    return container.format.name not in _WITHOUT_STAMPS


def _described(kind: StreamFormat) -> Phrase:
    if kind.fps:
        return Phrase("It sends {0} x {1} pixels, {2:.0f} frames a second.", kind.width_px, kind.height_px, kind.fps)
    return Phrase("It sends {0} x {1} pixels.", kind.width_px, kind.height_px)


def _reason(error: Exception) -> Phrase:
    """Return why a connection broke off, without the address, which may hold a password."""
    if isinstance(error, av.error.ExitError | TimeoutError):  # that of PyAV's time-out
        return Phrase("It sends nothing.")
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return Phrase("Its name or password is wrong.")
    if isinstance(error, ConnectionRefusedError | av.error.HTTPClientError):
        return Phrase("Nothing answers at this address.")
    reason = error.strerror if isinstance(error, OSError) else ""
    return Phrase("It cannot be read ({0}).", reason or type(error).__name__)
