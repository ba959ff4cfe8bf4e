"""What a coach does, from the dropped clip to the recovered session: real window, real worker, bundled weights."""

from contextlib import ExitStack

import pytest
from mouse_kit import drag, drop
from PySide6.QtWidgets import QFileDialog
from shown_studio import shown_studio

from fineparser_core.resources import resource
from fineparser_core.video.alignment import Alignment
from fineparser_gui.session.dive import DiveState

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.usefixtures("bundled_weights")]


@pytest.fixture
def start(qapp, qtbot, tmp_path):
    """`start()`: a program that keeps its files in `tmp_path / "state"`, its window shown."""
    with ExitStack() as made:
        yield lambda: made.enter_context(shown_studio(qapp, qtbot, tmp_path / "state"))


def wait_for_score(studio, qtbot):
    def scored():
        dive = studio.session.current
        shown = dive.analysis.scoring if dive is not None and dive.analysis is not None else None
        return shown is not None and not dive.rescoring

    qtbot.waitUntil(scored)


def test_drop_cancel_analyse_correct_undo_save_and_find_again(start, qtbot, tmp_path, monkeypatch):
    studio = start()
    session, window = studio.session, studio.window
    drop(studio.window, [resource("samples", "sample.mp4")])
    qtbot.waitUntil(lambda: session.current and session.current.state is DiveState.ANALYSING)
    window.actions_by_id["cancel"].trigger()
    qtbot.waitUntil(lambda: session.current.state is DiveState.CANCELLED)
    window.actions_by_id["analyse"].trigger()
    qtbot.waitUntil(lambda: session.current.state is DiveState.READY)
    assert session.current.analysis.scoring is None
    session.editing.set_details(session.current.key, "207C", 10.0)
    wait_for_score(studio, qtbot)
    own = session.current.analysis.scoring

    drag(window.player.timeline, 1, 4)  # the entry, to before the contact with the water
    wait_for_score(studio, qtbot)
    corrected = session.current.analysis.scoring
    assert corrected.score != own.score
    window.actions_by_id["undo"].trigger()
    wait_for_score(studio, qtbot)
    assert session.current.analysis.scoring.score == pytest.approx(own.score)
    window.actions_by_id["redo"].trigger()
    wait_for_score(studio, qtbot)
    assert session.current.analysis.scoring.score == pytest.approx(corrected.score)
    left_out = corrected.exemplars[0].id
    session.editing.leave_out(session.current.key, left_out, True)
    shown = session.current.analysis.scoring.score

    window.actions_by_id["compare"].trigger()
    session.comparing.align(Alignment.STEPS)
    mine = session.current.analysis.parse.steps
    window.transport.seek(mine[2].start_frame)
    assert window.player.panes[1].frame == session.comparing.other.steps[2].start_frame
    window.actions_by_id["compare"].trigger()

    path = tmp_path / "evening.fineparser"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    window.actions_by_id["save_session_as"].trigger()
    assert path.is_file()
    window.close()

    again = start()
    again.window.opener.open_paths([path])
    wait_for_score(again, qtbot)
    dive = again.session.current
    assert dive.corrected_frames == (mine[1].start_frame, mine[2].start_frame)
    assert dive.correction.left_out == {left_out}
    assert dive.analysis.scoring.score == pytest.approx(shown, abs=0.01)
