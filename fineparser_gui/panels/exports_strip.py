"""Running and finished exports at the bottom of the window: progress, cancel, show the folder."""

from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fineparser_gui.icons import icon
from fineparser_gui.model.exports import Export, ExportState
from fineparser_gui.panels.widgets import ElidedLabel, keyboard_friendly, label
from fineparser_gui.services.exports import ExportService

_ROWS_SEEN = 3


class ExportsStrip(QScrollArea):
    """Hidden while empty; one row per export, the latest at the bottom."""

    def __init__(self, exports: ExportService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exports = exports
        self._rows: dict[int, _Row] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Exports"))
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(10, 0, 10, 8)
        self._column.setSpacing(4)
        self.setWidget(inner)
        self.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        self.setStyleSheet("QScrollArea { background: transparent; }")
        exports.changed.connect(self._refresh)
        self._refresh()

    def row(self, number: int) -> "_Row":
        """The row of an export."""
        return self._rows[number]

    def _refresh(self) -> None:
        shown = {export.id: export for export in self._exports.exports}
        for number in [number for number in self._rows if number not in shown]:
            row = self._rows.pop(number)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for number, export in shown.items():
            if number not in self._rows:
                self._rows[number] = _Row(self._exports, number)
                self._column.addWidget(self._rows[number])
            self._rows[number].show_export(export)
        self.setVisible(bool(shown))
        if shown:
            self._fit()
            self.ensureWidgetVisible(self._rows[max(shown)])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width() and self._rows:
            self._fit()

    def _fit(self) -> None:
        """Set the height to that of the latest rows, whose messages may be wrapped."""
        margins = self._column.contentsMargins()
        frame = 2 * self.frameWidth()
        width = self.width() - frame - margins.left() - margins.right()
        rows = list(self._rows.values())[-_ROWS_SEEN:]
        heights = [row.heightForWidth(width) if row.hasHeightForWidth() else row.sizeHint().height() for row in rows]
        between = (len(rows) - 1) * self._column.spacing()
        self.setFixedHeight(sum(heights) + between + margins.top() + margins.bottom() + frame)


class _Row(QFrame):
    """Row of one export."""

    def __init__(self, exports: ExportService, number: int) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._exports, self._number = exports, number
        self._export: Export | None = None
        self.text = ElidedLabel()
        self.message = label(role="muted", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.setMinimumWidth(120)
        self.button = QPushButton()
        self.button.clicked.connect(self._on_pressed)
        keyboard_friendly(self.button)
        self.close_button = QToolButton()
        self.close_button.setAccessibleName(self.tr("Close the message"))
        self.close_button.clicked.connect(lambda: exports.dismiss(number))
        keyboard_friendly(self.close_button)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self.text, 1)
        row.addWidget(self._bar, 1)
        row.addWidget(self.button)
        row.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 4, 8, 4)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.message)

    def show_export(self, export: Export) -> None:
        """Show the present state of the export."""
        if export == self._export:
            return
        self._export = export
        over = export.state.over
        self.text.set_text(self._text(export))
        # The reason of a failure is shown in the banner.
        self.message.setText(export.message if export.state is ExportState.DONE else "")
        self.message.setVisible(bool(self.message.text()))
        self._bar.setVisible(export.state is ExportState.RUNNING)
        self._bar.setRange(0, export.total)  # range 0, 0: busy indicator
        self._bar.setValue(export.done)
        self._bar.setAccessibleName(self.tr("Progress of writing {0}").format(export.path.name))
        if not over:
            self.button.setText(self.tr("Cancel"))
            self.button.setAccessibleName(self.tr("Cancel writing {0}").format(export.path.name))
        else:
            self.button.setText(self.tr("Show the folder"))
            self.button.setAccessibleName(self.tr("Show the folder of {0}").format(export.path.name))
        self.button.setVisible(not over or export.state is ExportState.DONE)
        self.close_button.setVisible(over)
        self._color_icon()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "close_button"):
            self._color_icon()

    def _color_icon(self) -> None:
        self.close_button.setIcon(icon("close", self.palette().windowText().color().name()))

    def _text(self, export: Export) -> str:
        name = export.path.name
        if export.state is ExportState.RUNNING:
            if export.total:
                return self.tr("Writing {0}: {1} of {2}").format(name, export.done, export.total)
            return self.tr("Writing {0}…").format(name)
        texts = {
            ExportState.WAITING: self.tr("{0} is waiting for the previous export."),
            ExportState.DONE: self.tr("{0} was written."),
            ExportState.CANCELLED: self.tr("{0} was cancelled; no file was written."),
            ExportState.FAILED: self.tr("{0} could not be written."),
        }
        return texts[export.state].format(name)

    def _on_pressed(self) -> None:
        if self._export is None:
            return
        if self._export.state is ExportState.DONE:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._export.path.absolute().parent)))
        else:
            self._exports.cancel(self._number)
