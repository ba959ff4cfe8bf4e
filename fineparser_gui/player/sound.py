"""Sound of a file beside its frames, at full speed; without `sounddevice` or a device there is none."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject

from fineparser_core.constants import HEARD_HZ
from fineparser_core.errors import VideoError
from fineparser_gui.player.transport import Transport

#: Whether `sounddevice` is installed.
AVAILABLE = find_spec("sounddevice") is not None

log = logging.getLogger(__name__)

_AHEAD_S = 0.6
# Largest offset that is tolerated, in seconds; a larger one is corrected by silence or by leaving samples out.
_TOLERANCE_S = 0.03
# Offset from which the playhead has jumped, in seconds.
_JUMP_S = 0.3
_WAIT_S = 0.05
_CLOSING_S = 2.0


class Sound(QObject):
    """Sound that follows the clock of a transport.

    Attributes:
        available: whether `sounddevice` is installed.
    """

    available = AVAILABLE

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._transport, self._path, self._on = transport, Path(), True
        self._playing: _Playing | None = None
        transport.state_changed.connect(self._update)

    def load(self, path: Path | None) -> None:
        """Play this file from now on; None: nothing."""
        self._path = path or Path()
        self._end()
        self._update()

    def use(self, on: bool) -> None:
        """Switch it on or off."""
        self._on = on
        self._update()

    def close(self) -> None:
        """End it, and wait for the device."""
        playing = self._playing
        self._path = Path()
        self._end()
        if playing is not None:
            playing.join(_CLOSING_S)

    def _update(self) -> None:
        if not (AVAILABLE and self._on and self._transport.rate == 1 and self._path.name):
            self._end()
        elif self._playing is None:
            self._playing = _Playing(self._path, lambda: self._transport.due_s)
            self._playing.start()

    def _end(self) -> None:
        if self._playing is not None:
            self._playing.ended.set()
            self._playing = None


class _Playing(threading.Thread):
    """Thread that opens device and file, which takes its time, decodes a little ahead, and closes both in the end.

    Args:
        due_s: returns the time of the file that is due now.
    """

    def __init__(self, path: Path, due_s: Callable[[], float]) -> None:
        super().__init__(name="sound", daemon=True)
        self.ended = threading.Event()
        self._path, self._due_s = path, due_s
        self._parts: deque[tuple[float, np.ndarray]] = deque()
        self._latest_s = 0.0

    def run(self) -> None:
        from fineparser_core.video.sound import Soundtrack  # loads the codecs

        try:
            import sounddevice  # looks for devices as it is imported
        except (ImportError, OSError) as error:  # the library of the system is missing
            log.info("no sound: %s", error)
            return
        form = {"samplerate": HEARD_HZ, "channels": 2, "dtype": "float32", "latency": "high"}
        try:
            with Soundtrack(self._path, 0.0, inf) as track:
                silent = not track.found
            if not silent and not self.ended.is_set():
                with sounddevice.OutputStream(**form, callback=self._fill):
                    while not self.ended.is_set():
                        self._decode_from(self._due_s())
        except (sounddevice.PortAudioError, VideoError) as error:
            log.info("no sound: %s", error)

    def _decode_from(self, start_s: float) -> None:
        """Decode ahead of the playhead until it jumps, or this ends."""
        from fineparser_core.video.sound import Soundtrack

        # The device may hold the former queue, and put a rest back into it.
        self._parts = parts = deque[tuple[float, np.ndarray]]()
        self._latest_s = end_s = start_s
        with Soundtrack(self._path, start_s, inf) as track:
            for time_s, samples in track.samples():
                end_s = time_s + len(samples) / HEARD_HZ
                if end_s > start_s:
                    parts.append((time_s, samples))
                while (goes_on := self._goes_on(end_s)) and end_s - self._due_s() > _AHEAD_S:
                    self.ended.wait(_WAIT_S)
                if not goes_on:
                    return
        while self._goes_on(inf):
            self.ended.wait(_WAIT_S)

    def _goes_on(self, end_s: float) -> bool:
        """Return True if the sound that is decoded up to `end_s` continues with the due sound."""
        due_s = self._due_s()
        jumped = due_s < self._latest_s - _TOLERANCE_S or due_s > end_s + _JUMP_S
        self._latest_s = max(self._latest_s, due_s)
        return not jumped and not self.ended.is_set()

    def _fill(self, out: np.ndarray, count: int, times: Any, _status: object) -> None:
        """Fill the device's buffer with the next samples; called by the device on its thread."""
        out.fill(0)
        begin_s = self._due_s() + max(times.outputBufferDacTime - times.currentTime, 0.0)
        at, parts = 0, self._parts
        while at < count and parts:
            time_s, samples = parts[0]
            early = round((time_s - begin_s) * HEARD_HZ) - at
            if early > _TOLERANCE_S * HEARD_HZ:
                at += early
                continue
            parts.popleft()
            late = -early if -early > _TOLERANCE_S * HEARD_HZ else 0
            part = samples[late : late + count - at]
            out[at : at + len(part)] = part
            at += len(part)
            rest = samples[late + len(part) :]
            if len(rest):
                parts.appendleft((time_s + (late + len(part)) / HEARD_HZ, rest))
