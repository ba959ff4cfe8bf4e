"""Comparison of the shown dive with another dive, side by side, with aligned times."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from fineparser_core.records import ComparedDive, compared_dive
from fineparser_core.video.alignment import Alignment
from fineparser_gui.services.comparable_dives import ComparableDive, ComparableDives
from fineparser_gui.services.exemplar_library import ExemplarLibrary
from fineparser_gui.services.history import HistoryService
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.session.dive import Dive
from fineparser_gui.worker.kept_results import KeptResults

#: Least speed to one side that tells the way of a dive, in lengths of the body a second.
_LEAST_WAY = 0.2


class ComparisonService(QObject):
    """Service that keeps the dive with which the session's current dive is compared.

    Signals:
        changed: the shown dives or their results changed.
        arrangement_changed: the arrangement of the dives changed.

    Attributes:
        dives: the dives that can be shown.
        beside: the dive beside the current dive; None: nothing is compared.
        other: its steps and masks.
        ghost: whether the outline of the other dive's athlete is shown over this one.
        together: frames of both that coincide by the user's choice; None: the user has shifted none.
    """

    changed = Signal()
    arrangement_changed = Signal()

    def __init__(
        self, state: SessionState, library: ExemplarLibrary, history: HistoryService, kept: KeptResults
    ) -> None:
        super().__init__(state)
        self._state, self._library = state, library
        self.dives = ComparableDives(state, library, history, kept)
        self.beside: ComparableDive | None = None
        self.other: ComparedDive | None = None
        self._alignment = Alignment.CONTACT
        self.together: tuple[int, int] | None = None
        self.ghost = False
        state.current_changed.connect(self.end)
        state.dive_changed.connect(self._on_dive_changed)
        state.dive_removed.connect(self._on_dive_removed)
        library.changed.connect(self._on_library_changed)

    @property
    def sides(self) -> tuple[ComparableDive, ...]:
        """The shown dives, the current dive first."""
        current = self._state.current
        if current is None:
            return ()
        return (self.dives.of_session(current), *filter(None, (self.beside,)))

    @property
    def lead(self) -> ComparedDive | None:
        """The current dive with steps and masks; None while they are not known."""
        current = self._state.current
        analysis = current.analysis if current is not None and not current.refused else None
        if current is None or analysis is None:
            return None
        return compared_dive(analysis.parse, self.dives.of_session(current).title)

    @property
    def alignment(self) -> Alignment:
        """Alignment of their times; by the come-out in place of a contact that is not known of both dives."""
        known = self._alignment is not Alignment.CONTACT or self.contact_known
        return self._alignment if known else Alignment.COME_OUT

    @property
    def contact_known(self) -> bool:
        """True if the contact of both dives is known."""
        return all(one is not None and one.contact_frame is not None for one in (self.lead, self.other))

    @property
    def mirrored(self) -> bool:
        """True if left and right of the other dive are exchanged."""
        return self.other is not None and self.other.mirrored

    def align(self, alignment: Alignment) -> None:
        """Change the alignment."""
        if alignment is not self._alignment:
            self._alignment = alignment
            self.arrangement_changed.emit()

    def mirror(self, on: bool) -> None:
        """Exchange left and right of the other dive, or end that."""
        if self.other is not None:
            self.other = replace(self.other, mirrored=on)
            self.arrangement_changed.emit()

    def show_ghost(self, on: bool) -> None:
        """Show the outline of the other dive's athlete over this one, or hide it."""
        self.ghost = on
        self.arrangement_changed.emit()

    def end(self) -> None:
        """End the comparison."""
        self._set(None, None)

    def show(self, dive: ComparableDive) -> None:
        """Show a dive beside the current dive, unless it cannot be read."""
        other = self.compared(dive) if self._state.current is not None else None
        if other is not None:
            self._set(dive, other)

    def show_exemplar(self, exemplar_id: str) -> None:
        """Show an exemplar beside the current dive."""
        exemplar = self._library.exemplar(exemplar_id)
        if exemplar is not None:
            self.show(self.dives.exemplar(exemplar))

    def candidates(self) -> list[ComparableDive]:
        """Return dives to show beside the current dive."""
        return self.dives.beside(next(iter(self.sides), None))

    def begin(self) -> None:
        """Show the first candidate: the athlete's last dive of the number, or else another dive."""
        if candidates := self.candidates():
            self.show(candidates[0])

    def compared(self, dive: ComparableDive) -> ComparedDive | None:
        """Return a dive with its steps and masks, mirrored as it is or would be shown; None if not analyzed."""
        other = self.dives.read(dive)
        if other is None:
            return None
        opposed = _way(other) * _way(self.lead) < 0  # mirrored, both dive the same way
        return replace(other, mirrored=self.mirrored if dive == self.beside else opposed)

    def last_time(self, dive: Dive) -> ComparedDive | None:
        """Return the athlete's last dive of the number before a dive, to show beside it in a report; None: none."""
        before = self.dives.last_time(dive)
        return self.compared(before) if before is not None else None

    def _set(self, dive: ComparableDive | None, other: ComparedDive | None) -> None:
        if (dive, dive and dive.title) != (self.beside, self.beside and self.beside.title) or not _same(
            other, self.other
        ):
            self.beside, self.other = dive, other
            self.changed.emit()

    def _on_dive_removed(self, key: str) -> None:
        if self.beside is not None and self.beside.key == key:
            self.end()

    def _on_dive_changed(self, key: str) -> None:
        """Follow corrections of the other dive; while it is analyzed again, its last steps stay."""
        if self.beside is None or self.other is None or self.beside.key != key:
            return
        analysis = self._state.dive(key).analysis
        if analysis is not None and analysis.parse.steps != self.other.steps:
            self.show(self.beside)

    def _on_library_changed(self) -> None:
        """Follow changes of the exemplar that is shown: title, masks, or removal."""
        if self.beside is None or self.beside.exemplar_id is None:
            return
        known = {one.id: one for one in self._library.exemplars}
        exemplar = known.get(self.beside.exemplar_id)
        if exemplar is None:
            self.end()
        else:
            self.show(self.dives.exemplar(exemplar))


def _way(dive: ComparedDive | None) -> int:
    """Return 1 for a dive to the right, −1 to the left, 0 where it is not known."""
    motion = dive.motion if dive is not None else None
    if motion is None or abs(motion.velocity[0]) < _LEAST_WAY * motion.body_px:
        return 0
    return 1 if motion.velocity[0] > 0 else -1


def _same(one: ComparedDive | None, other: ComparedDive | None) -> bool:
    if one is None or other is None:
        return one is other
    if replace(one, masks=None) != replace(other, masks=None):
        return False
    if one.masks is None or other.masks is None:
        return one.masks is other.masks
    masks, others = vars(one.masks), vars(other.masks)
    return all(np.array_equal(masks[name], others[name]) for name in masks)
