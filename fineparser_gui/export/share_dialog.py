"""Dialog that shows a code for phones, which opens a page in the local network with the chosen files."""

from collections.abc import Sequence
from pathlib import Path

import segno
from PySide6.QtCore import QMargins, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from fineparser_gui.export.sharing import Sharing
from fineparser_gui.support.formatting import time_text
from fineparser_gui.support.text_dialog import closing_buttons
from fineparser_gui.support.widgets import add_form_row, label, lay_out, resize_within_screen, tool_tip

_CODE_PX, _STATE_LINES = 250, 4
_QUIET_MODULES = 4


class QrCode(QWidget):
    """The code of a text, dark on white whatever the theme; without a text, an empty field."""

    def __init__(self) -> None:
        super().__init__()
        self.modules: tuple[bytearray, ...] = ()
        self.setFixedSize(QSize(_CODE_PX, _CODE_PX))

    def show_text(self, text: str) -> None:
        """Show another text, or "" for none."""
        self.modules = segno.make(text, error="m", micro=False).matrix if text else ()
        self.setAccessibleName(self.tr("Code of the address {0}").format(text) if text else "")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.modules:
            painter.setPen(self.palette().mid().color())
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 8, 8)
            return
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        # Whole pixels of the screen: blurred edges are harder to read.
        ratio, count = self.devicePixelRatioF(), len(self.modules)
        side = int(self.width() * ratio / (count + 2 * _QUIET_MODULES)) / ratio
        begin = (self.width() - count * side) / 2
        begin = round(begin * ratio) / ratio
        for row, line in enumerate(self.modules):
            for column, dark in enumerate(line):
                if dark:
                    painter.fillRect(
                        QRectF(begin + column * side, begin + row * side, side, side), Qt.GlobalColor.black
                    )


class ShareDialog(QDialog):
    """Dialog with check marks of files on the left, and the code of the sharing on the right. Closing ends it.

    Args:
        chosen: files that are checked at first.
        others: files that are offered as well.
    """

    def __init__(self, chosen: Sequence[Path], others: Sequence[Path], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Send to a phone"))
        self.sharing = Sharing(self)
        self.files = QListWidget(accessibleName=self.tr("Files to send"))
        self.files.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.files.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.add_button = QPushButton(self.tr("&Add files…"), autoDefault=False, clicked=self._ask_for_files)
        self.address = QComboBox()
        self.address.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.code = QrCode()
        self.url = QLineEdit(readOnly=True, accessibleName=self.tr("Address of the page"))
        self.state = label(wrap=True)
        self.state.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = closing_buttons(self)
        self.go = self.buttons.addButton(self.tr("Show the code"), self.buttons.ButtonRole.ActionRole)
        self.go.setProperty("role", "primary")
        self.go.setDefault(True)
        self.go.clicked.connect(self._on_go)

        form = QFormLayout(horizontalSpacing=10)
        add_form_row(form, self.tr("&Network address"), self.address)
        left = lay_out(QVBoxLayout(spacing=8), (self.files, 1), (self.add_button, 0, Qt.AlignmentFlag.AlignLeft), form)
        right = lay_out(QVBoxLayout(spacing=8), self.code, self.url, self.state, None)
        middle = lay_out(QHBoxLayout(spacing=16), (left, 1), right)
        self.state.setFixedSize(_CODE_PX, _STATE_LINES * self.state.fontMetrics().lineSpacing())
        self.url.setFixedWidth(_CODE_PX)
        column = QVBoxLayout(self, contentsMargins=QMargins(18, 16, 18, 14), spacing=12)
        what = self.tr(
            "Scan the code with the camera of a phone in the same network: its browser shows these files. Only who has "
            "the address can see them, and can change nothing. It ends when you close this window, or after ten "
            "minutes. It is not encrypted: who runs the network could read along."
        )
        lay_out(column, label(what, "muted", wrap=True), (middle, 1), self.buttons)
        for path in dict.fromkeys([*chosen, *others]):
            self._add(path, checked=path in chosen)
        self.files.itemChanged.connect(self._on_chosen)
        self.sharing.found.connect(self._on_addresses)
        self.sharing.changed.connect(self._show_state)
        self.address.activated.connect(self._on_address)
        self._addresses: list[str] | None = None
        resize_within_screen(self, 680, 540)
        self._on_chosen()
        self.sharing.find_addresses()

    def done(self, result: int) -> None:
        self.sharing.close()
        super().done(result)

    def _add(self, path: Path, *, checked: bool) -> None:
        item = QListWidgetItem(path.name)
        item.setData(Qt.ItemDataRole.UserRole, path)
        item.setToolTip(tool_tip(str(path)))
        item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
        self.files.addItem(item)

    def _ask_for_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.tr("Files to send"))
        for name in names:
            self._add(Path(name), checked=True)
        self._on_chosen()

    def _on_chosen(self) -> None:
        items = [self.files.item(row) for row in range(self.files.count())]
        self._chosen = {
            number: item.data(Qt.ItemDataRole.UserRole)
            for number, item in enumerate(items)
            if item.checkState() is Qt.CheckState.Checked
        }
        self.sharing.choose(self._chosen)
        self._show_state()

    def _on_addresses(self, addresses: list[str]) -> None:
        self._addresses = addresses
        self.address.addItems(addresses)
        self._show_state()

    def _on_address(self) -> None:
        if self.sharing.url:
            self._start()

    def _on_go(self) -> None:
        if self.sharing.url:
            self.sharing.stop()
        else:
            self._start()

    def _start(self) -> None:
        try:
            self.sharing.start(self.address.currentText())
        except OSError as error:
            text = self.tr("Nothing can be shared at {0} ({1}): choose another address, or connect to a network.")
            self.state.setText(text.format(self.address.currentText(), error.strerror))

    def _show_state(self) -> None:
        url = self.sharing.url
        if url != self.url.text():
            self.code.show_text(url)
            self.url.setText(url)
            self.url.setCursorPosition(0)
        self.go.setText(self.tr("Stop sharing") if url else self.tr("Show the code"))
        self.go.setEnabled(bool(url or (self._chosen and self._addresses)))
        self.address.setEnabled(bool(self._addresses))
        self.state.setText(self._state())

    def _state(self) -> str:
        if self.sharing.url:
            left = self.tr("Ends in {0}.").format(time_text(self.sharing.left_s, 0))
            found = self.tr("If the phone finds nothing: is it in the same network, and does the firewall allow it?")
            return f"{left} {found}"
        if self._addresses is None:
            return self.tr("Looking for the network…")
        if not self._addresses:
            return self.tr("This computer is in no local network: connect it to a Wi-Fi or to the phone's hotspot.")
        if not self._chosen:
            return self.tr("Choose what to send.")
        return self.tr("Nothing is shared yet.")
