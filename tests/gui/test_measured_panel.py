"""The verdict on the shown dive: what a coach would say, its pictures and bars, and every measure behind them."""

from dataclasses import replace

import numpy as np
import pytest
from answers_kit import answer_dive, dive_parse, open_queued, scoring
from finding import reads
from made_analysis import moments_at
from PySide6.QtCore import QPoint, Qt

from fineparser_core.export.report.moments import COME_OUT, moments_of_parse
from fineparser_core.measures.explanation import Band, Finding
from fineparser_core.measures.records import RULES
from fineparser_core.measures.words import band_text, finding_text, measured_text
from fineparser_core.records import Measure
from fineparser_core.scoring.rescore import correct_contact
from fineparser_gui.score import explanation
from fineparser_gui.score.moment_strip import ShownPicture


@pytest.fixture
def window(idle_studio, qtbot, small_video, tmp_path_factory, monkeypatch):
    """The window with an analysed dive of which the flight time is known, and too short."""
    bands = {"flight_time": Band(low=9.15, high=9.3, unit="s", source=RULES)}
    monkeypatch.setattr(explanation, "bands_for", lambda dive: bands)
    open_queued(idle_studio, qtbot, small_video, dive_number="207C", board_m=10.0)
    parse = dive_parse(small_video, idle_studio.session.current.info.n_frames)
    joints = np.ones((96, 16, 3), np.float32)
    joints[:, :, 1] = np.linspace(5, 40, 16)
    parse = replace(parse, joints=joints, moments=moments_at(parse.transitions))
    parse = correct_contact(parse, parse.transitions.first_entry_frame + 10)
    answer_dive(idle_studio, tmp_path_factory.mktemp("answers"), None, scoring(), parse=parse)
    qtbot.waitUntil(lambda: any(bar.against for bar in idle_studio.window.verdict.bars()))
    return idle_studio.window


def test_what_a_coach_would_say_has_a_picture_and_a_bar_that_lead_to_its_frame(idle_studio, window, qtbot):
    contact = idle_studio.session.current.analysis.parse.first_water_contact_frame
    said, *others = window.verdict.strip.pictures
    assert (said.caption, said.fault, said.frame) == ("Low", True, contact)
    assert [other.fault for other in others] == [False, False]
    (bar,) = (bar for bar in window.verdict.bars() if bar.against)
    assert (bar.name.text(), bar.value.text()) == ("air time", "1.6 s")
    qtbot.mouseClick(window.verdict.strip, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert window.transport.frame == contact
    window.transport.seek(0)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton)
    assert window.transport.frame == contact


def test_a_dive_within_its_bands_is_told_so(idle_studio, window, qtbot, monkeypatch, tmp_path):
    wide = {"flight_time": Band(low=0.5, high=9.3, unit="s", source=RULES)}
    monkeypatch.setattr(explanation, "bands_for", lambda dive: wide)
    session = idle_studio.session
    again = replace(session.current.model_analysis)
    session.update(session.current.key, model_analysis=again, analysis=again)
    qtbot.waitUntil(lambda: "Nothing to fault that the picture shows clearly" in reads(window.verdict))
    assert not any(picture.fault for picture in window.verdict.strip.pictures)


def test_what_speaks_against_a_dive_is_a_sentence_whose_frame_is_a_click_away(idle_studio, window, qtbot):
    window.score.how.setChecked(True)
    first = next(row for row in window.measured.rows() if row.against)
    assert "in the air; rules: 9.15 to 9.30 s" in first.text
    contact = idle_studio.session.current.analysis.parse.first_water_contact_frame
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert window.transport.frame == contact
    window.transport.seek(0)
    qtbot.keyClick(first, Qt.Key.Key_Return)
    assert window.transport.frame == contact
    assert not any("eduction" in row.text for row in window.measured.rows())


def test_values_have_units_and_their_signs_have_names():
    over = Measure(name="legs_line", value=14.2, unit="deg", uncertainty=4.0, frame=3, step="entry")
    assert measured_text(over) == "14 ± 4° over"
    assert measured_text(replace(over, value=-3.0)) == "3 ± 4° short"
    assert band_text("legs_line", Band(low=-4, high=5, unit="deg", source=RULES)) == "4° short to 5° over"
    assert band_text("lean", Band(low=3, high=9, unit="deg", source=RULES)) == "3 to 9° forward"
    height = Measure(name="jump_height", value=0.98, unit="m", uncertainty=0.1, frame=3, step="take-off")
    band = Band(low=1.15, high=1.3, unit="m", source=RULES)
    told = finding_text(Finding(measure=height, band=band, weight=2.0))
    assert told == "1.0 m of jump; rules: 1.1 to 1.3 m"


def test_the_angle_on_a_picture_has_a_name(idle_studio, window):
    lean = Measure(name="lean", value=12.0, unit="deg", uncertainty=3.0, frame=0, step="take-off")
    strip, dive = window.verdict.strip, idle_studio.session.current
    parse = dive.analysis.parse
    shown = moments_of_parse(parse, dive.info.pts_s, [])
    lean = replace(lean, frame=shown["take-off"])
    pictures = [ShownPicture(shown[at], "", opens=at == COME_OUT) for at in ("take-off", COME_OUT)]
    strip.show_pictures(parse, dive.info, pictures, [lean])
    assert [strip.angle_text(at) for at in (0, 1)] == ["lean at the take-off", "hips as the body opens"]


def test_a_moment_that_is_dragged_takes_its_measures_along_at_once(idle_studio, window, qtbot):
    """The measures are those of the moments that are shown, also while the score is computed."""
    session, key = idle_studio.session, idle_studio.session.current.key

    def shown_s():
        (bar,) = (bar for bar in window.verdict.bars() if bar.name.text() == "air time")
        return float(bar.value.text().removesuffix(" s"))

    before_s, contact = shown_s(), session.current.analysis.parse.first_water_contact_frame
    session.editing.move_transition(key, 2, contact + 9, gesture="drag")
    assert session.current.rescoring
    qtbot.waitUntil(lambda: shown_s() == pytest.approx(before_s + 0.3, abs=0.051))
    session.editing.edits.undo()
    qtbot.waitUntil(lambda: shown_s() == before_s)


def test_of_a_clip_without_a_dive_nothing_is_measured_and_no_phase_is_shown(idle_studio, window, qtbot):
    session, key = idle_studio.session, idle_studio.session.current.key
    own = session.current.model_analysis
    refused = replace(own, parse=replace(own.parse, refusal="No diver is seen."))
    session.update(key, model_analysis=refused, analysis=refused)
    qtbot.waitUntil(lambda: not window.verdict.isVisible())
    assert "flight" not in window.player.timeline.accessibleDescription()
    window.score.refusal.overrule.click()
    qtbot.waitUntil(window.verdict.isVisible)
    assert "flight" in window.player.timeline.accessibleDescription()
