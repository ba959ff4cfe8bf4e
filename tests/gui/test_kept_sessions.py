"""Sessions in the window: kept by themselves, begun, opened again, taken from files; two windows."""

import errno
import os
import time
from contextlib import closing

import pytest
from answers_kit import activate, answer_dive, open_scored, requests
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton

from fineparser_gui.services import keeping as keeping_module
from fineparser_gui.session.dive import DiveState, SavedDive
from fineparser_gui.session.session_file import SavedSession, write_session
from fineparser_gui.shell.session_dialogs import SessionsDialog
from fineparser_gui.store.store import FILE_NAME, Store


def stored(tmp_path):
    """The sessions of the store, the one that was changed last first."""
    with closing(Store(tmp_path / "state" / FILE_NAME)) as store:
        return [store.session(one.id)[0] for one in store.sessions()]


def opened(studio, qtbot, clip, diver=""):
    """Open a clip and wait for it."""
    studio.window.opener.open_paths([clip])
    qtbot.waitUntil(lambda: studio.session.current.state is DiveState.QUEUED)
    studio.session.editing.set_athlete(studio.session.current.key, diver)


def another(clip):
    """A file of the same pictures, but of other content."""
    path = clip.with_name("next.mp4")
    path.write_bytes(clip.read_bytes() + bytes(8))
    return path


def test_every_change_is_in_the_store_without_being_saved(make_studio, qtbot, tmp_path, clip):
    studio = make_studio()
    opened(studio, qtbot, clip, "Zoë")
    qtbot.waitUntil(lambda: [one.dives[0].athlete for one in stored(tmp_path)] == ["Zoë"])
    answer_dive(studio, tmp_path)
    studio.session.editing.move_transition(studio.session.current.key, 1, 90)
    qtbot.waitUntil(lambda: stored(tmp_path)[0].dives[0].correction.transitions == (37, 90))
    studio.session.scheduler.pause(True)
    qtbot.waitUntil(lambda: stored(tmp_path)[0].paused)


def test_a_field_that_is_left_is_in_the_store_at_once(make_studio, qtbot, monkeypatch, tmp_path, clip):
    monkeypatch.setattr(keeping_module, "DELAY_MS", 3_600_000)
    studio = make_studio()
    opened(studio, qtbot, clip)
    activate(qtbot, studio.window)
    assert studio.session.history.keeping.flush()
    fields = studio.window.details
    fields.athlete.setFocus()
    qtbot.keyClicks(fields.athlete, "Zoe")
    assert stored(tmp_path)[0].dives[0].athlete == ""
    fields.event_name.setFocus()
    qtbot.waitUntil(lambda: stored(tmp_path)[0].dives[0].athlete == "Zoe")


def test_what_was_open_as_the_program_was_killed_is_open_again(make_studio, qtbot, tmp_path, clip):
    killed = make_studio()
    opened(killed, qtbot, clip, "Zoë")
    assert killed.session.history.keeping.flush()
    left = tmp_path / "state" / f"session-{killed.files.id}.lock"
    assert left.is_file()
    killed.window.quit()
    next_one = make_studio()
    next_one.files.open_crashed()  # it was closed as usual
    assert not next_one.session.keys
    for content, is_opened in ((b"", True), (b"reopened", False)):  # what crashes the program again is not opened
        next_one.files.begin()
        left.write_bytes(content)
        next_one.files.open_crashed()
        assert [dive.athlete for dive in next_one.session.dives] == ["Zoë"] * is_opened
        assert left.exists()
    (left.parent / "session-7.lock").touch()  # of a session that was deleted since
    next_one.files.open_crashed()
    assert not next_one.session.keys


def test_a_session_opened_again_is_as_it_was(make_studio, qtbot, tmp_path, clip):
    studio = make_studio()
    open_scored(studio, qtbot, clip, tmp_path)
    session, files = studio.session, studio.window.files.controller
    session.editing.move_transition(session.current.key, 1, 90)
    assert files.begin()
    assert (session.keys, files.id, studio.window.windowTitle()) == ([], 0, "FineParser Studio")
    assert studio.window.empty.recent.isVisibleTo(studio.window)
    (record,) = files.recent
    (button,) = studio.window.empty.recent.findChildren(QPushButton)
    button.click()
    assert files.id == record.id
    assert session.editing.edits.undo_text is None
    qtbot.waitUntil(lambda: session.current.state is DiveState.QUEUED)
    answer_dive(studio, tmp_path)
    assert session.current.corrected_frames == (37, 90)
    assert (session.current.dive_number, session.current.board_m) == ("207C", 10.0)
    assert files.recent == []


def test_a_cancelled_dive_stays_cancelled_in_a_session_opened_again(make_studio, qtbot, clip):
    studio = make_studio()
    opened(studio, qtbot, clip)
    session, files = studio.session, studio.files
    session.cancel(session.current.key)
    qtbot.waitUntil(lambda: session.current.state is DiveState.CANCELLED)
    assert session.history.keeping.flush()
    id_ = files.id
    assert files.begin()
    assert files.open_session(id_)
    qtbot.waitUntil(lambda: session.current.state is not DiveState.OPENING)
    assert session.current.state is DiveState.CANCELLED
    assert not requests(studio)
    session.analyze(session.current.key)
    assert session.current.state is DiveState.QUEUED


def test_closing_asks_nothing_and_keeps_the_last_change(make_studio, qtbot, monkeypatch, tmp_path, clip):
    studio = make_studio()
    opened(studio, qtbot, clip)
    studio.session.editing.set_note(studio.session.current.key, "Arms late.")
    monkeypatch.setattr(QMessageBox, "question", lambda *args: pytest.fail(args[2]))
    studio.window.quit()
    assert [one.dives[0].note for one in stored(tmp_path)] == ["Arms late."]


def test_a_session_is_open_in_one_window_at_a_time(make_studio, qtbot, tmp_path, clip):
    mine, other = make_studio(), make_studio()
    opened(mine, qtbot, clip, "Zoë")
    assert mine.session.history.keeping.flush()
    qtbot.waitUntil(lambda: len(other.files.recent) == 1)
    (record,) = other.files.recent
    assert not other.files.open_session(record.id)
    assert "open in another window" in other.window.messages.text
    assert mine.files.begin()
    assert other.files.open_session(record.id)
    assert other.session.current.athlete == "Zoë"


def test_windows_show_what_others_say_of_the_same_dive(make_studio, qtbot, tmp_path, clip):
    mine, other = make_studio(), make_studio()
    for studio in (mine, other):
        opened(studio, qtbot, clip)
        assert studio.session.history.keeping.flush()
    mine.session.editing.set_athlete(mine.session.current.key, "Zoë")
    mine.session.editing.set_details(mine.session.current.key, "405B", 1.0)
    assert mine.session.history.keeping.flush()
    qtbot.waitUntil(lambda: other.session.current.athlete == "Zoë")
    assert (other.session.current.dive_number, other.session.current.board_m) == ("405B", 1.0)


def test_the_next_evening_begins_a_session(make_studio, qtbot, monkeypatch, tmp_path, clip):
    studio = make_studio()
    opened(studio, qtbot, clip)
    later = another(clip)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7 * 3600)
    opened(studio, qtbot, later)
    assert studio.session.history.keeping.flush()
    assert [[dive.path.name for dive in one.dives] for one in stored(tmp_path)] == [["next.mp4"], ["clip.mp4"]]


def test_a_session_file_is_taken_in_once(make_studio, qtbot, tmp_path, clip):
    path = tmp_path / "monday.fineparser"
    write_session(SavedSession(dives=(SavedDive(path=clip, athlete="Zoë"),), selected=0), path)
    studio = make_studio()
    studio.window.files.open_path(path)
    assert studio.window.windowTitle() == "clip.mp4 – monday – FineParser Studio"
    studio.session.editing.set_athlete(studio.session.current.key, "Anna")
    studio.files.begin()
    studio.window.files.open_path(path)
    assert studio.session.current.athlete == "Anna"
    assert len(stored(tmp_path)) == 1
    assert "Details of 1 dive stay as they are known here." in studio.window.messages.text


def _no_room(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("trouble", ["a file for a folder", "full disk at its end"])
def test_a_file_that_cannot_be_written_is_one_sentence(make_studio, qtbot, monkeypatch, tmp_path, clip, trouble):
    studio = make_studio()
    studio.session.open([clip])
    full = trouble == "full disk at its end"
    folder = clip.parent if full else clip
    if full:
        monkeypatch.setattr(os, "fsync", _no_room)
    assert not studio.files.save_to(folder / "a.fineparser")
    monkeypatch.undo()
    assert str(folder / "a.fineparser") in studio.window.messages.text
    todo = "make room on its disk, or choose another one." if full else "exists and may be written to."
    assert studio.window.messages.text.endswith(todo)
    assert os.listdir(clip.parent) == ["clip.mp4"]  # no half file either


def test_what_cannot_be_kept_is_asked_about(make_studio, qtbot, monkeypatch, tmp_path, clip, lock_store):
    studio = make_studio()
    opened(studio, qtbot, clip)
    said: list[str] = []
    studio.session.problem.connect(said.append)
    with lock_store(tmp_path / "state" / FILE_NAME):
        for _ in range(2):
            assert not studio.session.history.keeping.flush()
        assert len(said) == 1
        assert "cannot be written now" in said[0]
        asked: list[str] = []
        monkeypatch.setattr(
            QMessageBox, "question", lambda *args: asked.append(args[2]) or QMessageBox.StandardButton.Cancel
        )
        assert not studio.files.begin()
        studio.window.quit()
        assert "could not be kept" in asked[0]
    assert studio.session.history.keeping.flush()
    assert len(stored(tmp_path)) == 1


def test_sessions_are_renamed_and_deleted_in_their_list(make_studio, qtbot, clip, monkeypatch):
    studio = make_studio()
    opened(studio, qtbot, clip)
    studio.files.begin()
    opened(studio, qtbot, another(clip))
    dialog = SessionsDialog(studio.window.files, studio.window)
    assert dialog.list.count() == 2
    qtbot.keyClicks(dialog.name, "Camp")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert (studio.files.name, dialog.list.item(0).text()[:4]) == ("Camp", "Camp")
    dialog.show()
    activate(qtbot, dialog)
    dialog.name.setFocus()
    qtbot.keyClicks(dialog.name, " of")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Escape)
    assert (dialog.isVisible(), studio.files.name) == (False, "Camp")
    dialog = SessionsDialog(studio.window.files, studio.window)
    dialog.list.selectAll()
    assert not dialog.open_button.isEnabled()
    answers = iter((QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes))
    monkeypatch.setattr(QMessageBox, "question", lambda *_: next(answers))
    dialog.delete.click()
    assert dialog.list.count() == 2
    dialog.delete.click()
    assert (dialog.list.count(), studio.session.keys) == (0, [])
    dialog.close()


def test_a_removed_dive_that_comes_back_beside_the_same_clip_says_its_own(make_studio, qtbot, tmp_path, clip):
    studio = make_studio()
    opened(studio, qtbot, clip, "Zoë")
    session, keeping = studio.session, studio.session.history.keeping
    assert keeping.flush()
    session.editing.remove(session.keys)
    opened(studio, qtbot, clip, "Anna")  # the row of the removed one
    assert keeping.flush()
    session.editing.edits.undo()
    session.editing.edits.undo()
    assert [dive.athlete for dive in session.dives] == ["Zoë", "Zoë"]
    session.editing.set_athlete(session.keys[0], "Berta")
    assert keeping.flush()
    assert [dive.athlete for dive in stored(tmp_path)[0].dives] == ["Berta", "Zoë"]


def test_a_copy_opened_while_its_original_is_written_gets_its_own_row(make_studio, qtbot, monkeypatch, tmp_path, clip):
    monkeypatch.setattr(keeping_module.Keeping, "write_now", lambda self: None)  # nothing is written by itself
    monkeypatch.setattr(keeping_module, "DELAY_MS", 3_600_000)
    studio = make_studio()
    session, keeping = studio.session, studio.session.history.keeping
    opened(studio, qtbot, clip, "Zoë")
    work = keeping._next()  # written, and not told yet
    keeping._writing = work
    found = work.write(session.history.store.path)
    session.open([clip])
    qtbot.waitUntil(lambda: session.dives[1].state is DiveState.QUEUED)
    keeping._on_written(found)
    session.editing.set_athlete(session.keys[1], "Anna")
    assert keeping.flush()
    assert [dive.athlete for dive in session.dives] == ["Zoë", "Anna"]
    assert [dive.athlete for dive in stored(tmp_path)[0].dives] == ["Zoë", "Anna"]
