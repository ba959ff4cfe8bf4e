"""The brush of the mask: painted by mouse, measured by, undone, scored, kept, and taken back."""

from dataclasses import replace

import numpy as np
import pytest
from answers_kit import answer, answer_dive, open_queued, requests, result_message
from finding import reads
from made_answers import scoring
from measured_dive import measured_parse
from numbered_video import write_video
from PySide6.QtCore import Qt

from fineparser_core.export.analysis_json import measures_of
from fineparser_core.export.jobs import SheetJob, load_job, save_job
from fineparser_core.records import Analysis, paint_masks
from fineparser_gui.history.analysis import packed, unpacked
from fineparser_gui.store.analysis_cache import AnalysisCache
from fineparser_gui.store.session_file import read_session, write_session
from fineparser_gui.worker.protocol import ScoreRequest
from fineparser_gui.worker.records import parse_record

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
#: The body at the contact in `measured_parse`, and water below it, pixels.
BODY, BELOW = (153, 250), (153, 340)
#: Measures that are read from the lowest point of the mask at the contact.
FROM_MASK = {"come_out_height", "entry_distance"}


@pytest.fixture
def diver(idle_studio, qtbot, tmp_path):
    """The window with a dive whose contact with the water is on the canvas, the brush in the hand."""
    path, parse = write_video(tmp_path / "wide.mp4", 120, size_px=(640, 480)), measured_parse()
    open_queued(idle_studio, qtbot, path)
    answer_dive(idle_studio, tmp_path, parse=replace(parse, clip=replace(parse.clip, path=path)))
    idle_studio.window.transport.seek(parse.first_water_contact_frame)
    canvas = idle_studio.window.player.pane.canvas
    qtbot.waitUntil(lambda: canvas.shown_frame == parse.first_water_contact_frame)
    idle_studio.window.actions_by_id["paint_mask"].trigger()
    return idle_studio


def stroke(studio, qtbot, button, *points) -> None:
    canvas = studio.window.player.pane.canvas
    places = [canvas.to_widget(*point).toPoint() for point in points]
    qtbot.mousePress(canvas, button, pos=places[0])
    for place in places:
        qtbot.mouseMove(canvas, place)
    qtbot.mouseRelease(canvas, button, pos=places[-1])


def shown(studio) -> Analysis:
    return studio.session.current.analysis


def probability(studio, at) -> float:
    """Of the athlete at a place of the frame at the contact."""
    parse = shown(studio).parse
    x, y = (int(value / 640 * 112) for value in at)
    return float(parse.mask_probability[parse.first_water_contact_frame, y, x])


def values(studio) -> dict[str, float]:
    return {one.name: one.value for one in measures_of(shown(studio))}


def test_a_stroke_adds_and_takes_away_and_the_measures_of_the_mask_alone_follow(diver, qtbot):
    actions = diver.window.actions_by_id
    before, as_found = values(diver), np.array(shown(diver).parse.mask_probability)
    stroke(diver, qtbot, LEFT, BODY, BELOW)
    assert probability(diver, BODY) == probability(diver, BELOW) == 1
    after = values(diver)
    assert after["come_out_height"] > before["come_out_height"] + 0.3
    assert {name for name in before if before[name] != after.get(name)} <= FROM_MASK
    assert "your mask" in diver.window.player.pane._details.text()
    assert [str(note.code) for note in shown(diver).parse.notes] == ["masks_painted"]
    stroke(diver, qtbot, RIGHT, (153, 300), BELOW)
    assert (probability(diver, BODY), probability(diver, BELOW)) == (1, 0)
    assert before["come_out_height"] <= values(diver)["come_out_height"] < after["come_out_height"]
    assert diver.session.edits.undoText() == "correcting the mask"
    actions["undo"].trigger()
    assert values(diver) == after
    actions["undo"].trigger()
    assert values(diver) == before
    assert np.array_equal(shown(diver).parse.mask_probability, as_found)
    actions["redo"].trigger()
    assert values(diver) == after
    assert len(shown(diver).parse.painted) == 1
    actions["reset_corrections"].trigger()
    assert values(diver) == before
    assert not shown(diver).parse.painted


def test_the_keys_change_the_size_alone_and_esc_ends(diver, qtbot):
    player = diver.window.player
    canvas, speed = player.pane.canvas, player.transport.shown_speed
    canvas.setFocus()
    for _ in range(20):
        qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft)
    stroke(diver, qtbot, LEFT, BELOW)
    small = shown(diver).parse.mask_probability.sum(dtype=int)
    for _ in range(9):
        qtbot.keyClick(canvas, Qt.Key.Key_BracketRight)
    stroke(diver, qtbot, LEFT, BELOW)
    assert shown(diver).parse.mask_probability.sum(dtype=int) > small + 9
    assert player.transport.shown_speed == speed
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not player.brush.active
    stroke(diver, qtbot, LEFT, BODY)
    assert probability(diver, BODY) == 0


def test_a_frame_between_two_masks_is_left_for_the_nearer(diver, qtbot):
    canvas = diver.window.player.pane.canvas
    diver.window.transport.seek(110)  # after the last
    qtbot.waitUntil(lambda: canvas.shown_frame == 110)
    stroke(diver, qtbot, LEFT, BODY)
    assert not shown(diver).parse.painted
    assert diver.window.transport.frame == 95


def test_the_score_is_asked_for_by_the_corrected_mask(diver, qtbot, tmp_path):
    session = diver.session
    session.editing.set_details(session.current.key, "207C", 10.0)
    answer_dive(diver, tmp_path, scoring())
    diver.window.score.how.setChecked(True)
    stroke(diver, qtbot, LEFT, BODY, BELOW)
    assert session.current.rescoring
    qtbot.waitUntil(lambda: bool(requests(diver, ScoreRequest)))
    (request,) = requests(diver, ScoreRequest)
    assert request.painted == session.current.correction.painted
    parse = paint_masks(session.current.model_analysis.parse, request.painted)
    answer(diver, result_message(request.id, Analysis(parse=parse, scoring=scoring()), tmp_path))
    assert not session.current.rescoring
    assert shown(diver).measures is not None
    assert "Masks corrected by hand: 1." in reads(diver.window.found)
    assert diver.window.found.numbers.correction.reset.isVisible()


def test_the_mask_is_kept_in_session_exports_and_history(diver, qtbot, tmp_path):
    own = shown(diver).parse
    stroke(diver, qtbot, LEFT, BODY, BELOW)
    analysis = shown(diver)
    path = tmp_path / "a.fineparser"
    write_session(diver.session.snapshot(), path)
    assert read_session(path).dives[0].correction.painted == analysis.parse.painted
    diver.session.editing.remove(diver.session.keys)
    diver.window.files.open_path(path)
    qtbot.waitUntil(lambda: diver.session.current is not None and diver.session.current.info is not None)
    if shown(diver) is None:
        answer_dive(diver, tmp_path, parse=own)
    assert np.array_equal(shown(diver).parse.mask_probability, analysis.parse.mask_probability)
    (tmp_path / "job").mkdir()
    save_job(SheetJob(path=tmp_path / "a.png", analysis=analysis), tmp_path / "job")
    assert load_job(tmp_path / "job").analysis.parse.painted == analysis.parse.painted
    cache = AnalysisCache(tmp_path / "cache")
    cache.put("p", *parse_record(own, None))
    found = unpacked(packed(analysis), path, cache, "p").parse
    assert np.array_equal(found.mask_probability, analysis.parse.mask_probability)
    assert found.notes == analysis.parse.notes


def test_a_correction_is_shown_in_another_crop(diver, qtbot):
    stroke(diver, qtbot, LEFT, BODY, BELOW)
    (painted,) = shown(diver).parse.painted
    grid = painted.grid_in(np.array([100, 200, 212, 312], np.float32))  # a cell a pixel
    assert (grid[50, 53], grid[50, 5]) == (2, 0)
    assert not painted.grid_in(np.array([9000, 0, 9640, 640], np.float32)).any()
