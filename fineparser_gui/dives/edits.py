"""Edits as data: the value of something before and after a change by the user."""

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from time import monotonic
from typing import Any

from fineparser_core.exemplars.records import ExemplarFacts
from fineparser_gui.dives.dive import Dive

_PAUSE_S = 2.0  # longest pause within a gesture, in seconds: edits farther apart are undone separately

#: Dives with their places in the list.
Rows = tuple[tuple[Dive, int], ...]


class Subject(Enum):
    """Part of the session that an edit changes; the comments name the type of `before` and `after`."""

    DETAILS = auto()  # (dive number, board, DD)
    DIVER = auto()  # (name)
    EVENT = auto()  # (name)
    DAY = auto()  # (day as YYYY-MM-DD, or "")
    OUTCOME = auto()  # (DiveOutcome)
    NOTE = auto()  # (lines)
    JUDGING = auto()  # (Judging, or None)
    RULE = auto()  # (CandidateRule)
    RANGE = auto()  # (in frame, out frame)
    ATHLETE = auto()  # (AthletePoint, or None)
    CORRECTION = auto()  # (attributes of Correction by name)
    LEFT_OUT = auto()  # (id of an exemplar, whether its vote does not count)
    DRAWINGS = auto()  # (drawings)
    EXEMPLAR_DRAWINGS = auto()  # (drawings; the key is that of the exemplar)
    PROPOSALS = auto()  # (SearchState)
    PLACE = auto()  # (path, identity)
    MEET = auto()  # (Meet; the edit has no key)
    ORDER = auto()  # (keys in the order of the list; the edit has no key)
    ADDED_ROWS = auto()  # (Rows that are in the list; the edit has no key)
    REMOVED_ROWS = auto()  # (as ADDED_ROWS)
    HISTORY_TAGS = auto()  # (tags by ids of the history's dives)
    HISTORY_ATHLETES = auto()  # (names by ids of the history's dives)
    HISTORY_ROWS = auto()  # (ids of dives that the history shows)
    EXEMPLAR = auto()  # (LibraryChange; the key is that of the exemplar)


@dataclass(frozen=True, kw_only=True)
class LibraryChange:
    """A change of an exemplar; see `ChangeLibraryRequest`."""

    action: str
    facts: ExemplarFacts | None = None


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A change by the user.

    Attributes:
        key: key of the dive.
        before, after: the value without and with this edit; see `Subject`.
        text: name of the change in the menu, after "Undo".
        gesture: edits with the same gesture (a drag, a row of nudges, a word typed) are undone together; "": alone.
        at_s: time of the change, in seconds of the monotonic clock.
    """

    subject: Subject
    key: str = ""
    before: Any
    after: Any
    text: str
    gesture: str = ""
    at_s: float = field(default_factory=lambda: monotonic())

    @property
    def reversed(self) -> "Edit":
        """Return the edit that undoes this edit."""
        return replace(self, before=self.after, after=self.before)

    def merged(self, later: "Edit") -> "Edit | None":
        """Return both edits merged, or None if they belong to different gestures."""
        same = (self.subject, self.key, self.gesture) == (later.subject, later.key, later.gesture)
        if not self.gesture or not same or later.at_s - self.at_s > _PAUSE_S:
            return None
        return replace(self, after=later.after, at_s=later.at_s)
