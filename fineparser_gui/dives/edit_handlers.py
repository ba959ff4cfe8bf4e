"""What edits do to dives and exemplars, when they are made, undone and redone."""

from collections.abc import Callable
from dataclasses import replace

from fineparser_gui.compare.service import ComparisonService
from fineparser_gui.dives.dive import NOT_ANALYZED, Dive, DiveState
from fineparser_gui.dives.edits import Edit, Subject
from fineparser_gui.dives.session_state import SessionState
from fineparser_gui.dives.undo import EditStack
from fineparser_gui.library.service import LibraryService
from fineparser_gui.score.analysis import AnalysisService
from fineparser_gui.score.rescoring import RescoringService


class EditHandlers:
    """Handlers of the edits of a stack."""

    def __init__(
        self,
        state: SessionState,
        edits: EditStack,
        analyses: AnalysisService,
        rescoring: RescoringService,
        library: LibraryService,
        comparing: ComparisonService,
    ) -> None:
        self._state, self._analyses, self._rescoring = state, analyses, rescoring
        self._library, self._comparing = library, comparing
        of_dives: dict[Subject, Callable[[Dive, Edit], None]] = {
            Subject.DETAILS: self._apply_details,
            Subject.DIVER: self._sets("diver"),
            Subject.EVENT: self._sets("event"),
            Subject.DAY: self._sets("dived_on"),
            Subject.OUTCOME: self._sets("outcome"),
            Subject.NOTE: self._sets("note"),
            Subject.JUDGING: self._sets("judging"),
            Subject.RULE: lambda dive, edit: analyses.score_anew(dive.key, rule=edit.after),
            Subject.RANGE: self._apply_range,
            Subject.ATHLETE: self._apply_athlete,
            Subject.CORRECTION: self._apply_correction,
            Subject.LEFT_OUT: self._apply_left_out,
            Subject.DRAWINGS: self._apply_drawings,
        }
        for subject, apply in of_dives.items():
            edits.handlers[subject] = self._where_it_is(apply)
        edits.handlers[Subject.EXEMPLAR_DRAWINGS] = self._apply_exemplar_drawings
        edits.handlers[Subject.ORDER] = lambda edit: self._state.reorder(edit.after)

    def _where_it_is(self, apply: Callable[[Dive, Edit], None]) -> Callable[[Edit], None]:
        """Return a handler that ignores edits of removed dives."""

        def handle(edit: Edit) -> None:
            dive = self._state.find(edit.key)
            if dive is not None:
                apply(dive, edit)

        return handle

    def _apply_details(self, dive: Dive, edit: Edit) -> None:
        number, board_m, difficulty = edit.after
        self._analyses.score_anew(dive.key, dive_number=number, board_m=board_m, difficulty=difficulty)

    def _sets(self, name: str) -> Callable[[Dive, Edit], None]:
        """Return a handler that changes an attribute on which nothing else depends."""
        return lambda dive, edit: self._state.update(dive.key, **{name: edit.after})

    def _apply_range(self, dive: Dive, edit: Edit) -> None:
        in_frame, out_frame = edit.after
        self._state.update(dive.key, in_frame=in_frame, out_frame=out_frame)
        self._analyze(dive.key)

    def _apply_athlete(self, dive: Dive, edit: Edit) -> None:
        self._state.select(dive.key)
        self._state.update(dive.key, athlete=edit.after)
        self._analyze(dive.key)

    def _analyze(self, key: str) -> None:
        """Analyze a dive again, unless it is too long."""
        self._analyses.drop(key)
        if self._state.dive(key).too_long:
            self._state.update_analysis(key, state=DiveState.NEEDS_TRIM, **NOT_ANALYZED)
        else:
            self._analyses.analyze(key)

    def _apply_correction(self, dive: Dive, edit: Edit) -> None:
        self._state.select(dive.key)
        self.put(dive.key, **edit.after)

    def _apply_left_out(self, dive: Dive, edit: Edit) -> None:
        exemplar_id, left_out = edit.after
        ids = dive.correction.left_out
        self._state.select(dive.key)
        self.put(dive.key, left_out=ids | {exemplar_id} if left_out else ids - {exemplar_id})

    def put(self, key: str, **values: object) -> None:
        """Change attributes of a dive's `Correction`, and score it."""
        before = self._state.dive(key).correction
        correction = replace(before, **values)  # type: ignore[arg-type]
        self._state.update_analysis(key, correction=correction)
        if (correction.is_dive, correction.confirmed) != (before.is_dive, before.confirmed):
            self._analyses.score_anew(key)
        self._rescoring.rescore(key)

    def _apply_drawings(self, dive: Dive, edit: Edit) -> None:
        if edit.after != dive.drawings:
            if all(side.key != dive.key for side in self._comparing.sides):  # else it is visible already
                self._state.select(dive.key)
            self._state.update(dive.key, drawings=edit.after)

    def _apply_exemplar_drawings(self, edit: Edit) -> None:
        exemplar_id = edit.key
        if edit.after == self._state.exemplar_drawings.get(exemplar_id, ()):
            return
        self._state.draw_on_exemplar(exemplar_id, edit.after)
        sides = self._comparing.sides
        there = any(one.id == exemplar_id for one in self._library.exemplars)
        if there and sides and all(side.exemplar_id != exemplar_id for side in sides):
            self._comparing.show_exemplar(exemplar_id)  # show the dive that undo changes
