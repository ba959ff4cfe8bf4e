"""Puts the program together: application, theme, worker client, session, window."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from fineparser_gui.main_window import MainWindow
from fineparser_gui.session.session import Session
from fineparser_gui.theme import ThemeManager
from fineparser_gui.worker.client import WorkerClient


class Studio:
    """One running program: its parts live as long as it does.

    The worker starts after the window's first paint, so that the window never waits for torch.
    """

    def __init__(self, app: QApplication) -> None:
        QCoreApplication.setApplicationName("FineParser Studio")
        QCoreApplication.setOrganizationName("FineParser")
        self.themes = ThemeManager(app)
        self.client = WorkerClient()
        self.session = Session(self.client)
        self.window = MainWindow(self.session)
        self.window.shown_first.connect(self.client.start)
        self.window.closing.connect(self.client.close)
        self.window.closing.connect(self.session.close)
