"""The one truth of the window: which dives are open, which is shown, what is known of each.

Panels observe it and call its methods; it asks the worker client and the exemplar library.
"""

import itertools
import logging
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoGroup

from fineparser_core.inference.exemplar_selection import CandidateRule, best_exemplar
from fineparser_core.inference.exemplars.records import Exemplar, ExemplarMask
from fineparser_core.types import ComparedDive
from fineparser_gui.model.correction import shown_analysis
from fineparser_gui.model.dive import NOT_ANALYSED, Dive, DiveState
from fineparser_gui.model.drawings import Drawing
from fineparser_gui.model.exemplar_snapshot import ExemplarSnapshot, with_other_voters
from fineparser_gui.model.session_file import SavedDive, SavedSession
from fineparser_gui.services.commands import EditDive
from fineparser_gui.services.comparing import Comparing
from fineparser_gui.services.editing import Editing
from fineparser_gui.services.exports import Exports
from fineparser_gui.services.importer import DiveImporter
from fineparser_gui.services.library import LibraryService
from fineparser_gui.services.queue import AnalysisQueue
from fineparser_gui.services.trimming import Trimming
from fineparser_gui.services.worker_client import WorkerClient
from fineparser_gui.worker.protocol import Ready

log = logging.getLogger(__name__)


class Session(QObject):
    """Dives by key, in the order of the list, which is that of their analyses.

    Signals:
        dive_added, dive_changed, dive_removed: (str) key.
        dives_moved: the order is another one.
        current_changed: another dive is shown, or none.
        shown_changed: that, or something of the shown one is another; in a batch much rarer than `dive_changed`.
        comparison_changed: another dive is on either side of the comparison, or there is none.
        model_changed: the worker has loaded its weights.
        exemplar_drawn: (str) other lines, angles or notes are on an exemplar of that id.
        problem: (str) one sentence for the banner.

    Attributes:
        exemplar_drawings: what the coach drew on dives of the library, by their ids; it stays with the session.
        edits: what the coach did to the dives and to the library; its active stack is the one to undo.
    """

    dive_added = Signal(str)
    dive_changed = Signal(str)
    dive_removed = Signal(str)
    dives_moved = Signal()
    current_changed = Signal()
    shown_changed = Signal()
    comparison_changed = Signal()
    model_changed = Signal()
    exemplar_drawn = Signal(str)
    problem = Signal(str)

    def __init__(self, client: WorkerClient, library_folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._dives: dict[str, Dive] = {}
        self._ids = itertools.count(1)
        self._current: str | None = None
        self._exemplar_id: str | None = None
        self.model: Ready | None = None
        self.n_exemplars = 10
        self.editing = Editing(self, client)
        self.queue = AnalysisQueue(self, client)
        self.trimming = Trimming(self, client)
        self.importer = DiveImporter(self)
        self.exemplar_drawings: dict[str, tuple[Drawing, ...]] = {}
        self.library = LibraryService(client, library_folder, self)
        self.comparing = Comparing(self)
        self.comparing.changed.connect(self.comparison_changed)
        self.library.problem.connect(self.problem)
        self.library.changed.connect(self._on_library_changed)
        self.library.dive_added.connect(self._on_became_exemplar)
        self._shelf = ExemplarSnapshot()
        self.edits = QUndoGroup(self)
        for stack in (self.library.edits, self.editing.edits):
            self.edits.addStack(stack)
        self.edits.setActiveStack(self.editing.edits)
        self.exports = Exports(self)
        client.ready.connect(self._on_ready)

    @property
    def keys(self) -> list[str]:
        return list(self._dives)

    def dive(self, key: str) -> Dive:
        return self._dives[key]

    @property
    def current(self) -> Dive | None:
        """The dive that is shown."""
        return self._dives.get(self._current) if self._current else None

    @property
    def comparison(self) -> ComparedDive | None:
        """The dive on the right, beside the current one or another of the library."""
        return self.comparing.dive

    def open(
        self,
        paths: Iterable[Path],
        *,
        dive_number: str | None = None,
        board_m: float | None = None,
        in_frame: int | None = None,
        out_frame: int | None = None,
    ) -> None:
        """Add every video (a folder stands for the videos in it) and start its analysis; show the first."""
        self.importer.add(paths, dive_number=dive_number, board_m=board_m, in_frame=in_frame, out_frame=out_frame)

    def add(self, **known: object) -> str:
        """Add a dive with attributes of `Dive` at the end of the list; returns its key."""
        key = f"d{next(self._ids)}"
        self._dives[key] = Dive(key=key, **known)  # type: ignore[arg-type]
        self.dive_added.emit(key)
        return key

    def put_back(self, dive: Dive, place: int) -> None:
        """Add a dive that was removed, as it was then; what was not finished is begun again."""
        self._dives[dive.key] = replace(dive, scoring=False, searching=False, progress=None)
        self.dive_added.emit(dive.key)
        self.move(dive.key, place)
        weights = self.model.card.get("id") if self.model is not None else None
        if dive.model_analysis is not None and weights not in (None, dive.model_analysis.parse.model.id):
            self.queue.analyse(dive.key)  # others were chosen meanwhile
        elif dive.searching:
            self.trimming.find(dive.key)
        elif dive.state is DiveState.OPENING:
            self.importer.open_again(dive.key)
        elif dive.scoring:
            self.queue.score_anew(dive.key)
        elif dive.busy:
            self.queue.analyse(dive.key)

    def move(self, key: str, place: int) -> None:
        """Put a dive at another place of the list, and with it of the queue."""
        keys = [one for one in self._dives if one != key]
        keys.insert(place, key)
        self.reorder(keys)

    def reorder(self, keys: Sequence[str]) -> None:
        """Put dives into another order, of the list and with it of the queue; what is not named keeps its place."""
        named = [key for key in keys if key in self._dives]
        among, following = set(named), iter(named)
        order = [next(following) if key in among else key for key in self._dives]
        if order != self.keys:
            self._dives = {key: self._dives[key] for key in order}
            self.dives_moved.emit()

    def snapshot(self) -> SavedSession:
        """What of the session a file keeps."""
        names = [field.name for field in fields(SavedDive)]
        dives = (SavedDive(**{name: getattr(dive, name) for name in names}) for dive in self._dives.values())
        selected = self.keys.index(self._current) if self._current else None
        return SavedSession(
            dives=tuple(dives),
            selected=selected,
            paused=self.queue.paused,
            exemplar_drawings=dict(self.exemplar_drawings),
        )

    def clear(self) -> None:
        """Take out every dive, and with them what could be undone."""
        self.comparing.end()
        self.exemplar_drawings.clear()
        self.select(None)
        for key in self.keys:
            self.remove(key)
        self.editing.edits.clear()

    def restore(self, saved: SavedSession) -> None:
        """Add the dives of a session file and analyse them; one whose video is gone waits until it is located."""
        self.importer.restore(saved)

    def close(self) -> None:
        """Wait for files that are being opened; the window is closing."""
        self.edits.blockSignals(True)
        self.editing.close()
        self.exports.close()
        self.importer.close()
        self.library.close()

    def select(self, key: str | None) -> None:
        """Show another dive."""
        if key != self._current:
            self._current = key
            self.current_changed.emit()
            self.shown_changed.emit()

    def remove(self, key: str) -> None:
        """Take a dive out of the session; the file stays."""
        self.queue.drop(key)
        self.trimming.forget(key)
        keys = self.keys
        at = keys.index(key)
        del self._dives[key]
        self.dive_removed.emit(key)
        if self._current == key:
            keys.remove(key)
            self.select(keys[min(at, len(keys) - 1)] if keys else None)

    def set_details(
        self, key: str, dive_number: str | None, board_m: float | None, difficulty: float | None = None
    ) -> None:
        """Take what the coach knows of the dive; scores it from the cached encoding at once."""
        before, after = self._dives[key].details, (dive_number, board_m, difficulty)
        if before != after:
            # What is typed into one field is one edit.
            typed = [str(place) for place in range(3) if before[place] != after[place]]
            self.editing.edits.push(
                EditDive(
                    self._apply_details,
                    key,
                    before,
                    after,
                    text=self.tr("changing the dive details"),
                    gesture=f"details {' '.join(typed)}",
                )
            )

    def _apply_details(self, key: str, details: tuple[str | None, float | None, float | None]) -> None:
        if key in self._dives:  # an edit outlives its dive
            self.queue.score_anew(key, **dict(zip(("dive_number", "board_m", "difficulty"), details, strict=True)))

    def set_diver(self, key: str, diver: str) -> None:
        """Say who dives; nothing else depends on it."""
        before = self._dives[key].diver
        if before != diver:
            text = self.tr("naming the diver")
            self.editing.edits.push(EditDive(self._apply_diver, key, before, diver, text=text, gesture="diver"))

    def _apply_diver(self, key: str, diver: str) -> None:
        if key in self._dives:  # an edit outlives its dive
            self.update(key, diver=diver)

    def set_rule(self, key: str, rule: CandidateRule) -> None:
        """Say which exemplars may vote; scores the dive from the cached encoding at once."""
        before = self._dives[key].rule
        if before != rule:
            text = self.tr("changing what the dive is compared with")
            self.editing.edits.push(EditDive(self._apply_rule, key, before, rule, text=text))

    def _apply_rule(self, key: str, rule: CandidateRule) -> None:
        if key in self._dives:  # an edit outlives its dive
            self.queue.score_anew(key, nearest=rule.nearest, synchro=rule.synchro)

    def set_range(self, key: str, in_frame: int | None, out_frame: int | None, *, gesture: str = "") -> None:
        """Say where the dive lies in the file; new samples, so a new analysis. Moves of one gesture undo together."""
        dive = self._dives[key]
        before = (dive.in_frame, dive.out_frame)
        text = self.tr("trimming the dive")
        after = (in_frame, out_frame)
        if before != after:
            self.editing.edits.push(EditDive(self._apply_range, key, before, after, text=text, gesture=gesture))

    def _apply_range(self, key: str, frames: tuple[int | None, int | None]) -> None:
        if key not in self._dives:  # an edit outlives its dive
            return
        self.queue.drop(key)
        self.update(key, in_frame=frames[0], out_frame=frames[1])
        if self.importer.too_long(key):
            self.update_analysis(key, state=DiveState.NEEDS_TRIM, **NOT_ANALYSED)
        else:
            self.queue.analyse(key)

    def analyse(self, key: str) -> None:
        """Analyse from the start; see `AnalysisQueue.analyse`."""
        self.queue.analyse(key)

    def cancel(self, key: str) -> None:
        """Stop what the worker does for this dive."""
        self.queue.cancel(key)
        self.trimming.cancel(key)

    def compare_with(self, exemplar_id: str | None) -> None:
        """Show an exemplar beside the current dive; None ends the comparison."""
        self.comparing.show_exemplar(exemplar_id)

    def best_exemplar(self) -> Exemplar | None:
        """Of the current dive's number and board the exemplar with the highest score, real before rendered."""
        dive = self.current
        scoring = dive.analysis.scoring if dive and dive.analysis else None
        if dive is None or scoring is None:
            return None
        best = self.library.best(scoring.dive_number, scoring.board_m, synchro=dive.synchro)
        if best is not None:
            return best
        voting = [found for vote in scoring.exemplars if (found := self.exemplar(vote.id))]
        return best_exemplar(voting, scoring.dive_number, scoring.board_m)

    def exemplar(self, exemplar_id: str) -> Exemplar | None:
        """Look an exemplar up; None (and a banner) where the library cannot give it."""
        return self.library.exemplar(exemplar_id)

    def exemplar_mask(self, exemplar_id: str) -> ExemplarMask | None:
        """Masks of an exemplar, where the library has them."""
        return self.library.mask(exemplar_id)

    def _on_became_exemplar(self, key: str, exemplar_id: str) -> None:
        if key in self._dives:
            self.editing.leave_itself_out(key, exemplar_id)

    def _on_library_changed(self) -> None:
        """Dives whose exemplars are others now are scored with these, the one that is shown first."""
        before, self._shelf = self._shelf, ExemplarSnapshot(self.library.exemplars)
        dives = sorted(self._dives.values(), key=lambda dive: dive.key != self._current)
        for dive in list(with_other_voters(dives, before, self._shelf, self.n_exemplars)):
            self.queue.score_anew(dive.key)

    def update(self, key: str, **changes: object) -> None:
        """Put in what is known of a dive; for the session's own parts."""
        self._dives[key] = replace(self._dives[key], **changes)  # type: ignore[arg-type]
        self.dive_changed.emit(key)
        if key == self._current:
            self.shown_changed.emit()

    def drop_score(self, key: str, problem: str) -> None:
        """Show no score, which would be of other transitions than those shown, but why there is none."""
        analysis = self._dives[key].analysis
        self.update(key, analysis=replace(analysis, scoring=None) if analysis else None, problem=problem)

    def update_analysis(self, key: str, **changes: object) -> None:
        """As `update`, of what the analysis shown is made of."""
        dive = replace(self._dives[key], **changes)  # type: ignore[arg-type]
        shown = (
            shown_analysis(dive.model_analysis, dive.correction, dive.rescored, dive.info)
            if dive.model_analysis
            else None
        )
        self.update(key, **changes, analysis=shown)

    def _on_ready(self, ready: Ready) -> None:
        self.model = ready
        self.model_changed.emit()
