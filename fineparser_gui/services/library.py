"""The exemplar libraries as the window knows them: what is in them, what is being added, and what the coach changes."""

import itertools
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from fineparser_core.errors import FineParserError
from fineparser_core.inference.exemplar_selection import best_exemplar
from fineparser_core.inference.exemplars.facts import ExemplarFacts
from fineparser_core.inference.exemplars.records import Exemplar, ExemplarMask
from fineparser_core.inference.exemplars.store import FILE_NAME, ExemplarStore
from fineparser_core.progress import Progress
from fineparser_gui.model.dive import Dive
from fineparser_gui.model.library import Adding, LibraryEntry, facts_of
from fineparser_gui.services.commands import EditLibrary
from fineparser_gui.services.worker_client import WorkerClient
from fineparser_gui.worker.protocol import (
    AddExemplarRequest,
    Answer,
    ChangeLibraryRequest,
    EncodeExemplarRequest,
    LibraryReport,
    Urgency,
)

log = logging.getLogger(__name__)


class LibraryService(QObject):
    """The worker keeps the libraries; what it tells of them is here.

    Args:
        folder: of the coach's own library; None: there is none.

    Signals:
        changed: other exemplars, or another state of one.
        adding_changed: a clip is being added, is further on, or is there.
        dive_added: (str, str) key of a dive, and the exemplar that was made of it.
        problem: (str) one sentence for the banner.

    Attributes:
        entries: bundled and own exemplars, those in the bin included.
        writable: whether the coach can add exemplars; False until the worker has told.
        adding: clips on their way, by request.
        edits: what the coach changed, to be undone and done again.
    """

    changed = Signal()
    adding_changed = Signal()
    dive_added = Signal(str, str)
    problem = Signal(str)

    def __init__(self, client: WorkerClient, folder: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client, self._folder = client, folder
        self._bundled: ExemplarStore | None = None
        self._ids = itertools.count(1)
        self._asked: dict[str, Callable[[], None]] = {}  # changes under way -> what asks for them again
        self._encoding: tuple[str, str] | None = None  # request, exemplar
        self._given_up: set[str] = set()
        self._weights_loaded = False
        self._notice = ""
        self.entries: tuple[LibraryEntry, ...] = ()
        self.writable = False
        self.edits = QUndoStack(self)
        self.adding: dict[str, Adding] = {}
        client.ready.connect(self._on_ready)
        client.progressed.connect(self._on_progress)
        client.finished.connect(self._on_finished)
        client.failed.connect(self._on_failed)
        client.cancelled.connect(self._on_cancelled)

    @property
    def exemplars(self) -> list[Exemplar]:
        """All that may vote, of both libraries; before the worker has told, the bundled ones."""
        if self.entries:
            return [entry.exemplar for entry in self.entries if not entry.exemplar.removed]
        try:
            return self._open_bundled().exemplars()
        except FineParserError as error:
            self.problem.emit(str(error))
            return []

    @property
    def preparing(self) -> tuple[int, int]:
        """How many own exemplars the weights can compare with, and how many there are that they could."""
        own = [e for e in self.entries if e.own and not e.exemplar.removed and e.state != "no clip"]
        return sum(entry.state == "ready" for entry in own), len(own)

    @property
    def n_given_up(self) -> int:
        """How many own exemplars these weights could not be prepared for."""
        return len(self._given_up)

    def entry(self, exemplar_id: str) -> LibraryEntry | None:
        """An exemplar by its id."""
        return next((entry for entry in self.entries if entry.exemplar.id == exemplar_id), None)

    def lost(self, exemplar_id: str) -> bool:
        """Whether an exemplar was deleted for good; False while the coach's own library cannot tell."""
        return self.writable and self.entry(exemplar_id) is None

    def numbers(self, *, synchro: bool = False) -> Counter[str]:
        """How many exemplars there are, by dive number."""
        return Counter(e.dive_number for e in self.exemplars if e.synchro == synchro)

    def best(self, dive_number: str, board_m: float | None, *, synchro: bool = False) -> Exemplar | None:
        """The best exemplar of a dive number; None where there is none."""
        same = [e for e in self.exemplars if e.dive_number == dive_number and e.synchro == synchro]
        return best_exemplar(same, dive_number, board_m)

    def exemplar(self, exemplar_id: str) -> Exemplar | None:
        """Look an exemplar up; None (and a problem) where there is none of that id."""
        entry = self.entry(exemplar_id)
        if entry is not None:
            return entry.exemplar
        try:
            return self._open_bundled().get(exemplar_id)
        except FineParserError as error:
            self.problem.emit(str(error))
            return None

    def mask(self, exemplar_id: str) -> ExemplarMask | None:
        """Masks of an exemplar, where the library has them; no writer keeps a reader waiting."""
        entry = self.entry(exemplar_id)
        try:
            if entry is None or not entry.own or self._folder is None:
                return self._open_bundled().mask(exemplar_id)
            # Not kept open: the worker may have to replace it.
            with ExemplarStore.open(self._folder / FILE_NAME) as own:
                return own.mask(exemplar_id)
        except FineParserError as error:
            self.problem.emit(str(error))
            return None

    def add_clip(self, path: Path, in_frame: int | None, out_frame: int | None, facts: ExemplarFacts) -> None:
        """Add a stretch of a video; None: the file's ends."""
        self._add(
            AddExemplarRequest(
                id=self._new_id(),
                path=str(path),
                in_frame=in_frame,
                out_frame=out_frame,
                facts=asdict(facts),
                urgency=Urgency.SHOWN,  # the coach waits for it, and a search that is held up must not stop it
            )
        )

    def add_dive(self, dive: Dive, transitions: dict | None, facts: ExemplarFacts) -> None:
        """Add an analysed dive, with the transitions that the coach placed, or None."""
        self._add(
            AddExemplarRequest(
                id=self._new_id(),
                path=str(dive.path),
                in_frame=dive.in_frame,
                out_frame=dive.out_frame,
                facts=asdict(facts),
                parse_id=dive.parse_id,
                transitions=transitions,
                urgency=Urgency.SCORE,
            ),
            of_dive=dive.key,
        )

    def cancel_adding(self) -> None:
        """Add none of the clips that are on their way."""
        for request_id in list(self.adding):
            self._asked.pop(request_id, None)
            self._client.cancel(request_id)

    def edit(self, exemplar_id: str, facts: ExemplarFacts) -> None:
        """Say something else of an exemplar."""
        exemplar = self.exemplar(exemplar_id)
        if exemplar is not None and facts != facts_of(exemplar):
            self.edits.push(
                EditLibrary(
                    self.tr("changing {0}").format(exemplar_id),
                    lambda: self._change("edit", exemplar_id, facts),
                    lambda: self._change("edit", exemplar_id, facts_of(exemplar)),
                )
            )

    def remove(self, ids: Sequence[str]) -> None:
        """Move exemplars to the bin."""
        self._change_all(ids, self.tr("removing {0}"), self.tr("removing {0} exemplars"), "remove", "restore")

    def restore(self, ids: Sequence[str]) -> None:
        """Take exemplars out of the bin."""
        self._change_all(ids, self.tr("restoring {0}"), self.tr("restoring {0} exemplars"), "restore", "remove")

    def empty_bin(self) -> None:
        """Delete for good what lies in the bin."""
        self.edits.clear()
        self._change("empty_bin")

    def refresh(self) -> None:
        """Ask what there is; another program may have changed the coach's own library."""
        self._change("list")

    def _change_all(self, ids: Sequence[str], of_one: str, of_many: str, action: str, opposite: str) -> None:
        """One step of undo, however many exemplars."""
        if len(ids) > 1:
            self.edits.beginMacro(of_many.format(len(ids)))
        for name in ids:
            self.edits.push(self._edit_of(name, of_one.format(name), action, opposite))
        if len(ids) > 1:
            self.edits.endMacro()

    def _edit_of(self, name: str, text: str, action: str, opposite: str, *, done: bool = False) -> EditLibrary:
        return EditLibrary(text, lambda: self._change(action, name), lambda: self._change(opposite, name), done=done)

    def _new_id(self) -> str:
        return f"l{next(self._ids)}"

    def _add(self, request: AddExemplarRequest, of_dive: str | None = None) -> None:
        self.adding[request.id] = Adding(name=Path(request.path).name, of_dive=of_dive)
        self._asked[request.id] = lambda: self._add(replace(request, id=self._new_id()), of_dive)
        self._client.submit(request)
        self.adding_changed.emit()

    def _change(self, action: str, exemplar_id: str | None = None, facts: ExemplarFacts | None = None) -> None:
        request = ChangeLibraryRequest(
            id=self._new_id(), action=action, exemplar_id=exemplar_id, facts=asdict(facts) if facts else None
        )
        self._asked[request.id] = lambda: self._change(action, exemplar_id, facts)
        self._client.submit(request)

    def _encode_next(self) -> None:
        """Prepare the next own exemplar that these weights have not seen, when nothing else is to do."""
        waiting = (
            entry.exemplar
            for entry in self.entries
            if entry.own and entry.state == "waiting" and not entry.exemplar.removed
        )
        exemplar = next((one for one in waiting if one.id not in self._given_up), None)
        if exemplar is not None and self._encoding is None and self._weights_loaded:
            request = EncodeExemplarRequest(id=self._new_id(), exemplar_id=exemplar.id)
            self._encoding = request.id, exemplar.id
            self._client.submit(request)

    def _on_ready(self) -> None:
        self._given_up.clear()  # other weights, or a folder that is there again
        self._weights_loaded = True
        self.refresh()

    def _on_progress(self, request_id: str, progress: Progress) -> None:
        if request_id in self.adding:
            self.adding[request_id] = replace(self.adding[request_id], progress=progress)
            self.adding_changed.emit()

    def _on_finished(self, request_id: str, answer: Answer) -> None:
        if not isinstance(answer, LibraryReport):
            return
        if answer.added is not None:
            name = answer.added
            self.edits.push(self._edit_of(name, self.tr("adding {0}").format(name), "restore", "remove", done=True))
            adding = self.adding.get(request_id)
            if adding is not None and adding.of_dive is not None:
                self.dive_added.emit(adding.of_dive, name)
        self._end(request_id)
        self.entries = tuple(
            LibraryEntry(
                exemplar=Exemplar(**{**entry["exemplar"], "clip_path": Path(entry["exemplar"]["clip_path"])}),
                own=entry["own"],
                state=entry["state"],
            )
            for entry in answer.entries
        )
        self.writable = answer.writable
        if answer.notice and answer.notice != self._notice and self._folder is not None:
            self.problem.emit(answer.notice)
        self._notice = answer.notice
        self.changed.emit()
        self._encode_next()

    def _on_failed(self, request_id: str, kind: str, message: str) -> None:
        if self._encoding is not None and request_id == self._encoding[0]:
            self._given_up.add(self._encoding[1])
        if not request_id and not self.entries and kind not in ("WorkerCrash", "WorkerGone"):
            self.refresh()  # the weights cannot be loaded; the library can be looked at all the same
        again = self._end(request_id)
        if again is not None and kind == "WorkerCrash":
            again()

    def _on_cancelled(self, request_id: str) -> None:
        again = self._end(request_id)
        if again is not None:  # not by the user: the worker was started anew with other settings
            again()

    def _end(self, request_id: str) -> Callable[[], None] | None:
        """Wait no longer for a request; returns how to ask again, where it may be asked twice."""
        if self._encoding is not None and self._encoding[0] == request_id:
            self._encoding = None
        if self.adding.pop(request_id, None) is not None:
            self.adding_changed.emit()
        return self._asked.pop(request_id, None)

    def _open_bundled(self) -> ExemplarStore:
        if self._bundled is None:
            self._bundled = ExemplarStore.open()
        return self._bundled

    def close(self) -> None:
        """The window is closing; a stack says so of its own end, which nobody must hear any more."""
        self.edits.blockSignals(True)
        if self._bundled is not None:
            self._bundled.close()
