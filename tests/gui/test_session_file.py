"""Sessions saved, opened, and recovered after a crash."""

import errno
import json
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from answers_kit import answer_dive
from fineparser_gui.services.autosave import leftovers
from platforms import windows_only
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox

from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.exemplars.selection import CandidateRule
from fineparser_core.export.coach_marks import NOTE
from fineparser_core.language import LANGUAGES, text, use_language
from fineparser_core.types import DiveSegment
from fineparser_gui.model.correction import Correction
from fineparser_gui.model.dive import LONGEST_NAME, LONGEST_NOTE, DiveState
from fineparser_gui.model.drawings import MOST_DRAWINGS, Drawing
from fineparser_gui.model.exports import ExportState
from fineparser_gui.model.session_file import MOST_DIVES, Origin, SavedDive, SavedSession, read_session, write_session


def _segment(**changes: object) -> dict:
    found = {"in_frame": 2, "first_flight_frame": 40, "first_entry_frame": 80, "out_frame": 110, "confidence": 0.7}
    return found | changes


def _saved(path: Path) -> SavedSession:
    dive = SavedDive(
        path=path,
        in_frame=2,
        out_frame=110,
        dive_number="207C",
        board_m=10.0,
        difficulty=3.4,
        diver="Zoë",
        outcome="repeat",
        note="Arms late.\nHead up.",
        cancelled=True,
        rule=CandidateRule(nearest=True, synchro=True),
        segments=(DiveSegment(**_segment()),),
        correction=Correction(transitions=(40, 80), contact_frame=91, left_out=frozenset({"a"})),
    )
    return SavedSession(dives=(SavedDive(path=path), dive), selected=1, paused=True)


def _choose(monkeypatch, dialog: str, path: Path | None) -> None:
    monkeypatch.setattr(QFileDialog, dialog, lambda *args: (str(path) if path else "", ""))


def _box(studio, qtbot, title: str) -> QMessageBox:
    def shown() -> list[QMessageBox]:
        boxes = studio.window.findChildren(QMessageBox)
        return [box for box in boxes if box.isVisible() and box.windowTitle() == title]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


def _press(box: QMessageBox, text: str) -> None:
    next(button for button in box.buttons() if button.text().replace("&", "") == text).click()


def _recover(studio, qtbot, n_dives: int = 1) -> None:
    _press(_box(studio, qtbot, "Recover session"), "Recover")
    qtbot.waitUntil(lambda: len(studio.session.keys) == n_dives)


def _answer(studio, qtbot, folder: Path) -> None:
    """Answer the parse request of the current dive."""
    qtbot.waitUntil(lambda: studio.session.current.state is DiveState.QUEUED)
    answer_dive(studio, folder)


def test_a_session_comes_back_as_it_was(tmp_path, clip):
    path = tmp_path / "a.fineparser"
    write_session(_saved(clip), path, origin=Origin(clip, "ab12"))
    assert read_session(path) == (_saved(clip), Origin(clip, "ab12"))


def test_a_folder_of_session_and_videos_may_be_moved(tmp_path, clip):
    write_session(_saved(clip), clip.parent / "a.fineparser")
    moved = clip.parent.rename(tmp_path / "moved")
    saved, _ = read_session(moved / "a.fineparser")
    assert [dive.path for dive in saved.dives] == [moved / "clip.mp4"] * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "fineparser.session/2"}, "is of format 'fineparser.session/2'"),
        ({"selected": 7}, "is damaged"),
        ({"dives": [{}]}, "is damaged"),
        ({"dives": None}, "None where a list of dives belongs"),
        ({"dives": ["x"]}, "dive 1: 'x' where a dive belongs"),
        ({"board_m": True}, "dive 2: board_m: True is no board"),
        ({"difficulty": -1}, "dive 2: difficulty: -1 where a number"),
        ({"out_frame": 10**12}, "dive 2: out_frame: 1000000000000 where a whole number <= 2147483647 belongs"),
        ({"path": ""}, "dive 2: path: '' where the name of a file belongs"),
        ({"drawings": [{"kind": "note", "frame": 0, "points": [[1e300, 0]], "text": ""}]}, "dive 2: drawing"),
        ({"dive_number": "999Z"}, "is damaged"),
        ({"board_m": 4}, "is damaged"),
        ({"difficulty": "much"}, "is damaged"),
        ({"transitions": [9, 3]}, "is damaged"),
        ({"transitions": [9]}, "is damaged"),
        ({"water_contact": -1}, "is damaged"),
        ({"water_contact": 9.5}, "is damaged"),
        ({"left_out": "a"}, "is damaged"),
        ({"in_frame": -1}, "is damaged"),
        ({"path": None}, "is damaged"),
        ({"diver": 3}, "is damaged"),
        ({"note": "x" * 4001}, "at most 4000 characters"),
        ({"segments": [[2, 110]]}, "is damaged"),
        ({"segments": [{"in_frame": 2}]}, "is damaged"),
        ({"segments": [_segment(first_entry_frame=500)]}, "is damaged"),
        ({"segments": [_segment(confidence="high")]}, "is damaged"),
    ],
)
def test_a_file_that_is_not_right_is_one_sentence(tmp_path, clip, change, message):
    path = tmp_path / "a.fineparser"
    write_session(_saved(clip), path)
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, value in change.items():
        (content if name in content else content["dives"][1])[name] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_session(path)


def test_what_a_text_editor_does_to_a_file_can_be_read(tmp_path, clip):
    path = tmp_path / "a.fineparser"
    write_session(_saved(clip), path)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["dives"][0]["diver"]
    del content["dives"][0]["note"]
    content["dives"][0]["relative_path"] = "x" * 5000 + "\0"  # is no file's: the other path holds
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(content, ensure_ascii=False).replace("\n", "\r\n").encode())
    assert read_session(path) == _saved(clip)
    del content["dives"][1]["in_frame"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigError, match="dive 2: in_frame is missing"):
        read_session(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"format": "fineparser.sess', b"[" * 100_000])
def test_a_cut_off_file_leaves_the_open_session_alone(make_studio, tmp_path, clip, content):
    path = tmp_path / "a.fineparser"
    path.write_bytes(content)
    studio = make_studio()
    studio.session.open([clip])
    studio.window.files.open_path(path)
    assert "a.fineparser" in studio.window.messages.text
    assert len(studio.session.keys) == 1


def test_saved_and_opened_again_the_correction_is_in_the_new_analysis(make_studio, qtbot, monkeypatch, tmp_path, clip):
    studio = make_studio()
    window, session = studio.window, studio.session
    session.open([clip])
    _answer(studio, qtbot, tmp_path)
    session.editing.move_transition(session.current.key, 1, 90)
    session.editing.set_details(session.current.key, "207C", 10.0)
    assert window.files.controller.modified
    _choose(monkeypatch, "getSaveFileName", tmp_path / "training")
    window.actions_by_id["save_session"].trigger()
    path = tmp_path / "training.fineparser"
    assert window.files.controller.path == path
    assert not window.files.controller.modified
    assert window.windowTitle() == "clip.mp4 – training – FineParser Studio[*]"
    before = session.snapshot()

    _choose(monkeypatch, "getOpenFileName", path)
    window.actions_by_id["open_session"].trigger()
    assert session.snapshot() == before
    assert not session.editing.edits.canUndo()
    _answer(studio, qtbot, tmp_path)
    assert session.current.corrected_frames == (37, 90)
    assert session.current.details == ("207C", 10.0, None)
    window.files.recent.aboutToShow.emit()
    assert [action.text() for action in window.files.recent.actions()] == ["training.fineparser"]


def test_unsaved_work_is_asked_for_before_another_session_opens(make_studio, monkeypatch, tmp_path, clip):
    path = tmp_path / "a.fineparser"
    write_session(SavedSession(), path)
    studio = make_studio()
    session, files = studio.session, studio.window.files
    session.open([clip])
    session.editing.set_details(session.current.key, "207C", None)
    answers = QMessageBox.StandardButton
    monkeypatch.setattr(QMessageBox, "question", lambda *args: answers.Cancel)
    files.open_path(path)
    assert len(session.keys) == 1
    monkeypatch.setattr(QMessageBox, "question", lambda *args: answers.Save)
    _choose(monkeypatch, "getSaveFileName", None)
    files.open_path(path)
    assert len(session.keys) == 1
    monkeypatch.setattr(QMessageBox, "question", lambda *args: answers.Discard)
    files.open_path(path)
    assert session.keys == []


def test_the_open_session_saved_on_being_opened_again_is_shown_as_it_was_saved(
    make_studio, monkeypatch, tmp_path, clip
):
    path = tmp_path / "a.fineparser"
    write_session(SavedSession(dives=(SavedDive(path=clip),), selected=0), path)
    studio = make_studio()
    session, files = studio.session, studio.window.files
    files.open_path(path)
    session.editing.set_diver(session.current.key, "Zoë")
    monkeypatch.setattr(QMessageBox, "question", lambda *args: QMessageBox.StandardButton.Save)
    files.open_path(path)
    assert session.current.diver == "Zoë"
    session.editing.set_diver(session.current.key, "Anna")
    assert files.save()
    assert read_session(path).dives[0].diver == "Anna"


def test_a_clean_exit_leaves_nothing_to_recover(make_studio, tmp_path, clip):
    studio = make_studio()
    studio.session.open([clip])
    studio.window.files.controller.autosave.write()
    assert len(list((tmp_path / "state").glob("autosave-*.json"))) == 1
    assert leftovers(tmp_path / "state") == []  # its program still runs
    studio.window.close()
    assert list((tmp_path / "state").glob("autosave-*")) == []


def test_what_a_program_left_that_was_killed_before_it_saved_anything_is_swept(
    make_studio, tmp_path, left_half_written
):
    make_studio()
    (lock,) = (tmp_path / "state").glob("autosave-*.lock")
    dead = lock.with_name("autosave-0123456789ab.lock")
    dead.write_bytes(lock.read_bytes().replace(str(os.getpid()).encode(), b"999999999", 1))
    left = left_half_written(dead.with_suffix(".json"))
    assert leftovers(tmp_path / "state") == []
    assert lock.exists()
    assert not dead.exists()
    assert not left.exists()


def test_a_program_that_is_ended_by_the_system_leaves_unsaved_work_to_recover(make_studio, tmp_path, clip):
    studio = make_studio()
    studio.session.open([clip])
    studio.session.editing.set_diver(studio.session.current.key, "Zoë")
    studio.window.close()  # nobody was asked
    (left,) = leftovers(tmp_path / "state")
    assert read_session(left).dives[0].diver == "Zoë"


def _no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("trouble", ["no folder", "a file for a folder", "full disk", "full disk at its end"])
def test_a_session_that_cannot_be_saved_is_one_sentence_and_stays_unsaved(
    make_studio, monkeypatch, tmp_path, clip, trouble
):
    studio = make_studio()
    window, session = studio.window, studio.session
    session.open([clip])
    session.editing.set_diver(session.current.key, "Zoë")
    folder = {"no folder": tmp_path / "gone", "a file for a folder": clip}.get(trouble, clip.parent)
    if trouble == "full disk":
        monkeypatch.setattr(Path, "write_bytes", _no_room)
    elif trouble == "full disk at its end":
        monkeypatch.setattr(os, "fsync", _no_room)
    _choose(monkeypatch, "getSaveFileName", folder / "a.fineparser")
    assert not window.files.save()
    monkeypatch.undo()
    assert str(folder / "a.fineparser") in window.messages.text
    todo = "make room on its disk, or choose another one." if "full" in trouble else "exists and may be written to."
    assert window.messages.text.endswith(todo)
    assert window.files.controller.path is None
    assert window.files.controller.modified
    assert os.listdir(clip.parent) == ["clip.mp4"]  # no half file either


def test_that_nothing_is_autosaved_is_said_once(make_studio, monkeypatch, clip):
    studio = make_studio()
    said = []
    studio.session.problem.connect(said.append)
    monkeypatch.setattr(os, "fsync", _no_room)
    studio.session.open([clip])
    studio.files.autosave.told = True  # at the start
    assert not studio.files.autosave.write()
    assert said == []
    studio.files.autosave.told = False
    for _ in range(2):
        assert not studio.files.autosave.write()
    assert len(said) == 1
    assert said[0].endswith("make room on its disk, or choose another one.")
    monkeypatch.undo()
    assert studio.files.autosave.write()
    assert not studio.files.autosave.told


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_one_sentence(make_studio, tmp_path, clip):
    studio = make_studio()
    studio.session.open([clip])
    clip.parent.chmod(0o500)
    try:
        assert not studio.window.files.controller.save_to(clip.with_name("a.fineparser"))
    finally:
        clip.parent.chmod(0o700)
    assert "cannot be written (Permission denied)" in studio.window.messages.text


def test_what_cannot_be_read_again_is_not_written(tmp_path, clip):
    path = tmp_path / "a.fineparser"
    drawings = tuple(Drawing(kind="note", frame=n, points=((1, 2),), text="x") for n in range(MOST_DRAWINGS))
    dives = (SavedDive(path=clip),) * (MOST_DIVES + 1), (SavedDive(path=clip, drawings=drawings),) * 40
    for too_many in dives:
        with pytest.raises(ExportError, match="more than a session can hold"):
            write_session(SavedSession(dives=too_many), path)
    for fits in (dives[0][:-1], dives[1][:30]):
        write_session(SavedSession(dives=fits), path)
        assert len(read_session(path).dives) == len(fits)


def test_no_dive_gets_more_drawings_or_a_longer_name_than_a_session_can_hold(make_studio, clip):
    studio = make_studio()
    session = studio.session
    session.open([clip])
    drawings = tuple(Drawing(kind="note", frame=0, points=((n, 2),), text="x") for n in range(MOST_DRAWINGS + 1))
    session.editing.draw(session.current.key, drawings, "drawing")
    assert session.current.drawings == ()
    assert "holds at most 1000 drawings" in studio.window.messages.text
    session.editing.draw(session.current.key, drawings[1:], "drawing")
    session.editing.set_diver(session.current.key, "x" * 5000)
    studio.window.details.note.setPlainText("x" * 5000)
    assert len(session.current.note) == len(studio.window.details.note.toPlainText()) == LONGEST_NOTE
    assert len(session.current.drawings) == MOST_DRAWINGS
    assert len(session.current.diver) == LONGEST_NAME


def test_a_name_with_tags_is_a_name(make_studio, tmp_path):
    saved = SavedDive(path=tmp_path / "<b>a", diver="<img src='/dev/zero'>")
    write_session(SavedSession(dives=(saved,), selected=0), tmp_path / "a.fineparser")
    studio = make_studio()
    studio.window.files.open_path(tmp_path / "a.fineparser")
    model = studio.window.dives.model
    tip = model.data(model.index(0), Qt.ItemDataRole.ToolTipRole)
    assert "&lt;img src=" in tip
    assert "<img" not in tip


def test_a_long_name_is_saved(tmp_path, clip):
    path = tmp_path / ("ö" * 115 + ".fineparser")
    write_session(_saved(clip), path)
    assert read_session(path) == _saved(clip)


def test_two_windows_with_one_session_do_not_overwrite_each_other(make_studio, qtbot, monkeypatch, tmp_path, clip):
    path = tmp_path / "a.fineparser"
    write_session(SavedSession(dives=(SavedDive(path=clip),), selected=0), path)
    mine, other = make_studio(), make_studio()
    for studio, diver in ((mine, "Zoë"), (other, "Anna")):
        studio.window.files.open_path(path)
        studio.session.editing.set_diver(studio.session.current.key, diver)
    assert other.window.files.save()
    assert not mine.window.files.save()
    assert "a.fineparser was changed by another window or program" in mine.window.messages.text
    assert "use “Save session as…”" in mine.window.messages.text
    assert read_session(path).dives[0].diver == "Anna"
    assert mine.window.files.controller.modified

    _choose(monkeypatch, "getSaveFileName", path)  # the dialog has asked whether to replace it
    assert mine.window.files.save_as()
    assert mine.window.files.save()
    assert read_session(path).dives[0].diver == "Zoë"
    path.unlink()  # nobody's work is in the way
    assert mine.window.files.save()


@pytest.mark.parametrize("changed", ["by nobody", "by another", "nobody knows"])
def test_a_recovered_session_overwrites_no_work_of_another_program(make_studio, qtbot, tmp_path, clip, changed):
    path, autosave = tmp_path / "a.fineparser", tmp_path / "state" / "autosave-1.json"
    autosave.parent.mkdir()
    write_session(SavedSession(), path)
    known = sha256(path.read_bytes()).hexdigest()
    write_session(_saved(clip), autosave, origin=Origin(path, "" if changed == "nobody knows" else known))
    if changed == "by another":
        write_session(SavedSession(paused=True), path)
    later = autosave.stat().st_mtime + 60
    os.utime(path, (later, later))  # says nothing: saving again what is saved already leaves the autosave as it is
    studio = make_studio()
    _recover(studio, qtbot, n_dives=2)
    assert studio.window.files.save() is (changed != "by another")


def test_what_was_saved_after_its_autosave_can_be_saved_again_once_recovered(make_studio, qtbot, tmp_path, clip):
    path = tmp_path / "a.fineparser"
    crashed = make_studio()
    qtbot.waitUntil(lambda: crashed.client.running)  # it has looked for sessions to recover by then
    session, files = crashed.session, crashed.window.files
    session.open([clip])
    assert files.controller.save_to(path)
    session.editing.set_diver(session.current.key, "Zoë")
    assert files.controller.autosave.write()
    assert files.save()
    (own,) = (tmp_path / "state").glob("autosave-*.json")
    shutil.copy2(own, own.with_name("autosave-1.json"))
    crashed.window.close()
    studio = make_studio()
    _recover(studio, qtbot)
    studio.session.editing.set_diver(studio.session.current.key, "Anna")
    assert studio.window.files.save()
    assert read_session(path).dives[0].diver == "Anna"


def test_a_name_that_is_no_unicode_is_kept(tmp_path):
    saved = SavedSession(dives=(SavedDive(path=tmp_path / "M\udcfcller.mp4"),), selected=0)
    write_session(saved, tmp_path / "a.fineparser")
    assert read_session(tmp_path / "a.fineparser") == saved


@windows_only
def test_videos_of_other_drives_and_shares_keep_their_place(tmp_path):
    places = [Path(r"Q:\videos\a.mp4"), Path(r"\\server\share\a.mp4")]
    write_session(SavedSession(dives=tuple(SavedDive(path=place) for place in places)), tmp_path / "a.fineparser")
    (tmp_path / "a.fineparser").rename(tmp_path / "b.fineparser")
    assert [dive.path for dive in read_session(tmp_path / "b.fineparser").dives] == places


def test_lone_surrogates_of_a_stranger_are_replaced(tmp_path):
    """Text that no encoding can write ends in the window, in exports and in queries of the library."""
    bad, mended = "a\udcff\ud800", "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    note = Drawing(kind=NOTE, frame=3, points=((1.0, 2.0),), text=bad)
    dive = SavedDive(
        path=tmp_path / "a\udcff\ud800.mp4",
        diver=bad,
        drawings=(note,),
        correction=Correction(left_out=frozenset({bad})),
    )
    path = tmp_path / "a.fineparser"
    write_session(SavedSession(dives=(dive,), exemplar_drawings={bad: (note,)}), path)
    saved, _ = read_session(path)
    found = saved.dives[0]
    assert found.path == tmp_path / "a\udcff\N{REPLACEMENT CHARACTER}.mp4"
    assert (found.diver, found.drawings[0].text, set(found.correction.left_out)) == (mended, mended, {mended})
    assert list(saved.exemplar_drawings) == [mended]
    assert saved.exemplar_drawings[mended][0].text == mended


def test_a_path_that_no_system_has_is_one_sentence(tmp_path):
    path = tmp_path / "a.fineparser"
    write_session(SavedSession(dives=(SavedDive(path=Path("/club/a.mp4")),)), path)
    path.write_text(
        path.read_text(encoding="utf-8").replace(json.dumps(str(Path("/club/a.mp4")))[1:-1], r"/club/\u0000.mp4"),
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"dive 1: path: .* where the name of a file belongs"):
        read_session(path)


def _crash(tmp_path: Path, clip: Path) -> None:
    """A program that opens a clip, waits for its autosave, and is killed."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from fineparser_gui.app import Studio\n"
        "app = QApplication([])\n"
        "studio = Studio(app, Path(sys.argv[1]))\n"
        "studio.session.open([Path(sys.argv[2])], dive_number='207C')\n"
        "written = studio.window.files.controller.autosave._writing.timeout\n"
        "written.connect(lambda: print('written', flush=True))\n"
        "app.exec()\n"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", program, str(tmp_path / "state"), str(clip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.kill()


def test_after_a_crash_the_session_is_offered_and_comes_back(make_studio, qtbot, tmp_path, clip):
    _crash(tmp_path, clip)
    (left,) = leftovers(tmp_path / "state")
    studio = make_studio()
    assert _box(studio, qtbot, "Recover session").informativeText() == "clip.mp4"
    _recover(studio, qtbot)
    assert studio.session.current.path == clip
    assert studio.session.current.dive_number == "207C"
    assert studio.window.files.controller.modified
    assert not left.exists()
    (own,) = (tmp_path / "state").glob("autosave-*.json")
    assert read_session(own) == studio.session.snapshot()


@pytest.fixture
def monday(tmp_path, clip) -> Path:
    """A session of one dive, which was open in a program that crashed after its diver was typed in."""
    path, autosave = clip.with_name("monday.fineparser"), tmp_path / "state" / "autosave-1.json"
    autosave.parent.mkdir()
    write_session(SavedSession(dives=(SavedDive(path=clip),), selected=0), path)
    origin = Origin(path, sha256(path.read_bytes()).hexdigest())
    write_session(SavedSession(dives=(SavedDive(path=clip, diver="Zoë"),), selected=0), autosave, origin=origin)
    return path


def _paths(session: SavedSession) -> list[str]:
    return [dive.path.name for dive in session.dives]


@pytest.mark.parametrize("answer", ["Cancel", "Discard", "Save"])
def test_a_recovered_session_and_an_open_one_do_not_mix(
    make_studio, qtbot, monkeypatch, tmp_path, small_video, monday, answer
):
    new, elsewhere = monday.with_name("new.mp4"), tmp_path / "new.fineparser"
    shutil.copy(small_video, new)
    studio = make_studio()
    session, files = studio.session, studio.window.files
    session.open([new])
    asked = []
    monkeypatch.setattr(
        QMessageBox, "question", lambda *args: asked.append(args[2]) or QMessageBox.StandardButton[answer]
    )
    _choose(monkeypatch, "getSaveFileName", elsewhere)
    _press(_box(studio, qtbot, "Recover session"), "Recover")
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == ["Recovering closes the session that is open. Save it first?"]
    if answer == "Cancel":
        assert _paths(session.snapshot()) == ["new.mp4"]
        assert files.controller.path is None
        assert len(leftovers(tmp_path / "state")) == 1
        return
    qtbot.waitUntil(lambda: leftovers(tmp_path / "state") == [])
    assert _paths(session.snapshot()) == ["clip.mp4"]
    assert (files.controller.path, files.controller.modified) == (monday, True)
    assert studio.window.windowTitle() == "clip.mp4 – monday – FineParser Studio[*]"
    assert not session.editing.edits.canUndo()
    assert read_session(monday).dives[0].diver == ""
    studio.window.actions_by_id["save_session"].trigger()
    assert not files.controller.modified
    assert [(dive.path.name, dive.diver) for dive in read_session(monday).dives] == [("clip.mp4", "Zoë")]
    assert elsewhere.exists() == (answer == "Save")
    if answer == "Save":
        assert _paths(read_session(elsewhere)) == ["new.mp4"]


def test_each_session_that_was_left_is_recovered_by_itself(make_studio, qtbot, monkeypatch, tmp_path, clip, monday):
    write_session(_saved(clip), tmp_path / "state" / "autosave-2.json")
    os.utime(tmp_path / "state" / "autosave-2.json", (1e9, 1e9))
    studio = make_studio()
    _recover(studio, qtbot)
    monkeypatch.setattr(QMessageBox, "question", lambda *args: QMessageBox.StandardButton.Save)
    _recover(studio, qtbot, n_dives=2)
    recovered = studio.session.snapshot()  # which may have looked at the video by now
    looked_at = tuple(replace(dive, identity=None, dived_on=None) for dive in recovered.dives)
    assert replace(recovered, dives=looked_at) == _saved(clip)
    assert studio.window.files.controller.path is None
    assert read_session(monday).dives[0].diver == "Zoë"
    (own,) = (tmp_path / "state").glob("autosave-*.json")
    assert read_session(own) == (_saved(clip), None)


def test_two_windows_are_not_offered_the_same_session(make_studio, qtbot, tmp_path, monday):
    first = make_studio()
    box = _box(first, qtbot, "Recover session")
    assert box.informativeText() == "monday.fineparser: clip.mp4"
    second = make_studio()
    qtbot.wait(100)
    assert second.window.findChildren(QMessageBox) == []
    assert second.files.next_leftover() is None
    _press(box, "Ask again later")
    qtbot.waitUntil(lambda: len(leftovers(tmp_path / "state")) == 1)
    second.window.files.offer_recovery()
    _recover(second, qtbot)
    assert first.files.next_leftover() is None
    second.window.close()  # by the system
    (left,) = leftovers(tmp_path / "state")
    assert read_session(left).dives[0].diver == "Zoë"
    assert read_session(left)[1].path == monday
    first.window.files.offer_recovery()
    _press(_box(first, qtbot, "Recover session"), "Discard")
    qtbot.waitUntil(lambda: not left.exists())
    first.window.close()
    assert list((tmp_path / "state").glob("autosave-*")) == []


def test_an_autosave_that_cannot_be_read_is_told_and_kept(make_studio, qtbot, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "autosave-1.json").write_text("{", encoding="ascii")
    studio = make_studio()
    qtbot.waitUntil(studio.window.messages.isVisible)
    assert "autosave-1.damaged" in studio.window.messages.text
    assert (tmp_path / "state" / "autosave-1.damaged").read_text(encoding="ascii") == "{"
    assert leftovers(tmp_path / "state") == []


def test_a_session_that_nobody_wants_is_discarded(make_studio, qtbot, tmp_path, clip):
    (tmp_path / "state").mkdir()
    for name in ("autosave-1.json", "autosave-2.json"):
        write_session(_saved(clip), tmp_path / "state" / name)
    studio = make_studio()
    _press(_box(studio, qtbot, "Recover session"), "Discard")
    qtbot.waitUntil(lambda: len(leftovers(tmp_path / "state")) == 1)
    _press(_box(studio, qtbot, "Recover session"), "Ask again later")
    qtbot.waitUntil(lambda: len(leftovers(tmp_path / "state")) == 1)
    assert studio.session.keys == []


def test_an_autosave_that_cannot_be_removed_is_told_and_not_offered_again_at_once(
    make_studio, qtbot, monkeypatch, tmp_path, clip
):
    (tmp_path / "state").mkdir()
    write_session(_saved(clip), tmp_path / "state" / "autosave-1.json")
    studio = make_studio()
    box = _box(studio, qtbot, "Recover session")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", _no_room)
        _press(box, "Discard")
        qtbot.waitUntil(studio.window.messages.isVisible)
    assert "autosave-1.json cannot be removed" in studio.window.messages.text
    assert len(leftovers(tmp_path / "state")) == 1


def test_corrections_are_exported_as_labels(make_studio, qtbot, monkeypatch, tmp_path, clip):
    studio = make_studio()
    window, session = studio.window, studio.session
    session.open([clip])
    _answer(studio, qtbot, tmp_path)
    assert not window.actions_by_id["export_corrections"].isEnabled()
    session.editing.move_transition(session.current.key, 1, 90)
    window.actions_by_id["export_corrections"].trigger()
    assert "needs a dive number" in window.messages.text
    session.editing.set_details(session.current.key, "207C", 10.0)
    _choose(monkeypatch, "getSaveFileName", tmp_path / "labels")
    window.actions_by_id["export_corrections"].trigger()
    qtbot.waitUntil(lambda: not session.exports.busy)
    (export,) = session.exports.exports
    assert (export.state, export.message) == (ExportState.DONE, "Dives with labels: 1.")
    assert window.findChildren(QMessageBox) == []
    records = pickle.loads((tmp_path / "labels.pkl").read_bytes())
    assert records["corrected_10m", 1][3].tolist() == [36, 89]


def test_what_the_coach_says_survives_an_analysis_and_a_reopened_session(make_studio, qtbot, tmp_path, clip):
    studio = make_studio()
    session, files = studio.session, studio.window.files
    session.open([clip, clip])
    first, second = session.keys
    session.editing.set_details(first, "207C", 10.0, 3.4)
    session.editing.set_diver(first, "Zoë")
    _answer(studio, qtbot, tmp_path)
    qtbot.waitUntil(lambda: session.dive(second).state is not DiveState.OPENING)
    session.editing.move_transition(first, 1, 90)
    session.editing.leave_out(first, "a", True)
    session.move(second, 0)
    session.cancel(second)
    session.scheduler.pause(True)
    said = session.snapshot()
    assert said.dives[0].cancelled
    session.analyse(first)
    assert session.snapshot() == said
    files.controller.save_to(tmp_path / "a.fineparser")
    files.open_path(tmp_path / "a.fineparser")
    assert session.snapshot() == said
    assert session.scheduler.paused
    qtbot.waitUntil(lambda: session.dive(session.keys[1]).state is DiveState.QUEUED)
    qtbot.waitUntil(lambda: session.dive(session.keys[0]).state is DiveState.CANCELLED)
    session.scheduler.pause(False)
    _answer(studio, qtbot, tmp_path)
    assert session.current.corrected_frames == (37, 90)
    assert session.snapshot().dives == said.dives


def test_a_window_that_cannot_save_closes_and_ends_its_worker(idle_studio, qtbot, monkeypatch):
    def fail(**_: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as broken, qtbot.waitSignal(idle_studio.window.closing):
        broken.setattr(idle_studio.files, "close", fail)
        with pytest.raises(OSError, match="the disk is gone"):
            idle_studio.window.close()
    assert not idle_studio.window.isVisible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_note_of_before_says_the_outcome_in_the_language_that_wrote_it(tmp_path, language):
    use_language(language)
    balk, repeat = text("Balk"), text("Repeat")
    use_language("en")
    notes = (f"{balk}\nArms late.", repeat, f"{balk} or not")
    path = tmp_path / "old.fineparser"
    write_session(SavedSession(dives=tuple(SavedDive(path=tmp_path / "a.mp4", note=note) for note in notes)), path)
    content = json.loads(path.read_bytes())
    for dive in content["dives"]:
        del dive["outcome"]
    path.write_text(json.dumps(content), encoding="utf-8")
    dives = read_session(path).dives
    assert [(dive.outcome, dive.note) for dive in dives] == [
        ("balk", "Arms late."),
        ("repeat", ""),
        ("", f"{balk} or not"),
    ]
