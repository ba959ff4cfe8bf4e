"""Open, analyse, score, compare, cancel: the real window, the real worker, the bundled weights."""

import numpy as np
import pytest
from finding import named, reads
from mouse_kit import drag

from fineparser_core.resources import resource
from fineparser_core.video.alignment import Alignment
from fineparser_gui.session.dive import DiveState

_CLIP, _NUMBER = resource("samples", "sample.mp4"), "207C"


@pytest.mark.usefixtures("bundled_weights")
def test_a_clip_becomes_steps_score_and_comparison_and_a_drag_and_a_vote_left_out_change_the_score(studio, qtbot):
    session, window = studio.session, studio.window
    session.open([_CLIP])
    qtbot.waitUntil(lambda: session.current.state is DiveState.READY)
    assert session.current.analysis.scoring is None
    qtbot.keyClicks(window.details.number, _NUMBER)
    qtbot.waitUntil(lambda: bool(session.current.votes))
    own = session.current.analysis.scoring
    mean = sum(vote.score for vote in own.exemplars) / len(own.exemplars)
    assert sum(part.points for part in own.contributions) == pytest.approx(own.score - mean, abs=1e-6)

    window.actions_by_id["compare"].trigger()
    player = window.player
    assert player.panes[1].isVisible()
    session.comparing.align(Alignment.STEPS)
    best = session.comparing.other
    window.transport.seek(session.current.analysis.parse.transitions.first_flight_frame)
    assert player.panes[1].frame == best.steps[1].start_frame
    qtbot.waitUntil(lambda: player.panes[1].info is not None)
    window.actions_by_id["compare"].trigger()
    assert session.comparing.other is None

    drag(player.timeline, 1, 3)
    assert session.current.rescoring
    qtbot.waitUntil(lambda: not session.current.rescoring)
    corrected = session.current.analysis.scoring
    assert abs(corrected.score - own.score) > 1e-3
    window.score.how.setChecked(True)
    assert named(window.found, "exact score").text().startswith(f"{corrected.score:.1f} ")
    assert f"Model {own.score:.1f} · corrected" in reads(window.found.numbers.correction)
    mean = sum(vote.score for vote in corrected.exemplars) / len(corrected.exemplars)
    assert sum(part.points for part in corrected.contributions) == pytest.approx(corrected.score - mean, abs=1e-6)

    left_out = corrected.exemplars[0].id
    session.editing.leave_out(session.current.key, left_out, True)
    rest = session.current.analysis.scoring
    assert rest.score == pytest.approx(np.mean([v.vote for v in corrected.exemplars if v.id != left_out]))
    window.actions_by_id["undo"].trigger()
    assert session.current.analysis.scoring == corrected
    window.actions_by_id["undo"].trigger()
    assert session.current.analysis.scoring == own
