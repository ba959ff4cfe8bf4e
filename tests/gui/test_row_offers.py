"""Rows of the dive list and new clips: offered with what speaks for and against it, and taken where all agree."""

from dataclasses import replace
from pathlib import Path

import pytest
from answers_kit import answer_dive, copies
from made_answers import dive_parse, recognition

from fineparser_core.diving.dive_list import parse_dive_list
from fineparser_core.diving.meet import Meet
from fineparser_core.language import Phrase
from fineparser_gui.app import Studio
from fineparser_gui.meet.dialog import MeetDialog
from fineparser_gui.meet.table import REMARK
from fineparser_gui.services import meets as offers
from fineparser_gui.session.dive import DiveState


@pytest.fixture
def studio(idle_studio) -> Studio:
    return idle_studio


def announce(studio: Studio, lines: str) -> None:
    studio.session.meets.change(Meet(rows=parse_dive_list(lines).rows), "list")


def opened(studio: Studio, qtbot, small_video: Path, folder: Path, names: str) -> list[str]:
    """Open a clip for each letter; return their keys."""
    session, before = studio.session, studio.session.keys
    session.open(copies(small_video, folder, names))
    qtbot.waitUntil(lambda: len(session.dives) == len(before) + len(names))
    qtbot.waitUntil(lambda: all(dive.state is not DiveState.OPENING for dive in session.dives))
    return [key for key in session.keys if key not in before]


def seen(studio: Studio, folder: Path, key: str, number: str = "103B", refusal: str = "") -> None:
    """Let the worker see a dive from 1 m in a clip; the test's own recognition is of a 103B."""
    dive, found = studio.session.dive(key), recognition()
    numbers = (replace(found.numbers[0], dive_number=number), *found.numbers[1:])
    parse = replace(dive_parse(dive.path, dive.info.n_frames), refusal=Phrase(refusal) if refusal else None)
    answer_dive(studio, folder, key=key, parse=parse, recognition=replace(found, numbers=numbers))


def rows(studio: Studio) -> list[str | None]:
    return [row.dive for row in studio.session.meet.rows]


def test_a_clip_that_agrees_in_number_board_and_day_is_taken_and_told(studio, qtbot, small_video, tmp_path):
    announce(studio, "Anna 103B 1m\nBen 201A 1m")
    (key,) = opened(studio, qtbot, small_video, tmp_path, "a")
    assert rows(studio) == [None, None]
    seen(studio, tmp_path, key)
    qtbot.waitUntil(lambda: rows(studio) == [key, None])
    assert studio.session.dive(key).athlete == "Anna"
    messages = studio.window.messages
    assert messages.text == "Taken from the dive list, as number, board and day agree: a: Anna, 103B, 1 m."
    messages.buttons[0].click()
    assert (rows(studio), studio.session.dive(key).athlete) == ([None, None], "")
    qtbot.wait(2 * offers._SETTLE_MS)
    assert (rows(studio), studio.session.offers.offers) == ([None, None], ())


def test_a_clip_that_shows_another_dive_is_offered_with_what_speaks_against_it(studio, qtbot, small_video, tmp_path):
    announce(studio, "Anna 201A 1m\nBen 203B 3m")
    first, second = opened(studio, qtbot, small_video, tmp_path, "ab")
    seen(studio, tmp_path, first)
    messages = studio.window.messages
    qtbot.waitUntil(lambda: len(messages.buttons) == 2)
    assert messages.text == "Is a the next dive of the list: Anna, 201A, 1 m? For it: 1 m. Against it: 103B."
    seen(studio, tmp_path, second)
    qtbot.waitUntil(lambda: len(messages.buttons) == 3)
    assert rows(studio) == [None, None]
    messages.buttons[1].click()  # no dive of the list: the row is the next clip's
    assert messages.text == "Is b the next dive of the list: Anna, 201A, 1 m? For it: 1 m. Against it: 103B."
    messages.buttons[0].click()
    assert rows(studio) == [second, None]
    assert studio.session.dive(second).dive_number == "201A"
    dialog = MeetDialog(studio.session, studio.window)
    assert "forward" in dialog.model.text(0, REMARK)
    dialog.close()


def test_all_that_is_offered_can_be_taken_in_order(studio, qtbot, small_video, tmp_path):
    announce(studio, "Anna 201A 1m\nBen 203B 3m")
    keys = opened(studio, qtbot, small_video, tmp_path, "ab")
    for key in keys:
        seen(studio, tmp_path, key)
    qtbot.waitUntil(lambda: len(studio.window.messages.buttons) == 3)
    studio.window.messages.buttons[2].click()
    assert rows(studio) == keys
    assert not studio.window.messages.buttons
    studio.session.edits.active.undo()
    assert rows(studio) == [None, None]


def test_an_empty_pool_is_nobodys_dive_and_the_next_clip_is_offered_the_row(studio, qtbot, small_video, tmp_path):
    announce(studio, "Anna 103B 1m")
    first, second = opened(studio, qtbot, small_video, tmp_path, "ab")
    seen(studio, tmp_path, first, refusal="Nobody dives.")
    seen(studio, tmp_path, second)
    qtbot.waitUntil(lambda: rows(studio) == [second])


def test_a_clip_of_another_day_asks(studio, qtbot, small_video, tmp_path):
    announce(studio, "Anna 103B 1m\nBen 103B 1m")
    first, second = opened(studio, qtbot, small_video, tmp_path, "ab")
    studio.session.editing.set_day(second, "2020-02-02")
    for key in (first, second):
        seen(studio, tmp_path, key)
    qtbot.waitUntil(lambda: rows(studio) == [first, None])
    qtbot.waitUntil(lambda: len(studio.session.offers.offers) == 1)
    assert any("Against it: recorded on 2020-02-02." in one.text for one in studio.window.messages.messages)


def test_a_list_is_closed_by_hand_with_the_evening_and_with_its_session(
    studio, qtbot, small_video, tmp_path, monkeypatch
):
    announce(studio, "Anna 201A 1m\nBen 201A 1m")
    dialog = MeetDialog(studio.session, studio.window)
    assert dialog.offering.isChecked()
    (key,) = opened(studio, qtbot, small_video, tmp_path, "a")
    seen(studio, tmp_path, key)
    qtbot.waitUntil(lambda: len(studio.session.offers.offers) == 1)
    dialog.offering.click()
    assert (studio.session.offers.is_open, studio.session.offers.offers) == (False, ())
    assert not studio.window.messages.buttons
    (key,) = opened(studio, qtbot, small_video, tmp_path, "b")
    seen(studio, tmp_path, key)
    qtbot.wait(2 * offers._SETTLE_MS)
    assert studio.session.offers.offers == ()
    dialog.offering.click()
    assert studio.session.offers.is_open
    monkeypatch.setattr(offers, "_OPEN_S", 0)
    assert not studio.session.offers.is_open
    monkeypatch.undo()
    path = tmp_path / "meet.fineparser"
    assert studio.files.save_to(path)
    dialog.close()
    assert studio.files.open(path)
    assert studio.session.meet.rows
    assert not studio.session.offers.is_open
    qtbot.waitUntil(lambda: all(dive.info is not None for dive in studio.session.dives))
