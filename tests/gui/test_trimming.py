"""Dives found in a long recording, confirmed one by one or all; and clips that are refused. The test answers."""

from dataclasses import replace

import pytest
from answers_kit import answer_dive, dive_parse, fail, open_queued, requests, running, scoring
from finding import reads
from made_answers import segment
from PySide6.QtCore import Qt

from fineparser_core.diving.dive_list import parse_dive_list
from fineparser_core.diving.meet import Meet
from fineparser_core.records import AthletePoint, DiveSegment
from fineparser_gui.dives.states import needs_user, state_text
from fineparser_gui.dives.table import ACCEPTED_ROLE
from fineparser_gui.session.dive import DiveState
from fineparser_gui.worker.protocol import ProgressReport, ScoreRequest, Segments, TrimRequest


@pytest.fixture(scope="module")
def training(tmp_path_factory, make_video):
    """A recording of 20 s."""
    return make_video(tmp_path_factory.mktemp("long") / "training.mp4", 600)


def progress(request, done):
    """A search of 200 windows is so far."""
    return ProgressReport(id=request.id, stage="scan", done=done, total=200)


def trim_requests(studio):
    return running(studio, TrimRequest)


@pytest.fixture
def recording(idle_studio, qtbot, training):
    """The recording opened; it is held, and looked through."""
    idle_studio.session.open([training])
    qtbot.waitUntil(lambda: bool(trim_requests(idle_studio)))
    return idle_studio


def answer(studio, *segments):
    (request,) = trim_requests(studio)
    studio.client.received.emit(Segments(id=request.id, segments=list(segments)))


def test_a_long_recording_is_looked_through_unasked_and_not_analysed(recording):
    dive, strip = recording.session.current, recording.window.player.progress
    assert (dive.state, dive.searching) == (DiveState.NEEDS_TRIM, True)
    recording.client.received.emit(progress(trim_requests(recording)[0], 50))
    assert "25 %" in reads(strip)  # 50 of 200 pictures
    recording.session.cancel(dive.key)
    dive = recording.session.current
    assert (dive.state, dive.searching, dive.segments) == (DiveState.NEEDS_TRIM, False, None)
    recording.window.actions_by_id["find_dives"].trigger()
    assert recording.session.current.searching


def test_every_found_dive_becomes_a_row_after_its_recording(recording, qtbot, small_video):
    session, proposals = recording.session, recording.window.player.proposals
    session.open([small_video])
    session.select(session.keys[0])
    answer(recording, segment(10), segment(200), segment(400))
    assert proposals.isVisible()
    assert "found: 3, in the list: 0" in proposals.text
    proposals.accept_all.click()
    rows = [session.dive(key) for key in session.keys]
    assert [row.in_frame for row in rows] == [None, 10, 200, 400, None]
    assert [row.out_frame for row in rows[1:4]] == [99, 289, 489]
    assert rows[4].path == small_video
    assert "found: 3, in the list: 3" in proposals.text
    assert not proposals.accept_all.isVisible()
    qtbot.waitUntil(lambda: all(session.dive(key).state is DiveState.QUEUED for key in session.keys[1:4]))
    assert session.dive(session.keys[0]).state is DiveState.NEEDS_TRIM


def test_confirmed_dives_are_taken_back_and_come_again_and_are_work_to_save(recording):
    session, window = recording.session, recording.window
    answer(recording, segment(10), segment(200))
    window.player.proposals.accept_all.click()
    keys = session.keys
    window.actions_by_id["undo"].trigger()
    assert session.keys == keys[:1]
    assert "found: 2" in window.player.proposals.text
    window.actions_by_id["redo"].trigger()
    assert session.keys == keys
    assert [session.dive(key).in_frame for key in keys] == [None, 10, 200]


def test_the_dives_of_a_recording_are_told_apart_and_take_the_rows_of_a_list_in_their_order(recording, qtbot):
    answer(recording, segment(10), segment(200))
    recording.window.player.proposals.accept_all.click()
    session = recording.session
    qtbot.waitUntil(lambda: all(session.dive(key).info is not None for key in session.keys))
    assert [session.dive(key).title for key in session.keys] == ["training", "training 0:00", "training 0:06"]
    session.meets.change(Meet(rows=parse_dive_list("207C 10 m\n5253B 3 m")[0]), "list")
    session.editing.reorder(session.keys[::-1])
    session.meets.match()
    assert [session.dive(key).dive_number for key in session.keys] == ["5253B", "207C", None]


def test_a_point_in_a_found_dive_cuts_it_anew_in_one_step(recording, qtbot):
    answer(recording, segment(10), segment(200))
    recording.window.player.proposals.accept_all.click()
    session, (whole, _, key) = recording.session, recording.session.keys
    qtbot.waitUntil(lambda: session.dive(key).state is DiveState.QUEUED)

    def asked():
        request = next(one.request for one in session.scheduler.tasks if one.key == key)
        assert session.dive(key).state is DiveState.QUEUED
        assert session.trimming.accepted(whole) == {0, 1}
        return request.in_frame, request.out_frame, request.point

    point, cut = AthletePoint(frame=240, x=3.0, y=4.0), (200, 289)
    session.editing.point_at(key, point)
    assert asked() == (None, None, point)
    session.edits.active.undo()
    assert asked() == (*cut, None)
    session.edits.active.redo()
    session.editing.point_at(key, replace(point, frame=250))
    assert asked() == (None, None, replace(point, frame=250))
    session.editing.point_at(key, None)
    assert asked() == (*cut, None)
    session.editing.set_range(key, 200, 280)
    session.editing.point_at(key, point)
    assert asked() == (200, 280, point)  # a range that a person has set stays


def test_the_only_dive_cuts_the_row_itself_and_that_can_be_undone(recording):
    session = recording.session
    answer(recording, segment(200))
    recording.window.player.proposals.accept_all.click()
    dive = session.current
    assert (len(session.keys), dive.in_frame, dive.out_frame, dive.state) == (1, 200, 289, DiveState.QUEUED)
    session.editing.edits.undo()
    assert (session.current.in_frame, session.current.state) == (None, DiveState.NEEDS_TRIM)


def state(studio):
    """What the row of the recording says, and whether it calls for attention."""
    model, session = studio.window.dives.model, studio.session
    dive, row = session.dive(session.keys[0]), model.index_of(session.keys[0])
    n_taken = row.data(ACCEPTED_ROLE)
    assert state_text(dive, n_taken) in row.data(Qt.ItemDataRole.AccessibleTextRole)
    return state_text(dive, n_taken), needs_user(dive, n_taken)


def test_a_recording_calls_for_attention_until_its_dives_are_taken_or_closed(recording, qtbot):
    session, window = recording.session, recording.window
    model, proposals = window.dives.model, window.player.proposals
    assert state(recording) == ("waiting", False)
    answer(recording, segment(10), segment(200), segment(400))
    assert state(recording) == ("dives found: 3", True)
    window.transport.seek(230)
    with qtbot.waitSignal(model.dataChanged, check_params_cb=lambda first, *_: first.row() == 0):
        proposals.accept.click()
    assert state(recording) == ("dives added: 1 of 3", True)
    assert window.player.progress.isVisible()
    proposals.accept_all.click()
    assert state(recording) == ("dives added: 3", False)
    assert not window.player.progress.isVisible()
    with qtbot.waitSignal(model.dataChanged, check_params_cb=lambda first, *_: first.row() == 0):
        session.editing.remove([session.keys[1]])
    assert state(recording) == ("dives added: 2 of 3", True)
    qtbot.waitUntil(lambda: all(session.dive(key).busy for key in session.keys[1:]))
    session.select(session.keys[0])
    proposals.dismiss.click()
    assert state(recording) == ("dives added: 2", False)
    assert not proposals.isVisible()
    assert not window.actions_by_id["accept_dives"].isEnabled()
    saved = session.snapshot()
    window.actions_by_id["undo"].trigger()
    assert proposals.isVisible()
    assert "in the list: 2" in proposals.text
    session.clear()
    session.restore(saved)
    qtbot.waitUntil(lambda: session.current.state is DiveState.NEEDS_TRIM)
    assert state(recording) == ("dives added: 2", False)
    assert not trim_requests(recording)


def test_dismissed_proposals_of_a_reopened_session_are_shown_again_without_a_search(recording, qtbot):
    session, window = recording.session, recording.window
    proposals, find = window.player.proposals, window.actions_by_id["find_dives"]
    answer(recording, segment(10), segment(200))
    proposals.dismiss.click()
    saved = session.snapshot()
    session.clear()
    session.restore(saved)
    qtbot.waitUntil(lambda: session.current.state is DiveState.NEEDS_TRIM and find.isEnabled())
    assert not proposals.isVisible()
    find.trigger()
    assert proposals.isVisible()
    assert not trim_requests(recording)
    assert session.current.segments == (segment(10), segment(200))
    window.actions_by_id["undo"].trigger()
    assert not proposals.isVisible()
    window.actions_by_id["redo"].trigger()
    find.trigger()  # they are in sight, so that others are asked for
    assert len(trim_requests(recording)) == 1


def test_a_failed_search_says_so_and_the_row_stays(recording):
    (request,) = trim_requests(recording)
    fail(recording, request.id, "VideoError", "it is damaged there.")
    dive = recording.session.current
    assert (dive.state, dive.searching, dive.problem) == (DiveState.NEEDS_TRIM, False, "it is damaged there.")
    assert "damaged" in recording.window.messages.text


def parsed(studio, qtbot, path, folder, refusal):
    """A dive of known number whose clip has been parsed."""
    key = open_queued(studio, qtbot, path, dive_number="207C", board_m=10.0)
    parse = replace(dive_parse(path, studio.session.current.info.n_frames), refusal=refusal)
    answer_dive(studio, folder, parse=parse)
    return key


def test_a_clip_that_is_no_dive_may_be_overruled(idle_studio, qtbot, small_video, tmp_path):
    session, window = idle_studio.session, idle_studio.window
    parsed(idle_studio, qtbot, small_video, tmp_path, "No take-off was found: let it begin earlier.")
    assert not requests(idle_studio)  # no score is asked for
    assert "No take-off" in reads(window.score.refusal)
    assert window.score.refusal.isVisible()
    assert not window.messages.text  # it is said beside the score already
    window.score.refusal.overrule.click()
    (request,) = requests(idle_studio)
    assert isinstance(request, ScoreRequest)
    answer_dive(idle_studio, tmp_path, scoring())
    assert session.current.analysis.scoring is not None
    assert "Scored anyway" in reads(window.score.refusal)
    session.editing.edits.undo()
    assert session.current.analysis.scoring is None
    assert "No take-off" in reads(window.score.refusal)


def test_in_a_refused_clip_the_dive_is_found_by_one_click(idle_studio, qtbot, small_video, tmp_path):
    session, window = idle_studio.session, idle_studio.window
    key = parsed(idle_studio, qtbot, small_video, tmp_path, "No entry was found: let it end later.")
    window.score.refusal.find.click()
    assert not window.score.refusal.find.isVisible()
    assert window.player.progress.isVisible()
    answer(
        idle_studio, DiveSegment(in_frame=10, first_flight_frame=30, first_entry_frame=60, out_frame=90, confidence=1)
    )
    assert (session.current.in_frame, session.current.out_frame) == (10, 90)
    assert session.current.state is DiveState.QUEUED  # what was found is analysed
    assert window.player.proposals.text == "The dive was trimmed as proposed."
    session.edits.active.undo()
    assert (session.current.in_frame, session.current.out_frame) == (None, None)
    session.edits.active.redo()
    assert session.dive(key).in_frame == 10

    session.cancel(key)
    session.trimming.find(key, use=True)
    answer(idle_studio)  # none this time
    assert session.dive(key).in_frame == 10
