"""Comparison of dives: those shown together, side by side or overlaid, with aligned times, some mirrored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Signal

from fineparser_core.exemplars.records import Exemplar
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.records import ComparedDive, Measure, compared_dive, step_spans
from fineparser_core.video.alignment import Alignment
from fineparser_gui.compare.comparison import MOST_COMPARED, ComparableDive
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.relocation import is_there
from fineparser_gui.dives.session_state import SessionState
from fineparser_gui.library.service import LibraryService
from fineparser_gui.store.kept_results import KeptResults
from fineparser_gui.store.records import HistoryDive, HistoryQuery
from fineparser_gui.store.service import HistoryService
from fineparser_gui.support.formatting import board_text, day_text, decimal, name_of

_MOST_OF_HISTORY = 50


class _Attempt(NamedTuple):
    """A dive of the same athlete, number and board.

    Attributes:
        when: day, place in the session (-1: in another session), and time of the analysis.
        award: of the judges, or else implied by the score; None without either.
    """

    when: tuple[str, int, str]
    award: float | None
    dive: ComparableDive


class ComparisonService(QObject):
    """Service that keeps the dives of a comparison.

    The first dive leads: the session's current dive or, if no dive is current, any other dive.

    Signals:
        changed: the shown dives or their results changed.
        arrangement_changed: the arrangement of the dives changed.

    Attributes:
        overlaid: the bodies of the others are laid over the first, instead of being shown beside it.
    """

    changed = Signal()
    arrangement_changed = Signal()

    def __init__(
        self, state: SessionState, library: LibraryService, history: HistoryService, kept: KeptResults
    ) -> None:
        super().__init__(state)
        self._state, self._library, self._history, self._kept = state, library, history, kept
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
        lead = self._lead if current is None else self._of_session(current)
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
        return compared_dive(analysis.parse, self._of_session(current).title) if analysis is not None else None

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
            self.show(*(self._exemplar(one) for one in found if one is not None))

    def show_exemplar(self, exemplar_id: str) -> None:
        """Show an exemplar beside the first dive."""
        exemplar = self._library.exemplar(exemplar_id)
        if exemplar is not None and self.sides:
            self.put(1, self._exemplar(exemplar))

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

    def search(self, words: str, *, first: bool = False) -> list[ComparableDive]:
        """Return the dives of session, library and history that hold all words, the nearest first.

        Args:
            first: search for the first place.
        """
        wanted = words.casefold().split()
        listed = self.first_candidates() if first else self.candidates()
        known = [one for one in listed if all(word in one.title.casefold() for word in wanted)]
        past = [self._past(dive) for dive in self._not_open(HistoryQuery(text=words, limit=_MOST_OF_HISTORY))]
        at = next((at for at, one in enumerate(known) if one.exemplar_id is not None), len(known))
        return [*known[:at], *(one for one in past if one not in known), *known[at:]]

    def candidates(self) -> list[ComparableDive]:
        """Return dives to show beside the first.

        The athlete's last and best dive of the number come first, then the athlete's others and those of the session,
        real exemplars, and rendered ones; of exemplars those that voted for the dive, then those of near numbers.
        """
        current, first = self._state.current, self.sides[:1]
        voting = current.votes if current is not None else ()
        votes = {vote.id for vote in voting}
        numbers = {self._number(), *(vote.dive_number for vote in voting)} - {None}

        def order(one: Exemplar) -> tuple:
            near = one.dive_number in numbers
            return one.synthetic, one.id not in votes, not near, "" if near else one.dive_number, -one.score

        exemplars = (self._exemplar(one) for one in sorted(self._library.exemplars, key=order))
        listed = dict.fromkeys((*self.attempts(), *self._dive_candidates(), *exemplars))
        return [one for one in listed if one not in first]

    def attempts(self) -> list[ComparableDive]:
        """Return other dives of the current dive's athlete, number and board: the last, the best, then the latest."""
        current = self._state.current
        if current is None or current.dive_number is None:
            return []
        athlete, number, board_m = current.diver.strip(), current.dive_number, current.known_board_m
        now: tuple[str, int, str] | None = None
        found = []

        def fits(dive: tuple[str, str | None, float | None]) -> bool:
            return dive[:2] == (athlete, number) and (None in (board_m, dive[2]) or dive[2] == board_m)

        for place, dive in enumerate(self._state.dives):
            when = dive.dived_on or "", place, ""
            if dive is current:
                now = when
            elif dive.analysis is not None and fits((dive.diver.strip(), dive.dive_number, dive.known_board_m)):
                found.append(_Attempt(when, _award(dive), self._of_session(dive)))
        query = HistoryQuery(athlete=athlete, dive_number=number, limit=_MOST_OF_HISTORY)
        for past in self._not_open(query) if athlete else ():
            if fits((past.athlete, past.dive_number, past.board_m)) and is_there(past.path):
                when = past.dived_on, -1, past.analysed_at
                found.append(_Attempt(when, past.judged or past.award, self._past(past)))
        if not found:
            return []
        found.sort(key=lambda one: one.when, reverse=True)
        last = next((one for one in found if now is None or one.when < now), found[0])
        best = max(found, key=lambda one: one.award or 0.0)
        named = [replace(last.dive, title=self.tr("Last time: {0}").format(last.dive.title))]
        if best is not last and best.award is not None:
            named.append(replace(best.dive, title=self.tr("Best: {0}").format(best.dive.title)))
        return [*named, *(one.dive for one in found if one.dive not in named)]

    def first_candidates(self) -> list[ComparableDive]:
        """Return dives for the first place: every dive of the session and of the library."""
        library = sorted(self._library.exemplars, key=lambda one: (one.dive_number, one.synthetic, -one.score))
        own = [self._of_session(self._state.current)] if self._state.current is not None else []
        return [*own, *self._dive_candidates(), *map(self._exemplar, library)]

    def _dive_candidates(self) -> list[ComparableDive]:
        """Return the session's analyzed dives except the current dive."""
        current = self._state.current
        others = [dive for dive in self._state.dives if dive.analysis is not None and dive is not current]
        if current is not None:  # other attempts of the same diver at the same dive first
            others.sort(key=lambda dive: (dive.dive_number != current.dive_number, dive.diver != current.diver))
        return [self._of_session(dive) for dive in others]

    def _not_open(self, query: HistoryQuery) -> list[HistoryDive]:
        """Return the analyzed dives of the history that match a query and are not in the session."""
        nothing: list[HistoryDive] = []
        there = {(dive.path, dive.first_frame, dive.last_frame) for dive in self._state.dives if dive.info is not None}
        return [
            dive
            for dive in self._history.read(lambda store: store.search(query), nothing)
            if dive.transitions is not None and (dive.path, dive.first_frame, dive.last_frame) not in there
        ]

    def _number(self) -> str | None:
        """Return the dive number of the first dive, if it is known."""
        if self._state.current is not None:
            return self._state.current.dive_number
        exemplar = self._library.find(self._lead.exemplar_id or "") if self._lead is not None else None
        return exemplar.dive_number if exemplar is not None else None

    def _exemplar(self, exemplar: Exemplar) -> ComparableDive:
        name = " · ".join(filter(None, (exemplar.dive_number, board_text(exemplar.board_m), name_of(exemplar))))
        title = self.tr("{0} · {1} points").format(name, decimal(exemplar.score))
        title = self.tr("{0} (rendered)").format(title) if exemplar.synthetic else title
        return ComparableDive(name=name, title=title, exemplar_id=exemplar.id)

    def _of_session(self, dive: Dive) -> ComparableDive:
        name = " · ".join(filter(None, (dive.diver, dive.dive_number, day_text(dive.dived_on or ""), dive.title)))
        scoring = dive.analysis.scoring if dive.analysis else None
        judged, score = dive.judging.award if dive.judging else None, scoring.score if scoring is not None else None
        return ComparableDive(name=name, title=self._valued(name, judged, score), key=dive.key)

    def _valued(self, name: str, judged: float | None, score: float | None) -> str:
        """Return a dive's name with the judges' mean award, or else its predicted score."""
        if judged is not None:
            return self.tr("{0} · judges {1}").format(name, decimal(judged))
        return name if score is None else self.tr("{0} · scored {1}").format(name, decimal(score))

    def compared(self, dive: ComparableDive) -> ComparedDive | None:
        """Return a dive with its steps and masks, mirrored as it is shown; None if removed or not analyzed."""
        if dive.key is not None:
            analysis = self._state.dive(dive.key).analysis if dive.key in self._state.keys else None
            found = compared_dive(analysis.parse, dive.title) if analysis is not None else None
        elif dive.history_id is not None:
            found = self._of_history(dive.history_id)
        else:
            exemplar = self._library.exemplar(dive.exemplar_id or "")
            found = exemplar.compared(self._library.mask(exemplar.id)) if exemplar is not None else None
        return replace(found, title=dive.title, mirrored=dive in self._mirrored) if found is not None else None

    def _of_history(self, history_id: int) -> ComparedDive | None:
        """Return a dive of the history, with its masks if the results are still kept."""
        dive = self._history.read(lambda store: store.dive(history_id), None)
        if dive is None or dive.transitions is None:
            return None
        if not dive.path.is_file():
            text = self.tr("{0} is not there: open the dive from the history to say where it is.")
            self._state.problem.emit(text.format(dive.path))
            return None
        parse, contact = self._kept.parse(dive.parse_id), dive.moment("contact")
        return ComparedDive(
            path=dive.path,
            title="",
            steps=step_spans(dive.first_frame, *dive.transitions, dive.last_frame + 1),
            masks=parse.masks if parse is not None else None,
            motion=parse.motion if parse is not None else None,
            contact_frame=contact.frame if contact is not None else None,
        )

    def _past(self, dive: HistoryDive) -> ComparableDive:
        name = " · ".join(filter(None, (dive.athlete, dive.dive_number, day_text(dive.dived_on), dive.title)))
        return ComparableDive(name=name, title=self._valued(name, dive.judged, dive.score), history_id=dive.id)

    def open_from_history(self, dives: Sequence[ComparableDive]) -> None:
        """Add dives of the history to the session, where they are analyzed again."""
        ids = [one.history_id for one in dives if one.history_id is not None]
        self._history.open(self._history.read(lambda store: store.dives(ids), []))

    def measures(self, dive: ComparableDive) -> tuple[Measure, ...]:
        """Return the measures of a dive; empty for an exemplar."""
        history_id = dive.history_id
        if history_id is not None:
            past = self._history.read(lambda store: store.dive(history_id), None)
            return past.measures if past is not None else ()
        known = dive.key is not None and dive.key in self._state.keys
        analysis = self._state.dive(dive.key).analysis if known and dive.key is not None else None
        return measures_of(analysis) if analysis is not None else ()

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
        self._replace({one: self._exemplar(known[one.exemplar_id]) for one in self._shown if one.exemplar_id})

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


def _award(dive: Dive) -> float | None:
    """Return the judges' mean award of a dive, or else the award that its score implies."""
    if dive.judging is not None:
        return dive.judging.award
    scored = dive.analysis and (dive.analysis.scoring or dive.analysis.own_award)
    return scored.award if scored else None


def _same(one: ComparedDive | None, other: ComparedDive | None) -> bool:
    if one is None or other is None:
        return one is other
    if replace(one, masks=None) != replace(other, masks=None):
        return False
    if one.masks is None or other.masks is None:
        return one.masks is other.masks
    masks, others = vars(one.masks), vars(other.masks)
    return all(np.array_equal(masks[name], others[name]) for name in masks)
