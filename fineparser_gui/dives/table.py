"""List model of the session's dives, in queue order or sorted for display."""

from collections.abc import Callable
from enum import Enum, auto

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, QTimer

from fineparser_gui.dives.states import details_text, offered_text, state_text
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.support.formatting import calibrated_text
from fineparser_gui.support.images import image_of
from fineparser_gui.support.table_model import NO_INDEX, AnyIndex
from fineparser_gui.support.widgets import literal

KEY_ROLE = Qt.ItemDataRole.UserRole
#: The `Dive`, and the number of dives found in it that were added to the list.
DIVE_ROLE = Qt.ItemDataRole.UserRole + 1
ACCEPTED_ROLE = Qt.ItemDataRole.UserRole + 2


class Order(Enum):
    """Order of the rows."""

    QUEUE = auto()
    NUMBER = auto()
    ATHLETE = auto()
    SCORE = auto()


def _score(dive: Dive) -> float:
    scoring = dive.analysis.scoring if dive.analysis is not None else None
    return scoring.score if scoring is not None else float("-inf")


_SORTED_BY: dict[Order, Callable[[Dive], tuple]] = {
    Order.NUMBER: lambda dive: (
        dive.known_number is None,
        dive.known_number or "",
        dive.known_board_m or 0,
        -_score(dive),
    ),
    Order.ATHLETE: lambda dive: (not dive.athlete, dive.athlete.casefold(), dive.known_number or ""),
    Order.SCORE: lambda dive: (-_score(dive),),
}


class DivesModel(QAbstractListModel):
    """Model with a row per dive."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._order = Order.QUEUE
        self._keys = session.keys
        self._recordings_timer = QTimer(self, singleShot=True, interval=0)  # once for all dives of a session
        self._recordings_timer.timeout.connect(self._update_recordings)
        session.dive_added.connect(self._on_added)
        session.dive_changed.connect(self._on_changed)
        session.dive_removed.connect(self._on_removed)
        session.dives_moved.connect(self._sort)

    def set_order(self, order: Order) -> None:
        """Sort the rows from now on; the order of the queue does not change."""
        self._order = order
        self._sort()

    @property
    def keys(self) -> list[str]:
        """Keys of the dives in row order."""
        return list(self._keys)

    def key(self, row: int) -> str:
        """Return the key of the dive in a row."""
        return self._keys[row]

    def index_of(self, key: str) -> QModelIndex:
        """Return the index of a dive; invalid if it has no row."""
        return self.index(self._keys.index(key)) if key in self._keys else QModelIndex()

    def text(self, key: str) -> str:
        """Return title, details and state of a dive."""
        dive = self._session.dive(key)
        state = state_text(dive, self._n_accepted(key))
        return ", ".join(filter(None, (dive.title, details_text(dive), offered_text(dive), state)))

    def _n_accepted(self, key: str) -> int:
        return len(self._session.trimming.accepted(key))

    def rowCount(self, parent: AnyIndex = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._keys)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        key = self._keys[index.row()]
        if (dive := self._session.find(key)) is None:  # its row is about to be removed
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return dive.path.name
        if role == Qt.ItemDataRole.DecorationRole:
            return image_of(dive.thumbnail) if dive.thumbnail is not None else None
        if role == Qt.ItemDataRole.ToolTipRole:
            state = state_text(dive, self._n_accepted(key))
            scored = dive.analysis.scoring or dive.analysis.own_award if dive.analysis else None
            profile = calibrated_text(scored.profile if scored else None)
            said = (str(dive.path), details_text(dive), offered_text(dive), state, profile, dive.problem)
            return literal("\n".join(filter(None, said)))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.text(key)
        if role == KEY_ROLE:
            return key
        if role == ACCEPTED_ROLE:
            return self._n_accepted(key)
        return dive if role == DIVE_ROLE else None

    def _sorted(self, known: set[str]) -> list[str]:
        keys = [key for key in self._session.keys if key in known]
        if self._order is Order.QUEUE:
            return keys
        return sorted(keys, key=lambda key: _SORTED_BY[self._order](self._session.dive(key)))

    def _update_recordings(self) -> None:
        """Update the rows of recordings, which show how many of their dives were added."""
        for row, key in enumerate(self._keys):
            if self._session.dive(key).is_recording:
                self.dataChanged.emit(self.index(row), self.index(row))

    def _sort(self) -> None:
        keys = self._sorted(set(self._keys))
        if keys == self._keys:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        self._keys, old = keys, self._keys
        after = [self.index_of(old[index.row()]) for index in before]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _sort_by_state(self) -> None:
        """Sort where a change of a dive may move it."""
        if self._order is not Order.QUEUE:
            self._sort()

    def _on_added(self, key: str) -> None:
        last = self._order is Order.QUEUE and self._session.keys[-1] == key
        place = len(self._keys) if last else self._sorted({*self._keys, key}).index(key)
        self.beginInsertRows(QModelIndex(), place, place)
        self._keys.insert(place, key)
        self.endInsertRows()
        self._sort_by_state()  # the state of its recording may have changed
        self._recordings_timer.start()

    def _on_changed(self, key: str) -> None:
        self._sort_by_state()
        index = self.index_of(key)
        self.dataChanged.emit(index, index)
        dive = self._session.dive(key)
        if dive.in_frame is not None or dive.point is not None:
            self._recordings_timer.start()

    def _on_removed(self, key: str) -> None:
        place = self._keys.index(key)
        self.beginRemoveRows(QModelIndex(), place, place)
        del self._keys[place]
        self.endRemoveRows()
        self._sort_by_state()
        self._recordings_timer.start()
