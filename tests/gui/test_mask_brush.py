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
from fineparser_gui.store.session_file import write_session
from fineparser_gui.worker.protocol import ScoreRequest
from fineparser_gui.worker.records import parse_record

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
#: The body at the contact in `measured_parse`, and water below it, pixels.
BODY, BELOW = (153, 250), (153, 340)


class Painter:
    """The window with a dive whose contact with the water is on the canvas, the brush in the hand."""

    def __init__(self, studio, qtbot, folder) -> None:
        self.studio, self.qtbot, self.folder = studio, qtbot, folder
        self.session, self.actions, self.player = studio.session, studio.window.actions_by_id, studio.window.player
        path, parse = write_video(folder / "wide.mp4", 120, size_px=(640, 480)), measured_parse()
        open_queued(studio, qtbot, path)
        answer_dive(studio, folder, parse=replace(parse, clip=replace(parse.clip, path=path)))
        self.go_to(parse.first_water_contact_frame)
        self.actions["paint_mask"].trigger()

    def go_to(self, frame: int) -> None:
        self.studio.window.transport.seek(frame)
        self.qtbot.waitUntil(lambda: self.player.pane.canvas.shown_frame == frame)

    def stroke(self, button, *points) -> None:
        canvas = self.player.pane.canvas
        places = [canvas.to_widget(*point).toPoint() for point in points]
        self.qtbot.mousePress(canvas, button, pos=places[0])
        for place in places:
            self.qtbot.mouseMove(canvas, place)
        self.qtbot.mouseRelease(canvas, button, pos=places[-1])

    @property
    def shown(self) -> Analysis:
        return self.session.current.analysis

    @property
    def values(self) -> dict[str, float]:
        return {one.name: one.value for one in measures_of(self.shown)}

    @property
    def mask(self) -> np.ndarray:
        """(112, 112) of the frame at the contact."""
        return np.asarray(self.shown.parse.mask_probability[self.shown.parse.first_water_contact_frame], int)

    def covers(self, *points: tuple[int, int]) -> list[bool]:
        return [bool(self.mask[int(y / 640 * 112), int(x / 640 * 112)]) for x, y in points]


@pytest.fixture
def painter(idle_studio, qtbot, tmp_path):
    return Painter(idle_studio, qtbot, tmp_path)


def test_a_stroke_adds_and_takes_away_and_the_measures_of_the_mask_alone_follow(painter):
    before = painter.values
    painter.stroke(LEFT, BODY, BELOW)
    assert painter.covers(BODY, BELOW) == [True, True]
    after = painter.values
    assert after["come_out_height"] > before["come_out_height"] + 0.3
    assert {name for name in before if before[name] != after.get(name)} <= {"come_out_height", "entry_distance"}
    assert "your mask" in reads(painter.player.pane)
    assert [str(note.code) for note in painter.shown.parse.notes] == ["masks_painted"]
    painter.stroke(RIGHT, (153, 300), BELOW)
    assert painter.covers(BODY, BELOW) == [True, False]
    assert painter.values["come_out_height"] < after["come_out_height"]
    painter.actions["undo"].trigger()
    assert painter.values == after
    painter.actions["undo"].trigger()
    assert (painter.values, painter.mask.any()) == (before, False)
    painter.actions["redo"].trigger()
    assert painter.values == after
    painter.actions["reset_corrections"].trigger()
    assert (painter.values, painter.mask.any()) == (before, False)


def test_the_keys_change_the_size_alone_and_esc_ends(painter, qtbot):
    canvas, speed = painter.player.pane.canvas, painter.player.transport.shown_speed
    for key in [Qt.Key.Key_BracketLeft] * 20:
        qtbot.keyClick(canvas, key)
    painter.stroke(LEFT, BELOW)
    small = painter.mask.sum()
    for key in [Qt.Key.Key_BracketRight] * 9:
        qtbot.keyClick(canvas, key)
    painter.stroke(LEFT, BELOW)
    assert painter.mask.sum() > small + 9
    assert painter.player.transport.shown_speed == speed
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    painter.stroke(LEFT, BODY)
    assert painter.covers(BODY) == [False]


def test_a_frame_without_a_mask_of_its_own_is_left_for_the_nearest(painter):
    painter.go_to(110)
    painter.stroke(LEFT, BODY)
    assert not painter.shown.parse.painted
    assert painter.studio.window.transport.frame == 95


def test_the_score_is_by_the_corrected_mask(painter, qtbot):
    studio, session = painter.studio, painter.session
    session.editing.set_details(session.current.key, "207C", 10.0)
    answer_dive(studio, painter.folder, scoring())
    studio.window.score.how.setChecked(True)
    painter.stroke(LEFT, BODY, BELOW)
    assert session.current.rescoring
    qtbot.waitUntil(lambda: bool(requests(studio, ScoreRequest)))
    (request,) = requests(studio, ScoreRequest)
    parse = paint_masks(session.current.model_analysis.parse, request.painted)
    answer(studio, result_message(request.id, Analysis(parse=parse, scoring=scoring()), painter.folder))
    assert not session.current.rescoring
    assert painter.shown.measures is not None
    assert painter.covers(BODY, BELOW) == [True, True]
    assert "Masks corrected by hand: 1." in reads(studio.window.found)
    assert studio.window.found.numbers.correction.reset.isVisible()


def test_the_mask_is_kept_in_session_exports_and_history_and_fits_other_crops(painter, qtbot, tmp_path):
    own, path = painter.shown.parse, tmp_path / "a.fineparser"
    painter.stroke(LEFT, BODY, BELOW)
    analysis, mask = painter.shown, painter.mask
    write_session(painter.session.snapshot(), path)
    painter.session.editing.remove(painter.session.keys)
    painter.studio.window.files.open_path(path)
    qtbot.waitUntil(lambda: painter.session.current is not None and painter.session.current.info is not None)
    answer_dive(painter.studio, tmp_path, parse=own)
    assert np.array_equal(painter.mask, mask)
    (tmp_path / "job").mkdir()
    save_job(SheetJob(path=tmp_path / "a.png", analysis=analysis), tmp_path / "job")
    assert load_job(tmp_path / "job").analysis.parse.painted == analysis.parse.painted
    cache = AnalysisCache(tmp_path / "cache")
    cache.put("p", *parse_record(own, None))
    found = unpacked(packed(analysis), path, cache, "p").parse
    assert np.array_equal(found.mask_probability, analysis.parse.mask_probability)
    assert found.notes == analysis.parse.notes
    (painted,) = found.painted
    nearer = painted.grid_in(np.array([100, 200, 212, 312], np.float32))  # a cell a pixel
    assert (nearer[50, 53], nearer[50, 5]) == (2, 0)
    assert not painted.grid_in(np.array([9000, 0, 9640, 640], np.float32)).any()
