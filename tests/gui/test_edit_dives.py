"""Diver and day on every dive, by the file where it says so; many rows edited at once."""

from dataclasses import replace

import av
import pytest
from answers_kit import copies
from PySide6.QtCore import QLocale, Qt

from fineparser_core.video.probe import probe, recording_day
from fineparser_gui.session.dive import DiveState
from fineparser_gui.session.session_file import read_session
from fineparser_gui.support.formatting import day_text, typed_day


@pytest.fixture
def dated(tmp_path, small_video):
    """The small video with a day in its metadata, as phones write it."""
    path = tmp_path / "phone.mp4"
    with (
        av.open(str(small_video)) as source,
        av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as made,
    ):
        made.metadata["creation_time"] = "2026-05-31T10:12:13.000000Z"
        stream = made.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    return path


@pytest.mark.parametrize(
    ("metadata", "day"),
    [
        ({"creation_time": "2026-05-31T10:12:13.000000Z"}, "2026-05-31"),
        (
            {"com.apple.quicktime.creationdate": "2026-05-31T23:50:00+0800", "creation_time": "2026-05-30T15:50:00Z"},
            "2026-05-31",
        ),
        ({"date": "2024-02-29"}, "2024-02-29"),
        ({"creation_time": "1904-01-01T00:00:00.000000Z"}, None),
        ({"date": "2019"}, None),
        ({"creation_time": "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_day_of_a_recording_is_what_its_file_says(metadata, day):
    assert recording_day(metadata) == day


def opened(studio, qtbot, *paths):
    studio.session.open(paths)
    session = studio.session
    qtbot.waitUntil(lambda: all(session.dive(key).state is DiveState.QUEUED for key in session.keys))
    return session.keys


def test_a_dive_has_the_day_of_its_file_until_the_coach_says_another(make_studio, qtbot, dated, small_video, tmp_path):
    assert probe(dated).recorded_on == "2026-05-31"
    studio = make_studio()
    session, details = studio.session, studio.window.details
    first, second = opened(studio, qtbot, dated, small_video)
    assert [session.dive(key).day for key in (first, second)] == ["2026-05-31", ""]
    assert details.date.text() == day_text("2026-05-31")
    details.more.click()  # it is on the other side; without focus it is written anew whenever the dive changes
    details.date.setFocus()
    qtbot.waitUntil(details.date.hasFocus)
    details.date.selectAll()
    qtbot.keyClicks(details.date, "2026-06-02")
    assert session.dive(first).day == "2026-06-02"
    details.date.selectAll()
    qtbot.keyClicks(details.date, day_text("2026-06-01"))
    assert session.dive(first).day == "2026-06-01"
    qtbot.keyClicks(details.date, "x")  # no day: what was known stays
    details.date.clearFocus()
    assert session.dive(first).day == "2026-06-01"

    assert studio.files.save_to(tmp_path / "a.fineparser")
    session.clear()
    studio.files.open(tmp_path / "a.fineparser")
    qtbot.waitUntil(lambda: session.dive(session.keys[0]).state is DiveState.QUEUED)
    assert session.dive(session.keys[0]).day == "2026-06-01"
    session.exports.table(session.keys, tmp_path / "dives.csv")
    qtbot.waitUntil(lambda: not session.exports.busy)
    head, row, *_ = (tmp_path / "dives.csv").read_text(encoding="utf-8-sig").splitlines()
    assert dict(zip(head.split(","), row.split(","), strict=True))["dived_on"] == "2026-06-01"


def test_the_note_on_a_dive_is_the_coachs_work(make_studio, qtbot, dated, small_video, tmp_path):
    studio = make_studio()
    session, details = studio.session, studio.window.details
    first, second = opened(studio, qtbot, dated, small_video)
    details.note.setFocus()
    qtbot.keyClicks(details.note, "Arms late.")
    qtbot.keyClick(details.note, Qt.Key.Key_Return)
    qtbot.keyClicks(details.note, "Space plays nothing")
    assert session.dive(first).note == "Arms late.\nSpace plays nothing"
    assert details.note.textCursor().atEnd()
    session.select(second)
    assert details.note.toPlainText() == ""
    session.select(first)
    assert details.note.toPlainText() == "Arms late.\nSpace plays nothing"
    session.editing.edits.undo()  # one gesture
    assert (session.dive(first).note, details.note.toPlainText()) == ("", "")
    session.editing.edits.redo()
    assert studio.files.save_to(tmp_path / "a.fineparser")
    assert read_session(tmp_path / "a.fineparser").dives[0].note == "Arms late.\nSpace plays nothing"


def test_many_rows_are_edited_at_once_and_what_is_not_touched_stays(idle_studio, qtbot, small_video, tmp_path):
    session, window = idle_studio.session, idle_studio.window
    keys = opened(idle_studio, qtbot, *copies(small_video, tmp_path, range(3)))
    session.editing.set_athlete(keys[0], "Anna")
    session.editing.set_details(keys[2], "107B", 3.0, 3.3)
    window.dives.view.selectAll()
    window.actions_by_id["edit_dives"].trigger()
    dialog = window.several
    assert (dialog.isVisible(), window.details.isVisible()) == (True, False)
    assert dialog.ok.text() == "Change 3 dives"
    assert (dialog.athlete.text(), dialog.athlete.placeholderText()) == ("", "several")
    assert dialog.board.currentText() == "several"
    qtbot.keyClicks(dialog.number, "9")
    dialog.ok.click()
    assert dialog.isVisible()
    assert "9" in dialog.message.text()
    dialog.number.clear()
    qtbot.keyClicks(dialog.number, "207c")
    qtbot.keyClicks(dialog.date, "2026-05-31")
    dialog.ok.click()
    assert (dialog.isVisible(), window.details.isVisible()) == (False, True)
    dives = [session.dive(key) for key in keys]
    assert [dive.details for dive in dives] == [("207C", None, None), ("207C", None, None), ("207C", 3.0, None)]
    assert [(dive.athlete, dive.day) for dive in dives] == [("Anna", "2026-05-31"), *2 * [("", "2026-05-31")]]
    assert window.actions_by_id["undo"].text() == "&Undo changing 3 dives"
    session.editing.edits.undo()
    assert replace(session.dive(keys[2]), key="") == replace(session.dive(keys[2]), key="", dive_number="107B")
    assert session.dive(keys[2]).difficulty == 3.3
    assert session.dive(keys[0]).day == ""


@pytest.mark.parametrize(
    ("locale", "shown"),
    [("de_DE", "31.05.2026"), ("en_US", "5/31/2026"), ("en_GB", "31/05/2026"), ("zh_CN", "2026/5/31")],
)
def test_days_are_shown_and_typed_as_the_system_writes_them(locale, shown):
    before = QLocale()
    QLocale.setDefault(QLocale(locale))
    try:
        assert day_text("2026-05-31") == shown
        assert typed_day(f" {shown} ") == typed_day("2026-05-31") == "2026-05-31"
        assert typed_day("") == day_text("") == ""
        for wrong in ("31.05.20", "2026-13-01", "today"):
            with pytest.raises(ValueError, match=wrong):
                typed_day(wrong)
    finally:
        QLocale.setDefault(before)
