"""The assembled program: application, theme, worker client, session, window."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from fineparser_gui.preferences.store import ModelChoice, PreferenceStore
from fineparser_gui.services.session import Session
from fineparser_gui.services.sessions import SessionController
from fineparser_gui.session.preferences import Preferences
from fineparser_gui.shell.catalog import CATALOG
from fineparser_gui.shell.main_window import MainWindow
from fineparser_gui.store.store import FILE_NAME
from fineparser_gui.support.theme import ThemeManager
from fineparser_gui.worker.analysis_cache import AnalysisCache
from fineparser_gui.worker.client import WorkerClient


class Application(QApplication):
    """Application that receives the files that the desktop opens: macOS sends events instead of arguments.

    Signals:
        file_opened: (Path) a file was opened with the program.
    """

    file_opened = Signal(Path)

    def collect_garbage(self) -> None:
        """Collect Python's garbage on this thread alone, from now on: another thread that deletes a plot never ends."""
        from pyqtgraph.util.garbage_collector import GarbageCollector

        self._collector = GarbageCollector()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.file():
            self.file_opened.emit(Path(event.file()))
            return True
        return super().event(event)


class Studio:
    """A running program, whose parts live as long as it does.

    The worker starts, and pyqtgraph is loaded, after the window's first paint: the window waits for neither.

    Args:
        folder: folder for settings, the store of dives and sessions, and the coach's own exemplars; None: none of them
            is kept.
        cache: folder of the results of videos; None: they are kept for this run only.
        history: path of the store; None: in `folder`.
        writable: whether `folder` can be written; another part of the program reports it if not.
    """

    def __init__(
        self,
        app: QApplication,
        folder: Path | None = None,
        cache: Path | None = None,
        history: Path | None = None,
        *,
        writable: bool = True,
    ) -> None:
        QCoreApplication.setApplicationName("FineParser Studio")
        QCoreApplication.setOrganizationName("FineParser")
        self.folder = folder
        self.preferences = PreferenceStore(folder)
        self.themes = ThemeManager(app)
        library = folder / "exemplars" if folder else None
        if library is not None and not (writable or library.is_dir()):
            library = None  # none can be made
        self.client = WorkerClient(library, cache)
        if history is None and folder is not None:
            history = folder / FILE_NAME
        self.session = Session(self.client, library, AnalysisCache(cache) if cache else None, history)
        choice = ModelChoice(self.session, self.preferences)
        self.files = SessionController(self.session, folder if writable else None)
        self.window = MainWindow(self.session, self.preferences, choice, self.files, CATALOG, folder)
        self.preferences.changed.connect(self._on_preferences)
        self.themes.choose(self.preferences.now.theme)
        self.window.shown_first.connect(self.client.start)
        self.window.shown_first.connect(self.window.player.timeline.prepare)
        self.window.closing.connect(self.client.close)
        self.window.closing.connect(self.session.close)

    def _on_preferences(self, before: Preferences, now: Preferences) -> None:
        if now.theme != before.theme:
            self.themes.choose(now.theme)
