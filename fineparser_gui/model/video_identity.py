"""Identity of a video file, so that the coach's work is never attached to a wrong clip unasked."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fineparser_core.types import VideoInfo
from fineparser_gui.model.json_fields import MOST_FRAMES, number, read_field, record, shown, text, whole

_HEAD_BYTES = 1 << 20
_HIGHEST_FPS = 1e6
_WIDEST_PX = 1_000_000


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


def identity_from_dict(value: Any) -> VideoIdentity:
    """The inverse of `dataclasses.asdict`, for a session file.

    Raises:
        ValueError: the value is not an identity.
    """
    values = record(value, "video")

    digits = read_field(values, "head_sha256", text)
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise ValueError(f"head_sha256: {shown(digits)}")
    return VideoIdentity(
        size_bytes=read_field(values, "size_bytes", lambda value: whole(value, 1, 2**63 - 1)),
        head_sha256=digits,
        n_frames=read_field(values, "n_frames", lambda value: whole(value, 1, MOST_FRAMES)),
        fps=read_field(values, "fps", lambda value: number(value, 0, _HIGHEST_FPS)),
        width_px=read_field(values, "width_px", lambda value: whole(value, 1, _WIDEST_PX)),
        height_px=read_field(values, "height_px", lambda value: whole(value, 1, _WIDEST_PX)),
    )
