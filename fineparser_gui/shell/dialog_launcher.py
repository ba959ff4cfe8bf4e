"""Opening of the main window's dialogs: preferences, export, sharing, help, palette."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from fineparser_gui.export.dialog import ExportDialog
from fineparser_gui.preferences.dialog import PreferencesDialog
from fineparser_gui.preferences.store import ModelChoice, PreferenceStore
from fineparser_gui.services.session import Session
from fineparser_gui.shell.palette import CommandPalette
from fineparser_gui.shell.window_state import HelpPage
from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.log_file import log_folder

if TYPE_CHECKING:
    from fineparser_gui.poolside.window import PoolsideWindow
    from fineparser_gui.shell.help_dialog import HelpDialog


class DialogLauncher(QObject):
    """Launcher of dialogs over the main window.

    Args:
        folder: folder of the program's files, for example the log; None: nothing is stored.

    Signals:
        restart_requested: the program is to begin anew.
    """

    restart_requested = Signal()

    def __init__(
        self,
        window: QWidget,
        session: Session,
        preferences: PreferenceStore,
        choice: ModelChoice,
        actions: ActionRegistry,
        folder: Path | None,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._actions, self._folder = window, session, actions, folder
        self._preferences, self._choice = preferences, choice
        self._help: HelpDialog | None = None
        self._poolside: PoolsideWindow | None = None

    def preferences(self) -> None:
        """Open the preferences."""
        dialog = PreferencesDialog(self._preferences, self._session, self._choice, self._window)
        dialog.restart_requested.connect(self.restart_requested)
        dialog.open()

    def export(self, frame: int, selected: Sequence[str] = ()) -> None:
        """Open the export of the shown dive.

        Args:
            frame: at the playhead.
            selected: keys of dives.
        """
        if self._session.current is not None:
            ExportDialog(self._session, frame, self._preferences.now, self._window, selected).open()

    def share(self, selected: Sequence[str] = (), path: Path | None = None) -> None:
        """Open the dialog that sends `path`, or what can be made of the dives whose keys are `selected`, to phones."""
        from fineparser_gui.export.share_dialog import ShareDialog  # not at the start of the program

        written = [one for one in dict.fromkeys(reversed(self._session.exports.written)) if one.is_file()]
        dives, chosen = (
            [self._session.dive(key) for key in selected if path is None],
            [path] if path is not None else [],
        )
        others = [*written, *(dive.path for dive in dives)]
        ShareDialog(self._session, self._preferences.now, dives, chosen, others, self._window).open()

    def compared_measures(self) -> None:
        """Show or hide the measures of compared dives beside their pictures."""
        self._window.player.show_measures()

    def poolside(self) -> None:
        """Open the window for the pool; the program's end ends it."""
        from fineparser_gui.poolside.window import PoolsideWindow  # FFmpeg is not for the start of the program

        if self._poolside is None:
            self._poolside = PoolsideWindow(self._session, self._preferences, self._window)
        self._poolside.show()
        self._poolside.activateWindow()

    def close(self) -> None:
        """Shut the window for the pool and help, as the main window closes."""
        if self._help is not None:
            self._help.done(0)
        if self._poolside is not None:
            self._poolside.shut()

    def find_command(self) -> None:
        """Open the list of all commands and their shortcuts."""
        CommandPalette(self._actions, self._window).open()

    def open_log_folder(self) -> None:
        """Open the folder of the log in the file manager, or report its path where there is none."""
        if self._folder is None:
            self._session.problem.emit(self.tr("No log is being written."))
            return
        folder = log_folder(self._folder)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._session.problem.emit(self.tr("No file manager could be opened. The log is in {0}").format(folder))

    def help(self, page: HelpPage) -> None:
        """Open help at one of its documents; the guide where it was read last."""
        from fineparser_gui.shell.help_dialog import HelpDialog  # not at the start of the program

        if self._help is None:
            self._help = HelpDialog(self._preferences, self._actions.commands, self.open_log_folder, self._window)
        self._help.open_page(page)
