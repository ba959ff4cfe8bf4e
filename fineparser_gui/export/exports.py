"""Files that are written out of a session."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from fineparser_core.language import short_number
from fineparser_core.support.windows_names import allowed_name
from fineparser_gui.dives.dive import Dive

_LONGEST_STEM = 120


class ExportState(Enum):
    """State of an export."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()

    @property
    def over(self) -> bool:
        return self not in (ExportState.WAITING, ExportState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file to write. Immutable: replaced when something changes.

    Attributes:
        done, total: progress; 0 of 0 while unknown.
        message: a sentence for the user once the export has ended, or "".
    """

    id: int
    path: Path
    state: ExportState = ExportState.WAITING
    done: int = 0
    total: int = 0
    message: str = ""


def dive_title(dive: Dive) -> str:
    """Return a dive's title in exports: diver, number, board and day; without the first three, its file's name."""
    board = f"{short_number(dive.known_board_m)} m" if dive.known_board_m is not None else ""
    known = [text for text in (dive.diver, dive.dive_number or "", board) if text]
    return " · ".join(filter(None, (*(known or [dive.path.stem]), dive.dived_on)))


def is_named(dive: Dive) -> bool:
    """Return True if a dive's files can be named after its diver or number."""
    return bool(dive.diver.strip() or dive.dive_number)


def file_stem(dive: Dive) -> str:
    """Return the stem of a dive's files, "Anna 103B 3m 2026-11-29", or its video's if diver and number are unknown."""
    if not is_named(dive):
        return dive.path.stem
    board = f"{short_number(dive.known_board_m)}m" if dive.known_board_m is not None else ""
    return named_file(dive.diver, dive.dive_number or "", board, dive.dived_on or "")


def session_stem(dives: Sequence[Dive]) -> str:
    """Return the stem of a session's files: its diver, or the first video's folder if there are several; the day."""
    divers = {dive.diver.strip() for dive in dives}
    days = sorted(filter(None, (dive.dived_on for dive in dives)))
    who = divers.pop() if len(divers) == 1 else ""
    return named_file(who or (dives[0].path.absolute().parent.name if dives else ""), days[0] if days else "")


def named_file(*parts: str) -> str:
    """Return a file name of some words, with a dash for each character that some system does not allow."""
    return allowed_name(" ".join(filter(None, (part.strip() for part in parts))), _LONGEST_STEM)
