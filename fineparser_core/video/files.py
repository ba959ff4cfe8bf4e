"""Which files are videos, and in which order people name them."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

VIDEO_SUFFIXES = (
    ".mp4",
    ".mov",
    ".avi",
    ".mkv",
    ".m4v",
    ".webm",
    ".mpg",
    ".mpeg",
    ".mts",
    ".m2ts",
    ".ts",
    ".wmv",
    ".gif",
)
_OF_THE_SYSTEM = frozenset({"Thumbs.db", "desktop.ini"})
_MOST_NAMES = 6


def is_video(path: Path) -> bool:
    """Return True if the name of a file is that of a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def sort_key(path: Path) -> tuple[tuple[bool, int | str], ...]:
    """Return the key of a natural sort order: dive 2 before dive 10."""
    parts = re.split(r"(\d+)", str(path).casefold())
    return tuple((part.isdigit(), int(part) if part.isdigit() else part) for part in parts)


def files_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the videos of a folder and of the folders in it, and the other files, each in order of name.

    A pipe, a device or a link to nothing is no video, whatever its name. Hidden files and folders that cannot be read
    are in neither list.
    """
    videos: list[Path] = []
    others: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(parent, name) for name in names if not name.startswith(".") and name not in _OF_THE_SYSTEM):
            (videos if is_video(path) and path.is_file() else others).append(path)
    return sorted(videos, key=sort_key), sorted(others, key=sort_key)


def names_of(paths: Sequence[Path]) -> str:
    """Return the names of the first files, and the number of the others."""
    names = ", ".join(path.name for path in paths[:_MOST_NAMES])
    return names if len(paths) <= _MOST_NAMES else f"{names} … (+{len(paths) - _MOST_NAMES})"
