"""Exports from the real window, written by the real process."""

import csv
import json
import os

import pytest
from answers_kit import dive_parse, open_scored
from platforms import KILL
from PySide6.QtCore import QProcess, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox

from fineparser_core.export.dive_words import dive_words
from fineparser_core.export.jobs import ClipJob, StillJob
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.panel import HEADER_UNITS
from fineparser_core.records import Analysis
from fineparser_core.video.probe import probe
from fineparser_gui.export.dialog import ExportDialog
from fineparser_gui.services.exporting import ExportState
from fineparser_gui.session.drawings import LINE, NOTE, Drawing
from fineparser_gui.session.preferences import Preferences
from fineparser_gui.support.save_path import ask_save_path


@pytest.fixture
def studio(idle_studio, qtbot, small_video, tmp_path_factory):
    """The program with a dive that is analysed and scored."""
    open_scored(idle_studio, qtbot, small_video, tmp_path_factory.mktemp("answers"))
    return idle_studio


@pytest.fixture
def dialog(studio, qtbot, monkeypatch, tmp_path):
    """The dialog, opened as a user does; every file dialog answers with what `chosen` holds."""
    studio.window.transport.seek(44)
    studio.window.actions_by_id["export"].trigger()
    made = studio.window.findChild(ExportDialog)
    qtbot.waitUntil(made.isVisible)
    made.chosen = str(tmp_path / "out.mp4")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (made.chosen, ""))
    return made


def only(studio):
    """The one export there is."""
    (export,) = studio.session.exports.exports
    return export


def wait_for(studio, qtbot, state):
    qtbot.waitUntil(lambda: only(studio).state is state)


def test_an_annotated_clip_from_the_dialog(studio, dialog, qtbot, tmp_path):
    dialog.speed.setCurrentIndex(1)
    dialog.go.click()
    row = studio.window.exports.row(only(studio).id)
    assert studio.window.exports.isVisible()
    assert row.button.text() == "Cancel"
    wait_for(studio, qtbot, ExportState.DONE)
    info = probe(tmp_path / "out.mp4")
    assert info.n_frames == 120
    assert info.pts_s[-1] == pytest.approx(2 * 119 / 30, abs=1e-3)
    assert row.text.text() == "out.mp4 was written."
    qtbot.mouseClick(row.close_button, Qt.MouseButton.LeftButton)
    assert not studio.window.exports.isVisible()
    assert os.listdir(tmp_path) == ["out.mp4"]


def test_all_dives_each_in_a_file(studio, dialog, qtbot, tmp_path, small_video, monkeypatch):
    dialog.reject()
    session, first = studio.session, studio.session.current.key
    session.open([small_video], dive_number="207C")
    session.update_analysis(session.keys[-1], model_analysis=session.dive(first).model_analysis)
    made = ExportDialog(session, 3, Preferences(), studio.window)
    made.scope.setCurrentIndex(made.scope.count() - 1)
    assert "(2)" in made.scope.currentText()
    made.kinds.setCurrentRow(0)
    assert not made.pictures[0].beside.isEnabled()
    (tmp_path / "sheets").mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "sheets"))
    made.go.click()
    qtbot.waitUntil(lambda: not session.exports.busy)
    assert len(os.listdir(tmp_path / "sheets")) == 2


def test_a_frame_and_tables_queue_up(studio, qtbot, tmp_path):
    session = studio.session
    exports, key = session.exports, session.current.key
    session.editing.set_athlete(key, "Ana")
    analysis, video = session.current.analysis, session.current.path
    options = RenderOptions(title="Ana", words=dive_words(analysis))
    exports.add(StillJob(path=tmp_path / "frame.png", video=video, frame=44, analysis=analysis, options=options))
    exports.table(session.keys, tmp_path / "dives.csv")
    exports.table([key], tmp_path / "dive.json")
    states = [export.state for export in exports.exports]
    assert states == [ExportState.RUNNING, *2 * [ExportState.WAITING]]
    assert studio.window.exports.isVisible()
    qtbot.waitUntil(lambda: not exports.busy)
    assert [export.state for export in exports.exports] == 3 * [ExportState.DONE]
    assert QImage(str(tmp_path / "frame.png")).width() == 640
    with (tmp_path / "dives.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["diver"], row["score"], row["dive_number"]) == ("Ana", "68", "207C")
    assert json.loads((tmp_path / "dive.json").read_text(encoding="utf-8"))["dives"][0]["diver"] == "Ana"


def test_cancelled_half_way_no_file_is_left(studio, qtbot, tmp_path):
    exports = studio.session.exports
    for name in ("a.mp4", "b.mp4"):
        exports.add(ClipJob(path=tmp_path / name, analysis=studio.session.current.analysis))
    first, second = exports.exports
    exports.cancel(second.id)
    assert exports.exports[1].state is ExportState.CANCELLED
    qtbot.waitUntil(lambda: exports.exports[0].done > 0)
    studio.window.exports.row(first.id).button.click()
    qtbot.waitUntil(lambda: not exports.busy)
    assert exports.exports[0].state is ExportState.CANCELLED
    assert os.listdir(tmp_path) == []


def test_a_process_that_dies_costs_one_export(studio, qtbot, tmp_path):
    exports, dive = studio.session.exports, studio.session.current
    exports.add(ClipJob(path=tmp_path / "a.mp4", analysis=dive.analysis))
    exports.add(StillJob(path=tmp_path / "b.png", video=dive.path, frame=3, analysis=dive.analysis))
    qtbot.waitUntil(lambda: exports.exports[0].done > 0)
    os.kill(exports.findChild(QProcess).processId(), KILL)
    qtbot.waitUntil(lambda: "a.mp4" in studio.window.messages.text)
    qtbot.waitUntil(lambda: not exports.busy)
    assert [export.state for export in exports.exports] == [ExportState.FAILED, ExportState.DONE]
    assert os.listdir(tmp_path) == ["b.png"]


def test_a_missing_video_and_a_missing_folder_are_sentences(studio, qtbot, tmp_path):
    exports, session = studio.session.exports, studio.session
    exports.table(session.keys, tmp_path / "nowhere" / "t.csv")
    wait_for(studio, qtbot, ExportState.FAILED)
    assert "cannot be written" in studio.window.messages.text
    dive = session.current
    gone = tmp_path / "gone.mp4"
    parse = dive_parse(gone, 120)
    session.update(dive.key, analysis=Analysis(parse=parse, scoring=None))
    exports.add(StillJob(path=tmp_path / "a.png", video=gone, frame=3, analysis=session.current.analysis))
    qtbot.waitUntil(lambda: not exports.busy)
    assert exports.exports[-1].state is ExportState.FAILED
    assert "gone.mp4" in studio.window.messages.text
    assert os.listdir(tmp_path) == []


def test_names_get_their_ending(dialog, tmp_path):
    (tmp_path / "frame.png").touch()
    for typed, kind, expected in (("clip", 0, "clip.mp4"), ("a.JPG", 2, "a.JPG"), ("t.csv", 3, "t.csv")):
        dialog.chosen = str(tmp_path / typed)
        suffixes = ((".mp4",), (), (".png", ".jpg", ".jpeg"), (".csv",))[kind]
        assert ask_save_path(dialog, tmp_path / "proposed", suffixes) == tmp_path / expected
    dialog.chosen = str(tmp_path / "frame")  # the file dialog has not asked about frame.png
    assert ask_save_path(dialog, tmp_path / "proposed", (".png",)) == tmp_path / "frame 2.png"


def yellow_in(path):
    """How many pixels of a picture have the colour of drawings."""
    image = QImage(str(path))
    colors = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return sum(color.red() > 200 and color.green() > 180 and color.blue() < 120 for color in colors)


def test_what_the_coach_drew_and_the_mask_that_he_chose(studio, qtbot, monkeypatch, tmp_path):
    session, window = studio.session, studio.window
    key = session.current.key
    studio.preferences.change(mask_opacity=100)
    window.transport.seek(44)
    window.actions_by_id["export"].trigger()
    dialog = window.findChild(ExportDialog)
    boxes = [one.drawings for one in dialog.pictures.values()]
    assert all(box.isChecked() for box in boxes)
    dialog.reject()
    dialog.deleteLater()
    line = Drawing(kind=LINE, frame=44, points=((10, 6), (40, 14)))
    note = Drawing(kind=NOTE, frame=90, points=((10, 10),), text="Füße – spät")
    session.drawing_edits.draw(key, (line, note), "drawing")
    for number, wanted in enumerate((True, False)):
        path = tmp_path / f"{number}.png"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args, path=path: (str(path), ""))
        made = ExportDialog(session, 44, studio.preferences.now, window)
        made.kinds.setCurrentRow(1)
        assert not any(box.isChecked() for box in made.pictures[1].boxes.values()), "nothing else is burned in unasked"
        made.pictures[1].boxes["mask"].setChecked(True)
        assert made.pictures[1].drawings.isEnabled()
        assert made.pictures[1].drawings.isChecked()
        made.pictures[1].drawings.setChecked(wanted)
        made.go.click()
        made.deleteLater()
    session.exports.table([key], tmp_path / "with.json")
    qtbot.waitUntil(lambda: not session.exports.busy)
    assert yellow_in(tmp_path / "0.png") > yellow_in(tmp_path / "1.png") + 500
    middle = QImage(str(tmp_path / "1.png")).pixelColor(320, HEADER_UNITS + 240)
    assert middle.red() > 200 > middle.green()
    with_notes = json.loads((tmp_path / "with.json").read_text("utf-8"))
    assert [one["text"] for one in with_notes["dives"][0]["drawings"]] == ["", "Füße – spät"]


def test_closing_with_an_export_asks_and_stops_it(studio, qtbot, tmp_path, monkeypatch):
    exports = studio.session.exports
    exports.add(ClipJob(path=tmp_path / "a.mp4", analysis=studio.session.current.analysis))
    qtbot.waitUntil(lambda: exports.exports[0].done > 0)
    answers, asked = iter([QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Discard]), []
    monkeypatch.setattr(QMessageBox, "question", lambda *args: asked.append(args[2]) or next(answers))
    studio.session.editing.set_athlete(studio.session.current.key, "Anna")
    studio.window.actions_by_id["quit"].trigger()
    assert studio.window.isVisible()
    studio.window.actions_by_id["quit"].trigger()
    assert not studio.window.isVisible()
    assert len(asked) == 2  # one question for each time, whatever is unfinished
    assert all("will not be written: 1" in text for text in asked)
    assert os.listdir(tmp_path) == []


def test_a_report_of_the_shown_dive(studio, dialog, qtbot, tmp_path):
    dialog.kinds.setCurrentRow(3)
    assert dialog.scope.count() == 1
    dialog.report.format.setCurrentIndex(1)
    dialog.report.note.setPlainText("Arms by the ears <b>.")
    dialog.chosen = str(tmp_path / "report")
    dialog.go.click()
    wait_for(studio, qtbot, ExportState.DONE)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "207C from 10 m" in page
    assert "Arms by the ears &lt;b&gt;." in page
    assert studio.session.current.note == "Arms by the ears <b>."  # the dive's, as that beside it
    assert os.listdir(tmp_path) == ["report.html"]
