"""The ranking and its scatter."""

from dataclasses import replace

import pytest
from answers_kit import dive_parse, result_message, scoring

from fineparser_core.types import Analysis
from fineparser_gui.dialogs.ranking_dialog import RankingDialog
from fineparser_gui.model.dive import DiveState
from fineparser_gui.model.points import scored_points
from fineparser_gui.model.ranking import ranking


@pytest.fixture
def season(idle_studio, qtbot, small_video, tmp_path):
    """Three scored dives of one athlete, and one of another."""
    session = idle_studio.session

    for place, diver in enumerate(("Ann Lee", "ann lee", "Ann Lee", "Bo")):
        path = tmp_path / f"{place}.mp4"
        path.write_bytes(small_video.read_bytes())
        session.open([path], dive_number="207C", board_m=10.0)
        qtbot.waitUntil(lambda place=place: len(session.keys) == place + 1)
        key = session.keys[-1]
        qtbot.waitUntil(lambda key=key: session.dive(key).state is DiveState.QUEUED, timeout=5000)
        session.update(key, diver=diver)
        parse = dive_parse(path, session.dive(key).info.n_frames)
        scored = replace(scoring(), score=60.0 + place, award=6.0 + place)
        for made in (None, scored):
            qtbot.waitUntil(lambda key=key: key in session.analyses.tasks)
            analysis = Analysis(parse=parse, scoring=made)
            idle_studio.client.received.emit(result_message(session.analyses.tasks[key].id, analysis, tmp_path))
    return idle_studio


def test_the_ranking_has_a_scatter_whose_points_are_dives(season, qtbot) -> None:
    session, window = season.session, season.window
    qtbot.waitUntil(window.actions_by_id["ranking"].isEnabled)
    window.actions_by_id["ranking"].trigger()
    dialog = window.findChild(RankingDialog)
    (points,) = dialog.plot.points()
    assert sorted(spot.data() for spot in points.points()) == session.keys
    dialog.phase.setCurrentIndex(1)
    dialog.phase.activated.emit(1)
    (points,) = dialog.plot.points()
    assert {spot.pos().x() for spot in points.points()} == {
        scored_points(session.dive(key).analysis.scoring)[1] for key in session.keys
    }
    qtbot.wait(50)
    assert not dialog.grab().isNull()
    dialog.plot.chosen.emit(session.keys[1])
    assert session.current.key == session.keys[1]
    dialog.close()


def test_the_ranking_tells_attempts_of_a_diver_apart(season) -> None:
    (rows,) = ranking(season.session.dive(key) for key in season.session.keys).values()
    assert {row.name for row in rows} == {"Ann Lee · 0", "ann lee · 1", "Ann Lee · 2", "Bo"}
