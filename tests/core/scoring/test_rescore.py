from dataclasses import fields, replace
from pathlib import Path

import exemplar_kit
import golden_kit
import numpy as np
import pytest
from made_analysis import blank_parse, made_identity, made_motion, transitions_at

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, ExemplarError
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.records import Clip, ClipEncoding, ExemplarVote, IntervalRule, Moment, Note, NoteCode
from fineparser_core.scoring.rescore import (
    correct_contact,
    correct_transitions,
    exclude_exemplars,
    outliers,
    transition_range,
)
from fineparser_core.video.clips import frame_to_sample

DIVE = parse_dive_number("207C")
DIFFICULTY = find_difficulty(DIVE, 10.0)
IDENTITY = made_identity(id=exemplar_kit.MODEL_ID)


def transitions(flight, entry):
    return transitions_at(flight, entry, 50)


def parsed(n_frames, st=30, ed=60):
    """A dive of 10 frames before and n frames in the clip, with a random encoding."""
    sampled = 10 + np.trunc(np.linspace(0, n_frames - 1, 96)).astype(np.int64)
    draw = np.random.default_rng(0)
    probabilities = draw.random((96, 2), dtype=np.float32)
    parse = blank_parse(
        transitions(int(sampled[st]), int(sampled[ed])),
        clip=Clip(path=Path("x.mp4"), in_frame=10, out_frame=10 + n_frames - 1, fps=50.0),
        sampled_frames=sampled,
        sampled_times_s=sampled / 50,
        probabilities=probabilities,
        model=IDENTITY,
    )
    encoding = ClipEncoding(
        gated=draw.standard_normal((9, 1024), dtype=np.float32),
        frame_features=draw.standard_normal((96, 512), dtype=np.float32),
        transition_samples=(st, ed),
        probabilities=probabilities,
    )
    return parse, encoding


@pytest.fixture(scope="module")
def analyzer(tmp_path_factory):
    """Seeded weights and three exemplars with random encodings: nothing is decoded."""
    folder = tmp_path_factory.mktemp("library")
    with ExemplarStore.create(folder / "library.sqlite") as library:
        for i, score in enumerate((45.0, 72.5, 88.0)):
            made = exemplar_kit.exemplar(folder, f"ex{i}", score=score)
            library.add(made, exemplar_kit.mask(), {IDENTITY.id: exemplar_kit.encoding(i)})
        yield Analyzer(golden_kit.model(0), IDENTITY, library)


def assert_sums_exactly(scoring):
    mean = np.mean([vote.score for vote in scoring.exemplars])
    assert sum(part.points for part in scoring.contributions) + mean == pytest.approx(scoring.score, abs=1e-9)
    assert scoring.award == pytest.approx(scoring.score / (3 * scoring.difficulty))


def test_other_transitions_score_without_another_pass(analyzer, monkeypatch):
    monkeypatch.setattr(analyzer.encoder, "encode", None)
    parse, encoding = parsed(200)
    own = analyzer.score(encoding, DIVE, DIFFICULTY)
    moved_parse, moved = correct_transitions(parse, encoding, transitions(100, 150))
    assert moved_parse.transitions.first_flight_frame == 100
    assert moved.transition_samples == (
        frame_to_sample(parse.sampled_frames, 100),
        frame_to_sample(parse.sampled_frames, 150),
    )
    scoring = analyzer.score(moved, DIVE, DIFFICULTY)
    assert abs(scoring.score - own.score) > 1e-3
    assert_sums_exactly(scoring)
    # What a video with those transitions would have been encoded to gives the same.
    fresh = replace(encoding, transition_samples=moved.transition_samples)
    assert analyzer.score(fresh, DIVE, DIFFICULTY) == scoring


def test_within_its_windows_a_move_changes_the_appearance_alone(analyzer):
    parse, encoding = parsed(96)
    own = analyzer.score(encoding, DIVE, DIFFICULTY)
    flight = parse.transitions.first_flight_frame
    _, near = correct_transitions(parse, encoding, transitions(flight + 4, parse.transitions.first_entry_frame))
    for before, after in zip(own.exemplars, analyzer.score(near, DIVE, DIFFICULTY).exemplars, strict=True):
        assert [c.dynamic for c in before.contributions] == pytest.approx([c.dynamic for c in after.contributions])
        assert [c.static for c in before.contributions] != pytest.approx([c.static for c in after.contributions])


def test_the_contact_with_the_water_is_corrected_after_the_entry_alone():
    parse, encoding = parsed(200)
    entry, last = parse.transitions.first_entry_frame, parse.clip.out_frame
    assert transition_range(parse, 2) == (entry, last)
    for frame in (entry, entry + 9, last):
        corrected = correct_contact(parse, frame)
        assert corrected.first_water_contact_frame == frame
        placed = corrected.moments.contact
        assert (placed.sources, placed.conflict) == (("hand",), False)
        assert placed.time_s == pytest.approx(frame / 50)
        back = replace(corrected, first_water_contact_frame=None, moments=parse.moments)
        assert all(getattr(back, one.name) is getattr(parse, one.name) for one in fields(parse))
    for frame in (entry - 1, last + 1):
        with pytest.raises(ConfigError, match=f"at frame {frame}: the entry begins at frame {entry}"):
            correct_contact(parse, frame)
    parse = correct_contact(parse, entry + 9)
    assert transition_range(parse, 1)[1] == entry + 9
    flight = parse.transitions.first_flight_frame
    for moved, contact in ((entry + 9, entry + 9), (entry + 10, None)):
        after, _ = correct_transitions(parse, encoding, transitions(flight, moved))
        assert after.first_water_contact_frame == contact


@pytest.mark.parametrize(("slowed", "last"), [(1.0, 3), (4.0, 13)])
def test_the_width_of_the_splash_goes_with_the_contact_about_which_it_was_measured(slowed, last):
    parse, encoding = parsed(200)
    entry, motion = parse.transitions.first_entry_frame, replace(made_motion(), splash_px=(30.0, 9.0), slowed=slowed)
    contact = Moment(time_s=(entry + 20) / 50, deviation_s=0.01, sources=("network",))
    moments = replace(parse.moments, contact=contact)
    parse = replace(parse, motion=motion, moments=moments, first_water_contact_frame=entry + 20)
    for frame, known in ((entry + 20 - last, True), (entry + 20 + last, True), (entry + 22 + last, False)):
        assert (correct_contact(parse, frame).motion.splash_px is not None) is known
    after, _ = correct_transitions(parse, encoding, transitions(parse.transitions.first_flight_frame, entry + 21))
    assert correct_contact(after, entry + 21).motion.splash_px is None


@pytest.mark.parametrize("n_frames", [16, 20, 95, 96, 97, 103, 400])
def test_all_of_the_range_can_be_scored_and_nothing_beyond(analyzer, n_frames):
    parse, encoding = parsed(n_frames)
    own = (parse.transitions.first_flight_frame, parse.transitions.first_entry_frame)
    for place in (0, 1):
        lowest, highest = transition_range(parse, place)
        assert lowest <= own[place] <= highest
        for frame, allowed in ((lowest, True), (highest, True), (lowest - 1, False), (highest + 1, False)):
            moved = transitions(*(frame if p == place else own[p] for p in (0, 1)))
            if allowed:
                _, corrected = correct_transitions(parse, encoding, moved)
                assert np.isfinite(analyzer.score(corrected, DIVE, DIFFICULTY).score)
            else:
                with pytest.raises(ConfigError, match="move them apart"):
                    correct_transitions(parse, encoding, moved)


def test_leaving_out_is_the_score_of_the_rest(analyzer):
    _, encoding = parsed(96)
    scoring = analyzer.score(encoding, DIVE, DIFFICULTY)
    left = exclude_exemplars(scoring, {"ex1"})
    assert [vote.id for vote in left.exemplars] == [vote.id for vote in scoring.exemplars if vote.id != "ex1"]
    assert left.score == np.mean([vote.vote for vote in left.exemplars])
    assert left.spread == np.std([vote.vote for vote in left.exemplars])
    assert left.notes[-1] == Note(NoteCode.EXEMPLARS_LEFT_OUT, (1, 3))
    assert_sums_exactly(left)
    rule = IntervalRule(level=0.8, base=4.0, per_spread=0.5, per_difficulty=1.0)
    ruled = replace(
        scoring, interval=rule.around(scoring.score, scoring.spread, scoring.difficulty, 2.0), deviation=2.0
    )
    expected = rule.around(left.score, left.spread, scoring.difficulty, 2.0)
    assert exclude_exemplars(ruled, {"ex1"}).interval == expected != ruled.interval
    assert exclude_exemplars(scoring, {"nobody"}) is scoring
    with pytest.raises(ExemplarError, match="take one back in"):
        exclude_exemplars(scoring, {"ex0", "ex1", "ex2"})


def test_outliers_disagree_with_the_median_and_do_not_hide_one_another():
    def votes(*values):
        return [
            ExemplarVote(id=str(i), dive_number="207C", board_m=None, score=v, vote=v, contributions=())
            for i, v in enumerate(values)
        ]

    assert outliers(votes(70, 71, 72, 73, 71.5, 72.5, 95, 96)) == {"6", "7"}
    assert outliers(votes(70, 70, 70, 70.5, 72)) == frozenset()  # all but one mind: two points are no quarrel
    assert outliers(votes(70, 70, 95)) == frozenset()
    assert outliers(votes(40, 55, 70, 85, 100)) == frozenset()  # all disagree alike


def test_a_moment_that_a_person_places_is_certain_and_moves_no_other():
    parse, encoding = parsed(200)
    flight, entry = parse.transitions.first_flight_frame, parse.transitions.first_entry_frame
    after, _ = correct_transitions(parse, encoding, transitions(flight + 4, entry))
    assert after.moments.take_off.sources == ("hand",)
    assert after.moments.take_off.deviation_s < parse.moments.take_off.deviation_s
    assert (after.moments.come_out, after.moments.contact) == (parse.moments.come_out, parse.moments.contact)


def test_what_doubts_a_moment_goes_once_a_person_has_placed_it():
    parse, encoding = parsed(200)
    kept, take_off, entry_unsure = map(Note, (NoteCode.NO_FALL, NoteCode.TAKE_OFF_NEAR_START, NoteCode.ENTRY_UNSURE))
    parse = replace(parse, notes=(kept, take_off, entry_unsure))
    flight, entry = parse.transitions.first_flight_frame, parse.transitions.first_entry_frame
    after, _ = correct_transitions(parse, encoding, transitions(flight + 4, entry))
    assert after.notes == (kept, entry_unsure)
