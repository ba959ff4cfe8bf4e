"""The user guide in its window: language, contents, search, keys and pictures."""

import pytest
from answers_kit import activate
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from fineparser_core.language import LANGUAGES, use_language
from fineparser_core.resources import resource
from fineparser_gui.shell.catalog import CATALOG
from fineparser_gui.shell.guide_page import Guide, guide_file
from fineparser_gui.shell.help_dialog import HelpDialog
from fineparser_gui.shell.palette import CommandPalette
from fineparser_gui.shell.window_state import HelpPage


@pytest.fixture
def guide(qtbot):
    dialog = HelpDialog(None, lambda: None, CATALOG, lambda: None, None)
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.open_page(HelpPage.GUIDE)
    return dialog.guide


def first_line(dialog: Guide) -> str:
    """What stands at the top of the page."""
    return dialog.page.cursorForPosition(dialog.page.viewport().rect().topLeft()).block().text()


def test_f1_opens_the_guide_and_shift_f1_the_keys(idle_studio, qtbot) -> None:
    window = idle_studio.window
    activate(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (dialog,) = window.findChildren(HelpDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.resize(800, 500)
    dialog.guide.show_heading(dialog.guide.contents.topLevelItem(2))
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
def test_it_speaks_the_language_of_the_window(qtbot, code) -> None:
    use_language(code)
    try:
        dialog = Guide(CATALOG)
    finally:
        use_language("en")
    qtbot.addWidget(dialog)
    title = guide_file(code).read_text(encoding="utf-8").partition("\n")[0]
    assert dialog.page.document().begin().text() == title.removeprefix("# ")
    text = dialog.page.toPlainText()
    assert not [mark for mark in ("*", "`", "| ", "](") if mark in text]  # all mark-up was understood


def test_a_language_without_a_guide_gets_the_english_one() -> None:
    assert guide_file("tlh") == resource("guide", "en.md")


def test_the_contents_lead_to_each_heading_and_follow_the_page(guide, qtbot) -> None:
    bar, document = guide.page.verticalScrollBar(), guide.page.document()
    document.documentLayout().blockBoundingRect(document.lastBlock())  # else Qt lays the end out some time later
    qtbot.waitUntil(lambda: bar.maximum() + guide.page.viewport().height() <= document.size().height() + 1)
    for place in range(guide.contents.topLevelItemCount()):
        item = guide.contents.topLevelItem(place)
        guide.contents.scrollToItem(item)
        qtbot.mouseClick(
            guide.contents.viewport(), Qt.MouseButton.LeftButton, pos=guide.contents.visualItemRect(item).center()
        )
        assert guide.contents.currentItem() is item
        assert first_line(guide) == item.text(0) or bar.value() == bar.maximum()
    assert bar.value() == bar.maximum()
    guide.show_heading(guide.contents.topLevelItem(2).child(1))
    assert first_line(guide) == guide.contents.topLevelItem(2).child(1).text(0)
    bar.setValue(0)
    assert guide.contents.currentItem() is None
    bar.setValue(bar.maximum() // 2)
    assert guide.contents.currentItem() is not None


def test_enter_finds_the_next_place_and_begins_again_at_the_top(guide, qtbot) -> None:
    guide.search.setFocus()
    qtbot.keyClicks(guide.search, "tripod")
    qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    first = guide.page.textCursor().selectionStart()
    assert guide.page.textCursor().selectedText() == "tripod"
    assert guide.isVisible()  # Enter has pressed no button
    qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    assert guide.page.textCursor().selectedText() == "tripod"
    qtbot.keyClicks(guide.search, "x")
    qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    assert guide.message.isVisible()
    assert "does not say “tripodx”" in guide.message.text()
    assert guide.page.textCursor().selectionStart() == first
    guide.search.clear()
    assert not guide.message.isVisible()
