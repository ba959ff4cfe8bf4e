"""Run with QT_SCALE_FACTOR: prints as JSON what is cut off in the window and its dialogs on a screen of 1366 by 768.

Arguments: a video, a folder for files, how many times larger than usual the font is, how many seconds it may wait.
"""

import json
import sys
from pathlib import Path

from answers_kit import SilentWorker, open_scored
from PySide6.QtCore import QDeadlineTimer, QEventLoop, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QScrollArea,
    QToolButton,
)

from fineparser_gui import app as program
from fineparser_gui.support.widgets import TITLE_PX, ElidedLabel

#: What a style may lack of its own hint before a letter is.
_ROUNDING_PX = 2
_ACTIONS = ("export", "preferences", "guide", "shortcuts", "about", "edit_dives")


class Waiter:
    """Stands for `qtbot`."""

    def __init__(self, left_s):
        self.end = QDeadlineTimer(int(1000 * left_s))

    def wait(self, duration_ms):
        loop = QEventLoop()
        QTimer.singleShot(duration_ms, loop.quit)
        loop.exec()

    def waitUntil(self, condition):
        while not condition():
            assert not self.end.hasExpired()
            self.wait(20)


def text_of(widget):
    return widget.currentText() if isinstance(widget, QComboBox) else widget.text()


def cut_off(root):
    """Labels and buttons with less room than their text needs, and what is wider than the page that scrolls it."""
    found = []
    for widget in root.findChildren(QLabel) + root.findChildren(QAbstractButton) + root.findChildren(QComboBox):
        if not widget.isVisible() or widget.window() is not root or isinstance(widget, ElidedLabel):
            continue
        if isinstance(widget.parent(), QLineEdit):
            continue  # its own buttons, which it places itself
        if isinstance(widget, QToolButton | QComboBox) or not text_of(widget):
            least = widget.minimumSizeHint()
        elif isinstance(widget, QLabel) and widget.wordWrap():
            least = widget.minimumSizeHint()
            least.setHeight(widget.heightForWidth(widget.width()))
            least.setWidth(0)
        else:
            least = widget.sizeHint()
        lacks = least.width() - widget.width(), least.height() - widget.height()
        if max(lacks) > _ROUNDING_PX:
            found.append(f"{type(root).__name__}: {type(widget).__name__} '{text_of(widget)}' lacks {lacks}")
    for area in root.findChildren(QScrollArea):
        if area.isVisible() and area.widget() is not None:
            beyond = area.widget().minimumSizeHint().width() - area.viewport().width()
            if beyond > _ROUNDING_PX:
                found.append(f"{type(root).__name__}: a page is {beyond} px wider than its view")
    return found


def cut_off_for_good(root, waiter):
    """As `cut_off`, once pictures and measures have arrived and the layout has settled."""
    waiter.wait(100)
    while (found := cut_off(root)) and not waiter.end.hasExpired():
        waiter.wait(100)
    return found


def main():
    video, folder, larger = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    application = QApplication(sys.argv[:1])
    font = application.font()
    font.setPointSizeF(font.pointSizeF() * larger)
    application.setFont(font)
    program.WorkerClient = SilentWorker
    studio, waiter = program.Studio(application, folder / "state"), Waiter(float(sys.argv[4]))
    window, room = studio.window, application.primaryScreen().availableGeometry()
    window.resize(room.width(), room.height() - TITLE_PX)
    window.show()
    found = cut_off_for_good(window, waiter)
    key = open_scored(studio, waiter, video, folder)
    studio.session.editing.leave_out(key, "a", True)
    studio.session.update(key, athlete="Ann Lee", day="2026-05-03")
    waiter.wait(300)
    found += cut_off_for_good(window, waiter)
    if window.width() > room.width() or window.height() > room.height():
        found.append(f"the window has {window.size().toTuple()} of {room.size().toTuple()}")
    for name in _ACTIONS:
        window.actions_by_id[name].trigger()
        waiter.wait(50)
        for dialog in [one for one in application.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]:
            found += [f"{name}: {one}" for one in cut_off_for_good(dialog, waiter)]
            if dialog.width() > room.width() or dialog.height() > room.height() - TITLE_PX:
                found.append(f"{name}: {dialog.size().toTuple()} of {room.size().toTuple()}")
            dialog.grab().save(str(folder / f"{name}.png"))
            dialog.close()
    window.grab().save(str(folder / "window.png"))
    window.actions_by_id["history"].trigger()
    found += cut_off_for_good(window, waiter)
    window.grab().save(str(folder / "history.png"))
    print(json.dumps({"scale": window.devicePixelRatioF(), "room": room.size().toTuple(), "cut_off": found}))
    window.close()


main()
