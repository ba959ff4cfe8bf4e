"""The history in the window: dives go into it by themselves, names complete, and files are found again."""

import pytest
from answers_kit import open_scored
from history_kit import made_dive, row
from PySide6.QtCore import Qt

from fineparser_core.diving.judging import Judging
from fineparser_gui.store.store import FILE_NAME


@pytest.fixture
def scored(make_studio, qtbot, clip, tmp_path):
    """The program with a scored dive, which is in its history."""
    studio = make_studio()
    open_scored(studio, qtbot, clip, tmp_path)
    return studio


def kept(studio, qtbot):
    """The dives of the history once what has changed is written."""
    assert studio.session.history.keeping.flush()
    return studio.session.history.store.search()


def test_an_analysed_dive_is_kept_by_itself_and_edits_renew_it(scored, qtbot, clip, monkeypatch):
    session, key = scored.session, scored.session.current.key
    (dive,) = kept(scored, qtbot)
    assert (dive.path, dive.dive_number, dive.board_m, dive.athlete) == (clip, "207C", 10.0, "")
    assert dive.score == session.current.analysis.scoring.score
    parse = session.current.analysis.parse
    assert dive.transitions == (parse.transitions.first_flight_frame, parse.transitions.first_entry_frame)
    assert session.history.store.thumbnail(dive.id).startswith(b"\xff\xd8")
    session.editing.set_athlete(key, "Anna")
    session.editing.set_event(key, "Club cup")
    session.editing.set_note(key, "Arms late.")
    session.editing.set_judging(key, Judging(awards=(7.0, 7.5, 7.0)))
    (now,) = kept(scored, qtbot)
    said = {"athlete": "Anna", "event": "Club cup", "note": "Arms late.", "judging": Judging(awards=(7.0, 7.5, 7.0))}
    assert {name: getattr(now, name) for name in said} == said
    assert (now.id, now.judged, now.analysed_at) == (dive.id, 21.5 / 3, dive.analysed_at)
    session.editing.remove([key])
    session.history.open([now])
    qtbot.waitUntil(lambda: session.current is not None and session.current.athlete == "Anna")
    assert (session.current.event, session.current.judging) == ("Club cup", Judging(awards=(7.0, 7.5, 7.0)))


def test_a_video_opened_anew_has_what_is_known_of_it_and_what_is_typed_replaces_no_more(scored, qtbot, clip, tmp_path):
    session, key = scored.session, scored.session.current.key
    session.editing.set_athlete(key, "Anna")
    session.editing.set_day(key, "2026-05-31")
    session.editing.set_judging(key, Judging(awards=(7.0, 7.5, 7.0)))
    (before,) = kept(scored, qtbot)
    session.clear()
    key = open_scored(scored, qtbot, clip, tmp_path, number=None)
    assert (session.current.day, session.current.dive_number) == ("2026-05-31", "207C")
    assert scored.window.details.number.text() == "207C"
    session.editing.set_athlete(key, "Berta")
    (now,) = kept(scored, qtbot)
    assert (now.athlete, now.judged, now.score) == ("Berta", before.judged, before.score)
    session.editing.edits.undo()
    assert kept(scored, qtbot)[0].athlete == "Anna"
    session.editing.set_judging(key, None)
    assert kept(scored, qtbot)[0].judging is None
    session.editing.edits.undo()
    assert kept(scored, qtbot)[0].judging == before.judging


def test_a_number_replaces_the_old_one_once_it_is_one(scored, qtbot):
    session, field = scored.session, scored.window.details.number
    for typed, stays in (("", None), ("407c", "407C"), ("20", "207C")):
        field.setFocus()
        field.selectAll()
        qtbot.keyClick(field, Qt.Key.Key_Delete)
        assert session.current.dive_number == "207C"
        qtbot.keyClicks(field, typed)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert session.current.dive_number == stays
        assert field.text() == typed
        if stays != "207C":
            session.editing.edits.undo()
        assert session.current.dive_number == "207C"


def test_names_complete_across_sessions(scored, qtbot):
    history = scored.session.history
    history.store.keep([row(made_dive(athlete="Berta Maier", event="City meet"))])
    details = scored.window.details
    for field, typed, name in ((details.athlete, "mai", "Berta Maier"), (details.event_name, "ci", "City meet")):
        field.setFocus()
        qtbot.waitUntil(field.hasFocus)
        field.completer().setCompletionPrefix(typed)  # its list needs more than the offscreen platform has
        assert field.completer().currentCompletion() == name
    dialog = scored.window.several
    dialog.show_dives(scored.session.keys)
    dialog.event_name.setText("City meet")
    dialog.event_name.setModified(True)
    dialog.ok.click()
    assert scored.session.current.event == "City meet"


def test_a_damaged_history_is_set_aside_and_the_window_works_on(make_studio, tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(b"no database" * 1000)
    studio = make_studio()
    assert studio.session.history.store.search() == []
    assert "starts empty" in studio.window.messages.text
    assert len(list(folder.glob("history-damaged-*.sqlite"))) == 1
