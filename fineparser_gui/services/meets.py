"""The dive list of the session: its changes, and its matching with dives."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer

from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.judging import Judging
from fineparser_core.diving.meet import ListedDive, Meet, assigned, counted, disagreement, freed, matched, next_open
from fineparser_core.language import Phrase
from fineparser_core.video.files import sort_key
from fineparser_gui.services.editing import EditingService
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.undo import Edit, EditStack, Subject
from fineparser_gui.session.dive import Dive, DiveState

_SETTLE_MS = 200


class MeetService(QObject):
    """Service that keeps the dive list of a meet and assigns its rows to dives.

    Dives that a camera has caught while there is a list take open rows by themselves, until the last row is done, once
    athlete and number are known and agree; of the others it is asked, see `proposed`. The list holds the announced
    values. A dive takes a value of its row if its own is blank or equals the row's former value; the dive's value then
    counts, see `counted`.
    """

    def __init__(self, state: SessionState, edits: EditStack, editing: EditingService) -> None:
        super().__init__(state)
        self._state, self._edits, self._editing = state, edits, editing
        self._added: list[str] = []
        self._timer = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._timer.timeout.connect(self._match_added)
        edits.handlers[Subject.MEET] = lambda edit: state.set_meet(edit.after)
        state.dive_added.connect(self._on_added)
        state.dive_changed.connect(lambda key: self._timer.start() if key in self._added else None)

    @property
    def counted(self) -> Meet:
        """The list as it counts: rows that refer to a dive of the session have the dive's values."""
        meet = self._state.meet
        return replace(meet, rows=tuple(map(self._counted, meet.rows)))

    def disagreement(self, row: ListedDive) -> Phrase | None:
        """Return the announced values of a row that its dive contradicts, or None."""
        dive = self._dive_of(row)
        return None if dive is None else disagreement(row, dive)

    def change(self, meet: Meet, text: str, *, place: int = 0, typed: Collection[str] = ()) -> None:
        """Replace the list, as a single edit with the values that the dives take from it.

        Args:
            text: name of the edit in the undo menu.
            place: place of the row that the coach has typed into.
            typed: fields that were typed; the row's dive takes them, whatever its values.
        """
        before = self._state.meet
        if meet == before and not typed:
            return
        with self._edits.macro(text):
            was = {row.dive: row for row in before.rows if row.dive is not None}
            now = {row.dive: row for row in meet.rows if row.dive is not None}
            for key in dict.fromkeys((*was, *now)):
                dive = self._state.find(key)
                if dive is not None and was.get(key) != now.get(key):
                    self._fill(dive, was.get(key), now.get(key))
            if typed and (dive := self._dive_of(meet.rows[place])) is not None:
                self._tell(dive, meet.rows[place], typed)
            if meet != before:  # last, as listeners need the final dives
                self._edits.do(Edit(subject=Subject.MEET, before=before, after=meet, text=text))

    def match(self, start: int = 0, *, anew: bool = False) -> None:
        """Assign the dives without a row to the open rows from a place on, in order of time; see `matched`."""
        self.change(self.matched(start, anew=anew), self.tr("matching dives with the list"))

    def matched(self, start: int = 0, *, anew: bool = False) -> Meet:
        """Return the list with dives for its open rows.

        Args:
            start: place of the first row.
            anew: open all of the rows before.
        """
        meet = freed(self._state.meet, start) if anew else self._state.meet
        return matched(meet, self.caught(self._state.dives), start, passed_too=True)

    def proposed(self, key: str) -> ListedDive | None:
        """Return the row that a caught dive without one takes if the coach says so, or None."""
        place = self._proposed_place(key)
        return None if place is None else self._state.meet.rows[place]

    def accept(self, key: str) -> None:
        """Give a caught dive the row that is proposed."""
        place = self._proposed_place(key)
        if place is not None:
            self.change(assigned(self._state.meet, place, key), self.tr("matching dives with the list"))

    def number_of(self, key: str) -> str | None:
        """Return the dive number that the list has for a dive, or None."""
        place = self._state.meet.row_of(key)
        number = self._state.meet.rows[place].number if place is not None else None
        return None if number is None else str(number)

    def caught(self, dives: Iterable[Dive]) -> dict[str, DiveDetails]:
        """Return the details of dives by their keys, in the order in which they were done.

        That is by the time of the file, its name, and the place in it.
        """
        there = [dive for dive in dives if dive.state is not DiveState.NEEDS_TRIM and not dive.is_recording]
        return {dive.key: self._own_details(dive) for dive in sorted(there, key=_time)}

    def _own_details(self, dive: Dive) -> DiveDetails:
        """Return athlete and number of a dive, where they do not come from its row."""
        place = self._state.meet.row_of(dive.key)
        row = self._state.meet.rows[place] if place is not None else ListedDive()
        number = None if dive.dive_number and dive.dive_number == row.dive_number else dive.known_number
        return DiveDetails(athlete="" if dive.athlete == row.athlete else dive.athlete, dive_number=number)

    def _on_added(self, key: str) -> None:
        if self._state.meet.rows and not self._state.meet.finished and self._state.dive(key).caught:
            self._added.append(key)
            self._timer.start()

    def _match_added(self) -> None:
        added = [dive for key in self._added if (dive := self._state.find(key)) is not None]
        if any(dive.state is DiveState.OPENING for dive in added):
            self._timer.start()
            return
        meet = matched(self._state.meet, self.caught(added), surely=True)
        self._added = [dive.key for dive in added if meet.row_of(dive.key) is None]
        self.change(meet, self.tr("matching dives with the list"))

    def _proposed_place(self, key: str) -> int | None:
        meet, dive = self._state.meet, self._state.find(key)
        if dive is None or not dive.caught or key in meet.left_out or meet.row_of(key) is not None:
            return None
        return next_open(meet, self._own_details(dive))

    def _dive_of(self, row: ListedDive) -> Dive | None:
        return self._state.find(row.dive) if row.dive is not None else None

    def _counted(self, row: ListedDive) -> ListedDive:
        dive = self._dive_of(row)
        return row if dive is None else counted(row, dive)

    def _fill(self, dive: Dive, before: ListedDive | None, after: ListedDive | None) -> None:
        """Set the changed values of a row in its dive; None: it had or has no row."""
        was, now = before or ListedDive(), after or ListedDive()
        number = _taken(dive.dive_number, _number(was), _number(now))
        difficulty = dive.difficulty
        if number != dive.dive_number:
            difficulty = now.difficulty
        elif number == _number(now):
            difficulty = _taken(difficulty, was.difficulty, now.difficulty)
        self._editing.set_details(dive.key, number, _taken(dive.board_m, was.board_m, now.board_m), difficulty)
        self._editing.set_athlete(dive.key, _taken(dive.athlete, was.athlete, now.athlete) or "")
        marks = dive.judging.awards if dive.judging is not None else ()
        self._set_awards(dive, _taken(marks, was.awards, now.awards))
        self._editing.set_outcome(dive.key, _taken(dive.outcome, was.outcome, now.outcome))

    def _tell(self, dive: Dive, row: ListedDive, fields: Collection[str]) -> None:
        """Set the values of some fields of a row in its dive."""
        self._editing.set_details(
            dive.key,
            _number(row) if "dive_number" in fields else dive.dive_number,
            row.board_m if "board_m" in fields else dive.board_m,
            row.difficulty if "difficulty" in fields else dive.difficulty,
        )
        if "awards" in fields:
            self._set_awards(dive, row.awards)
        if "outcome" in fields:
            self._editing.set_outcome(dive.key, row.outcome)

    def _set_awards(self, dive: Dive, awards: tuple[float, ...]) -> None:
        if awards != (dive.judging.awards if dive.judging is not None else ()):
            judging = replace(dive.judging or Judging(awards=awards), awards=awards) if awards else None
            self._editing.set_judging(dive.key, judging)


def _number(row: ListedDive) -> str | None:
    return str(row.number) if row.number is not None else None


def _taken(known: Any, was: Any, now: Any) -> Any:
    """Return a dive's value after its row's value has changed: the new value unless the dive had another."""
    return now if was != now and (not known or known == was) else known


def _time(dive: Dive) -> tuple[object, ...]:
    try:
        changed_s = int(dive.path.stat().st_mtime)
    except OSError:
        changed_s = 0
    return changed_s, sort_key(dive.path), dive.first_frame
