"""The dives of this session, with what each is waiting for or has reached."""

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from fineparser_gui.panels.parts import ElidedLabel, board_text, card, label
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.session.session import Session

_THUMBNAIL = QSize(64, 48)


class DivesPanel(QWidget):
    """A list; choosing a row shows that dive."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._items: dict[str, QListWidgetItem] = {}
        self._list = QListWidget()
        self._list.setAccessibleName(self.tr("Dives of this session"))
        self._list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.currentItemChanged.connect(self._on_row_chosen)
        title = label(self.tr("Dives"), "title")
        title.setContentsMargins(10, 0, 0, 0)
        frame, layout = card()
        layout.setContentsMargins(4, 10, 4, 6)
        layout.addWidget(title)
        layout.addWidget(self._list)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        session.dive_added.connect(self._on_added)
        session.dive_changed.connect(self._on_changed)
        session.dive_removed.connect(self._on_removed)
        session.current_changed.connect(self._on_current_changed)

    def _on_added(self, key: str) -> None:
        item = QListWidgetItem()
        item.setData(Qt.ItemDataRole.UserRole, key)
        row = _DiveRow()
        item.setSizeHint(QSize(0, _THUMBNAIL.height() + 16))
        self._items[key] = item
        self._list.addItem(item)
        self._list.setItemWidget(item, row)
        self._on_changed(key)

    def _on_changed(self, key: str) -> None:
        dive = self._session.dive(key)
        row = self._list.itemWidget(self._items[key])
        assert isinstance(row, _DiveRow)
        state = state_text(dive)
        row.show_dive(dive, state)
        self._items[key].setData(Qt.ItemDataRole.AccessibleTextRole, f"{dive.path.name}: {state}")

    def _on_removed(self, key: str) -> None:
        self._list.takeItem(self._list.row(self._items.pop(key)))

    def _on_current_changed(self) -> None:
        current = self._session.current
        if current is not None:
            self._list.setCurrentItem(self._items[current.key])

    def _on_row_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._session.select(item.data(Qt.ItemDataRole.UserRole))


class _DiveRow(QWidget):
    """Thumbnail, file name and state."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._picture.setFixedSize(_THUMBNAIL)
        self._name = ElidedLabel()
        self._state = label(role="muted", wrap=True)
        font = self._state.font()
        font.setPointSizeF(font.pointSizeF() * 0.88)
        self._state.setFont(font)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addStretch()
        texts.addWidget(self._name)
        texts.addWidget(self._state)
        texts.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 6, 4)
        row.setSpacing(9)
        row.addWidget(self._picture)
        row.addLayout(texts, 1)

    def show_dive(self, dive: Dive, state: str) -> None:
        if dive.thumbnail is not None:
            ratio = self.devicePixelRatioF()
            pixmap = QPixmap.fromImage(dive.thumbnail).scaled(
                _THUMBNAIL * ratio,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            pixmap.setDevicePixelRatio(ratio)
            self._picture.setPixmap(pixmap)
        self._name.set_text(dive.path.name)
        self._state.setText(state)
        self.setToolTip(f"{dive.path}\n{state}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("DivesPanel", text)


def state_text(dive: Dive) -> str:
    """What the row of a dive says about it."""
    if dive.state is DiveState.ANALYSING and dive.progress is not None and dive.progress.total:
        percent = 100 * dive.progress.done // dive.progress.total
        return f"{stage_text(dive.progress.stage)} {percent} %"
    if dive.searching:
        return stage_text("scan")
    if dive.state is DiveState.HELD and dive.segments:
        return _tr("dives found: {0}").format(len(dive.segments))
    if dive.state is DiveState.READY and dive.refused:
        return _tr("no whole dive: see right")
    texts = {
        DiveState.OPENING: _tr("opening"),
        DiveState.MISSING: _tr("video is missing"),
        DiveState.HELD: _tr("longer than 15 s"),
        DiveState.QUEUED: _tr("waiting"),
        DiveState.ANALYSING: _tr("analysing"),
        DiveState.CANCELLED: _tr("cancelled"),
        DiveState.FAILED: _tr("not analysed"),
    }
    if dive.state in texts:
        return texts[dive.state]
    if dive.scoring:
        return stage_text("compare")
    if dive.analysis is not None and dive.analysis.scoring is not None:
        scoring = dive.analysis.scoring
        text = f"{scoring.score:.1f} · {scoring.dive_number} {board_text(scoring.board_m)}".rstrip()
        return _tr("{0}, by the nearest dives").format(text) if scoring.nearest_numbers else text
    if dive.lacks_exemplars:
        return _tr("no exemplars of {0}").format(dive.dive_number)
    return _tr("no score: see right") if dive.dive_number else _tr("needs dive number")


def stage_text(stage: str) -> str:
    """A stage of `fineparser_core.progress.Progress` in the user's words."""
    texts = {
        "scan": _tr("looking for dives"),
        "confirm": _tr("looking for dives"),
        "read": _tr("reading"),
        "look": _tr("finding the athlete"),
        "parse": _tr("parsing"),
        "compare": _tr("comparing"),
        "copy": _tr("copying"),
    }
    return texts.get(stage, stage)
