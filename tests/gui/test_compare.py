"""Two dives side by side: an exemplar or another dive of the session, aligned in three ways."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers_kit import answer_dive, scoring
from history_kit import made_dive, row
from made_analysis import made_motion
from platforms import ON_WINDOWS
from PySide6.QtCore import Qt

from fineparser_core.diving.judging import Judging
from fineparser_core.records import Measure
from fineparser_core.video.alignment import Alignment, OffsetAlignment
from fineparser_gui.session.dive import DiveState
from fineparser_gui.session.drawings import LINE, Drawing


@pytest.fixture
def two_dives(idle_studio, qtbot, make_video, tmp_path):
    """Keys of two analysed dives of different length; the first one is shown."""
    session = idle_studio.session
    paths = [make_video(tmp_path / "first.mp4", 120), make_video(tmp_path / "second.mp4", 100)]
    session.open(paths, dive_number="207C", board_m=10.0)
    qtbot.waitUntil(lambda: len(session.keys) == 2)
    for key in session.keys:
        session.select(key)
        qtbot.waitUntil(lambda key=key: key in session.analyses.tasks)
        answer_dive(idle_studio, tmp_path, None, scoring())
        assert session.dive(key).state is DiveState.READY
    session.select(session.keys[0])
    return session.keys


@pytest.fixture
def beside(idle_studio, qtbot, two_dives):
    """The player, with the second dive beside the first."""
    session, player = idle_studio.session, idle_studio.window.player
    found = next(one for one in session.comparing.candidates() if one.key == two_dives[1])
    session.comparing.show(found)
    qtbot.waitUntil(lambda: player.panes[1].info is not None)
    return player


def test_the_dives_to_compare_with_are_seen_and_a_click_shows_one(idle_studio, qtbot, two_dives, monkeypatch):
    session, window = idle_studio.session, idle_studio.window
    exemplars = session.library.exemplars[:3]
    bare = replace(exemplars[1], clip_path=Path(), synthetic=False, dive_number="109C")
    known = {one.id: one for one in (exemplars[0], bare)}
    monkeypatch.setattr(session.library, "find", known.get)
    monkeypatch.setattr(session.library, "exemplar", known.get)
    first = session.current
    votes = [replace(vote, id=id_) for vote, id_ in zip(first.votes, known, strict=True)]
    scored = replace(first.model_analysis, scoring=replace(scoring(), exemplars=tuple(votes)))
    for key in two_dives:
        session.update(key, athlete="Anna")
    session.update(first.key, model_analysis=scored, analysis=scored)
    view = window.strip.view
    qtbot.waitUntil(lambda: view.count() == 3)
    awards = [view.item(row).text().split("\n") for row in range(3)]
    assert [len(one) for one in awards].count(2) == 1  # one is the best
    assert [award[0].endswith("◇") for award in awards] == [False, False, True]  # own, real, rendered
    assert [one.key or one.exemplar_id for one in window.strip._listed] == [two_dives[1], bare.id, exemplars[0].id]
    qtbot.waitUntil(lambda: known.keys() <= window.strip._pictures.keys())
    assert all(not view.item(row).icon().isNull() for row in range(3))
    view.itemActivated.emit(view.item(1))  # a dive without a clip
    pane = window.player.panes[1]
    assert pane.isVisible()
    assert not pane.canvas.image.isNull()
    assert not window.messages.isVisible()
    session.comparing.show(window.strip._listed[0])
    qtbot.waitUntil(lambda: pane.info is not None)
    session.comparing.end()


def test_offsets_keep_both_in_real_time():
    slow, fast = np.arange(50) / 25, np.arange(200) / 50
    alignment = OffsetAlignment(10, 40, slow, fast)
    assert [alignment.map_frame(frame) for frame in (10, 11, 9, 0)] == [40, 42, 38, 20]
    assert alignment.map_frame(49) == 118
    assert OffsetAlignment(49, 0, slow, fast).map_frame(0) == 0


def test_another_dive_of_the_session_aligned_in_three_ways(idle_studio, beside, two_dives):
    session, transport = idle_studio.session, idle_studio.window.transport
    mine, other = (session.dive(key).analysis.parse.steps for key in two_dives)
    assert beside.panes[1].isVisible()
    assert beside.panes[1].canvas.track is not None
    assert session.comparing.alignment is Alignment.COME_OUT  # as no contact is known of these
    session.comparing.align(Alignment.STEPS)
    for step in range(3):
        transport.seek(mine[step].start_frame)
        assert beside.panes[1].frame == other[step].start_frame
    session.comparing.align(Alignment.TAKE_OFF)
    transport.seek(mine[1].start_frame + 7)
    assert beside.panes[1].frame == other[1].start_frame + 7
    idle_studio.window.actions_by_id["other_forward"].trigger()
    assert session.comparing.alignment is Alignment.MANUAL
    assert beside.panes[1].frame == other[1].start_frame + 8
    transport.seek(mine[1].start_frame + 17)
    assert beside.panes[1].frame == other[1].start_frame + 18


def test_a_line_is_drawn_on_the_dive_beside_and_stays_with_it(idle_studio, beside, two_dives, qtbot):
    session, actions = idle_studio.session, idle_studio.window.actions_by_id
    canvas = beside.panes[1].canvas
    qtbot.waitUntil(lambda: canvas.shown_frame == beside.panes[1].frame)
    canvas.repaint()
    actions["draw_line"].trigger()
    for x_px, y_px in ((10, 10), (30, 40)):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.to_widget(x_px, y_px).toPoint())
    (line,) = session.dive(two_dives[1]).drawings
    assert line.frame == beside.panes[1].frame
    assert session.current.drawings == ()
    assert beside.drawing.tool is None  # on neither video
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.to_widget(20, 25).toPoint())
    assert beside.drawing.selected == line
    assert actions["delete_drawing"].isEnabled()
    actions["delete_drawing"].trigger()
    assert session.dive(two_dives[1]).drawings == ()
    actions["undo"].trigger()
    assert session.dive(two_dives[1]).drawings == (line,)
    assert session.current.key == two_dives[0]
    session.comparing.end()
    assert beside.drawing.layers[1].drawings == ()


def _write_a_note(studio, qtbot, place, text):
    """Leaves the field open, with the cursor in it."""
    canvas = studio.window.player.canvases()[place]
    qtbot.waitUntil(lambda: canvas.shown_frame is not None)
    canvas.repaint()
    studio.window.actions_by_id["draw_note"].trigger()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.to_widget(10, 10).toPoint())
    qtbot.keyClicks(studio.window.player.drawing.layers[place]._editor, text)


def test_a_note_being_typed_stays_with_its_dive_when_another_one_is_shown(idle_studio, two_dives, qtbot):
    session, drawing = idle_studio.session, idle_studio.window.player.drawing
    first, second = two_dives
    lines = [Drawing(kind=LINE, frame=3, points=((1.0, 2.0), (30.0, end))) for end in (40.0, 20.0)]
    for key, line in zip(two_dives, lines, strict=True):
        session.drawing_edits.draw(key, (line,), "drawing a line")
    session.select(first)
    _write_a_note(idle_studio, qtbot, 0, "knees")
    session.select(second)
    assert session.current.key == second  # the note does not bring its dive back
    line, note = session.dive(first).drawings
    assert (line, note.text) == (lines[0], "knees")
    assert session.dive(second).drawings == (lines[1],)
    qtbot.waitUntil(lambda: drawing.drawings == (lines[1],))
    session.select(first)
    idle_studio.window.actions_by_id["undo"].trigger()
    assert session.current.drawings == (line,)
    idle_studio.window.actions_by_id["redo"].trigger()
    assert session.current.drawings == (line, note)
    _write_a_note(idle_studio, qtbot, 0, "toes")
    session.remove(first)  # and no error
    assert session.dive(second).drawings == (lines[1],)


@pytest.mark.parametrize(("ways", "mirrored"), [((60, -60), True), ((60, 60), False), ((60, -1), False)])
def test_a_dive_the_other_way_is_mirrored_by_itself(idle_studio, two_dives, ways, mirrored):
    session = idle_studio.session
    for key, across in zip(two_dives, ways, strict=True):
        analysis = session.dive(key).analysis
        motion = replace(made_motion(), velocity=(float(across), 0.0))
        turned = replace(analysis, parse=replace(analysis.parse, motion=motion))
        session.update_analysis(key, model_analysis=turned)
    session.comparing.show(next(one for one in session.comparing.candidates() if one.key == two_dives[1]))
    assert session.comparing.mirrored is mirrored
    session.comparing.mirror(not mirrored)
    session.update(two_dives[1], note="looked at")
    assert session.comparing.mirrored is not mirrored, "the coach's choice stays"


def test_one_side_is_mirrored_with_all_that_lies_on_it(idle_studio, beside, two_dives, qtbot):
    session, actions, canvas = idle_studio.session, idle_studio.window.actions_by_id, beside.panes[1].canvas
    qtbot.waitUntil(lambda: canvas.shown_frame == beside.panes[1].frame)
    plain = canvas.image.copy()
    at = canvas.to_widget(10, 20)
    actions["mirror_other"].trigger()
    assert canvas.image == plain.flipped(Qt.Orientation.Horizontal)
    assert canvas.to_widget(10, 20) != at
    assert canvas.to_widget(54, 20).x() == pytest.approx(at.x())  # the picture is 64 pixels wide
    assert canvas.to_source(canvas.to_widget(10, 20)) == pytest.approx((10, 20))
    assert not beside.pane.canvas.mirrored
    assert session.comparing.other.mirrored  # as exports show it
    assert session.comparing.compared(session.comparing.sides[1]).mirrored
    assert actions["mirror_other"].isChecked()
    actions["mirror_other"].trigger()
    assert canvas.image == plain


def test_the_ghost_is_shown_over_this_dive_and_exported_with_it(idle_studio, beside):
    canvas, session = beside.panes[0].canvas, idle_studio.session
    idle_studio.window.transport.seek(40)
    action = idle_studio.window.actions_by_id["ghost"]
    before = canvas.grab().toImage()
    action.trigger()
    assert session.comparing.ghost
    assert canvas.grab().toImage() != before
    other = session.comparing.other
    session.comparing.end()
    assert canvas._ghost is None
    assert other.masks is not None


def test_measures_of_both_dives_and_what_differs(idle_studio, beside, two_dives, monkeypatch):
    session = idle_studio.session
    rise = Measure(name="flight_time", value=0.9, unit="s", uncertainty=0.03, frame=1, step="flight")
    lean = Measure(name="rotation", value=1.5, unit="turns/s", uncertainty=0.1, frame=1, step="flight")
    found = {two_dives[0]: (rise, lean), two_dives[1]: (replace(rise, value=0.96), replace(lean, value=1.6))}
    monkeypatch.setattr(session.comparing.dives, "measures", lambda one: found[one.key])
    window = idle_studio.window
    session.comparing.changed.emit()
    shown = beside.measures.isVisible()
    window.actions_by_id["compared_measures"].trigger()
    assert beside.measures.isVisible() is not shown
    if shown:
        window.actions_by_id["compared_measures"].trigger()
    table = beside.measures.table
    assert [table.item(0, column).text() for column in (1, 2)] == ["0.9 s", "1.0 s"]
    assert "0.90 ± 0.03 s\n0.96 ± 0.03 s (+0.06 ± 0.04 s: clear)" in table.item(0, 0).toolTip()
    assert [table.item(row, 0).font().bold() for row in range(2)] == [True, False]
    assert "(+0.10 ± 0.14 somersaults/s: within uncertainty)" in table.item(1, 0).toolTip()
    found[two_dives[1]] = ()
    session.comparing.changed.emit()
    assert "not measured" in table.item(0, 0).toolTip()
    assert table.item(0, 2).text() == "–"
    session.comparing.end()
    assert not beside.measures.isVisible()


def test_one_click_compares_with_the_last_dive_of_the_number(idle_studio, two_dives, qtbot):
    session, window = idle_studio.session, idle_studio.window
    first, second = two_dives
    for key, day, awards in ((first, "2026-05-02", (5.0,)), (second, "2026-05-01", (7.0,))):
        session.editing.set_athlete(key, "Anna")
        session.editing.set_day(key, day)
        session.editing.set_judging(key, Judging(awards=awards))
    (last,) = session.comparing.dives.attempts()
    assert (last.key, last.title.startswith("Last time: Anna · 207C")) == (second, True)
    comparing = session.comparing
    assert comparing.last_time(session.dive(first)).path == session.dive(second).path
    assert comparing.last_time(session.dive(second)) is None  # the other one came later
    assert comparing.last_time(replace(session.dive(first), note="a copy")) is not None
    assert comparing.last_time(replace(session.dive(first), athlete=" ")) is None
    window.actions_by_id["compare"].trigger()
    assert session.comparing.sides[1].key == second
    session.comparing.end()
    session.editing.set_athlete(second, "Mia")
    assert session.comparing.dives.attempts() == []
    listed = session.comparing.candidates()
    rendered = [one.title.endswith("(drawn by the program)") for one in listed]
    assert rendered == sorted(rendered)


def test_a_dive_of_the_history_is_compared(make_studio, qtbot, make_video, tmp_path):
    studio = make_studio()
    session = studio.session
    path = make_video(tmp_path / "past.mp4", 100)
    past = made_dive(path=path, first_frame=5, last_frame=90, transitions=(30, 60), athlete="Anna", title="past")
    session.history.write(lambda store: store.keep([row(past)]))
    session.open([make_video(tmp_path / "here.mp4", 60)])
    qtbot.waitUntil(lambda: session.current is not None and session.current.info is not None)
    (found,) = session.comparing.dives.search("anna past", session.comparing.candidates())
    session.comparing.show(found)
    assert [step.start_frame for step in session.comparing.other.steps] == [5, 30, 60]
    qtbot.waitUntil(lambda: studio.window.player.panes[1].info is not None)
    if not ON_WINDOWS:  # where a video that is shown cannot be deleted
        path.unlink()
        with qtbot.waitSignal(session.problem):
            assert session.comparing.compared(found) is None
