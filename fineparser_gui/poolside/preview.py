"""Pictures of a source that is not recorded: the view of a camera before the practice begins."""

from collections.abc import Callable, Iterator
from threading import Event

from fineparser_core.live.packets import Decoder, LiveFrame, PacketQueue
from fineparser_core.live.reader import LiveReader, SourceEvent
from fineparser_core.live.sources import Source

_POLL_S, _CLOSES_S = 0.1, 2.0
_MOST_BYTES = 16_000_000


class Preview:
    """Preview of a source, connected while its pictures are read; nothing is kept.

    Args:
        on_event: called with events of the source, on a separate thread.
    """

    def __init__(self, source: Source, on_event: Callable[[SourceEvent], None]) -> None:
        self._source, self._on_event = source, on_event

    def frames(self, from_s: float, stop: Event) -> Iterator[LiveFrame]:
        """Yield the pictures from a time on, as they come, until `stop` is set."""
        queue, decoder = PacketQueue(_MOST_BYTES), Decoder()
        reader = LiveReader(self._source, [queue.put], self._on_event, loop=True)
        reader.start()
        try:
            while not stop.is_set():
                packet = queue.get(_POLL_S)
                if packet is not None:
                    yield from (one for one in decoder.decode(packet) if one.time_s >= from_s)
        finally:
            queue.close()
            reader.stop(_CLOSES_S)
