"""The dive list of the session: changed, matched with dives in order, and what the dives take from their rows."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer

from fineparser_core.diving.judging import Judging
from fineparser_core.diving.meet import KnownDive, ListedDive, Meet, freed, matched
from fineparser_core.video.files import sort_key
from fineparser_gui.model.dive import Dive, DiveState
from fineparser_gui.model.edits import Edit, Subject
from fineparser_gui.services.editing import EditingService
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.undo import EditStack

_SETTLE_MS = 200


class MeetService(QObject):
    """Dives that are added while there is a list take its next open rows by themselves, once their videos are open.

    A dive takes what its row says where it says nothing itself, or still what the row said before.
    """

    def __init__(self, state: SessionState, edits: EditStack, editing: EditingService) -> None:
        super().__init__(state)
        self._state, self._edits, self._editing = state, edits, editing
        self._added: list[str] = []
        self._timer = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._timer.timeout.connect(self._match_added)
        edits.handlers[Subject.MEET] = lambda edit: state.set_meet(edit.after)
        state.dive_added.connect(self._on_added)

    @property
    def meet(self) -> Meet:
        """The list; what was typed beside a dive as judges' marks are the awards of its row."""
        meet = self._state.meet
        return replace(meet, rows=tuple(map(self._with_marks, meet.rows)))

    def change(self, meet: Meet, text: str) -> None:
        """Replace the list, as one edit with what the dives take from it; `text` names it in the undo menu."""
        before = self.meet
        if meet == before:
            return
        self._edits.beginMacro(text)
        self._edits.do(Edit(subject=Subject.MEET, before=self._state.meet, after=meet, text=text))
        was = {row.dive: row for row in before.rows if row.dive is not None}
        now = {row.dive: row for row in meet.rows if row.dive is not None}
        for key in dict.fromkeys((*was, *now)):
            dive = self._state.find(key)
            if dive is not None and was.get(key) != now.get(key):
                self._fill(dive, was.get(key), now.get(key))
        self._edits.endMacro()

    def match(self, start: int = 0, *, anew: bool = False) -> None:
        """Give the open rows from a place on the dives that have none, in order of time; see `matched`."""
        self.change(self.matched(start, anew=anew), self.tr("matching dives with the list"))

    def matched(self, start: int = 0, *, anew: bool = False) -> Meet:
        """Return the list with dives for its open rows.

        Args:
            start: place of the first row.
            anew: open them all before.
        """
        meet = freed(self.meet, start) if anew else self.meet
        return matched(meet, self._caught(self._state.dives), start)

    def number_of(self, key: str) -> str | None:
        """The dive number that the list has for a dive; None where it has none."""
        place = self._state.meet.row_of(key)
        number = self._state.meet.rows[place].number if place is not None else None
        return None if number is None else str(number)

    def _caught(self, dives: Iterable[Dive]) -> list[KnownDive]:
        """Dives in the order in which they were done: by the time of the file, its name, and the place in it."""
        there = [dive for dive in dives if dive.state is not DiveState.NEEDS_TRIM and not dive.is_recording]
        return [self._known(dive) for dive in sorted(there, key=_time)]

    def _known(self, dive: Dive) -> KnownDive:
        """A dive with what is known of it from elsewhere than from its row."""
        place = self._state.meet.row_of(dive.key)
        row = self._state.meet.rows[place] if place is not None else ListedDive()
        diver = "" if dive.diver == row.athlete else dive.diver
        number = dive.dive_number or ""
        return KnownDive(dive.key, diver, "" if number == row.dive_number else number)

    def _on_added(self, key: str) -> None:
        if self._state.meet.rows:
            self._added.append(key)
            self._timer.start()

    def _match_added(self) -> None:
        added = [dive for key in self._added if (dive := self._state.find(key)) is not None]
        if any(dive.state is DiveState.OPENING for dive in added):
            self._timer.start()
            return
        self._added.clear()
        meet = matched(self.meet, self._caught(added))
        self.change(meet, self.tr("matching dives with the list"))

    def _with_marks(self, row: ListedDive) -> ListedDive:
        dive = self._state.find(row.dive) if row.dive is not None else None
        return row if dive is None or dive.judging is None else replace(row, awards=dive.judging.awards)

    def _fill(self, dive: Dive, before: ListedDive | None, after: ListedDive | None) -> None:
        """Give a dive what its row says now; None: it had or has none."""
        was, now = before or ListedDive(), after or ListedDive()
        numbers = [str(row.number) if row.number is not None else None for row in (was, now)]
        self._editing.set_details(
            dive.key,
            _taken(dive.dive_number, *numbers),
            _taken(dive.board_m, was.board_m, now.board_m),
            _taken(dive.difficulty, was.difficulty, now.difficulty),
        )
        self._editing.set_diver(dive.key, _taken(dive.diver, was.athlete, now.athlete) or "")
        marks = dive.judging.awards if dive.judging is not None else ()
        asked = before is not None and after is not None
        awards = now.awards if asked else _taken(marks, was.awards, now.awards)
        if awards != marks:
            judging = replace(dive.judging or Judging(awards=awards), awards=awards) if awards else None
            self._editing.set_judging(dive.key, judging)


def _taken(known: Any, was: Any, now: Any) -> Any:
    return now if not known or known == was else known


def _time(dive: Dive) -> tuple[object, ...]:
    try:
        changed_s = int(dive.path.stat().st_mtime)
    except OSError:
        changed_s = 0
    return changed_s, sort_key(dive.path), dive.in_frame or 0
