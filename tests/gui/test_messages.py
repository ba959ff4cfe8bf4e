"""Messages stack over a corner of the work: none moves the page or hides another, and they go by themselves."""

import pytest
from PySide6.QtCore import Qt

from fineparser_gui.export import strip
from fineparser_gui.support import messages


@pytest.fixture
def shown(idle_studio, qtbot, small_video):
    """The window with a dive, and its messages."""
    idle_studio.session.open([small_video])
    qtbot.waitUntil(lambda: idle_studio.window.player.pane.info is not None)
    return idle_studio.window, idle_studio.window.messages


def test_a_message_goes_by_itself_and_an_offer_stays(shown, qtbot, monkeypatch):
    monkeypatch.setattr(messages, "SHOWN_MS", 50)
    _, stack = shown
    stack.offer("A video has moved.", [("Find it…", lambda: None)])
    stack.show_message("Something is wrong.")
    qtbot.waitUntil(lambda: stack.text == "A video has moved.")
    qtbot.wait(120)
    assert len(stack.messages) == 1


def test_messages_are_kept_in_a_list(shown, qtbot):
    window, stack = shown
    bell = window.bell
    assert not bell.isEnabled()
    for text in ("The disk is full.", "Camera & net are gone."):
        stack.show_message(text)
    assert bell.text() == "2"
    qtbot.mouseClick(stack.messages[-1].close_button, Qt.MouseButton.LeftButton)
    assert [one.text for one in stack.messages] == ["The disk is full."]
    bell.menu().aboutToShow.emit()
    entries = bell.menu().actions()
    assert ["The disk" in one.text() for one in entries] == [False, True]
    assert [one.isEnabled() for one in entries] == [True, False]  # what is shown need not be shown again
    assert bell.text() == ""
    entries[0].trigger()
    assert stack.text == "Camera & net are gone."


def test_a_written_file_leaves_and_its_folder_is_found_in_the_list(shown, qtbot, monkeypatch, tmp_path):
    window, stack = shown
    opened = []
    monkeypatch.setattr(strip, "SHOWN_MS", 50)
    monkeypatch.setattr(strip.QDesktopServices, "openUrl", lambda url: opened.append(url) or len(opened) < 2)
    window.session.exports.table(window.session.keys, tmp_path / "dives.csv")
    qtbot.waitUntil(lambda: bool(stack.kept))
    assert stack.kept[0][1] == "dives.csv was written."
    assert not window.exports.isVisible()
    bell = window.bell
    assert bell.text() == ""  # nothing to worry about
    bell.menu().aboutToShow.emit()
    bell.menu().actions()[0].trigger()
    assert [url.toLocalFile() for url in opened] == [str(tmp_path)]
    bell.menu().aboutToShow.emit()
    bell.menu().actions()[0].trigger()  # and now there is no file manager
    assert str(tmp_path / "dives.csv") in stack.text
    assert stack.messages[-1].objectName() == "offer", "no sign of a warning"
