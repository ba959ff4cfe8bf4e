"""Messages stack over a corner of the work: none moves the page or hides another, and they go by themselves."""

from itertools import pairwise

import pytest
from finding import close_messages

from fineparser_gui.support import messages


@pytest.fixture
def shown(idle_studio, qtbot, small_video):
    """The window with a dive, and its messages."""
    idle_studio.session.open([small_video])
    qtbot.waitUntil(lambda: idle_studio.window.player.pane.info is not None)
    return idle_studio.window, idle_studio.window.messages


def test_each_message_stands_below_the_one_before_and_moves_nothing(shown, qtbot):
    window, stack = shown
    before = window.player.geometry()
    stack.offer("2 videos have moved.", [("Find them…", lambda: None)])
    for text in ("The first.", "The second, a long one: " + 12 * "so many words ", "The first."):
        stack.show_message(text)
    qtbot.waitUntil(lambda: stack.height() > 0 and stack.parentWidget().isVisible())
    assert [one.text[:10] for one in stack.messages] == ["2 videos h", "The second", "The first."]
    assert window.player.geometry() == before
    corner = stack.parentWidget()
    qtbot.waitUntil(lambda: all(one.height() >= one.sizeHint().height() / 2 for one in stack.messages))
    assert corner.parentWidget().rect().contains(corner.geometry())
    tops = [one.geometry() for one in stack.messages]
    assert all(upper.bottom() < lower.top() for upper, lower in pairwise(tops))

    window.resize(1100, 660)
    qtbot.waitUntil(lambda: corner.parentWidget().rect().contains(corner.geometry()))
    stack.messages[-1].close_button.click()
    close_messages(stack)
    assert [button.text() for button in stack.buttons] == ["Find them…"]
    stack.withdraw()
    assert not corner.isVisible()


def test_a_message_goes_by_itself_and_an_offer_stays(shown, qtbot, monkeypatch):
    monkeypatch.setattr(messages, "SHOWN_MS", 50)
    _, stack = shown
    stack.offer("A video has moved.", [("Find it…", lambda: None)])
    stack.show_message("Something is wrong.")
    qtbot.waitUntil(lambda: stack.text == "A video has moved.")
    qtbot.wait(120)
    assert len(stack.messages) == 1


def test_of_many_messages_the_latest_are_seen(shown):
    _, stack = shown
    for number in range(20):
        stack.show_message(f"Clip {number} is damaged.")
    assert [one.text.split()[1] for one in stack.messages] == ["16", "17", "18", "19"]
