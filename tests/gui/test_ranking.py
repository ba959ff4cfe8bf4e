"""The ranking and its scatter."""

from dataclasses import replace

import pytest
from answers_kit import answer_dive, copies, scoring

from fineparser_gui.dives.dive import DiveState
from fineparser_gui.dives.points import scored_points
from fineparser_gui.score.ranking import ranking
from fineparser_gui.score.ranking_dialog import RankingDialog


@pytest.fixture
def season(idle_studio, qtbot, small_video, tmp_path):
    """Three scored dives of one athlete, and one of another."""
    session = idle_studio.session

    for place, (path, diver) in enumerate(
        zip(copies(small_video, tmp_path, range(4)), ("Ann Lee", "ann lee", "Ann Lee", "Bo"), strict=True)
    ):
        session.open([path], dive_number="207C", board_m=10.0)
        qtbot.waitUntil(lambda place=place: len(session.keys) == place + 1)
        key = session.keys[-1]
        qtbot.waitUntil(lambda key=key: session.dive(key).state is DiveState.QUEUED)
        session.update(key, diver=diver)
        scored = replace(scoring(), score=60.0 + place, award=6.0 + place)
        answer_dive(idle_studio, tmp_path, None, scored, key=key)
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
    assert dialog.plot.getAxis("left").tickStrings([-2.5, 0.0], 1.0, 0.5) == ["−2.5", "0.0"]
    assert not dialog.grab().isNull()
    dialog.plot.chosen.emit(session.keys[1])
    assert session.current.key == session.keys[1]
    dialog.close()


def test_the_ranking_tells_attempts_of_a_diver_apart(season) -> None:
    (rows,) = ranking(season.session.dive(key) for key in season.session.keys).values()
    assert {row.name for row in rows} == {"Ann Lee · 0", "ann lee · 1", "Ann Lee · 2", "Bo"}
