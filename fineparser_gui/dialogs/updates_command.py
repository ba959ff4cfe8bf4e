"""The command that looks for a newer version, and what it answers."""

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QAction, QDesktopServices

from fineparser_core import __version__
from fineparser_gui.panels.messages import MessageStack
from fineparser_gui.services.updates import NewestRelease, Updates, updates_url


class UpdatesCommand(QObject):
    """Disabled, with the reason as its text, where the build has no address of a version file."""

    def __init__(self, action: QAction, messages: MessageStack, parent: QObject, url: str | None = None) -> None:
        super().__init__(parent)
        self._action, self._messages = action, messages
        self._updates = Updates(updates_url() if url is None else url, self)
        self._updates.found.connect(self._on_found)
        self._updates.failed.connect(self._on_failed)
        if not self._updates.url:
            action.setEnabled(False)
            action.setText(self.tr("Look for updates (this build has no address for them)"))

    def look(self) -> None:
        """Ask, once at a time."""
        self._action.setEnabled(False)
        self._updates.look()

    def _on_found(self, release: NewestRelease) -> None:
        self._action.setEnabled(True)
        if not release.newer:
            self._messages.show_message(self.tr("FineParser Studio {0} is the newest version.").format(__version__))
        elif release.page:
            text = self.tr("FineParser Studio {0} is there; this is {1}.").format(release.version, __version__)
            self._messages.offer(text, [(self.tr("Open its page"), lambda: self._open(release.page))])
        else:
            text = self.tr("FineParser Studio {0} is there; this is {1}.")
            self._messages.show_message(text.format(release.version, __version__))

    def _open(self, page: str) -> None:
        self._messages.withdraw()
        QDesktopServices.openUrl(QUrl(page))

    def _on_failed(self, reason: str) -> None:
        self._action.setEnabled(True)
        text = self.tr("Updates could not be looked up ({0}). Check the network and try again.")
        self._messages.show_message(text.format(reason))
