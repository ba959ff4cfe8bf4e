"""Opening of dives of the history in the player: moved videos are found first, and several dives are compared."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from fineparser_gui.dives.dive import DiveState
from fineparser_gui.dives.relocation import is_there
from fineparser_gui.dives.session import Session
from fineparser_gui.store.records import HistoryDive


class HistoryOpener(QObject):
    """Adds dives of the history to the session.

    Signals:
        opened: dives were added.
    """

    opened = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._history = session, session.history
        self._to_compare: list[str] = []
        self._to_open: Callable[[], None] | None = None  # once moved videos were looked for
        session.history.done.connect(self._on_done)
        session.dive_changed.connect(self._compare_when_analyzed)

    def open(self, ids: Sequence[int], *, compare: bool) -> None:
        """Show dives in the player, and together once all are analyzed; moved videos are looked for first."""
        dives: list[HistoryDive] = self._history.read(lambda store: store.dives(ids), [])
        if self._to_open is None and not all(is_there(dive.path) for dive in dives):
            self._to_open = lambda: self.open(ids, compare=compare)
            self._history.find_moved()
            return
        self._to_open = None
        self._history.open(dives)
        self.opened.emit()
        if compare:
            self._to_compare = [key for dive in dives if (key := self._history.key_of(dive)) is not None]
            self._compare_when_analyzed()

    def _on_done(self, said: str) -> None:
        """Report the end of a search for videos or of taking in sessions."""
        self._session.problem.emit(said)
        if self._to_open is not None:
            self._to_open()

    def _compare_when_analyzed(self, _: str = "") -> None:
        keys = self._to_compare
        dives = [dive for key in keys if (dive := self._session.find(key)) is not None]
        if any(dive.stopped or dive.state is DiveState.MISSING for dive in dives):
            self._to_compare = []
        if not self._to_compare or any(dive.analysis is None for dive in dives):
            return
        self._to_compare = []
        if len(dives) > 1:
            known = {one.key: one for one in self._session.comparing.dives.every()}
            self._session.comparing.show(*(known[dive.key] for dive in dives))
