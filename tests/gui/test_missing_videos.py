"""Videos that moved, or in whose place lies another one: told in the banner, located, and never mixed up."""

import shutil
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import pytest
from answers_kit import answer_dive
from PySide6.QtWidgets import QFileDialog, QMessageBox

from fineparser_core.video.probe import probe
from fineparser_gui.session.correction import Correction
from fineparser_gui.session.dive import DiveState, SavedDive
from fineparser_gui.session.session_file import SavedSession, write_session
from fineparser_gui.session.video_files import identity_of, moved_roots, relocated


@pytest.fixture(scope="module")
def other_video(tmp_path_factory, make_video):
    """Another clip: 60 frames at 25 a second."""
    return make_video(tmp_path_factory.mktemp("other") / "other.mp4", 60, fps=25)


@pytest.fixture
def saved(tmp_path, clip):
    """A session file with two dives, clip.mp4 and second.mp4 of one folder, and that folder, which has moved."""
    second = clip.with_name("second.mp4")
    shutil.copy(clip, second)
    path = tmp_path / "a.fineparser"
    dives = [
        SavedDive(path=one, identity=identity_of(probe(one)), correction=Correction(transitions=(40, 90)))
        for one in (clip, second)
    ]
    write_session(SavedSession(dives=tuple(dives), selected=0), path)
    return path, clip.parent.rename(tmp_path / "elsewhere")


def choose(monkeypatch, path):
    """Answer the file dialog; returns the titles that it is asked with."""
    asked: list[str] = []

    def answer(_window, title, *_):
        asked.append(title)
        return str(path) if path else "", ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    return asked


def press(banner, text):
    next(button for button in banner.buttons if button.text() == text).click()


def opened(make_studio, qtbot, path):
    studio = make_studio()
    studio.window.files.open_path(path)
    qtbot.waitUntil(studio.window.messages.isVisible)
    return studio, studio.session, studio.window.messages


def states(session):
    return [session.dive(key).state for key in session.keys]


def wait_for(qtbot, session, *wanted):
    qtbot.waitUntil(lambda: states(session) == list(wanted))


def test_moved_videos_are_told_in_the_banner_and_found_together(make_studio, qtbot, monkeypatch, saved):
    path, moved = saved
    studio, session, banner = opened(make_studio, qtbot, path)
    window = studio.window
    assert banner.text == "Videos that have moved or cannot be opened (2): clip.mp4, second.mp4."
    assert [button.text() for button in banner.buttons] == ["Find them…"]
    assert not window.findChildren(QMessageBox)
    assert states(session) == [DiveState.MISSING] * 2
    assert "video is missing" in window.dives.model.text(session.keys[0])
    assert window.actions_by_id["locate"].isEnabled()
    assert not window.actions_by_id["analyse"].isEnabled()
    before = session.snapshot()

    asked = choose(monkeypatch, None)
    press(banner, "Find them…")
    assert asked == ["Where is clip.mp4?"]
    assert banner.isVisible()  # nothing was chosen: it is still to be done
    session.editing.set_athlete(session.keys[1], "Zoë")
    session.problem.emit("Something else.")
    assert banner.text == "Something else."
    banner.messages[-1].close_button.click()
    assert banner.text.startswith("Videos that have moved")
    session.editing.edits.undo()
    banner.messages[-1].close_button.click()  # what was undone, and shown
    session.select(session.keys[0])

    choose(monkeypatch, moved / "clip.mp4")
    press(banner, "Find them…")
    wait_for(qtbot, session, DiveState.QUEUED, DiveState.QUEUED)
    assert not banner.isVisible()
    assert [session.dive(key).path.parent for key in session.keys] == [moved] * 2
    found = session.snapshot()

    assert window.actions_by_id["undo"].text() == "&Undo locating videos (2)"
    window.actions_by_id["undo"].trigger()
    wait_for(qtbot, session, DiveState.MISSING, DiveState.MISSING)
    # The day is what a video says of itself: once it was found, it is known.
    told = tuple(replace(dive, day=None) for dive in session.snapshot().dives)
    assert replace(session.snapshot(), dives=told) == before
    qtbot.waitUntil(banner.isVisible)
    window.actions_by_id["redo"].trigger()
    wait_for(qtbot, session, DiveState.QUEUED, DiveState.QUEUED)
    assert session.snapshot() == found
    qtbot.waitUntil(lambda: window.player.pane.info is not None)
    assert window.player.pane.info.path == moved / "clip.mp4"


def _choose_other(studio, qtbot, monkeypatch, path, other_video):
    """Open a session whose videos have moved, and choose another clip for them."""
    banner = studio.window.messages
    studio.window.files.open_path(path)
    qtbot.waitUntil(banner.isVisible)
    choose(monkeypatch, other_video)
    press(banner, "Find them…")
    qtbot.waitUntil(lambda: len(banner.buttons) == 2 and "other.mp4" in banner.text)


def test_another_clip_is_not_taken_unasked(make_studio, qtbot, monkeypatch, saved, other_video):
    path, moved = saved
    studio = make_studio()
    window, session, banner = studio.window, studio.session, studio.window.messages
    _choose_other(studio, qtbot, monkeypatch, path, other_video)
    assert banner.text == "other.mp4 is another file than that of the session."
    assert [button.text() for button in banner.buttons] == ["Use it anyway", "Choose again…"]
    first = session.keys[0]
    assert (session.dive(first).path.name, session.dive(first).state) == ("clip.mp4", DiveState.MISSING)
    assert "different video" in window.dives.model.text(first)
    assert session.editing.edits.undo_text is None

    choose(monkeypatch, moved / "clip.mp4")
    press(banner, "Choose again…")
    wait_for(qtbot, session, DiveState.QUEUED, DiveState.QUEUED)
    assert session.dive(first).path == moved / "clip.mp4"
    assert not banner.isVisible()


def test_another_clip_is_taken_where_the_coach_says_so(make_studio, qtbot, monkeypatch, tmp_path, saved, other_video):
    path, _ = saved
    studio = make_studio()
    window, session, banner = studio.window, studio.session, studio.window.messages
    _choose_other(studio, qtbot, monkeypatch, path, other_video)
    press(banner, "Use it anyway")
    wait_for(qtbot, session, DiveState.QUEUED, DiveState.MISSING)
    dive = session.current
    assert (dive.path, dive.info.n_frames, dive.identity.n_frames) == (other_video, 60, 60)
    assert dive.correction.transitions == (40, 90)  # kept, and beyond the clip's end: not applied
    answer_dive(studio, tmp_path)
    assert session.current.state is DiveState.READY
    assert session.current.corrected_frames is None
    qtbot.waitUntil(lambda: banner.text.startswith("1 video has moved: second.mp4"))

    (record,) = window.files.controller.all()
    window.files.controller.begin()
    window.files.controller.open_session(record.id)
    wait_for(qtbot, session, DiveState.QUEUED, DiveState.MISSING)  # not asked again


def test_all_dives_of_a_replaced_recording_are_told_and_taken_together(make_studio, qtbot, tmp_path, clip, other_video):
    path, known = tmp_path / "a.fineparser", identity_of(probe(clip))
    cuts = [SavedDive(path=clip, in_frame=at, out_frame=at + 10, identity=known) for at in (0, 40)]
    write_session(SavedSession(dives=tuple(cuts), selected=0), path)
    shutil.copy(other_video, clip)
    studio, session, banner = opened(make_studio, qtbot, path)
    window = studio.window
    assert banner.text.endswith("than that of the session. Rows of the list that are of this video: 2.")
    press(banner, "Use it anyway")
    wait_for(qtbot, session, *[DiveState.QUEUED] * 2)
    assert not banner.isVisible()
    window.actions_by_id["undo"].trigger()  # all of it is one edit
    wait_for(qtbot, session, *[DiveState.MISSING] * 2)
    qtbot.waitUntil(lambda: len(banner.messages) == 2)  # what was undone, and both at once
    assert banner.text.endswith("Rows of the list that are of this video: 2.")
    banner.messages[-1].close_button.click()
    assert len(banner.messages) == 1  # nor is any of them told on its own


def test_a_place_where_the_video_is_not_either_is_forgotten(make_studio, qtbot, tmp_path, clip):
    path = tmp_path / "a.fineparser"
    write_session(SavedSession(dives=(SavedDive(path=clip.with_name("gone.mp4")),), selected=0), path)
    studio = make_studio()
    studio.window.files.open_path(path)
    session, banner = studio.session, studio.window.messages
    wait_for(qtbot, session, DiveState.MISSING)
    wrong = tmp_path / "wrong.mp4"
    wrong.write_text("no video", encoding="ascii")
    session.importer.locate({session.current.key: wrong})
    wait_for(qtbot, session, DiveState.MISSING)
    assert session.current.path == clip.with_name("gone.mp4")
    qtbot.waitUntil(banner.isVisible)
    assert session.editing.edits.undo_text is None
    shutil.copy(clip, clip.with_name("gone.mp4"))  # the disk was plugged in again
    session.importer.locate({session.current.key: clip.with_name("gone.mp4")})
    wait_for(qtbot, session, DiveState.QUEUED)
    assert session.editing.edits.undo_text is None  # it is where it always was


def test_videos_that_moved_with_a_located_one_are_found_in_their_folders(tmp_path):
    old, new = tmp_path / "phone" / "dives", tmp_path / "disk" / "2026" / "dives"
    names = ("monday/1.mp4", "monday/2.mp4", "tuesday/1.mp4", "tuesday/gone.mp4")
    for name in names[:3]:
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).touch()
    missing = [old / name for name in names[1:]] + [Path("/elsewhere/2.mp4"), Path("/elsewhere/3.mp4")]
    assert relocated(old / names[0], new / names[0], missing) == {
        old / names[1]: new / names[1],
        old / names[2]: new / names[2],
        Path("/elsewhere/2.mp4"): new / names[1],
    }
    (new / "renamed.mp4").touch()
    assert relocated(old / "a.mp4", new / "renamed.mp4", [old / names[2]]) == {old / names[2]: new / names[2]}


@pytest.mark.parametrize(
    ("old", "new", "roots"),
    [
        (r"C:\a\monday\1.mp4", r"D:\monday\1.mp4", ("C:\\a", "D:\\")),
        (r"C:\monday\1.mp4", r"\\server\share\dives\monday\1.mp4", ("C:\\", r"\\server\share\dives")),
        (r"\\server\one\1.mp4", r"\\server\two\2.mp4", ("\\\\server\\one\\", "\\\\server\\two\\")),
    ],
)
def test_drives_and_shares_of_windows_become_one_another(old, new, roots):
    assert moved_roots(PureWindowsPath(old), PureWindowsPath(new)) == tuple(map(PureWindowsPath, roots))
