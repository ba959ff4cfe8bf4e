"""The coach's store for the window: reading, edits, and following the changes of other windows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from PySide6.QtCore import QLocale, QObject, QTimer, Signal, SignalInstance

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.errors import FineParserError
from fineparser_core.language import translated
from fineparser_gui.services.analysis import AnalysisService
from fineparser_gui.services.importer import DiveImporter
from fineparser_gui.services.keeping import PATIENCE_S, Keeping
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.undo import Edit, EditStack, Subject
from fineparser_gui.session.dive import Dive, SavedDive, restored_attributes
from fineparser_gui.session.session_file import SavedSession
from fineparser_gui.store.records import HistoryDive, HistoryQuery, unpacked
from fineparser_gui.store.store import Store, look_after
from fineparser_gui.support.background import Background
from fineparser_gui.worker.analysis_cache import AnalysisCache

_LOOK_MS = 1500

Found = TypeVar("Found")


class HistoryService(QObject):
    """Service that reads and writes the coach's store.

    The session is written on a separate thread, see `Keeping`; edits on the page of the history are written at once.

    Args:
        path: path of the file, which is opened when it is first needed; None: there is no store.
        state_of, paused_changed: see `Keeping`.
        cache: which may still hold the masks of dives.

    Signals:
        changed: dives were added, changed or removed, by this window or another.

    Attributes:
        failed: whether the store could not be opened, so that nothing is kept.
    """

    changed = Signal()

    def __init__(
        self,
        state: SessionState,
        importer: DiveImporter,
        analyses: AnalysisService,
        state_of: Callable[[], SavedSession],
        paused_changed: SignalInstance,
        path: Path | None = None,
        cache: AnalysisCache | None = None,
    ) -> None:
        super().__init__(state)
        self._state, self._importer, self._path = state, importer, path
        self._cache = cache
        self._store: Store | None = None
        self.failed = False
        self._seen = 0
        self._thread = Background(self)
        self.keeping = Keeping(state, analyses, state_of, lambda: self.store, paused_changed)
        self.keeping.kept.connect(self._look_for_others)
        self.changed.connect(self.keeping.follow)
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._look_for_others)

    @property
    def available(self) -> bool:
        """True if there is a history that can be read."""
        return self.store is not None

    @property
    def store(self) -> Store | None:
        """The store, opened at its first use; None if there is none or it cannot be opened, which the user knows."""
        if self._store is None and self._path is not None and not self.failed:
            try:
                months = [QLocale().standaloneMonthName(month) for month in range(1, 13)]
                self._store = Store(self._path, months, patience_s=PATIENCE_S)
            except FineParserError as error:
                self.failed = True
                self._state.problem.emit(translated(error))
                return None
            self._tell_notice()
            self._seen = self._store.changes()
            self._look.start()
            self._thread.run(partial(look_after, self._store.path), self._on_looked_after)
        return self._store

    def read(self, ask: Callable[[Store], Found], otherwise: Found) -> Found:
        """Return the store's answer; on failure emit a `problem` and return `otherwise`.

        Example: `read(lambda store: store.search(query), [])`.
        """
        store = self.store
        if store is None:
            return otherwise
        try:
            return ask(store)
        except FineParserError as error:
            self._state.problem.emit(translated(error))
            return otherwise

    def write(self, act: Callable[[Store], Found]) -> Found | None:
        """Change the history, emit `changed` and return the result of `act`; on failure emit a `problem`."""
        done = self.read(act, None)
        self.changed.emit()
        return done

    def known_names(self, of: Literal["athlete", "event"]) -> list[str]:
        """Return the names of divers or events in the history or the session, sorted."""
        known = self.read(lambda store: store.counts("athlete" if of == "athlete" else "event"), dict[str, int]())
        return sorted({*known, *(getattr(dive, of) for dive in self._state.dives)} - {""}, key=str.casefold)

    def restored(self, dive: HistoryDive) -> Dive:
        """Return a dive as a session has it, with its analysis, and its masks if they are still kept."""
        saved: Mapping[int, SavedDive] = self.read(lambda store: store.saved([dive.id]), {})
        content = self.read(lambda store: store.analysis(dive.id), b"")
        analysis = unpacked(content, dive.path, self._cache, dive.parse_id) if content else None
        known = restored_attributes(saved.get(dive.id) or SavedDive(path=dive.path))
        return Dive(key=str(dive.id), caught=True, model_analysis=analysis, analysis=analysis, **known)

    def open(self, dives: Iterable[HistoryDive]) -> None:
        """Add dives of the history to the session and show the first; those that it has already are only shown."""
        dives = list(dives)
        new = [one for one in dives if self.key_of(one) is None]
        saved: Mapping[int, SavedDive] = self.read(lambda store: store.saved([one.id for one in new]), {})
        if saved:
            keys = self._importer.restore(SavedSession(dives=tuple(saved.values()), selected=0))
            self.keeping.put(dict(zip(keys, saved, strict=True)))
        elif dives:
            self._state.select(self.key_of(dives[0]))

    def key_of(self, dive: HistoryDive) -> str | None:
        """Return the key under which a dive of the history is open in the session, or None."""
        keys = (key for key, id_ in self.keeping.ids.items() if id_ == dive.id)
        return next((key for key in keys if self._state.find(key) is not None), None)

    def close(self) -> None:
        """Write the remaining changes, and end."""
        self.keeping.close()
        self._thread.close()
        self._look.stop()
        self._path = None
        if self._store is not None:
            self._store.close()
            self._store = None

    def _on_looked_after(self, damage: str) -> None:
        if damage:
            self.write(lambda store: store.recover())
            self._tell_notice()

    def _tell_notice(self) -> None:
        if self._store is not None and self._store.notice:
            notice, self._store.notice = self._store.notice, ""
            self._state.problem.emit(translated(notice))

    def _look_for_others(self) -> None:
        """Emit the changes of other connections than the window's: of its thread, or of another window."""
        now = self.read(lambda store: store.changes(), self._seen) if self._store is not None else self._seen
        self._tell_notice()
        if now != self._seen:
            self._seen = now
            self.changed.emit()


class HistoryEditing(QObject):
    """Service that turns every change of the history by the coach into an undoable edit.

    Args:
        problem: signal that takes a sentence for the banner.

    Attributes:
        edits: the edits that can be undone and redone.
    """

    def __init__(self, history: HistoryService, problem: SignalInstance) -> None:
        super().__init__(history)
        self._history, self._problem = history, problem
        self.edits = EditStack(self)
        self.edits.handlers |= {Subject.HISTORY_ATHLETES: self._apply_names, Subject.HISTORY_ROWS: self._apply_rows}

    def rename(self, old: str, new: str) -> None:
        """Give an athlete another name; athletes of the same name become the same athlete."""
        ids: list[int] = self._history.read(lambda store: store.ids(HistoryQuery(exact={"athlete": old})), [])
        after = dict.fromkeys(ids, new.strip()[:LONGEST_NAME])
        before, text = dict.fromkeys(ids, old), self.tr("renaming the athlete")
        if before != after:
            self.edits.do(Edit(subject=Subject.HISTORY_ATHLETES, before=before, after=after, text=text))

    def delete(self, ids: Sequence[int]) -> None:
        """Take dives out of the history; their videos stay."""
        gone = self._history.write(lambda store: store.remove(ids))
        if gone:
            text = self.tr("deleting {0} dives", None, len(gone)).format(len(gone))
            self.edits.do(Edit(subject=Subject.HISTORY_ROWS, before=gone, after=[], text=text), done=True)

    def _apply_names(self, edit: Edit) -> Edit:
        """Name the dives that have the names of `before`; return the edit with those alone."""
        done = self._history.write(lambda store: store.set_athletes(edit.after, edit.before))
        if done is None:
            return replace(edit, before=edit.after)
        if n_left := len(edit.after) - len(done):
            self._problem.emit(self.tr("Dives left as they are, as they were changed since: {0}.").format(n_left))
        before = {id_: edit.before[id_] for id_ in done}
        return replace(edit, before=before, after={id_: edit.after[id_] for id_ in before})

    def _apply_rows(self, edit: Edit) -> Edit:
        """Bring back or take out dives; return the edit with those alone that were there."""
        after, before = edit.after, edit.before
        shown = self._history.write(lambda store: store.restore(after) if after else store.remove(before))
        if shown is None:
            return replace(edit, before=edit.after)
        if not edit.after:
            return replace(edit, before=shown)
        if n_gone := len(edit.after) - len(shown):
            said = self.tr("Dives that cannot come back, as they were deleted for good: {0}.")
            self._problem.emit(said.format(n_gone))
        return replace(edit, after=shown)
