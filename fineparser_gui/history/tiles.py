"""Tiles of the history's athletes: last dive, best, number of dives, and how the judges' marks went."""

from PySide6.QtCore import QMargins, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCompleter, QFrame, QHBoxLayout, QLineEdit, QPushButton, QScrollArea, QWidget

from fineparser_core.constants import LONGEST_NAME
from fineparser_gui.services.history import HistoryService
from fineparser_gui.store.records import AthleteSummary
from fineparser_gui.support.formatting import day_text, decimal
from fineparser_gui.support.widgets import lay_out, literal, on_escape

_TILE = QSize(216, 74)
_MARGIN_PX, _CURVE = 9, QSize(56, 22)
#: Largest numbers of tiles, and of marks of a curve: the latest of each.
_MOST_TILES, _MOST_MARKS = 60, 12


class AthleteTiles(QScrollArea):
    """A row of tiles, hidden without any athlete; a click on a tile asks for its athlete, another for everybody.

    Signals:
        chosen: (str | None) name of the athlete; None: everybody.
        renamed: (str, str) an athlete's name, and the new one, which another athlete may have.
    """

    chosen = Signal(object)
    renamed = Signal(str, str)

    def __init__(self, history: HistoryService) -> None:
        super().__init__(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Athletes"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._history = history
        self._athletes: list[AthleteSummary] = []
        self.tiles: list[_Tile] = []
        self.name = QLineEdit(maxLength=LONGEST_NAME, accessibleName=self.tr("Athlete"))
        self.name.setFixedWidth(_TILE.width())
        self.name.setToolTip(self.tr("Write a new name, or that of another athlete to make both one."))
        self.name.returnPressed.connect(self._on_named)
        on_escape(self.name, self._end_naming)
        self.name.hide()
        self._renamed, self._hidden = "", None  # athlete, and the tile whose place the field has
        row = QWidget()
        self._row = lay_out(QHBoxLayout(row, contentsMargins=QMargins(0, 0, 0, 2), spacing=8), None)
        self.setWidget(row)
        self.setFixedHeight(_TILE.height() + self.horizontalScrollBar().sizeHint().height() + 2)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def refresh(self) -> None:
        """Follow the history."""
        nobody: list[AthleteSummary] = []
        athletes = self._history.read(lambda store: store.athletes(), nobody)[:_MOST_TILES]
        if athletes == self._athletes:
            return
        self._athletes = athletes
        self._end_naming()
        for tile in self.tiles:
            self._row.removeWidget(tile)
            tile.deleteLater()
        self.tiles = [_Tile(one) for one in athletes]
        for place, tile in enumerate(self.tiles):
            tile.clicked.connect(lambda on, name=tile.athlete.name: self.chosen.emit(name if on else None))
            tile.addAction(self.tr("Rename or merge athletes…"), lambda name=tile.athlete.name: self.rename(name))
            self._row.insertWidget(place, tile)
        self.setVisible(bool(athletes))

    def show_chosen(self, athlete: str | None) -> None:
        """Mark the tile of an athlete."""
        for tile in self.tiles:
            tile.setChecked(tile.athlete.name == athlete)

    def rename(self, athlete: str) -> None:
        """Put a field for an athlete's new name in the place of the tile; Enter takes the name, Esc does not."""
        self._end_naming()
        self._renamed = athlete
        self._hidden = next((tile for tile in self.tiles if tile.athlete.name == athlete), None)
        self._row.insertWidget(self.tiles.index(self._hidden) if self._hidden else 0, self.name)
        if self._hidden is not None:
            self._hidden.hide()
        names = self._history.read(lambda store: list(store.counts("athlete")), [])
        self.name.setCompleter(QCompleter(names, self.name, caseSensitivity=Qt.CaseSensitivity.CaseInsensitive))
        self.name.setText(athlete)
        self.name.selectAll()
        self.name.show()
        self._row.activate()
        self.ensureWidgetVisible(self.name)
        self.name.setFocus()

    def _on_named(self) -> None:
        new = self.name.text().strip()
        self._end_naming()
        if new and new != self._renamed:
            self.renamed.emit(self._renamed, new)

    def _end_naming(self) -> None:
        self.name.hide()
        if self._hidden is not None:
            self._hidden.show()
            self._hidden = None


class _Tile(QPushButton):
    """Button of an athlete."""

    def __init__(self, athlete: AthleteSummary) -> None:
        super().__init__(checkable=True)
        self.athlete = athlete
        self.setProperty("role", "tool")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setFixedSize(_TILE)
        n_dives = self.tr("{0} dives", None, athlete.n_dives).format(athlete.n_dives)
        number, day = athlete.last[1], day_text(athlete.last[0])
        last = self.tr("last: {0}").format(" ".join(filter(None, (number, day)))) if number or day else ""
        best = self.tr("best: {0}").format(decimal(athlete.best)) if athlete.best is not None else ""
        if best and not athlete.judged:
            best = self.tr("{0} (predicted)").format(best)
        self._lines = athlete.name, last, " · ".join(filter(None, (n_dives, best)))
        self.setAccessibleName(". ".join(filter(None, self._lines)))
        if athlete.judged:
            marks = "  ".join(map(decimal, athlete.judged[-_MOST_MARKS:]))
            self.setToolTip(literal(self.tr("Judges' marks: {0}").format(marks)))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, palette = QPainter(self), self.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(_MARGIN_PX, 6, -_MARGIN_PX, -6)
        line = room.height() / len(self._lines)
        marks = self.athlete.judged[-_MOST_MARKS:]
        for place, text in enumerate(self._lines):
            font = self.font()
            font.setBold(place == 0)
            painter.setFont(font)
            painter.setPen((palette.text() if place == 0 else palette.placeholderText()).color())
            wide = room.width() - (_CURVE.width() + 6 if place == 0 and len(marks) > 1 else 0)
            told = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(wide))
            painter.drawText(QRectF(room.x(), room.y() + place * line, wide, line), Qt.AlignmentFlag.AlignVCenter, told)
        if len(marks) > 1:
            low, high = min(marks), max(marks)
            step, scale = _CURVE.width() / (len(marks) - 1), _CURVE.height() / ((high - low) or 1.0)
            left, bottom = room.right() - _CURVE.width(), room.y() + _CURVE.height()
            painter.setPen(palette.highlight().color())
            painter.drawPolyline(
                [QPointF(left + at * step, bottom - (one - low) * scale) for at, one in enumerate(marks)]
            )
