"""The coach's corrections of the shown dives: made, undone, and scored as they are made."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack

from fineparser_core.diving.name_parsing import ParsedName
from fineparser_core.errors import FineParserError
from fineparser_core.inference.rescore import transition_range
from fineparser_gui.model.correction import frames_of, timed_transitions
from fineparser_gui.model.dive import Place
from fineparser_gui.model.drawings import Drawing
from fineparser_gui.services.commands import EditDive, RemoveDive
from fineparser_gui.services.rescoring import Rescorer, read_score, score_request
from fineparser_gui.services.worker_client import WorkerClient
from fineparser_gui.worker.protocol import Result, ScoreRequest

if TYPE_CHECKING:
    from fineparser_gui.services.session import Session


class Editing(QObject):
    """Belongs to a `Session`; every correction goes through its undo stack.

    Attributes:
        edits: the stack.
    """

    def __init__(self, session: "Session", client: WorkerClient) -> None:
        super().__init__(session)
        self._session = session
        self.edits = QUndoStack(self)
        self._rescorer = Rescorer(client, self)
        self._rescorer.answered.connect(self._on_answered)
        self._rescorer.failed.connect(self._on_failed)

    def move_transition(self, key: str, place: int, frame: int, *, gesture: str = "") -> int:
        """Let flight (place 0) or entry (1) begin at another frame, as near as the other one allows.

        Moves of one gesture are undone together. Returns the frame where it came to lie.
        """
        dive = self._session.dive(key)
        if dive.analysis is None or dive.model_analysis is None:
            return frame
        lowest, highest = transition_range(dive.analysis.parse, place)
        frame = min(max(frame, lowest), highest)
        flight, entry = frames_of(dive.analysis.parse.transitions)
        moved = (flight, frame) if place else (frame, entry)
        own = moved == frames_of(dive.model_analysis.parse.transitions)
        text = self.tr("moving the entry") if place else self.tr("moving the flight")
        self._correct(key, text, gesture, transitions=None if own else moved)
        return frame

    def reset_transitions(self, key: str) -> None:
        """Back to the model's own."""
        self._correct(key, self.tr("going back to the model's transitions"), transitions=None)

    def leave_out(self, key: str, exemplar_id: str, left_out: bool) -> None:
        """Score without an exemplar, or with it again."""
        if left_out != (exemplar_id in self._session.dive(key).correction.left_out):
            text = self.tr("leaving out {0}") if left_out else self.tr("taking {0} back in")
            apply = partial(self._apply_left_out, exemplar_id)
            self.edits.push(EditDive(apply, key, not left_out, left_out, text=text.format(exemplar_id)))

    def leave_itself_out(self, key: str, exemplar_id: str) -> None:
        """Let a dive have no vote on itself, from when it is an exemplar; no edit of the coach, so not undone."""
        left_out = self._session.dive(key).correction.left_out | {exemplar_id}
        self._put(key, {"left_out": left_out})

    def declare_dive(self, key: str) -> None:
        """Say that a refused clip is a whole dive; it is scored then."""
        self._correct(key, self.tr("scoring anyway"), is_dive=True)

    def name_dives(self, namings: Mapping[str, ParsedName]) -> None:
        """Take what names say of many dives, as one edit; what they do not say stays as it is."""
        self.edits.beginMacro(self.tr("filling in dive details ({0})").format(len(namings)))
        for key, naming in namings.items():
            dive = self._session.dive(key)
            number = dive.dive_number if naming.dive_number is None else naming.dive_number
            board_m = dive.board_m if naming.board_m is None else naming.board_m
            self._session.set_details(key, number, board_m, dive.difficulty if number == dive.dive_number else None)
            self._session.set_diver(key, dive.diver if naming.diver is None else naming.diver)
        self.edits.endMacro()

    def draw(self, key: str, drawings: tuple[Drawing, ...], text: str, *, gesture: str = "") -> None:
        """Keep other lines, angles and notes with a dive; `text` says what was done."""
        before = self._session.dive(key).drawings
        if drawings != before:
            self._session.update(key, drawings=drawings)  # here, since the coach may be on his way to another dive
            self.edits.push(EditDive(self._apply_drawings, key, before, drawings, text=text, gesture=gesture))

    def draw_on_exemplar(
        self, exemplar_id: str, drawings: tuple[Drawing, ...], text: str, *, gesture: str = ""
    ) -> None:
        """As `draw`, on a dive of the library; it stays with the session."""
        before = self._session.exemplar_drawings.get(exemplar_id, ())
        if drawings != before:
            self._put_on_exemplar(exemplar_id, drawings)
            apply = self._apply_exemplar_drawings
            self.edits.push(EditDive(apply, exemplar_id, before, drawings, text=text, gesture=gesture))

    def locate(self, places: Mapping[str, Place]) -> None:
        """Use the videos of dives from other places, as one edit; what lies where it was is only opened again."""
        before = {dive.key: (dive.path, dive.identity) for dive in map(self._session.dive, self._session.keys)}
        places = {key: place for key, place in places.items() if key in before}
        moved = [key for key, place in places.items() if before[key] not in (place, (place[0], None))]
        for key in places.keys() - set(moved):
            self._session.importer.open_again(key)
        if moved:
            self.edits.beginMacro(self.tr("locating videos ({0})").format(len(moved)))
            for key in moved:
                text = self.tr("locating a video")
                self.edits.push(EditDive(self._apply_place, key, before[key], places[key], text=text))
            self.edits.endMacro()

    def _apply_place(self, key: str, place: Place) -> None:
        if key in self._session.keys:  # an edit outlives its dive
            self._session.importer.open_again(key, place)

    def reorder(self, keys: list[str], *, gesture: str = "") -> None:
        """Put the dives into another order. Moves of one gesture are undone together."""
        before = self._session.keys
        if keys != before:
            text = self.tr("changing the order of the dives")
            self.edits.push(EditDive(self._apply_order, "", before, keys, text=text, gesture=gesture))

    def _apply_order(self, _: str, keys: list[str]) -> None:
        self._session.reorder(keys)

    def remove(self, keys: Sequence[str]) -> None:
        """Take dives out of the session; undone, each comes back as it was. The files stay."""
        if not keys:
            return
        self.edits.beginMacro(self.tr("removing dives ({0})").format(len(keys)))
        for key in keys:
            self.edits.push(RemoveDive(self._session, key, self.tr("removing a dive")))
        self.edits.endMacro()

    def rescore(self, key: str) -> None:
        """Ask for the score of the corrected transitions where it is not known."""
        dive = self._session.dive(key)
        frames = dive.corrected_frames
        if dive.rescoring and frames and dive.info:
            request = score_request("", dive, self._session.n_exemplars, asdict(timed_transitions(frames, dive.info)))
            self._rescorer.want(key, request)
            return
        self._rescorer.forget(key)
        if frames is None and dive.rescored is not None:
            self._session.update_analysis(key, rescored=None, rescored_for=None)

    def forget(self, key: str) -> None:
        """Drop what was asked: the dive is gone, or will be analysed or scored anew."""
        self._rescorer.forget(key)

    def close(self) -> None:
        """The window is closing: a stack says so of its own end, which nobody must hear any more."""
        self.edits.blockSignals(True)

    def _correct(self, key: str, text: str, gesture: str = "", **after: object) -> None:
        """Give attributes of the `Correction` other values; what else it says is no part of the edit."""
        before = {name: getattr(self._session.dive(key).correction, name) for name in after}
        if after != before:
            self.edits.push(EditDive(self._apply, key, before, after, text=text, gesture=gesture))

    def _apply(self, key: str, values: dict[str, object]) -> None:
        if key in self._session.keys:  # an edit outlives its dive
            self._session.select(key)
            self._put(key, values)

    def _apply_left_out(self, exemplar_id: str, key: str, left_out: bool) -> None:
        if key in self._session.keys:  # an edit outlives its dive
            ids = self._session.dive(key).correction.left_out
            self._apply(key, {"left_out": ids | {exemplar_id} if left_out else ids - {exemplar_id}})

    def _put(self, key: str, values: dict[str, object]) -> None:
        before = self._session.dive(key).correction
        correction = replace(before, **values)  # type: ignore[arg-type]
        self._session.update_analysis(key, correction=correction)
        if correction.is_dive != before.is_dive:
            self._session.queue.score_anew(key)
        self.rescore(key)

    def _apply_drawings(self, key: str, drawings: tuple[Drawing, ...]) -> None:
        if key in self._session.keys and drawings != self._session.dive(key).drawings:  # an edit outlives its dive
            beside = self._session.comparing.candidate
            if beside is None or beside.key != key:  # else it is in sight
                self._session.select(key)
            self._session.update(key, drawings=drawings)

    def _apply_exemplar_drawings(self, exemplar_id: str, drawings: tuple[Drawing, ...]) -> None:
        if drawings == self._session.exemplar_drawings.get(exemplar_id, ()):
            return
        self._put_on_exemplar(exemplar_id, drawings)
        comparing = self._session.comparing
        left, right = comparing.sides
        in_sight = any(side is not None and side.exemplar_id == exemplar_id for side in (left, right))
        there = any(one.id == exemplar_id for one in self._session.library.exemplars)
        if there and left is not None and not in_sight:
            comparing.show_exemplar(exemplar_id)  # what an undone edit changes is in sight

    def _put_on_exemplar(self, exemplar_id: str, drawings: tuple[Drawing, ...]) -> None:
        known = self._session.exemplar_drawings
        known[exemplar_id] = drawings
        if not drawings:
            del known[exemplar_id]
        self._session.exemplar_drawn.emit(exemplar_id)

    def _on_answered(self, key: str, request: ScoreRequest, result: Result) -> None:
        dive = self._session.dive(key)
        if dive.model_analysis is None or dive.corrected_frames is None or request.transitions is None:
            return
        try:
            scoring = read_score(result, dive.model_analysis.parse).scoring
        except FineParserError as error:
            self._on_failed(key, str(error))
            return
        asked = (request.transitions["first_flight_frame"], request.transitions["first_entry_frame"])
        self._session.update_analysis(key, rescored=scoring, rescored_for=asked, problem=None)
        self.rescore(key)  # the transition may have moved on

    def _on_failed(self, key: str, message: str) -> None:
        self._session.drop_score(key, message)
