from dataclasses import replace

import numpy as np
import pytest
from simulated_club import ATHLETES, DIVES, all_marked_off, club, judged, marked

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.diving.judging import PhaseMarks
from fineparser_core.errors import ConfigError
from fineparser_core.records import Contribution, ExemplarVote
from fineparser_core.scoring.cross_validation import OVER, cross_validate, make_profile
from fineparser_core.scoring.learning import as_shipped, learn, table_of
from fineparser_core.scoring.measured_stream import measured_stream, with_measures
from fineparser_core.scoring.profile import check_model, read_profile, write_profile
from fineparser_core.scoring.rescore import aggregate_votes

WORSE = 0.1


@pytest.fixture(scope="module")
def dives():
    """Of the club that is fixed by its seed."""
    found = judged(club())
    assert (len(found), len({dive.dive.athlete for dive in found})) == (DIVES, ATHLETES)
    return found


@pytest.fixture(scope="module")
def profile(dives):
    return make_profile(dives, cross_validate(dives)[0], name="club", model="weights-1")


def off(table, learned):
    return float(np.abs(table.predicted(learned) - table.award).mean())


def marked_as_shipped(dives):
    """Marks that what is shipped tells but for noise."""
    awards, rng = table_of(dives).predicted(as_shipped()), np.random.default_rng(0)
    marks = np.clip(awards + rng.normal(0, 0.7, len(dives)), 0, 10).tolist()
    return [marked(dive, mark, marks=PhaseMarks()) for dive, mark in zip(dives, marks, strict=True)]


def test_it_beats_what_is_shipped_and_the_mean_of_the_number_on_unseen_athletes(profile):
    checked = profile.checked
    assert (checked.left_out, checked.times) == ("athlete", ATHLETES)
    assert [gain.over for gain in checked.gains] == list(OVER)
    shipped, of_number, of_athlete = checked.gains
    assert shipped.low > 0
    assert of_number.low > 0
    # The mean of the athlete's other dives knows the athlete, who is unseen here: better than it, though within chance.
    assert of_athlete.gain > 0
    assert checked.helped
    assert "it helps" in checked.said


@pytest.mark.parametrize("number", [5, 10])
@pytest.mark.parametrize("own_rubric", [True, False])
def test_no_draw_of_few_dives_is_worse_than_shipped(dives, number, own_rubric):
    table = table_of(dives if own_rubric else marked_as_shipped(dives))
    gains, moved = [], []
    for draw in range(20):
        rows = np.random.default_rng([draw, number]).permutation(DIVES)[:number]
        unseen = table.take(~np.isin(table.athlete, table.athlete[rows]))
        learned = learn(table.take(rows))
        gains.append(off(unseen, as_shipped()) - off(unseen, learned))
        moved.append(np.abs(unseen.predicted(learned) - unseen.predicted(as_shipped())).mean())
    assert min(gains) > -WORSE
    assert np.mean(moved) < (1.0 if own_rubric else 0.2)
    if own_rubric:
        assert np.mean(gains) > 0


def test_a_mark_moves_the_level_by_half_and_eight_settle_it(dives):
    table = table_of(all_marked_off(dives, -2.0))
    moved = [float(learn(table.take(np.arange(n))).solution[0]) for n in (1, 2, 4, 8, 16)]
    assert moved[0] == pytest.approx(-1.0, abs=0.01)
    assert moved == sorted(moved, reverse=True)
    assert moved[3] == pytest.approx(-2.0, abs=0.3)


def test_what_features_tell_of_a_platform_dive_counts_once(dives):
    dive = parse_dive_number("207C")
    difficulty = find_difficulty(dive, 10.0)
    query = {"features_flight": (-0.5, 0.0), "splash_map": (0.3, 0.0)}
    parts = tuple(Contribution(step=step, points=2.0, dynamic=1.0, static=1.0) for step in STEP_NAMES)
    vote = ExemplarVote(id="own", dive_number="207C", board_m=10.0, score=70.0, vote=76.0, contributions=parts)
    votes, _ = with_measures([vote], [query], dive, difficulty)
    one = replace(
        dives[0],
        dive=replace(dives[0].dive, dive_number="207C", board_m=10.0),
        difficulty=difficulty,
        votes=votes,
        queries=(query,),
    )
    award = aggregate_votes(votes, "207C", difficulty, seed=0).award
    assert table_of([one]).predicted(as_shipped())[0] == pytest.approx(award, abs=1e-9)


def test_fewer_marks_than_five_teach_a_level_alone(dives):
    learned = learn(table_of(dives[:4]))
    shipped = as_shipped()
    assert learned.solution[0] != 0
    assert (learned.solution[1:] == shipped.solution[1:]).all()
    assert learned.numbers == {}


def test_a_profile_of_one_mark_scores_with_the_shipped_range(dives):
    profile = make_profile(all_marked_off(dives, -2.0)[:1], None, name="mine", model="weights-1")
    dive, stream, shipped = dives[0], profile.stream(), measured_stream()
    own, before = (each.own_award(dive.queries[0], dive.number, dive.difficulty) for each in (stream, shipped))
    assert own.award == pytest.approx(before.award - 1.0, abs=0.01)
    assert own.checked == before.checked
    assert (stream.interval, stream.own_interval) == (shipped.interval, shipped.own_interval)


def test_a_score_by_a_profile_is_what_was_learned_and_adds_up(dives, profile):
    stream, learned = profile.stream(), learn(table_of(dives))
    share = measured_stream().network_share
    for dive in dives[:6]:
        raw = tuple(
            replace(
                vote,
                contributions=tuple(
                    replace(part, dynamic=part.dynamic / share, static=part.static / share)
                    for part in vote.contributions
                ),
            )
            for vote in dive.votes
        )
        votes, _ = with_measures(raw, dive.queries, dive.number, dive.difficulty, stream)
        scoring = aggregate_votes(votes, str(dive.number), dive.difficulty, seed=0)
        assert scoring.award == pytest.approx(table_of([dive]).predicted(learned)[0], abs=1e-9)
        mean_exemplar = np.mean([vote.score for vote in votes])
        assert scoring.score == pytest.approx(mean_exemplar + sum(part.points for part in scoring.contributions))
        for vote in votes:
            assert vote.vote == pytest.approx(vote.score + sum(part.points for part in vote.contributions))
        alone = replace(dive, votes=())
        own = stream.own_award(dive.queries[0], dive.number, dive.difficulty)
        assert own.award == pytest.approx(table_of([alone]).predicted(learned)[0], abs=1e-9)
        assert own.profile == profile.identity
        assert own.checked.dives == DIVES


def test_marks_that_are_upside_down_leave_every_term_monotone(dives):
    awards = [one.dive.award for one in dives]
    upside_down = [
        marked(one, 12 - award if award > 2 else 10.0, marks=PhaseMarks())
        for one, award in zip(dives, awards, strict=True)
    ]
    checked, _ = cross_validate(upside_down)
    profile = make_profile(upside_down, checked, name="", model="", forced=True)
    assert min(profile.weights.values()) >= 0
    assert profile.scale >= 0
    assert profile.network_share >= 0
    for term in profile.stream().terms:
        awards = [term.award(value) for value in np.linspace(term.usual - 40, term.usual + 40, 200)]
        best = int(np.argmax(awards))
        assert (np.diff(awards[: best + 1]) >= -1e-12).all()
        assert (np.diff(awards[best:]) <= 1e-12).all()


def test_the_same_marks_teach_the_same(dives, profile):
    again = make_profile(dives, cross_validate(dives)[0], name="club", model="weights-1")
    assert replace(again, made_on=profile.made_on).id == profile.id


def test_what_a_simpler_way_does_better_does_not_help(profile):
    checked = profile.checked
    shipped, of_number, of_athlete = checked.gains
    better = replace(of_athlete, off=checked.off - 0.1)
    told = replace(checked, gains=(shipped, of_number, better))
    assert not told.helped
    assert f"the mean of the athlete alone by {better.off:.2f}: it does not help" in told.said


def test_three_athletes_give_no_interval_and_no_verdict(dives):
    names = [f"athlete {n % 3}" for n in range(len(dives))]
    few = [replace(one, dive=replace(one.dive, athlete=name)) for one, name in zip(dives, names, strict=True)]
    checked, _ = cross_validate(few)
    assert (checked.left_out, checked.times) == ("athlete", 3)
    assert {(gain.low, gain.high) for gain in checked.gains} == {(None, None)}
    assert not checked.helped
    assert "help" in checked.said


def test_noise_is_not_shown_to_help_and_forcing_it_is_told(dives):
    noise = marked_as_shipped(dives)
    profile = make_profile(noise, cross_validate(noise)[0], name="noise", model="", forced=True)
    assert not profile.checked.helped
    assert profile.forced
    assert "is not shown" in profile.checked.said


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ([65.0, 70.0, 55.0, 62.0, 48.0], "awards go from 0 to 10"),
        ([float("nan"), 6.0, 7.0, 5.0, 4.0], "no number"),
        ([6.0] * 5, "do not differ"),
        ([6.0, 7.0], "too few"),
    ],
)
def test_marks_that_cannot_be_are_a_sentence(dives, marks, said):
    given = [marked(dive, mark) for dive, mark in zip(dives, marks, strict=False)]
    with pytest.raises(ConfigError, match=said):
        cross_validate(given)


def test_a_dive_with_two_marks_is_a_sentence(dives):
    twice = [*dives[:5], marked(dives[0], dives[0].dive.award + 2)]
    with pytest.raises(ConfigError, match="keep one of them"):
        cross_validate(twice)


def test_a_profile_comes_back_from_its_file(tmp_path, profile):
    path = tmp_path / "club.json"
    write_profile(profile, path)
    assert read_profile(path) == profile
    check_model(profile, "weights-1")
    with pytest.raises(ConfigError, match="learn it again"):
        check_model(profile, "weights-2")


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"format": "fineparser.profile/2"}', b'{"format": "fineparser.profile/1", "name": 3}', b"\xff"],
)
def test_another_file_is_no_profile(tmp_path, content):
    path = tmp_path / "club.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"is no profile that can be used"):
        read_profile(path)
    with pytest.raises(ConfigError, match=r"is no profile that can be used"):
        read_profile(tmp_path)
