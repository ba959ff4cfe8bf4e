"""Dives that can be compared: listed, named, and read from session, library and history."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject

from fineparser_core.diving.difficulty import known_difficulty
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.records import ComparedDive, Measure, compared_dive, step_spans
from fineparser_gui.services.exemplar_library import ExemplarLibrary
from fineparser_gui.services.history import HistoryService
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.session.dive import Dive
from fineparser_gui.session.video_files import is_there
from fineparser_gui.store.records import HistoryDive, HistoryQuery
from fineparser_gui.support.formatting import board_text, day_text, decimal, name_of
from fineparser_gui.worker.kept_results import KeptResults

_MOST_OF_HISTORY = 50
#: Maximum number of dives that are seen at a glance, and of the athlete's own among them.
_MOST_AT_A_GLANCE, _MOST_OWN = 10, 4


@dataclass(frozen=True, kw_only=True)
class ComparableDive:
    """A dive that can be shown beside another. Exactly one of the ids is given; only the ids are compared.

    Attributes:
        name: who, what and when; the title adds the points.
        award: the judges' mean award, or else the award that its score implies; None: not known.
        rendered: drawn by the program.
    """

    name: str = field(compare=False)
    title: str = field(compare=False)
    award: float | None = field(default=None, compare=False)
    rendered: bool = field(default=False, compare=False)
    exemplar_id: str | None = None
    key: str | None = None
    history_id: int | None = None


#: Day, place in the session (-1: in another one) and time of the analysis of a dive; its award; the dive.
_Attempt = tuple[tuple[str, int, str], float | None, ComparableDive]


class ComparableDives(QObject):
    """Dives of session, library and history, as what they are compared by."""

    def __init__(
        self, state: SessionState, library: ExemplarLibrary, history: HistoryService, kept: KeptResults
    ) -> None:
        super().__init__(state)
        self._state, self._library, self._history, self._kept = state, library, history, kept

    def search(self, words: str, listed: Sequence[ComparableDive]) -> list[ComparableDive]:
        """Return the listed dives of session and library, and those of the history, that hold all words."""
        wanted = words.casefold().split()
        known = [one for one in listed if all(word in one.title.casefold() for word in wanted)]
        past = [self._past(dive) for dive in self._not_open(HistoryQuery(text=words, limit=_MOST_OF_HISTORY))]
        at = next((at for at, one in enumerate(known) if one.exemplar_id is not None), len(known))
        return [*known[:at], *(one for one in past if one not in known), *known[at:]]

    def beside(self, first: ComparableDive | None) -> list[ComparableDive]:
        """Return dives to show beside the first.

        The athlete's last and best dive of the number come first, then the athlete's others and those of the session,
        real exemplars, and rendered ones; of exemplars those that voted for the dive, then those of near numbers.
        """
        listed = dict.fromkeys((*self.attempts(), *self._dive_candidates(), *self._exemplars()))
        return [one for one in listed if one != first]

    def _exemplars(self) -> list[ComparableDive]:
        """Return all exemplars: real ones first, then those that voted for the current dive, then near numbers."""
        current = self._state.current
        voting = current.votes if current is not None else ()
        votes = {vote.id for vote in voting}
        numbers = {current and current.known_number, *(vote.dive_number for vote in voting)} - {None}

        def order(one: Exemplar) -> tuple:
            near = one.dive_number in numbers
            return one.synthetic, one.id not in votes, not near, "" if near else one.dive_number, -one.score

        return [self.exemplar(one) for one in sorted(self._library.exemplars, key=order)]

    def glance(self) -> list[ComparableDive]:
        """Return dives to see at a glance: the athlete's own, then the exemplars that voted, real before rendered.

        Where none has voted, the first of all dives to show beside the current dive follow.
        """
        current = self._state.current
        left_out = current.correction.left_out if current is not None else frozenset()
        votes = {vote.id for vote in current.votes if vote.id not in left_out} if current is not None else set()
        own = self.attempts()[:_MOST_OWN] if current is not None and current.athlete.strip() else []
        voting = map(self.exemplar, filter(None, map(self._library.find, votes)))
        voted = sorted(voting, key=lambda one: (one.rendered, -(one.award or 0.0), one.name))
        return list(dict.fromkeys((*own, *(voted or self.beside(None)))))[:_MOST_AT_A_GLANCE]

    def attempts(self, of: Dive | None = None) -> list[ComparableDive]:
        """Return other dives of a dive's athlete, number and board: the last, the best, then the latest.

        Args:
            of: None: the current dive.
        """
        found, n_later = self._attempts(of or self._state.current)
        if not found:
            return []
        last = next((dive for _, _, dive in found[n_later:]), None)
        _, award, best = max(found, key=lambda one: one[1] or 0.0)
        named = [replace(last, title=self.tr("Last time: {0}").format(last.title))] if last is not None else []
        if best is not last and award is not None:
            named.append(replace(best, title=self.tr("Best: {0}").format(best.title)))
        return [*named, *(dive for _, _, dive in found if dive not in named)]

    def last_time(self, dive: Dive) -> ComparableDive | None:
        """Return the last attempt of a dive's athlete before it; None: there is none, or the athlete has no name."""
        found, n_later = self._attempts(dive) if dive.athlete.strip() else ([], 0)
        return found[n_later][2] if n_later < len(found) else None

    def _attempts(self, current: Dive | None) -> tuple[list[_Attempt], int]:
        """Return other dives of a dive's athlete, number and board, the latest first, and how many are not before it.

        Of a dive that is not in the session, all are later.
        """
        if current is None or current.known_number is None:
            return [], 0
        athlete, number, board_m = current.athlete.strip(), current.known_number, current.known_board_m
        found: list[_Attempt] = []
        now: tuple[str, int, str] | None = None

        def fits(dive: tuple[str, str | None, float | None]) -> bool:
            return dive[:2] == (athlete, number) and (None in (board_m, dive[2]) or dive[2] == board_m)

        for place, dive in enumerate(self._state.dives):
            when = dive.day or "", place, ""
            if dive.key == current.key:
                now = when
            elif dive.analysis is not None and fits((dive.athlete.strip(), dive.known_number, dive.known_board_m)):
                found.append((when, _award(dive), self.of_session(dive)))
        query = HistoryQuery(exact={"athlete": athlete, "dive_number": number}, limit=_MOST_OF_HISTORY)
        for past in self._not_open(query) if athlete else ():
            if fits((past.athlete, past.dive_number, past.board_m)) and is_there(past.path):
                when = past.day or "", -1, past.analysed_at
                found.append((when, past.judged or past.award, self._past(past)))
        found.sort(key=lambda one: one[0], reverse=True)
        return found, sum(now is None or one[0] >= now for one in found)

    def _dive_candidates(self) -> list[ComparableDive]:
        """Return the session's analyzed dives except the current dive."""
        current = self._state.current
        others = [dive for dive in self._state.dives if dive.analysis is not None and dive is not current]
        if current is not None:  # other attempts of the same diver at the same dive first
            others.sort(key=lambda dive: (dive.known_number != current.known_number, dive.athlete != current.athlete))
        return [self.of_session(dive) for dive in others]

    def _not_open(self, query: HistoryQuery) -> list[HistoryDive]:
        """Return the analyzed dives of the history that match a query and are not in the session."""
        nothing: list[HistoryDive] = []
        there = {(dive.path, dive.first_frame, dive.last_frame) for dive in self._state.dives if dive.info is not None}
        return [
            dive
            for dive in self._history.read(lambda store: store.search(query), nothing)
            if dive.transitions is not None and (dive.path, dive.first_frame, dive.last_frame) not in there
        ]

    def exemplar(self, exemplar: Exemplar) -> ComparableDive:
        name = " · ".join(filter(None, (exemplar.dive_number, board_text(exemplar.board_m), name_of(exemplar))))
        title = self.tr("{0} · {1} points").format(name, decimal(exemplar.score))
        title = self.tr("{0} (drawn by the program)").format(title) if exemplar.synthetic else title
        difficulty = known_difficulty(exemplar.dive_number, exemplar.board_m)
        return ComparableDive(
            name=name,
            title=title,
            award=exemplar.score / (3 * difficulty) if difficulty else None,
            rendered=exemplar.synthetic,
            exemplar_id=exemplar.id,
        )

    def of_session(self, dive: Dive) -> ComparableDive:
        name = " · ".join(filter(None, (dive.athlete, dive.known_number, day_text(dive.day), dive.title)))
        scoring = dive.analysis.scoring if dive.analysis else None
        judged, score = dive.judging.award if dive.judging else None, scoring.score if scoring is not None else None
        return ComparableDive(name=name, title=self._valued(name, judged, score), award=_award(dive), key=dive.key)

    def _valued(self, name: str, judged: float | None, score: float | None) -> str:
        """Return a dive's name with the judges' mean award, or else its predicted score."""
        if judged is not None:
            return self.tr("{0} · judges {1}").format(name, decimal(judged))
        return name if score is None else self.tr("{0} · scored {1}").format(name, decimal(score))

    def read(self, dive: ComparableDive) -> ComparedDive | None:
        """Return a dive with its steps and masks; None if removed or not analyzed."""
        if dive.key is not None:
            analysis = self._state.dive(dive.key).analysis if dive.key in self._state.keys else None
            found = compared_dive(analysis.parse, dive.title) if analysis is not None else None
        elif dive.history_id is not None:
            found = self._of_history(dive.history_id)
        else:
            exemplar = self._library.exemplar(dive.exemplar_id or "")
            found = exemplar.compared(self._library.mask(exemplar.id)) if exemplar is not None else None
        return replace(found, title=dive.title) if found is not None else None

    def _of_history(self, history_id: int) -> ComparedDive | None:
        """Return a dive of the history, with its masks if the results are still kept."""
        dive = self._history.read(lambda store: store.dive(history_id), None)
        if dive is None or dive.transitions is None:
            return None
        if not dive.path.is_file():
            text = self.tr("{0} is not there: open the dive from the history to say where it is.")
            self._state.problem.emit(text.format(dive.path))
            return None
        parse = self._kept.parse(dive.parse_id)
        return ComparedDive(
            path=dive.path,
            title="",
            steps=step_spans(dive.first_frame, *dive.transitions, dive.last_frame + 1),
            masks=parse.masks if parse is not None else None,
            motion=parse.motion if parse is not None else None,
            contact_frame=dive.contact_frame,
        )

    def _past(self, dive: HistoryDive) -> ComparableDive:
        name = " · ".join(filter(None, (dive.athlete, dive.dive_number, day_text(dive.day), dive.title)))
        award = dive.award if dive.judged is None else dive.judged
        title = self._valued(name, dive.judged, dive.score)
        return ComparableDive(name=name, title=title, award=award, history_id=dive.id)

    def measures(self, dive: ComparableDive) -> tuple[Measure, ...]:
        """Return the measures of a dive; empty for an exemplar."""
        history_id = dive.history_id
        if history_id is not None:
            past = self._history.read(lambda store: store.dive(history_id), None)
            return past.measures if past is not None else ()
        known = dive.key is not None and dive.key in self._state.keys
        analysis = self._state.dive(dive.key).analysis if known and dive.key is not None else None
        return measures_of(analysis) if analysis is not None else ()


def _award(dive: Dive) -> float | None:
    """Return the judges' mean award of a dive, or else the award that its score implies."""
    if dive.judging is not None:
        return dive.judging.award
    scored = dive.analysis and (dive.analysis.scoring or dive.analysis.own_award)
    return scored.award if scored else None
