"""The ranking and its scatter."""

from dataclasses import replace

import pytest
from answers_kit import answer_dive, copies, scoring

from fineparser_core.diving.judging import Judging
from fineparser_core.diving.meet import ListedDive, Meet
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


def test_the_ranking_begins_with_the_judges_and_the_start_list(season) -> None:
    session, window = season.session, season.window
    window.actions_by_id["ranking"].trigger()
    dialog = window.findChild(RankingDialog)

    def shown() -> list[str]:
        return [dialog.model.rows[row].key for row in range(dialog.model.rowCount())]

    first, second, third, last = session.keys
    assert shown() == [first, second, third, last]  # as in the list, not by the model's score
    assert dialog.model.text(0, 0) == ""
    rows = tuple(ListedDive(athlete="x", dive_number="207C", dive=key) for key in (third, first))
    session.meets.change(Meet(rows=rows), "list")
    dialog.refresh()
    assert shown() == [third, first, second, last]
    session.editing.set_judging(second, Judging(awards=(7.0, 7.0, 7.0)))
    session.editing.set_judging(last, Judging(awards=(8.0, 8.0, 8.0)))
    dialog.refresh()
    assert shown() == [last, second, third, first]
    assert [dialog.model.text(row, 0) for row in range(4)] == ["1.", "2.", "", ""]
    dialog.close()
