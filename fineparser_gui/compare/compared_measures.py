"""Measures of compared dives side by side: a bar for each dive, in the band of good dives."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.constants import STEP_NAMES
from fineparser_core.export.palette import COMPARED_COLOR
from fineparser_core.measures.explanation import Band, good_bands
from fineparser_core.measures.words import (
    difference_text,
    differs,
    good_text,
    measure_about,
    measure_name,
    measured_text,
    value_text,
)
from fineparser_core.records import Measure
from fineparser_gui.services.session import Session
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.table_model import TableModel
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import label, lay_out, literal, style_table

_WIDTH_PX, _BAR_PX, _GAP_PX, _MARGIN_PX = 300, 9, 5, 10
#: Space for a value, in average letters, and opacity of the band of good dives behind the bars.
_VALUE_LETTERS, _BAND_ALPHA = 18, 45


class ComparedMeasuresModel(TableModel):
    """A row for each measure, with its value in each dive; the text tells the difference from the first dive."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[tuple[Measure | None, ...]] = []
        self.bands: Mapping[str, Band] = {}
        self.headers = (self.tr("measure"),)

    def show_dives(self, dives: Sequence[Sequence[Measure]], bands: Mapping[str, Band]) -> None:
        """Replace all rows."""
        self.bands = bands
        names = dict.fromkeys(one.name for dive in dives for one in dive)
        found = [{one.name: one for one in dive} for dive in dives]
        rows = [tuple(dive.get(name) for dive in found) for name in names]
        self.show_rows(sorted(rows, key=lambda row: STEP_NAMES.index(known(row).step)))

    def text(self, row: int, column: int) -> str:
        first, *others = self.rows[row]
        told = [measured_text(first) if first is not None else self.tr("not measured")]
        for other in others:
            if first is None or other is None:
                told.append(measured_text(other) if other is not None else self.tr("not measured"))
                continue
            said = self.tr("{0} ({1}: clear)") if differs(first, other) else self.tr("{0} ({1}: within uncertainty)")
            told.append(said.format(measured_text(other), difference_text(first, other)))
        return "\n".join([measure_name(known(self.rows[row]).name), *told])

    def shown(self, row: int, column: int, role: int) -> object:
        if role != Qt.ItemDataRole.ToolTipRole:
            return None
        measure = known(self.rows[row])
        band = self.bands.get(measure.name)
        good = good_text(measure.name, band) if band is not None else ""
        phase = step_text(measure.step)
        return literal("\n".join(filter(None, (self.text(row, column), good, phase, measure_about(measure.name)))))


class _Bars(QStyledItemDelegate):
    """Delegate that writes the measure's name and draws a bar for each dive; a clear difference is bold."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        n_dives = len(self._rows(index)[index.row()])
        return QSize(_WIDTH_PX, (1 + n_dives) * option.fontMetrics.height() + _GAP_PX * 2)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row, line = self._rows(index)[index.row()], option.fontMetrics.height()
        band = index.model().bands.get(known(row).name)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(option.rect.x(), option.rect.y() + 2, 3, option.rect.height() - 4, step_color(known(row).step))
        room = QRectF(option.rect).adjusted(_MARGIN_PX, _GAP_PX, -_MARGIN_PX, 0)
        value_px = _VALUE_LETTERS * option.fontMetrics.averageCharWidth()
        bars = QRectF(room.x(), room.y() + line, room.width() - value_px - _GAP_PX, len(row) * line)
        painter.setPen(option.palette.placeholderText().color())
        painter.drawText(room, Qt.AlignmentFlag.AlignTop, measure_name(known(row).name))
        values = [one.value for one in row if one is not None]
        ends = [end for end in (band.low, band.high) if abs(end) != float("inf")] if band is not None else []
        low, high = min(0.0, *values, *ends), max(0.0, *values, *ends)
        scale = bars.width() / ((high - low) or 1.0)

        def at(value: float) -> float:
            return bars.x() + (min(max(value, low), high) - low) * scale

        if band is not None:
            shade = option.palette.text().color()
            shade.setAlpha(_BAND_ALPHA)
            painter.fillRect(QRectF(at(band.low), bars.y(), at(band.high) - at(band.low), bars.height()), shade)
        for place, one in enumerate(row):
            top = bars.y() + place * line
            font = option.font
            font.setBold(bool(place and one is not None and row[0] is not None and differs(row[0], one)))
            painter.setFont(font)
            painter.setPen(option.palette.text().color())
            told = value_text(one.value, one.name, one.unit) if one is not None else "–"
            text_room = QRectF(bars.right() + _GAP_PX, top, value_px, line)
            painter.drawText(text_room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, told)
            if one is None:
                continue
            begin, end = sorted((at(0.0), at(one.value)))
            painter.setPen(option.palette.mid().color())
            painter.setBrush(QColor(COMPARED_COLOR) if place else QApplication.palette().highlight().color())
            painter.drawRect(QRectF(begin, top + (line - _BAR_PX) / 2, max(end - begin, 1.0), _BAR_PX))
        painter.restore()

    @staticmethod
    def _rows(index: QModelIndex | QPersistentModelIndex) -> list[tuple[Measure | None, ...]]:
        return index.model().rows


class ComparedMeasures(QWidget):
    """Column beside the compared pictures, which follows the comparison."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._comparing = session, session.comparing
        self.setFixedWidth(_WIDTH_PX)
        self.model = ComparedMeasuresModel(self)
        self.table = QTableView(accessibleName=self.tr("Measures side by side"))
        self.table.setModel(self.model)
        style_table(self.table, 0)
        self.table.horizontalHeader().hide()
        self.table.setItemDelegate(_Bars(self.table))
        self.table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.table.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._note = label(role="muted", wrap=True)
        lay_out(QVBoxLayout(self), self._note, (self.table, 1))
        for signal in (self._comparing.changed, session.current_changed, session.dive_changed):
            signal.connect(self._fill)

    def setVisible(self, visible: bool) -> None:
        super().setVisible(visible)
        self._fill()

    def _fill(self) -> None:
        if self.isHidden():
            return
        sides = self._comparing.sides
        found = [self._comparing.dives.measures(one) for one in sides]
        current = self._session.current
        number, board_m = (current.dive_number, current.known_board_m) if current is not None else (None, None)
        self.model.show_dives(found, good_bands(number, board_m))
        unknown = [one.title for one, measures in zip(sides, found, strict=True) if not measures]
        text = self.tr("Bold: a clear difference. Shaded: good dives.")
        self._note.setText(self.tr("Nothing was measured of {0}.").format(", ".join(unknown)) if unknown else text)


def known(row: Sequence[Measure | None]) -> Measure:
    """Return the first measure of a row."""
    return next(one for one in row if one is not None)
