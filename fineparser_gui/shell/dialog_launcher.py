"""Opening of the main window's dialogs: preferences, export, user guide, shortcuts, model card, help."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QMessageBox, QWidget

from fineparser_core import __version__
from fineparser_gui.commands.model_card_dialog import model_card_dialog
from fineparser_gui.commands.palette import CommandPalette
from fineparser_gui.commands.registry import ActionRegistry
from fineparser_gui.commands.shortcuts_dialog import shortcuts_dialog
from fineparser_gui.commands.system_check import SystemCheckDialog
from fineparser_gui.dives.model_choice import ModelChoice
from fineparser_gui.dives.session import Session
from fineparser_gui.export.dialog import ExportDialog
from fineparser_gui.preferences.dialog import PreferencesDialog
from fineparser_gui.preferences.store import PreferenceStore
from fineparser_gui.support.log_file import log_folder
from fineparser_gui.support.text_dialog import TextDialog, TextPage

if TYPE_CHECKING:
    from fineparser_gui.poolside.window import PoolsideWindow


class DialogLauncher(QObject):
    """Launcher of dialogs over the main window.

    Args:
        folder: folder of the program's files, for example the log; None: nothing is stored.
    """

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
        self._guide: QDialog | None = None
        self._poolside: PoolsideWindow | None = None

    def preferences(self) -> None:
        """Open the preferences."""
        commands = self._actions.commands
        PreferencesDialog(commands, self._preferences, self._session, self._choice, self._window).open()

    def export(self, frame: int, selected: Sequence[str] = (), *, strobe: bool = False) -> None:
        """Open the export of the shown dive, or of its strobe picture.

        Args:
            frame: at the playhead.
            selected: keys of dives.
        """
        if self._session.current is not None:
            now = self._preferences.now
            ExportDialog(self._session, frame, now, self._window, selected, strobe=strobe).open()

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

    def guide(self) -> None:
        """Open the user guide, where it was read last."""
        from fineparser_gui.commands.guide_dialog import GuideDialog  # not at the start of the program

        if self._guide is None:
            self._guide = GuideDialog(self._actions.commands, self._window)
        self._guide.show()
        self._guide.activateWindow()

    def poolside(self) -> None:
        """Open the window for the pool; the program's end ends it."""
        from fineparser_gui.poolside.window import PoolsideWindow  # FFmpeg is not for the start of the program

        if self._poolside is None:
            self._poolside = PoolsideWindow(self._session, self._preferences, self._window)
        self._poolside.show()
        self._poolside.activateWindow()

    def close(self) -> None:
        """Shut the window for the pool, as the main window closes."""
        if self._poolside is not None:
            self._poolside.shut()

    def shortcuts(self) -> None:
        """Open the table of shortcuts."""
        shortcuts_dialog(self._actions.commands, self._preferences, self._window).show()

    def model_card(self) -> None:
        """Open the model card of the weights in use."""
        model_card_dialog(self._preferences.now.weights, self._session.model, self._window).open()

    def find_command(self) -> None:
        """Open the list of all commands."""
        CommandPalette(self._actions, self._window).open()

    def system_check(self) -> None:
        """Open the page of `fineparser doctor`."""
        SystemCheckDialog(self._preferences.now, self._window).open()

    def licenses(self) -> None:
        """Open the page of licenses."""
        from fineparser_core.support.licenses import license_page, license_texts  # packages' metadata: 15 ms to import

        def show_texts() -> None:
            page.setPlainText(license_texts())
            dialog.button.setEnabled(False)

        page = TextPage()
        page.setMarkdown(license_page())
        texts = self.tr("Licence texts"), show_texts
        dialog = TextDialog(self.tr("Licences"), page, self._window, size=(760, 640), button=texts)
        dialog.open()

    def crash_reports(self, paths: Sequence[Path]) -> None:
        """Open reports of crashes, with a button that copies them."""
        text = "\n\n".join(path.read_text(encoding="utf-8", errors="replace") for path in paths if path.is_file())
        page = TextPage()
        page.setPlainText(text)
        copy = self.tr("Copy"), lambda: dialog.copy()
        dialog = TextDialog(self.tr("Crash report"), page, self._window, size=(760, 620), button=copy)
        dialog.open()

    def open_log_folder(self) -> None:
        """Open the folder of the log in the file manager, or report its path where there is none."""
        if self._folder is None:
            self._session.problem.emit(self.tr("No log is being written."))
            return
        folder = log_folder(self._folder)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._session.problem.emit(self.tr("No file manager could be opened. The log is in {0}").format(folder))

    def about(self) -> None:
        """Open version, license and links to model card and log."""
        box = QMessageBox(
            self._window,
            windowTitle=self.tr("About FineParser Studio"),
            text=self.tr("FineParser Studio {0}").format(__version__),
            informativeText=self.tr(
                "Divides a dive into its three phases, masks the diver, and predicts a score relative to other "
                "dives.\n\nVideos leave this computer only where you send them to a phone. A predicted score does not "
                "replace judges: the model card says what the weights were trained on and what they must not be used "
                "for.\n\n"
                "Apache Licence 2.0."
            ),
        )
        card = box.addButton(self.tr("Model card"), QMessageBox.ButtonRole.ActionRole)
        card.clicked.connect(self.model_card)
        logs = box.addButton(self.tr("Open the log folder"), QMessageBox.ButtonRole.ActionRole)
        logs.clicked.connect(self.open_log_folder)
        close = box.addButton(self.tr("Close"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(close)
        box.setEscapeButton(close)
        box.open()
