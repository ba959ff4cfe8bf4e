"""Lines, arrows, notes …: their geometry, the mouse that draws them, and the dive that keeps them."""

import numpy as np
import pytest
from answers_kit import activate
from PySide6.QtCore import QPointF, Qt

from fineparser_core.support.codec import from_json
from fineparser_gui.player.drawing_layer import NoteEditor
from fineparser_gui.session.dive import DiveState
from fineparser_gui.session.drawings import (
    ARROW,
    FREEHAND,
    MARK_COLORS,
    MOST_POINTS,
    NOTE,
    Drawing,
    marked_frames,
    simplified,
    to_dict,
    visible_marks,
)
from fineparser_gui.session.session_file import read_session, write_session

TIMES_S = np.arange(120) / 30
LEFT = Qt.MouseButton.LeftButton


def test_a_drawing_shows_from_one_frame_to_another():
    drawing = Drawing(kind=ARROW, frame=50, last_frame=60, points=((1, 2), (8, 9)))
    assert [frame for frame in range(120) if visible_marks([drawing], frame, TIMES_S)] == list(range(47, 64))
    assert [drawing.nearest_frame(frame) for frame in (3, 55, 90)] == [50, 55, 60]
    assert marked_frames([drawing]) == {50, 60}
    assert from_json(to_dict(drawing), Drawing) == drawing
    assert "last_frame" not in to_dict(drawing.shown(7, 7))  # as older versions wrote them


def test_a_freehand_line_is_moved_whole():
    line = Drawing(kind=FREEHAND, frame=0, points=((0, 0), (5, 9), (20, 0)))
    assert line.point_near((5, 9), 10) is None
    assert line.moved(1, 2).points == ((1, 2), (6, 11), (21, 2))


def test_a_freehand_line_keeps_the_points_that_it_needs():
    straight = [(float(x), 0.3 * (x % 2)) for x in range(200)]
    assert simplified(straight, 1.0) == (straight[0], straight[-1])
    turns = np.linspace(0, 2 * np.pi, 400)
    circle = [(float(100 * np.cos(turn)), float(100 * np.sin(turn))) for turn in turns]
    kept = simplified(circle, 1.0)
    assert 12 < len(kept) < 40
    assert {kept[0], kept[-1]} == {circle[0], circle[-1]}
    wild = [(float(x), 50.0 * (x % 2)) for x in range(2000)]
    assert len(simplified(wild, 1.0)) <= MOST_POINTS


@pytest.fixture
def drawn(idle_studio, qtbot, small_video):
    """The window with a clip, its picture on the canvas."""
    idle_studio.session.open([small_video])
    session, player = idle_studio.session, idle_studio.window.player
    qtbot.waitUntil(lambda: session.current is not None and session.current.state is DiveState.QUEUED)
    qtbot.waitUntil(lambda: player.pane.info is not None and player.pane.canvas.shown_frame is not None)
    return idle_studio


def _at(canvas, x_px, y_px):
    return canvas.to_widget(x_px, y_px).toPoint()


def _drag(qtbot, canvas, start, end):
    qtbot.mousePress(canvas, LEFT, pos=start)
    qtbot.mouseMove(canvas, (start + end) / 2)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, LEFT, pos=end)


def _trigger(studio, name):
    studio.window.actions_by_id[name].trigger()


def test_an_end_of_a_line_is_moved_and_its_middle_moves_all_of_it(drawn, qtbot):
    session, canvas = drawn.session, drawn.window.player.pane.canvas
    canvas.repaint()
    _trigger(drawn, "draw_line")
    _drag(qtbot, canvas, _at(canvas, 10, 10), _at(canvas, 30, 40))
    (line,) = session.current.drawings
    _drag(qtbot, canvas, _at(canvas, 30, 40), _at(canvas, 50, 40))  # its end
    assert np.ravel(session.current.drawings[0].points) == pytest.approx([10, 10, 50, 40], abs=0.3)
    _drag(qtbot, canvas, _at(canvas, 30, 25), _at(canvas, 33, 28))  # its middle: all of it
    assert np.ravel(session.current.drawings[0].points) == pytest.approx([13, 13, 53, 43], abs=0.5)
    for _ in range(2):
        _trigger(drawn, "undo")
    assert session.current.drawings == (line,)


def test_a_line_is_dragged_shown_over_a_range_moved_and_deleted(drawn, qtbot, tmp_path):
    session, window = drawn.session, drawn.window
    canvas, layer = window.player.pane.canvas, window.player.drawing.layers[0]
    plain = canvas.grab().toImage()
    _trigger(drawn, "draw_freehand")
    _drag(qtbot, canvas, _at(canvas, 10, 10), _at(canvas, 30, 40))
    (made,) = session.current.drawings
    assert (made.kind, made.frame, made.last_frame) == (FREEHAND, 0, None)
    assert made.points[-1] == pytest.approx((30, 40), abs=0.2)
    assert window.player.drawing.tool is None
    assert canvas.grab().toImage() != plain
    assert layer.selected == made
    window.transport.seek(12)
    qtbot.waitUntil(lambda: canvas.shown_frame == 12)
    bare = canvas.grab().toImage()
    _trigger(drawn, "drawing_to_here")
    shown = session.current.drawings[0]
    assert (shown.frame, shown.last_frame) == (0, 12)
    assert canvas.grab().toImage() != bare
    window.transport.seek(5)
    qtbot.waitUntil(lambda: canvas.shown_frame == 5)
    canvas.repaint()
    _trigger(drawn, "drawing_from_here")
    assert (session.current.drawings[0].frame, session.current.drawings[0].end_frame) == (5, 12)
    write_session(session.snapshot(), tmp_path / "a.fineparser")
    (saved,) = read_session(tmp_path / "a.fineparser").dives[0].drawings
    assert (saved.kind, saved.frame, saved.last_frame) == (FREEHAND, 5, 12)
    assert np.ravel(saved.points) == pytest.approx(np.ravel(made.points), abs=0.01)
    _drag(qtbot, canvas, _at(canvas, 20, 25), _at(canvas, 26, 28))
    moved = np.subtract(session.current.drawings[0].points, made.points)
    assert np.ravel(moved) == pytest.approx(np.tile([6, 3], len(made.points)), abs=0.5)
    _trigger(drawn, "delete_drawing")
    assert session.current.drawings == ()
    for _ in range(5):
        _trigger(drawn, "undo")
    assert session.current.drawings == ()
    _trigger(drawn, "redo")
    assert session.current.drawings == (made,)


def test_an_angle_takes_three_clicks_and_esc_gives_up(drawn, qtbot):
    session, canvas = drawn.session, drawn.window.player.pane.canvas
    canvas.repaint()
    _trigger(drawn, "draw_angle")
    qtbot.mouseClick(canvas, LEFT, pos=_at(canvas, 10, 10))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert drawn.window.player.drawing.tool is None
    _trigger(drawn, "draw_angle")
    for x_px, y_px in ((10, 20), (30, 20), (30, 40)):
        qtbot.mouseClick(canvas, LEFT, pos=_at(canvas, x_px, y_px))
        canvas.repaint()
    (angle,) = session.current.drawings
    assert angle.degrees == pytest.approx(90, abs=1)


def editor(canvas):
    return next((one for one in canvas.findChildren(NoteEditor) if one.isVisible()), None)


def test_a_note_is_written_on_the_picture_changed_and_emptied_away(drawn, qtbot):
    session, player = drawn.session, drawn.window.player
    canvas = player.pane.canvas
    _trigger(drawn, "draw_note")
    qtbot.mouseClick(canvas, LEFT, pos=_at(canvas, 20, 20))
    qtbot.keyClicks(editor(canvas), "knees, J")
    qtbot.keyClick(editor(canvas), Qt.Key.Key_Return)
    (note,) = session.current.drawings
    assert (note.kind, note.text) == (NOTE, "knees, J")
    assert editor(canvas) is None
    canvas.repaint()
    qtbot.mouseDClick(canvas, LEFT, pos=_at(canvas, 20, 20))
    editor(canvas).selectAll()
    qtbot.keyClick(editor(canvas), Qt.Key.Key_Delete)
    qtbot.keyClick(editor(canvas), Qt.Key.Key_Return)
    assert session.current.drawings == ()
    _trigger(drawn, "undo")
    assert session.current.drawings == (note,)


def test_full_screen_shows_the_player_alone_and_keeps_the_keys(drawn, qtbot):
    window = drawn.window
    window.actions_by_id["full_screen"].trigger()
    assert window.isFullScreen()
    assert not window.dives.isVisible()
    assert not window.menuBar().isVisible()
    assert window.player.isVisible()
    activate(qtbot, window)
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.transport.frame == 1
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.dives.isVisible()
    assert window.menuBar().isVisible()
    assert not window.actions_by_id["full_screen"].isChecked()


def _press(qtbot, canvas, *keys, shift=False):
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    for key in keys:
        qtbot.keyClick(canvas, key, modifier)


@pytest.fixture
def keyed(drawn, qtbot):
    """The window with the focus on its picture, so that shortcuts hold as for a user; the picture."""
    activate(qtbot, drawn.window)
    canvas = drawn.window.player.pane.canvas
    qtbot.mouseMove(drawn.window.menuBar())  # a drawing begins where the mouse is over the picture
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    canvas.repaint()
    return canvas


def test_a_line_is_drawn_moved_and_deleted_with_the_keys(drawn, keyed, qtbot):
    session, window, layer = drawn.session, drawn.window, drawn.window.player.drawing.layers[0]
    _press(qtbot, keyed, Qt.Key.Key_Right)
    assert window.transport.frame == 1  # nothing is begun or selected
    qtbot.waitUntil(lambda: keyed.shown_frame == 1)
    plain = keyed.grab().toImage()
    _press(qtbot, keyed, Qt.Key.Key_D)
    assert keyed.grab().toImage() != plain
    start = keyed.rect().center()
    _press(qtbot, keyed, Qt.Key.Key_Return)
    _press(qtbot, keyed, Qt.Key.Key_Right, Qt.Key.Key_Down, shift=True)
    _press(qtbot, keyed, Qt.Key.Key_Right)
    assert "Line: other end" in keyed.accessibleDescription()
    _press(qtbot, keyed, Qt.Key.Key_Return)
    (line,) = session.current.drawings
    ends = [keyed.to_widget(*point) for point in line.points]
    assert (ends[0] - QPointF(start)).manhattanLength() < 0.1
    assert (ends[1] - ends[0] - QPointF(11, 10)).manhattanLength() < 0.1
    assert window.transport.frame == 1
    assert layer.selected == line
    _press(qtbot, keyed, Qt.Key.Key_Up, Qt.Key.Key_Up)
    _press(qtbot, keyed, Qt.Key.Key_Return)  # takes its first end
    _press(qtbot, keyed, Qt.Key.Key_Left, shift=True)
    moved = [keyed.to_widget(*point) for point in session.current.drawings[0].points]
    assert (moved[0] - ends[0] - QPointF(-10, -2)).manhattanLength() < 0.1
    assert (moved[1] - ends[1] - QPointF(0, -2)).manhattanLength() < 0.1
    _trigger(drawn, "undo")  # all of the moves at once
    assert session.current.drawings == (line,)
    _press(qtbot, keyed, Qt.Key.Key_Tab)
    assert "off vertical" in keyed.accessibleDescription()
    _press(qtbot, keyed, Qt.Key.Key_Delete)
    assert session.current.drawings == ()
    _press(qtbot, keyed, Qt.Key.Key_Right)
    assert window.transport.frame == 2


def test_thickness_and_color_are_those_of_the_last_drawing(drawn, qtbot):
    session, canvas = drawn.session, drawn.window.player.pane.canvas
    canvas.repaint()
    _trigger(drawn, "draw_line")
    _drag(qtbot, canvas, _at(canvas, 10, 10), _at(canvas, 10, 40))
    for thickness in (2, 3, 1):
        _trigger(drawn, "thickness")
        assert session.current.drawings[0].thickness == thickness
    _trigger(drawn, "thickness")
    assert from_json(to_dict(session.current.drawings[0]), Drawing).thickness == 2
    _trigger(drawn, "color")
    _trigger(drawn, "draw_line")
    _drag(qtbot, canvas, _at(canvas, 40, 10), _at(canvas, 50, 40))
    line = from_json(to_dict(session.current.drawings[1]), Drawing)
    assert (line.thickness, line.color) == (2, "red")  # as the last
    swatch = drawn.window.actions_by_id["color"].icon().pixmap(8, 8).toImage().pixelColor(4, 4)
    assert swatch.name() == MARK_COLORS["red"]
