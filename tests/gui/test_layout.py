"""The window on small screens, with large fonts, and where it was the last time."""

import os

import pytest
from PySide6.QtCore import QLibraryInfo, QMimeData, QPoint, QPointF, QRect, Qt, QUrl, QVersionNumber
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QSplitter

from fineparser_gui.app import Studio
from fineparser_gui.shell.layout import DropHighlight, WindowPlace, within
from fineparser_gui.support.theme import DARK, LIGHT, contrast, mix


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_and_borders_have_the_contrast_that_wcag_aa_asks_for(theme):
    selected = mix(theme.surface, theme.accent, 0.16)

    def ratio(first, second):
        return contrast(QColor(first), QColor(second))

    grounds = (theme.window, theme.surface, theme.sunken)
    for text in (theme.text, theme.muted, theme.accent):
        assert min(ratio(text, ground) for ground in grounds) >= 4.5
    assert ratio(theme.text, selected) >= 4.5
    assert ratio(theme.muted, selected) >= 4.5
    assert ratio(theme.on_accent, theme.accent) >= 4.5
    assert ratio(theme.on_warning, theme.warning) >= 4.5
    assert ratio(theme.on_danger, theme.danger) >= 4.5
    for line in (theme.border, theme.accent):
        assert min(ratio(line, ground) for ground in grounds) >= 3


def test_a_window_is_moved_and_shrunk_into_its_screen():
    screen = QRect(0, 0, 1366, 768)
    assert within(QRect(0, 0, 1440, 900), screen) == QRect(0, 28, 1366, 740)
    assert within(QRect(100, 100, 800, 500), screen) == QRect(100, 100, 800, 500)
    assert within(QRect(3000, -50, 800, 500), screen) == QRect(566, 28, 800, 500)  # of a screen that is gone
    assert within(QRect(0, 28, 400, 300), QRect(0, 0, 300, 600), least_px=350) == QRect(0, 28, 350, 300)


def test_the_window_comes_back_where_it_was(make_studio, tmp_path):
    first = make_studio().window
    first.setGeometry(20, 40, 760, 600)
    first.findChild(QSplitter).setSizes([300, 500, 350])
    sizes = first.findChild(QSplitter).sizes()
    first.close()
    second = Studio(QApplication.instance(), tmp_path / "state")
    try:
        assert second.window.size() == first.size()
        assert second.window.findChild(QSplitter).sizes()[0] == sizes[0]
    finally:
        second.window.close()
        second.window.deleteLater()


def test_a_place_that_was_altered_is_not_given_to_qt(tmp_path, qtbot):
    window, splitter = QMainWindow(), QSplitter()
    for widget in (window, splitter):
        qtbot.addWidget(widget)
    WindowPlace(tmp_path).save(window, {"columns": splitter}, {})
    text = (tmp_path / "window.ini").read_text(encoding="utf-8")
    for name in ("geometry", "columns"):
        assert WindowPlace(tmp_path)._read(name) is not None
        at = text.index(f"{name}=") + len(name) + 1
        for place in range(at, text.index("\n", at)):
            changed = "0" if text[place] != "0" else "4"
            (tmp_path / "window.ini").write_text(text[:place] + changed + text[place + 1 :], encoding="utf-8")
            os.utime(tmp_path / "window.ini", (place, place))  # Qt reads a file again whose time is another
            assert WindowPlace(tmp_path)._read(name) is None
        (tmp_path / "window.ini").write_text(text, encoding="utf-8")


def test_what_is_dragged_over_the_window_is_welcome_on_every_page(idle_studio, qtbot, clip):
    window, session = idle_studio.window, idle_studio.session
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(clip))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    at = QPointF(9, 9) if QLibraryInfo.version() >= QVersionNumber(6, 12) else QPoint(9, 9)  # the older is deprecated
    for n_dives in range(2):
        assert len(session.keys) == n_dives
        QApplication.sendEvent(window, QDragEnterEvent(at, copy, data, left, none))
        assert window.findChild(DropHighlight).isVisible()
        assert window.findChild(DropHighlight).size() == window.centralWidget().size()
        assert not window.findChild(DropHighlight).grab().isNull()
        QApplication.sendEvent(window, QDragLeaveEvent())
        assert not window.findChild(DropHighlight).isVisible()
        QApplication.sendEvent(window, QDragEnterEvent(at, copy, data, left, none))
        QApplication.sendEvent(window, QDropEvent(QPointF(9, 9), copy, data, left, none))
        assert not window.findChild(DropHighlight).isVisible()
        qtbot.waitUntil(lambda n=n_dives + 1: len(session.keys) == n)
