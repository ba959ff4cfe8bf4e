"""The exemplar library in the app: its entries, clips being added, and changes by the coach."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fineparser_core.errors import FineParserError
from fineparser_core.exemplars.records import Exemplar, ExemplarFacts
from fineparser_core.exemplars.selection import best_exemplar
from fineparser_core.exemplars.store import FILE_NAME, ExemplarStore
from fineparser_core.language import translated
from fineparser_core.records import MaskTrack
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.edits import Edit, LibraryChange, Subject
from fineparser_gui.dives.undo import EditStack
from fineparser_gui.library.library import LibraryEntry
from fineparser_gui.score.correction import timed_transitions
from fineparser_gui.worker.protocol import (
    AddExemplarRequest,
    ChangeLibraryRequest,
    EncodeExemplarRequest,
    LibraryReport,
    Ready,
)
from fineparser_gui.worker.scheduler import Scheduler
from fineparser_gui.worker.task import Task, Urgency


class LibraryEntries(QObject):
    """The entries of the library.

    Args:
        folder: folder of the coach's own library; None: there is none.

    Signals:
        changed: the entries changed.
        problem: (str) a sentence for the banner.

    Attributes:
        entries: bundled and own exemplars, those in the bin included.
        writable: whether the coach can add exemplars; False until the worker has reported.
    """

    changed = Signal()
    problem = Signal(str)

    def __init__(self, folder: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._bundled: ExemplarStore | None = None
        self.entries: tuple[LibraryEntry, ...] = ()
        self.writable = False

    @property
    def exemplars(self) -> list[Exemplar]:
        """All exemplars that may vote; before the first report of the worker, the bundled exemplars."""
        if self.entries:
            return [entry.exemplar for entry in self.entries if not entry.exemplar.removed]
        try:
            return self._open_bundled().exemplars()
        except FineParserError as error:
            self.problem.emit(translated(error))
            return []

    def entry(self, exemplar_id: str) -> LibraryEntry | None:
        """Return the entry of an exemplar, or None."""
        return next((entry for entry in self.entries if entry.exemplar.id == exemplar_id), None)

    def lost(self, exemplar_id: str) -> bool:
        """Return True if an exemplar was deleted permanently; False while the coach's library cannot be read."""
        return self.writable and self.entry(exemplar_id) is None

    def numbers(self, *, synchro: bool = False) -> Counter[str]:
        """Return the number of exemplars by dive number."""
        return Counter(e.dive_number for e in self.exemplars if e.synchro == synchro)

    def best(self, dive_number: str, board_m: float | None, *, synchro: bool = False) -> Exemplar | None:
        """Return the best exemplar of a dive number, or None."""
        same = [e for e in self.exemplars if e.dive_number == dive_number and e.synchro == synchro]
        return best_exemplar(same, dive_number, board_m)

    def find(self, exemplar_id: str) -> Exemplar | None:
        """Return the exemplar of an id; None if it does not exist or is not reported yet, see `changed`."""
        entry = self.entry(exemplar_id)
        if entry is not None or self.entries:
            return entry.exemplar if entry is not None else None
        with suppress(FineParserError):
            return self._open_bundled().get(exemplar_id)
        return None

    def exemplar(self, exemplar_id: str) -> Exemplar | None:
        """Return the exemplar of an id that the user has requested; emit a `problem` if it does not exist."""
        found = self.find(exemplar_id)
        if found is None and not self.entries and self._folder is not None:
            self.problem.emit(self.tr("Your own exemplars are still being read: try again in a moment."))
        elif found is None:
            self.problem.emit(self.tr("The exemplar {0} is no longer in the library.").format(exemplar_id))
        return found

    def mask(self, exemplar_id: str) -> MaskTrack | None:
        """Return the masks of an exemplar, or None; does not wait for a writer."""
        entry = self.entry(exemplar_id)
        try:
            if entry is None or not entry.own or self._folder is None:
                return self._open_bundled().mask(exemplar_id)
            # Closed at once: the worker may have to replace the file.
            with ExemplarStore.open(self._folder / FILE_NAME) as own:
                return own.mask(exemplar_id)
        except FineParserError as error:
            self.problem.emit(translated(error))
            return None

    def _open_bundled(self) -> ExemplarStore:
        if self._bundled is None:
            self._bundled = ExemplarStore.open()
        return self._bundled


class LibraryService(LibraryEntries):
    """Service that mirrors the library, which the worker owns, and sends changes to the worker.

    Args:
        folder: folder of the coach's own library; None: there is none.

    Signals:
        adding_changed: `adding` changed.
        dive_added: (str, str) key of a dive, and the exemplar that was made of it.

    Attributes:
        edits: the edits that can be undone and redone.
    """

    adding_changed = Signal()
    dive_added = Signal(str, str)

    def __init__(self, scheduler: Scheduler, folder: Path | None, parent: QObject | None = None) -> None:
        super().__init__(folder, parent)
        self._scheduler = scheduler
        self._preparing: str | None = None  # id of the exemplar that is being encoded
        self._tried: set[str] = set()  # ids of exemplars that were to be encoded for the loaded weights
        self._weights_loaded = False
        self._listed_for: Ready | str | None = None  # weights, or why there are none, that the last report was for
        self._notice = ""
        self.edits = EditStack(self)
        self.edits.handlers[Subject.EXEMPLAR] = lambda edit: self._change(edit.key, edit.after)
        scheduler.ready.connect(self._on_ready)
        scheduler.failed.connect(self._on_worker_failed)

    @property
    def adding(self) -> list[Task]:
        """Clips that are being added, each by an `AddExemplarRequest`."""
        return [task for task in self._scheduler.tasks if isinstance(task.request, AddExemplarRequest)]

    @property
    def preparing(self) -> tuple[int, int]:
        """Number of own exemplars encoded for the loaded weights, and of those that can be."""
        own = [e for e in self.entries if e.own and not e.exemplar.removed and e.state != "no clip"]
        return sum(entry.state == "ready" for entry in own), len(own)

    @property
    def n_given_up(self) -> int:
        """Number of own exemplars that could not be encoded for these weights."""
        return len(self._tried.intersection(self._waiting()) - {self._preparing})

    def add_clip(self, path: Path, in_frame: int | None, out_frame: int | None, facts: ExemplarFacts) -> None:
        """Add a stretch of a video; None: the file's ends."""
        self._add(
            AddExemplarRequest(path=str(path), in_frame=in_frame, out_frame=out_frame, facts=facts), Urgency.EXEMPLAR
        )

    def add_dive(self, dive: Dive, facts: ExemplarFacts) -> None:
        """Add an analyzed dive, with the transitions that the coach placed."""
        frames = dive.corrected_frames
        self._add(
            AddExemplarRequest(
                path=str(dive.path),
                in_frame=dive.in_frame,
                out_frame=dive.out_frame,
                facts=facts,
                parse_id=dive.parse_id,
                transitions=timed_transitions(frames, dive.info) if frames and dive.info else None,
            ),
            Urgency.SCORE,
            of_dive=dive.key,
        )

    def cancel_adding(self) -> None:
        """Add none of the clips that are on their way."""
        for task in self.adding:
            task.cancel()

    def edit(self, exemplar_id: str, facts: ExemplarFacts) -> None:
        """Change the facts of an exemplar."""
        exemplar = self.exemplar(exemplar_id)
        if exemplar is not None and facts != exemplar.facts:
            before, after = (LibraryChange(action="edit", facts=one) for one in (exemplar.facts, facts))
            text = self.tr("changing {0}").format(exemplar_id)
            self.edits.do(Edit(subject=Subject.EXEMPLAR, key=exemplar_id, before=before, after=after, text=text))

    def remove(self, ids: Sequence[str]) -> None:
        """Move exemplars to the bin."""
        self._change_all(
            ids, self.tr("removing {0}"), self.tr("removing {0} exemplars", None, len(ids)), "remove", "restore"
        )

    def restore(self, ids: Sequence[str]) -> None:
        """Take exemplars out of the bin."""
        self._change_all(
            ids, self.tr("restoring {0}"), self.tr("restoring {0} exemplars", None, len(ids)), "restore", "remove"
        )

    def empty_bin(self) -> None:
        """Delete the exemplars in the bin permanently."""
        self.edits.clear()
        self._change(None, LibraryChange(action="empty_bin"))

    def refresh(self) -> None:
        """Request a report; another program may have changed the coach's library."""
        self._change(None, LibraryChange(action="list"))

    def _change_all(self, ids: Sequence[str], of_one: str, of_many: str, action: str, opposite: str) -> None:
        """Change several exemplars as a single undo step."""
        if len(ids) > 1:
            self.edits.beginMacro(of_many.format(len(ids)))
        for name in ids:
            self.edits.do(_moving(name, of_one.format(name), action, opposite))
        if len(ids) > 1:
            self.edits.endMacro()

    def _add(self, request: AddExemplarRequest, urgency: Urgency, of_dive: str | None = None) -> None:
        task = self._scheduler.submit(request, urgency=urgency)
        task.finished.connect(partial(self._on_added, of_dive))
        task.failed.connect(lambda _, message: self.problem.emit(message))
        for signal in (task.progressed, task.finished, task.failed, task.cancelled):
            signal.connect(lambda *_: self.adding_changed.emit())
        self.adding_changed.emit()

    def _change(self, exemplar_id: str | None, change: LibraryChange) -> None:
        request = ChangeLibraryRequest(action=change.action, exemplar_id=exemplar_id, facts=change.facts)
        task = self._scheduler.submit(request)
        task.finished.connect(self._on_report)
        task.failed.connect(lambda _, message: self.problem.emit(message))

    def _prepare_next(self) -> None:
        """Encode the next own exemplar for the loaded weights, at the lowest urgency."""
        exemplar_id = next((one for one in self._waiting() if one not in self._tried), None)
        if exemplar_id is not None and self._preparing is None and self._weights_loaded:
            self._preparing = exemplar_id
            self._tried.add(exemplar_id)
            task = self._scheduler.submit(EncodeExemplarRequest(exemplar_id=exemplar_id))
            task.finished.connect(self._on_prepared)
            task.failed.connect(partial(self._on_not_prepared, exemplar_id))

    def _waiting(self) -> list[str]:
        """Return the ids of the own exemplars that are not encoded for the loaded weights."""
        own = (entry for entry in self.entries if entry.own and not entry.exemplar.removed)
        return [entry.exemplar.id for entry in own if entry.state == "waiting"]

    def _on_ready(self, ready: Ready) -> None:
        self._weights_loaded = True
        if ready != self._listed_for:  # not if a worker died and its successor has the same weights
            self._listed_for = ready
            self._tried.clear()
            self.refresh()

    def _on_worker_failed(self, kind: str, message: str) -> None:
        if kind == "WorkerGone":
            self._listed_for = None  # no fault of the library: the next worker is asked again
        elif not self.entries and kind != "WorkerCrash" and message != self._listed_for:
            self._listed_for = message
            self.refresh()  # the library can be shown without weights

    def _on_added(self, of_dive: str | None, report: LibraryReport) -> None:
        if (name := report.added) is not None:
            self.edits.do(_moving(name, self.tr("adding {0}").format(name), "restore", "remove"), done=True)
            if of_dive is not None:
                self.dive_added.emit(of_dive, name)
        self._on_report(report)

    def _on_prepared(self, report: LibraryReport) -> None:
        self._preparing = None
        self._on_report(report)

    def _on_not_prepared(self, exemplar_id: str, kind: str, message: str) -> None:
        self._preparing = None
        self.problem.emit(message)
        if kind == "WorkerGone":  # no fault of the exemplar
            self._tried.remove(exemplar_id)
        else:
            self._prepare_next()

    def _on_report(self, report: LibraryReport) -> None:
        self.entries = tuple(report.entries)
        self.writable = report.writable
        if report.notice and report.notice != self._notice and self._folder is not None:
            self.problem.emit(report.notice)
        self._notice = report.notice
        self.changed.emit()
        self._prepare_next()

    def close(self) -> None:
        """Close files, and block the signals of the history, which it emits while it is destroyed."""
        self.edits.blockSignals(True)
        if self._bundled is not None:
            self._bundled.close()


def _moving(name: str, text: str, action: str, opposite: str) -> Edit:
    """Return an edit that moves an exemplar to the bin, or out of it."""
    before, after = LibraryChange(action=opposite), LibraryChange(action=action)
    return Edit(subject=Subject.EXEMPLAR, key=name, before=before, after=after, text=text)
