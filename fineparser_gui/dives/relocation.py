"""Search for videos that were moved: beside a video whose new path is known, or by their content."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from fineparser_core.progress import CancelToken
from fineparser_core.video.files import files_in
from fineparser_gui.support.video_identity import VideoIdentity, head_sha256


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


def found_by_content(
    wanted: Collection[VideoIdentity], folders: Iterable[Path], cancel: CancelToken
) -> dict[VideoIdentity, Path]:
    """Return the present paths of videos that lie in some of the folders or in their subfolders.

    Raises:
        Cancelled: once the token is set.
    """
    by_size: dict[int, list[VideoIdentity]] = {}
    for one in wanted:
        by_size.setdefault(one.size_bytes, []).append(one)
    found: dict[VideoIdentity, Path] = {}
    for path in (path for folder in folders for path in files_in(folder)[0]):
        cancel.raise_if_cancelled()
        with suppress(OSError):  # gone meanwhile
            for one in by_size.get(path.stat().st_size, ()):
                if one not in found and head_sha256(path) == one.head_sha256:
                    found[one] = path
    return found
