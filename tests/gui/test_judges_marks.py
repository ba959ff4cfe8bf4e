"""Judges' marks: typed where the dive is, kept with it, shown beside the prediction, and exported."""

from pathlib import Path

import pytest
from answers_kit import open_scored
from finding import named, reads, texts
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from fineparser_core.data.judged_dives import read_dives
from fineparser_core.diving.judging import Judging, PhaseMarks
from fineparser_gui.session.dive import DiveState

FIVE = Judging(awards=(6.0, 6.5, 7.0, 6.5, 6.0))


@pytest.fixture
def scored(make_studio, qtbot, small_video, tmp_path):
    """The program with a scored dive."""
    studio = make_studio()
    open_scored(studio, qtbot, small_video, tmp_path)
    return studio


def typed(studio, qtbot, text, name="Judges' marks"):
    field = named(studio.window, name)
    if not field.isVisible():
        studio.window.details.more.click()  # it is on the other side
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    qtbot.keyClicks(field, text)


def test_marks_are_typed_where_the_dive_is_and_stand_beside_the_prediction(scored, qtbot):
    session, window = scored.session, scored.window
    assert "predicted" not in reads(window.score)
    assert named(window.score, "score").text() == "7"  # of 6.87
    typed(scored, qtbot, "6 6,5 7; 6.5 6")
    assert session.current.judging == FIVE
    judges, told, award = texts(window.score)[:3]  # theirs first
    assert (judges, told) == ("6.33", "judges · 62.70 points<br><s>6</s> 6.5 <s>7</s> 6.5 6")
    assert award == "7"
    assert window.dives.model.text(session.current.key).endswith("judges 6.33 · 7")
    typed(scored, qtbot, "7 - 6,25", "Marks by phase")
    assert session.current.judging == Judging(awards=FIVE.awards, phases=PhaseMarks(take_off=7, entry=6.25))
    qtbot.keyClick(named(window, "Marks by phase"), Qt.Key.Key_Return)
    assert not named(window, "Marks by phase").hasFocus()
    session.editing.edits.undo()
    assert session.current.judging is None
    assert named(window, "Judges' marks").text() == ""
    assert not named(window, "Marks by phase").isEnabled()


def test_return_goes_to_the_next_row_and_says_what_it_passed(scored, qtbot, make_video, tmp_path):
    session, window = scored.session, scored.window
    session.open([make_video(tmp_path / f"{name}.mp4", 40) for name in ("training", "b", "c")])
    qtbot.waitUntil(lambda: len(session.keys) == 4)
    first, training, b, c = session.keys
    for key in (b, c):
        session.update(key, judging=FIVE)
    session.update(training, state=DiveState.NEEDS_TRIM)
    session.select(first)
    typed(scored, qtbot, "6.5")
    for key in (b, c):  # though each has marks
        qtbot.keyClick(named(window, "Judges' marks"), Qt.Key.Key_Return)
        assert session.current.key == key
        assert named(window, "Judges' marks").hasFocus()
    assert "training.mp4" in window.messages.text
    qtbot.keyClick(named(window, "Judges' marks"), Qt.Key.Key_Return)
    assert session.current.key == c, "no row is taken again from the top"


def test_what_are_no_marks_replaces_none_and_is_one_sentence(scored, qtbot):
    session, window = scored.session, scored.window
    typed(scored, qtbot, "6.5 41")
    assert session.current.judging is None
    assert "Award 41 is not one a judge can give: use 0 to 10 in halves." in reads(window.details)
    session.editing.set_note(session.current.key, "what else changes takes neither away")
    assert named(window, "Judges' marks").text() == "6.5 41"
    typed(scored, qtbot, "6.5")
    typed(scored, qtbot, "7 6 6 6", "Marks by phase")
    assert "'7 6 6 6' are no marks of take-off, flight and entry" in reads(window.details)
    assert session.current.judging == Judging(awards=(6.5,))
    typed(scored, qtbot, "7 41")
    assert session.current.judging == Judging(awards=(6.5,))
    typed(scored, qtbot, "\r")
    assert session.current.judging is None


def test_judged_dives_are_exported_as_a_set_to_learn_from(scored, qtbot, tmp_path, variable_rate_video, monkeypatch):
    session, window = scored.session, scored.window
    action = window.actions_by_id["export_judged"]
    assert not action.isEnabled()
    typed(scored, qtbot, "6 6.5 7 6.5 6")
    typed(scored, qtbot, "7 - 6", "Marks by phase")
    session.editing.set_athlete(session.current.key, "Anna")
    first = session.current
    session.editing.move_transition(first.key, 1, first.analysis.parse.transitions.first_entry_frame + 3)
    first = session.current
    (tmp_path / "second.mp4").write_bytes(variable_rate_video.read_bytes())  # of the first one much is known
    session.open([tmp_path / "second.mp4"], in_frame=10, out_frame=90)
    second = session.keys[1]
    qtbot.waitUntil(lambda: session.dive(second).state is DiveState.QUEUED)
    session.select(second)
    typed(scored, qtbot, "6.25")
    asked = []
    path = tmp_path / "judged.json"
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *given: asked.append(Path(given[2]).name) or (str(path), "")
    )
    action.trigger()
    qtbot.waitUntil(lambda: not session.exports.busy)
    assert asked == ["judged dives.json"]
    assert session.exports.exports[0].message == "Dives: 2."
    one, other = read_dives(path)
    parse = first.analysis.parse
    assert (one.video, one.start_frame, one.end_frame) == (first.path, parse.clip.in_frame, parse.clip.out_frame)
    assert (one.dive_number, one.board_m, one.awards) == ("207C", 10.0, FIVE.awards)
    assert one.marks == PhaseMarks(take_off=7, entry=6)
    assert (one.points, one.athlete, one.labelled_by) == (pytest.approx(62.7), "Anna", "person")
    assert one.first_entry_frame == parse.transitions.first_entry_frame
    assert (other.video.name, other.start_frame, other.end_frame) == ("second.mp4", 10, 90)
    assert (other.award, other.awards, other.dive_number, other.first_flight_frame) == (6.25, (), None, None)


def test_a_dive_with_an_impossible_dd_is_left_out_of_the_set_and_named(scored, qtbot, tmp_path):
    session = scored.session
    typed(scored, qtbot, "6.5")
    session.editing.set_details(session.current.key, "207C", 10.0, 9.9)
    said = []
    session.problem.connect(said.append)
    session.exports.judged(tmp_path / "judged.json")
    qtbot.waitUntil(lambda: not session.exports.busy)
    assert "No dive with judges' marks or corrected moments" in said[0]
    assert "A DD of 9.9 cannot be" in said[0]
    assert not (tmp_path / "judged.json").exists()
