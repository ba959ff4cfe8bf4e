"""Transitions dragged and nudged, exemplars left out, all of it undone; the test answers for the worker."""

import pytest
from answers_kit import answer_dive, dive_parse, moved_scoring, open_scored, result_message, scoring
from finding import named, reads
from mouse_kit import drag
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel

from fineparser_core.records import Analysis
from fineparser_gui.session.correction import frames_of
from fineparser_gui.worker.scheduler import Urgency

FLIGHT, ENTRY = 37, 75  # where `dive_parse` puts them in 120 frames


class Answers:
    """Stands for the worker process."""

    def __init__(self, studio, qtbot, folder):
        self.studio, self._qtbot, self._folder = studio, qtbot, folder

    def rescore_requests(self):
        return [one.request for one in self.studio.session.scheduler.tasks if one.urgency == Urgency.DRAG]

    def wait_for_rescore(self):
        """The one question that was asked."""
        self._qtbot.waitUntil(lambda: bool(self.rescore_requests()))
        (request,) = self.rescore_requests()
        return request

    def wait_for_sent(self, request, times):
        """Until the worker has been asked so often."""
        self._qtbot.waitUntil(lambda: self.studio.client.sent.count(request) == times)

    def answer(self, request, points):
        analysis = Analysis(parse=self.studio.session.current.model_analysis.parse, scoring=moved_scoring(points))
        self.studio.client.received.emit(result_message(request.id, analysis, self._folder))


@pytest.fixture
def scored(idle_studio, qtbot, small_video, tmp_path):
    """A parsed and scored dive in the window."""
    key = open_scored(idle_studio, qtbot, small_video, tmp_path)
    idle_studio.window.score.how.setChecked(True)
    assert frames_of(idle_studio.session.dive(key).analysis.parse.transitions) == (FLIGHT, ENTRY)
    return Answers(idle_studio, qtbot, tmp_path)


def test_a_drag_moves_the_step_at_once_and_the_score_follows(scored):
    window, session = scored.studio.window, scored.studio.session
    timeline = window.player.timeline
    drag(timeline, 0, -4)
    dive = session.current
    assert frames_of(dive.analysis.parse.transitions) == (FLIGHT - 4, ENTRY)
    assert dive.analysis.parse.transitions.first_flight_s == dive.info.pts_s[FLIGHT - 4]
    assert frames_of(dive.model_analysis.parse.transitions) == (FLIGHT, ENTRY)
    assert window.transport.frame == FLIGHT - 4
    assert dive.rescoring
    assert "scoring" in reads(window.found.numbers.correction)
    assert f"model: {FLIGHT}" in timeline.accessibleDescription()
    assert not timeline.grab().isNull()  # with ghost, handles and words
    request = scored.wait_for_rescore()
    assert (request.transitions.first_flight_frame, request.transitions.first_entry_frame) == (FLIGHT - 4, ENTRY)
    scored.answer(request, 1.5)
    assert not session.current.rescoring
    assert named(window.found, "exact score").text().startswith("69.5")
    assert "Model 68.0 · corrected +1.5" in reads(window.found.numbers.correction)
    (total,) = [one for one in window.contributions.findChildren(QLabel) if one.text() == "+4.5 in all"]
    assert "+4.5 = score 69.5 − mean of the dives to compare with 65.0" in total.toolTip()


def test_one_question_at_a_time_and_the_newest_wins(scored):
    player, session = scored.studio.window.player, scored.studio.session
    player.edits.nudge_transition(1, 1)
    first = scored.wait_for_rescore()
    for _ in range(5):
        player.edits.nudge_transition(1, 1)
    assert scored.rescore_requests() == [first]
    scored.answer(first, 1.0)
    assert session.current.rescoring
    assert named(scored.studio.window.found, "exact score").text().startswith("69.0")  # the latest known
    second = scored.wait_for_rescore()
    assert second.transitions.first_entry_frame == ENTRY + 6
    scored.answer(second, 2.0)
    assert not session.current.rescoring
    assert scored.rescore_requests() == []


def test_the_water_contact_alone_is_scored_anew_and_with_corrected_transitions_too(scored):
    window, session, key = scored.studio.window, scored.studio.session, scored.studio.session.current.key
    session.editing.move_transition(key, 2, ENTRY + 8)
    assert session.current.rescoring
    request = scored.wait_for_rescore()
    assert (request.transitions, request.contact_frame) == (None, ENTRY + 8)
    scored.answer(request, 0.7)
    assert not session.current.rescoring
    assert "corrected +0.7" in reads(window.found.numbers.correction)
    session.editing.move_transition(key, 1, ENTRY + 2)
    scored.answer(scored.wait_for_rescore(), 0.9)
    session.editing.move_transition(key, 2, ENTRY + 9)
    request = scored.wait_for_rescore()
    assert (request.transitions.first_entry_frame, request.contact_frame) == (ENTRY + 2, ENTRY + 9)
    scored.answer(request, 1.0)
    assert not session.current.rescoring
    window.actions_by_id["reset_corrections"].trigger()
    assert not session.current.rescoring
    assert named(window.found, "exact score").text().startswith("68.0")


def test_transitions_stay_apart_and_in_the_dive(scored):
    player, session = scored.studio.window.player, scored.studio.session
    player.edits.nudge_transition(0, 1000)
    assert FLIGHT < session.current.correction.transitions[0] < ENTRY
    player.edits.nudge_transition(0, -1000)
    assert session.current.correction.transitions[0] == 1
    player.edits.nudge_transition(1, 1000)
    assert session.current.correction.transitions[1] == session.current.info.n_frames - 1


def test_an_exemplar_left_out_scores_at_once_and_comes_back(scored, qtbot):
    window, session = scored.studio.window, scored.studio.session
    table = window.exemplars.table
    row = [vote.id for vote in window.exemplars._votes].index("a")
    box = table.visualItemRect(table.item(row, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(box.x(), box.y()))
    assert session.current.correction.left_out == {"a"}
    assert session.comparing.other is None  # the box is not the row
    assert named(window.found, "exact score").text().startswith(f"{scoring().exemplars[1].vote:.1f}")
    assert "1 of 2 exemplars left out" in reads(window.found)
    assert window.found.numbers.correction.isVisible()
    assert table.rowCount() == 2
    assert scored.rescore_requests() == []  # no question to the worker
    window.actions_by_id["undo"].trigger()
    assert named(window.found, "exact score").text().startswith("68.0")
    table.setCurrentCell(row, 3)
    table.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert session.current.correction.left_out == {"a"}


def test_with_every_exemplar_left_out_there_is_no_score_but_a_way_back(scored):
    window, session = scored.studio.window, scored.studio.session
    for name in ("a", "b"):
        session.editing.leave_out(session.current.key, name, True)
    assert session.current.analysis.scoring is None
    assert "Tick at least one" in reads(window.score)
    assert window.exemplars.isVisible()
    session.editing.leave_out(session.current.key, "b", False)
    assert session.current.analysis.scoring is not None


def test_a_new_analysis_keeps_what_the_coach_corrected(scored, tmp_path):
    studio, session = scored.studio, scored.studio.session
    key = session.current.key
    studio.window.player.edits.nudge_transition(0, 5)
    session.editing.leave_out(key, "a", True)
    scored.wait_for_rescore()
    session.analyze(key)
    assert session.current.analysis is None
    answer_dive(studio, tmp_path, None, scoring())
    assert frames_of(session.current.analysis.parse.transitions) == (FLIGHT + 5, ENTRY)
    scored.answer(scored.wait_for_rescore(), 1.0)
    assert [vote.id for vote in session.current.analysis.scoring.exemplars] == ["b"]


def test_a_correction_outside_of_a_new_range_waits_for_the_range_to_come_back(scored, tmp_path):
    studio, session = scored.studio, scored.studio.session
    key = session.current.key
    studio.window.player.edits.nudge_transition(1, 1000)
    corrected = session.current.correction.transitions
    session.editing.set_range(key, None, 100)
    parse = dive_parse(session.current.path, 101)
    answer_dive(studio, tmp_path, parse=parse)
    assert session.current.corrected_frames is None
    assert session.current.analysis.parse.transitions == parse.transitions
    assert session.current.correction.transitions == corrected


def test_a_failed_score_is_not_shown_as_that_of_the_new_transitions(scored):
    studio, session = scored.studio, scored.studio.session
    studio.window.player.edits.nudge_transition(0, 5)
    first = scored.wait_for_rescore()
    studio.client.die()
    scored.wait_for_sent(first, times=2)  # asked once more
    studio.client.die()
    assert session.current.analysis.scoring is None
    assert "stopped" in reads(studio.window.score)
    assert scored.rescore_requests() == []
