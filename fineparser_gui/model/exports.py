"""Files that are written out of a session."""

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from fineparser_core.language import short_number
from fineparser_gui.model.dive import Dive


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
    """One file to write. Immutable: replaced when something changes.

    Attributes:
        done, total: progress; 0 of 0 while unknown.
        message: one sentence for the user once it has ended, or "".
    """

    id: int
    path: Path
    state: ExportState = ExportState.WAITING
    done: int = 0
    total: int = 0
    message: str = ""


def dive_title(dive: Dive) -> str:
    """Title of a dive in exports: diver, number, board and day; without any of the first three, its file's name."""
    board = f"{short_number(dive.board_m)} m" if dive.board_m is not None else ""
    known = [text for text in (dive.diver, dive.dive_number or "", board) if text]
    return " · ".join(filter(None, (*(known or [dive.path.stem]), dive.dived_on)))
