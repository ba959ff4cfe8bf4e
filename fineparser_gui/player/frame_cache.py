"""Thread-safe cache of a file's decoded pictures with a memory limit."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fineparser_core.video.picture import Picture


class FrameCache:
    """Cache that the decoder fills and the player reads; pictures are dropped only to make room.

    Args:
        limit_bytes: maximum total size of the pictures.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._bytes = 0
        self._pictures: dict[int, Picture] = {}
        self._lock = threading.Lock()

    def put(self, frame: int, picture: "Picture") -> None:
        """Store the picture of a frame; call `make_room` before."""
        with self._lock:
            self._drop(frame)
            self._pictures[frame] = picture
            self._bytes += picture.n_bytes

    def make_room(self, n_bytes: int, keep: range, playhead: int) -> bool:
        """Drop pictures outside of `keep`, farthest from the playhead first, until `n_bytes` more fit.

        Returns:
            Whether they fit.
        """
        with self._lock:
            if self._bytes + n_bytes <= self.limit_bytes:
                return True
            outside = [frame for frame in self._pictures if frame not in keep]
            outside.sort(key=lambda frame: abs(frame - playhead))
            while outside and self._bytes + n_bytes > self.limit_bytes:
                self._drop(outside.pop())
            # A single picture may exceed the limit.
            return self._bytes + n_bytes <= self.limit_bytes or not self._pictures

    def get(self, frame: int) -> "Picture | None":
        """Return the picture of a frame, or None if it is not cached."""
        with self._lock:
            return self._pictures.get(frame)

    def nearest(self, frame: int, first: int | None = None, last: int | None = None) -> int | None:
        """Return the cached frame of first..last that is closest to `frame`, or None."""
        with self._lock:
            here = (
                found
                for found in self._pictures
                if (first is None or found >= first) and (last is None or found <= last)
            )
            return min(here, key=lambda found: abs(found - frame), default=None)

    def clear(self) -> None:
        """Drop all pictures."""
        with self._lock:
            self._pictures.clear()
            self._bytes = 0

    def _drop(self, frame: int) -> None:
        picture = self._pictures.pop(frame, None)
        if picture is not None:
            self._bytes -= picture.n_bytes
