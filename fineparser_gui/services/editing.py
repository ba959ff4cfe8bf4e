"""The coach's edits of dives: made, undone, and scored at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.details import LONGEST_NOTE, DiveDetails
from fineparser_core.diving.judging import DiveOutcome, Judging
from fineparser_core.exemplars.selection import CandidateRule
from fineparser_core.printable import one_form
from fineparser_core.records import AthletePoint
from fineparser_core.scoring.rescore import transition_range
from fineparser_gui.services.analysis import AnalysisService
from fineparser_gui.services.comparison import ComparisonService
from fineparser_gui.services.rescoring import RescoringService
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.undo import Edit, EditMaker, EditStack, Subject
from fineparser_gui.session.correction import frames_of
from fineparser_gui.session.dive import NOT_ANALYZED, Dive, DiveState
from fineparser_gui.session.drawings import MOST_DRAWINGS, Drawing

#: Attribute of a dive by the subject that changes it alone.
_ATTRIBUTES = {
    Subject.ATHLETE: "athlete",
    Subject.EVENT: "event",
    Subject.DAY: "day",
    Subject.OUTCOME: "outcome",
    Subject.NOTE: "note",
    Subject.JUDGING: "judging",
}
#: What else tells that an edit's value was changed since: attributes of a dive.
_READ_ALONE = {
    Subject.DETAILS: "details",
    Subject.RULE: "rule",
    Subject.RANGE: "in_frame out_frame",
    Subject.POINT: "point",
    Subject.CORRECTION: "correction",
    Subject.LEFT_OUT: "correction",
    Subject.VOTES: "exemplar_id",
    Subject.DRAWINGS: "drawings",
    Subject.PROPOSALS: "dismissed",
    Subject.PLACE: "path",
}
#: Attributes of which a window does not show what another window has changed.
_NOT_FOLLOWED = ("point", "correction")


class EditHandlers:
    """Handlers of the edits of a stack, and what they change.

    Args:
        changed_elsewhere: see `Keeping.changed_elsewhere`.
    """

    def __init__(
        self,
        state: SessionState,
        edits: EditStack,
        analyses: AnalysisService,
        rescoring: RescoringService,
        comparing: ComparisonService,
        changed_elsewhere: Callable[[str, str], bool],
    ) -> None:
        self._state, self._analyses, self._rescoring = state, analyses, rescoring
        self._comparing, self._changed_elsewhere = comparing, changed_elsewhere
        of_dives: dict[Subject, Callable[[Dive, Edit], None]] = {
            Subject.DETAILS: self._apply_details,
            **{subject: self._sets(name) for subject, name in _ATTRIBUTES.items()},
            Subject.RULE: lambda dive, edit: analyses.score_anew(dive.key, rule=edit.after),
            Subject.RANGE: self._apply_range,
            Subject.POINT: self._apply_point,
            Subject.CORRECTION: self._apply_correction,
            Subject.LEFT_OUT: self._apply_left_out,
            Subject.DRAWINGS: self._apply_drawings,
        }
        for subject, apply in of_dives.items():
            edits.handlers[subject] = self._where_it_is(apply)
        for subject, name in (_ATTRIBUTES | _READ_ALONE).items():
            edits.values[subject] = self._reads(name)
        edits.values[Subject.MEET] = lambda _: state.meet
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

    def _reads(self, names: str) -> Callable[[Edit], object]:
        """Return a function that returns values of a dive, and whether another window has changed them."""
        value = attrgetter(*names.split())

        def read(edit: Edit) -> object:
            dive = self._state.find(edit.key)
            return dive and (value(dive) or None, names in _NOT_FOLLOWED and self._changed_elsewhere(dive.key, names))

        return read

    def _apply_range(self, dive: Dive, edit: Edit) -> None:
        in_frame, out_frame = edit.after
        self._state.update(dive.key, in_frame=in_frame, out_frame=out_frame)
        self._analyze(dive.key)

    def _apply_point(self, dive: Dive, edit: Edit) -> None:
        self._state.select(dive.key)
        self._state.update(dive.key, point=edit.after)
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


class CorrectionEdits(EditMaker):
    """Edits of a dive's `Correction`."""

    def move_transition(self, key: str, place: int, frame: int, *, gesture: str = "") -> int:
        """Move the first frame of flight (place 0) or entry (1), or the first contact with the water (2).

        It stays within the limits that the moments beside it set.

        Moves of the same gesture are undone together. Returns the frame after limiting.
        """
        dive = self._state.dive(key)
        if dive.analysis is None or dive.model_analysis is None:
            return frame
        lowest, highest = transition_range(dive.analysis.parse, place)
        frame = min(max(frame, lowest), highest)
        if place == 2:
            own_contact = dive.model_analysis.parse.first_water_contact_frame
            text = self.tr("moving the water contact")
            self._correct(key, text, gesture, contact_frame=None if frame == own_contact else frame)
            return frame
        flight, entry = frames_of(dive.analysis.parse.transitions)
        moved = (flight, frame) if place else (frame, entry)
        own = moved == frames_of(dive.model_analysis.parse.transitions)
        text = self.tr("moving the come-out") if place else self.tr("moving the flight")
        self._correct(key, text, gesture, transitions=None if own else moved)
        return frame

    def reset_corrections(self, key: str) -> None:
        """Restore the model's transitions and water contact."""
        text = self.tr("taking the corrections back")
        self._correct(key, text, transitions=None, contact_frame=None)

    def declare_dive(self, key: str, is_dive: bool = True) -> None:
        """Overrule a refusal, so that the clip is scored as a complete dive, or take that back."""
        text = self.tr("scoring anyway") if is_dive else self.tr("taking back the score")
        self._correct(key, text, is_dive=is_dive)

    def confirm_details(self, key: str) -> None:
        """Confirm dive number and board against the video, so that the dive is scored by them."""
        dive = self._state.dive(key)
        if number := dive.known_number:
            self._correct(key, self.tr("scoring as {0}").format(number), confirmed=(number, dive.board_m))

    def _correct(self, key: str, text: str, gesture: str = "", **after: object) -> None:
        """Change attributes of the `Correction`; the others are not part of the edit."""
        before = {name: getattr(self._state.dive(key).correction, name) for name in after}
        self._do(Subject.CORRECTION, key, before, after, text, gesture=gesture)


class EditingService(CorrectionEdits):
    """Service that turns every change of a dive by the coach into an undoable edit."""

    def __init__(self, state: SessionState, edits: EditStack, handlers: EditHandlers) -> None:
        super().__init__(state, edits)
        self._handlers = handlers

    def set_details(
        self, key: str, dive_number: str | None, board_m: float | None, difficulty: float | None = None
    ) -> None:
        """Set dive number, board and DD, and score the dive from the cached encoding at once."""
        before, after = self._state.dive(key).details, (dive_number, board_m, difficulty)
        # Typing into a field is an edit, clearing it another.
        typed = [place for place in range(3) if before[place] != after[place]]
        cleared = any(after[at] is None and len(str(before[at]).removesuffix(".0")) > 1 for at in typed)
        gesture = "" if cleared else f"details {typed}"
        self._do(Subject.DETAILS, key, before, after, self.tr("changing the dive details"), gesture=gesture)

    def set_athlete(self, key: str, name: str) -> None:
        """Set the name of the diver."""
        self._set(Subject.ATHLETE, key, "athlete", one_form(name)[:LONGEST_NAME], self.tr("naming the diver"))

    def set_event(self, key: str, event: str) -> None:
        """Set the meet, training or venue of the dive, or "" for none."""
        self._set(Subject.EVENT, key, "event", one_form(event)[:LONGEST_NAME], self.tr("naming the event"))

    def set_day(self, key: str, day: str) -> None:
        """Set the day of the dive, YYYY-MM-DD, or "" for none."""
        before = self._state.dive(key).day or ""
        self._do(Subject.DAY, key, before, day, self.tr("dating the dive"), gesture="day" if day else "")

    def set_outcome(self, key: str, outcome: DiveOutcome) -> None:
        """Set the outcome of the dive."""
        self._do(Subject.OUTCOME, key, self._state.dive(key).outcome, outcome, self.tr("setting the outcome"))

    def set_note(self, key: str, note: str) -> None:
        """Set the coach's note on the dive."""
        self._set(Subject.NOTE, key, "note", note[:LONGEST_NOTE], self.tr("writing the note"))

    def set_judging(self, key: str, judging: Judging | None) -> None:
        """Set the judges' marks."""
        self._set(Subject.JUDGING, key, "judging", judging, self.tr("entering judges' marks"))

    def set_many(self, keys: Sequence[str], said: Mapping[str, Any]) -> None:
        """Change details of many dives as a single edit.

        Args:
            said: some of "dive_number", "board_m", "athlete", "event" and "day", each with the new value; another
                dive number drops a typed DD.
        """
        with self.edits.macro(self.tr("changing {0} dives", None, len(keys)).format(len(keys))):
            for key in keys:
                dive = self._state.dive(key)
                number, board_m = said.get("dive_number", dive.dive_number), said.get("board_m", dive.board_m)
                self.set_details(key, number, board_m, dive.difficulty if number == dive.dive_number else None)
                self.set_athlete(key, said.get("athlete", dive.athlete))
                self.set_event(key, said.get("event", dive.event))
                self.set_day(key, said.get("day", dive.day or ""))

    def set_rule(self, key: str, rule: CandidateRule) -> None:
        """Set which exemplars may vote; scores the dive from the cached encoding at once."""
        text = self.tr("changing what the dive is compared with")
        self._do(Subject.RULE, key, self._state.dive(key).rule, rule, text)

    def set_range(self, key: str, in_frame: int | None, out_frame: int | None, *, gesture: str = "") -> None:
        """Set in and out point, which needs a new analysis. Moves of the same gesture are undone together."""
        dive = self._state.dive(key)
        before, after = (dive.in_frame, dive.out_frame), (in_frame, out_frame)
        self._do(Subject.RANGE, key, before, after, self.tr("trimming the dive"), gesture=gesture)

    def take_whole_file(self, key: str) -> None:
        """Analyze all frames of the file instead of the dive that would be cut out of it."""
        info = self._state.dive(key).info
        if info is not None:
            self.set_range(key, 0, info.n_frames - 1)

    def point_at(self, key: str, point: AthletePoint | None) -> None:
        """Follow the person at a point, None: the person found to dive; needs a new analysis.

        The dive of this person may be in another part of the file: a range found by the search for dives is dropped for
        it, and set again when a point in a long recording is taken back.
        """
        dive = self._state.dive(key)
        text = self.tr("pointing at the diver") if point else self.tr("taking back the point on the diver")
        if point == dive.point:
            return
        rows = (row for row in self._state.dives if row.path == dive.path)
        found = [(one.in_frame, one.out_frame) for row in rows for one in row.segments or ()]
        with self.edits.macro(text):
            if point is None and dive.point is not None and replace(dive, point=None).too_long:
                frame = dive.point.frame
                nearest = min(found, key=lambda ends: max(ends[0] - frame, frame - ends[1]), default=(None, None))
                self.set_range(key, *nearest)
            self._do(Subject.POINT, key, dive.point, point, text)
            if point is not None and (dive.in_frame, dive.out_frame) in found:
                self.set_range(key, None, None)

    def take_seen_number(self, key: str, number: str | None = None) -> None:
        """Set a dive number that the video shows (None: the likeliest) and drop a DD typed for another number."""
        dive = self._state.dive(key)
        number = number or next(iter(dive.seen_numbers), None)
        if number is not None and number != dive.dive_number:
            text = self.tr("taking dive number {0}").format(number)
            self._do(Subject.DETAILS, key, dive.details, (number, dive.board_m, None), text)

    def take_seen_numbers(self, keys: Sequence[str]) -> None:
        """Set the likeliest number that the video shows for those dives that have no number, as a single edit."""
        offered = [key for key in keys if (dive := self._state.dive(key)).known_number is None and dive.seen_numbers]
        if offered:
            with self.edits.macro(self.tr("taking the seen dive numbers")):
                for key in offered:
                    self.take_seen_number(key)

    def leave_out(self, key: str, exemplar_id: str, left_out: bool) -> None:
        """Leave an exemplar out of the score, or take it back in."""
        before = exemplar_id, exemplar_id in self._state.dive(key).correction.left_out
        text = self.tr("leaving out {0}") if left_out else self.tr("including {0}")
        self._do(Subject.LEFT_OUT, key, before, (exemplar_id, left_out), text.format(exemplar_id))

    def leave_itself_out(self, key: str, exemplar_id: str) -> None:
        """Leave out the exemplar that was made from this dive. Not an edit, so not undone."""
        self._handlers.put(key, left_out=self._state.dive(key).correction.left_out | {exemplar_id})

    def name_dives(self, namings: Mapping[str, DiveDetails]) -> None:
        """Set parsed details of many dives as a single edit; fields without a value stay unchanged."""
        with self.edits.macro(self.tr("filling in dive details ({0})").format(len(namings))):
            for key, naming in namings.items():
                dive = self._state.dive(key)
                number = dive.dive_number if naming.dive_number is None else naming.dive_number
                board_m = dive.board_m if naming.board_m is None else naming.board_m
                self.set_details(key, number, board_m, dive.difficulty if number == dive.dive_number else None)
                self.set_athlete(key, naming.athlete or dive.athlete)

    def reorder(self, keys: list[str], *, gesture: str = "") -> None:
        """Reorder the dives. Moves of the same gesture are undone together."""
        text = self.tr("changing the order of the dives")
        self._do(Subject.ORDER, "", self._state.keys, keys, text, gesture=gesture)

    def remove(self, keys: Sequence[str]) -> None:
        """Remove dives from the session; undo restores them as they were. The files stay."""
        order = self._state.keys
        rows = tuple((self._state.dive(key), order.index(key)) for key in keys)
        self._do(Subject.REMOVED_ROWS, "", rows, (), self.tr("removing dives ({0})").format(len(keys)))


class DrawingEdits(EditMaker):
    """Service that turns every change of drawings into an undoable edit."""

    def draw(self, key: str, drawings: tuple[Drawing, ...], text: str, *, gesture: str = "") -> None:
        """Replace the drawings on a dive; `text` names the change in the undo menu."""
        before = self._state.dive(key).drawings
        if drawings != before and self._fits(drawings):
            self._state.update(key, drawings=drawings)  # before the edit, which would show the dive again
            self._do(Subject.DRAWINGS, key, before, drawings, text, gesture=gesture)

    def _fits(self, drawings: tuple[Drawing, ...]) -> bool:
        """Return True if a session file can hold the drawings, else emit a `problem`."""
        if len(drawings) > MOST_DRAWINGS:
            text = self.tr("A dive holds at most {0} drawings: delete some of them first.")
            self._state.problem.emit(text.format(MOST_DRAWINGS))
        return len(drawings) <= MOST_DRAWINGS
