"""The program as a test sees it: its window shown, and closed whatever comes of the test."""

from contextlib import contextmanager

from PySide6.QtCore import QCoreApplication, QEvent

from fineparser_gui.app import Studio


@contextmanager
def shown_studio(qapp, qtbot, *folders, size=None):
    """The program with its window on the screen.

    Args:
        folders: those in which it keeps its files and its results.
        size: of the window, where not its own.
    """
    made = Studio(qapp, *folders)
    if size is not None:
        made.window.resize(*size)
    with qtbot.waitExposed(made.window):
        made.window.show()
    try:
        yield made
    finally:
        made.window.close()
        made.window.deleteLater()
        # Now, while it is referred to: its wrappers are not collected while they are being destroyed.
        QCoreApplication.sendPostedEvents(made.window, QEvent.Type.DeferredDelete)
