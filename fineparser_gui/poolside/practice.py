"""The dives that a camera has caught: put into the session as they come, taken back, marked and counted."""

import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from PySide6.QtCore import QFile, QObject, Signal

from fineparser_core.diving.judging import DiveOutcome
from fineparser_core.diving.meet import next_open, taken_off
from fineparser_core.live.caught import CaughtClip
from fineparser_gui.services.session import Session
from fineparser_gui.session.correction import Correction
from fineparser_gui.session.dive import Dive
from fineparser_gui.support.background import Soon
from fineparser_gui.support.formatting import number_text

_SETTLE_MS = 150


class Practice(QObject):
    """Dives caught since the window was opened, the oldest first, without dives that were taken back.

    Signals:
        changed: a dive came, went, or was changed, or another athlete is next; once for many.

    Attributes:
        board_m: board of the dives of athletes who are in no list; None: the board that the video shows.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.board_m: float | None = None
        self._caught: list[CaughtClip] = []
        self._order: list[str] = []
        self._next = ""
        self._named: dict[Path, str] = {}  # names that dives got as they came
        self._unwanted: list[Path] = []  # clips of dives that the coach has taken back
        signals = session.dive_added, session.dive_changed, session.dive_removed, session.meet_changed
        self._settling = Soon(self, _SETTLE_MS, self.changed.emit, *signals)

    def close(self) -> None:
        """Stop following the session."""
        self._settling.end()
        self.discard()

    def discard(self) -> None:
        """Put the clips of dives that were taken back as no dives into the bin of the system."""
        there = {dive.path for dive in self._session.dives}
        for clip in self._unwanted:
            if clip not in there:
                QFile.moveToTrash(str(clip))
        self._unwanted.clear()

    @property
    def dives(self) -> list[tuple[CaughtClip, Dive]]:
        """The caught clips whose dives are in the session, with these dives."""
        by_path = {dive.path: dive for dive in self._session.dives}
        return [(one, by_path[one.clip]) for one in self._caught if one.clip in by_path]

    @property
    def listed(self) -> bool:
        """True if a list of dives says who dives when, which it does until its last row is done."""
        return bool(self._session.meet.rows) and not self._session.meet.finished

    @property
    def athletes(self) -> dict[str, str]:
        """The athletes in the order in which they dive, each with the next dive in the list, or ""."""
        rows = self._session.meet.rows if self.listed else ()
        names = dict.fromkeys((row.athlete for row in rows if row.athlete) if rows else self._order, "")
        for row in reversed(rows):
            if row.athlete and row.dive is None:
                names[row.athlete] = number_text(row.dive_number, row.board_m)
        return names

    @property
    def next_athlete(self) -> str:
        """Name of the athlete whose dive comes next, or ""."""
        place = next_open(self._session.meet)
        return self._next or ("" if place is None else self._session.meet.rows[place].athlete)

    def choose(self, athlete: str) -> None:
        """Let an athlete dive next; the chosen one again: leave that to the list, or to nobody."""
        self._next = "" if athlete == self._next else athlete
        self.changed.emit()

    def enroll(self, athlete: str) -> None:
        """Add an athlete to the end of the order."""
        if athlete and athlete not in self._order:
            self._order.append(athlete)
            self.changed.emit()

    def strike(self, athlete: str) -> None:
        """Take an athlete out of the order."""
        self._order.remove(athlete)
        self._next = "" if athlete == self._next else self._next
        self.changed.emit()

    def add(self, caught: CaughtClip) -> None:
        """Put a dive into the session, which analyzes it after the dive that the coach looks at."""
        before = next((pair for pair in self.dives if pair[0].clip == caught.instead_of), None)
        if before is not None and not self._touched(before[1]):
            self.take_back([before[1].key])
        self._caught.append(caught)
        self._named[caught.clip] = name = self._next
        listed = self.listed
        if name:  # a list goes on by itself
            order = [] if listed else self._order
            self._next = order[(order.index(name) + 1) % len(order)] if name in order else ""
        known = {} if listed else {"board_m": self.board_m}
        day = date.fromtimestamp(caught.at_s + (caught.leaves_s or 0.0)).isoformat()
        add = self._session.importer.add
        add([caught.clip], show=False, recorded_on=day, caught=True, athlete=name, **known)

    def take_back(self, keys: Sequence[str], *, unwanted: bool = False) -> None:
        """Take dives out of the session, and open their rows of the dive list; undo brings them back.

        Args:
            unwanted: their clips are no dives, and go to the bin of the system with the end of the program.
        """
        if unwanted:
            self._unwanted += [self._session.dive(key).path for key in keys]
        edits = self._session.editing.edits
        last = self.dives[-1] if self.dives else None
        if last is not None and last[1].key in keys and self._named[last[0].clip] in self.athletes:
            self._next = self._named[last[0].clip]
        with edits.macro(self.tr("taking back a dive")):
            for key in keys:
                self._open_row(key)
            self._session.editing.remove(keys)

    def balk(self, key: str) -> None:
        """Mark a dive as a balk (begun twice), or remove the mark."""
        self._toggle(key, "balk")

    def repeat(self, key: str) -> None:
        """Mark a dive as a repeat of the dive before it, whose athlete and number it takes; it belongs to no row."""
        edits = self._session.editing.edits
        with edits.macro(self.tr("marking a repeat")):
            if self._toggle(key, "repeat"):
                self._open_row(key)
                keys = [dive.key for _, dive in self.dives]
                if key in keys[1:]:
                    before = self._session.dive(keys[keys.index(key) - 1])
                    self._session.editing.set_athlete(key, before.athlete)
                    self._session.editing.set_details(key, *before.details)

    def say(self, key: str, word: str) -> None:
        """Add a word of the coach to the note on a dive."""
        note = self._session.dive(key).note
        self._session.editing.set_note(key, "\n".join(filter(None, (note, word.strip()))))

    def _open_row(self, key: str) -> None:
        meet = self._session.meet
        place = meet.row_of(key)
        if place is not None:
            self._session.meets.change(taken_off(meet, place), self.tr("taking back a dive"))

    def _toggle(self, key: str, outcome: DiveOutcome) -> bool:
        """Set an outcome, or take it away; return True if the dive has it now."""
        on = self._session.dive(key).outcome != outcome
        self._session.editing.set_outcome(key, outcome if on else "")
        return on

    def _touched(self, dive: Dive) -> bool:
        """Return True if the coach has worked on a dive; details from its row of the list do not count."""
        listed = self._session.meet.row_of(dive.key) is not None
        named = not listed and (bool(dive.dive_number) or dive.athlete != self._named.get(dive.path, ""))
        trimmed = dive.in_frame is not None or dive.out_frame is not None
        corrected = dive.correction != Correction() or dive.point is not None
        told = dive.outcome or dive.note or dive.drawings or dive.judging
        return bool(named or trimmed or corrected or told)


def clock_text(at_s: float) -> str:
    """Return the time of the day as text."""
    return time.strftime("%H:%M:%S", time.localtime(at_s))
