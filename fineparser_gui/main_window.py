"""The window: where the panels are, and which command does what."""

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from fineparser_core.resources import resource
from fineparser_gui.actions.key_filter import KeyFilter, shortcuts_in
from fineparser_gui.actions.registry import ActionRegistry
from fineparser_gui.canvas.viewport import ZOOM_STEP
from fineparser_gui.dialogs.batch_commands import BatchCommands
from fineparser_gui.dialogs.dialog_launcher import DialogLauncher
from fineparser_gui.dialogs.library_dock import LibraryDock
from fineparser_gui.dialogs.missing_videos import MissingVideos
from fineparser_gui.dialogs.session_files import SessionFileDialogs
from fineparser_gui.dialogs.updates_command import UpdatesCommand
from fineparser_gui.full_screen import FullScreen
from fineparser_gui.model.dive import DiveState
from fineparser_gui.model.drawings import ANGLE, LINE, NOTE
from fineparser_gui.model.session_file import SUFFIX
from fineparser_gui.model.video_files import VIDEO_SUFFIXES
from fineparser_gui.panels.contributions import ContributionsPanel
from fineparser_gui.panels.corner import Corner
from fineparser_gui.panels.details import DetailsPanel
from fineparser_gui.panels.dives import DivesPanel
from fineparser_gui.panels.drop_highlight import DropHighlight
from fineparser_gui.panels.empty_state import EmptyState
from fineparser_gui.panels.exemplars import ExemplarsPanel
from fineparser_gui.panels.exports_strip import ExportsStrip
from fineparser_gui.panels.measured import MeasuredPanel
from fineparser_gui.panels.messages import MessageStack
from fineparser_gui.panels.player import PlayerPanel
from fineparser_gui.panels.score import ScorePanel
from fineparser_gui.panels.side_column import SideColumn
from fineparser_gui.panels.tour import Tour
from fineparser_gui.playback.transport import Transport
from fineparser_gui.services.explanation import Explanations
from fineparser_gui.services.model_choice import ModelChoice
from fineparser_gui.services.session import Session
from fineparser_gui.services.session_files import SessionFileController
from fineparser_gui.settings.store import PreferenceStore
from fineparser_gui.settings.window_place import WindowPlace

#: Of a new window, and the smallest: a screen of 1366 × 768 at 125 % has 1093 × 614, less the panel of the desktop.
_SIZE = (1440, 900)
_LEAST_SIZE = (900, 540)
_DIVES_W, _SIDE_W = 236, 400
_DIVES_LEAST_W, _SIDE_LEAST_W = 180, 320
#: On a screen that is narrower, the picture gets more of it at first.
_NARROW_PX, _SIDE_NARROW_W = 1280, 340
_STEP_EDITS = (
    "flight_here",
    "flight_earlier",
    "flight_later",
    "entry_here",
    "entry_earlier",
    "entry_later",
    "contact_here",
)
_RANGE_NUDGES = ("in_earlier", "in_later", "out_earlier", "out_later")
_LIST_COMMANDS = ("move_up", "move_down")
#: A recording has several divers, and a missing video shows none.
_POINTED_AT = set(DiveState) - {DiveState.OPENING, DiveState.MISSING, DiveState.NEEDS_TRIM}
_WIDE_ENOUGH_TO_COMPARE_PX = 1500


class MainWindow(QMainWindow):
    """Dives on the left, player in the centre, score and exemplars on the right.

    Args:
        folder: of the program; None: there is none.

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
        files: SessionFileController,
        folder: Path | None = None,
    ) -> None:
        super().__init__()
        self._session, self._preferences, self._choice = session, preferences, choice
        self.setWindowTitle("FineParser Studio")
        self._keys = KeyFilter(self, self._leaves_key)
        self._painted = self._asked = self._closed = False
        self.setAcceptDrops(True)
        self.resize(*_SIZE)
        self.setMinimumSize(*_LEAST_SIZE)
        self.transport = Transport(self)
        self.explanations = Explanations()
        self.files = SessionFileDialogs(session, files, self)
        self.batch = BatchCommands(session, self)
        self.dialogs = DialogLauncher(self, session, preferences, choice, folder)
        self.actions_by_id = ActionRegistry(self, self._slots())
        self.actions_by_id["open_recent"].setMenu(self.files.recent)
        self.actions_by_id.fill_menus(self.menuBar())
        self._build()
        session.problem.connect(self.messages.show_message)
        self.player.failed.connect(self.messages.show_message)
        self._refresh_timer = QTimer(
            self, singleShot=True, interval=0, timeout=self._refresh
        )  # once for all dives of a drop
        self._modified_timer = QTimer(self, singleShot=True, interval=200, timeout=self._show_modified)
        for signal in (session.dive_added, session.dive_removed):
            signal.connect(lambda _: self._refresh_timer.start())
        for signal in (session.shown_changed, session.comparison_changed, session.library.changed):
            signal.connect(self._refresh)
        session.exemplar_drawn.connect(self._refresh)
        self.full_screen.changed.connect(self._refresh)  # the comparison may have begun or ended meanwhile
        self.files.controller.changed.connect(self._refresh)
        self.player.progress.locate_requested.connect(self.actions_by_id["locate"].trigger)
        self.transport.state_changed.connect(self._show_loop)
        self.player.drawing.state_changed.connect(self._refresh)
        session.edits.indexChanged.connect(self._show_edits)
        self.player.bar.opacity_changed.connect(lambda percent: preferences.change(mask_opacity=percent))
        preferences.changed.connect(self._apply_preferences)
        self._apply_preferences()
        self._show_edits()
        self._color_icons()
        self._refresh()
        self._place = WindowPlace(folder)
        self._place.restore(self, {"columns": self._columns})

    def _build(self) -> None:
        self.messages = MessageStack()
        self.missing = MissingVideos(self._session, self.messages, self)
        self.empty = EmptyState(has_sample=resource("samples", "sample.json").is_file())
        self.empty.open_requested.connect(self._open)
        self.empty.sample_requested.connect(self._open_sample)
        self.empty.session_requested.connect(self.files.open_path)
        self._choice.devices_changed.connect(lambda: self.empty.set_devices(self._choice.devices))
        self.dives = DivesPanel(self._session, self.actions_by_id)
        self.dives.setMinimumWidth(_DIVES_LEAST_W)
        self.batch.serve(self.dives, self.actions_by_id)
        self.player = PlayerPanel(self._session, self.transport, self.actions_by_id)
        self.dives.view.activated.connect(self.player.take_keys)
        self.details = DetailsPanel(self._session)
        self.score = ScorePanel(self._session)
        self.score.model_card_requested.connect(self.dialogs.model_card)
        self.contributions = ContributionsPanel(self._session)
        self.contributions.by_stream.toggled.connect(self.actions_by_id["by_stream"].setChecked)
        self.measured = MeasuredPanel(self._session, self.explanations)
        self.measured.frame_requested.connect(self._show_measured)
        self.exemplars = ExemplarsPanel(self._session)
        self.exemplars.setMinimumHeight(190)
        panels = (self.details, self.score, self.contributions, self.measured, self.exemplars)
        self._side = scroll = SideColumn(panels, _SIDE_LEAST_W)
        self._pages = QStackedWidget()
        self.setCentralWidget(self._pages)
        work = QWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(work)
        row = QHBoxLayout(work)
        row.setContentsMargins(10, 10, 10, 10)
        self._columns = QSplitter()
        row.addWidget(self._columns)
        self._columns.setChildrenCollapsible(False)
        self._columns.setHandleWidth(8)
        narrow = self.screen().availableGeometry().width() < _NARROW_PX
        dives_px, side_px = (_DIVES_LEAST_W, _SIDE_NARROW_W) if narrow else (_DIVES_W, _SIDE_W)
        widths = (dives_px, _SIZE[0] - dives_px - side_px, side_px)
        for place, (part, width) in enumerate(zip((self.dives, self.player, scroll), widths, strict=True)):
            self._columns.addWidget(part)
            self._columns.setStretchFactor(place, int(part is self.player))
            part.resize(width, part.height())
        self._columns.setSizes(widths)
        self.exports = ExportsStrip(self._session.exports)
        corner = Corner(self._pages)
        self.tour = Tour()
        self.tour.sample_requested.connect(self._open_sample)
        self._session.dive_added.connect(lambda _: self.tour.dive_opened())
        for widget in (self.messages, self.exports, self.tour):
            corner.add(widget)
        self.updates = UpdatesCommand(self.actions_by_id["updates"], self.messages, self)
        self._drop = DropHighlight(self._pages)
        self.library = LibraryDock(self._session, self, self.actions_by_id)
        self.full_screen = FullScreen(self, (self.dives, scroll, self.library))
        self.full_screen.changed.connect(lambda on: self._set_checked("full_screen", on))
        self.library.visibilityChanged.connect(lambda _: self._set_checked("library", self.library.isVisible()))
        self.score.refusal.point_requested.connect(self.actions_by_id["point_at_diver"].trigger)
        self.score.exemplars_requested.connect(self.library.show_number)

    def _leaves_key(self, focused: QWidget, keys: QKeySequence) -> bool:
        """Whether the picture or the timeline has the focus, or the list and a key of its commands was pressed."""
        if focused is self.dives.view:
            return shortcuts_in(keys, [self.actions_by_id[name] for name in _LIST_COMMANDS])
        return focused is self.player.timeline or focused in self.player.canvases()

    def _slots(self) -> dict[str, Callable]:
        return {
            "open": self._open,
            "open_folder": self._open_folder,
            "open_sample": self._open_sample,
            "open_session": self.files.open,
            "open_recent": lambda: None,  # its menu opens
            "save_session": self.files.save,
            "save_session_as": self.files.save_as,
            "export": lambda: self.dialogs.export(self.transport.frame, self.dives.selected_keys()),
            "export_corrections": self.files.export_corrections,
            "quit": self._quit,
            **self._player_slots(),
            "loop": lambda on: self.player.loop_step(on),
            "loop_dive": lambda: self.player.loop_dive(),
            "undo": self._session.edits.undo,
            "redo": self._session.edits.redo,
            "flight_here": lambda: self.player.begin_step_here(0),
            "flight_earlier": lambda: self.player.nudge_transition(0, -1),
            "flight_later": lambda: self.player.nudge_transition(0, 1),
            "entry_here": lambda: self.player.begin_step_here(1),
            "entry_earlier": lambda: self.player.nudge_transition(1, -1),
            "entry_later": lambda: self.player.nudge_transition(1, 1),
            "contact_here": lambda: self.player.begin_step_here(2),
            "reset_transitions": lambda: self._on_current(self._session.editing.reset_transitions),
            **self.batch.slots(),
            "analyse": lambda: self.dives.for_selected(lambda key: self._session.analyse(key, anew=True)),
            "cancel": lambda: self.dives.for_selected(self._session.cancel),
            "set_in_point": lambda: self._mark(begins=True),
            "set_out_point": lambda: self._mark(begins=False),
            "in_earlier": lambda: self.player.nudge_range(0, -1),
            "in_later": lambda: self.player.nudge_range(0, 1),
            "out_earlier": lambda: self.player.nudge_range(1, -1),
            "out_later": lambda: self.player.nudge_range(1, 1),
            "timeline_zoom_in": lambda: self.player.timeline.zoom(2),
            "timeline_zoom_out": lambda: self.player.timeline.zoom(-2),
            "timeline_all": lambda: self.player.timeline.show_all(),
            "timeline_dive": lambda: self.player.timeline.show_dive(),
            "find_dives": lambda: self._on_current(self._session.trimming.show_or_find),
            "whole_file": lambda: self._on_current(self._session.editing.take_whole_file),
            "point_at_diver": lambda: self.player.point_at_diver(),
            "accept_dive": lambda: self.player.proposals.accept_here(),
            "accept_dives": lambda: self.player.proposals.accept_every(),
            "locate": lambda: self._on_current(self.missing.locate),
            "remove": lambda: self._session.editing.remove(self.dives.selected_keys()),
            "compare": self._compare,
            "other_back": lambda: self.player.step_other(-1),
            "other_forward": lambda: self.player.step_other(1),
            "library": lambda shown: self.library.setVisible(shown),
            "add_exemplar": lambda: self.library.add_dives(self.dives.selected_keys()),
            "mask": lambda shown: self.player.set_mask_shown(shown),
            "skeleton": lambda shown: self._preferences.change(skeleton=shown),
            "crop": lambda shown: self.player.set_crop_shown(shown),
            "by_stream": lambda shown: self.contributions.by_stream.setChecked(shown),
            "preferences": self.dialogs.preferences,
            "guide": self.dialogs.guide,
            "shortcuts": self.dialogs.shortcuts,
            "model_card": self.dialogs.model_card,
            "tour": lambda: self.tour.begin(),
            "training": self.dialogs.training,
            "system_check": self.dialogs.system_check,
            "log_folder": self.dialogs.open_log_folder,
            "updates": lambda: self.updates.look(),
            "licences": self.dialogs.licences,
            "about": self.dialogs.about,
        }

    def _player_slots(self) -> dict[str, Callable]:
        """What the commands of playback, view and drawing do; the panels need not exist yet."""
        t = self.transport

        def on_both(act: str, *arguments: float) -> None:
            for canvas in self.player.canvases():
                getattr(canvas, act)(*arguments)

        return {
            "play": t.toggle,
            "step_back": lambda: t.step(-1),
            "step_forward": lambda: t.step(1),
            "jump_back": lambda: t.step(-10),
            "jump_forward": lambda: t.step(10),
            "first": lambda: t.seek(0),
            "last": lambda: t.seek(t.n_frames - 1),
            "shuttle_back": lambda: t.shuttle(-1),
            "shuttle_forward": lambda: t.shuttle(1),
            "slower": lambda: t.change_speed(-1),
            "faster": lambda: t.change_speed(1),
            "zoom_in": lambda: on_both("zoom_by", ZOOM_STEP),
            "zoom_out": lambda: on_both("zoom_by", 1 / ZOOM_STEP),
            "fit_to_window": lambda: on_both("fit"),
            "actual_size": lambda: on_both("zoom_to_pixels"),
            "full_screen": lambda on: self.full_screen.use(on),
            "draw_line": lambda: self.player.draw(LINE),
            "draw_angle": lambda: self.player.draw(ANGLE),
            "draw_note": lambda: self.player.draw(NOTE),
            "delete_drawing": lambda: self.player.drawing.delete_selected(),
            "previous_drawing": lambda: self.player.go_to_drawing(-1),
            "next_drawing": lambda: self.player.go_to_drawing(1),
        }

    def open_paths(self, paths: list[Path]) -> None:
        """Open videos, folders of them, and session files."""
        videos = [path for path in paths if path.suffix.lower() != SUFFIX]
        for path in paths:
            if path not in videos:
                self.files.open_path(path)
        if videos:
            self._session.open(videos)

    def open_sample_path(self) -> tuple[Path, str, float]:
        """Clip, dive number and board of the bundled sample dive."""
        fields = json.loads(resource("samples", "sample.json").read_text(encoding="utf-8"))
        return resource("samples", fields["file"]), fields["dive_number"], fields["board_m"]

    def _open(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in VIDEO_SUFFIXES)
        names, _ = QFileDialog.getOpenFileNames(
            self, self.tr("Open video"), "", self.tr("Videos ({0});;All files (*)").format(patterns)
        )
        if names:
            self._session.open([Path(name) for name in names])

    def _open_folder(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, self.tr("Open folder")):
            self._session.open([Path(name)])

    def _open_sample(self) -> None:
        path, dive_number, board_m = self.open_sample_path()
        self._session.open([path], dive_number=dive_number, board_m=board_m)

    def _quit(self) -> None:
        if self._may_close():
            self._asked = True
            self.close()

    def _may_close(self) -> bool:
        return self.files.may_close()

    def _on_current(self, act: Callable[[str], None]) -> None:
        if self._session.current is not None:
            act(self._session.current.key)

    def _show_measured(self, frame: int) -> None:
        self.transport.pause()
        self.transport.seek(frame)

    def _mark(self, *, begins: bool) -> None:
        dive = self._session.current
        if dive is None or dive.info is None:
            return
        frame = self.transport.frame
        first, last = dive.trimmed_range
        first, last = (frame, last) if begins else (first, frame)
        if first is not None and last is not None and last <= first:
            # The other point lies on the wrong side: forget it.
            first, last = (first, None) if begins else (None, last)
        self._session.set_range(dive.key, first, last)

    def _compare(self, on: bool) -> None:
        if on and self._session.comparison is None:
            best = self._session.best_exemplar()
            if best is not None:
                self._session.compare_with(best.id)
            else:
                self._session.comparing.show(next(iter(self._session.comparing.candidates()), None))
        elif not on:
            self._session.compare_with(None)
        self._refresh()

    def _show_loop(self) -> None:
        self._set_checked("loop", self.transport.loop is not None)

    def _set_checked(self, action_id: str, checked: bool) -> None:
        action = self.actions_by_id[action_id]
        action.blockSignals(True)
        action.setChecked(checked)
        action.blockSignals(False)
        action.changed.emit()  # buttons follow; `toggled` does not fire again

    def tell_unexpected(self, error: str) -> None:
        """Say that something went wrong that nobody expected; called from any thread."""
        text = self.tr("Unexpected error ({0}). Your work is kept. The log has details (Help menu).")
        self._session.problem.emit(text.format(error))

    def offer_crash_reports(self, paths: list[Path]) -> None:
        """Offer reports that an earlier run has left."""

        def show() -> None:
            self.messages.withdraw()
            self.dialogs.crash_reports(paths)

        text = self.tr("Something went wrong the last time. A report was written on this computer; nothing is sent.")
        self.messages.offer(text, [(self.tr("Show the report"), show)])

    def _apply_preferences(self) -> None:
        now = self._preferences.now
        self.actions_by_id.set_shortcuts(now.shortcuts)
        self.player.set_mask_style(now.mask_style)
        self.player.set_skeleton_shown(now.skeleton)
        self._set_checked("skeleton", now.skeleton)

    def _refresh(self) -> None:
        """Everything that depends on which dive is shown and how far it is."""
        dive = self._session.current
        comparing, led = self._session.comparison is not None, self._session.comparing.left_exemplar is not None
        page = 1 if self._session.keys or led else 0
        if page != self._pages.currentIndex():
            self._pages.setCurrentIndex(page)
            self.player.take_keys()
        session_name = self.files.controller.path.stem if self.files.controller.path else ""
        # A name may hold what Qt takes for the place of the mark of a modified document.
        names = [name.replace("[*]", "[*][*]") for name in (dive.path.name if dive else "", session_name) if name]
        self.setWindowTitle(" – ".join([*names, "FineParser Studio"]) + "[*]")
        self._modified_timer.start()
        if page == 0:
            self.empty.set_recent(self.files.controller.recent_paths)
        parsed = dive is not None and dive.analysis is not None
        missing = dive is not None and dive.state is DiveState.MISSING
        self._set_checked("compare", comparing)
        for action_id, enabled in {
            "compare": comparing or (dive is not None and not missing),
            "other_back": comparing,
            "other_forward": comparing,
            "loop": parsed or led,
            "loop_dive": dive is not None,
            **dict.fromkeys(_STEP_EDITS, parsed),
            "reset_transitions": dive is not None and dive.corrected_moments is not None,
            **dict.fromkeys(("save_session", "save_session_as"), self.files.controller.holds_something),
            "export": dive is not None,
            "export_corrections": bool(self._session.exports.corrected_dives()),
            "locate": missing,
            "analyse": dive is not None and not dive.busy and not missing,
            "cancel": dive is not None and dive.busy,
            "set_in_point": dive is not None,
            "set_out_point": dive is not None,
            **dict.fromkeys(_RANGE_NUDGES, dive is not None and dive.info is not None),
            "find_dives": dive is not None and dive.info is not None and not dive.busy,
            "whole_file": dive is not None and dive.info is not None and not dive.whole,
            "point_at_diver": not led and dive is not None and dive.info is not None and dive.state in _POINTED_AT,
            **dict.fromkeys(("accept_dive", "accept_dives"), dive is not None and bool(dive.proposals)),
            "remove": dive is not None,
            "full_screen": dive is not None or led,
            **dict.fromkeys(("draw_line", "draw_angle", "draw_note"), led or (dive is not None and not missing)),
            **dict.fromkeys(("previous_drawing", "next_drawing"), bool(self.player.drawing.drawings)),
            "delete_drawing": self.player.drawing.selected is not None,
            "add_exemplar": dive is not None and dive.state is DiveState.READY and self._session.library.writable,
        }.items():
            self.actions_by_id[action_id].setEnabled(enabled)
        # Two pictures need the room more than the list of one dive does.
        if not self.full_screen.on:
            self.dives.setVisible(not comparing or (not led and self.width() >= _WIDE_ENOUGH_TO_COMPARE_PX))
            self._side.setVisible(not led)  # nor is there a dive of the session to tell of

    def _show_modified(self) -> None:
        self.setWindowModified(self.files.controller.modified)

    def _show_edits(self) -> None:
        self._modified_timer.start()
        edits = self._session.edits
        for action_id, enabled, name, what in (
            ("undo", edits.canUndo(), self.tr("&Undo {0}"), edits.undoText()),
            ("redo", edits.canRedo(), self.tr("&Redo {0}"), edits.redoText()),
        ):
            self.actions_by_id[action_id].setEnabled(enabled)
            self.actions_by_id[action_id].setText(name.format(what).rstrip())

    def _color_icons(self) -> None:
        self.actions_by_id.color_icons(self.palette())
        self.score.color_icons()
        self.player.proposals.color_icons()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.player.take_keys()  # nobody had a use for it: it leaves a field
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._session.comparison is not None:
            self._refresh_timer.start()  # there is room for the list now, or no more

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "score"):
            self._color_icons()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.shown_first.emit)  # once all of it is on the screen

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._closed:
            return
        # Only where it is the user who closes: a system that ends the program has nobody to ask.
        if event.spontaneous() and not self._may_close():
            event.ignore()
            return
        self._asked, self._closed = self._asked or event.spontaneous(), True
        try:
            if self.full_screen.on:
                self.full_screen.use(False)
            self._place.save(self, {"columns": self._columns})
            self.player.close_videos()
            self.measured.close_video()
            self.files.controller.close(asked=self._asked)
        finally:  # whatever fails, nothing is left running
            self.hide()  # a busy computer takes seconds to end a process
            self.closing.emit()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._drop.show_over(self.centralWidget())

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.hide()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.open_paths(paths)
