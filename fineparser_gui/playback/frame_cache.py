"""Decoded frames in display size, bounded by bytes; safe to use from two threads."""

import threading

from PySide6.QtGui import QImage


class FrameCache:
    """Keeps the frames around the playhead: the farthest one goes first.

    Args:
        limit_bytes: most that the images may take together.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._frames: dict[int, QImage] = {}
        self._lock = threading.Lock()

    def put(self, frame: int, image: QImage, playhead: int) -> bool:
        """Store a frame; False where it was farther from the playhead than all others and the cache is full."""
        with self._lock:
            if frame in self._frames:
                return True
            self._frames[frame] = image
            self._bytes += image.sizeInBytes()
            while self._bytes > self._limit_bytes and len(self._frames) > 1:
                farthest = max(self._frames, key=lambda index: abs(index - playhead))
                self._bytes -= self._frames.pop(farthest).sizeInBytes()
            return frame in self._frames

    def get(self, frame: int) -> QImage | None:
        """The frame, or None where it is not cached."""
        with self._lock:
            return self._frames.get(frame)

    def nearest(self, frame: int) -> QImage | None:
        """The cached frame closest to the wanted one: something to show while scrubbing."""
        with self._lock:
            if not self._frames:
                return None
            return self._frames[min(self._frames, key=lambda index: abs(index - frame))]

    @property
    def size_bytes(self) -> int:
        return self._bytes
