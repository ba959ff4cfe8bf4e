"""The window in each language: nothing is cut off, and no two entries of a menu share a key."""

import re

import pytest
from answers_kit import answer, answer_dive, copies, fail, open_scored, request_of
from history_kit import made_dive
from made_answers import recognition, scoring
from PySide6.QtCore import QLocale, QSize, Qt, QTranslator
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QStyleOptionViewItem,
    QTabBar,
    QTabWidget,
    QToolButton,
    QTreeWidget,
    QWidget,
)

from fineparser_core.diving.judging import read_judging
from fineparser_core.language import LANGUAGES, use_language
from fineparser_core.live.caught import CaughtClip
from fineparser_core.live.follower import RingFollower
from fineparser_gui.dives.delegate import DiveDelegate, row_lines
from fineparser_gui.dives.table import ACCEPTED_ROLE, DIVE_ROLE
from fineparser_gui.poolside.window import PoolsideWindow
from fineparser_gui.session.dive import DiveState
from fineparser_gui.support.translation import install_language
from fineparser_gui.support.widgets import ElidedLabel
from fineparser_gui.worker.protocol import ProgressReport

#: The least window, which 1920 × 1080 at 200 % has room for, 1366 × 768 at 125 %, 1366 × 768 and 1920 × 1080.
_SCREENS = ((900, 540), (960, 540), (1093, 614), (1366, 768), (1920, 1080))
#: What opens a dialog, beside those that only text pages fill.
_DIALOGS = ("preferences", "export", "share", "sessions", "meet", "guide", "find_command")


@pytest.fixture(params=LANGUAGES)
def spoken(request, qapp):
    """Code of a language, which the program has from now on."""
    before = QLocale()
    installed: list[QTranslator] = install_language(qapp, request.param, system=QLocale("en_GB"))
    yield request.param
    for translator in installed:
        qapp.removeTranslator(translator)
        translator.deleteLater()
    use_language("en")
    QLocale.setDefault(before)


@pytest.fixture
def spoken_studio(spoken, idle_studio):
    """The program in that language."""
    return idle_studio


def cut_off(window):
    """Texts with less room than they need: of labels, buttons, boxes and the palette."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, ElidedLabel):
            cut = widget.text() != widget._full
        elif isinstance(widget, QComboBox):
            cut = not widget.isEditable() and _room(widget) < widget.fontMetrics().horizontalAdvance(
                widget.currentText()
            )
            found += [f"entry: {text}" for text in _cut_entries(widget)]
        elif isinstance(widget, QLineEdit):
            found += [f"field: {text}" for text in _cut_field(widget)]
            continue
        elif isinstance(widget, QHeaderView):
            found += [f"head: {text}" for text in _cut_heads(widget)]
            continue
        elif isinstance(widget, QTabBar):
            found += ["tabs"] * (widget.sizeHint().width() > widget.width())
            continue
        elif isinstance(widget, QTreeWidget):
            found += [f"palette: {text}" for text in _cut_items(widget)]
            continue
        elif isinstance(widget, QListView) and isinstance(widget.itemDelegate(), DiveDelegate):
            found += [f"row: {text}" for text in _cut_lines(widget)]
            continue
        elif isinstance(widget, QLabel) and widget.wordWrap():
            cut = widget.heightForWidth(widget.width()) > widget.height() + 1
        elif isinstance(widget, QToolButton) and widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly:
            cut = widget.icon().isNull() and widget.sizeHint().width() > widget.width() + 1
        elif isinstance(widget, QLabel | QAbstractButton):
            cut = widget.sizeHint().width() > widget.width() + 1
        else:
            continue
        text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
        if cut and text:
            found.append(f"{type(widget).__name__}: {text}")
    return found


def _room(box):
    """Pixels for the text of a combo box."""
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    field = QStyle.SubControl.SC_ComboBoxEditField
    return box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, box).width()


def _cut_entries(box):
    """Entries of a combo box that are wider than its list."""
    view, texts = box.view(), [box.itemText(place) for place in range(box.count())]
    width = max(box.width(), view.minimumWidth())
    return [text for text in texts if view.fontMetrics().horizontalAdvance(text) > width]


def _cut_field(field):
    """Hint of an empty field that is wider than it; a typed text scrolls."""
    text = field.placeholderText() if not field.text() else ""
    margins = field.textMargins()
    option = QStyleOptionFrame()
    field.initStyleOption(option)
    place = field.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, field)
    room = place.width() - margins.left() - margins.right()
    return [text] if text and field.fontMetrics().horizontalAdvance(text) > room else []


def _cut_heads(header):
    """Titles of columns that are wider than these."""
    model = header.model()
    if header.orientation() != Qt.Orientation.Horizontal or model is None:
        return
    for section in range(header.count()):
        if not header.isSectionHidden(section) and header.sectionSizeHint(section) > header.sectionSize(section) + 1:
            yield str(model.headerData(section, Qt.Orientation.Horizontal))


def _cut_items(tree):
    """Texts of a list that are wider than their column."""
    items = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    for column in (one for one in range(tree.columnCount()) if tree.sizeHintForColumn(one) > tree.columnWidth(one)):
        yield from (item.text(column) for item in items if not item.isHidden())


def _cut_lines(view):
    """Texts of the rows of dives that are wider than their row; the name of a file may be."""
    option = QStyleOptionViewItem()
    view.initViewItemOption(option)
    for index in (view.model().index(row, 0) for row in range(view.model().rowCount())):
        option.rect = view.visualRect(index)
        for line in row_lines(index.data(DIVE_ROLE), index.data(ACCEPTED_ROLE), option)[1:]:
            if QFontMetrics(line.font).horizontalAdvance(line.text) > line.place.width():
                yield line.text


def _check(window, qtbot):
    def nothing_is_cut_off():
        assert not cut_off(window)

    qtbot.waitUntil(nothing_is_cut_off)  # layouts settle with the next events


def _check_screens(window, qtbot):
    for screen in _SCREENS:
        window.resize(*screen)
        _check(window, qtbot)


def test_nothing_is_cut_off_in_a_dialog_on_the_smallest_screen(spoken_studio, qtbot, small_video, tmp_path):
    window = spoken_studio.window
    open_scored(spoken_studio, qtbot, small_video, tmp_path)
    for name in _DIALOGS:
        window.actions_by_id[name].trigger()
        dialog = next(one for one in window.findChildren(QDialog) if one.isVisible())
        dialog.resize(900, 500)
        pages = dialog.findChild(QTabWidget)
        for page in range(pages.count() if pages is not None else 1):
            if pages is not None:
                pages.setCurrentIndex(page)
            _check(dialog, qtbot)
        for page in range(dialog.kinds.count() if name == "export" else 0):
            dialog.kinds.setCurrentRow(page)
            _check(dialog, qtbot)
        assert QSize(900, 500).boundedTo(dialog.size()) == dialog.size(), name
        dialog.close()


def test_nothing_is_cut_off_and_no_menu_has_a_key_twice(spoken_studio, qtbot, small_video, tmp_path):
    window = spoken_studio.window
    bar = window.menuBar()
    for entries in (bar.actions(), *(menu.actions() for menu in bar.findChildren(QMenu))):
        texts = [action.text() for action in entries if not action.isSeparator()]
        keys = [found[1].lower() for found in (re.search("&([^&])", text) for text in texts) if found]
        assert len(keys) == len(set(keys)), texts
    _check_screens(window, qtbot)
    key = open_scored(spoken_studio, qtbot, small_video, tmp_path)
    spoken_studio.session.editing.set_judging(key, read_judging("6 6.5 7 6.5 6", "7 6 5"))
    for more in (False, True):
        window.details.more.setChecked(more)
        window.score.how.setChecked(more)
        _check_screens(window, qtbot)
    window.score.how.setChecked(False)
    window.actions_by_id["edit_dives"].trigger()
    _check_screens(window, qtbot)
    window.actions_by_id["compare"].trigger()
    _check_screens(window, qtbot)
    window.actions_by_id["compare"].trigger()
    window.actions_by_id["history"].trigger()
    window.history.season.show_dives([made_dive()])
    window.history.season.show()
    for _ in range(2):
        _check_screens(window, qtbot)
        window.actions_by_id["history"].trigger()
    room = window.score.contentsRect().width()
    for note in (window.score.no_exemplars, window.score.refusal):
        buttons = note.findChildren(QAbstractButton)
        for one in (note, *buttons):
            one.show()
        assert note.minimumSizeHint().width() < room, [button.text() for button in buttons]


def test_nothing_is_cut_off_while_an_evening_is_analysed(spoken_studio, qtbot, small_video, tmp_path, monkeypatch):
    window, session = spoken_studio.window, spoken_studio.session
    window.resize(960, 540)
    (tmp_path / "dives").mkdir()
    session.scheduler.pause(True)
    session.open(copies(small_video, tmp_path / "dives", [f"Hansen_{place}" for place in range(8)]))
    qtbot.waitUntil(lambda: [session.dive(key).state for key in session.keys] == [DiveState.QUEUED] * 8)
    _check(window, qtbot)
    session.scheduler.pause(False)
    seen, judged, scored, failed, at_work, waits, _, cancelled = keys = session.keys
    session.select(waits)
    _check(window, qtbot)  # the model is loaded
    answer_dive(spoken_studio, tmp_path, None, key=seen, recognition=recognition())
    for key in (judged, scored):
        session.editing.set_details(key, "5253B", 10.0)
        session.update(key, athlete="Charlotte Meyer-Hansen")
        answer_dive(spoken_studio, tmp_path, None, scoring(), key=key)
    session.editing.set_judging(judged, read_judging("6 6.5 7 6.5 6", "7 6 5"))
    fail(spoken_studio, request_of(spoken_studio, failed), "video", "The video cannot be read.")
    session.cancel(cancelled)
    monkeypatch.setattr(type(session.scheduler), "batch_left_s", 1300.0)
    monkeypatch.setattr(session.scheduler, "left_s", lambda task: 1300.0)
    for stage in ("scan", "read", "coarse", "parse", "compare", "copy"):
        answer(spoken_studio, ProgressReport(id=request_of(spoken_studio, at_work), stage=stage, done=3, total=10))
        session.select(at_work)
        _check(window, qtbot)
    window.dives.batch.refresh()
    assert window.dives.batch.isVisible()
    for key in keys:
        session.select(key)
        _check(window, qtbot)
    session.scheduler.pause(True)
    for place in range(window.dives.order.count()):
        window.dives.order.setCurrentIndex(place)
        window.dives.order.activated.emit(place)
        _check(window, qtbot)


def test_nothing_is_cut_off_at_the_pool(spoken_studio, qtbot, small_video, tmp_path):
    spoken_studio.window.actions_by_id["poolside"].trigger()
    pool = spoken_studio.window.findChild(PoolsideWindow)
    qtbot.waitExposed(pool)
    _check_screens(pool, qtbot)
    pool.practice.add(CaughtClip(small_video, 1e9, 1.0, 2.0, None))
    pool.practice.enroll("Charlotte Meyer-Hansen")
    pool.stage.show_camera("front", RingFollower(tmp_path))
    pool._plays = True
    pool._show_state()
    _check_screens(pool, qtbot)
    pool.stage.clear()
