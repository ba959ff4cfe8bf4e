"""One click on the diver where another person was followed: by mouse and keys, undone, kept, taken back."""

import pytest
from answers_kit import activate, fail, open_scored, request_of, requests
from PySide6.QtCore import QPointF, Qt

from fineparser_core.records import AthletePoint
from fineparser_gui.session.dive import DiveState
from fineparser_gui.worker.protocol import ParseRequest

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def scored(idle_studio, qtbot, small_video, tmp_path):
    """The window with a scored dive, its picture on the canvas and the keyboard in it."""
    open_scored(idle_studio, qtbot, small_video, tmp_path)
    canvas = idle_studio.window.player.pane.canvas
    qtbot.waitUntil(lambda: canvas.shown_frame is not None)
    activate(qtbot, idle_studio.window)
    canvas.setFocus()
    return idle_studio


def canvas_of(studio):
    return studio.window.player.pane.canvas


def asked(studio):
    return requests(studio, ParseRequest)


def point_by_mouse(studio, qtbot, x, y):
    studio.window.actions_by_id["point_at_diver"].trigger()
    qtbot.mouseClick(canvas_of(studio), LEFT, pos=canvas_of(studio).to_widget(x, y).toPoint())


def test_a_click_on_the_diver_analyses_again_from_there_and_is_undone(scored, qtbot):
    session = scored.session
    first = session.current.parse_id
    scored.window.transport.seek(12)
    qtbot.waitUntil(lambda: canvas_of(scored).shown_frame == 12)
    point_by_mouse(scored, qtbot, 40, 30)
    (request,) = asked(scored)
    assert request.point == AthletePoint(frame=12, x=pytest.approx(40, abs=0.3), y=pytest.approx(30, abs=0.3))
    assert request.kept_as != first
    assert not scored.window.player.pointing.active
    scored.window.actions_by_id["undo"].trigger()
    assert session.current.point is None
    (request,) = asked(scored)
    assert request.point is None
    scored.window.actions_by_id["redo"].trigger()
    assert session.current.point.frame == 12
    session.editing.point_at(session.current.key, None)
    assert session.current.point is None
    assert session.edits.active.undo_text == "taking back the point on the diver"


def test_the_keys_move_a_crosshair_and_enter_takes_it(scored, qtbot):
    canvas, frame = canvas_of(scored), scored.window.transport.frame
    expected = canvas.to_source(QPointF(canvas.rect().center()) + QPointF(10, -1))
    qtbot.keyClick(canvas, Qt.Key.Key_G)
    assert "Click on the diver" in canvas.accessibleDescription()
    qtbot.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert scored.window.transport.frame == frame
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    point = scored.session.current.point
    assert (point.x, point.y) == pytest.approx(expected, abs=0.06)
    assert canvas.accessibleDescription() == ""
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert scored.window.transport.frame == frame + 1


def test_esc_a_drawing_and_a_click_beside_the_picture_take_no_point(scored, qtbot):
    canvas, player, actions = canvas_of(scored), scored.window.player, scored.window.actions_by_id
    qtbot.keyClick(canvas, Qt.Key.Key_G)
    plain = canvas.layer
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not player.pointing.active
    assert canvas.layer is not plain
    actions["point_at_diver"].trigger()
    actions["draw_line"].trigger()
    assert not player.pointing.active
    assert player.drawing.tool is not None
    actions["point_at_diver"].trigger()
    assert player.drawing.tool is None
    picture = canvas.picture_rect()
    beside = QPointF(0, picture.center().y()) if picture.left() >= 1 else QPointF(picture.center().x(), 0)
    qtbot.mouseClick(canvas, LEFT, pos=beside.toPoint())
    assert player.pointing.active
    actions["point_at_diver"].trigger()
    assert not player.pointing.active
    assert scored.session.current.point is None


def test_a_point_that_is_trimmed_off_is_not_used(scored):
    session, key = scored.session, scored.session.current.key
    session.editing.point_at(key, AthletePoint(frame=3, x=10.0, y=10.0))
    session.editing.set_range(key, 10, None)
    (request,) = asked(scored)
    assert request.point is None
    session.edits.active.undo()
    (request,) = asked(scored)
    assert request.point.frame == 3


def test_a_point_on_nobody_is_told_and_undone(scored, qtbot):
    session = scored.session
    point_by_mouse(scored, qtbot, 5, 5)
    fail(scored, request_of(scored, session.current.key), "ConfigError", "Nothing moves near the point 5, 5.")
    assert session.current.state is DiveState.FAILED
    assert session.current.problem.startswith("Nothing moves")
    scored.window.actions_by_id["undo"].trigger()
    assert session.current.state is DiveState.QUEUED
