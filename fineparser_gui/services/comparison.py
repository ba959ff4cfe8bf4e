"""Which two dives are shown side by side, and how their times are aligned."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from fineparser_core.exemplars.records import Exemplar
from fineparser_core.types import ComparedDive
from fineparser_gui.formatting import board_text, decimal, name_of
from fineparser_gui.model.comparison import Alignment, ComparableDive
from fineparser_gui.model.dive import Dive
from fineparser_gui.services.library import LibraryService
from fineparser_gui.services.session_state import SessionState


class ComparisonService(QObject):
    """On the left is the session's current dive or, while it has none, a dive of the library.

    Signals:
        changed: the dive on either side changed.
        alignment_changed: see `Alignment`.

    Attributes:
        left_exemplar: the exemplar on the left; None: the session's current dive is there.
        left_dive: `left_exemplar` with steps and masks.
        candidate: the dive on the right; None: nothing is compared.
        dive: `candidate` with steps and masks.
    """

    changed = Signal()
    alignment_changed = Signal()

    def __init__(self, state: SessionState, library: LibraryService) -> None:
        super().__init__(state)
        self._state, self._library = state, library
        self._alignment = Alignment.STEPS
        self._choosing = False
        self._former: str | None = None  # the current dive before an exemplar was shown on the left
        self.left_exemplar: ComparableDive | None = None
        self.left_dive: ComparedDive | None = None
        self.candidate: ComparableDive | None = None
        self.dive: ComparedDive | None = None
        state.current_changed.connect(self._on_current_changed)
        state.dive_changed.connect(self._on_dive_changed)
        state.dive_removed.connect(self._on_dive_removed)
        library.changed.connect(self._on_library_changed)

    @property
    def alignment(self) -> Alignment:
        return self._alignment

    @property
    def sides(self) -> tuple[ComparableDive | None, ComparableDive | None]:
        """What is on the left, compared or alone, and what is on the right."""
        current = self._state.current
        left = (
            self.left_exemplar if current is None else ComparableDive(title=self._dive_title(current), key=current.key)
        )
        return left, self.candidate

    def align(self, alignment: Alignment) -> None:
        """Change the alignment."""
        if alignment is not self._alignment:
            self._alignment = alignment
            self.alignment_changed.emit()

    def end(self) -> None:
        """Show one dive of the session alone."""
        self._put(self.sides[0], None)

    def show_exemplar(self, exemplar_id: str | None) -> None:
        """Show an exemplar on the right."""
        exemplar = self._library.exemplar(exemplar_id) if exemplar_id else None
        self.show(self._exemplar_candidate(exemplar) if exemplar else None)

    def show_exemplars(self, left_id: str, right_id: str) -> None:
        """Show two exemplars; the session need not hold a dive."""
        left, right = self._library.exemplar(left_id), self._library.exemplar(right_id)
        if left is not None and right is not None:
            self._put(self._exemplar_candidate(left), self._exemplar_candidate(right))

    def show(self, candidate: ComparableDive | None) -> None:
        """Show one of the candidates on the right; None ends the comparison."""
        self._put(self.sides[0], candidate)

    def show_on_left(self, candidate: ComparableDive) -> None:
        """Show a candidate on the left; if it was on the right, the sides are swapped."""
        left, right = self.sides
        self._put(candidate, left if candidate == right else right)

    def candidates(self) -> list[ComparableDive]:
        """For the right: the exemplars of the dive on the left, the session's other dives, the rest of the library."""
        current = self._state.current
        voting = current.votes if current is not None else ()
        votes = {vote.id for vote in voting}
        numbers = {self._number(), *(vote.dive_number for vote in voting)} - {None}

        def order(one: Exemplar) -> tuple:
            near = one.dive_number in numbers
            return one.id not in votes, not near, "" if near else one.dive_number, one.synthetic, -one.score

        exemplars = [self._exemplar_candidate(one) for one in sorted(self._library.exemplars, key=order)]
        n_voting = sum(one.exemplar_id in votes for one in exemplars)
        listed = [*exemplars[:n_voting], *self._dive_candidates(), *exemplars[n_voting:]]
        return [one for one in listed if one != self.left_exemplar]

    def left_candidates(self) -> list[ComparableDive]:
        """For the left: every dive of the session and of the library."""
        current = self._state.current
        own = [] if current is None else [ComparableDive(title=self._dive_title(current), key=current.key)]
        library = sorted(self._library.exemplars, key=lambda one: (one.dive_number, one.synthetic, -one.score))
        return [*own, *self._dive_candidates(), *(self._exemplar_candidate(one) for one in library)]

    def _dive_candidates(self) -> list[ComparableDive]:
        """The session's analysed dives but the current one."""
        current = self._state.current
        others = [dive for dive in self._state.dives if dive.analysis is not None and dive is not current]
        if current is not None:  # other attempts of the same diver at the same dive first
            others.sort(key=lambda dive: (dive.dive_number != current.dive_number, dive.diver != current.diver))
        return [ComparableDive(title=self._dive_title(dive), key=dive.key) for dive in others]

    def _number(self) -> str | None:
        """Dive number of what is on the left, where it is known."""
        if self._state.current is not None:
            return self._state.current.dive_number
        exemplar = (
            self._library.exemplar(self.left_exemplar.exemplar_id or "") if self.left_exemplar is not None else None
        )
        return exemplar.dive_number if exemplar is not None else None

    def _exemplar_candidate(self, exemplar: Exemplar) -> ComparableDive:
        name = " · ".join(filter(None, (exemplar.dive_number, board_text(exemplar.board_m), name_of(exemplar))))
        title = self.tr("{0} · {1} points").format(name, decimal(exemplar.score))
        title = self.tr("{0} (rendered)").format(title) if exemplar.synthetic else title
        return ComparableDive(title=title, exemplar_id=exemplar.id)

    def _dive_title(self, dive: Dive) -> str:
        name = " · ".join(filter(None, (dive.diver, dive.dive_number, dive.title)))
        scoring = dive.analysis.scoring if dive.analysis else None
        return self.tr("{0} · scored {1}").format(name, decimal(scoring.score)) if scoring else name

    def compared(self, candidate: ComparableDive) -> ComparedDive | None:
        """A candidate with its steps and masks; None if it was removed or has no analysis."""
        if candidate.key is not None:
            analysis = self._state.dive(candidate.key).analysis if candidate.key in self._state.keys else None
            if analysis is None:
                return None
            parse = analysis.parse
            return ComparedDive(path=parse.clip.path, title=candidate.title, steps=parse.steps, masks=parse.masks)
        exemplar = self._library.exemplar(candidate.exemplar_id or "")
        if exemplar is None:
            return None
        shown = exemplar.compared(self._library.mask(exemplar.id))
        return replace(shown, title=candidate.title)

    def _put(self, left: ComparableDive | None, right: ComparableDive | None) -> None:
        """Show these two; without one of them, a dive of the session alone."""
        before = self.sides
        dive = self.dive if right == before[1] else self.compared(right) if right is not None else None
        if left is None or dive is None:
            right = dive = None
        lead = left if right is not None and left is not None and left.exemplar_id is not None else None
        left_dive = self.left_dive if lead == self.left_exemplar else self.compared(lead) if lead is not None else None
        if lead is not None and left_dive is None:  # it was removed, which the library has reported
            return
        key = left.key if left is not None else None
        if lead is not None and self._state.current is not None:
            self._former = self._state.current.key
        elif lead is None and self.left_exemplar is not None and key is None:
            keys = self._state.keys
            key = self._former if self._former in keys else next(iter(keys), None)
        self.left_exemplar, self.left_dive, self.candidate, self.dive = lead, left_dive, right, dive
        if lead is not None or key is not None:
            self._choosing = True
            self._state.select(key)
            self._choosing = False
        if self.sides != before:
            self.changed.emit()

    def _on_current_changed(self) -> None:
        if not self._choosing:
            self.left_exemplar = self.left_dive = None  # a dive of the session takes its place
            self.end()

    def _on_dive_changed(self, key: str) -> None:
        """Follow corrections of the dive on the right; while it is analysed anew, its last steps stay."""
        if self.candidate is None or self.candidate.key != key or self.dive is None:
            return
        analysis = self._state.dive(key).analysis
        if analysis is not None and analysis.parse.steps != self.dive.steps:
            self.dive = self.compared(self.candidate)
            self.changed.emit()

    def _on_library_changed(self) -> None:
        """Follow changes of the exemplars shown: title, masks, or removal."""
        known = {one.id: one for one in self._library.exemplars}
        shown = [
            side for side in (self.left_exemplar, self.candidate) if side is not None and side.exemplar_id is not None
        ]
        if any(side.exemplar_id not in known for side in shown):
            self.end()
            return
        before = self.left_dive, self.dive
        for side in shown:
            candidate = self._exemplar_candidate(known[side.exemplar_id or ""])
            if side is self.left_exemplar:
                self.left_exemplar, self.left_dive = candidate, self.compared(candidate)
            else:
                self.candidate, self.dive = candidate, self.compared(candidate)
        if not all(map(_same, before, (self.left_dive, self.dive))):
            self.changed.emit()

    def _on_dive_removed(self, key: str) -> None:
        if self.candidate is not None and self.candidate.key == key:
            self.end()


def _same(one: ComparedDive | None, other: ComparedDive | None) -> bool:
    if one is None or other is None:
        return one is other
    if replace(one, masks=None) != replace(other, masks=None):
        return False
    if one.masks is None or other.masks is None:
        return one.masks is other.masks
    masks, others = vars(one.masks), vars(other.masks)
    return all(np.array_equal(masks[name], others[name]) for name in masks)
