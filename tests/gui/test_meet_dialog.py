"""The dive list: typed, pasted and read; videos that take its rows; awards as they are called; the sheet."""

import os
from dataclasses import replace

import pytest
from answers_kit import copies
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit

from fineparser_core.diving.judging import Judging
from fineparser_core.diving.meet import Meet
from fineparser_gui.meet.dialog import MeetDialog
from fineparser_gui.meet.table import ATHLETE, AWARDS, BOARD, DIFFICULTY, NUMBER, POINTS, REMARK, TOTAL, VIDEO
from fineparser_gui.session.session_file import read_session

PASTED = "Anna 103B 3m\nBen 105C 3m\nAnna 403B 3m\nBen 203B 3m"


@pytest.fixture
def window(idle_studio):
    return idle_studio.window


@pytest.fixture
def dialog(window, qtbot):
    window.actions_by_id["meet"].trigger()
    made = window.findChild(MeetDialog)
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def clips(tmp_path, small_video):
    """Videos whose files tell another order than their names."""
    made = copies(small_video, tmp_path, "dacb")
    for at_s, path in enumerate(made):
        os.utime(path, (1000 + 10 * at_s,) * 2)
    return made


def paste(dialog, text):
    QGuiApplication.clipboard().setText(text)
    dialog.table.setFocus()
    dialog.paste()


def column(dialog, number):
    return [dialog.model.text(row, number) for row in range(len(dialog.model.meet.rows))]


def videos(session):
    return [session.dive(row.dive).path.stem if row.dive else "" for row in session.meet.rows]


def first_with_video(dialog, session, clips, qtbot, text):
    """Paste a list and open a video, which is matched with its first row; return the key of that dive."""
    paste(dialog, text)
    open_matched(session, clips[:1], qtbot)
    return session.meet.rows[0].dive


def open_matched(session, clips, qtbot):
    """Open videos, and match them with the open rows."""
    session.open(clips)
    qtbot.waitUntil(lambda: len(session.dives) == len(clips) and all(dive.info is not None for dive in session.dives))
    session.meets.match()


def type_into(dialog, qtbot, row, col, text):
    dialog.table.choose(row, col)
    dialog.table.edit(dialog.table.currentIndex())
    field = dialog.table.indexWidget(dialog.table.currentIndex()) or dialog.table.findChild(QLineEdit)
    field.clear()
    qtbot.keyClicks(field, text)
    return field


def test_a_list_is_typed(dialog, qtbot):
    field = type_into(dialog, qtbot, 0, ATHLETE, "Anna")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: column(dialog, ATHLETE) == ["Anna"])
    field = type_into(dialog, qtbot, 0, NUMBER, "103")
    qtbot.keyClicks(field, "b")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: column(dialog, NUMBER) == ["103B"])
    row = dialog.model.meet.rows[0]
    assert (row.athlete, row.dive_number, row.round) == ("Anna", "103B", 1)
    dialog.table.choose(0, BOARD)
    dialog.table.edit(dialog.table.currentIndex())
    box = dialog.table.findChild(QComboBox)
    box.setCurrentIndex(box.findData(1.0))
    box.activated.emit(box.currentIndex())
    assert column(dialog, BOARD) == ["1 m"]
    assert column(dialog, DIFFICULTY) == ["1.7"]
    index = dialog.model.index(0, DIFFICULTY)
    assert not dialog.model.setData(index, "33")
    assert "'33' where a DD such as 2.4" in dialog.note.text()
    assert dialog.model.setData(index, "1,8")
    assert column(dialog, DIFFICULTY) == ["1.8"]
    assert dialog.model.setData(dialog.model.index(0, NUMBER), "612b")
    assert "no springboard allows" in column(dialog, REMARK)[0]
    assert column(dialog, DIFFICULTY) == [""]


def test_rows_are_pasted_moved_deleted_and_undone(dialog, window, qtbot):
    paste(dialog, PASTED + "\n7\n")
    assert column(dialog, ATHLETE) == ["Anna", "Ben", "Anna", "Ben"]
    assert "No dive number in line 5." in dialog.note.text()
    paste(dialog, "nothing here\n")
    assert "No dive was found" in dialog.note.text()
    dialog.table.choose(0)
    dialog.shift(1)
    dialog.shift(1)
    assert column(dialog, NUMBER) == ["105C", "403B", "103B", "203B"]
    dialog.in_turn.click()
    assert column(dialog, NUMBER) == ["105C", "103B", "203B", "403B"]
    dialog.table.choose(3)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Delete)
    assert len(dialog.model.meet.rows) == 3
    for _ in range(5):
        window.actions_by_id["undo"].trigger()
    assert dialog.model.meet == Meet()
    assert len(dialog.model.rows) == 1


def test_videos_are_matched_with_the_open_rows_in_order_of_time(dialog, window, clips, qtbot):
    session = window.session
    paste(dialog, PASTED)
    open_matched(session, sorted(clips), qtbot)
    assert videos(session) == ["d", "a", "c", "b"]
    by_name = {dive.path.stem: dive for dive in session.dives}
    assert (by_name["a"].athlete, by_name["a"].details) == ("Ben", ("105C", 3.0, None))
    qtbot.waitUntil(lambda: column(dialog, VIDEO) == ["d", "a", "c", "b"])
    window.actions_by_id["undo"].trigger()
    assert videos(session) == [""] * 4
    assert {(dive.athlete, dive.dive_number) for dive in session.dives} == {("", None)}
    window.actions_by_id["redo"].trigger()
    # A repeat: the first attempt is of no row, and what follows moves up.
    dialog.table.choose(1)
    dialog.take_off.trigger()
    assert videos(session) == ["d", "", "c", "b"]
    assert session.find(by_name["a"].key).athlete == ""
    dialog.match_anew.trigger()
    assert videos(session) == ["d", "c", "b", ""]
    assert session.find(by_name["c"].key).details[0] == "105C"
    # Two that went in another order.
    session.select(by_name["b"].key)
    dialog.table.choose(0)
    dialog.take_shown.trigger()
    assert videos(session) == ["b", "c", "d", ""]
    assert session.find(by_name["d"].key).athlete == "Anna"


def test_what_the_coach_has_typed_stays(dialog, window, clips, qtbot):
    session = window.session
    session.open(clips[:2])
    qtbot.waitUntil(lambda: all(dive.info is not None for dive in session.dives))
    first, second = session.keys
    session.editing.set_athlete(first, "Ben")
    session.editing.set_details(second, None, 10.0)
    session.editing.set_judging(second, Judging(awards=(7.0, 7.0, 7.0)))
    paste(dialog, PASTED)
    assert videos(session) == [""] * 4
    dialog.match_open.trigger()
    assert [row.dive for row in session.meet.rows] == [second, first, None, None]
    assert session.dive(second).details == ("103B", 10.0, None)
    assert column(dialog, AWARDS)[0] == "7 7 7"
    dialog.model.setData(dialog.model.index(0, NUMBER), "105B")
    assert session.dive(second).details == ("105B", 10.0, None)
    dialog.model.setData(dialog.model.index(0, AWARDS), "")
    assert session.dive(second).judging is None


def test_a_dive_corrected_after_the_announcement_counts(dialog, window, clips, qtbot):
    session = window.session
    key = first_with_video(dialog, session, clips, qtbot, PASTED)
    dialog.model.setData(dialog.model.index(0, AWARDS), "7 7 7")
    assert column(dialog, POINTS)[0] == "33.60"  # 103B, DD 1.6
    session.editing.set_details(key, "105B", 3.0)
    qtbot.waitUntil(lambda: column(dialog, NUMBER)[0] == "105B")
    assert column(dialog, POINTS)[0] == "50.40"  # DD 2.4
    assert dialog.standing.text(0, 4) == "50.40"
    assert column(dialog, REMARK)[0] == "Announced: 103B. The dive: 105B, which counts."
    assert session.meet.rows[0].dive_number == "103B"  # what was announced stays
    assert "Announced: 103B" in dialog.model.index(0, NUMBER).data(Qt.ItemDataRole.ToolTipRole)
    # Typed in the table, it is the coach's word on both.
    dialog.model.setData(dialog.model.index(0, NUMBER), "103B")
    assert (session.meet.rows[0].dive_number, session.dive(key).dive_number) == ("103B", "103B")
    assert column(dialog, REMARK)[0] == ""


def test_a_change_of_the_list_leaves_what_was_said_of_a_dive(dialog, window, clips, qtbot):
    session = window.session
    key = first_with_video(dialog, session, clips, qtbot, "Anna 103B 3m 1.9\nAnna 403B 3m")
    session.editing.set_details(key, "105B", None)
    session.editing.set_judging(key, Judging(awards=(7.0, 7.0, 7.0)))
    session.editing.set_outcome(key, "balk")
    dialog.model.setData(dialog.model.index(0, ATHLETE), "Anna M.")
    dialog.table.choose(0)
    dialog.shift(1)
    assert session.dive(key).details == ("105B", None, None)
    assert session.dive(key).judging == Judging(awards=(7.0, 7.0, 7.0))
    assert session.dive(key).outcome == "balk"
    row = session.meet.rows[1]
    assert (row.dive_number, row.difficulty, row.awards, row.outcome) == ("103B", 1.9, (), "")
    dialog.table.choose(1)
    dialog.take_off.trigger()
    assert column(dialog, NUMBER) == ["403B", "103B"]
    assert column(dialog, AWARDS) == ["", ""]
    assert session.dive(key).details == ("105B", None, None)


def test_awards_are_typed_as_they_are_called_and_enter_goes_to_the_next_dive(dialog, window, clips, qtbot):
    session = window.session
    paste(dialog, PASTED)
    open_matched(session, clips[:1], qtbot)
    dialog.head.judges.setCurrentIndex(dialog.head.judges.findData(3))
    dialog.head.judges.activated.emit(dialog.head.judges.currentIndex())
    dialog.table.choose(0)
    assert dialog.called.text() == "1 · Anna · 103B"
    dialog.awards.setFocus()
    for typed in ("77.57", "6 6 65"):
        qtbot.keyClicks(dialog.awards, typed)
        qtbot.keyClick(dialog.awards, Qt.Key.Key_Return)
        dialog.awards.clear()
    qtbot.keyClicks(dialog.awards, "77")
    assert "2 awards of 3 judges" in dialog.note.text()
    qtbot.keyClick(dialog.awards, Qt.Key.Key_Return)
    assert dialog.called.text() == "2 · Anna · 403B"
    dialog.awards.clear()
    dialog.model.setData(dialog.model.index(3, AWARDS), "0 0 0")
    assert column(dialog, POINTS) == ["34.40", "40.70", "", "0.00"]
    assert column(dialog, TOTAL) == ["34.40", "40.70", "", "40.70"]
    assert [dialog.standing.text(row, 1) for row in range(2)] == ["Ben", "Anna"]
    dive = session.dive(session.meet.rows[0].dive)
    assert dive.judging == Judging(awards=(7.0, 7.5, 7.0))
    assert dive.judged_score == 34.4


def test_awards_of_another_number_of_judges_than_before_are_told(dialog, window, clips, qtbot):
    paste(dialog, PASTED)
    for place in range(2):
        assert dialog.model.setData(dialog.model.index(place, AWARDS), "7 75 7 65 7")
    assert not dialog.model.setData(dialog.model.index(2, AWARDS), "8 15 3")
    assert dialog.note.text() == "3 awards of 5 judges: give one for each judge."
    dialog.table.choose(2)
    qtbot.keyClicks(dialog.awards, "777")
    assert dialog.note.text() == "3 awards of 5 judges: give one for each judge."
    assert column(dialog, AWARDS)[2] == ""
    dialog.model.take(replace(dialog.model.meet, judges=3))  # said by the coach, it is another panel
    assert dialog.model.setData(dialog.model.index(2, AWARDS), "8 15 3")


def test_the_list_is_stored_with_the_session_and_as_csv(dialog, window, clips, qtbot, tmp_path, monkeypatch):
    session, files = window.session, window.files.controller
    paste(dialog, PASTED)
    dialog.head.title.setText("Spring cup")
    dialog.head.title.editingFinished.emit()
    assert files.holds_something
    open_matched(session, clips[:2], qtbot)
    path = tmp_path / "meet.fineparser"
    assert files.save_to(path)
    assert [row.dive for row in read_session(path).meet.rows] == ["0", "1", None, None]
    table = tmp_path / "list.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(table), ""))
    dialog.save_csv()
    assert len(table.read_text(encoding="utf-8").splitlines()) == 5
    dialog.delete()
    session.clear()
    assert session.meet == Meet()
    files.open(path)
    assert session.meet.title == "Spring cup"
    assert videos(session) == ["d", "a", "", ""]
    dialog.read(table)
    assert len(session.meet.rows) == 8
    dialog.read(tmp_path / "none.csv")
    assert "cannot be read" in dialog.note.text()
    qtbot.waitUntil(lambda: all(dive.info is not None for dive in session.dives))


def test_the_sheet_is_written_by_a_process_of_its_own(dialog, window, qtbot, tmp_path, monkeypatch):
    paste(dialog, PASTED)
    path = tmp_path / "sheet.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    dialog.with_model.setChecked(True)
    dialog.print_sheet()
    qtbot.waitUntil(path.exists)
    assert "Anna" in path.read_text(encoding="utf-8")
    qtbot.waitUntil(lambda: not window.session.exports.busy)


def test_a_closed_list_follows_the_session_no_longer(window, dialog, clips, qtbot):
    with qtbot.waitSignal(dialog.destroyed):
        dialog.close()
    window.session.open(clips[:1])  # what a slot of a window that is gone raises is found by pytest-qt
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.info is not None)
    window.session.remove(window.session.keys[0])
