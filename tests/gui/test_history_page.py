"""The page of the history in the real window: found, filtered, sorted, tagged, deleted, renamed, shown, reported."""

from dataclasses import replace

import pytest
from answers_kit import activate, once_closed, open_scored
from history_kit import made_dive, row
from PySide6.QtCore import QDate, QProcess, Qt
from PySide6.QtWidgets import QFileDialog

from fineparser_core.records import Measure

_MANY = (
    {"title": "one"},
    {"title": "two", "day": "2026-04-02", "award": 7.5, "judging": None, "step_points": (0.0, 1.5, 0.0)},
    {"title": "three", "athlete": "Bo", "dive_number": "5253B", "board_m": 10.0, "award": 5.0, "exemplar_id": "bo-1"},
    {"title": "four", "athlete": "Bo Li", "day": "", "award": None, "score": None, "step_points": ()},
)


@pytest.fixture
def studio(make_studio, qtbot):
    """Four dives of a history, its page on the screen."""
    made = make_studio()
    made.session.history.write(
        lambda store: store.keep([row(made_dive(number, **known)) for number, known in enumerate(_MANY)])
    )
    activate(qtbot, made.window)
    made.window.actions_by_id["history"].trigger()
    return made


@pytest.fixture
def page(studio):
    return studio.window.history


def titles(page):
    return [page.model.dive(place).title for place in range(page.model.rowCount())]


def ids(page, *names):
    found = dict(zip(titles(page), page.model.ids, strict=True))
    return [found[name] for name in names]


def counts(page):
    return page._history.read(lambda store: store.counts("athlete"), {})


def test_words_and_choices_find_dives(page, qtbot):
    assert titles(page) == ["two", "three", "one", "four"]
    qtbot.keyClicks(page.filters.search, "anna 103b march")
    assert titles(page) == ["one"]
    qtbot.keyClick(page.filters.search, Qt.Key.Key_Escape)
    assert len(titles(page)) == 4
    page.filters.athlete.setCurrentIndex(page.filters.athlete.findData("Bo"))
    assert titles(page) == ["three"]
    page.filters.show_all()
    page.filters.marks.setCurrentIndex(page.filters.marks.findData(False))
    assert titles(page) == ["two"]
    page.filters.marks.setCurrentIndex(page.filters.marks.count() - 1)  # starred dives
    assert titles(page) == ["three"]
    page.filters.show_all()
    page.filters.days.setCurrentIndex(page.filters.days.count() - 1)
    page.filters.since.setDate(QDate(2026, 4, 1))
    page.filters.until.setDate(QDate(2026, 4, 30))
    assert titles(page) == ["two"]
    page.filters.search.setText("nobody")
    assert page.every.isVisible()
    page.every.click()
    assert len(titles(page)) == 4
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Escape)  # nowhere else is it the search's
    assert not page.isVisible()


def test_the_header_sorts_and_rows_tell_the_dive(page):
    page.table.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert titles(page) == ["three", "one", "two", "four"]
    assert [page.model.text(1, column) for column in (1, 2, 3, 4, 8, 10)] == [
        "Anna Müller", "103B", "3 m", "6.60", "−0.2", "Club cup",
    ]  # fmt: skip
    page.filters.search.setText("anna")
    assert titles(page) == ["one", "two"]
    page.filters.search.clear()
    page.table.sortByColumn(8, Qt.SortOrder.DescendingOrder)  # by the points of the flight
    assert titles(page) == ["two", "three", "one", "four"]


def test_deleted_dives_come_back_by_message_and_by_key(studio, page, qtbot):
    page.select(*ids(page, "one", "four"))
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert titles(page) == ["two", "three"]
    (undo,) = studio.window.messages.buttons
    undo.click()
    qtbot.waitUntil(lambda: len(titles(page)) == 4)
    assert not studio.window.messages.buttons
    page.select(*ids(page, "one"))
    page.delete_selected()
    page.table.setFocus()
    studio.window.actions_by_id["undo"].trigger()
    qtbot.waitUntil(lambda: len(titles(page)) == 4)
    studio.window.actions_by_id["redo"].trigger()
    qtbot.waitUntil(lambda: len(titles(page)) == 3)


def test_dives_that_two_starts_have_swept_are_said_to_be_gone(studio, page):
    said, problems = [], []
    studio.session.problem.connect(problems.append)
    studio.session.history_editing.edits.said.connect(said.append)
    page.select(*ids(page, "one", "two"))
    page.delete_selected()
    studio.session.history.write(lambda store: [store.sweep(), store.sweep()])
    page.table.setFocus()
    studio.window.actions_by_id["undo"].trigger()
    assert sorted(titles(page)) == ["four", "three"]
    assert said == ["Left as it is, as it was changed since: deleting 2 dives."]
    assert problems == ["Dives that cannot come back, as they were deleted for good: 2."]
    assert studio.session.history_editing.edits.undo_text is None


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_an_athlete_is_renamed_or_made_one_with_another(studio, page, qtbot):
    rename = page.menu.menu().actions()[0]
    page.filters.athlete.setCurrentIndex(page.filters.athlete.findData("Anna Müller"))
    rename.trigger()
    assert page.name.isVisible()
    qtbot.keyClicks(page.name, "Mia")
    qtbot.keyClick(page.name, Qt.Key.Key_Escape)
    assert page.isVisible()
    assert not page.name.isVisible()
    assert counts(page) == {"Anna Müller": 2, "Bo": 1, "Bo Li": 1}
    page.filters.athlete.setCurrentIndex(page.filters.athlete.findData("Bo Li"))
    for name, told, after in (
        ("  ", "", {"Anna Müller": 2, "Bo": 1, "Bo Li": 1}),
        ("Bea", "new name: 1", {"Anna Müller": 2, "Bea": 1, "Bo": 1}),
        ("Bo", "Bo has 1 dives already", {"Anna Müller": 2, "Bo": 2}),
    ):
        rename.trigger()
        qtbot.keyClicks(page.name, name)
        qtbot.keyClick(page.name, Qt.Key.Key_Return)
        assert counts(page) == after
        assert told in studio.window.messages.text
        page.filters.show_all()
        page.select(*ids(page, "four"))
    (undo,) = studio.window.messages.buttons
    undo.click()
    qtbot.waitUntil(lambda: counts(page) == {"Anna Müller": 2, "Bea": 1, "Bo": 1})
    assert not studio.window.messages.buttons
    page.select(*ids(page, "four"))
    rename.trigger()
    page.name.setText("Mia")
    page._renamed = "Gone"  # renamed in another window meanwhile
    qtbot.keyClick(page.name, Qt.Key.Key_Return)
    assert counts(page) == {"Anna Müller": 2, "Bea": 1, "Bo": 1}
    rename.trigger()
    page.filters.search.setText("Bo")
    assert not page.name.isVisible()
    page.filters.show_all()
    page.select()
    page.menu.menu().aboutToShow.emit()
    assert not rename.isEnabled()
    page.select(*ids(page, "four"))
    page.menu.menu().aboutToShow.emit()
    assert rename.isEnabled()


def test_trends_follow_what_is_found_and_a_click_shows_the_dive(page, qtbot):
    page.filters.search.setText("anna")
    qtbot.waitUntil(lambda: page.trend.query.text == "anna")
    page.trend.what.setCurrentIndex(page.trend.what.findData("award"))
    assert "7.50" in page.trend.note.accessibleName()  # the personal best
    assert page.trend.of.currentData() == ("103B", 3.0)
    assert [len(one.points()) for one in page.trend.plot.points()] == [2]
    page.trend.what.setCurrentIndex(0)
    assert [len(one.points()) for one in page.trend.plot.points()] == [2, 1]  # predictions behind the judges' marks
    page.trend.what.setCurrentIndex(page.trend.what.findData("flight_time"))
    assert "shaded" in page.trend.note.accessibleName()
    points = page.trend.plot.points()[0]
    points.sigClicked.emit(points, [points.points()[0]], None)
    assert page.selected == ids(page, "one")
    page.trend.what.setCurrentIndex(page.trend.what.findData("flight"))
    assert [spot.pos().y() for spot in page.trend.plot.points()[0].points()] == [-0.25, 1.5]


def test_a_dive_is_analysed_in_one_session_and_opened_from_the_history_in_another(make_studio, qtbot, clip, tmp_path):
    first = make_studio()
    key = open_scored(first, qtbot, clip, tmp_path)
    first.session.editing.set_athlete(key, "Ann Lee")
    first.session.history.keeping.flush()
    first.window.close()
    second = make_studio()
    second.session.clear()
    second.window.actions_by_id["history"].trigger()
    page = second.window.history
    assert titles(page) == ["clip"]
    page.select(*page.model.ids)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert not page.isVisible()
    dive = second.session.current
    assert (dive.path, dive.athlete, dive.dive_number) == (clip, "Ann Lee", "207C")


def test_selected_dives_are_exported(studio, page, qtbot, tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    page.select(*ids(page, "one", "two"))
    page.export_selected()
    qtbot.waitUntil(path.exists)
    text = path.read_text("utf-8-sig")
    assert text.count("Anna Müller") == 2
    assert "Bo" not in text
    qtbot.waitUntil(lambda: studio.session.exports.findChild(QProcess) is None)


def test_a_season_is_reported_from_the_history_without_the_video(make_studio, qtbot, clip, tmp_path, monkeypatch):
    studio = make_studio()
    session = studio.session
    key = open_scored(studio, qtbot, clip, tmp_path)
    time = Measure(name="flight_time", value=1.2, unit="s", uncertainty=0.04, frame=40, step="take-off")
    session.update(
        key, athlete="Ann Lee", day="2026-05-03", analysis=replace(session.dive(key).analysis, measures=(time,))
    )
    studio.window.actions_by_id["history"].trigger()
    page = studio.window.history
    qtbot.waitUntil(lambda: titles(page) == ["clip"])
    once_closed(studio, qtbot, clip.unlink)
    page.filters.athlete.setCurrentIndex(page.filters.athlete.findData("Ann Lee"))
    page.commands["report"].trigger()
    season = page.season
    assert [dive.day for dive in season.dives] == ["2026-05-03"]
    season.format.setCurrentIndex(1)
    season.note.setPlainText("A good spring.")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "spring"), ""))
    season.go.click()
    assert not season.isVisible()
    path = tmp_path / "spring.html"
    qtbot.waitUntil(path.exists)
    text = path.read_text("utf-8")
    assert "Dives of Ann Lee" in text
    assert "A good spring." in text
    assert "not found, so there are no pictures" in text
    assert text.count("<main>") == 2
    qtbot.waitUntil(lambda: session.exports.findChild(QProcess) is None)
