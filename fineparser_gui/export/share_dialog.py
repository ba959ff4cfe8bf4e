"""Dialog that shows a code for phones, which opens a page in the local network with the chosen files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import segno
from PySide6.QtCore import QElapsedTimer, QMargins, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.export.dive_words import trust_text
from fineparser_core.export.jobs import ClipJob, StrobeJob
from fineparser_core.export.options import RenderOptions
from fineparser_core.support.sharing import ShareServer, local_addresses
from fineparser_gui.services.exporting import dive_title, file_stem, reported_dive, words_of
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.session.preferences import Preferences
from fineparser_gui.support.background import Background
from fineparser_gui.support.formatting import time_text
from fineparser_gui.support.save_path import free_path
from fineparser_gui.support.widgets import add_form_row, closing_buttons, label, lay_out, literal, resize_within_screen

_CODE_PX, _STATE_LINES = 250, 4
_QUIET_MODULES = 4
LASTS_S = 600


class Sharing(QObject):
    """Service that serves the chosen files at an address of this computer.

    Signals:
        found: (list) this computer's addresses in local networks, the likeliest first.
        changed: the sharing begins or ends, or a second has passed.
    """

    found = Signal(list)
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server: ShareServer | None = None
        self._files: dict[int, Path] = {}
        self._thread = Background(self)
        self._since = QElapsedTimer()
        self._seconds = QTimer(self, interval=1000)
        self._seconds.timeout.connect(self._on_second)

    @property
    def url(self) -> str:
        """Address of the page; "" while nothing is shared."""
        return self._server.url if self._server is not None else ""

    @property
    def left_s(self) -> int:
        """Seconds until it ends by itself."""
        return max(LASTS_S - self._since.elapsed() // 1000, 0) if self._server is not None else 0

    def find_addresses(self) -> None:
        """Look for this computer's addresses, off the GUI thread."""
        self._thread.run(local_addresses, self.found.emit)

    def choose(self, files: Mapping[int, Path]) -> None:
        """Set the files that are served, by their numbers on the page."""
        self._files = dict(files)
        if self._server is not None:
            self._server.files = self._files

    def start(self, address: str) -> None:
        """Serve at an address, under a new secret.

        Raises:
            OSError: the address no longer exists.
        """
        self.stop()
        self._server = ShareServer(address, self._files, trust_text())
        self._since.start()
        self._seconds.start()
        self.changed.emit()

    def stop(self) -> None:
        """Serve nothing any more."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._seconds.stop()
            self.changed.emit()

    def close(self) -> None:
        """Stop serving, and wait for running work."""
        self.blockSignals(True)
        self.stop()
        self._thread.close()

    def _on_second(self) -> None:
        if self.left_s:
            self.changed.emit()
        else:
            self.stop()


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

    Clip, strobe picture and report of a dive are written once they are to be shared; they go with the program.

    Args:
        dives: dives of which they are offered; the clip of the first is checked.
        preferences: style of masks and colors of steps.
        chosen: files that are checked at first.
        others: files that are offered as well.
    """

    def __init__(
        self,
        session: Session,
        preferences: Preferences,
        dives: Sequence[Dive],
        chosen: Sequence[Path],
        others: Sequence[Path],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Send to a phone"))
        self._session, self._preferences, self._exports = session, preferences, session.exports
        self._makers: dict[Path, Callable[[Path], None]] = {}
        self._unwritten: set[Path] = set()
        self._begun: set[Path] = set()
        self.sharing = Sharing(self)
        self.files = QListWidget(accessibleName=self.tr("Files to send"))
        self.files.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.files.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
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
        left = lay_out(QVBoxLayout(spacing=8), (self.files, 1), form)
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
        for dive in dives:
            self._offer(dive)
        for path in list(self._makers)[:1]:
            self._write(path)  # while the coach looks for the phone
        for path in dict.fromkeys([*chosen, *others]):
            self._add(path, checked=path in chosen)
        self._exports.changed.connect(self._on_exports)
        self.files.itemChanged.connect(self._on_chosen)
        self.sharing.found.connect(self._on_addresses)
        self.sharing.changed.connect(self._show_state)
        self.address.activated.connect(self._on_address)
        self._addresses: list[str] | None = None
        resize_within_screen(self, 680, 540)
        self._on_chosen()
        self.sharing.find_addresses()

    def done(self, result: int) -> None:
        self._exports.changed.disconnect(self._on_exports)
        for export in self._exports.exports:
            if export.path in self._begun and not export.state.over:
                self._exports.cancel(export.id)
        self.sharing.close()
        super().done(result)

    def _offer(self, dive: Dive) -> None:
        """Offer what can be made of a dive."""
        folder, exports, analysis = self._exports.folder_to_send(), self._exports, dive.analysis
        if analysis is None or folder is None:
            return
        title, stem, first = dive_title(dive), file_stem(dive), not self._makers
        options = RenderOptions(mask=False, words=words_of(dive), brief=True, marks=dive.drawings, title=title)

        def report(path: Path) -> None:
            now = self._session.find(dive.key) or dive  # as it was edited meanwhile
            last, club = self._session.comparing.last_time(now), self._session.club
            dives = list(self._session.dives)
            exports.report([reported_dive(now, dives, drawings=True, comparison=last, club=club)], path)

        for name, make in (
            (f"{stem}.mp4", lambda path: exports.add(ClipJob(path=path, analysis=analysis, options=options))),
            (
                self.tr("{0} strobe").format(stem) + ".png",
                lambda path: exports.add(StrobeJob(path=path, analysis=analysis, title=title)),
            ),
            (self.tr("{0} report").format(stem) + ".pdf", report),
        ):
            path = free_path(folder / name)
            while path in self._makers:  # dives of the same name
                path = path.with_stem(f"{path.stem} 2")
            self._makers[path] = make
            self._add(path, checked=first and path.suffix == ".mp4")

    def _add(self, path: Path, *, checked: bool) -> None:
        item = QListWidgetItem(path.name)
        item.setData(Qt.ItemDataRole.UserRole, path)
        item.setToolTip(literal(str(path)))
        item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
        self.files.addItem(item)

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
            return
        self._unwritten = {path for path in self._chosen.values() if path in self._makers and not path.is_file()}
        waiting = self._unwritten - {export.path for export in self._exports.exports if not export.state.over}
        self._begun -= waiting  # until each is begun anew, it is not over
        for path in waiting:
            self._write(path)
        if self._unwritten:
            self._show_state()
        else:
            self._start()

    def _write(self, path: Path) -> None:
        self._begun.add(path)
        self._makers[path](path)

    def _on_exports(self) -> None:
        """Share as soon as everything is written; what could not be written is not."""
        states = {export.path: export.state for export in self._exports.exports}
        over = {path for path in self._unwritten & self._begun if (state := states.get(path)) is None or state.over}
        if not over:
            return
        self._unwritten -= over
        for row in range(self.files.count()):
            item = self.files.item(row)
            path = item.data(Qt.ItemDataRole.UserRole)
            if path in over and not path.is_file():
                item.setCheckState(Qt.CheckState.Unchecked)
        self._show_state()
        if not self._unwritten and self._chosen:
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
        self.go.setEnabled(bool(url or (self._chosen and self._addresses)) and not self._unwritten)
        self.files.setEnabled(not self._unwritten)
        self.address.setEnabled(bool(self._addresses))
        self.state.setText(self._state())

    def _state(self) -> str:
        if self.sharing.url:
            left = self.tr("Ends in {0}.").format(time_text(self.sharing.left_s, 0))
            found = self.tr("If the phone finds nothing: is it in the same network, and does the firewall allow it?")
            return f"{left} {found}"
        if self._unwritten:
            return self.tr("Writing… files left: {0}").format(len(self._unwritten))
        if self._addresses is None:
            return self.tr("Looking for the network…")
        if not self._addresses:
            return self.tr("This computer is in no local network: connect it to a Wi-Fi or to the phone's hotspot.")
        if not self._chosen:
            return self.tr("Choose what to send.")
        return self.tr("Nothing is shared yet.")
