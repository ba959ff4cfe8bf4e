"""Running and finished exports among the messages: progress, cancel, show the folder."""

from pathlib import Path

from PySide6.QtCore import QMargins, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from fineparser_gui.services.exporting import Export, ExportService, ExportState
from fineparser_gui.support.images import icon
from fineparser_gui.support.messages import SHOWN_MS
from fineparser_gui.support.widgets import follow_palette, icon_button, label, lay_out, literal, push_button

#: Rows of exports that wait; the others are counted.
_WAITING_SEEN = 2


class ExportsStrip(QWidget):
    """Rows of the exports, the latest at the bottom; hidden while empty. A written file disappears after a while.

    Signals:
        send_requested: (Path) file to send to a phone.
        said: (str) where a file is that no file manager shows.
        left: (str, Path) what was said of an export that has disappeared by itself, and its file.
    """

    send_requested = Signal(object)
    said = Signal(str)
    left = Signal(str, object)

    def __init__(self, exports: ExportService) -> None:
        super().__init__()
        self._exports = exports
        self._rows: dict[int, _Row] = {}
        self.setAccessibleName(self.tr("Exports"))
        self._more = label(role="muted")
        self._column = QVBoxLayout(self, contentsMargins=QMargins(), spacing=6)
        self._more.setObjectName("offer")
        self._more.setMargin(6)
        self._column.addWidget(self._more)
        exports.changed.connect(self._refresh)
        self._refresh()

    def row(self, number: int) -> "_Row":
        """Return the row of an export."""
        return self._rows[number]

    def show_folder(self, path: Path) -> None:
        """Show the folder of a file in the file manager, or say where it is."""
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.absolute().parent))):
            self.said.emit(self.tr("No file manager could be opened. The file is {0}").format(path))

    def _refresh(self) -> None:
        exports = self._exports.exports
        waiting = [export.id for export in exports if export.state is ExportState.WAITING]
        shown = {export.id: export for export in exports if export.id not in waiting[_WAITING_SEEN:]}
        for number in [number for number in self._rows if number not in shown]:
            row = self._rows.pop(number)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for number, export in shown.items():
            if number not in self._rows:
                self._rows[number] = _Row(self._exports, number)
                self._rows[number].send_requested.connect(self.send_requested)
                self._rows[number].folder_requested.connect(self.show_folder)
                self._rows[number].left.connect(self.left)
                self._column.insertWidget(self._column.count() - 1, self._rows[number])
            self._rows[number].show_export(export)
        n_more = len(exports) - len(shown)
        self._more.setText(self.tr("More exports that wait: {0}").format(n_more))
        self._more.setVisible(n_more > 0)
        self.setVisible(bool(shown))
        self.updateGeometry()


class _Row(QFrame):
    """Row of an export."""

    send_requested = Signal(object)
    folder_requested = Signal(object)
    left = Signal(str, object)

    def __init__(self, exports: ExportService, number: int) -> None:
        super().__init__()
        self.setObjectName("offer")
        self._exports, self._number = exports, number
        self._export: Export | None = None
        self.text = label(wrap=True)
        self.message = label(role="muted", wrap=True)
        self._bar = QProgressBar(textVisible=False)
        self._bar.setFixedHeight(6)
        self._bar.setFixedWidth(120)
        self.button = push_button("", self._on_pressed)
        send = self.tr("Send to a phone")
        self.send_button = icon_button(send, lambda: self.send_requested.emit(self._export.path), toolTip=literal(send))
        self.close_button = icon_button(self.tr("Close the message"), lambda: exports.dismiss(number))
        row = QHBoxLayout(spacing=10)
        lay_out(row, (self.text, 1), self._bar, self.button, self.send_button, self.close_button)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(12, 6, 6, 6), spacing=4), row, self.message)
        follow_palette(self, self._color_icon)
        self._timer = QTimer(self, interval=SHOWN_MS, timeout=self._on_time)

    def show_export(self, export: Export) -> None:
        """Show the present state of the export."""
        if export == self._export:
            return
        self._export = export
        over = export.state.over
        self.text.setText(self._text(export))
        # The reason of a failure is a separate message.
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
        self.send_button.setVisible(export.state is ExportState.DONE)
        self.close_button.setVisible(over)
        self._color_icon()
        if over:
            self._timer.start()

    def _on_time(self) -> None:
        buttons = (self.button, self.send_button, self.close_button)
        looked_at = self.underMouse() or any(button.hasFocus() for button in buttons)
        if not looked_at and not self._exports.busy:
            self._timer.stop()
            if self._export is not None:
                self.left.emit(self._text(self._export), self._export.path)
            self._exports.dismiss(self._number)

    def _color_icon(self) -> None:
        color = self.palette().windowText().color().name()
        self.send_button.setIcon(icon("phone", color))
        self.close_button.setIcon(icon("close", color))

    def _text(self, export: Export) -> str:
        name = export.path.name
        if export.state is ExportState.RUNNING:
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
            self.folder_requested.emit(self._export.path)
        else:
            self._exports.cancel(self._number)
