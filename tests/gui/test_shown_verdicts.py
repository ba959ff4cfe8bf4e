"""Why the shown dive is not scored, as the window says it: in the panel of the award and in the list of dives."""

from dataclasses import replace

import pytest
from answers_kit import answer_dive, open_queued
from finding import reads
from made_answers import dive_parse, scoring

from fineparser_core.records import Verdict, VerdictCode
from fineparser_gui.dives.states import state_text

REFUSAL, WITHHELD = "The clip shows no entry.", "The take-off does not show clearly, so there is no score."

LACKS = Verdict(code=VerdictCode.NO_EVIDENCE, reason=WITHHELD)
NONE = Verdict(code=VerdictCode.NO_EXEMPLARS, reason="There are none.")


@pytest.mark.parametrize(
    ("number", "refusal", "found", "panel", "listed"),
    [
        (None, None, {}, "Needs the dive number.", "needs dive number"),
        ("207C", REFUSAL, {}, REFUSAL, "Not a complete dive"),
        (None, REFUSAL, {}, REFUSAL, "Not a complete dive"),
        ("207C", None, {"verdict": LACKS}, WITHHELD, "no score"),
        ("207C", None, {"verdict": NONE}, "No dives of 207C to compare with", "no exemplars"),
        ("207C", None, {"scoring": scoring()}, "points", "7"),
    ],
)  # fmt: skip
def test_the_panel_and_the_list_say_the_same(
    idle_studio, qtbot, small_video, tmp_path, number, refusal, found, panel, listed
):
    key = open_queued(idle_studio, qtbot, small_video, dive_number=number, board_m=10.0 if number else None)
    dive = idle_studio.session.current
    parse = replace(dive_parse(dive.path, dive.info.n_frames), refusal=refusal)
    others = {name: value for name, value in found.items() if name != "scoring"}
    answer_dive(idle_studio, tmp_path, parse=parse)
    if found:  # what a score comes to
        answer_dive(idle_studio, tmp_path, found.get("scoring"), **others)
    assert panel in reads(idle_studio.window.score)
    assert state_text(idle_studio.session.dive(key)) == listed
    code = found["verdict"].code if "verdict" in found else None
    refused = bool(refusal) or code is VerdictCode.NO_EVIDENCE
    assert idle_studio.window.score.refusal.overrule.isVisibleTo(idle_studio.window) == refused
    assert idle_studio.window.score.no_exemplars.nearest.isVisibleTo(idle_studio.window) == (
        code is VerdictCode.NO_EXEMPLARS
    )
