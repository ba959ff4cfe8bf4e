"""The window on small screens, with large fonts and high contrast, and where it was the last time."""

import pytest
from answers_kit import open_queued, open_scored
from PySide6.QtCore import QLibraryInfo, QMimeData, QPoint, QPointF, QRect, Qt, QUrl, QVersionNumber
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QMainWindow, QPushButton, QSplitter, QToolButton

from fineparser_gui.app import Studio
from fineparser_gui.player.drawing_bar import DrawingBar
from fineparser_gui.preferences.dialog import PreferencesDialog
from fineparser_gui.shell.layout import DropHighlight, SideColumn, WindowPlace, within
from fineparser_gui.support.theme import DARK, HIGH_DARK, HIGH_LIGHT, LIGHT, contrast, mix

#: 1366 × 768 at 125 %, less a panel of the desktop and the title of the window.
_SMALL_SCREEN = (1092, 550)


@pytest.mark.parametrize("theme", [LIGHT, DARK, HIGH_LIGHT, HIGH_DARK])
def test_text_and_borders_have_the_contrast_that_wcag_aa_asks_for(theme) -> None:
    selected = mix(theme.surface, theme.accent, 0.16)

    def ratio(first: str, second: str | QColor) -> float:
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
    if theme in (HIGH_LIGHT, HIGH_DARK):
        assert min(ratio(text, ground) for text in (theme.text, theme.muted) for ground in grounds) >= 7


def test_a_window_is_moved_and_shrunk_into_its_screen() -> None:
    screen = QRect(0, 0, 1366, 768)
    assert within(QRect(0, 0, 1440, 900), screen) == QRect(0, 28, 1366, 740)
    assert within(QRect(100, 100, 800, 500), screen) == QRect(100, 100, 800, 500)
    assert within(QRect(3000, -50, 800, 500), screen) == QRect(566, 28, 800, 500)  # of a screen that is gone
    assert within(QRect(0, 28, 400, 300), QRect(0, 0, 300, 600), least_px=350) == QRect(0, 28, 350, 300)


def test_the_window_fits_a_small_screen(idle_studio, qtbot, small_video) -> None:
    window = idle_studio.window
    open_queued(idle_studio, qtbot, small_video, dive_number="207C", board_m=10.0)
    window.resize(*_SMALL_SCREEN)
    qtbot.waitUntil(lambda: window.width() == _SMALL_SCREEN[0])
    QApplication.processEvents()
    assert (window.width(), window.height()) == _SMALL_SCREEN
    assert window.minimumSizeHint().width() <= _SMALL_SCREEN[0]
    whole = window.rect()
    for part in (
        window.dives,
        window.player.timeline,
        window.player.bar,
        window.player.pane.canvas,
        window.findChild(SideColumn),
    ):
        assert whole.contains(QRect(part.mapTo(window, part.rect().topLeft()), part.size()))
    assert window.player.pane.canvas.height() >= 150


@pytest.mark.parametrize("size", [(1366, 720), (900, 540)])
def test_the_drawing_tools_are_beside_the_picture_at_every_width(idle_studio, qtbot, small_video, size) -> None:
    window = idle_studio.window
    open_queued(idle_studio, qtbot, small_video)
    window.resize(*size)
    qtbot.waitUntil(lambda: window.width() == size[0])
    QApplication.processEvents()
    bar = window.player.findChild(DrawingBar)
    for name in ("draw_line", "draw_angle", "draw_arrow", "draw_freehand", "draw_note", "color", "thickness", "undo"):
        (button,) = (one for one in bar.findChildren(QToolButton) if one.defaultAction() is window.actions_by_id[name])
        assert button.isVisible()
        assert bar.rect().contains(button.geometry())
    assert window.rect().contains(QRect(bar.mapTo(window, QPoint()), bar.size()))


def test_dialogs_fit_a_screen_of_1920_x_1080_at_200_percent(idle_studio, qtbot, small_video, tmp_path) -> None:
    window = idle_studio.window
    open_scored(idle_studio, qtbot, small_video, tmp_path)
    window.dives.view.selectAll()
    for name in ("preferences", "export", "share", "sessions", "learn", "meet", "about", "guide"):
        window.actions_by_id[name].trigger()
        qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(QDialog)))
        for dialog in (one for one in window.findChildren(QDialog) if one.isVisible()):
            least = dialog.minimumSizeHint()
            assert (least.width() <= 950, least.height() <= 500) == (True, True), f"{name}: {least}"
            dialog.close()
    window.dialogs.preferences()
    dialog = window.findChildren(PreferencesDialog)[-1]
    dialog.resize(600, 400)
    close = dialog.findChild(QDialogButtonBox)
    qtbot.waitUntil(lambda: dialog.rect().contains(QRect(close.mapTo(dialog, QPoint()), close.size())))
    dialog.close()


def test_the_window_comes_back_where_it_was(make_studio, tmp_path) -> None:
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


def test_a_damaged_place_is_ignored(tmp_path, make_studio) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "window.ini").write_text("[General]\ngeometry=zz\ncolumns=12\n", encoding="utf-8")
    window = make_studio().window
    assert window.isVisible()
    assert window.findChild(QSplitter).sizes()[1] > 200


def test_a_place_that_was_altered_is_not_given_to_qt(tmp_path, qtbot) -> None:
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
            assert WindowPlace(tmp_path)._read(name) is None
        (tmp_path / "window.ini").write_text(text, encoding="utf-8")


def test_the_start_page_lists_recent_sessions(make_studio, qtbot, clip) -> None:
    studio = make_studio()
    assert studio.window.empty.recent.isHidden()
    open_queued(studio, qtbot, clip)
    assert studio.session.history.keeping.flush()
    studio.files.rename(studio.files.id, "Camp")
    assert studio.window.windowTitle() == "clip.mp4 – Camp – FineParser Studio"
    studio.window.close()
    again = make_studio()
    assert again.window.empty.recent.isVisible()
    (button,) = again.window.empty.recent.findChildren(QPushButton)
    assert button.text().startswith("Camp\n")
    button.click()
    assert again.session.current.path == clip


def test_what_is_dragged_over_the_window_is_welcome_on_every_page(idle_studio, qtbot, clip) -> None:
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


@pytest.fixture
def large_font(qapp):
    """A font twice as large as the usual one."""
    before = qapp.font()
    large = qapp.font()
    large.setPointSizeF(before.pointSizeF() * 2)
    qapp.setFont(large)
    yield large
    qapp.setFont(before)


def test_rows_and_lanes_follow_the_font(large_font, idle_studio, qtbot, small_video) -> None:
    window = idle_studio.window
    open_queued(idle_studio, qtbot, small_video, dive_number="207C", board_m=10.0)
    line = window.fontMetrics().height()
    assert line > 20
    assert window.dives.view.sizeHintForRow(0) > 2.5 * line
    assert window.exemplars.table.verticalHeader().defaultSectionSize() > line
    assert window.player.timeline.height() >= 9 * line
    assert not window.grab().isNull()
