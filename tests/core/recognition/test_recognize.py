from dataclasses import replace

import numpy as np
import pytest
from made_dives import made_parse, mirrored
from measured_dive import measured_parse

from fineparser_core.export.analysis_json import MaskArrays, analysis_from_dict, analysis_to_dict
from fineparser_core.recognition.numbers import seen_text
from fineparser_core.recognition.recognize import recognize
from fineparser_core.records import Analysis
from fineparser_core.synth.render import DiveSpec, plan_dive


def dive(number, board_m, azimuth=0.3, errors=0.7):
    return made_parse(
        plan_dive(DiveSpec(dive_number=number, board_m=board_m), 7), np.random.default_rng(3), azimuth, errors
    )


@pytest.mark.parametrize(
    ("number", "board_m", "direction"),
    [
        ("103B", 1.0, "forward"),
        ("201C", 3.0, "back"),
        ("303C", 1.0, "reverse"),
        ("403B", 3.0, "inward"),
        ("207C", 10.0, "back"),
        ("626C", 10.0, "back"),
    ],
)
def test_a_dive_is_recognized_and_its_mirror_image_alike(number, board_m, direction):
    parse = dive(number, board_m)
    seen, other = recognize(parse), recognize(mirrored(parse))
    assert next(iter(seen.numbers)) == next(iter(other.numbers)) == number
    assert seen.directions[direction] > 0.8
    assert other.directions[direction] == pytest.approx(seen.directions[direction], abs=1e-6)
    assert seen.boards_m[board_m] == max(seen.boards_m.values())
    assert round(seen.half_somersaults) == int(number[2])
    assert (seen.armstand > 0.5) == number.startswith("6")
    assert seen.twisting < 0.5


def test_from_behind_no_direction_is_told():
    seen = recognize(dive("403B", 3.0, azimuth=np.pi / 2))
    assert seen is None or max(seen.directions.values()) < 0.9


def test_joints_that_are_lost_leave_the_number_open():
    parse = dive("105B", 3.0)
    parse.joints[30:70, :, 2] = 0.05
    seen = recognize(parse)
    assert seen is None or max(seen.numbers.values()) < 0.9


def test_what_was_not_seen_is_not_recognized():
    parse = measured_parse()
    parse.joints[..., 2] = 0.0
    assert recognize(parse) is None


def test_words_and_json_tell_what_was_seen():
    parse = dive("103B", 1.0)
    seen = recognize(parse)
    assert seen is not None
    assert seen_text(seen).startswith("forward 1½ somersaults, pike: 103B ")
    stored = analysis_to_dict(Analysis(parse=replace(parse, recognition=seen), scoring=None, measures=()))
    assert stored["recognition"]["boards_m"]["1"] > 0.9
    assert analysis_from_dict(stored, MaskArrays.of(parse)).parse.recognition == seen
