"""Two dives side by side: an exemplar or another dive of the session, aligned in three ways."""

from dataclasses import replace

import numpy as np
import pytest
from answers_kit import answer_dive, scoring
from finding import close_messages
from history_kit import made_dive, row
from platforms import ON_WINDOWS
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from fineparser_core.diving.judging import Judging
from fineparser_core.records import Measure
from fineparser_core.video.alignment import Alignment, OffsetAlignment
from fineparser_gui.compare.bar import CompareBar, CompareButton
from fineparser_gui.dives.dive import DiveState
from fineparser_gui.library.library import LibraryEntry
from fineparser_gui.player.drawing_layer import NoteEditor
from fineparser_gui.player.drawings import LINE, Drawing
from fineparser_gui.score.correction import Correction
from fineparser_gui.store.session_file import read_session, write_session


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
    session.comparing.put(1, found)
    qtbot.waitUntil(lambda: player.panes[1].info is not None)
    return player


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


def test_its_correction_is_followed_and_its_end_ends_the_comparison(idle_studio, beside, two_dives):
    session = idle_studio.session
    session.comparing.align(Alignment.STEPS)
    entry = session.dive(two_dives[1]).analysis.parse.transitions.first_entry_frame
    session.update_analysis(two_dives[1], correction=Correction(transitions=(20, entry)))
    assert session.comparing.others[0].steps[1].start_frame == 20
    idle_studio.window.transport.seek(session.current.analysis.parse.steps[1].start_frame)
    assert beside.panes[1].frame == 20
    session.remove(two_dives[1])
    assert not session.comparing.others
    assert not beside.panes[1].isVisible()


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # lists, of the offscreen platform
def test_what_is_compared_is_picked_from_a_list(idle_studio, beside, two_dives, qtbot):
    bar = idle_studio.window.findChild(CompareBar)
    field = bar.places[1].dives
    assert field.toolTip().startswith("Last time: 207C · second")
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    popup = field.completer().popup()
    assert popup.isVisible()
    assert popup.minimumWidth() > popup.sizeHintForColumn(0)  # "…3.2 points" is not 43.2
    assert len(field.listed) > 20
    qtbot.keyClicks(field, "rendered 107b")  # all words, in any order
    assert field.listed
    assert all("107B" in one.title and "(rendered)" in one.title for one in field.listed)
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert idle_studio.session.comparing.sides[1].exemplar_id is not None
    bar.alignment.activated.emit(bar.alignment.findData(Alignment.TAKE_OFF))
    assert idle_studio.session.comparing.alignment is Alignment.TAKE_OFF
    idle_studio.window.actions_by_id["compare"].trigger()
    assert not idle_studio.session.comparing.others
    assert not bar.isVisible()


def test_a_line_is_drawn_on_the_dive_beside_and_stays_with_it(idle_studio, beside, two_dives, qtbot):
    session, actions = idle_studio.session, idle_studio.window.actions_by_id
    canvas = beside.panes[1].canvas
    qtbot.waitUntil(lambda: canvas.shown_frame is not None)
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


def _pick(field, exemplar_id):
    field.look_for("")
    field.chosen.emit(next(one for one in field.listed if one.exemplar_id == exemplar_id))


def test_the_left_one_is_picked_too_and_changes_sides_with_the_right_one(idle_studio, beside, two_dives):
    session, bar = idle_studio.session, idle_studio.window.findChild(CompareBar)
    right = session.comparing.sides[1]
    bar.places[0].dives.look_for("")
    bar.places[0].dives.chosen.emit(next(one for one in bar.places[0].dives.listed if one == right))
    assert session.current.key == two_dives[1]
    assert session.comparing.sides[1].key == two_dives[0]
    assert beside.pane.isVisible()
    assert beside.panes[1].isVisible()
    assert session.comparing.sides[0].name in beside.pane.canvas.accessibleName()
    session.select(two_dives[0])  # from the list: the dive alone
    assert not session.comparing.others
    assert session.current.title in beside.pane.canvas.accessibleName()


def test_two_dives_of_the_library_side_by_side(idle_studio, beside, two_dives, qtbot):
    session, window, bar = idle_studio.session, idle_studio.window, idle_studio.window.findChild(CompareBar)
    _pick(bar.places[1].dives, "rendered-107B-01")
    _pick(bar.places[0].dives, "rendered-107B-02")
    session.comparing.align(Alignment.STEPS)
    assert session.current is None
    qtbot.waitUntil(lambda: beside.pane.info is not None and beside.panes[1].info is not None)
    left, right = (session.library.exemplar(f"rendered-107B-0{number}") for number in (2, 1))
    assert window.transport.n_frames == beside.pane.info.n_frames
    for name in ("in_frame", "first_flight_frame", "first_entry_frame"):
        window.transport.seek(getattr(left, name))
        assert beside.panes[1].frame == getattr(right, name)
    assert beside.pane.canvas.track is not None
    assert f"flight from frame {left.first_flight_frame}" in beside.timeline.accessibleDescription()
    for action_id in ("flight_here", "set_in_point", "export", "remove"):  # what belongs to a dive of the session
        assert not window.actions_by_id[action_id].isEnabled()
    window.transport.seek(left.first_flight_frame)
    window.actions_by_id["loop"].trigger()
    assert window.transport.loop == (left.first_flight_frame, left.first_entry_frame - 1)
    _pick(bar.places[0].dives, "rendered-207C-01")  # another one
    qtbot.waitUntil(lambda: beside.pane.info is not None)
    assert session.comparing.sides[0].exemplar_id == "rendered-207C-01"
    window.actions_by_id["compare"].trigger()
    assert session.current.key == two_dives[0]
    assert not session.comparing.others
    assert window.transport.n_frames == 120


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # menus, of the offscreen platform
def test_two_rows_of_the_library_are_compared(idle_studio, qtbot):
    session, panel = idle_studio.session, idle_studio.window.library.panel
    idle_studio.window.actions_by_id["library"].trigger()
    entries = [
        LibraryEntry(exemplar=session.library.exemplar(name), own=False, state="ready")
        for name in ("rendered-107B-01", "rendered-207C-01")
    ]
    session.library.entries = tuple(entries)
    session.library.changed.emit()
    panel.table.selectRow(0)
    assert not panel.compare.isEnabled()  # there is nothing to see it beside
    panel.table.selectAll()
    assert panel.compare.text() == "Compare these two"
    panel.table.customContextMenuRequested.emit(panel.table.rect().center())
    menu = QApplication.activePopupWidget()
    action = menu.actions()[0]
    assert action.text() == "Compare these two"
    action.trigger()
    menu.close()
    assert {side.exemplar_id for side in session.comparing.sides} == {entry.exemplar.id for entry in entries}


def test_what_is_drawn_on_dives_of_the_library_stays_with_the_session(idle_studio, beside, two_dives, qtbot, tmp_path):
    session, window, actions = idle_studio.session, idle_studio.window, idle_studio.window.actions_by_id
    session.comparing.show_exemplars("rendered-107B-01", "rendered-207C-01")
    drawn = session.exemplar_drawings
    for canvas in beside.canvases()[:2]:
        qtbot.waitUntil(lambda canvas=canvas: canvas.shown_frame is not None)
        canvas.repaint()
        actions["draw_line"].trigger()
        for x_px, y_px in ((10, 10), (60, 80)):
            qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.to_widget(x_px, y_px).toPoint())
    assert set(drawn) == {"rendered-107B-01", "rendered-207C-01"}
    assert actions["next_drawing"].isEnabled()
    (left,) = drawn["rendered-107B-01"]
    canvas = beside.pane.canvas
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.to_widget(10, 10).toPoint())
    actions["delete_drawing"].trigger()
    assert set(drawn) == {"rendered-207C-01"}
    session.comparing.end()
    actions["undo"].trigger()  # and it is in sight
    assert drawn["rendered-107B-01"] == (left,)
    assert session.comparing.sides[1].exemplar_id == "rendered-107B-01"
    path = tmp_path / "drawn.fineparser"
    write_session(session.snapshot(), path)
    saved = read_session(path)
    (kept,) = saved.exemplar_drawings["rendered-107B-01"]
    assert np.ravel(kept.points) == pytest.approx(np.ravel(left.points), abs=0.01)
    session.clear()
    assert not drawn
    session.restore(saved)
    session.comparing.show_exemplars("rendered-207C-01", "rendered-107B-01")
    qtbot.waitUntil(lambda: beside.panes[1].info is not None)
    assert beside.drawing.layers[1].drawings == (kept,)
    assert window.files.controller.holds_something


def _write_a_note(studio, qtbot, place: int, text: str) -> None:
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
    idle_studio.window.actions_by_id["undo"].trigger()
    assert session.current.key == first
    assert session.current.drawings == (line,)
    idle_studio.window.actions_by_id["redo"].trigger()
    assert session.current.drawings == (line, note)
    _write_a_note(idle_studio, qtbot, 0, "toes")
    session.remove(first)  # and no error
    assert session.dive(second).drawings == (lines[1],)


def test_a_note_being_typed_stays_with_its_exemplar_when_others_are_shown(idle_studio, qtbot):
    session = idle_studio.session
    line = Drawing(kind=LINE, frame=3, points=((1.0, 2.0), (30.0, 40.0)))
    names = ("rendered-107B-01", "rendered-207C-01")
    for name in names:
        session.drawing_edits.draw_on_exemplar(name, (line,), "drawing a line")
    for place, others in ((0, ("rendered-107B-02", names[1])), (1, (names[0], "rendered-107B-02"))):
        session.comparing.show_exemplars(*names)
        _write_a_note(idle_studio, qtbot, place, "knees")
        session.comparing.show_exemplars(*others)
        assert tuple(side.exemplar_id for side in session.comparing.sides) == others
        kept, note = session.exemplar_drawings[names[place]]
        assert (kept, note.text) == (line, "knees")
        assert "rendered-107B-02" not in session.exemplar_drawings


def _fill_library(session, *names: str, **changes) -> None:
    """What the worker tells: these exemplars, the first one with changes."""
    found = [session.library.exemplar(name) for name in names]
    found[0] = replace(found[0], **changes)
    session.library.entries = tuple(LibraryEntry(exemplar=one, own=False, state="ready") for one in found)
    session.library.changed.emit()


def test_a_change_in_the_library_is_followed_on_both_sides(idle_studio, qtbot):
    session, player = idle_studio.session, idle_studio.window.player
    bar = idle_studio.window.findChild(CompareBar)
    left, right = "rendered-107B-01", "rendered-207C-01"
    session.comparing.show_exemplars(left, right)
    _write_a_note(idle_studio, qtbot, 0, "knees")
    qtbot.waitUntil(lambda: player.panes[1].info is not None)
    infos = player.pane.info, player.panes[1].info
    flight = session.library.exemplar(left).first_flight_frame
    _fill_library(session, left, right, score=12.3, first_flight_frame=flight + 2)
    assert "12.3" in bar.places[0].dives.toolTip()
    assert "12.3" in session.comparing.lead.title
    assert session.comparing.lead.steps[1].start_frame == flight + 2
    assert f"flight from frame {flight + 2}" in player.timeline.accessibleDescription()
    _fill_library(session, right, left, score=45.6)
    assert "45.6" in bar.places[1].dives.toolTip()
    assert "45.6" in session.comparing.others[0].title
    assert (player.pane.info, player.panes[1].info) == infos  # neither file was opened again
    assert [one for one in player.pane.canvas.findChildren(NoteEditor) if one.isVisible()]
    with qtbot.assertNotEmitted(session.comparing.changed):
        _fill_library(session, right, left, score=45.6)


def test_a_removed_exemplar_is_compared_no_longer(idle_studio, two_dives):
    session = idle_studio.session
    names = ["rendered-107B-01", "rendered-207C-01"]
    for gone, stays in (names, names[::-1]):
        _fill_library(session, gone, stays, removed_at=None)
        session.comparing.show_exemplars(*names)
        assert session.comparing.others
        _fill_library(session, gone, stays, removed_at="2026-11-28")
        assert not session.comparing.others
        assert session.current.key == two_dives[0]


def test_drawings_are_kept_where_the_session_holds_no_dive(make_studio):
    studio = make_studio()
    session, window, keeping = studio.session, studio.window, studio.session.history.keeping
    session.comparing.show_exemplars("rendered-107B-01", "rendered-207C-01")
    line = Drawing(kind=LINE, frame=3, points=((1.0, 2.0), (30.0, 40.0)))
    session.drawing_edits.draw_on_exemplar("rendered-107B-01", (line,), "drawing")
    assert window.actions_by_id["save_session_as"].isEnabled()
    assert keeping.flush()
    saved, _ = session.history.store.session(keeping.session_id)
    assert saved.exemplar_drawings == {"rendered-107B-01": (line,)}
    window.actions_by_id["undo"].trigger()


def test_undoing_a_drawing_on_an_exemplar_that_is_gone_leaves_what_is_shown_alone(idle_studio, two_dives):
    session, files = idle_studio.session, idle_studio.window.files
    names = ("rendered-107B-01", "rendered-207C-01")
    line = Drawing(kind=LINE, frame=3, points=((1.0, 2.0), (30.0, 40.0)))
    session.drawing_edits.draw_on_exemplar(names[0], (line,), "drawing a line")
    session.comparing.show_exemplar(names[1])
    kept = session.library.entries = tuple(
        LibraryEntry(exemplar=session.library.exemplar(name), own=True, state="ready") for name in names
    )
    session.library.writable = True
    in_bin = replace(kept[0], exemplar=replace(kept[0].exemplar, removed_at="2026-11-28"))
    for there in ((in_bin, kept[1]), kept[1:]):
        session.library.entries = there
        session.library.changed.emit()
        close_messages(
            idle_studio.window.messages
        )  # it tells of the exemplars that voted, which are none of the library
        for action in ("undo", "redo"):
            idle_studio.window.actions_by_id[action].trigger()
            assert session.comparing.sides[1].exemplar_id == names[1]
            assert not idle_studio.window.messages.isVisible()
    assert session.exemplar_drawings == {names[0]: (line,)}
    for key in two_dives:
        session.remove(key)
    assert not files.controller.holds_something  # it was deleted for good
    session.library.entries = (in_bin, kept[1])
    assert files.controller.holds_something  # it can be taken out of the bin
    session.library.writable, session.library.entries = False, ()
    assert files.controller.holds_something  # nobody knows


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
    (other,) = session.comparing.others
    assert other.mirrored  # as exports show it
    assert session.comparing.compared(session.comparing.sides[1]).mirrored
    bar = idle_studio.window.findChild(CompareBar)
    assert bar.places[1].mirror.isChecked()
    bar.places[1].mirror.click()
    assert canvas.image == plain


def test_bodies_lie_over_one_another(idle_studio, beside, two_dives, qtbot):
    session, window, canvas = idle_studio.session, idle_studio.window, beside.pane.canvas
    window.actions_by_id["overlay"].trigger()
    session.comparing.align(Alignment.COME_OUT)
    mine, other = (session.dive(key).analysis.parse.steps for key in two_dives)
    window.transport.seek(mine[2].start_frame)
    assert not beside.panes[1].isVisible()
    assert beside.panes[1].frame == other[2].start_frame
    qtbot.waitUntil(lambda: len(canvas._ghosts) == 1)
    place = canvas._ghosts[0].to_source.mapRect(canvas._ghosts[0].place)
    assert (place.center().x(), place.center().y()) == pytest.approx((32, 24), abs=1)  # where the masks are
    session.comparing.align(Alignment.CONTACT)  # which is not known of these: by the come-out
    assert beside.panes[1].frame == other[2].start_frame
    window.actions_by_id["overlay"].trigger()
    assert beside.panes[1].isVisible()
    assert not canvas._ghosts


def test_four_dives_are_driven_together(idle_studio, beside, two_dives, qtbot):
    session, window = idle_studio.session, idle_studio.window
    for _ in range(3):  # one more than there is room for
        window.actions_by_id["add_compared"].trigger()
    assert len(session.comparing.sides) == 4
    qtbot.waitUntil(lambda: all(pane.info is not None for pane in beside.panes))
    window.transport.seek(session.current.analysis.parse.steps[2].start_frame)
    for pane, other in zip(beside.panes[1:], session.comparing.others, strict=True):
        assert pane.isVisible()
        assert pane.frame == other.steps[2].start_frame
    assert len({(pane.x(), pane.y()) for pane in beside.panes}) == 4
    bar = window.findChild(CompareBar)
    gone = session.comparing.sides[2]
    bar.places[2].close_it.click()
    assert gone not in session.comparing.sides
    assert [pane.isVisible() for pane in beside.panes] == [True, True, True, False]
    window.actions_by_id["compare"].trigger()
    assert [pane.isVisible() for pane in beside.panes] == [True, False, False, False]


def test_measures_of_both_dives_and_what_differs(idle_studio, beside, two_dives, monkeypatch):
    session = idle_studio.session
    rise = Measure(name="flight_time", value=0.9, unit="s", uncertainty=0.03, frame=1, step="flight")
    lean = Measure(name="rotation", value=1.5, unit="turns/s", uncertainty=0.1, frame=1, step="flight")
    found = {two_dives[0]: (rise, lean), two_dives[1]: (replace(rise, value=0.95), replace(lean, value=1.6))}
    monkeypatch.setattr(session.comparing.dives, "measures", lambda one: found[one.key])
    window = idle_studio.window
    session.comparing.changed.emit()
    shown = beside.measures.isVisible()
    window.actions_by_id["compared_measures"].trigger()
    assert beside.measures.isVisible() is not shown
    if shown:
        window.actions_by_id["compared_measures"].trigger()
    model = beside.measures.model
    assert model.text(0, 0).splitlines()[1:] == ["0.90 ± 0.03 s", "0.95 ± 0.03 s (+0.05 ± 0.04 s: clear)"]
    assert "(+0.10 ± 0.14 somersaults/s: within uncertainty)" in model.text(1, 0)
    found[two_dives[1]] = ()
    session.comparing.changed.emit()
    assert model.text(0, 0).splitlines()[2] == "not measured"
    assert not beside.measures.grab().isNull()
    session.comparing.end()
    assert not beside.measures.isVisible()


def test_one_click_compares_with_the_last_dive_of_the_number(idle_studio, two_dives, qtbot):
    session, window = idle_studio.session, idle_studio.window
    first, second = two_dives
    for key, day, awards in ((first, "2026-05-02", (5.0,)), (second, "2026-05-01", (7.0,))):
        session.editing.set_diver(key, "Anna")
        session.editing.set_day(key, day)
        session.editing.set_judging(key, Judging(awards=awards))
    (last,) = session.comparing.dives.attempts()
    assert (last.key, last.title.startswith("Last time: Anna · 207C")) == (second, True)
    button = window.findChild(CompareButton)
    qtbot.waitUntil(lambda: button.isVisible() and button.text() == "Compare with the last 207C")
    button.click()
    assert session.comparing.sides[1].key == second
    qtbot.waitUntil(lambda: not button.isVisible())
    session.comparing.end()
    session.editing.set_diver(second, "Mia")
    assert session.comparing.dives.attempts() == []
    qtbot.waitUntil(lambda: button.text() == "Compare")
    listed = session.comparing.candidates()
    rendered = [one.title.endswith("(rendered)") for one in listed]
    assert rendered == sorted(rendered)


def test_a_dive_of_the_history_is_compared(make_studio, qtbot, make_video, tmp_path):
    studio = make_studio()
    session = studio.session
    path = make_video(tmp_path / "past.mp4", 100)
    past = made_dive(path=path, first_frame=5, last_frame=90, transitions=(30, 60), athlete="Anna", title="past")
    session.history.write(lambda store: store.keep([row(past)]))
    session.comparing.show_exemplars("rendered-107B-01", "rendered-207C-01")
    (found,) = session.comparing.dives.search("anna past", session.comparing.candidates())
    session.comparing.put(1, found)
    (other,) = session.comparing.others
    assert [step.start_frame for step in other.steps] == [5, 30, 60]
    qtbot.waitUntil(lambda: studio.window.player.panes[1].info is not None)
    bar = studio.window.findChild(CompareBar)
    assert "kept no longer" in bar._note.text()  # no result of it is in the cache
    assert bar._open.isVisible()
    bar._open.click()
    qtbot.waitUntil(lambda: bool(session.keys))
    assert session.dive(session.keys[0]).path == path
    if not ON_WINDOWS:  # where a video that is shown cannot be deleted
        path.unlink()
        with qtbot.waitSignal(session.problem):
            assert session.comparing.compared(found) is None
