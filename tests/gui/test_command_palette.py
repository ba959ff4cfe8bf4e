"""Commands found by their words and carried out by Enter."""

from PySide6.QtCore import Qt

from fineparser_gui.shell.catalog import CATALOG
from fineparser_gui.shell.palette import CommandPalette
from fineparser_gui.shell.window_state import FIXED


def palette(studio):
    studio.window.actions_by_id["find_command"].trigger()
    return studio.window.findChild(CommandPalette)


def shown(dialog):
    items = [dialog.list.topLevelItem(row) for row in range(dialog.list.topLevelItemCount())]
    return [item.text(0) for item in items if not item.isHidden()]


def test_a_command_is_found_by_its_words_and_carried_out(idle_studio, qtbot):
    dialog = palette(idle_studio)
    qtbot.keyClicks(dialog.search, "VOTE exemp")
    assert shown(dialog) == ["Star as exemplar: its marks vote"]
    dialog.search.setText("history view")
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    qtbot.waitUntil(idle_studio.window.actions_by_id["history"].isChecked)


def test_a_command_is_found_by_its_key_and_what_cannot_be_done_now_does_nothing(idle_studio, qtbot):
    dialog = palette(idle_studio)
    qtbot.keyClicks(dialog.search, "ctrl+e")
    assert "Export…" in shown(dialog)
    qtbot.keyClick(dialog.search, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.isVisible()  # there is no dive to export
    dialog.search.setText("nothing is called so")
    assert shown(dialog) == []
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.isVisible()
    dialog.close()


def test_menus_are_short_and_every_command_is_found(idle_studio):
    titles = [action for action in idle_studio.window.menuBar().actions() if action.menu() is not None]
    entries = [entry for title in titles for entry in title.menu().actions() if not entry.isSeparator()]
    print(len(entries), *(entry.text() for entry in entries), sep="\n")
    assert len(entries) <= 40
    dialog = palette(idle_studio)
    submenus = [spec.id for spec in CATALOG if idle_studio.window.actions_by_id[spec.id].menu() is not None]
    assert len(shown(dialog)) == len(CATALOG) + len(FIXED) - len(submenus)
    dialog.close()
