"""The main window and the layout of its panels."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMargins, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from fineparser_core.resources import resource
from fineparser_gui.compare.exemplars import ExemplarsPanel
from fineparser_gui.compare.strip import ComparedStrip
from fineparser_gui.dives.details import DetailsPanel
from fineparser_gui.dives.edit_many import EditManyPanel
from fineparser_gui.dives.list import DivesPanel
from fineparser_gui.dives.missing_videos import MissingVideos
from fineparser_gui.export.strip import ExportsStrip
from fineparser_gui.player.picture_view import ZOOM_STEP
from fineparser_gui.player.transport import Transport
from fineparser_gui.preferences.store import ModelChoice, PreferenceStore
from fineparser_gui.score.explanation import Explanations
from fineparser_gui.score.how_found import HowFound
from fineparser_gui.score.panel import ScorePanel
from fineparser_gui.score.verdict import VerdictPanel
from fineparser_gui.services.session import Session
from fineparser_gui.services.sessions import SessionController
from fineparser_gui.shell.batch_commands import BatchCommands
from fineparser_gui.shell.dialog_launcher import DialogLauncher
from fineparser_gui.shell.layout import Corner, DropHighlight, FoldStrip, FullScreen, SideColumn, WindowPlace
from fineparser_gui.shell.player import PlayerPanel
from fineparser_gui.shell.session_dialogs import Opener, SessionDialogs
from fineparser_gui.shell.start_page import EmptyState
from fineparser_gui.shell.window_state import WindowState
from fineparser_gui.store.store import SessionRecord
from fineparser_gui.support.actions import ActionRegistry, Command
from fineparser_gui.support.background import Soon
from fineparser_gui.support.images import swatch
from fineparser_gui.support.key_filter import KeyFilter, shortcuts_in
from fineparser_gui.support.messages import MessageBell, MessageStack
from fineparser_gui.support.widgets import follow_palette, lay_out

if TYPE_CHECKING:
    from fineparser_gui.history.page import HistoryPage

#: Size of a new window, and the smallest size, in pixels: a screen of 1366 × 768 at 125 % has 1093 × 614, less the
#: panel of the desktop.
_SIZE = (1440, 900)
_LEAST_SIZE = (900, 540)
_DIVES_W, _SIDE_W = 248, 400
_DIVES_LEAST_W, _SIDE_LEAST_W = 196, 320
#: Width of a narrow screen, and of its right column at first, which leaves more space for the picture, in pixels.
_NARROW_PX, _SIDE_NARROW_W = 1280, 340
_LIST_COMMANDS = ("move_up", "move_down")
#: Commands that fold the columns beside the player away, from left to right.
_COLUMNS = ("dives_column", "side_column")
_PAGE_KEYS = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_WIDE_ENOUGH_TO_COMPARE_PX = 1500


class MainWindow(QMainWindow):
    """Main window: dives on the left, player in the center, score and exemplars on the right.

    Args:
        commands: of the menus.
        folder: folder of the program's files; None: there is none.

    Attributes:
        begins_anew_with: id of the session with which the program is to begin anew; None: it just ends.

    Signals:
        shown_first: the first paint is done; slow things may start.
        closing: the window is about to go.
    """

    shown_first = Signal()
    closing = Signal()

    def __init__(
        self,
        session: Session,
        preferences: PreferenceStore,
        choice: ModelChoice,
        files: SessionController,
        commands: Sequence[Command],
        folder: Path | None = None,
    ) -> None:
        super().__init__()
        self.session, self.preferences, self._choice = session, preferences, choice
        self.setWindowTitle("FineParser Studio")
        self._keys = KeyFilter(self, self._leaves_key)
        self._painted = self._closed = self._in_history = False
        self._recent: list[SessionRecord] = []  # of the start page
        self.history: HistoryPage | None = None
        self.resize(*_SIZE)
        self.setMinimumSize(*_LEAST_SIZE)
        self.transport = Transport(self)
        self.explanations = Explanations()
        self.files = SessionDialogs(session, files, self)
        self.batch = BatchCommands(session, self)
        self.opener = Opener(session, self.files, self)
        self.actions_by_id = ActionRegistry(self, commands, self._window_state)
        self.dialogs = DialogLauncher(self, session, preferences, choice, self.actions_by_id, folder)
        self.closing.connect(self.dialogs.close)
        self.dialogs.restart_requested.connect(self.restart)
        self.begins_anew_with: int | None = None
        self.actions_by_id.fill_menus(self.menuBar())
        self._build()
        session.problem.connect(self.messages.show_message)
        self.player.failed.connect(self.messages.show_message)
        # Once for all dives of a drop.
        self._refresh_timer = Soon(self, 0, self._refresh, session.dive_added, session.dive_removed)
        arranged = session.comparing.arrangement_changed
        for signal in (session.shown_changed, session.comparison_changed, session.library.changed, arranged):
            signal.connect(self._refresh)
        self.full_screen.changed.connect(self._refresh)  # the comparison may have begun or ended meanwhile
        self.files.controller.changed.connect(self._refresh)
        session.history.changed.connect(lambda: session.keys or self._refresh())  # the start page lists sessions
        self.player.progress.locate_requested.connect(self.actions_by_id["locate"].trigger)
        self.transport.state_changed.connect(lambda: self._set_checked("loop", self.transport.loop is not None))
        self.player.drawing.state_changed.connect(self._refresh)
        for signal in (session.edits.changed, session.shown_changed):
            signal.connect(self._show_edits)
        session.edits.said.connect(self.messages.tell)
        self.player.bar.opacity_changed.connect(lambda percent: preferences.change(mask_opacity=percent))
        preferences.changed.connect(self._apply_preferences)
        self._apply_preferences()
        self._show_edits()
        # Once the events are done: a session that is being opened is not whole before.
        self._left = Soon(self, 0, session.history.keeping.write_now, QApplication.instance().focusChanged)
        follow_palette(self, self._color_icons)
        self._color_icons()
        self._refresh()
        self._place = WindowPlace(folder)
        self._folds = {name: self.actions_by_id[name] for name in _COLUMNS}
        self._placed = self._place.restore(self, {"columns": self._columns}, self._folds)

    def _build(self) -> None:
        self.messages = MessageStack()
        bar, self.bell = self.menuBar(), MessageBell(self.messages)
        # All pages share the bell; a menu bar at the top of the screen has no corner for it.
        (self.statusBar().addPermanentWidget if bar.isNativeMenuBar() else bar.setCornerWidget)(self.bell)
        self.missing = MissingVideos(self.session, self.messages, self)
        self.empty = EmptyState(has_sample=resource("samples", "sample.json").is_file())
        self.empty.open_requested.connect(self.opener.ask_for_videos)
        self.empty.sample_requested.connect(self.opener.open_sample)
        self.empty.record_requested.connect(self.poolside)
        self.empty.meet_requested.connect(self.batch.show_meet)
        self.empty.session_requested.connect(self.files.controller.open_session)
        self.dives = DivesPanel(self.session, self.actions_by_id)
        self.dives.setMinimumWidth(_DIVES_LEAST_W)
        self.player = PlayerPanel(self.session, self.transport, self.actions_by_id)
        self.batch.serve(self.dives, self.actions_by_id, self.messages)
        for chosen in (self.dives.view.activated, self.dives.view.clicked):
            chosen.connect(self.player.take_keys)
        self.details, self.several = DetailsPanel(self.session), EditManyPanel(self.session)
        self.several.shown.connect(self.details.setHidden)
        self.score = ScorePanel(self.session, self.explanations)
        self.verdict = VerdictPanel(self.session, self.explanations)
        self.strip = ComparedStrip(self.session)
        self.exemplars = ExemplarsPanel(self.session)
        self.found = HowFound(self.session, self.explanations, self.exemplars)
        self.found.hide()
        self.contributions, self.measured = self.score.contributions, self.found.measured
        self.score.how.toggled.connect(self.found.setVisible)
        self.score.how.toggled.connect(lambda on: on and scroll.show_panel(self.found))
        self.found.numbers.model_card_requested.connect(self.actions_by_id["model_card"].trigger)
        for panel in (self.verdict, self.measured):
            panel.frame_requested.connect(self.player.go_to)
            panel.frame_requested.connect(self.player.take_keys)
        self._side = QWidget()
        parts = (self.verdict, self.score, self.strip, self.verdict.measures, self.score.how, self.found)
        scroll = SideColumn(parts, _SIDE_LEAST_W)
        lay_out(QVBoxLayout(self._side, contentsMargins=QMargins(), spacing=8), (scroll, 1), self.details, self.several)
        # A stack shows screen readers its pages alone: overlays are children of the widget around it.
        over = QWidget()
        self._pages = QStackedWidget()
        lay_out(QVBoxLayout(over, contentsMargins=QMargins()), self._pages)
        self.setCentralWidget(over)
        work = QWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(work)
        row = QHBoxLayout(work, contentsMargins=QMargins(0, 6, 0, 4), spacing=0)
        self._columns = QSplitter()
        self._strips = tuple(
            FoldStrip(self.actions_by_id[name], edge)
            for name, edge in zip(_COLUMNS, (Qt.ArrowType.LeftArrow, Qt.ArrowType.RightArrow), strict=True)
        )
        for widget in (self._strips[0], self._columns, self._strips[1]):
            row.addWidget(widget)
        self._columns.setChildrenCollapsible(False)
        self._columns.setHandleWidth(8)
        narrow = self.screen().availableGeometry().width() < _NARROW_PX
        dives_px, side_px = (_DIVES_LEAST_W, _SIDE_NARROW_W) if narrow else (_DIVES_W, _SIDE_W)
        widths = (dives_px, _SIZE[0] - dives_px - side_px, side_px)
        for place, (part, width) in enumerate(zip((self.dives, self.player, self._side), widths, strict=True)):
            self._columns.addWidget(part)
            self._columns.setStretchFactor(place, int(part is self.player))
            part.resize(width, part.height())
        self._columns.setSizes(widths)
        self.exports = ExportsStrip(self.session.exports)
        self.exports.send_requested.connect(lambda path: self.dialogs.share(path=path))
        self.exports.said.connect(self.messages.tell)
        self.exports.left.connect(lambda text, path: self.messages.keep(text, lambda: self.exports.show_folder(path)))
        self.corner = Corner(over)
        self.corner.lie_over(self.player.pane.canvas)
        for widget in (self.messages, self.exports):
            self.corner.add(widget)
        DropHighlight(over, self).dropped.connect(self.opener.open_paths)
        self.full_screen = FullScreen(self, (self.dives, self._side, *self._strips))
        self.full_screen.changed.connect(lambda on: self._set_checked("full_screen", on))
        for asks in (self.score.refusal, self.player.divers):
            asks.point_requested.connect(self.actions_by_id["point_at_diver"].trigger)

    def _window_state(self) -> WindowState:
        session = self.session
        return WindowState(
            dive=None if self._in_history else session.current,  # no commands for a dive that is not visible
            dives=[session.dive(key) for key in session.keys],
            comparing=session.comparing.beside is not None and not self._in_history,
            holds_something=self.files.controller.holds_something,
            paused=session.scheduler.paused,
            drawings=bool(self.player.drawing.drawings),
            drawing_selected=self.player.drawing.selected is not None,
        )

    def _leaves_key(self, focused: QWidget, keys: QKeySequence) -> bool:
        """Return True if the picture or the timeline has the focus, or the list and a key of its commands was pressed.

        The page keys go from dive to dive with any focus.
        """
        between_dives = [self.actions_by_id[name] for name in ("previous_dive", "next_dive")]
        if keys[0].key() in _PAGE_KEYS and shortcuts_in(keys, between_dives):
            return True
        if focused is self.dives.view:
            return shortcuts_in(keys, [self.actions_by_id[name] for name in _LIST_COMMANDS])
        return focused is self.player.timeline or focused in self.player.canvases()

    def poolside(self) -> None:
        """Open the window for the pool, whose dives go into a session of this evening."""
        self.files.controller.begin_evening()
        self.dialogs.poolside()

    def zoom_pictures(self, steps: int) -> None:
        """Magnify every picture by a number of steps; a negative number shrinks them."""
        for canvas in self.player.canvases():
            canvas.zoom_by(ZOOM_STEP**steps)

    def quit(self) -> None:
        """Close, unless the coach would rather wait for unfinished work."""
        if self.files.may_close():
            self.close()

    def restart(self) -> None:
        """Close, and let the program begin anew with the session that is open, as the language changes at its start."""
        self.quit()
        self.begins_anew_with = self.files.controller.id if self._closed else None  # closing keeps what is new

    def show_history(self, on: bool) -> None:
        """Show the page of the coach's history in place of the player, or the player again."""
        if self.history is None:
            from fineparser_gui.history.page import HistoryPage  # with pyqtgraph; not at the start

            self.history = HistoryPage(self.session, self.messages)
            self.history.left.connect(lambda: self.show_history(False))
            self.session.current_changed.connect(lambda: self._in_history and self.show_history(False))
            self._pages.addWidget(self.history)
            self.corner.lie_over(self.history.split)
        self._in_history = on
        self.transport.pause()
        self._refresh()

    def go_to_dive(self, rows: int) -> None:
        """Show the dive some rows below, or above; playback continues, from before its flight."""
        playing = self.transport.playing
        if self.dives.go(rows) and playing:
            self.player.play_dive()

    def edit_dives(self) -> None:
        """Show the sheet of all selected dives in place of the shown dive's."""
        self.full_screen.use(False)
        self._folds[_COLUMNS[1]].setChecked(True)
        self.several.show_dives(self.dives.selected_keys())

    def compare(self, on: bool) -> None:
        """Begin a comparison with the athlete's last dive of the number, else with another dive, or end it."""
        comparing = self.session.comparing
        if not on:
            comparing.end()
        elif comparing.beside is None:
            comparing.begin()
        self._refresh()

    def _set_checked(self, action_id: str, checked: bool) -> None:
        action = self.actions_by_id[action_id]
        with QSignalBlocker(action):
            action.setChecked(checked)
        action.changed.emit()  # buttons follow; `toggled` does not fire again

    def tell_unexpected(self, error: str) -> None:
        """Report an unexpected error; called from any thread."""
        text = self.tr("Unexpected error ({0}). Your work is kept. The log has details (Help menu).")
        self.session.problem.emit(text.format(error))

    def _apply_preferences(self) -> None:
        now = self.preferences.now
        self.player.overlay(style=now.mask_style, skeleton=now.skeleton)
        self.session.club = now.club
        self._set_checked("skeleton", now.skeleton)

    def _refresh(self) -> None:
        """Update everything that depends on the shown dive and its state."""
        now = self._window_state()
        dive, comparing = now.dive, now.comparing
        page = 2 if self._in_history else 1 if self.session.keys else 0
        if page != self._pages.currentIndex():
            self._pages.setCurrentIndex(page)
            (self.history if self._in_history else self.player).take_keys()
        names = filter(None, (dive.path.name if dive else "", self.files.controller.name))
        # A name may hold the text that Qt replaces by the mark of a modified document.
        self.setWindowTitle(" – ".join([*(name.replace("[*]", "[*][*]") for name in names), "FineParser Studio"]))
        if page == 0:
            self._fill_start_page()
        self._set_checked("compare", comparing)
        self._set_checked("votes", dive is not None and bool(dive.exemplar_id))
        self._set_checked("mirror_other", self.session.comparing.mirrored)
        self._set_checked("history", self._in_history)
        self.actions_by_id["color"].setIcon(swatch(self.player.drawing.color))
        self.actions_by_id.refresh()
        if not self.full_screen.on:
            # Two pictures need the space more than the list and the panels of one dive do.
            room = (not comparing or self.width() >= _WIDE_ENOUGH_TO_COMPARE_PX, not comparing)
            for name, part, strip, has in zip(_COLUMNS, (self.dives, self._side), self._strips, room, strict=True):
                strip.setVisible(has)
                part.setVisible(has and self.actions_by_id[name].isChecked())

    def _fill_start_page(self) -> None:
        history, recent = self.session.history, self.files.controller.recent
        if recent != self._recent:  # reads a picture of each
            self._recent = recent
            pictures = {
                one.id: history.read(lambda store, id_=one.picture: store.thumbnail(id_), b"") for one in recent
            }
            self.empty.set_recent(
                {one.id: (self.files.label(one).replace(" – ", "\n", 1), pictures[one.id]) for one in recent}
            )

    def _show_edits(self) -> None:
        edits = self.session.edits.active
        for action_id, name, what in (
            ("undo", self.tr("&Undo {0}"), edits.undo_text),
            ("redo", self.tr("&Redo {0}"), edits.redo_text),
        ):
            self.actions_by_id[action_id].setEnabled(what is not None)
            self.actions_by_id[action_id].setText(name.format(what or "").rstrip())

    def _color_icons(self) -> None:
        self.actions_by_id.color_icons(self.palette())
        self.player.proposals.color_icons()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.modifiers() and self._in_history:
            self.show_history(False)
        elif event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.player.take_keys()  # no other widget had a use for it: it leaves a field
        elif event.matches(QKeySequence.StandardKey.SelectAll) and not self._in_history:
            self.dives.view.selectAll()  # a click in the list leaves the keyboard to the player
        else:
            super().keyPressEvent(event)

    def show_columns(self) -> None:
        """Show the columns beside the player that are not folded away, unless the player fills the screen."""
        self._refresh()
        if not self.player.isAncestorOf(QApplication.focusWidget() or self):
            self.player.take_keys()  # the widget that had them may be hidden

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._placed and self.width() < _NARROW_PX:
            self._folds[_COLUMNS[0]].setChecked(False)  # a new user's picture is the largest thing all the same
        self._placed = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.session.comparing.beside is not None:
            self._refresh_timer.start()  # the space for the list may have changed

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.shown_first.emit)  # once all of it is on the screen

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._closed:
            return
        # Only if the user closes the window: when the system ends the program, no questions are possible.
        if event.spontaneous() and not self.files.may_close():
            event.ignore()
            return
        self._closed = True
        try:
            if self.full_screen.on:
                self.full_screen.use(False)
            self._place.save(self, {"columns": self._columns}, self._folds)
            self.player.close_videos()
            self.verdict.close_video()
            self.strip.close()
            self.files.controller.close()
        finally:  # whatever fails, nothing is left running
            self.hide()  # a busy computer takes seconds to end a process
            self.closing.emit()
        super().closeEvent(event)
