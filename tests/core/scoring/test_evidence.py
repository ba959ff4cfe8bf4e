from dataclasses import replace

import numpy as np
import pytest
from made_analysis import made_analysis, moments_at
from measured_dive import BOARD, FPS, LEAVES_S, measured_parse

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.measures import measure_dive
from fineparser_core.records import IntervalRule
from fineparser_core.scoring.measured_stream import measured, moved_parses
from fineparser_core.scoring.rescore import correct_contact, with_transitions
from fineparser_core.scoring.verdict import missing_evidence


def seen_dive():
    """A dive as weights see it that follow the diver, who stands on the board before it."""
    parse = measured_parse(speed=4.0, flight_s=1.07, turned_deg=np.zeros(96))
    top_s = LEAVES_S + 4.0 / 9.81
    motion = replace(parse.motion, at_s=top_s, position=(float(BOARD[0]), 0.0), velocity=(0.0, 0.0))
    moments = parse.moments
    moments = replace(
        moments, top=replace(moments.top, deviation_s=0.015), take_off=replace(moments.take_off, deviation_s=0.03)
    )
    model, crops = replace(parse.model, preprocessing="follow"), parse.crop_xyxy / 3
    return replace(parse, model=model, motion=motion, moments=moments, crop_xyxy=crops)


def placed(parse, frames):
    own = parse.transitions
    flight = own.first_flight_frame + frames
    return with_transitions(parse, replace(own, first_flight_frame=flight, first_flight_s=flight / FPS))


def checked(parse):
    dive = parse_dive_number("103B")
    return measured(parse, dive, find_difficulty(dive, 1.0)).parse


def test_a_whole_dive_lacks_nothing():
    assert missing_evidence(checked(seen_dive())) is None


@pytest.mark.parametrize("name", ["take_off", "contact"])
@pytest.mark.parametrize("change", [{"deviation_s": 0.12}, {"conflict": True}])
def test_a_moment_that_is_not_sure_is_named(name, change):
    parse = seen_dive()
    unsure = replace(getattr(parse.moments, name), **change)
    said = missing_evidence(replace(parse, moments=replace(parse.moments, **{name: unsure})))
    assert ("take-off" in said) == (name == "take_off")


def test_a_clip_that_begins_in_the_air_or_ends_there_or_shows_nobody_has_no_score():
    parse = seen_dive()
    late = replace(parse, sampled_times_s=parse.sampled_times_s + LEAVES_S - 0.05)
    assert "begin about a second before" in str(missing_evidence(late))
    dry = replace(parse, moments=replace(parse.moments, contact=None))
    assert "the water is touched" in str(missing_evidence(dry))
    assert "fall freely" in str(missing_evidence(replace(parse, motion=None)))
    whole = replace(parse, motion=None, model=replace(parse.model, preprocessing="whole"))
    assert missing_evidence(whole) is None


@pytest.mark.parametrize(("frames", "contradicted"), [(-7, True), (1, False), (2, False), (9, True)])
def test_a_take_off_that_gravity_contradicts_is_marked_and_not_rewarded(frames, contradicted):
    parse = checked(placed(seen_dive(), frames))
    assert parse.moments.take_off.conflict == contradicted
    assert (missing_evidence(parse) is not None) == contradicted
    read = {one.name for one in measure_dive(parse, dive_number="103B", board_m=1.0).readings}
    assert ({"jump_height", "flight_time"} <= read) != contradicted
    assert "hip_line" in read


def test_a_contact_that_no_board_explains_is_marked():
    parse = seen_dive()
    contact = parse.first_water_contact_frame
    assert not checked(correct_contact(parse, contact + 1)).moments.contact.conflict
    assert checked(correct_contact(parse, contact + 4)).moments.contact.conflict


@pytest.mark.parametrize("contact_s", [3.0, None])
def test_means_and_scatter_are_those_of_the_moments(contact_s, small_video):
    parse = made_analysis(small_video).parse
    moments = moments_at(parse.transitions, contact_s, parse.transitions.first_flight_s + 0.3)
    moved = moved_parses(replace(parse, moments=replace(moments, covariance_s2=0.04**2 / 2)))
    names = ["take_off", "come_out"] + ([] if contact_s is None else ["contact"])
    assert len(moved) == 2 * len(names)
    for name in names:
        times = [getattr(one.moments, name).time_s for one in moved]
        assert np.mean(times) == pytest.approx(getattr(moments, name).time_s)
        assert np.std(times) == pytest.approx(0.04)
    by_s = [one.moments.take_off.time_s - moments.take_off.time_s for one in moved]
    np.testing.assert_allclose([one.moments.top.time_s - moments.top.time_s for one in moved], np.array(by_s) / 2)


def test_an_interval_counts_in_how_uncertain_the_moments_are():
    rule = IntervalRule(level=0.8, base=6.0, per_spread=0.0, per_difficulty=0.0)
    sure, unsure = rule.around(50.0, 0.0, 3.0), rule.around(50.0, 0.0, 3.0, 8.0 / 1.2816)
    assert (sure.low, sure.high) == (44.0, 56.0)
    assert (unsure.low, unsure.high) == (pytest.approx(40.0, abs=0.01), pytest.approx(60.0, abs=0.01))
