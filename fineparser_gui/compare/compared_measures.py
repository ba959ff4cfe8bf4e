"""Dialog with the measures of compared dives side by side; differences above their uncertainty are marked."""

from PySide6.QtCore import QMargins, QObject, Qt
from PySide6.QtWidgets import QDialog, QHeaderView, QTableView, QVBoxLayout, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.measures.words import difference_text, differs, measure_about, measure_name, measured_text
from fineparser_core.records import Measure
from fineparser_gui.dives.session import Session
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.table_model import TableModel
from fineparser_gui.support.text_dialog import closing_buttons
from fineparser_gui.support.widgets import label, lay_out, resize_within_screen, style_table, tool_tip

_SIZE = (1040, 560)
_DIVE_PX = 185


class ComparedMeasuresModel(TableModel):
    """A row for each measure: the first dive, then each other dive with its difference from the first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[tuple[Measure | None, ...]] = []

    def show_dives(self, titles: list[str], dives: list[tuple[Measure, ...]]) -> None:
        """Replace all rows."""
        self.headers = [self.tr("phase"), self.tr("measure"), titles[0] if titles else ""]
        for title in titles[1:]:
            self.headers += [title, self.tr("difference")]
        names = dict.fromkeys(one.name for dive in dives for one in dive)
        found = [{one.name: one for one in dive} for dive in dives]
        rows = [tuple(dive.get(name) for dive in found) for name in names]
        self.show_rows(sorted(rows, key=lambda row: STEP_NAMES.index(self._known(row).step)))

    def text(self, row: int, column: int) -> str:
        measures = self.rows[row]
        known = self._known(measures)
        if column < 2:
            return measure_name(known.name) if column else step_text(known.step)
        one, other = measures[0], measures[(column - 1) // 2]
        if column % 2 or column == 2:
            return measured_text(other) if other is not None else self.tr("not measured")
        if one is None or other is None:
            return ""
        said = self.tr("{0}: more than the uncertainty") if differs(one, other) else self.tr("{0}: within uncertainty")
        return said.format(difference_text(one, other))

    def header_tip(self, column: int) -> str | None:
        if column > 1 and (column % 2 or column == 2):
            return tool_tip(self.headers[column])
        return self.tr("the dive less the first one, with one standard deviation of both together")

    def shown(self, row: int, column: int, role: int) -> object:
        return (
            tool_tip(measure_about(self._known(self.rows[row]).name)) if role == Qt.ItemDataRole.ToolTipRole else None
        )

    def _known(self, row: tuple[Measure | None, ...]) -> Measure:
        return next(one for one in row if one is not None)


class ComparedMeasuresDialog(QDialog):
    """Dialog beside the window that follows the comparison."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Measures side by side"))
        resize_within_screen(self, *_SIZE)
        self._comparing = session.comparing
        self.model = ComparedMeasuresModel(self)
        self.table = QTableView(accessibleName=self.windowTitle())
        self.table.setModel(self.model)
        style_table(self.table)
        self.table.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._note = label(role="muted", wrap=True)
        layout = QVBoxLayout(self, contentsMargins=QMargins(16, 14, 16, 14), spacing=8)
        lay_out(layout, (self.table, 1), self._note, closing_buttons(self))
        self._comparing.changed.connect(self._fill)
        session.current_changed.connect(self._fill)
        session.dive_changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        sides = self._comparing.sides
        found = [self._comparing.measures(one) for one in sides]
        self.model.show_dives([one.name for one in sides], found)
        header = self.table.horizontalHeader()
        for column in (2, *range(3, self.model.columnCount(), 2)):  # their titles are long, their values are not
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, _DIVE_PX)
        unknown = [one.title for one, measures in zip(sides, found, strict=True) if not measures]
        text = self.tr(
            "A difference counts where it is more than its uncertainty: one standard deviation of both dives."
        )
        if unknown:
            text += " " + self.tr("Nothing was measured of {0}.").format(", ".join(unknown))
        self._note.setText(text)
