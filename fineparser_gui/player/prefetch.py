"""Plan of the frames to decode next and of the frames to keep. No threads, no pixels.

Forward, frames are decoded in order. A step backward takes decoding from the last keyframe, a whole group of pictures,
unless that group is in the cache. The plan: first the requested frame; then, forward, some seconds ahead; backward,
the rest of the group and the group before it. Frames behind the playhead are dropped to make space.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

Size = tuple[int, int]

_BYTES_PER_PIXEL = 1.5
_AHEAD = 96
_AHEAD_STILL = 32
_BEHIND = 48
_BEHIND_IN_REVERSE = 8
_WITH_EXACT = 8  # frames before the target of a seek, because the next step may go back
_SHARP_AHEAD = 8
_SPARE = 1.25  # groups of pictures in the cache during reverse playback
_MIN_AREA = 0.15  # minimum area of pictures in reverse playback, relative to the display size


@dataclass(frozen=True, kw_only=True)
class Playhead:
    """The frame to show, and the movement of the player.

    Attributes:
        direction: 1 or -1, of the last movement.
        moving: True during playback.
        size_px: (width, height) of the fitted picture in device pixels.
        sharp_px: (width, height) of the magnified picture in device pixels, used while paused.
    """

    frame: int = 0
    direction: int = 1
    moving: bool = False
    size_px: Size = (1, 1)
    sharp_px: Size = (1, 1)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Consecutive frames to decode.

    Attributes:
        frames: ascending.
        keep: frames that must not be dropped for these.
        size_px: size of the cached pictures, at most that of the source.
    """

    frames: range
    keep: range
    size_px: Size


class Prefetch:
    """Planner of the decoding of a file.

    Args:
        keyframes: (k,) ascending frame indices of keyframes.
        source_px: (width, height) of the file.
    """

    def __init__(self, n_frames: int, keyframes: np.ndarray, source_px: Size) -> None:
        self._n_frames = n_frames
        self._keyframes = keyframes
        self._source_px = source_px

    def end_at(self, frame: int) -> None:
        """Exclude this frame and all after it, because the file is damaged there."""
        self._n_frames = min(self._n_frames, frame)

    def group(self, frame: int) -> range:
        """Return the group of pictures of a frame: from its keyframe to before the next keyframe."""
        at = int(np.searchsorted(self._keyframes, frame, side="right"))
        start = int(self._keyframes[at - 1]) if at > 0 else 0
        return range(start, int(self._keyframes[at]) if at < len(self._keyframes) else self._n_frames)

    def size(self, head: Playhead, limit_bytes: int) -> Size:
        """Return the size of cached pictures: as shown; magnified while paused; smaller in reverse, to fit groups."""
        if not head.moving:
            return self._at_most(head.sharp_px)
        size = self._at_most(head.size_px)
        if head.direction > 0:
            return size
        room = limit_bytes / (_SPARE * len(self.group(head.frame)) + _BEHIND_IN_REVERSE)
        share = min(max(room / n_bytes(size), _MIN_AREA), 1.0) ** 0.5
        return max(int(size[0] * share), 1), max(int(size[1] * share), 1)

    def is_good(self, size: Size, frame: int, head: Playhead) -> bool:
        """Return True if a picture is large enough for a frame; while paused, it must be sharp near the playhead."""
        if head.moving or not -_SHARP_AHEAD <= frame - head.frame <= _SHARP_AHEAD:
            return True
        return size[0] >= self._at_most(head.sharp_px)[0] * 0.98

    def next_run(self, head: Playhead, limit_bytes: int, has: Callable[[int], bool]) -> Run | None:
        """Return the next run to decode, or None if everything planned is cached.

        Args:
            has: returns whether a picture of a frame is cached in a sufficient size.
        """
        head = replace(head, frame=min(head.frame, self._n_frames - 1))
        size = self.size(head, limit_bytes)
        capacity = max(int(limit_bytes / n_bytes(size)), 4)
        if head.direction > 0:
            return self._forward(head, size, capacity, has)
        return self._backward(head, size, capacity, has)

    def _forward(self, head: Playhead, size: Size, capacity: int, has: Callable[[int], bool]) -> Run | None:
        behind = min(capacity // 4, _BEHIND)
        ahead = min(capacity - behind, _AHEAD if head.moving else _AHEAD_STILL)
        keep = self._clip(head.frame - behind, head.frame + ahead)
        missing = [frame for frame in range(head.frame, keep.stop) if not has(frame)]
        if missing:
            first = missing[0]
            if first == head.frame and not head.moving:
                first = max(first - min(behind, _WITH_EXACT), self.group(first).start)
            return Run(frames=range(first, missing[-1] + 1), keep=keep, size_px=size)
        before = None if head.moving else self._missing_before(head.frame, keep, has)
        if before is None:
            return None
        return Run(frames=range(max(self.group(before).start, keep.start), before + 1), keep=keep, size_px=size)

    def _backward(self, head: Playhead, size: Size, capacity: int, has: Callable[[int], bool]) -> Run | None:
        passed = min(capacity // 8, _BEHIND_IN_REVERSE)
        keep = self._clip(max(self._lowest(head), head.frame - (capacity - passed)), head.frame + passed)
        missing = self._missing_before(head.frame, keep, has)
        if missing is None:
            return None
        start = self.group(missing).start
        if missing - start + passed + 4 > capacity:  # too large: decode the end of the group first
            start = max(missing - capacity * 6 // 10, start)
        # The frames of the run are kept as well, although the first frames may be far from the playhead.
        keep = range(min(start, keep.start), keep.stop)
        return Run(frames=range(start, missing + 1), keep=keep, size_px=size)

    def _lowest(self, head: Playhead) -> int:
        """Return the first frame to decode backward: of the group, or of the group before if that is needed soon."""
        start = self.group(head.frame).start
        if start > 0 and (head.moving or head.frame - start <= _AHEAD):
            start = self.group(start - 1).start
        return min(start, head.frame - _AHEAD)

    def _missing_before(self, frame: int, keep: range, has: Callable[[int], bool]) -> int | None:
        return next((one for one in range(frame, keep.start - 1, -1) if not has(one)), None)

    def _clip(self, start: int, stop: int) -> range:
        return range(max(start, 0), min(stop, self._n_frames))

    def _at_most(self, size: Size) -> Size:
        return min(size[0], self._source_px[0]), min(size[1], self._source_px[1])


def n_bytes(size: Size) -> float:
    """Return the bytes of a picture in planar YUV 4:2:0."""
    return size[0] * size[1] * _BYTES_PER_PIXEL
