"""Checks that outputs can be written, before work begins whose result would be lost."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PureWindowsPath

from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.support.atomic import is_full, try_writing
from fineparser_core.support.files import refused_part

_JSON = rb"(\xef\xbb\xbf)?\s*[{\[]"
#: First bytes of a file of each kind.
_BEGINNINGS = {
    ".csv": rb"(?!%PDF|PK|\s*[{\[<])[^\0]*$",
    ".html": rb"\s*<",
    ".jpeg": rb"\xff\xd8",
    ".jpg": rb"\xff\xd8",
    ".json": _JSON,
    ".jsonl": _JSON,
    ".mp4": rb".{4}(ftyp|free|mdat|moov|skip|wide)",
    ".npz": rb"PK",
    ".pdf": rb"%PDF",
    ".png": rb"\x89PNG",
    ".safetensors": rb".{8}\{",
}
_READ_BYTES = 512


def check_output_files(outputs: Iterable[tuple[Path, str]], inputs: Mapping[Path, str] | None = None) -> None:
    """Check files that are to be written.

    Args:
        outputs: each with the usual suffix of what is written, whatever its name is.
        inputs: files that are read, and what they are: "the clip itself".

    Raises:
        ConfigError: an output is an input, is named twice, or exists and holds something of another kind.
        ExportError: no file can be made there.
    """
    taken = {_place(path): what for path, what in (inputs or {}).items()}
    for path, suffix in outputs:
        _check_name(path)
        place = _place(path)
        if place in taken:
            raise ConfigError(f"{path} is {taken[place]}: give the output another name.")
        taken[place] = "already the file of another output"
        if _exists(path) and not path.is_file():
            raise ExportError(f"{path} exists and is not a file: give the output another name.")
        if _is_of_another_kind(path, suffix):
            raise ConfigError(f"{path} exists and is no {suffix} file: give the output another name.")
        if not _exists(path.parent) or not path.parent.is_dir():
            raise ExportError(f"{path} cannot be written, there is no folder {path.parent}: make it first.")
        _check_folder(path, path.parent)


def check_output_folder(folder: Path) -> None:
    """Check a folder that files are to be written into, and that may have to be made.

    Raises:
        ExportError: it is not a folder, cannot be made, or may not be written to.
    """
    _check_name(folder)
    if _exists(folder) and not folder.is_dir():
        raise ExportError(f"{folder} exists and is not a folder: name another one.")
    there = next(place for place in (folder, *folder.absolute().parents) if _exists(place))
    if not there.is_dir():
        raise ExportError(f"{folder} cannot be made, {there} is not a folder: name another one.")
    _check_folder(folder, there)


def make_output_folder(folder: Path) -> None:
    """Make a folder that files are to be written into; raises as `check_output_folder`."""
    check_output_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{folder} cannot be made ({error.strerror}): choose another folder.") from error


def _is_of_another_kind(path: Path, suffix: str) -> bool:
    """Return True if a file exists that is not empty and does not begin as files with the suffix do."""
    try:
        with path.open("rb") as file:
            start = file.read(_READ_BYTES)
    except OSError:  # missing, or not to be read and so not to be told
        return False
    return bool(start) and re.match(_BEGINNINGS[suffix], start, re.DOTALL) is None


def _place(path: Path) -> str:
    """Return a form that is equal for two names of the same file; on Windows they may differ by case."""
    return os.path.normcase(os.path.realpath(path))


def _check_name(path: Path) -> None:
    """Refuse names that Windows does not write as they are.

    Raises:
        ExportError: naming the part of the path.
    """
    if isinstance(path, PureWindowsPath) and (name := refused_part(path)):
        raise ExportError(f"{path} cannot be written, Windows has no files named {name}: choose another name.")


def _exists(path: Path) -> bool:
    """Return True if a path exists.

    Raises: ExportError for a name that can be none: too long, or a symbolic link to itself.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror}): choose another name.") from error
    return True


def _check_folder(path: Path, folder: Path) -> None:
    try:
        try_writing(folder)
    except OSError as error:
        if is_full(error):
            raise ExportError(
                f"{path} cannot be written ({error.strerror}): make room on its disk, or choose another one."
            ) from error
        raise ExportError(
            f"{path} cannot be written ({error.strerror}): choose a folder where you may write."
        ) from error
