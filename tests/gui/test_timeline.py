"""The timeline: its view, its handles under the mouse and the keys, its pictures and proposals."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from answers_kit import activate, answer_dive, open_queued
from mouse_kit import drag_from, transition_point, turn_wheel
from PySide6.QtCore import Qt

from fineparser_core.scoring.rescore import correct_contact
from fineparser_gui.session.correction import frames_of
from fineparser_gui.session.dive import DiveState
from fineparser_gui.timeline.handles import IN, OUT
from fineparser_gui.timeline.thumbnails import grid
from fineparser_gui.timeline.time_plot import TimeAxis, TimePlot


def test_pictures_lie_on_a_grid_that_zooming_refines():
    frames = grid((0, 200), 5, 60, 200)
    assert frames == list(range(0, 200, 12))
    closer = grid((100, 202.4), 10, 60, 200)
    assert closer == list(range(96, 200, 6))
    assert set(frames[8:]) <= set(closer)


@pytest.fixture
def parsed(idle_studio, qtbot, small_video, tmp_path):
    """A dive of 120 frames with its steps, without a number."""
    open_queued(idle_studio, qtbot, small_video)
    idle_studio.answer_parse = partial(answer_dive, idle_studio, tmp_path)
    idle_studio.answer_parse()
    return idle_studio


def test_the_ends_of_the_dive_are_dragged_and_its_steps_wait_for_the_analysis(parsed):
    session, timeline = parsed.session, parsed.window.player.timeline
    drag_from(timeline, transition_point(timeline, IN), 10, let_go=False)
    assert session.current.in_frame is None  # a draft, until it is let go
    assert parsed.window.transport.frame == 10
    drag_from(timeline, transition_point(timeline, IN), 1)
    dive = session.current
    assert (dive.in_frame, dive.out_frame, dive.state) == (11, None, DiveState.QUEUED)
    assert timeline.content.stale
    assert "pending" in timeline.accessibleDescription()
    assert "dive from frame 11 to 119" in timeline.accessibleDescription()
    parsed.answer_parse()
    assert not timeline.content.stale
    drag_from(timeline, transition_point(timeline, OUT), -20)
    assert (session.current.in_frame, session.current.out_frame) == (11, 99)
    session.editing.edits.undo()
    session.editing.edits.undo()
    assert (session.current.in_frame, session.current.out_frame) == (None, None)


def test_two_marks_show_the_time_between_them(parsed):
    timeline, seek = parsed.window.player.timeline, parsed.window.transport.seek
    mark = parsed.window.actions_by_id["mark_span"]
    plain = timeline.prepare().grab().toImage()
    seek(30)
    mark.trigger()
    seek(45)
    assert timeline.span_text == "0.50 s"  # follows the playhead
    mark.trigger()
    seek(90)
    assert timeline.span_text == "0.50 s"
    assert "between the marks 0.50 s" in timeline.accessibleDescription()
    seek(0)
    assert timeline.prepare().grab().toImage() != plain
    mark.trigger()
    assert timeline.span_text == ""
    assert not timeline.prepare()._span.isVisible()


def test_an_end_keeps_the_frames_that_an_analysis_needs(parsed):
    session, timeline = parsed.session, parsed.window.player.timeline
    drag_from(timeline, transition_point(timeline, IN), 115)
    assert session.current.in_frame == 120 - 16
    drag_from(timeline, transition_point(timeline, OUT), 40)  # and stays in the file
    assert session.current.out_frame is None


def test_the_wheel_zooms_at_the_mouse_and_scrolls_with_shift(parsed):
    timeline = parsed.window.player.timeline
    at = transition_point(timeline, 1)
    turn_wheel(timeline, at, 4)
    assert not timeline.prepare().shows_whole
    assert transition_point(timeline, 1).x() == pytest.approx(at.x(), abs=1)  # the mouse is at whole pixels
    left = timeline.prepare().shown[0]
    turn_wheel(timeline, at, -1, shift=True)
    assert timeline.prepare().shown[0] > left
    parsed.window.transport.seek(3)
    assert timeline.prepare().shown[0] <= 3  # the playhead stays in view
    parsed.window.actions_by_id["timeline_all"].trigger()
    assert timeline.prepare().shows_whole


def test_pictures_appear_and_the_file_is_let_go(parsed, qtbot):
    timeline = parsed.window.player.timeline
    timeline.grab()
    qtbot.waitUntil(lambda: len(timeline.thumbnails._images) > 3)
    image = next(iter(timeline.thumbnails._images.values()))
    assert not image.isNull()
    timeline.thumbnails.close()
    assert not timeline.thumbnails._images


@pytest.fixture
def focused(parsed, qtbot):
    """The timeline with the focus, as Tab gives it."""
    activate(qtbot, parsed.window)
    timeline = parsed.window.player.timeline
    assert timeline.focusPolicy() == Qt.FocusPolicy.TabFocus
    timeline.setFocus(Qt.FocusReason.TabFocusReason)
    return timeline


def test_tab_chooses_handles_and_the_arrows_move_them(parsed, focused, qtbot):
    session, transport = parsed.session, parsed.window.transport
    flight, entry = frames_of(session.current.analysis.parse.transitions)
    plain = focused.grab().toImage()
    told = []
    for _ in range(4):
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
        told.append(focused.accessibleDescription().split(",")[0])
    assert told[0] == "In point: frame 0"
    assert told[1] == f"take-off: frame {flight}"
    assert told[2] == f"come-out: frame {entry}"
    assert told[3] == "Out point: frame 119"
    assert focused.grab().toImage() != plain
    qtbot.keyClick(focused, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert transport.frame == entry
    qtbot.keyClick(focused, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(focused, Qt.Key.Key_Left)
    assert session.current.corrected_frames == (flight, entry + 9)
    assert f"come-out: frame {entry + 9}" in focused.accessibleDescription()
    parsed.window.actions_by_id["undo"].trigger()  # both moves at once
    assert session.current.corrected_frames is None
    qtbot.keyClick(focused, Qt.Key.Key_Escape)
    qtbot.keyClick(focused, Qt.Key.Key_Left)
    assert session.current.corrected_frames is None
    assert transport.frame == entry + 8  # the playhead again


def test_an_end_of_the_dive_is_moved_with_the_keys_and_tab_goes_on(parsed, focused, qtbot):
    qtbot.keyClick(focused, Qt.Key.Key_Tab)
    qtbot.keyClick(focused, Qt.Key.Key_Right)
    assert parsed.session.current.in_frame == 1
    for _ in range(5):
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    assert not focused.hasFocus()


def test_a_loop_follows_its_step_and_the_dive(parsed):
    window, session, transport = parsed.window, parsed.session, parsed.window.transport
    flight, entry = frames_of(session.current.analysis.parse.transitions)
    transport.seek(flight)
    window.actions_by_id["loop"].trigger()
    assert transport.loop == (flight, entry - 1)
    window.player.edits.nudge_transition(1, -4)
    assert transport.loop == (flight, entry - 5)
    assert transport.frame == entry - 4  # what was moved is shown, not the loop's beginning
    assert window.actions_by_id["loop"].isChecked()
    window.actions_by_id["undo"].trigger()
    assert transport.loop == (flight, entry - 1)
    window.actions_by_id["loop"].trigger()
    window.player.edits.nudge_transition(1, 1)
    assert transport.loop is None


def test_the_water_contact_is_a_handle_too(parsed, focused, qtbot):
    session, window, timeline = parsed.session, parsed.window, parsed.window.player.timeline
    dive = session.current
    assert not timeline.findChild(TimePlot).lines[2].isVisible()
    window.transport.play()
    for name in ("flight_here", "entry_here", "contact_here", "set_in_point"):  # nobody has seen the frame
        window.transport.play()
        window.actions_by_id[name].trigger()
        assert not window.transport.playing
    assert (session.current.corrected, session.current.in_frame) == (None, None)
    window.transport.seek(90)
    window.actions_by_id["contact_here"].trigger()  # where it was not seen, the coach says it
    assert timeline.findChild(TimePlot).lines[2].value() == 90
    assert "water: frame 90" in timeline.accessibleDescription()
    window.actions_by_id["undo"].trigger()
    assert not timeline.findChild(TimePlot).lines[2].isVisible()
    parse = correct_contact(dive.analysis.parse, 88)
    own = replace(dive.analysis, parse=parse)
    session.update(dive.key, model_analysis=own, analysis=own)
    drag_from(timeline, transition_point(timeline, 2), 4)
    assert session.current.correction.contact_frame == 92
    assert "water: frame 92 · model: 88" in timeline.accessibleDescription()
    assert timeline.findChild(TimePlot).ghosts[2].value() == 88
    for _ in range(4):
        qtbot.keyClick(timeline, Qt.Key.Key_Tab)
    assert window.transport.frame == 92
    qtbot.keyClick(timeline, Qt.Key.Key_Left)
    assert session.current.analysis.parse.first_water_contact_frame == 91
    drag_from(timeline, transition_point(timeline, 2), -60)  # not before the entry
    assert session.current.correction.contact_frame == frames_of(parse.transitions)[1]
    qtbot.waitUntil(window.actions_by_id["reset_corrections"].isEnabled)
    window.actions_by_id["reset_corrections"].trigger()
    assert session.current.correction.contact_frame is None
    assert session.editing.move_transition(dive.key, 1, 95) == 88  # not behind the contact
    assert session.current.analysis.parse.first_water_contact_frame == 88


def test_seconds_lie_where_the_frames_of_uneven_times_are():
    axis = TimeAxis("bottom")
    axis.set_times(np.concatenate([np.arange(50) / 50, 1 + np.arange(26) / 25]))
    ticks = {round(place, 3) for _, places in axis.tickValues(0, 75, 600) for place in places}
    assert {25, 50, 75} <= ticks  # half a second, one and two
    assert axis.tickStrings([0, 50, 75], 1, 0.5) == ["0.0 s", "1.0 s", "2.0 s"]


def test_the_entry_ends_shortly_after_the_water_and_a_dive_that_was_cut_out_is_shown_closely(parsed):
    session, timeline = parsed.session, parsed.window.player.timeline
    dive = session.current
    contact = frames_of(dive.analysis.parse.transitions)[1] + 5
    session.editing.move_transition(dive.key, 2, contact)
    entry = timeline.findChild(TimePlot)._phases[2].getRegion()
    assert contact < entry[1] < dive.info.n_frames
    assert dive.info.pts_s[round(entry[1])] - dive.info.pts_s[contact] == pytest.approx(0.5, abs=1 / dive.info.fps)
    own = session.current.model_analysis
    session.update(dive.key, model_analysis=None, analysis=None)
    assert timeline.prepare().shows_whole
    cut = replace(
        own, parse=replace(own.parse, clip=replace(own.parse.clip, n_cut=(30, 20), in_frame=30, out_frame=99))
    )
    session.update(dive.key, model_analysis=cut, analysis=cut)
    assert not timeline.prepare().shows_whole
    assert timeline.prepare().shown[0] < 30 < 99 < timeline.prepare().shown[1]
