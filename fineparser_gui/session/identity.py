"""What tells a video from another one, so that the coach's work is never attached to a wrong clip unasked."""

from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from fineparser_core.types import VideoInfo

translate = QCoreApplication.translate

_HEAD_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class VideoIdentity:
    """Of the file that the coach worked on.

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
        """Whether both are of one file, wherever it lies and whatever it is called."""
        return (self.size_bytes, self.head_sha256) == (other.size_bytes, other.head_sha256)


def identity_of(info: VideoInfo) -> VideoIdentity:
    """What the file is to be known by.

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
        ValueError: it is none.
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


def difference(path: Path, found: VideoIdentity, expected: VideoIdentity) -> str:
    """How a file differs from the one that the session was made with, in one sentence."""
    for text, of_one in (
        (translate("VideoIdentity", "{0} has {1} frames at {2} fps, the session was made with {3} at {4}."), _length),
        (
            translate("VideoIdentity", "{0} has a picture of {1} × {2} pixels, the session was made with {3} × {4}."),
            _picture,
        ),
        (
            translate(
                "VideoIdentity",
                "{0} is as long, but another file or copy: it has {1} MB, the session was made with {2}.",
            ),
            _size,
        ),
    ):
        if of_one(found) != of_one(expected):
            return text.format(path.name, *of_one(found), *of_one(expected))
    return translate(
        "VideoIdentity", "{0} is as long and as large, but its content is not that of the session's video."
    ).format(path.name)


def _length(one: VideoIdentity) -> tuple[str, ...]:
    return str(one.n_frames), f"{one.fps:.4g}"


def _picture(one: VideoIdentity) -> tuple[str, ...]:
    return str(one.width_px), str(one.height_px)


def _size(one: VideoIdentity) -> tuple[str, ...]:
    return (f"{one.size_bytes / 1e6:.2f}",)
