"""Two dives side by side: an exemplar or another dive of the session, aligned in three ways."""

import numpy as np
import pytest
from answers_kit import dive_parse, result_message, scoring
from PySide6.QtCore import Qt

from fineparser_core.types import Analysis
from fineparser_core.video.alignment import OffsetAlignment
from fineparser_gui.panels.compare_bar import CompareBar
from fineparser_gui.session.comparing import Alignment
from fineparser_gui.session.correction import Correction
from fineparser_gui.session.dive import DiveState


@pytest.fixture
def two_dives(idle_studio, qtbot, make_video, tmp_path):
    """Keys of two analysed dives of different length; the first one is shown."""
    session, client = idle_studio.session, idle_studio.client
    paths = [make_video(tmp_path / "first.mp4", 120), make_video(tmp_path / "second.mp4", 100)]
    session.open(paths, dive_number="207C", board_m=10.0)
    qtbot.waitUntil(lambda: len(session.keys) == 2, timeout=5000)
    for key in session.keys:
        session.select(key)
        qtbot.waitUntil(lambda key=key: key in session.queue.requests, timeout=5000)
        parse = dive_parse(session.dive(key).path, session.dive(key).info.n_frames)
        for analysis in (Analysis(parse=parse, scoring=None), Analysis(parse=parse, scoring=scoring())):
            request_id = session.queue.requests[key]
            client.finished.emit(request_id, result_message(request_id, analysis, tmp_path))
        assert session.dive(key).state is DiveState.READY
    session.select(session.keys[0])
    return session.keys


@pytest.fixture
def beside(idle_studio, qtbot, two_dives):
    """The player, with the second dive beside the first."""
    session, player = idle_studio.session, idle_studio.window.player
    found = next(one for one in session.comparing.candidates() if one.key == two_dives[1])
    session.comparing.show(found)
    qtbot.waitUntil(lambda: player.other_pane.info is not None, timeout=5000)
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
    assert beside.other_pane.isVisible()
    assert beside.other_pane.canvas._track is not None
    for step in range(3):
        transport.seek(mine[step].start_frame)
        assert beside.other_pane.frame == other[step].start_frame
    session.comparing.align(Alignment.TAKE_OFF)
    transport.seek(mine[1].start_frame + 7)
    assert beside.other_pane.frame == other[1].start_frame + 7
    idle_studio.window.actions_by_id["other_forward"].trigger()
    assert session.comparing.alignment is Alignment.FREE
    assert beside.other_pane.frame == other[1].start_frame + 8
    transport.seek(mine[1].start_frame + 17)
    assert beside.other_pane.frame == other[1].start_frame + 18


def test_its_correction_is_followed_and_its_end_ends_the_comparison(idle_studio, beside, two_dives):
    session = idle_studio.session
    entry = session.dive(two_dives[1]).analysis.parse.transitions.first_entry_frame
    session.update_analysis(two_dives[1], correction=Correction(transitions=(20, entry)))
    assert session.comparison.steps[1].start_frame == 20
    idle_studio.window.transport.seek(session.current.analysis.parse.steps[1].start_frame)
    assert beside.other_pane.frame == 20
    session.remove(two_dives[1])
    assert session.comparison is None
    assert not beside.other_pane.isVisible()


def test_what_is_compared_is_picked_from_a_list(idle_studio, beside, two_dives):
    bar = idle_studio.window.findChild(CompareBar)
    titles = [bar.other.itemText(index) for index in range(bar.other.count())]
    assert bar.other.currentText().startswith("207C · second")
    exemplar = next(index for index, title in enumerate(titles) if "(rendered)" in title)
    bar.other.activated.emit(exemplar)
    assert idle_studio.session.comparing.candidate.exemplar_id is not None
    bar.alignment.activated.emit(bar.alignment.findData(Alignment.TAKE_OFF))
    assert idle_studio.session.comparing.alignment is Alignment.TAKE_OFF
    idle_studio.window.actions_by_id["compare"].trigger()
    assert idle_studio.session.comparison is None
    assert not bar.isVisible()


def test_a_line_is_drawn_on_the_dive_beside_and_stays_with_it(idle_studio, beside, two_dives, qtbot):
    session, actions = idle_studio.session, idle_studio.window.actions_by_id
    canvas = beside.other_pane.canvas
    qtbot.waitUntil(lambda: canvas._image is not None, timeout=30_000)
    canvas.repaint()
    actions["draw_line"].trigger()
    for x_px, y_px in ((10, 10), (30, 40)):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.to_widget(x_px, y_px).toPoint())
    (line,) = session.dive(two_dives[1]).drawings
    assert line.frame == beside.other_pane.frame
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
    session.compare_with(None)
    assert beside.drawing.layers[1]._drawings == ()


def test_nothing_can_be_drawn_on_an_exemplar(idle_studio, beside):
    idle_studio.session.compare_with("rendered-207C-01")
    idle_studio.window.actions_by_id["draw_line"].trigger()
    assert [layer.tool for layer in beside.drawing.layers] == ["line", None]
