"""The window for the pool: the delayed picture of a camera, and every dive as it is caught."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

from PySide6.QtCore import QMargins, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.language import translated
from fineparser_core.live.caught import RECORDING, CaughtClip
from fineparser_core.live.follower import RingFollower
from fineparser_core.live.packets import LiveFrame, PacketDecoder, PacketQueue, now_s
from fineparser_core.live.reader import LiveReader, SourceEvent
from fineparser_core.live.sources import SourceKind, StreamSource
from fineparser_core.video.files import files_in
from fineparser_gui.poolside.mirror import MOST_DELAY_S, MirrorStage
from fineparser_gui.poolside.practice import Practice
from fineparser_gui.poolside.practice_list import PracticeList
from fineparser_gui.poolside.recorder import Awake, Recorder
from fineparser_gui.poolside.setup import PoolsideSetup
from fineparser_gui.preferences.store import PreferenceStore
from fineparser_gui.services.session import Session
from fineparser_gui.support.images import icon
from fineparser_gui.support.key_filter import KeyFilter, shortcuts_in
from fineparser_gui.support.widgets import (
    ElidedLabel,
    clear,
    follow_palette,
    label,
    lay_out,
    literal,
    push_button,
    resize_within_screen,
    tool_button,
)

_SIZE, _COLUMN_W = (1280, 800), (230, 330)
#: For wet hands.
_BUTTON_PX = 56
_TAKEN_S = 8.0
# Time that is played of a dive before the diver leaves the board and after the water, in seconds.
_AROUND_S = 1.0
_POLL_S, _CLOSES_S = 0.1, 2.0
_MOST_BYTES = 16_000_000
_FIELD_W = 190


class CameraPreview:
    """Preview of a source, connected while its pictures are read; nothing is kept.

    Args:
        on_event: called with events of the source, on a separate thread.
    """

    def __init__(self, source: StreamSource, on_event: Callable[[SourceEvent], None]) -> None:
        self._source, self._on_event = source, on_event

    def frames(self, from_s: float, stop: Event) -> Iterator[LiveFrame]:
        """Yield the pictures from a time on, as they come, until `stop` is set."""
        queue, decoder = PacketQueue(_MOST_BYTES), PacketDecoder()
        reader = LiveReader(self._source, [queue.put], self._on_event, loop=True)
        reader.start()
        try:
            while not stop.is_set():
                packet = queue.get(_POLL_S)
                if packet is not None:
                    yield from (one for one in decoder.decode(packet) if one.time_s >= from_s)
        finally:
            queue.close()
            reader.stop(_CLOSES_S)


class AthleteRow(QWidget):
    """Large buttons in the order of the board; the checked athlete dives next, and after each dive the next one."""

    def __init__(self, practice: Practice) -> None:
        super().__init__()
        self._practice = practice
        self.buttons: dict[str, QPushButton] = {}
        row = QWidget()
        self._row = QHBoxLayout(row, contentsMargins=QMargins(), spacing=6)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setStyleSheet("QScrollArea { background: transparent; border: none; }")
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFixedHeight(_BUTTON_PX + self._scroll.horizontalScrollBar().sizeHint().height())
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(row)
        self.name = QLineEdit(placeholderText=self.tr("Athlete, then Enter"), maxLength=LONGEST_NAME)
        self.name.setAccessibleName(self.tr("Add an athlete to the order of the board"))
        self.name.setFixedWidth(_FIELD_W)
        self.name.returnPressed.connect(self._enroll)
        lay_out(QHBoxLayout(self, contentsMargins=QMargins(), spacing=6), (self._scroll, 1), self.name)
        practice.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show who is at the board, and who is next."""
        athletes, listed = self._practice.athletes, self._practice.listed
        self.name.setVisible(not listed)
        if list(athletes) != list(self.buttons):
            clear(self._row)
            self.buttons = {name: self._button(name, listed) for name in athletes}
            lay_out(self._row, *self.buttons.values(), None)
        following = self._practice.next_athlete
        for name, button in self.buttons.items():
            button.setText("\n".join(filter(None, (name.replace("&", "&&"), athletes[name]))))
            button.setChecked(name == following)
        if following in self.buttons:
            self._scroll.ensureWidgetVisible(self.buttons[following])

    def _button(self, name: str, listed: bool) -> QPushButton:
        button = push_button(name, lambda: self._choose(name), self.tr("Dives next"), "large")
        button.setCheckable(True)
        button.setMinimumHeight(_BUTTON_PX)
        if not listed:
            leaves = QAction(self.tr("Take out of the order"), button)
            leaves.triggered.connect(lambda: self._practice.strike(name))
            button.addAction(leaves)
            button.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        return button

    def _choose(self, name: str) -> None:
        self._practice.choose(name)
        self.refresh()

    def _enroll(self) -> None:
        self._practice.enroll(self.name.text().strip())
        self.name.clear()


class PoolsideWindow(QWidget):
    """Window beside the main window, whose session takes the dives. Closing it stops the recording; the list stays.

    Signals:
        preview_said: (str) a sentence about the previewed camera; from any thread.
    """

    preview_said = Signal(str)

    def __init__(self, session: Session, preferences: PreferenceStore, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(self.tr("Poolside"))
        self._session = session
        self._recorder: Recorder | None = None
        self._plays = False  # a recording, not a preview
        self._awake = Awake()
        self._apart = False  # the mirror is a separate window, on the other screen
        self.practice = Practice(session, self)
        self.stage = MirrorStage()
        self.setup = PoolsideSetup(preferences)
        self.list = PracticeList(session, self.practice)
        self.athletes = AthleteRow(self.practice)
        self.word = ElidedLabel("muted")
        self.undo = push_button(
            self.tr("Undo"), lambda: self.actions_by_id["undo"].trigger(), self.tr("Bring it back (Ctrl+Z)"), "large"
        )
        self.undo.setMinimumHeight(_BUTTON_PX)
        self.undo.hide()
        self._looped: CaughtClip | None = None
        self._watched: Path | None = None  # a folder in place of a camera
        self._there: list[Path] = []  # its files of before
        self.take_there = push_button("", self._take_there, self.tr("Analyse them as dives"), "large")
        self.take_there.setMinimumHeight(_BUTTON_PX)
        self.missed = label(role="error", wrap=True)
        self.stop = QPushButton(self.tr("Stop recording"), minimumHeight=_BUTTON_PX, clicked=self.stop_recording)
        self.again = push_button(self.tr("Set up a recording"), self.show_preview)
        self.actions_by_id = self._make_actions()
        self._side = QWidget()
        self._side.setMaximumWidth(_COLUMN_W[1])
        side = QVBoxLayout(self._side, contentsMargins=QMargins(), spacing=8)
        lay_out(side, self.stop, self.again, self.missed, self.word, self.take_there, self.undo, (self.list, 1))
        self._controls = self._build_controls()
        self._left = lay_out(QVBoxLayout(spacing=6), self.athletes, (self.stage, 1), self.setup, self._controls)
        row = QHBoxLayout(self, contentsMargins=QMargins(10, 10, 10, 10), spacing=10)
        lay_out(row, (self._left, 3), (self._side, 1))
        self._keys = KeyFilter(self, self._leaves_key)
        self.stage.changed.connect(self._show_state)
        self.setup.start_requested.connect(self.start_recording)
        self.setup.preview_requested.connect(self.show_preview)
        self.preview_said.connect(self.setup.said)
        self.setup.board.currentIndexChanged.connect(
            lambda: setattr(self.practice, "board_m", self.setup.board.currentData())
        )
        self.practice.board_m = self.setup.board.currentData()
        self.list.loop_requested.connect(self.loop)
        self.list.taken_back.connect(self._on_taken_back)
        session.editing.edits.changed.connect(self.undo.hide)
        self.practice.changed.connect(self._show_state)
        resize_within_screen(self, *_SIZE)
        self.setup.field.setFocus()
        follow_palette(self, self._color_icons)
        self._color_icons()
        self._show_state()

    @property
    def recording(self) -> bool:
        """True if a camera is recorded."""
        return self._recorder is not None and self._recorder.running

    def start_recording(self) -> None:
        """Record the chosen camera, and show the mirror."""
        source = self.setup.source()
        if source is None or self.recording:
            return
        self.stage.clear()  # many a camera has one viewer at a time
        self.missed.clear()
        self.setup.remember()
        self._recorder = recorder = Recorder(self.setup.recordings, self)
        recorder.said.connect(self.word.set_text)
        recorder.missed.connect(self._tell_missed)
        recorder.caught.connect(self.practice.add)
        recorder.ended.connect(self._on_ended)
        minutes, gigabytes = self.setup.minutes.value(), self.setup.gigabytes.value()
        recorder.start(self.setup.field.address, minutes, gigabytes)
        self._watched = source.path if source.kind is SourceKind.FOLDER else None
        self._there = files_in(source.path)[0] if self._watched is not None else []
        self.word.set_text(self._watched_text() or self.tr("Connecting…"))
        self._plays = True
        if source.kind is not SourceKind.FOLDER:
            name = source.path.name if source.kind is SourceKind.FILE else str(source)
            self.stage.show_camera(name, RingFollower(recorder.folder / RECORDING))
        self._awake.begin(self.tr("A practice is recorded"))
        if self.stage.tile is not None:
            self.stage.tile.setFocus()
        self._show_state()

    def stop_recording(self) -> None:
        """End the recording, after the rest is searched and the caught dives are written."""
        if not self.recording:
            return
        self.word.set_text(self.tr("Saving the last dive…"))
        self.stop.setEnabled(False)
        if self._recorder is not None:
            self._recorder.stop()

    def show_preview(self) -> None:
        """Show the camera as it is now, without recording it."""
        if self.recording or not self.isVisible():
            return
        self.stage.clear()
        self._plays = False
        source = self.setup.source() if self.setup.field.address else None
        if source is not None and source.kind is not SourceKind.FOLDER:
            tell = self.preview_said
            preview = CameraPreview(source, lambda event: tell.emit(translated(event.said)))
            self.stage.show_camera(str(source), preview)
        self._show_state()

    def take(self) -> None:
        """Keep the last seconds of the shown picture as a dive, as it was missed."""
        if self.stage.tile is not None and self._recorder is not None:
            to_s = self.stage.tile.feed.time_s or now_s()
            self._recorder.take(to_s - _TAKEN_S, to_s)

    def loop(self, caught: CaughtClip | None = None) -> None:
        """Play a dive, or the last dive, in a loop."""
        caught = caught or self.list.last()
        if caught is None:
            return
        self._looped = caught
        leaves_s, touches_s = caught.leaves_s or _AROUND_S, caught.touches_s or _TAKEN_S - _AROUND_S
        self.stage.loop(caught.at_s + leaves_s - _AROUND_S, caught.at_s + touches_s + _AROUND_S)

    def _take_there(self) -> None:
        """Take the files that were in the watched folder before, unless they have come by themselves."""
        there, self._there = self._there, []
        come = {dive.path for _, dive in self.practice.dives}
        for path in there:
            if path not in come and path.is_file():
                self.practice.add(CaughtClip(path, path.stat().st_mtime))
        self._show_state()

    def _show_watched(self) -> None:
        """Say in place of a picture how many files are in the watched folder, and offer those of before."""
        watched = self._watched_text() if self.recording else ""
        self.take_there.setVisible(bool(watched and self._there))
        self.take_there.setText(self.tr("Take those that are there ({0})").format(len(self._there)))
        self.stage.hint.setText(watched or self.stage.hint_text())

    def _watched_text(self) -> str:
        if self._watched is None:
            return ""
        return self.tr("Watching {0} · files: {1}").format(self._watched.name, len(files_in(self._watched)[0]))

    def _on_taken_back(self, caught: CaughtClip, line: str) -> None:
        """Play it no more, and offer the way back."""
        if caught is self._looped:
            self.stage.live()
        self.word.set_text(self.tr("Taken back: {0}").format(line))
        self.undo.show()

    def shut(self) -> None:
        """Stop recording, playback and processes, as the program ends."""
        self.stop_recording()
        self.word.repaint()  # before the window waits for it
        self.stage.clear()
        if self._recorder is not None:
            self._recorder.close()
        self._awake.end()
        self.practice.close()

    def _on_ended(self, asked: bool) -> None:
        if self.recording:
            return
        self._awake.end()
        self.stop.setEnabled(True)
        if asked:
            self.word.set_text(self.tr("The recording has stopped."))
        self.setup.show_recorded()
        self._show_state()

    def _tell_missed(self, text: str) -> None:
        self.missed.setText(text)
        self.missed.show()

    def _make_actions(self) -> dict[str, QAction]:
        stage = self.stage

        def undo() -> None:
            self._session.editing.edits.undo(latest=True)
            self.word.set_text("")

        keys: tuple[tuple[str, str, str, str, Callable[[], object]], ...] = (
            ("shorter", self.tr("Shorter"), "−", "- PgUp", lambda: stage.change_delay(-1)),
            ("longer", self.tr("Longer"), "+", "+ = PgDown", lambda: stage.change_delay(1)),
            ("pause", self.tr("Pause"), "pause", "Space B", stage.pause),
            ("slow", self.tr("Slow"), "play", "S", stage.slower),
            ("loop", self.tr("Last dive"), "loop", "L", self.loop),
            ("live", self.tr("Live"), "last", "Esc Home", self._go_live),
            ("take", self.tr("Take 8 s"), "dive", "T", self.take),
            ("wrong", self.tr("Not a dive"), "", "Del", self.list.take_back),
            ("undo", self.tr("Undo"), "", "Ctrl+Z", undo),
            ("full", self.tr("Full"), "full-screen", "F F11", self.toggle_full_screen),
            ("balk", self.tr("Balk"), "", "X", lambda: self.list.on_chosen(self.practice.balk)),
            ("repeat", self.tr("Repeat"), "", "R", lambda: self.list.on_chosen(self.practice.repeat)),
            ("athlete", self.tr("Athlete"), "", "A", self.list.athlete.setFocus),
        )
        made = {}
        for name, text, picture, shortcuts, act in keys:
            action = made[name] = QAction(text, self, toolTip=literal(f"{text} ({shortcuts.split()[0]})"))
            action.setShortcuts([QKeySequence(key) for key in shortcuts.split()])
            action.setData(picture)
            if len(picture) == 1:  # a sign in place of an icon
                action.setIconText(picture)
            action.triggered.connect(lambda _=False, act=act: act())
            for widget in (self, stage):  # the mirror may be a separate window
                widget.addAction(action)
        return made

    def _build_controls(self) -> QWidget:
        self.slider = QSlider(
            Qt.Orientation.Horizontal, maximum=MOST_DELAY_S, accessibleName=self.tr("Delay in seconds")
        )
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.valueChanged.connect(self._on_slider)
        delay, rest = QHBoxLayout(spacing=6), QHBoxLayout(spacing=4)
        for name in ("shorter", "longer"):
            delay.addWidget(self._button(name))
        delay.insertWidget(1, self.slider, 1)
        for name in ("pause", "slow", "loop", "live", "take", "full"):
            rest.addWidget(self._button(name), 1)
        controls = QWidget()
        lay_out(QVBoxLayout(controls, contentsMargins=QMargins(), spacing=4), delay, rest)
        return controls

    def _button(self, name: str) -> QToolButton:
        action = self.actions_by_id[name]
        button = tool_button(action)
        with_icon = len(action.data()) > 1
        style = Qt.ToolButtonStyle.ToolButtonTextUnderIcon if with_icon else Qt.ToolButtonStyle.ToolButtonTextOnly
        button.setToolButtonStyle(style)
        button.setProperty("role", "large")
        button.setMinimumSize(_BUTTON_PX, _BUTTON_PX)
        button.setIconSize(QSize(22, 22))
        button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
        font = button.font()
        font.setPixelSize(11 if with_icon else 24)
        button.setFont(font)
        return button

    def toggle_full_screen(self) -> None:
        """Show the mirror alone: on the other screen if it exists, beside this window; else in its place."""
        others = [screen for screen in QGuiApplication.screens() if screen is not self.screen()]
        if self._apart:
            self._apart = False
            self._left.insertWidget(1, self.stage, 1)
        elif others:
            self._apart = True
            self.stage.setParent(None)
            self.stage.setWindowTitle(self.windowTitle())
            self.stage.setGeometry(others[0].geometry())
            self.stage.showFullScreen()
        else:
            full = not self.isFullScreen()
            self._side.setVisible(not full)
            self.athletes.setVisible(not full)
            self.showFullScreen() if full else self.showNormal()
            self._show_state()

    def _go_live(self) -> None:
        if self.isFullScreen() and (self.stage.tile is None or self.stage.tile.feed.following):
            self.toggle_full_screen()
        self.stage.live()

    def _on_slider(self, value: int) -> None:
        if self.stage.tile is not None and round(self.stage.tile.feed.delay_s) != value:
            self.stage.delay(value)

    def _show_state(self) -> None:
        tile, recording = self.stage.tile, self.recording
        plays = tile is not None and self._plays
        self._show_watched()
        self.setup.setVisible(not recording and not plays and not self.isFullScreen())
        self._side.setMinimumWidth(_COLUMN_W[self.setup.isHidden()])  # the cards need the room
        self.stop.setVisible(recording)
        self.again.setVisible(plays and not recording)
        self.missed.setVisible(bool(self.missed.text()))
        self._controls.setVisible(plays and not self.isFullScreen())
        for name in self.actions_by_id.keys() - {"take", "loop", "wrong", "undo", "balk", "repeat", "athlete"}:
            self.actions_by_id[name].setEnabled(plays)
        self.actions_by_id["take"].setEnabled(recording)
        self.actions_by_id["loop"].setEnabled(plays and bool(self.practice.dives))
        self.actions_by_id["wrong"].setEnabled(bool(self.practice.dives))
        if tile is not None:
            with QSignalBlocker(self.slider):
                self.slider.setValue(round(tile.feed.delay_s))
            self.slider.setToolTip(literal(tile.words()))

    def _leaves_key(self, focused: QWidget, keys: QKeySequence) -> bool:
        """Return True if the mirror has the focus, or the list and a key that a list has no use for."""
        lists_own = [Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter]
        if focused is self.list.view:
            return keys[0].key() not in lists_own and shortcuts_in(keys, list(self.actions_by_id.values()))
        return focused is self.stage.tile

    def _color_icons(self) -> None:
        color = self.palette().buttonText().color().name()
        for action in self.actions_by_id.values():
            if action.data() and len(action.data()) > 1:
                action.setIcon(icon(action.data(), color))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._apart:
            self.toggle_full_screen()
        if self.recording:
            self._session.problem.emit(self.tr("Poolside was closed: the recording has stopped."))
            self.stop_recording()
        self.stage.clear()
        super().closeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setup.field.refresh()
        if self.stage.tile is None:
            self.show_preview()
