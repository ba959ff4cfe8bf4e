"""The exemplar library in the app: its exemplars, and the starred dives of the session, which vote as exemplars."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.exemplars.judged import judged_exemplar
from fineparser_core.exemplars.records import Exemplar, ExemplarFacts, check_facts
from fineparser_core.exemplars.selection import best_exemplar
from fineparser_core.exemplars.store import FILE_NAME, ExemplarStore
from fineparser_core.language import translated
from fineparser_core.records import MaskTrack
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.undo import Edit, EditStack, Subject
from fineparser_gui.session.correction import timed_transitions
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.worker.protocol import (
    AddExemplarRequest,
    ChangeLibraryRequest,
    EncodeExemplarRequest,
    LibraryReport,
    Ready,
)
from fineparser_gui.worker.scheduler import Scheduler, Task, Urgency


class ExemplarLibrary(QObject):
    """Service that mirrors the library, which the worker owns, and lets starred dives vote.

    Args:
        edits: the edits of the session's dives.
        folder: folder of the coach's own library; None: there is none.

    Signals:
        changed: the exemplars changed.
        dive_added: (str, str) key of a dive, and the exemplar that was made of it.

    Attributes:
        writable: whether the coach can add exemplars; False until the worker has reported.
    """

    changed = Signal()
    dive_added = Signal(str, str)

    def __init__(self, state: SessionState, scheduler: Scheduler, edits: EditStack, folder: Path | None) -> None:
        super().__init__(state)
        self._state, self._scheduler, self._edits, self._folder = state, scheduler, edits, folder
        self._bundled: ExemplarStore | None = None
        self._shipped: dict[str, Exemplar] = {}  # of the bundled file, once it was read
        self._known: dict[str, Exemplar] = {}  # as reported last, with those in the bin
        self._own: list[str] = []
        self._waiting: list[str] = []  # ids of own exemplars that are not encoded for the loaded weights
        self.writable = False
        self._facts: dict[str, ExemplarFacts] = {}  # latest facts that were sent to the worker, by exemplar id
        self._preparing: str | None = None  # id of the exemplar that is being encoded
        self._tried: set[str] = set()  # ids of exemplars that were to be encoded for the loaded weights
        self._weights_loaded = False
        self._listed_for: Ready | str | None = None  # weights, or why there are none, that the last report was for
        self._notice = ""
        edits.handlers[Subject.VOTES] = self._apply
        state.dive_changed.connect(self._follow)
        scheduler.ready.connect(self._on_ready)
        scheduler.failed.connect(self._on_worker_failed)

    @property
    def exemplars(self) -> list[Exemplar]:
        """All exemplars that may vote; before the first report of the worker, the bundled exemplars."""
        if self._known:
            return [one for one in self._known.values() if not one.removed]
        try:
            return list(self._read_bundled().values())
        except FineParserError as error:
            self._state.problem.emit(translated(error))
            return []

    def numbers(self, *, synchro: bool = False) -> Counter[str]:
        """Return the number of exemplars by dive number."""
        return Counter(e.dive_number for e in self.exemplars if e.synchro == synchro)

    def best(self, dive_number: str, board_m: float | None, *, synchro: bool = False) -> Exemplar | None:
        """Return the best exemplar of a dive number, or None."""
        same = [e for e in self.exemplars if e.dive_number == dive_number and e.synchro == synchro]
        return best_exemplar(same, dive_number, board_m)

    def find(self, exemplar_id: str) -> Exemplar | None:
        """Return the exemplar of an id; None if it does not exist or is not reported yet, see `changed`."""
        known = self._known
        with suppress(FineParserError):
            known = known or self._read_bundled()
        return known.get(exemplar_id) or judged_exemplar(exemplar_id)

    def exemplar(self, exemplar_id: str) -> Exemplar | None:
        """Return the exemplar of an id that the user has requested; report a problem if it does not exist."""
        exemplar = self.find(exemplar_id)
        if exemplar is None and not self._known and self._folder is not None:
            self._state.problem.emit(self.tr("Your own exemplars are still being read: try again in a moment."))
        elif exemplar is None:
            self._state.problem.emit(self.tr("The exemplar {0} is no longer in the library.").format(exemplar_id))
        return exemplar

    def mask(self, exemplar_id: str) -> MaskTrack | None:
        """Return the masks of an exemplar, or None; does not wait for a writer."""
        try:
            if exemplar_id not in self._own or self._folder is None:
                return self._open_bundled().mask(exemplar_id)
            # Closed at once: the worker may have to replace the file.
            with ExemplarStore.open(self._folder / FILE_NAME) as own:
                return own.mask(exemplar_id)
        except FineParserError as error:
            self._state.problem.emit(translated(error))
            return None

    @property
    def adding(self) -> list[Task]:
        """Starred dives on their way to the library, each an `AddExemplarRequest`."""
        return [task for task in self._scheduler.tasks if isinstance(task.request, AddExemplarRequest)]

    def let_vote(self, keys: Sequence[str], on: bool) -> None:
        """Star dives, so that their marks vote for other dives, or take their stars away."""
        text = self.tr("starring {0}")
        dives = [self._state.dive(key) for key in keys]
        with self._edits.macro(text.format(dives[0].title if dives else "")):
            for dive in dives:
                if on and not dive.exemplar_id and dive.state is DiveState.READY:
                    self._star(dive)
                elif not on and dive.exemplar_id:
                    self._edits.do(_star_edit(dive.key, dive.exemplar_id, "", text.format(dive.title)))
        self.changed.emit()

    def refresh(self) -> None:
        """Request a report; another program may have changed the coach's library."""
        self._change(None, "list")

    def close(self) -> None:
        """Close files."""
        if self._bundled is not None:
            self._bundled.close()

    def _star(self, dive: Dive) -> None:
        if not self.writable:
            self._state.problem.emit(self.tr("Exemplars cannot be added because no folder is writable."))
            return
        try:
            facts = exemplar_facts(dive)
        except ConfigError as error:
            self._state.problem.emit(translated(error))
            return
        frames = dive.corrected_frames
        request = AddExemplarRequest(
            path=str(dive.path),
            in_frame=dive.in_frame,
            out_frame=dive.out_frame,
            facts=facts,
            parse_id=dive.parse_id,
            content=dive.content,
            transitions=timed_transitions(frames, dive.info) if frames and dive.info else None,
        )
        self._submit(request, dive.key)

    def _submit(self, request: AddExemplarRequest, key: str) -> None:
        task = self._scheduler.submit(request, urgency=Urgency.SCORE)
        task.finished.connect(partial(self._on_added, key))
        task.failed.connect(lambda _, message: self._state.problem.emit(message))

    def _apply(self, edit: Edit) -> None:
        """Set the star of a dive, and move its exemplar out of the bin or into it."""
        if self._state.find(edit.key) is not None:
            self._state.update(edit.key, exemplar_id=edit.after)
            self._change(edit.after or edit.before, "restore" if edit.after else "remove")

    def _follow(self, key: str) -> None:
        """Let the exemplar of a starred dive have the dive's present details."""
        dive = self._state.find(key)
        exemplar = self.find(dive.exemplar_id) if dive is not None and dive.exemplar_id and self._known else None
        if dive is None or exemplar is None:
            return
        was = self._facts.get(exemplar.id, exemplar.facts)
        with suppress(ConfigError):
            facts = exemplar_facts(dive)
            if facts != was:
                self._facts[exemplar.id] = facts
                self._change(exemplar.id, "edit", facts, was)

    def _change(
        self, exemplar_id: str | None, action: str, facts: ExemplarFacts | None = None, was: ExemplarFacts | None = None
    ) -> None:
        request = ChangeLibraryRequest(action=action, exemplar_id=exemplar_id, facts=facts, was=was)
        task = self._scheduler.submit(request)
        task.finished.connect(self._on_report)
        task.failed.connect(lambda _, message: self._state.problem.emit(message))

    def _open_bundled(self) -> ExemplarStore:
        if self._bundled is None:
            self._bundled = ExemplarStore.open()
        return self._bundled

    def _read_bundled(self) -> dict[str, Exemplar]:
        """Return the exemplars of the bundled file by id; nobody writes it, so it is read once."""
        self._shipped = self._shipped or {one.id: one for one in self._open_bundled().exemplars()}
        return self._shipped

    def _prepare_next(self) -> None:
        """Encode the next own exemplar for the loaded weights, at the lowest urgency."""
        exemplar_id = next((one for one in self._waiting if one not in self._tried), None)
        if exemplar_id is not None and self._preparing is None and self._weights_loaded:
            self._preparing = exemplar_id
            self._tried.add(exemplar_id)
            task = self._scheduler.submit(EncodeExemplarRequest(exemplar_id=exemplar_id))
            task.finished.connect(self._on_prepared)
            task.failed.connect(partial(self._on_not_prepared, exemplar_id))

    def _on_ready(self, ready: Ready) -> None:
        self._weights_loaded = True
        if ready != self._listed_for:  # not if a worker died and its successor has the same weights
            self._listed_for = ready
            self._tried.clear()
            self.refresh()

    def _on_worker_failed(self, kind: str, message: str) -> None:
        if kind == "WorkerGone":
            self._listed_for = None  # no fault of the library: the next worker is asked again
        elif not self._known and kind != "WorkerCrash" and message != self._listed_for:
            self._listed_for = message
            self.refresh()  # exemplars can be compared with, without weights

    def _on_added(self, key: str, report: LibraryReport) -> None:
        self._on_report(report)
        dive = self._state.find(key)
        if (name := report.added) is not None and dive is not None:
            self._state.update(key, exemplar_id=name)
            text = self.tr("starring {0}").format(dive.title)
            self._edits.do(_star_edit(key, "", name, text), done=True)
            self.dive_added.emit(key, name)

    def _on_prepared(self, report: LibraryReport) -> None:
        self._preparing = None
        self._on_report(report)

    def _on_not_prepared(self, exemplar_id: str, kind: str, message: str) -> None:
        self._preparing = None
        self._state.problem.emit(message)
        if kind == "WorkerGone":  # no fault of the exemplar
            self._tried.remove(exemplar_id)
        else:
            self._prepare_next()

    def _on_report(self, report: LibraryReport) -> None:
        self._known = {one.id: one for one in report.exemplars}
        self._own, self._waiting = report.own, report.waiting
        self.writable = report.writable
        if report.notice and report.notice != self._notice and self._folder is not None:
            self._state.problem.emit(report.notice)
        self._notice = report.notice
        self.changed.emit()
        self._prepare_next()


def exemplar_facts(dive: Dive) -> ExemplarFacts:
    """Return the facts of a dive that votes.

    Raises:
        ConfigError: its marks, number or board are missing or cannot be.
    """
    if dive.judged_score is None:
        raise ConfigError(
            "{0} cannot vote for other dives: give its judges' marks, number and board first.", dive.title
        )
    return check_facts(
        ExemplarFacts(
            dive_number=dive.known_number or "",
            board_m=dive.known_board_m,
            score=dive.judged_score,
            diver=dive.athlete,
            dived_on=dive.day or None,
            synchro=dive.synchro,
        )
    )


def _star_edit(key: str, before: str, after: str, text: str) -> Edit:
    return Edit(subject=Subject.VOTES, key=key, before=before, after=after, text=text)
