from dataclasses import replace

import numpy as np
import pytest
from exemplar_kit import MODEL_ID
from made_analysis import made_identity
from made_dives import made_parse, mirrored
from measured_dive import measured_parse
from stand_in import StandIn

from fineparser_core.commands.score_report import report
from fineparser_core.diving.difficulty import asked_difficulty, find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.export.analysis_json import analysis_from_dict, analysis_to_dict
from fineparser_core.export.notes import note_text
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.recognition.boards import seen_board, with_seen_board
from fineparser_core.recognition.contradictions import contradiction_notes, contradiction_text, contradictions
from fineparser_core.recognition.numbers import seen_text
from fineparser_core.recognition.recognize import recognize
from fineparser_core.records import FORCED, Analysis, ClipEncoding, Recognition
from fineparser_core.scoring.verdict import other_dive
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
    assert seen_text(seen).startswith("forward 1½ somersaults, pike: 103B ")
    stored = analysis_to_dict(Analysis(parse=replace(parse, recognition=seen), scoring=None, measures=()))
    assert stored["recognition"]["boards_m"]["1"] > 0.9
    assert analysis_from_dict(stored, parse).parse.recognition == seen


#: Of a 103B from 1 m, seen well.
SEEN = Recognition(
    numbers={"103B": 0.97},
    directions={"forward": 0.995, "back": 0.001, "reverse": 0.001, "inward": 0.003},
    armstand=0.0,
    half_somersaults=2.9,
    half_somersaults_deviation=0.25,
    head_first=1.0,
    positions={"A": 0.01, "B": 0.96, "C": 0.02, "D": 0.01},
    twisting=0.01,
    half_twists=None,
    boards_m={1.0: 0.98, 3.0: 0.02, 5.0: 0.0, 7.5: 0.0, 10.0: 0.0},
)


@pytest.mark.parametrize(
    ("typed", "part", "sentence"),
    [
        ("301B", "direction", "You entered reverse; the video shows forward."),
        ("107B", "half_somersaults", "You entered 3½ somersaults; the video shows 1½ somersaults."),
        ("103C", "position", "You entered tuck; the video shows pike."),
        ("5132D", "twists", "You entered twists; the video shows no twist."),
        ("612B", "armstand", "You entered armstand; the video shows a take-off from the feet."),
    ],
)
def test_each_part_of_a_wrong_number_is_told(typed, part, sentence):
    found = {one.part: one for one in contradictions(SEEN, typed, None)}
    assert contradiction_text(found[part]) == sentence


def test_the_right_number_and_what_may_be_contradict_nothing():
    assert contradictions(SEEN, "103b", 1.0) == ()
    assert contradictions(SEEN, "113B", None) == ()  # flying or not does not show
    assert contradictions(SEEN, "13B", 1.0) == ()
    assert contradictions(SEEN, "105B", None) == ()  # turns of real dives are misread by as many
    unsure = replace(SEEN, directions=dict.fromkeys(SEEN.directions, 0.25), half_somersaults_deviation=1.5)
    assert contradictions(unsure, "305B", None) == ()
    lost = replace(SEEN, half_somersaults=4.9, half_somersaults_deviation=9.0)
    assert contradictions(lost, "107B", None) == ()  # any count may be: that speaks against none


def test_a_wrong_board_is_told_and_only_what_is_sure_holds_back():
    (board,) = contradictions(SEEN, "103B", 10.0)
    assert contradiction_text(board) == "You entered 10 m; the video shows 1 m."
    parse = replace(measured_parse(), recognition=SEEN)
    assert other_dive(parse, "103C", None) is None
    reason = other_dive(parse, "301A", None)
    assert reason.startswith("301A is not scored: You entered ")
    assert reason.endswith("Correct the entry, or confirm it.")


def test_the_seen_board_counts_where_none_was_given():
    dive = parse_dive_number("103B")
    assert seen_board(SEEN) == 1.0
    seen = with_seen_board(find_difficulty(dive, None), dive, SEEN)
    assert (seen.board_m, seen.source, seen.value) == (1.0, "seen", find_difficulty(dive, 1.0).value)
    rare = parse_dive_number("301A")
    assert asked_difficulty(rare, None) is None
    assert with_seen_board(None, rare, None) is None
    assert with_seen_board(None, rare, SEEN) == replace(find_difficulty(rare, 1.0), source="seen")
    given = find_difficulty(dive, 3.0)
    assert with_seen_board(given, dive, SEEN) == given
    typed = find_difficulty(dive, None, 2.0)  # a DD that a person typed stands, whatever the fall shows
    assert with_seen_board(typed, dive, SEEN) == typed
    commonest = find_difficulty(dive, None)
    unsure = replace(SEEN, boards_m={1.0: 0.6, 3.0: 0.4})
    assert with_seen_board(commonest, dive, unsure) == with_seen_board(commonest, dive, None) == commonest


def test_a_surely_wrong_number_is_not_scored_until_it_is_confirmed(tmp_path):
    parse = made_parse(plan_dive(DiveSpec(dive_number="103B", board_m=1.0), 7), np.random.default_rng(3), 0.3, 0.5)
    parse = replace(parse, recognition=recognize(parse))
    encoding = ClipEncoding(
        gated=np.zeros((9, 1024), np.float32),
        frame_features=np.zeros((96, 512), np.float32),
        transition_samples=(30, 60),
        probabilities=parse.probabilities,
    )
    wrong = parse_dive_number("307C")
    with ExemplarStore.create(tmp_path / "library.sqlite") as library:
        analyzer = Analyzer(StandIn(), made_identity(id=MODEL_ID), library)
        held = analyzer.score_parse((parse, encoding), wrong, find_difficulty(wrong, None))
        forced = analyzer.score_parse((parse, encoding), wrong, find_difficulty(wrong, None), FORCED)
        unseen = analyzer.score_parse((replace(parse, recognition=None), encoding), wrong, find_difficulty(wrong, None))
    assert "is not scored" in held.verdict.reason
    assert held.own_award is None
    assert held.measures
    assert {one.part for one in held.contradictions} >= {"direction", "half_somersaults"}
    assert forced.verdict.code == "no_exemplars"
    assert "exemplar" in forced.verdict.reason
    assert forced.contradictions == held.contradictions
    told = [contradiction_text(one) for one in forced.contradictions]
    assert list(contradiction_notes(forced)) == told
    assert not {*told} & {*map(note_text, forced.notes)}  # the window tells them at the number
    assert unseen.contradictions == ()  # the dive is recognized once, where it is parsed
    for analysis in (held, analysis_from_dict(analysis_to_dict(held), held.parse)):
        assert list(contradiction_notes(analysis)) == told[1:]  # the first is told with why there is no score
        assert all(report(analysis).count(sentence) == 1 for sentence in told)
    assert forced.own_award.board_m == 1.0  # seen, where none was given
