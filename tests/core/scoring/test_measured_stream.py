from dataclasses import replace

import numpy as np
import pytest

from fineparser_core.checkpoints.bundle import read_card
from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.exemplars.judged import judged_exemplars, judged_quantities
from fineparser_core.records import Contribution, ExemplarVote, Measure, ReadAwards
from fineparser_core.resources import bundled_weights
from fineparser_core.scoring.measured_stream import measured_stream, quantities, with_measures
from fineparser_core.scoring.rescore import aggregate_votes

DIVE = parse_dive_number("103B")
DIFFICULTY = find_difficulty(DIVE, 1.0)
FORWARD = {"jump_height": 1.0, "flight_time": 1.1, "come_out_lead": 0.3, "legs_line": 8.0, "hip_angle": 40.0}


def measured(**values):
    return tuple(
        Measure(name=name, value=value, unit="", uncertainty=0.05, frame=1, step="flight")
        for name, value in values.items()
    )


def award(**values):
    own = measured_stream().own_award(quantities(measured(**(FORWARD | values))), DIVE, DIFFICULTY)
    return own.award


def never_rises(values):
    return bool((np.diff(values) <= 1e-12).all())


def test_more_height_never_costs_and_more_degrees_off_never_gain():
    assert never_rises([award(jump_height=h) for h in (2.0, 1.5, 1.0, 0.5, 0.2)])
    assert award(jump_height=1.2) > award(jump_height=0.4)
    for sign in (-1, 1):
        assert never_rises([award(legs_line=sign * off) for off in (0, 5, 10, 20, 40)])
    assert never_rises([award(hip_angle=angle) for angle in (20, 40, 60, 90)])
    assert never_rises([award(come_out_lead=lead) for lead in (0.5, 0.4, 0.3, 0.1)])


@pytest.mark.parametrize("jump", [{"take_off_speed": 2.8}, {"jump_height": 0.4}])
def test_an_armstand_is_not_marked_by_a_jump(jump):
    dive, seen = parse_dive_number("612B"), {"arm_asymmetry": 5.0, "toe_angle": 165.0, "legs_line": 8.0}
    awards = [
        measured_stream().own_award(quantities(measured(**values)), dive, find_difficulty(dive, 10.0)).award
        for values in (seen, seen | jump, seen | dict.fromkeys(jump, 0.05))
    ]
    assert len(set(awards)) == 1


def test_what_is_uncertain_counts_less_and_what_is_absent_not_at_all():
    stream = measured_stream()
    usual = {"hip_angle": (45.0, 1.0)}
    sure, unsure = (usual | {"legs_line": (30.0, deviation)} for deviation in (1.0, 20.0))
    costs = [own.award - stream.level(1.0) for q in (sure, unsure) if (own := stream.own_award(q, DIVE, DIFFICULTY))]
    assert costs[0] < costs[1] < 0
    assert stream.own_award(usual, DIVE, DIFFICULTY) is None  # one phase is not a dive
    assert stream.own_award({}, DIVE, DIFFICULTY) is None


def vote(name, score):
    parts = tuple(Contribution(step=step, points=3.0, dynamic=1.0, static=2.0) for step in STEP_NAMES)
    return ExemplarVote(id=name, dive_number="405B", board_m=3.0, score=score, vote=score + 9, contributions=parts)


def test_points_are_the_sum_of_three_streams_and_sum_to_the_score():
    dive, difficulty = parse_dive_number("405B"), find_difficulty(parse_dive_number("405B"), 3.0)
    votes = (vote("rendered-405B-01", 60.0), vote("of-a-coach", 70.0))
    found, _ = with_measures(votes, [quantities(measured(**FORWARD))], dive, difficulty)
    share = measured_stream().network_share
    for one in found:
        for part in one.contributions:
            assert part.points == pytest.approx(part.dynamic + part.static + part.measured, abs=1e-9)
            assert (part.dynamic, part.static) == pytest.approx((share, 2 * share))
        assert one.vote == pytest.approx(one.score + sum(part.points for part in one.contributions), abs=1e-9)
    scoring = aggregate_votes(found, "405B", difficulty, seed=0)
    mean = np.mean([one.score for one in found])
    assert scoring.score == pytest.approx(mean + sum(part.points for part in scoring.contributions), abs=1e-9)


def test_against_an_exemplar_of_which_only_the_score_is_known_the_award_is_its_own():
    dive, difficulty = parse_dive_number("405B"), find_difficulty(parse_dive_number("405B"), 3.0)
    (found,), _ = with_measures((vote("of-a-coach", 70.0),), [quantities(measured(**FORWARD))], dive, difficulty)
    own = measured_stream().own_award(quantities(measured(**FORWARD)), dive, difficulty)
    assert own.score == pytest.approx(3 * difficulty.value * own.award)
    assert own.award_range == pytest.approx((own.award - 1.8, min(own.award + 1.8, 10)))
    network = 9.0 * measured_stream().network_share
    assert found.vote == pytest.approx(3 * difficulty.value * own.award + network)


def test_what_only_one_dive_shows_counts_as_usual_in_the_other():
    stream, query = measured_stream(), {"legs_line": (8.0, 1.0)}

    def entry(exemplar):
        return float(stream.difference(query, exemplar, DIVE, 1.0)[1, 2])

    usual = entry({})
    assert usual == entry({"jump_height": (1.0, 0.0)}) == pytest.approx(stream_sum(query, DIVE, 1.0))
    assert entry({"legs_line": (30.0, 0.0)}) > usual > entry({"legs_line": (0.0, 0.0)})
    assert entry({"legs_line": (30.0, 10.0)}) < entry({"legs_line": (30.0, 0.0)})  # an uncertain exemplar counts less


def test_a_judged_exemplar_votes_by_what_was_read_of_both():
    dive, difficulty = parse_dive_number("407C"), find_difficulty(parse_dive_number("407C"), 10.0)
    known, points = judged_quantities(), 3 * difficulty.value
    exemplar = next(one for one in judged_exemplars(read_card(bundled_weights()).id) if one.dive_number == "407C")
    parts = tuple(Contribution(step=step, points=0.0, dynamic=0.0, static=0.0) for step in STEP_NAMES)
    own = replace(vote(exemplar.id, exemplar.score), contributions=parts)
    (same,), _ = with_measures((own,), [known[exemplar.id]], dive, difficulty)
    assert same.vote == pytest.approx(exemplar.score)
    better = dict(known[exemplar.id])
    better |= {"features_entry": (better["features_entry"][0] + 0.5, 0.0)}
    (found,), _ = with_measures((own,), [better], dive, difficulty)
    assert found.vote == pytest.approx(exemplar.score + 0.5 * points)
    assert found.contributions[2].dynamic == pytest.approx(0.5 * points)
    rendered = replace(own, id="rendered-407C-01", score=9.0 * points)  # says nothing of awards
    (found,), _ = with_measures((rendered,), [better], dive, difficulty)
    assert found.vote == pytest.approx(measured_stream().own_award(better, dive, difficulty).score)


def test_awards_that_features_and_splash_tell_count_from_platforms_alone():
    read = ReadAwards(phases=(0.1, 0.2, 0.4), splash=-0.5)
    values, stream = quantities(measured(**FORWARD), read), measured_stream()
    dive = parse_dive_number("407C")
    high, low = (find_difficulty(dive, board_m) for board_m in (10.0, 3.0))
    plain = quantities(measured(**FORWARD))
    gained = stream.own_award(values, dive, high).award - (stream.level(10.0) + stream_sum(plain, dive, 10.0))
    assert gained == pytest.approx(0.2)
    assert stream.own_award(values, dive, low).award == stream.own_award(plain, dive, low).award


def stream_sum(values, dive, board_m):
    return sum(award for _, award in measured_stream().parts(values, dive, board_m))
