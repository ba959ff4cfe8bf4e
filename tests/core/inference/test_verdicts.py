"""Why a dive is not scored, in every combination, and what Python, the command and the JSON say of it."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from exemplar_kit import MODEL_ID, add
from made_analysis import made_identity
from measured_dive import BOARD, LEAVES_S, measured_parse
from stand_in import StandIn

from fineparser_core.commands.score_report import report
from fineparser_core.diving.difficulty import asked_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.exemplars.selection import CandidateRule
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.export.analysis_json import analysis_from_dict, analysis_to_dict
from fineparser_core.inference import pipeline
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.records import FORCED, ClipEncoding, DiverCandidate, Recognition, VerdictCode

#: A 103B from 1 m, beyond doubt.
SEEN = Recognition(
    numbers={"103B": 0.9},
    directions={"forward": 0.9997, "back": 0.0001, "reverse": 0.0001, "inward": 0.0001},
    armstand=0.0001,
    half_somersaults=3.0,
    half_somersaults_deviation=0.2,
    head_first=0.9999,
    positions={"A": 0.0001, "B": 0.9997, "C": 0.0001, "D": 0.0001},
    twisting=0.0001,
    half_twists=0,
    boards_m={1.0: 0.9999, 3.0: 0.0001, 5.0: 0.0, 7.5: 0.0, 10.0: 0.0},
)
REFUSAL = "The clip shows no entry."


def whole(**changes):
    """A dive that lacks nothing, with weights that follow the diver."""
    parse = measured_parse(speed=4.0, flight_s=1.07)
    motion = replace(parse.motion, at_s=LEAVES_S + 4.0 / 9.81, position=(float(BOARD[0]), 0.0))
    sure = replace(parse.moments, top=replace(parse.moments.top, deviation_s=0.015))
    sure = replace(sure, take_off=replace(sure.take_off, deviation_s=0.03))
    model = made_identity(id=MODEL_ID, preprocessing="follow")
    values = {"model": model, "motion": motion, "moments": sure, "recognition": SEEN}
    return replace(parse, crop_xyxy=parse.crop_xyxy / 3, **values | changes)


def with_moment(name, **changes):
    moments = whole().moments
    return whole(moments=replace(moments, **{name: replace(getattr(moments, name), **changes)}))


#: Parse, dive number and board, by why there may be no score.
CASES = {
    "nothing": (whole, "103B", 1.0),
    "no whole dive": (lambda: whole(refusal=REFUSAL), "103B", 1.0),
    "nobody falls": (lambda: whole(motion=None), "103B", 1.0),
    "no clear take-off": (lambda: with_moment("take_off", deviation_s=0.3), "103B", 1.0),
    "no clear contact": (lambda: whole(moments=replace(whole().moments, contact=None)), "103B", 1.0),
    "another direction": (whole, "203B", 1.0),
    "another count": (whole, "107B", 1.0),
    "another position": (whole, "103C", 1.0),
    "a twist": (whole, "5132D", 1.0),
    "a flying dive in another position": (whole, "113C", 1.0),
    "no exemplars": (lambda: whole(recognition=None), "105B", 1.0),
    "no known board": (lambda: whole(recognition=None), "301A", None),
}
EVIDENCE = {"nobody falls": "fall freely", "no clear take-off": "take-off", "no clear contact": "water is touched"}
CONTRADICTED = ("another direction", "another count", "another position", "a twist")


@pytest.fixture(scope="module")
def analyzer(tmp_path_factory):
    """With exemplars of 103B by single divers alone."""
    with ExemplarStore.open_own(tmp_path_factory.mktemp("exemplars")) as library:
        for n in range(3):
            add(library, f"one-{n}", dive_number="103B", board_m=1.0, score=30.0 + n)
        yield Analyzer(StandIn(), made_identity(id=MODEL_ID), library)


def expected(why, force, confirmed, synchro, nearest):
    """The code of the verdict, and a part of the sentence."""
    if why == "no whole dive" and not force:
        return "no_dive", REFUSAL
    if why == "no known board":
        return "no_difficulty", "The DD of 301A is not known: name its board"
    if why in EVIDENCE and not force:
        return "no_evidence", EVIDENCE[why]
    if why in CONTRADICTED and not (force or confirmed):
        return "other_dive", "Correct the entry, or confirm it."
    if synchro:
        return "no_exemplars", "by two divers"
    if CASES[why][1] != "103B" and not nearest:
        return "no_exemplars", f"no exemplars of {CASES[why][1]}"
    return "scored", ""


@pytest.mark.parametrize("why", CASES)
def test_what_is_said_of_every_reason_in_every_combination(analyzer, monkeypatch, why):
    make, number, board_m = CASES[why]
    parse, dive = make(), parse_dive_number(number)
    encoding = ClipEncoding(
        gated=np.zeros((9, 1024), np.float32),
        frame_features=np.zeros((96, 512), np.float32),
        transition_samples=(30, 60),
        probabilities=parse.probabilities,
    )
    difficulty = asked_difficulty(dive, board_m)
    monkeypatch.setattr(pipeline, "parse_clip", lambda *_, **__: (parse, encoding))
    for force, confirmed, synchro, nearest in product((False, True), repeat=4):
        rule = CandidateRule(synchro=synchro, nearest=nearest)
        if confirmed:  # a window scores what it has parsed
            overruled = {VerdictCode.OTHER_DIVE, *(FORCED if force else ())}
            analysis = analyzer.score_parse((parse, encoding), dive, difficulty, overruled, rule=rule)
        else:
            analysis = analyzer.analyze(parse.clip, dive, difficulty, force=force, rule=rule)
        kind, sentence = expected(why, force, confirmed, synchro, nearest)
        case = (why, force, confirmed, synchro, nearest)
        assert analysis.verdict.code == kind, case
        assert sentence in analysis.verdict.reason, case
        assert (analysis.scoring is not None) == (kind == "scored"), case
        # An award by measures alone stands where nothing but exemplars lacks, and never for two divers.
        has_award = kind == "scored" or (kind == "no_exemplars" and not synchro)
        assert (analysis.own_award is not None) == has_award, case
        told, data = report(analysis), analysis_to_dict(analysis)
        if kind != "scored":
            assert sentence[1:] in told, case
            assert ("--force" in told) == (kind in ("no_dive", "no_evidence", "other_dive")), case
        else:
            assert f"Score {analysis.scoring.score:.2f} for {number}" in told, case
            assert ("scored as you asked, though" in told) == (why == "no whole dive"), case
        assert (data["score"] is None) == (kind != "scored"), case
        assert data["verdict"]["code"] == kind, case
        again = analysis_from_dict(data, analysis.parse)
        assert (again.verdict, again.parse.refusal) == (analysis.verdict, parse.refusal)


@pytest.mark.parametrize(("share", "divers", "scored"), [(0.9, 1, True), (0.89, 1, False), (0.9, 2, False)])
def test_a_number_that_is_surely_seen_is_taken_where_none_is_given(analyzer, monkeypatch, share, divers, scored):
    seen = whole(recognition=replace(SEEN, numbers={"103B": share}))
    body = DiverCandidate(frame=50, box_xyxy=(20.0, 10.0, 30.0, 30.0), probability=0.5, in_frame=0, out_frame=119)
    parse = replace(seen, clip=replace(seen.clip, divers=(body, body) if divers > 1 else ()))
    encoding = ClipEncoding(
        gated=np.zeros((9, 1024), np.float32),
        frame_features=np.zeros((96, 512), np.float32),
        transition_samples=(30, 60),
        probabilities=parse.probabilities,
    )
    monkeypatch.setattr(pipeline, "parse_clip", lambda *_, **__: (parse, encoding))
    analysis = analyzer.analyze(parse.clip, None)
    assert parse.clip.diver_is_unsure == (divers > 1)
    assert (analysis.scoring is not None) == scored
    said = "No dive number was given: the video shows 103B (90 %)."
    assert (said in report(analysis)) == scored
    if scored:
        assert (analysis.scoring.dive_number, analysis.scoring.board_m) == ("103B", 1.0)
    else:
        assert "does not surely show the dive number" in report(analysis)
    again = analysis_from_dict(analysis_to_dict(analysis), analysis.parse)
    assert again.notes == analysis.notes
