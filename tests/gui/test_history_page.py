"""The page of the history in the real window: found, filtered, sorted, tagged, deleted, renamed, shown, reported."""

from dataclasses import replace

import pytest
from answers_kit import activate, once_closed, open_scored
from history_kit import made_dive, row
from PySide6.QtCore import QDate, QProcess, Qt
from PySide6.QtWidgets import QFileDialog

from fineparser_core.records import Measure
from fineparser_gui.export.season_dialog import SeasonDialog
from fineparser_gui.history.page import TagsDialog
from fineparser_gui.store.records import HistoryQuery

_MANY = (
    {"title": "one"},
    {"title": "two", "dived_on": "2026-04-02", "award": 7.5, "judging": None},
    {"title": "three", "athlete": "Bo", "dive_number": "5253B", "board_m": 10.0, "award": 5.0},
    {"title": "four", "athlete": "Bo Li", "dived_on": "", "award": None, "score": None},
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


def titles(page) -> list[str]:
    return [page.model.dive(place).title for place in range(page.model.rowCount())]


def ids(page, *names: str) -> list[int]:
    found = dict(zip(titles(page), page.model.ids, strict=True))
    return [found[name] for name in names]


def counts(page) -> dict[str, int]:
    return page._history.read(lambda store: store.counts("athlete"), {})


def test_words_and_choices_find_dives(page, qtbot):
    assert titles(page) == ["two", "three", "one", "four"]
    qtbot.keyClicks(page.filters.search, "anna 103b march")
    assert titles(page) == ["one"]
    page.filters.search.clear()
    page.filters.athlete.setCurrentIndex(page.filters.athlete.findData("Bo"))
    assert titles(page) == ["three"]
    page.filters.show_all()
    page.filters.marks.setCurrentIndex(page.filters.marks.findData(False))
    assert titles(page) == ["two"]
    page.filters.show_all()
    page.filters.days.setCurrentIndex(page.filters.days.count() - 1)
    page.filters.since.setDate(QDate(2026, 4, 1))
    page.filters.until.setDate(QDate(2026, 4, 30))
    assert titles(page) == ["two"]
    page.filters.search.setText("nobody")
    assert page.every.isVisible()
    page.every.click()
    assert len(titles(page)) == 4


def test_the_header_sorts_and_rows_tell_the_dive(page):
    page.table.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert titles(page) == ["three", "one", "two", "four"]
    assert [page.model.text(1, column) for column in (1, 2, 3, 4, 7)] == [
        "Anna Müller", "103B", "3 m", "6.60", "Club cup",
    ]  # fmt: skip
    page.filters.search.setText("anna")
    assert titles(page) == ["one", "two"]


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


def test_tags_are_given_taken_and_undone(page, qtbot):
    page.select(*ids(page, "one", "two"))
    page.tag_selected()
    dialog = page.findChild(TagsDialog)
    dialog.new.setText("  meet ")
    dialog.go.click()
    qtbot.waitUntil(lambda: page.filters.tag.count() == 2)
    page.filters.tag.setCurrentIndex(1)
    assert titles(page) == ["two", "one"]
    page.select(*ids(page, "one"))
    page.tag_selected()
    dialog = page.findChildren(TagsDialog)[-1]
    dialog.tags.item(0).setCheckState(Qt.CheckState.Unchecked)
    dialog.go.click()
    qtbot.waitUntil(lambda: titles(page) == ["two"])
    page._session.history_editing.edits.undo()
    qtbot.waitUntil(lambda: titles(page) == ["two", "one"])


def test_trends_follow_what_is_found_and_a_click_shows_the_dive(page, qtbot):
    page.filters.search.setText("anna")
    qtbot.waitUntil(lambda: page.trend.query.text == "anna")
    page.trend.what.setCurrentIndex(page.trend.what.findData("award"))
    assert "7.50" in page.trend.note.text()  # the personal best
    assert page.trend.of.currentData() == ("103B", 3.0)
    assert [len(one.points()) for one in page.trend.plot.points()] == [2]
    page.trend.what.setCurrentIndex(0)
    assert [len(one.points()) for one in page.trend.plot.points()] == [2, 1]  # predictions behind the judges' marks
    page.trend.what.setCurrentIndex(page.trend.what.findData("flight_time"))
    assert "shaded" in page.trend.note.text()
    points = page.trend.plot.points()[0]
    points.sigClicked.emit(points, [points.points()[0]], None)
    assert page.selected == ids(page, "one")
    page.trend.what.setCurrentIndex(page.trend.what.findData("flight"))
    assert [spot.pos().y() for spot in page.trend.plot.points()[0].points()] == [-0.25, -0.25]


def test_tiles_of_athletes_tell_them_and_choose_their_dives(studio, page):
    tiles = {tile.athlete.name: tile for tile in page.tiles.tiles}
    assert list(tiles) == ["Anna Müller", "Bo", "Bo Li"]  # who dived last first
    anna = tiles["Anna Müller"].athlete
    assert (anna.n_dives, anna.last, anna.judged) == (2, ("2026-04-02", "103B"), (anna.best,))
    tiles["Anna Müller"].click()
    assert set(titles(page)) == {"one", "two"}
    assert tiles["Anna Müller"].isChecked()
    tiles["Anna Müller"].click()
    assert len(titles(page)) == 4
    studio.window.show_history(True, athlete="Bo")
    assert titles(page) == ["three"]
    assert tiles["Bo"].isChecked()


def test_a_video_that_is_opened_is_shown_in_place_of_the_page(studio, page, small_video, qtbot):
    assert not studio.window.actions_by_id["set_in_point"].isEnabled()
    studio.session.open([small_video])
    assert not page.isVisible()
    qtbot.waitUntil(studio.window.actions_by_id["set_in_point"].isEnabled)


def test_a_dive_is_analysed_in_one_session_and_opened_from_the_history_in_another(make_studio, qtbot, clip, tmp_path):
    first = make_studio()
    key = open_scored(first, qtbot, clip, tmp_path)
    first.session.editing.set_diver(key, "Ann Lee")
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
    assert (dive.path, dive.diver, dive.dive_number) == (clip, "Ann Lee", "207C")


def test_selected_dives_are_exported(studio, page, qtbot, tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    page.select(*ids(page, "one", "two"))
    page.export_selected(".csv")
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
        key, diver="Ann Lee", dived_on="2026-05-03", analysis=replace(session.dive(key).analysis, measures=(time,))
    )
    studio.window.actions_by_id["history"].trigger()
    page = studio.window.history
    qtbot.waitUntil(lambda: titles(page) == ["clip"])
    once_closed(studio, qtbot, clip.unlink)
    page.filters.athlete.setCurrentIndex(page.filters.athlete.findData("Ann Lee"))
    page.report()
    dialog = page.findChild(SeasonDialog)
    assert [dive.dived_on for dive in dialog.chosen()] == ["2026-05-03"]
    dialog.format.setCurrentIndex(1)
    dialog.note.setPlainText("A good spring.")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "spring"), ""))
    dialog.go.click()
    path = tmp_path / "spring.html"
    qtbot.waitUntil(path.exists)
    text = path.read_text("utf-8")
    assert "Dives of Ann Lee" in text
    assert "A good spring." in text
    assert "not found, so there are no pictures" in text
    assert text.count("<main>") == 2
    qtbot.waitUntil(lambda: session.exports.findChild(QProcess) is None)


def test_a_season_is_a_span_of_days_of_one_athlete(studio, page):
    dives = page._history.read(lambda store: store.search(HistoryQuery(athlete="Anna Müller")), [])
    dialog = SeasonDialog(studio.session, "Anna Müller", dives, page)
    assert [dive.title for dive in dialog.chosen()] == ["one", "two"]
    dialog.first.setDate(QDate(2026, 4, 1))
    assert [dive.title for dive in dialog.chosen()] == ["two"]
    dialog.last.setDate(QDate(2026, 1, 1))
    assert not dialog.go.isEnabled()
    undated = SeasonDialog(studio.session, "Anna Müller", [replace(one, dived_on="") for one in dives], page)
    assert not undated.first.isEnabled()
    assert len(undated.chosen()) == 2
    mixed = SeasonDialog(studio.session, "Anna Müller", [replace(dives[0], dived_on=""), dives[1]], page)
    assert "left out" in mixed.count.text()
    page.select(*ids(page, "one", "three"))
    page.report()
    assert "one athlete" in studio.window.messages.text
