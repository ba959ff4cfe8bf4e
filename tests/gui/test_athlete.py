"""The page of an athlete, and the scatter of the ranking."""

from dataclasses import replace
from datetime import date

import pytest
from answers_kit import dive_parse, result_message, scoring
from PySide6.QtCore import QDate, QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from fineparser_core.types import Analysis, Measure
from fineparser_gui.dialogs.athlete_dialog import AthleteDialog
from fineparser_gui.dialogs.ranking_dialog import RankingDialog
from fineparser_gui.dialogs.season_dialog import SeasonDialog
from fineparser_gui.model import athlete
from fineparser_gui.model.dive import DiveState
from fineparser_gui.model.points import scored_points
from fineparser_gui.model.ranking import ranking

_DAYS = (date(2026, 5, 3), date(2026, 4, 1), date(2026, 6, 9))


@pytest.fixture
def season(idle_studio, qtbot, small_video, tmp_path):
    """Three scored dives of one athlete on three days, and one of another."""
    session = idle_studio.session

    for place, day in enumerate((*_DAYS, _DAYS[0])):
        path = tmp_path / f"{place}.mp4"
        path.write_bytes(small_video.read_bytes())
        session.open([path], dive_number="207C", board_m=10.0)
        qtbot.waitUntil(lambda place=place: len(session.keys) == place + 1)
        key = session.keys[-1]
        qtbot.waitUntil(lambda key=key: session.dive(key).state is DiveState.QUEUED, timeout=5000)
        session.update(
            key, diver="ann lee" if place == 1 else "Ann Lee" if place < 3 else "Bo", dived_on=day.isoformat()
        )
        parse = dive_parse(path, session.dive(key).info.n_frames)
        scored = replace(scoring(), score=60.0 + place, award=6.0 + place)
        time = Measure(name="flight_time", value=1 + place / 10, unit="s", uncertainty=0.04, frame=40, step="take-off")
        for made in (None, scored):
            analysis = Analysis(parse=parse, scoring=made, measures=(time,))
            qtbot.waitUntil(lambda key=key: key in session.analyses.tasks)
            idle_studio.client.received.emit(result_message(session.analyses.tasks[key].id, analysis, tmp_path))
    return idle_studio


def test_dives_are_grouped_by_athlete_and_number_and_ordered_by_day(season) -> None:
    dives = [season.session.dive(key) for key in season.session.keys]
    found = athlete.athletes(dives)
    assert [(name, len(of)) for name, of in found.items()] == [("Ann Lee", 3), ("Bo", 1)]
    groups = athlete.Histories().of(found["Ann Lee"])
    (rows,) = groups.values()
    assert list(groups) == [("207C", 10.0)]
    assert [row.day for row in rows] == [date(2026, 4, 1), date(2026, 5, 3), date(2026, 6, 9)]
    assert [row.award for row in rows] == [7.0, 6.0, 8.0]
    assert rows[0].measure("flight_time").value == pytest.approx(1.1)
    assert rows[0].measure("jump_height") is None


def test_what_was_measured_is_kept_until_the_dive_changes(season, monkeypatch) -> None:
    dive = season.session.dive(season.session.keys[0])
    moved = replace(dive, analysis=replace(dive.analysis, measures=None))  # of a transition that the coach placed
    made = []
    monkeypatch.setattr(athlete, "measures_of", lambda analysis: made.append(analysis) or ())
    histories = athlete.Histories()
    for _ in range(2):
        assert next(iter(histories.of([moved]).values()))[0].measures == ()
    assert made == [moved.analysis]


def click(plot, key: str) -> None:
    """Press and release the mouse on the point of a dive."""
    (spot,) = [spot for points in plot.points()[:1] for spot in points.points() if spot.data() == key]
    view = plot.getViewWidget()
    at = QPointF(view.mapFromScene(plot.vb.mapViewToScene(spot.pos())))
    viewport, left, none = view.viewport(), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, button, buttons in (
        (QEvent.Type.MouseMove, none, none),
        (QEvent.Type.MouseButtonPress, left, left),
        (QEvent.Type.MouseButtonRelease, left, none),
    ):
        where = viewport.mapToGlobal(at)
        event = QMouseEvent(kind, at, where, button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(viewport, event)


def test_the_page_shows_trends_and_a_click_shows_the_dive(season, qtbot) -> None:
    session, window = season.session, season.window
    session.select(session.keys[0])
    qtbot.waitUntil(window.actions_by_id["athletes"].isEnabled)
    window.actions_by_id["athletes"].trigger()
    page = window.findChild(AthleteDialog)
    assert page.athlete.currentText() == "Ann Lee  (3)"
    assert page.group.currentText() == "207C 10 m  (3)"
    assert list(page.plots) == ["award", "phases", "flight_time"]
    assert len(page.plots["phases"].points()) == 3
    assert page.table.item(0, 2).text() == "7.00"
    assert page.table.selectedItems()[0].row() == 1
    qtbot.wait(50)  # for the layout
    click(page.plots["award"], session.keys[2])
    assert session.current.key == session.keys[2]
    page.table.cellActivated.emit(0, 0)
    assert session.current.key == session.keys[1]
    session.update(session.keys[0], dived_on="")
    qtbot.waitUntil(lambda: "(1 here)" in page.note.text())
    page.show_athlete("bo")
    assert page.table.rowCount() == 1
    season.preferences.change(theme="dark")
    assert not page.grab().isNull()
    page.close()


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


def test_without_athletes_the_page_says_what_to_do(idle_studio, qtbot, small_video) -> None:
    idle_studio.session.open([small_video])
    window = idle_studio.window
    qtbot.waitUntil(window.actions_by_id["athletes"].isEnabled)
    window.actions_by_id["athletes"].trigger()
    page = window.findChild(AthleteDialog)
    assert not page.athlete.isEnabled()
    assert "Enter a name" in page.note.text()
    page.close()


def test_a_season_report_is_of_a_span_of_days_and_follows_the_chosen_number(
    season, qtbot, tmp_path, monkeypatch
) -> None:
    session, page = season.session, AthleteDialog(season.session, season.window)
    page.show()
    page.report.click()
    (dialog,) = page.findChildren(SeasonDialog)
    assert [dive.dived_on for dive in dialog.chosen()] == ["2026-04-01", "2026-05-03", "2026-06-09"]
    dialog.first.setDate(QDate(2026, 5, 1))
    assert dialog.count.text().startswith("2 dive")
    dialog.numbers.setCurrentIndex(1)
    assert [dive.dived_on for dive in dialog.chosen()] == ["2026-05-03", "2026-06-09"]
    dialog.format.setCurrentIndex(1)
    dialog.note.setPlainText("A good spring.")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "spring"), ""))
    dialog.go.click()
    path = tmp_path / "spring.html"
    qtbot.waitUntil(path.exists, timeout=60_000)
    text = path.read_text("utf-8")
    assert "Dives of Ann Lee" in text
    assert "A good spring." in text
    assert "2026-05-03 to 2026-06-09" in text
    assert text.count("<main>") == 3
    qtbot.waitUntil(lambda: not session.exports.pid, timeout=60_000)
    page.close()


def test_a_dive_without_a_day_is_left_out_of_a_season_and_said_to_be(season) -> None:
    session = season.session
    session.update(session.keys[0], dived_on="")
    dives = [session.dive(key) for key in session.keys[:3]]
    dialog = SeasonDialog(session, "Ann Lee", dives, None, season.window)
    assert len(dialog.chosen()) == 2
    assert "left out" in dialog.count.text()
    for key in session.keys:
        session.update(key, dived_on="")
    undated = SeasonDialog(session, "Ann Lee", [session.dive(key) for key in session.keys[:3]], None, season.window)
    assert not undated.first.isEnabled()
    assert len(undated.chosen()) == 3
    dialog.last.setDate(QDate(2026, 1, 1))
    assert not dialog.go.isEnabled()


def test_the_ranking_tells_attempts_of_a_diver_apart(season) -> None:
    (rows,) = ranking(season.session.dive(key) for key in season.session.keys).values()
    assert {row.name for row in rows} == {"Ann Lee · 0", "ann lee · 1", "Ann Lee · 2", "Bo"}
