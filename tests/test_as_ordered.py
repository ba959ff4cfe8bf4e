"""What was ordered, in the words of the order, pressed as its user would press it. These tests are never deleted.

"A Qt application that loads a dive video, runs the bundled FineParser core on the local GPU, shows a timeline of
predicted step transitions, per-frame predicted masks overlaid, per-step relative score contributions, and the chosen
exemplars side by side; the core also trains and evaluates headless. Used by: launching the app, drag-and-drop scoring,
exporting annotated clips, `python -m fineparser_core.train`."
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gui.shown_studio import shown_studio
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from fineparser_core.constants import STEP_NAMES
from fineparser_core.export.jobs import ClipJob
from fineparser_core.export.mask_overlay import mask_at
from fineparser_core.resources import resource
from fineparser_core.video.probe import probe
from fineparser_gui.session.dive import DiveState

ROOT = Path(__file__).resolve().parents[1]
#: Size of a small laptop's screen, less the title of the window and the panel of the desktop.
_SCREEN = (1366, 768)


@pytest.fixture(scope="module")
def dropped(qapp, tmp_path_factory, left_s):
    """The window of the launched app, on which a clip was dropped: nothing was clicked, the analysis has ended."""
    from pytestqt.qtbot import QtBot

    class Request:
        node = None

    qtbot = QtBot(Request)
    with shown_studio(qapp, qtbot, tmp_path_factory.mktemp("state"), size=_SCREEN) as studio:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(resource("samples", "sample.mp4")))])
        copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(studio.window, QDragEnterEvent(QPoint(9, 9), copy, data, left, none))
        QApplication.sendEvent(studio.window, QDropEvent(QPointF(9, 9), copy, data, left, none))
        qtbot.waitUntil(lambda: studio.session.current is not None, timeout=round(1000 * left_s()))
        session = studio.session
        qtbot.waitUntil(
            lambda: session.current.state is DiveState.READY and session.current.analysis.scoring is not None,
            timeout=round(1000 * left_s()),
        )
        qtbot.waitUntil(lambda: studio.window.strip.view.count() > 0, timeout=round(1000 * left_s()))
        yield studio, qtbot


def on_screen(widget, window):
    """True if all of a widget is in the window, and no scroll area hides a part of it."""
    whole = QRect(widget.mapTo(window, QPoint()), widget.size())
    return (
        widget.isVisible() and window.rect().contains(whole) and widget.visibleRegion().boundingRect() == widget.rect()
    )


def test_drag_and_drop_scores_a_clip(dropped):
    studio, _ = dropped
    dive = studio.session.current
    assert dive.details == (None, None, None)  # nothing was typed
    assert (dive.known_number, dive.known_board_m) == ("207C", 10.0)
    assert dive.analysis.scoring.score > 0
    assert on_screen(studio.window.score.findChild(type(studio.window.score._award), "score"), studio.window)


def test_a_timeline_of_predicted_step_transitions(dropped):
    studio, _ = dropped
    timeline, parse = studio.window.player.timeline, studio.session.current.analysis.parse
    assert on_screen(timeline, studio.window)
    told = timeline.accessibleDescription()
    assert all(name in told for name in STEP_NAMES), told
    assert 0 < parse.transitions.first_flight_frame < parse.transitions.first_entry_frame


def test_per_frame_predicted_masks_overlaid(dropped):
    studio, qtbot = dropped
    window, parse = studio.window, studio.session.current.analysis.parse
    canvas = window.player.pane.canvas
    assert canvas.overlays.mask  # without a click
    first, last = int(parse.sampled_frames[0]), int(parse.sampled_frames[-1])
    water = parse.first_water_contact_frame
    assert water is not None
    masks = {frame: mask_at(parse, frame)[0] for frame in range(first, last + 1)}
    assert all(mask.max() > 0.5 for frame, mask in masks.items() if frame < water)  # of every frame, until the water
    for frame in (parse.transitions.first_flight_frame, parse.transitions.first_entry_frame):
        window.transport.seek(frame)
        qtbot.waitUntil(lambda frame=frame: canvas.shown_frame == frame)
        with_mask = canvas.grab().toImage()
        canvas.overlay(mask=False)
        without = canvas.grab().toImage()
        canvas.overlay(mask=True)
        assert with_mask != without


def test_per_step_relative_score_contributions(dropped):
    studio, _ = dropped
    window, scoring = studio.window, studio.session.current.analysis.scoring
    bars = window.contributions._bars
    assert on_screen(bars, window)
    assert [part.rpartition(" ")[0] for part in bars.accessibleDescription().split(", ")] == [*STEP_NAMES]
    mean = np.mean([vote.score for vote in scoring.exemplars])
    assert sum(part.points for part in scoring.contributions) == pytest.approx(scoring.score - mean, abs=1e-6)


def test_the_chosen_exemplars_side_by_side(dropped):
    studio, qtbot = dropped
    window, session = studio.window, studio.session
    view = window.strip.view
    assert on_screen(view, window)
    seen = [row for row in range(view.count()) if view.viewport().rect().contains(view.visualItemRect(view.item(row)))]
    assert len(seen) >= 4
    shown = {one.exemplar_id for one in window.strip._listed}
    assert shown == {vote.id for vote in session.current.analysis.scoring.exemplars}
    with_clip = [session.library.find(one.exemplar_id).has_clip for one in window.strip._listed]
    item = view.item(with_clip.index(True))  # judged dives of research data have no video
    view.scrollToItem(item)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualItemRect(item).center())
    first, second = window.player.panes
    qtbot.waitUntil(lambda: second.isVisible() and second.info is not None)
    assert session.comparing.beside.exemplar_id in shown
    window.transport.seek(session.current.analysis.parse.transitions.first_entry_frame)
    assert second.frame == session.comparing.other.steps[2].start_frame  # aligned
    session.comparing.end()
    assert first.isVisible()
    assert not second.isVisible()


def test_an_annotated_clip(dropped, tmp_path, left_s):
    studio, qtbot = dropped
    session, path = studio.session, tmp_path / "annotated.mp4"
    session.exports.add(ClipJob(path=path, analysis=session.current.analysis))
    qtbot.waitUntil(lambda: not session.exports.busy, timeout=round(1000 * left_s()))
    clip = session.current.analysis.parse.clip
    assert probe(path).n_frames == clip.out_frame - clip.in_frame + 1


def python_module(name, *argv, folder):
    """What `python -m NAME ARGUMENT...` prints in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", name, *map(str, argv)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_trains_and_evaluates_headless_by_its_two_modules(tmp_path):
    clip = {"video": str(resource("samples", "sample.mp4")), "dive_number": "207C", "board_m": 10}
    dives = [clip | {"score": score, "split": split} for split, score in (("train", 89.1), ("test", 72.5))]
    file = tmp_path / "dives.json"
    file.write_text(json.dumps({"format": "fineparser-dives", "version": 1, "dives": dives}), encoding="utf-8")
    data = ("--data", file, "--cache", tmp_path / "cache", "--device", "cpu")
    small = ("--config", "i3d-mlp", "--window-count", "1", "--freeze", "i3d", "--epochs", "1", "--batch-size", "1")
    trained = python_module(
        "fineparser_core.train", *data, *small, "--validation-share", "0", "--out", "run", folder=tmp_path
    )
    assert f"of epoch 1 written to {Path('run', 'bundle')}" in trained
    evaluated = python_module("fineparser_core.eval", *data, "--weights", "run/bundle", folder=tmp_path)
    (error,) = {next(line for line in text.splitlines() if "score error" in line) for text in (trained, evaluated)}
    assert "1 dives, 1 scored" in evaluated
    assert error
