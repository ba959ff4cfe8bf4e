"""Decoded pictures of one file, bounded by bytes; safe to use from two threads."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fineparser_core.video.picture import Picture


class FrameCache:
    """What the decoder puts in and the player takes out; nothing leaves before its room is needed.

    Args:
        limit_bytes: most that the pictures may take together.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._bytes = 0
        self._pictures: dict[int, Picture] = {}
        self._lock = threading.Lock()

    def put(self, frame: int, picture: "Picture") -> None:
        """Store a picture in place of the frame's former one; `make_room` comes first."""
        with self._lock:
            self._drop(frame)
            self._pictures[frame] = picture
            self._bytes += picture.n_bytes

    def make_room(self, n_bytes: int, keep: range, playhead: int) -> bool:
        """Drop what lies outside of `keep`, farthest from the playhead first, until so much more fits.

        False where it does not fit with all of that gone.
        """
        with self._lock:
            if self._bytes + n_bytes <= self.limit_bytes:
                return True
            outside = [frame for frame in self._pictures if frame not in keep]
            outside.sort(key=lambda frame: abs(frame - playhead))
            while outside and self._bytes + n_bytes > self.limit_bytes:
                self._drop(outside.pop())
            # A picture larger than the bound is still worth showing.
            return self._bytes + n_bytes <= self.limit_bytes or not self._pictures

    def get(self, frame: int) -> "Picture | None":
        """The picture, or None where it is not here."""
        with self._lock:
            return self._pictures.get(frame)

    def nearest(self, frame: int, first: int | None = None, last: int | None = None) -> int | None:
        """The frame closest to the wanted one that is here, of first..last: something to show until it comes."""
        with self._lock:
            here = (
                found
                for found in self._pictures
                if (first is None or found >= first) and (last is None or found <= last)
            )
            return min(here, key=lambda found: abs(found - frame), default=None)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._pictures.clear()
            self._bytes = 0

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def _drop(self, frame: int) -> None:
        picture = self._pictures.pop(frame, None)
        if picture is not None:
            self._bytes -= picture.n_bytes
