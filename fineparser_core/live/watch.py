"""Watches a source: records it into the ring, finds its dives as they come, and keeps a clip of each."""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from fineparser_core.errors import FineParserError
from fineparser_core.language import Phrase
from fineparser_core.live.catcher import Catcher, CaughtFall
from fineparser_core.live.caught import CaughtClip, unsearched
from fineparser_core.live.packets import PacketQueue, now_s
from fineparser_core.live.reader import LiveReader, SourceEvent
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import TIMEOUT_S, SourceKind, StreamSource
from fineparser_core.motion.recording import MOST_SLOWED

logger = logging.getLogger(__name__)

#: Real time that a clip shows, seconds before the diver leaves the board, and after the water.
BEFORE_S, AFTER_S = 3.0, 2.0
#: The search falls behind by at most so much of the stream, and goes on with the newest.
_MOST_BEHIND_BYTES = 24_000_000
_POLL_S = 0.2
#: Time in which a source that sends is closed, in seconds. One that is silent closes by itself, after its time-outs.
_CLOSES_S = 1.0


class StreamWatch:
    """Records and catches until it is stopped. Its callbacks come on its own threads.

    Attributes:
        ring: what is recorded.
        reader: of the source.
    """

    def __init__(
        self,
        source: StreamSource,
        folder: Path,
        ring: Ring,
        *,
        on_dive: Callable[[CaughtClip], None],
        on_event: Callable[[SourceEvent], None] = lambda event: None,
        on_problem: Callable[[Phrase], None] = lambda said: None,
        loop: bool = False,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            folder: for the clips; made if it is missing.
            ring: of this source alone.
            on_problem: a clip could not be written, or a part was not searched.
            loop: play a file again and again.
        """
        self.ring, self._folder = ring, folder
        self._on_dive, self._on_problem = on_dive, on_problem
        self._queue = PacketQueue(_MOST_BEHIND_BYTES)
        self._catcher = Catcher(real_time=source.kind is not SourceKind.FILE)
        self._clips: dict[CaughtFall, Path] = {}
        self._stopped, self._unsearched_s = Event(), 0.0
        self.reader = LiveReader(source, [ring.write, self._queue.put], on_event, loop=loop)
        self._thread = Thread(target=self._search, name="dive-search", daemon=True)

    @property
    def ended(self) -> bool:
        """Whether the source sends no more, as a file does at its end, and all that was found in it is cut out."""
        return not self._thread.is_alive()

    def start(self) -> None:
        """Begin to record and to search."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.reader.start()
        self._thread.start()

    def stop(self) -> None:
        """End; the last seconds are searched and dives cut out first, pictures that wait for the search are dropped."""
        self._stopped.set()
        self.reader.stop(_CLOSES_S)
        self._queue.close()
        self._thread.join()

    def take(self, from_s: float, to_s: float) -> CaughtClip:
        """Return a clip of a dive that was missed, between times on the clock of `now_s`.

        Raises:
            VideoError, ExportError: as of `Ring.cut`.
        """
        path = self._path(from_s)
        return CaughtClip(path, self.ring.cut(from_s, to_s, path))

    def _search(self) -> None:
        due: list[CaughtFall] = []
        came_s, searched = now_s(), True  # when the last picture came, and whether all that came is searched
        while True:
            packet = self._queue.get(_POLL_S)
            stopped = self._stopped.is_set()
            if packet is not None and not stopped:
                due += self._catcher.add(packet)
                came_s, searched = now_s(), False
                self._tell_unsearched()
            ended = stopped or (packet is None and not self.reader.running)
            silent = now_s() - came_s > TIMEOUT_S
            if ended:
                due += self._catcher.finish()
            elif silent and not searched:  # the connection is given up by now, and may not come back
                due += self._catcher.search_rest()
                searched = True
            while due and (ended or silent or self._recorded_to(_clip_of(due[0])[1])):
                self._keep(due.pop(0))
            if ended:
                return

    def _tell_unsearched(self) -> None:
        """Report how much of the stream was not searched in all, whenever it has grown."""
        if self._queue.dropped_s > self._unsearched_s:
            self._unsearched_s = self._queue.dropped_s
            self._on_problem(unsearched(self._unsearched_s))

    def _recorded_to(self, time_s: float) -> bool:
        span = self.ring.span
        return span is not None and span[1] >= time_s

    def _keep(self, fall: CaughtFall) -> None:
        path = self._path(fall.leaves_s)
        try:
            start_s = self.ring.cut(*_clip_of(fall), path, fall_s=(fall.leaves_s, fall.touches_s))
        except FineParserError as error:
            logger.warning("a dive could not be kept: %s", error)
            self._on_problem(error.phrase)
            return
        with suppress(OSError):  # so that whoever finds the file knows when it began
            os.utime(path, (start_s, start_s))
        replaced = self._clips.pop(fall.instead_of, None) if fall.instead_of is not None else None
        self._clips[fall] = path
        self._on_dive(CaughtClip(path, start_s, fall.leaves_s - start_s, fall.touches_s - start_s, replaced))

    def _path(self, at_s: float) -> Path:
        """Return a name of the day and the time in the time zone of this computer, which no file has."""
        name = time.strftime("%Y-%m-%d %H.%M.%S", time.localtime(at_s))
        paths = (self._folder / f"{name}{mark}.mp4" for mark in ("", *(f" {chr(n)}" for n in range(98, 123))))
        return next((path for path in paths if not path.exists()), self._folder / f"{name} {round(at_s * 1000)}.mp4")


def _clip_of(fall: CaughtFall) -> tuple[float, float]:
    """Return the times at which the clip of a dive begins and ends."""
    slowed = min(fall.slowed, MOST_SLOWED)
    return fall.leaves_s - BEFORE_S * slowed, fall.touches_s + AFTER_S * slowed
