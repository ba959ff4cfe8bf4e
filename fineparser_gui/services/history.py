"""Keeps the session's analysed dives in the coach's history, and tells what other windows write there."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QLocale, QObject, QTimer, Signal
from PySide6.QtGui import QImageWriter

from fineparser_core.errors import FineParserError
from fineparser_core.language import Phrase, text, together, translated
from fineparser_core.progress import CancelToken
from fineparser_core.types import Analysis
from fineparser_gui.images import image_of
from fineparser_gui.model.analysis_cache import AnalysisCache
from fineparser_gui.model.dive import Dive, DiveState
from fineparser_gui.model.history import History, look_after
from fineparser_gui.model.history_dive import HistoryDive, file_key, history_dive
from fineparser_gui.model.relocation import found_by_content, is_there
from fineparser_gui.model.said import changed, recalled, told_by_file
from fineparser_gui.model.session import saved_dive
from fineparser_gui.model.session_file import SavedDive, SavedSession
from fineparser_gui.services.background import Background
from fineparser_gui.services.history_analysis import packed, unpacked
from fineparser_gui.services.importer import DiveImporter
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.soon import Soon
from fineparser_gui.services.taking_in import TakingIn

#: After a change; changes do not restart it, as progress reports come faster.
DELAY_MS = 2000
_LOOK_MS = 1500
#: Time for which the window waits for another program that writes, in seconds.
_PATIENCE_S = 2.0
#: Dives that are written in one transaction.
_AT_ONCE = 8
_JPEG_QUALITY = 80

Found = TypeVar("Found")


class HistoryService(QObject):
    """The history of the coach, and the session's part in it.

    Dives of the session are written on a thread of their own, once what is typed is finished; what the coach does to
    the history, at once. A dive that is known gets what is said of it before it is analysed.

    Args:
        path: of the file, which is opened when it is first needed; None: there is no history.
        taking_in: finds what is kept of the dives of session files.
        cache: which may still hold the masks of dives.

    Attributes:
        typing: returns the key of the dive of which the coach is typing details; None: of none.

    Signals:
        changed: dives were added, changed or removed, by this window or another one.
        done: (str) a sentence on what a search for moved videos or taking in sessions has brought.
    """

    changed = Signal()
    done = Signal(str)

    def __init__(
        self,
        state: SessionState,
        importer: DiveImporter,
        taking_in: TakingIn,
        path: Path | None = None,
        cache: AnalysisCache | None = None,
    ) -> None:
        super().__init__(state)
        self._state, self._importer, self._taking_in, self._path = state, importer, taking_in, path
        self._cache = cache
        self._store: History | None = None
        self._told = False
        self._seen = 0
        self._session_path: Path | None = None
        self.typing: Callable[[], str | None] = lambda: None
        self._pending: dict[str, Dive] = {}
        self._before: dict[str, SavedDive] = {}  # by key, as a session file had it or it was last kept
        self._recalled: set[str] = set()
        self._thread = Background(self)
        self._cancel = CancelToken()  # of what may take long
        self._keeping = Soon(self, DELAY_MS, self._keep_unless_typing)
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._look_for_others)
        state.dive_added.connect(self._on_dive_added)
        state.dive_changed.connect(self._on_dive_changed)

    @property
    def available(self) -> bool:
        """Whether there is a history that can be read."""
        return self.store is not None

    @property
    def store(self) -> History | None:
        """The history, opened when it is first asked for; None where there is none, which the user was told."""
        if self._store is None and self._path is not None and not self._told:
            try:
                months = [QLocale().standaloneMonthName(month) for month in range(1, 13)]
                self._store = History(self._path, months, patience_s=_PATIENCE_S)
            except FineParserError as error:
                self._told = True
                self._state.problem.emit(translated(error))
                return None
            self._tell_notice()
            self._seen = self._store.changes()
            self._look.start()
            self._thread.run(partial(look_after, self._store.path), self._on_looked_after)
        return self._store

    def read(self, ask: Callable[[History], Found], otherwise: Found) -> Found:
        """What the history answers; `otherwise`, and a `problem`, where it cannot.

        Such as `read(lambda history: history.search(query), [])`.
        """
        store = self.store
        if store is None:
            return otherwise
        try:
            return ask(store)
        except FineParserError as error:
            self._state.problem.emit(translated(error))
            return otherwise

    def write(self, act: Callable[[History], Found]) -> Found | None:
        """Change the history and emit `changed`; returns what `act` does, or None, and a `problem`, where it fails."""
        done = self.read(act, None)
        self.changed.emit()
        return done

    def known_names(self, of: Literal["diver", "event"]) -> list[str]:
        """The names of divers or events that the history or the session has, sorted."""
        known = self.read(lambda store: store.counts("athlete" if of == "diver" else "event"), dict[str, int]())
        return sorted({*known, *(getattr(dive, of) for dive in self._state.dives)} - {""}, key=str.casefold)

    def set_tags(self, tags: Mapping[int, Sequence[str]]) -> None:
        """Replace the tags of dives by their ids."""
        self.write(lambda store: store.set_tags(tags))

    def set_athletes(self, names: Mapping[int, str]) -> None:
        """Name the athletes of dives by their ids, in the open session as well."""
        before = self.write(lambda store: store.set_athletes(names))
        for dive in self._state.dives if before else ():
            if dive.identity is not None and dive.analysis is not None:
                place = file_key(dive.identity), dive.first_frame, dive.last_frame
                new = names.get(self.read(lambda store, at=place: store.find(*at), 0))  # type: ignore[misc]
                if new is not None and new != dive.diver:
                    self._state.update(dive.key, diver=new)

    def saved(self, dive: HistoryDive) -> SavedDive | None:
        """What a session opens a dive from; None where it is not there."""
        return self.read(lambda store: store.saved(dive.id), None)

    def analysis(self, dive: HistoryDive) -> Analysis | None:
        """What was found of a dive, with its masks where they are still kept; None where it is not known."""
        content = self.read(lambda store: store.analysis(dive.id), b"")
        return unpacked(content, dive.path, self._cache, dive.parse_id) if content else None

    def open(self, dives: Iterable[HistoryDive]) -> None:
        """Add dives of the history to the session and show the first; those that it has already are only shown."""
        found = [(one, self.key_of(one)) for one in filter(None, map(self.saved, dives))]
        if new := tuple(one for one, key in found if key is None):
            self._importer.restore(SavedSession(dives=new, selected=0))
        elif found:
            self._state.select(found[0][1])

    def key_of(self, dive: HistoryDive | SavedDive) -> str | None:
        """The dive of the session that a dive of the history is; None where it is not open."""
        place = dive.path, dive.in_frame, dive.out_frame
        return next((one.key for one in self._state.dives if (one.path, one.in_frame, one.out_frame) == place), None)

    def belongs_to(self, session_path: Path | None) -> None:
        """The session has another file, or none."""
        if session_path != self._session_path:
            self._session_path = session_path
            for key in self._state.keys:
                self._on_dive_changed(key)

    def follow_recovered(self, saved: SavedSession) -> None:
        """What the dives say otherwise than their session file counts as changed: a kill came before it was kept."""
        known = {(one.path, one.in_frame, one.out_frame): one for one in saved.dives}
        for one in self._state.dives:
            self._before[one.key] = known.get((one.path, one.in_frame, one.out_frame), SavedDive(path=one.path))

    def keep_now(self) -> None:
        """Write what has changed."""
        self._keeping.stop()
        pending, self._pending = self._pending, {}
        settled = [
            one
            for one in pending.values()
            if one.state is DiveState.READY and not (one.busy or one.rescoring or one.refused)
        ]
        store = self.store if settled else None
        for start in range(0, len(settled), _AT_ONCE):
            if store is not None:
                some = settled[start : start + _AT_ONCE]
                before = {one.key: self._before[one.key] for one in some}
                self._before |= {one.key: saved_dive(one) for one in some}
                said = [changed(before[one.key], self._before[one.key]) for one in some]
                keep = partial(_keep, store.path, some, said, str(self._session_path or ""))
                self._thread.run(keep, lambda _: self._look_for_others(), partial(self._on_not_kept, before))

    def take_in(self, sessions: Sequence[Path]) -> None:
        """Take in the dives of session files, with the results that are kept of them; `done` says what came of it."""
        if (store := self.store) is not None:
            take_in = partial(_take_in, store.path, tuple(sessions), self._taking_in, self._cancel)
            self._thread.run(take_in, self._on_done, self._on_done)

    def find_moved(self) -> None:
        """Look for videos that are not where they were in the history's folders; `done` says what came of it."""
        if (store := self.store) is not None:
            self._thread.run(partial(_find_moved, store.path, self._cancel), self._on_done, self._on_done)

    def close(self) -> None:
        """Write what is left, and end."""
        self.keep_now()
        self._cancel.cancel()
        self._thread.close()
        self._look.stop()
        self._path = None
        if self._store is not None:
            self._store.close()
            self._store = None

    def _on_dive_changed(self, key: str) -> None:
        if self._path is None:
            return
        dive = self._state.dive(key)
        if dive.state is DiveState.QUEUED and key not in self._recalled:
            self._recall(dive)
        self._pending[key] = self._state.dive(key)
        self._keeping.begin()

    def _on_dive_added(self, key: str) -> None:
        dive = self._state.dive(key)
        from_file = saved_dive(dive) if dive.identity is not None else SavedDive(path=dive.path)
        self._before.setdefault(key, from_file)

    def _recall(self, dive: Dive) -> None:
        """Give a dive whose video is open what the history knows of it."""
        self._recalled.add(dive.key)
        if dive.identity is None or dive.info is None:
            return
        filled: dict[str, object] = {"dived_on": dive.dived_on} if told_by_file(dive) else {}
        place = file_key(dive.identity), dive.first_frame, dive.last_frame
        known = self.read(lambda store: store.known_as(*place), None)
        if known is not None:
            filled |= recalled(dive, known)
        self._before[dive.key] = replace(self._before[dive.key], **filled)  # type: ignore[arg-type]
        if any(getattr(dive, name) != value for name, value in filled.items()):
            self._state.update(dive.key, **filled)

    def _keep_unless_typing(self) -> None:
        typed = self._pending.pop(key, None) if (key := self.typing()) is not None else None
        self.keep_now()
        if key is not None and typed is not None:
            self._pending[key] = typed
            self._keeping.begin()

    def _on_not_kept(self, before: Mapping[str, SavedDive], problem: str) -> None:
        self._before |= before
        self._state.problem.emit(problem)
        self._look_for_others()

    def _on_done(self, said: str) -> None:
        self._look_for_others()
        self.done.emit(translated(said))

    def _on_looked_after(self, damage: str) -> None:
        if damage:
            self.write(lambda store: store.recover())
            self._tell_notice()

    def _tell_notice(self) -> None:
        if self._store is not None and self._store.notice:
            notice, self._store.notice = self._store.notice, ""
            self._state.problem.emit(translated(notice))

    def _look_for_others(self) -> None:
        """Tell of what another connection than the window's own has written: its thread, or another window."""
        now = self.read(lambda store: store.changes(), self._seen) if self._store is not None else self._seen
        self._tell_notice()
        if now != self._seen:
            self._seen = now
            self.changed.emit()


def _keep(path: Path, dives: Sequence[Dive], said: Sequence[Collection[str]], session: str) -> None:
    known = [(history_dive(dive, session), dive, names) for dive, names in zip(dives, said, strict=True)]
    some = [(found, dive, names) for found, dive, names in known if found is not None]
    if some:
        with closing(History(path)) as store:
            store.keep(
                [(found, saved_dive(dive), _thumbnail(dive)) for found, dive, _ in some],
                said=[names for *_, names in some],
                analyses=[_packing(dive) for _, dive, _ in some],
            )


def _take_in(path: Path, sessions: Sequence[Path], taking_in: TakingIn, cancel: CancelToken) -> str:
    n_dives = n_results = 0
    problems = []
    with closing(History(path)) as store:
        for session in sessions:
            try:
                found = list(taking_in.dives(session, cancel))
            except FineParserError as error:
                problems.append(translated(error))
                continue
            rows = [(one, saved, _thumbnail(dive)) for one, saved, dive in found]
            store.keep(rows, asked=True, analyses=[_packing(dive) for _, _, dive in found])
            n_dives += len(found)
            n_results += sum(one.analysed for one, _, _ in found)
    said = text("Dives taken in: {0}, with results: {1}.", n_dives, n_results)
    if n_results < n_dives:
        said += " " + text("Open the others to analyse them.")
    return " ".join([said, *problems])


def _find_moved(path: Path, cancel: CancelToken) -> str:
    with closing(History(path)) as store:
        missing = [one for one in store.files() if not is_there(one.path)]
        found = found_by_content({one.identity for one in missing}, store.folders(), cancel)
        for identity, place in found.items():
            store.set_place(file_key(identity), place)
    said = Phrase("Missing videos found: {0} of {1}.", len(found), len(missing))
    if len(found) == len(missing):
        return said
    return together([said, Phrase("Add the folder that the others were moved to.")])


def _packing(dive: Dive) -> Callable[[], bytes]:
    """Makes what is kept of a dive's analysis; b"" where it has none."""
    return lambda: packed(dive.analysis) if dive.analysis is not None else b""


def _thumbnail(dive: Dive) -> bytes:
    """As JPEG; b"" where there is none."""
    if dive.thumbnail is None:
        return b""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"jpg"))
    writer.setQuality(_JPEG_QUALITY)
    writer.write(image_of(dive.thumbnail))
    return bytes(buffer.data().data())
