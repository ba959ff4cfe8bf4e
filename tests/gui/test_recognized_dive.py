"""What the video shows of a dive: its number and board offered, contradictions told, and who the diver is asked."""

from dataclasses import replace

import pytest
from answers_kit import activate, answer_dive, open_queued, requests
from finding import reads
from made_answers import DIVERS, dive_parse, recognition, scoring
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from fineparser_core.diving.meet import ListedDive, Meet
from fineparser_core.records import AthletePoint
from fineparser_gui.services.exporting import exported
from fineparser_gui.session.dive import ScoreState
from fineparser_gui.session.session_file import read_session, write_session
from fineparser_gui.store.records import results_of, with_results
from fineparser_gui.worker.protocol import ParseRequest, ScoreRequest

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def seen(idle_studio, qtbot, small_video, tmp_path):
    """The window with a dive without a number that was recognized."""
    open_queued(idle_studio, qtbot, small_video)
    answer_dive(idle_studio, tmp_path, recognition=recognition())
    activate(qtbot, idle_studio.window)
    return idle_studio


def click(qtbot, widget):
    """Click on the middle of a widget that is seen."""
    assert widget.isVisible()
    qtbot.mouseClick(widget, LEFT, pos=widget.rect().center())


def button(root, text):
    (found,) = [one for one in root.findChildren(QWidget) if one.isVisible() and getattr(one, "text", str)() == text]
    return found


def type_number(studio, qtbot, number):
    field = studio.window.details.number
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, number)


def score_requests(studio):
    return requests(studio, ScoreRequest)


def test_a_chip_gives_the_dive_its_number_and_the_fall_its_board(seen, qtbot):
    details, session = seen.window.details, seen.session
    chips = [one for one in details.seen.chips if one.isVisible()]
    assert [one.text() for one in chips] == ["103B", "103C"]
    assert "103B 84 %, forward 1½ somersaults, pike" in chips[0].toolTip()
    assert chips[0].accessibleName() == "Take dive number 103B 84 %: forward 1½ somersaults, pike"
    assert chips[0].focusPolicy() == Qt.FocusPolicy.TabFocus
    assert details.board.currentText() == "1 m (seen)"
    assert not score_requests(seen)
    click(qtbot, chips[0])
    assert details.number.text() == session.current.dive_number == "103B"
    assert chips[0].isChecked()
    (request,) = score_requests(seen)
    assert (request.details.dive_number, request.details.board_m) == ("103B", 1.0)
    click(qtbot, chips[1])
    assert (session.current.dive_number, [one.isChecked() for one in chips]) == ("103C", [False, True])
    click(qtbot, chips[1])
    assert chips[1].isChecked()
    seen.window.actions_by_id["undo"].trigger()
    assert session.current.dive_number == "103B"


def test_a_surely_seen_number_is_taken_without_a_click_and_shown_as_seen(idle_studio, qtbot, small_video, tmp_path):
    sure = replace(recognition(), numbers={"103B": 0.97, "103C": 0.02})
    key = open_queued(idle_studio, qtbot, small_video)
    answer_dive(idle_studio, tmp_path, recognition=sure)
    session, details = idle_studio.session, idle_studio.window.details
    (request,) = score_requests(idle_studio)
    assert (request.details.dive_number, request.details.board_m) == ("103B", 1.0)
    answer_dive(idle_studio, tmp_path, scoring())
    assert (details.number.text(), details.number.placeholderText()) == ("", "103B (seen)")
    assert "forward 1½ somersaults" in reads(details)
    assert "103B 1 m" in idle_studio.window.dives.model.text(key)
    assert [(one.text(), one.isChecked()) for one in details.seen.chips] == [("103B", True), ("103C", False)]
    assert session.snapshot().dives[0].dive_number is None  # nobody has said it
    assert exported(session.current, drawings=False).details.dive_number == "103B"
    assert with_results(session.current.saved, results_of(session.current)).dive_number == "103B"
    type_number(idle_studio, qtbot, "103C")
    assert (session.current.known_number, session.current.known_board_m) == ("103C", 1.0)
    assert [(one.text(), one.isChecked()) for one in details.seen.chips] == [("103B", False), ("103C", True)]
    assert score_requests(idle_studio)[-1].details.dive_number == "103C"


def test_the_seen_board_stands_everywhere_until_another_is_chosen(seen):
    session, board = seen.session, seen.window.details.board
    session.editing.set_details(session.current.key, "103B", None)
    assert exported(session.current, drawings=False).details.board_m == 1.0
    assert with_results(session.current.saved, results_of(session.current)).board_m == 1.0
    assert "103B 1 m" in seen.window.dives.model.text(session.current.key)
    assert session.snapshot().dives[0].board_m is None
    board.setCurrentIndex(board.findData(3.0))
    board.activated.emit(board.currentIndex())
    assert session.current.known_board_m == 3.0
    assert exported(session.current, drawings=False).details.board_m == 3.0
    session.editing.set_details(session.current.key, "103B", None)
    session.editing.set_details(session.current.key, "301A", None)
    assert "DD" in reads(seen.window.details)  # no record says from where it is done, but the fall does
    session.editing.set_details(session.current.key, "626B", None)
    assert session.current.known_board_m is None  # an armstand from a springboard cannot be
    assert board.itemText(0) == "any board"


def test_a_certain_contradiction_holds_the_score_back_until_it_is_confirmed_once(seen, qtbot, tmp_path):
    window, session = seen.window, seen.session
    type_number(seen, qtbot, "301A")
    note = window.details.number_note
    assert "reverse" in note.text
    assert "forward" in note.text
    assert not score_requests(seen)
    assert "check the dive number" in window.dives.model.text(session.current.key)
    assert "the score waits" in reads(window.score)
    click(qtbot, button(note, "Score as 301A"))
    (request,) = score_requests(seen)
    assert request.details.dive_number == "301A"
    answer_dive(seen, tmp_path, scoring())
    assert session.current.score_state is ScoreState.SCORED
    assert not note.confirm.isVisible()
    assert "reverse" in note.text
    write_session(session.snapshot(), tmp_path / "a.fineparser")
    (saved,) = read_session(tmp_path / "a.fineparser").dives
    assert saved.correction.confirmed == ("301A", None)
    window.actions_by_id["undo"].trigger()
    assert session.current.analysis.scoring is None
    assert note.confirm.isVisible()
    window.actions_by_id["redo"].trigger()
    assert len(score_requests(seen)) == 1
    session.editing.set_details(session.current.key, "303A", None)
    assert not score_requests(seen)  # what was confirmed is another number
    click(qtbot, seen.window.details.seen.chips[0])
    assert session.current.dive_number == "103B"
    assert not note.isVisible()
    assert len(score_requests(seen)) == 1


def test_a_board_that_the_fall_contradicts_is_taken_back_to_the_seen_one(seen, qtbot):
    session = seen.session
    session.editing.set_details(session.current.key, "103B", 10.0)
    assert not score_requests(seen)
    session.editing.set_details(session.current.key, "103B", None)
    assert (session.current.board_m, session.current.known_board_m) == (None, 1.0)
    (request,) = score_requests(seen)
    assert request.details.board_m == 1.0


def test_numbers_of_list_and_file_name_stand_beside_the_seen_one(idle_studio, qtbot, small_video, tmp_path):
    path = tmp_path / "ann_105B.mp4"
    path.write_bytes(small_video.read_bytes())
    session, note = idle_studio.session, idle_studio.window.details.number_note
    key = open_queued(idle_studio, qtbot, path)
    answer_dive(idle_studio, tmp_path, recognition=recognition())
    session.meets.change(Meet(rows=(ListedDive(dive_number="103C", dive=key),)), "list")
    assert session.current.dive_number == "103C"
    assert "The file name says 105B." in note.text
    click(qtbot, idle_studio.window.details.seen.chips[0])
    assert session.current.dive_number == "103B"
    assert session.meet.rows[0].dive_number == "103C"
    assert "The dive list says 103C." in note.text


def test_a_row_says_its_seen_number_and_a_command_takes_many(seen, qtbot, small_video, tmp_path):
    session, dives = seen.session, seen.window.dives
    first = session.current.key
    second = open_queued(seen, qtbot, small_video)
    answer_dive(seen, tmp_path, recognition=recognition())
    assert "seen: 103B 84 %" in dives.model.text(first)
    session.editing.set_details(first, "105B", None)
    dives.view.selectAll()
    seen.window.actions_by_id["take_seen"].trigger()
    assert [session.dive(key).dive_number for key in (first, second)] == ["105B", "103B"]
    assert not seen.window.actions_by_id["take_seen"].isEnabled()


@pytest.fixture
def unsure(idle_studio, qtbot, small_video, tmp_path):
    """The window with a dive of known number in whose video two people fall."""
    open_queued(idle_studio, qtbot, small_video, dive_number="103B")
    parse = dive_parse(small_video, idle_studio.session.current.info.n_frames)
    parse = replace(parse, clip=replace(parse.clip, divers=DIVERS))
    answer_dive(idle_studio, tmp_path, parse=parse, recognition=recognition())
    activate(qtbot, idle_studio.window)
    return idle_studio


def test_it_is_asked_which_of_two_is_the_diver_before_a_score(unsure, qtbot, tmp_path):
    window, session = unsure.window, unsure.session
    strip = window.player.divers
    assert [card.isVisible() for card in strip.cards] == [True, True, False, False]
    assert strip.cards[1].accessibleName() == "Diver 2, in the air at 0:00.7"
    assert not score_requests(unsure)
    assert not window.details.seen.isVisible()
    assert "which diver?" in window.dives.model.text(session.current.key)
    assert not results_of(session.current).analysed_at
    window.details.number.setFocus()
    qtbot.keyClick(window.details.number, Qt.Key.Key_Return)
    assert session.current.point is None  # Enter belongs to the field
    window.player.take_keys()
    qtbot.keyClick(window.player.pane.canvas, Qt.Key.Key_Return)
    assert session.current.point == AthletePoint(frame=50, x=25.0, y=20.0)
    (request,) = requests(unsure, ParseRequest)
    assert (request.point, request.in_frame, request.out_frame) == (session.current.point, None, None)
    assert not strip.isVisible()
    window.actions_by_id["undo"].trigger()
    assert session.current.point is None


def test_another_diver_is_chosen_by_a_click_on_the_picture(unsure, qtbot, tmp_path):
    session, strip = unsure.session, unsure.window.player.divers
    qtbot.waitUntil(lambda: len(strip._pictures.want(strip._crops)) == len(strip._crops))
    click(qtbot, strip.cards[1])
    assert session.current.point == AthletePoint(frame=20, x=42.0, y=7.0)
    answer_dive(unsure, tmp_path, recognition=recognition())
    assert len(score_requests(unsure)) == 1
