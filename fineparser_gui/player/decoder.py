"""Decoding of the frames of a file on a separate thread, around the playhead and ahead of it.

The clock leads: frames that cannot be decoded in time are dropped, never shown late. During playback, a frame whose
time has passed is decoded only if later frames need it. Until the next frame is ready, the last decoded frame before
the playhead stays on screen; playback neither slows down nor stops. A paused player always shows the exact frame.

During playback with enough frames in advance, a single frame is decoded after each painted frame, because decoding uses
all cores for some milliseconds, which painting needs as well.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal

from fineparser_core.errors import FineParserError, VideoError
from fineparser_core.language import translated
from fineparser_gui.player.prefetch import Playhead, Prefetch, Run, n_bytes

if TYPE_CHECKING:
    from fineparser_core.video.picture import Picture
    from fineparser_core.video.reader import VideoReader

log = logging.getLogger(__name__)

CACHE_BYTES = 256 * 2**20
_PREVIEW_S = 0.05
_FAR_FRAMES = 24
_WELL_AHEAD_FRAMES = 16


class FrameCache:
    """Cache that the decoder fills and the player reads; pictures are dropped only to make space.

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


class FrameDecoder(QThread):
    """Thread that decodes a file on demand.

    Args:
        parent: its owner; with it the thread ends.

    Signals:
        opened: (VideoInfo) the file was opened.
        frame_ready: (int) a frame was decoded: the requested frame, or a frame to show until then.
        failed: (str) message for the user.

    Attributes:
        cache: decoded pictures.
        idle: True while nothing is left to decode.
    """

    opened = Signal(object)
    frame_ready = Signal(int)
    failed = Signal(str)

    def __init__(self, path: Path, cache_bytes: int = CACHE_BYTES, parent: QObject | None = None) -> None:
        super().__init__(parent)
        if parent is not None:
            parent.destroyed.connect(self.stop)  # Qt aborts the program where a running thread is destroyed
        self.cache = FrameCache(cache_bytes)
        self._path = path
        self._condition = threading.Condition()
        self._head = Playhead()
        self._prefetch: Prefetch | None = None
        self._stopping = False
        self._turn = False  # permits a single frame while well ahead
        self.idle = False
        self._late_frames = 0
        self._told_at_s = 0.0

    def request(self, head: Playhead) -> tuple[int, "Picture"] | None:
        """Request a frame.

        Returns:
            (frame, picture): the requested frame if it is cached, else a frame to show until `frame_ready`;
            None if nothing is cached.
        """
        found = self.cache.get(head.frame)
        with self._condition:
            plays_on = head.moving and replace(self._head, frame=head.frame) == head
            self._head, self.idle = head, False
            if found is None or not plays_on:  # else after painting
                self._condition.notify()
        frame: int | None = head.frame
        if found is None and head.moving:  # never a frame beyond the playhead
            ends = {"last": head.frame} if head.direction > 0 else {"first": head.frame}
            frame = self.cache.nearest(head.frame, **ends)
        if found is None and (frame is None or not head.moving):
            frame = self.cache.nearest(head.frame)
        if frame is None:
            return None
        found = found or self.cache.get(frame)
        return (frame, found) if found is not None else None

    def painted(self) -> None:
        """Decode the next frame, as the requested frame was painted."""
        with self._condition:
            self._turn = True
            self._condition.notify()

    def set_cache_bytes(self, cache_bytes: int) -> None:
        """Set the memory limit of decoded pictures."""
        with self._condition:
            self.cache.limit_bytes = cache_bytes
            self._condition.notify()

    def stop(self) -> None:
        """Stop the thread and wait for it, which takes milliseconds."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self.wait()
        self.cache.clear()

    def run(self) -> None:
        from fineparser_core.video.reader import VideoReader

        try:
            with VideoReader(self._path) as reader:
                info = reader.info
                self._prefetch = Prefetch(info.n_frames, reader.keyframes, (info.width_px, info.height_px))
                self.opened.emit(info)
                self._serve(reader, self._prefetch)
        except FineParserError as error:
            self.failed.emit(translated(error))
        except Exception as error:  # an unexpected decoder error must not end the program
            log.exception("decoding %s", self._path)
            self.failed.emit(f"{self._path.name}: {error}")

    def _serve(self, reader: "VideoReader", prefetch: Prefetch) -> None:
        while True:
            with self._condition:
                while not self._stopping and (run := self._next_run(prefetch)) is None:
                    self.idle = True
                    self._condition.wait()
                if self._stopping:
                    return
                head = self._head
            self._follow(run, head, reader)

    def _next_run(self, prefetch: Prefetch) -> Run | None:
        head = self._head
        if head.size_px == (1, 1):  # the size on screen is not known yet
            return None

        def has(frame: int) -> bool:
            picture = self.cache.get(frame)
            return picture is not None and prefetch.is_good(picture.size_px, frame, head)

        return prefetch.next_run(head, self.cache.limit_bytes, has)

    def _follow(self, run: Run, planned: Playhead, reader: "VideoReader") -> None:
        """Decode a run until it is complete or obsolete."""

        def obsolete() -> bool:
            return self._stopping or self._is_obsolete(run, planned)

        wanted = planned.frame
        if wanted in run.frames and self.cache.get(wanted) is None and not planned.moving:
            self._preview(run, planned, reader, obsolete)
        frame = run.frames.start
        while frame < run.frames.stop:
            frame = self._catch_up(frame, run)
            self._wait_for_turn(frame, obsolete)
            before = self._head.frame
            if obsolete() or not self._wait_for_room(run, planned, obsolete):
                return
            # A frame that is already decoded is kept, so that the next run does not decode it again.
            if not self._seek(reader, frame, frame, obsolete):
                return
            self.cache.put(frame, reader.picture(run.size_px))
            self._late_frames = abs(self._head.frame - before)
            self._tell(frame)
            frame += 1

    def _seek(self, reader: "VideoReader", frame: int, needed_from: int, stop: Callable[[], bool]) -> bool:
        """Decode up to a frame; False where stopped, or where the file is damaged before it, which is reported."""
        try:
            return reader.seek(frame, needed_from=needed_from, stop=stop)
        except VideoError as error:
            if frame == 0 or self._prefetch is None:
                raise
            self._prefetch.end_at(frame)
            self.failed.emit(translated(error))
            return False

    def _catch_up(self, frame: int, run: Run) -> int:
        """Return the next frame of the run that can be decoded in time."""
        head = self._head
        if head.moving and head.direction > 0 and frame < head.frame:
            return min(head.frame + self._late_frames, run.frames.stop - 1)
        return frame

    def _preview(self, run: Run, planned: Playhead, reader: "VideoReader", obsolete: Callable[[], bool]) -> None:
        """Decode a keyframe near the requested frame first, if the exact frame takes many frames of decoding."""
        wanted = planned.frame
        near, keyframe = self.cache.nearest(wanted), reader.keyframe_before(wanted)
        if near is not None and abs(near - wanted) <= wanted - keyframe:
            return
        if wanted - keyframe < _FAR_FRAMES or not self._wait_for_room(run, planned, obsolete):
            return
        if self._seek(reader, keyframe, run.frames.start, obsolete):
            self.cache.put(keyframe, reader.picture(run.size_px))
            self._told_at_s = 0.0
            self._tell(keyframe)

    def _wait_for_turn(self, frame: int, obsolete: Callable[[], bool]) -> None:
        """Wait until a frame is painted while enough frames are decoded in advance."""

        def well_ahead() -> bool:
            head = self._head
            return head.moving and head.direction > 0 and frame - head.frame >= _WELL_AHEAD_FRAMES

        with self._condition:
            while well_ahead() and not self._turn and not obsolete():
                self._condition.wait()
            self._turn = False

    def _wait_for_room(self, run: Run, planned: Playhead, obsolete: Callable[[], bool]) -> bool:
        """Wait for memory for another picture; return False if the run became obsolete."""
        size = int(n_bytes(run.size_px))
        with self._condition:
            while not obsolete():
                head = self._head
                if self.cache.make_room(size, _moved(run.keep, planned.frame, head), head.frame):
                    return True
                if self.cache.get(head.frame) is None:  # more important than frames kept for later
                    return self.cache.make_room(size, run.frames, head.frame) or self.cache.make_room(
                        size, range(0), head.frame
                    )
                self._condition.wait()
        return False

    def _is_obsolete(self, run: Run, planned: Playhead) -> bool:
        """Return True if the player needs a frame that this run does not decode."""
        head = self._head
        if replace(head, frame=planned.frame) != planned:
            return True
        if head.frame == planned.frame:
            return False
        return head.frame not in run.frames and self.cache.get(head.frame) is None

    def _tell(self, frame: int) -> None:
        head = self._head
        now_s = perf_counter()
        if frame == head.frame or (self.cache.get(head.frame) is None and now_s - self._told_at_s >= _PREVIEW_S):
            self._told_at_s = now_s
            self.frame_ready.emit(frame)


def _moved(keep: range, from_frame: int, head: Playhead) -> range:
    """Return the range to keep after the playhead has moved during a run: extended ahead, shortened behind."""
    moved = head.frame - from_frame
    if head.direction > 0:
        return range(keep.start + moved, max(keep.stop, keep.stop + moved))
    return range(min(keep.start, keep.start + moved), keep.stop + moved)
