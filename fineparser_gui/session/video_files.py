"""Identity of video files, and where moved files are found."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from fineparser_core.records import VideoInfo

_HEAD_BYTES = 1 << 20
_Size = Annotated[int, Meta(ge=1, le=1_000_000)]


@dataclass(frozen=True, kw_only=True)
class VideoIdentity:
    """Properties that identify a file.

    Attributes:
        size_bytes: size of the file.
        head_sha256: digest of its first MiB, in hexadecimal digits.
        n_frames, fps, width_px, height_px: as in `VideoInfo`; they explain how two files differ.
    """

    size_bytes: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    head_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    n_frames: Annotated[int, Meta(ge=1, le=2**31)]
    fps: Annotated[float, Meta(ge=0, le=1e6)]
    width_px: _Size
    height_px: _Size

    def same_file(self, other: "VideoIdentity") -> bool:
        """Return True if both identify the same file, whatever its path."""
        return (self.size_bytes, self.head_sha256) == (other.size_bytes, other.head_sha256)


def head_sha256(path: Path) -> str:
    """Return the `head_sha256` of a `VideoIdentity`. Raises: OSError."""
    with path.open("rb") as file:
        return sha256(file.read(_HEAD_BYTES)).hexdigest()


def identity_of(info: VideoInfo) -> VideoIdentity:
    """Return the identity of a file.

    Raises:
        OSError: it cannot be read.
    """
    return VideoIdentity(
        size_bytes=info.path.stat().st_size,
        head_sha256=head_sha256(info.path),
        n_frames=info.n_frames,
        fps=info.fps,
        width_px=info.width_px,
        height_px=info.height_px,
    )


def is_there(path: Path) -> bool:
    """Return True if a file exists; False for an invalid path, too."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def moved_roots(old: Path, new: Path) -> tuple[Path, Path]:
    """Return the old and the new root of a moved tree: both paths without the folders at their ends that are equal.

    /a/monday/1.mp4 found at /b/monday/1.mp4 means that /a became /b; /a/1.mp4 found at /b/2.mp4, that /a became /b.
    """
    old_root, new_root = old.parent, new.parent
    while old_root.name and old_root.name == new_root.name and old_root != new_root:
        old_root, new_root = old_root.parent, new_root.parent
    return old_root, new_root


def relocated(old: Path, new: Path, missing: Iterable[Path]) -> dict[Path, Path]:
    """Return the new paths of missing videos that were moved along with another video.

    Args:
        old, new: former and present path of the other video.
    """
    old_root, new_root = moved_roots(old, new)
    found = {}
    for path in missing:
        beside = [new.parent / path.name]
        if path.is_relative_to(old_root):
            beside.insert(0, new_root / path.relative_to(old_root))
        place = next((one for one in beside if one != path and is_there(one)), None)
        if place is not None:
            found[path] = place
    return found
