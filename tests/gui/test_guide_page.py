"""The window of help: language of the guide, contents and search."""

import pytest
from answers_kit import activate
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from fineparser_core.language import LANGUAGES, use_language
from fineparser_core.resources import resource
from fineparser_gui.shell.catalog import CATALOG
from fineparser_gui.shell.help_dialog import HelpDialog, guide_file
from fineparser_gui.shell.palette import CommandPalette
from fineparser_gui.shell.window_state import HelpPage


@pytest.fixture
def guide(qtbot):
    dialog = HelpDialog(None, CATALOG, lambda: None, None)
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.open_page(HelpPage.GUIDE)
    return dialog


def first_line(dialog):
    """What stands at the top of the page."""
    return dialog.page.cursorForPosition(dialog.page.viewport().rect().topLeft()).block().text()


def test_f1_opens_the_guide_and_shift_f1_the_keys(idle_studio, qtbot):
    window = idle_studio.window
    activate(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (dialog,) = window.findChildren(HelpDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.resize(800, 500)
    dialog.contents.setCurrentRow(2)
    at = dialog.page.verticalScrollBar().value()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    window.actions_by_id["guide"].trigger()
    assert [one for one in window.findChildren(HelpDialog) if one.isVisible()] == [dialog]
    assert (dialog.width(), dialog.page.verticalScrollBar().value()) == (800, at)
    dialog.close()

    activate(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert window.findChild(CommandPalette) is not None
    for one in window.findChildren(QDialog):
        one.close()


@pytest.mark.parametrize("code", LANGUAGES)
def test_it_speaks_the_language_of_the_window(qtbot, code):
    use_language(code)
    try:
        dialog = HelpDialog(None, CATALOG, lambda: None, None)
        dialog.open_page(HelpPage.GUIDE)
    finally:
        use_language("en")
    qtbot.addWidget(dialog)
    title = guide_file(code).read_text(encoding="utf-8").partition("\n")[0]
    assert dialog.page.document().begin().text() == title.removeprefix("# ")
    text = dialog.page.toPlainText()
    assert not [mark for mark in ("*", "`", "| ", "](") if mark in text]  # all mark-up was understood


def test_a_language_without_a_guide_gets_the_english_one():
    assert guide_file("tlh") == resource("guide", "en.md")


def test_the_contents_lead_to_each_chapter(guide, qtbot):
    bar, document = guide.page.verticalScrollBar(), guide.page.document()
    document.documentLayout().blockBoundingRect(document.lastBlock())  # else Qt lays the end out some time later
    qtbot.waitUntil(lambda: bar.maximum() + guide.page.viewport().height() <= document.size().height() + 1)
    chapters = [row for row in range(guide.contents.count()) if guide.contents.item(row).text()[:1].isdigit()]
    assert len(chapters) == 11
    for row in chapters:
        item = guide.contents.item(row)
        guide.contents.scrollToItem(item)
        place = guide.contents.visualItemRect(item).center()
        qtbot.mouseClick(guide.contents.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert guide.contents.currentItem() is item
        assert first_line(guide) == item.text() or bar.value() == bar.maximum()
    assert bar.value() == bar.maximum()


def test_enter_finds_the_next_place_and_begins_again_at_the_top(guide, qtbot):
    guide.search.setFocus()
    qtbot.keyClicks(guide.search, "tripod")
    qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    assert guide.page.textCursor().selectedText() == "tripod"
    assert guide.isVisible()  # Enter has pressed no button
    qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    assert guide.page.textCursor().selectedText() == "tripod"
