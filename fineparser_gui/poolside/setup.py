"""The three steps before a recording: the camera, its picture, and where and how much is recorded."""

from pathlib import Path

from PySide6.QtCore import QMargins, QStandardPaths, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QSpinBox, QWidget

from fineparser_core.errors import FineParserError
from fineparser_core.language import translated, without_mnemonic
from fineparser_core.live.caught import RECORDING
from fineparser_core.live.follower import RingFollower
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import StreamSource, list_cameras, parse_source
from fineparser_gui.preferences.store import PreferenceStore
from fineparser_gui.support.formatting import board_entries
from fineparser_gui.support.widgets import choice_box, fill_with_card, inset, label, lay_out, literal

_MOST_REMEMBERED = 8


class SourceField(QWidget):
    """Field of a source: a camera of this computer, a typed or remembered address, a video, a folder.

    Signals:
        chosen: another address was chosen, or typed to its end.
    """

    chosen = Signal()

    def __init__(self, preferences: PreferenceStore, hint: str) -> None:
        super().__init__()
        self._preferences = preferences
        self.box = QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert, minimumContentsLength=10)
        self.box.lineEdit().setPlaceholderText(hint)
        self.box.lineEdit().editingFinished.connect(self._on_edited)
        self.box.activated.connect(self._on_edited)
        self._used = ""
        lay_out(QHBoxLayout(self, contentsMargins=QMargins()), self.box)
        self.setFocusProxy(self.box)

    def refresh(self) -> None:
        """List the cameras, and show the remains of an earlier recording."""
        typed = self.address
        self.box.clear()
        for address, name in list_cameras():
            self.box.addItem(f"{name} ({address})", address)
        for address in self._preferences.now.cameras:
            self.box.addItem(address, address)
        self.box.setCurrentIndex(-1)
        self.box.setEditText(typed)

    @property
    def address(self) -> str:
        """Address for `parse_source`, or ""."""
        at = self.box.findText(self.box.currentText())
        return str(self.box.itemData(at)) if at >= 0 else self.box.currentText().strip()

    def use(self, address: str) -> None:
        """Show another address."""
        self.box.setEditText(address)
        self._on_edited()

    def _on_edited(self) -> None:
        if self.address != self._used:
            self._used = self.address
            self.chosen.emit()


class PoolsideSetup(QWidget):
    """Three cards side by side with the camera and the options of a recording.

    Signals:
        start_requested: see `source`.
        preview_requested: another camera is to be shown, without recording it.
        said: (str) a problem of the entries, or "".
    """

    start_requested = Signal()
    preview_requested = Signal()
    said = Signal(str)

    def __init__(self, preferences: PreferenceStore) -> None:
        super().__init__()
        self._preferences = preferences
        now = preferences.now
        self.field = SourceField(preferences, self.tr("Choose…"))
        self.secrets = QCheckBox(self.tr("Remember passwords too"))
        videos = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
        self.folder = QLineEdit(now.poolside_folder or str(Path(videos or Path.home()) / "Poolside"))
        self.folder.editingFinished.connect(self.show_recorded)
        browse = QPushButton("…", toolTip=self.tr("Choose a folder"))
        browse.setAccessibleName(browse.toolTip())
        browse.clicked.connect(self._ask_folder)
        self.minutes = QSpinBox(minimum=1, maximum=600, value=now.ring_minutes, suffix=self.tr(" min"))
        self.gigabytes = QSpinBox(minimum=1, maximum=10_000, value=now.ring_gigabytes, suffix=" GB")
        where, ring = QHBoxLayout(spacing=4), QHBoxLayout(spacing=4)
        lay_out(where, (self.folder, 1), browse)
        for box, name in (
            (self.minutes, self.tr("Minutes that are kept")),
            (self.gigabytes, self.tr("Room on the disk")),
        ):
            box.setAccessibleName(name)
            box.setToolTip(literal(name))
            ring.addWidget(inset(box), 1)
        self.folder.setAccessibleName(self.tr("Folder"))
        boards = board_entries(self.tr("any board"))
        self.board = choice_box(boards, accessibleName=self.tr("Board"), toolTip=self.tr("Board"))
        self.recorded = label(role="muted", wrap=True)
        self.clear = QPushButton(self.tr("Delete it"), clicked=self._clear)
        left = lay_out(QHBoxLayout(), (self.recorded, 1), self.clear)
        self.start = QPushButton(self.tr("Start recording"))
        self.start.clicked.connect(self.start_requested)
        self.start.setProperty("role", "primary")
        self.start.setMinimumHeight(56)
        aim = label(
            self.tr(
                "The camera stands beside the board, nobody in front of it; a short shutter (1/500 s); zoom "
                "and focus fixed."
            ),
            wrap=True,
        )
        self.state = label(role="muted", wrap=True)
        self.said.connect(self.state.setText)
        caption = label(self.tr("&Camera"))
        caption.setBuddy(self.field)
        self.field.box.setAccessibleName(without_mnemonic(caption.text()))
        steps = (
            (self.tr("1. Camera"), (caption, self.field, self.secrets, None)),
            (self.tr("2. Picture"), (aim, self.state, None, self.board)),
            (self.tr("3. Record"), (where, ring, left, None, self.start)),
        )
        row = QHBoxLayout(self, contentsMargins=QMargins(), spacing=8)
        for title, parts in steps:
            card = QWidget()
            fill_with_card(card, *parts, title=title)
            row.addWidget(card, 1)
        self.field.refresh()
        if now.cameras:
            self.field.use(now.cameras[0])
        elif self.field.box.count():
            self.field.use(self.field.box.itemText(0))
        self.field.chosen.connect(self.preview_requested)
        self.show_recorded()

    @property
    def recordings(self) -> Path:
        """Folder of clips and recording."""
        return Path(self.folder.text().strip() or "Poolside").expanduser()

    def source(self) -> StreamSource | None:
        """Return the chosen source; if it is wrong, emit the problem and return None."""
        try:
            source = parse_source(self.field.address)
        except FineParserError as error:
            self.said.emit(translated(error))
            return None
        self.said.emit("")
        return source

    def remember(self) -> None:
        """Keep the choices for the next time."""
        address = self.field.address
        kept = address if self.secrets.isChecked() else parse_source(address).shown
        cameras = tuple(dict.fromkeys((kept, *self._preferences.now.cameras)))[:_MOST_REMEMBERED]
        folder, minutes, gigabytes = self.folder.text().strip(), self.minutes.value(), self.gigabytes.value()
        self._preferences.change(
            cameras=cameras, poolside_folder=folder, ring_minutes=minutes, ring_gigabytes=gigabytes
        )

    def show_recorded(self) -> None:
        """Show the remains of an earlier recording."""
        span = RingFollower(self.recordings / RECORDING).span()
        minutes = (span[1] - span[0]) / 60 if span is not None else 0.0
        for widget in (self.recorded, self.clear):
            widget.setVisible(span is not None)
        self.recorded.setText(self.tr("{0} min are recorded from before.").format(max(round(minutes), 1)))

    def _ask_folder(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, self.tr("Folder"), str(self.recordings.parent)):
            self.folder.setText(name)
            self.show_recorded()

    def _clear(self) -> None:
        try:
            if (self.recordings / RECORDING).is_dir():
                with Ring(self.recordings / RECORDING) as ring:
                    ring.clear()
        except FineParserError as error:
            self.said.emit(translated(error))
        self.show_recorded()
