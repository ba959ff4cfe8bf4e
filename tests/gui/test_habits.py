"""From dive to dive by key, where a dive opens, columns that fold away, and names proposed for files."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from answers_kit import SilentWorker, activate, answer_dive, copies
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from shown_studio import shown_studio

from fineparser_core.resources import resource
from fineparser_gui import app
from fineparser_gui.services.exporting import file_stem, session_stem
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.shell.layout import FoldStrip
from fineparser_gui.support.save_path import LAST_FOLDER, ask_save_path

FLIGHT = 37  # of the made answers; 15 frames are half a second
CUE = FLIGHT - 15
#: 1366 × 768 at 125 %.
SMALL = (1093, 614)
DOWN, UP = Qt.Key.Key_PageDown, Qt.Key.Key_PageUp


def _open(studio, qtbot, paths):
    studio.session.open(paths)
    qtbot.waitUntil(lambda: [dive.state for dive in studio.session.dives] == [DiveState.QUEUED] * len(paths))


@pytest.fixture
def three(idle_studio, qtbot, small_video, tmp_path):
    """The active window with three dives, of which the first two are analysed."""
    _open(idle_studio, qtbot, copies(small_video, tmp_path, "abc"))
    for key in idle_studio.session.keys[:2]:
        answer_dive(idle_studio, tmp_path, key=key)
    activate(qtbot, idle_studio.window)
    return idle_studio


def _shown(studio):
    """Place of the shown dive in the list, and its frame."""
    session = studio.session
    return session.keys.index(session.current.key), studio.window.transport.frame


def test_the_page_keys_go_from_dive_to_dive_wherever_the_focus_is(three, qtbot):
    window = three.window
    for field in (window.player.pane.canvas, window.dives.view, window.details.athlete, window.exemplars.table):
        field.setFocus()
        for key, expected in ((DOWN, 1), (DOWN, 2), (DOWN, 2), (UP, 1), (UP, 0), (UP, 0)):
            qtbot.keyClick(window.focusWidget(), key)
            assert _shown(three)[0] == expected, field
    window.dives.view.setFocus()
    qtbot.keyClick(window.dives.view, DOWN)
    assert window.dives.selected_keys() == [three.session.keys[1]]


def test_a_dive_opens_at_its_take_off_plays_from_before_it_and_opens_again_where_it_was_left(three, qtbot, tmp_path):
    transport, go = three.window.transport, three.window.go_to_dive
    assert _shown(three) == (0, FLIGHT)
    go(1)
    assert _shown(three) == (1, FLIGHT)
    transport.play()
    assert _shown(three) == (1, CUE)
    transport.seek(FLIGHT)
    transport.pause()
    transport.play()
    assert _shown(three) == (1, FLIGHT)  # that is where the coach has put it
    transport.pause()
    transport.seek(50)
    go(1)
    assert _shown(three) == (2, 0)  # nobody knows its flight yet
    go(-1)
    assert _shown(three) == (1, 50)
    go(-1)
    assert _shown(three) == (0, FLIGHT)
    transport.seek(transport.n_frames - 1)  # played to its end
    go(1)
    go(-1)
    assert _shown(three) == (0, FLIGHT)


def test_on_a_narrow_screen_the_picture_has_most_of_the_width(qapp, qtbot, clip, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "WorkerClient", SilentWorker)
    with shown_studio(qapp, qtbot, tmp_path / "state", size=SMALL) as first:
        _fold_columns(first.window, qtbot, clip)
    with shown_studio(qapp, qtbot, tmp_path / "state", size=SMALL) as again:
        again.session.open([clip])
        qtbot.waitUntil(lambda: again.session.current is not None)
        assert again.window.dives.isVisible()
        assert not again.window._side.isVisible()


def _fold_columns(window, qtbot, clip):
    window.session.open([clip])
    qtbot.waitUntil(lambda: window.player.pane.canvas.shown_frame is not None)
    assert not window.dives.isVisible()
    assert window._side.isVisible()
    canvas = window.player.pane.canvas
    assert canvas.width() > 0.55 * window.width()
    left, right = (strip for strip in window.findChildren(FoldStrip))
    assert left.isVisible()
    assert left.arrowType() is Qt.ArrowType.RightArrow
    activate(qtbot, window)
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_F7)
    assert window.dives.isVisible()
    assert left.arrowType() is Qt.ArrowType.LeftArrow
    window.details.athlete.setFocus()
    qtbot.mouseClick(right, Qt.MouseButton.LeftButton)
    assert not window._side.isVisible()
    assert canvas.hasFocus()
    qtbot.waitUntil(lambda: canvas.width() > 0.7 * window.width())
    window.actions_by_id["full_screen"].trigger()
    assert not right.isVisible()
    window.actions_by_id["full_screen"].trigger()
    assert window.dives.isVisible()
    assert not window._side.isVisible()


def test_names_of_files():
    dive = Dive(key="k", path=Path("/v/clip 7.mp4"), board_m=3.0, day="2026-11-29")
    assert file_stem(dive) == "clip 7"
    anna = replace(dive, athlete=" Anna ", dive_number="103B")
    assert file_stem(anna) == "Anna 103B 3m 2026-11-29"
    assert file_stem(replace(anna, board_m=7.5, day=None)) == "Anna 103B 7.5m"
    assert file_stem(replace(anna, athlete="A/B\\C:?\n", dive_number=None)) == "A-B-C-- 3m 2026-11-29"
    assert len(file_stem(replace(anna, athlete="x" * 500))) <= 120
    nameless = replace(anna, day=None)
    devices = {"con": "con-", "Lpt1. b": "Lpt1-. b", "Conny": "Conny"}  # of Windows, but for the last
    assert {name: session_stem([replace(nameless, athlete=name)]) for name in devices} == devices
    assert session_stem([anna, replace(anna, day="2026-11-27")]) == "Anna 2026-11-27"
    assert session_stem([anna, replace(anna, athlete="Bo")]) == "v 2026-11-29"
    assert session_stem([]) == ""


def test_the_folder_used_last_is_proposed_at_the_next_start_too(make_studio, qtbot, clip, tmp_path, monkeypatch):
    monkeypatch.setattr(LAST_FOLDER, "_folder", None)  # of another test of this process
    asked: list[Path] = []
    answers = iter([tmp_path / "out" / "mine.mp4", None, tmp_path / "out" / "one.fineparser", None])

    def ask(_parent, _title, proposed, *_):
        asked.append(Path(proposed))
        return str(next(answers) or ""), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    (tmp_path / "out").mkdir()
    studio = make_studio()
    _open(studio, qtbot, [clip])
    studio.session.editing.set_athlete(studio.session.current.key, "Anna")
    proposed = clip.parent / f"{file_stem(studio.session.current)}.mp4"
    assert ask_save_path(studio.window, proposed, (".mp4",)) == tmp_path / "out" / "mine.mp4"
    (tmp_path / "out" / proposed.name).touch()
    assert ask_save_path(studio.window, proposed, (".mp4",)) is None
    assert studio.window.files.save_as()
    studio.window.close()
    studio = make_studio()
    ask_save_path(studio.window, proposed, (".mp4",))
    taken = proposed.with_stem(f"{proposed.stem} 2").name
    assert asked[:2] == [proposed, tmp_path / "out" / taken]
    assert asked[2].parent == tmp_path / "out"
    assert asked[2].name.startswith("Anna")
    assert asked[3] == tmp_path / "out" / taken
    shutil.rmtree(tmp_path / "out")
    assert LAST_FOLDER.proposed(proposed) == proposed  # a folder that is gone is not
    # Nor is the folder of what comes with the program.
    assert LAST_FOLDER.proposed(resource("samples", "a.mp4")) == Path.home() / "a.mp4"
