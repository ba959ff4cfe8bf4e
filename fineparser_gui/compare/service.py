"""Comparison of dives: those shown together, side by side or overlaid, with aligned times, some mirrored."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from fineparser_core.records import ComparedDive, compared_dive
from fineparser_core.video.alignment import Alignment
from fineparser_gui.compare.comparable_dives import ComparableDives
from fineparser_gui.compare.comparison import MOST_COMPARED, ComparableDive
from fineparser_gui.dives.session_state import SessionState
from fineparser_gui.library.service import LibraryService
from fineparser_gui.store.kept_results import KeptResults
from fineparser_gui.store.service import HistoryService


class ComparisonService(QObject):
    """Service that keeps the dives of a comparison.

    The first dive leads: the session's current dive or, if no dive is current, any other dive.

    Signals:
        changed: the shown dives or their results changed.
        arrangement_changed: the arrangement of the dives changed.

    Attributes:
        dives: the dives that can be shown.
        overlaid: the bodies of the others are laid over the first, instead of being shown beside it.
    """

    changed = Signal()
    arrangement_changed = Signal()

    def __init__(
        self, state: SessionState, library: LibraryService, history: HistoryService, kept: KeptResults
    ) -> None:
        super().__init__(state)
        self._state, self._library = state, library
        self.dives = ComparableDives(state, library, history, kept)
        self._choosing = False
        self._former: str | None = None  # the current dive before another was shown in its place
        self._lead: ComparableDive | None = None  # that is not the session's current dive
        self._shown: dict[ComparableDive, ComparedDive] = {}  # all that are shown but the session's current dive
        self._mirrored: set[ComparableDive] = set()
        self._alignment, self.overlaid = Alignment.CONTACT, False
        state.current_changed.connect(self._on_current_changed)
        state.dive_changed.connect(self._on_dive_changed)
        state.dive_removed.connect(lambda key: self._drop({one for one in self._shown if one.key == key}))
        library.changed.connect(self._on_library_changed)

    @property
    def sides(self) -> tuple[ComparableDive, ...]:
        """The shown dives, the leading dive first; a single dive is not compared."""
        current = self._state.current
        lead = self._lead if current is None else self.dives.of_session(current)
        return () if lead is None else (lead, *(one for one in self._shown if one != self._lead))

    @property
    def others(self) -> tuple[ComparedDive, ...]:
        """The dives that are shown beside the first dive; empty while nothing is compared."""
        return tuple(self._shown[one] for one in self.sides[1:])

    @property
    def lead(self) -> ComparedDive | None:
        """The first dive with steps and masks; None while they are not known."""
        current = self._state.current
        if current is None:
            return self._shown[self._lead] if self._lead is not None else None
        analysis = current.analysis if not current.refused else None
        return compared_dive(analysis.parse, self.dives.of_session(current).title) if analysis is not None else None

    @property
    def led(self) -> bool:
        """True if the first dive is not the session's current dive."""
        return self._lead is not None

    @property
    def alignment(self) -> Alignment:
        """Alignment of their times; by the come-out in place of a contact that is not known of every dive."""
        known = self._alignment is not Alignment.CONTACT or self.contact_known
        return self._alignment if known else Alignment.COME_OUT

    @property
    def contact_known(self) -> bool:
        """True if the contact of every shown dive is known."""
        lead = self.lead
        return lead is not None and all(one.contact_frame is not None for one in (lead, *self.others))

    def align(self, alignment: Alignment) -> None:
        """Change the alignment."""
        if alignment is not self._alignment:
            self._alignment = alignment
            self.arrangement_changed.emit()

    def overlay(self, on: bool) -> None:
        """Lay the other bodies over the first body, or show the dives side by side."""
        if on != self.overlaid:
            self.overlaid = on
            self.arrangement_changed.emit()

    def mirrored(self, place: int) -> bool:
        """Return True if the dive at a place is shown mirrored; the first dive never is."""
        return 0 < place < len(self.sides) and self.sides[place] in self._mirrored

    def mirror(self, place: int, on: bool) -> None:
        """Exchange left and right of the dive at a place, from 1 on."""
        one = self.sides[place]
        (self._mirrored.add if on else self._mirrored.discard)(one)
        self._shown[one] = replace(self._shown[one], mirrored=on)
        self.arrangement_changed.emit()

    def end(self) -> None:
        """End the comparison and show a dive of the session alone."""
        self.show(*self.sides[:1])

    def show_exemplars(self, *exemplar_ids: str) -> None:
        """Show exemplars; the session need not hold a dive."""
        found = [self._library.exemplar(one) for one in exemplar_ids]
        if all(found):
            self.show(*(self.dives.exemplar(one) for one in found if one is not None))

    def show_exemplar(self, exemplar_id: str) -> None:
        """Show an exemplar beside the first dive."""
        exemplar = self._library.exemplar(exemplar_id)
        if exemplar is not None and self.sides:
            self.put(1, self.dives.exemplar(exemplar))

    def candidates(self) -> list[ComparableDive]:
        """Return dives to show beside the first."""
        return self.dives.beside(next(iter(self.sides), None))

    def add(self) -> None:
        """Show another dive, the first candidate that is not shown: at first the athlete's last dive of the number."""
        following = next((one for one in self.candidates() if one not in self.sides), None)
        if following is not None and self.sides:
            self.put(len(self.sides), following)

    def put(self, place: int, dive: ComparableDive | None) -> None:
        """Show a dive at a place, or remove the place's dive (None); a dive shown elsewhere changes places."""
        sides = list(self.sides)
        if dive in sides and dive is not None and place < len(sides):
            sides[sides.index(dive)] = sides[place]
        sides[place : place + 1] = [] if dive is None else [dive]
        self.show(*sides)

    def show(self, *dives: ComparableDive) -> None:
        """Show up to four dives, the leading dive first; with fewer than two, a dive of the session alone."""
        before = self.sides
        first, *rest = tuple(dict.fromkeys(dives))[:MOST_COMPARED] or (None,)
        # While a dive is analyzed again, its last steps stay.
        found = {one: self._shown.get(one) or self.compared(one) for one in rest}
        shown = {one: dive for one, dive in found.items() if dive is not None}
        key, lead = (first.key if first is not None else None), None
        if first is not None and key is None and shown:
            led = self._shown.get(first) or self.compared(first)
            if led is None:  # it was removed, which the library has reported
                return
            lead, shown = first, {first: led, **shown}
            self._former = self._state.current.key if self._state.current is not None else self._former
        elif key is None and self.led:
            keys = self._state.keys
            key = self._former if self._former in keys else next(iter(keys), None)
        self._lead, self._shown = lead, shown
        if lead is not None or key is not None:
            self._choosing = True
            self._state.select(key)
            self._choosing = False
        if self.sides != before:
            self.changed.emit()

    def compared(self, dive: ComparableDive) -> ComparedDive | None:
        """Return a dive with its steps and masks, mirrored as it is shown; None if removed or not analyzed."""
        found = self.dives.read(dive)
        return replace(found, mirrored=dive in self._mirrored) if found is not None else None

    def _on_current_changed(self) -> None:
        if not self._choosing and self._shown:  # a dive of the session takes the first place
            self._lead, self._shown = None, {}
            self.changed.emit()

    def _drop(self, gone: set[ComparableDive]) -> None:
        """Stop showing dives that no longer exist."""
        if self._lead in gone:
            self.end()
        elif gone & set(self._shown):
            self.show(*(one for one in self.sides if one not in gone))

    def _on_dive_changed(self, key: str) -> None:
        """Follow corrections of a dive; while it is analyzed again, its last steps stay."""
        one = next((one for one in self._shown if one.key == key), None)
        analysis = self._state.dive(key).analysis if one is not None else None
        if one is not None and analysis is not None and analysis.parse.steps != self._shown[one].steps:
            self._replace({one: one})

    def _on_library_changed(self) -> None:
        """Follow changes of the exemplars shown: title, masks, or removal."""
        known = {one.id: one for one in self._library.exemplars}
        shown = {one for one in self._shown if one.exemplar_id is not None}
        self._drop({one for one in shown if one.exemplar_id not in known})
        self._replace({one: self.dives.exemplar(known[one.exemplar_id]) for one in self._shown if one.exemplar_id})

    def _replace(self, renamed: dict[ComparableDive, ComparableDive]) -> None:
        """Replace shown dives by their present state; their titles may have changed."""
        found = {
            renamed.get(one, one): self.compared(renamed[one]) if one in renamed else dive
            for one, dive in self._shown.items()
        }
        if all(map(_same, found.values(), self._shown.values())):
            return
        self._lead = renamed.get(self._lead, self._lead) if self._lead is not None else None
        self._shown = {one: dive for one, dive in found.items() if dive is not None}
        self.changed.emit()


def _same(one: ComparedDive | None, other: ComparedDive | None) -> bool:
    if one is None or other is None:
        return one is other
    if replace(one, masks=None) != replace(other, masks=None):
        return False
    if one.masks is None or other.masks is None:
        return one.masks is other.masks
    masks, others = vars(one.masks), vars(other.masks)
    return all(np.array_equal(masks[name], others[name]) for name in masks)
