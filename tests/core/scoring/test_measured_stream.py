import numpy as np
import pytest

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.exemplars.records import rendered_facts
from fineparser_core.records import Contribution, ExemplarVote, Measure
from fineparser_core.scoring.measured_stream import exemplar_quantities, measured_stream, quantities, with_measures
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


def test_what_is_uncertain_counts_less_and_what_is_absent_not_at_all():
    stream = measured_stream()
    usual = {"hip_angle": (45.0, 1.0)}
    sure, unsure = (usual | {"legs_line": (30.0, deviation)} for deviation in (1.0, 20.0))
    costs = [own.award - stream.mean_award for q in (sure, unsure) if (own := stream.own_award(q, DIVE, DIFFICULTY))]
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


def test_where_the_exemplar_was_not_measured_alike_what_stands_for_it_counts():
    stream = measured_stream()

    def entry(exemplar):
        return float(stream.difference({"legs_line": (8.0, 1.0)}, exemplar, DIVE, 1.0)[2])

    assert entry({}) == entry({"hip_angle": (40.0, 0.0)}) == 0
    assert entry({"entry_angle": (25.0, 0.0)}) > entry({"entry_angle": (15.0, 0.0)}) > 0
    assert entry({"legs_line": (30.0, 0.0), "entry_angle": (0.0, 0.0)}) > 0  # alike goes first
    assert entry({"legs_line": (30.0, 10.0)}) < entry({"legs_line": (30.0, 0.0)})  # an uncertain exemplar counts less


def test_on_rendered_dives_each_phase_is_told_by_its_measures():
    """Hold the stream to the table of `packaging/docs/measures.md`, by the measures of the motion itself."""
    facts = rendered_facts()
    by_number = {}
    for fact in facts:
        dive = parse_dive_number(fact["dive_number"])
        difficulty = find_difficulty(dive, fact["board_m"])
        own = measured_stream().own_award(exemplar_quantities()[fact["id"]], dive, difficulty)
        by_number.setdefault((fact["dive_number"], fact["board_m"]), []).append((own.steps, fact["qualities"]))
    found = []
    for dives in by_number.values():
        told, true = np.array([steps for steps, _ in dives]), np.array([qualities for _, qualities in dives])
        found.append([np.corrcoef(told[:, step], true[:, step])[0, 1] for step in range(3)])
    take_off, flight, entry = np.nanmean(found, axis=0)
    assert take_off > 0.5
    assert flight > 0.7
    assert entry > 0.4
