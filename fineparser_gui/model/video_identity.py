"""Identity of a video file, so that the coach's work is never attached to a wrong clip unasked."""

from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from typing import Any

from fineparser_core.types import VideoInfo

_HEAD_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class VideoIdentity:
    """Properties that identify a file.

    Attributes:
        size_bytes: of the file.
        head_sha256: of its first MiB, in hexadecimal digits.
        n_frames, fps, width_px, height_px: as of `VideoInfo`; to say how two files differ.
    """

    size_bytes: int
    head_sha256: str
    n_frames: int
    fps: float
    width_px: int
    height_px: int

    def same_file(self, other: "VideoIdentity") -> bool:
        """Whether both identify the same file, whatever its path."""
        return (self.size_bytes, self.head_sha256) == (other.size_bytes, other.head_sha256)


def identity_of(info: VideoInfo) -> VideoIdentity:
    """Identity of a file.

    Raises:
        OSError: it cannot be read.
    """
    with info.path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return VideoIdentity(
        size_bytes=info.path.stat().st_size,
        head_sha256=sha256(head).hexdigest(),
        n_frames=info.n_frames,
        fps=info.fps,
        width_px=info.width_px,
        height_px=info.height_px,
    )


def identity_from_dict(values: dict[str, Any]) -> VideoIdentity:
    """The inverse of `dataclasses.asdict`, for a session file.

    Raises:
        ValueError: the values are not an identity.
    """
    try:
        identity = VideoIdentity(**values)
        whole = (identity.size_bytes, identity.n_frames, identity.width_px, identity.height_px)
        fits = all(type(number) is int and number > 0 for number in whole) and isinstance(identity.head_sha256, str)
        fits = fits and type(identity.fps) in (int, float) and isfinite(identity.fps)
    except TypeError as error:
        raise ValueError(f"video {values!r:.80}") from error
    if not fits:
        raise ValueError(f"video {values!r:.80}")
    return identity
