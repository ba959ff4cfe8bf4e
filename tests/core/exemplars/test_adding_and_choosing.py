from collections import Counter
from dataclasses import replace
from pathlib import Path

import golden_kit
import numpy as np
import pytest
from exemplar_kit import MODEL_ID, add, encoding, exemplar, mask
from made_analysis import made_identity
from stand_in import StandIn

from fineparser_core.commands.score_report import report
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, ExemplarError, NoExemplarsError
from fineparser_core.exemplars.records import ExemplarFacts
from fineparser_core.exemplars.selection import CandidateRule, best_exemplar, select_by_board
from fineparser_core.exemplars.store import FILE_NAME, ExemplarStore
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.records import Analysis, ClipEncoding, Note, NoteCode
from fineparser_core.scoring.rescore import correct_transitions
from fineparser_core.video.clips import make_clip

IDENTITY = made_identity(id=MODEL_ID, synthetic=False)
DIVE = parse_dive_number("207C")


@pytest.fixture(scope="module")
def network():
    return golden_kit.model(0)


@pytest.fixture
def store(tmp_path):
    """Three rendered 207C of 10 m that are bundled, and an empty library of the coach's own."""
    (tmp_path / "bundled").mkdir()
    with ExemplarStore.create(tmp_path / "bundled" / FILE_NAME) as made:
        for i in range(3):
            rendered = exemplar(made.path.parent, f"rendered-{i}", synthetic=True, score=70.0 + i)
            made.add(rendered, mask(), {MODEL_ID: encoding(i)})
    with ExemplarStore.open_own(tmp_path / "own", bundled=tmp_path / "bundled" / FILE_NAME) as store:
        yield store


def query():
    draw = np.random.default_rng(9)
    return ClipEncoding(
        gated=draw.standard_normal((9, 1024), dtype=np.float32),
        frame_features=draw.standard_normal((96, 512), dtype=np.float32),
        transition_samples=(30, 60),
        probabilities=np.zeros((96, 2), np.float32),
    )


def test_dives_of_both_libraries_vote_and_the_bin_does_not(network, store):
    analyzer = Analyzer(network, IDENTITY, store)
    add(store, "mine")
    add(store, "binned")
    store.remove("binned")
    scoring = analyzer.score(query(), DIVE, find_difficulty(DIVE, 10.0))
    assert {v.id for v in scoring.exemplars} == {"rendered-0", "rendered-1", "rendered-2", "mine"}
    assert scoring.nearest_numbers == ()
    assert Counter(one.dive_number for one in store.exemplars()) == {"207C": 4}
    assert store.own_ids() == {"mine", "binned"}
    assert store.mask("rendered-0") is not None
    with pytest.raises(ExemplarError, match="no exemplar 'nobody'"):
        store.get("nobody")


def test_the_coach_s_own_hides_a_bundled_one_of_the_same_id(store):
    add(store, "rendered-1", score=12.0)
    assert store.get("rendered-1").score == 12.0
    assert [e.score for e in store.exemplars()] == [70.0, 12.0, 72.0]


def test_best_is_the_highest_score_of_number_and_board_and_real_before_rendered():
    def one(name, **changes):
        return exemplar(Path(), name, **changes)

    best = one("best", score=80.0)
    others = [
        one("rendered", score=95.0, synthetic=True),
        one("other board", score=96.0, board_m=7.5),
        one("other number", score=97.0, dive_number="107B"),
        one("lower", score=79.0),
    ]
    assert best_exemplar([*others, best], "207C", 10.0) == best
    assert best_exemplar(others, "207C", 10.0).id == "lower"
    assert best_exemplar(others[:3], "207C", 10.0).id == "rendered"
    assert best_exemplar(others[1:3], "207C", 10.0).id == "other board"
    assert best_exemplar(others, "207C", None).id == "other board"  # no board given: any is as good
    assert best_exemplar([], "207C", 10.0) is None


def test_real_dives_vote_before_rendered_ones():
    candidates = [exemplar(Path(), f"r{i}", synthetic=True) for i in range(10)]
    candidates += [exemplar(Path(), f"x{i}") for i in range(2)] + [exemplar(Path(), "y", board_m=7.5)]
    chosen, _ = select_by_board(candidates, 10.0, 3, seed=0)
    assert {e.id for e in chosen[:2]} == {"x0", "x1"}
    assert chosen[2].synthetic


def test_without_exemplars_of_the_number_the_nearest_vote_where_asked_and_say_so(network, store):
    analyzer = Analyzer(network, IDENTITY, store)
    for i in range(2):
        add(store, f"near-{i}", dive_number="5235D", score=60.0)
        add(store, f"far-{i}", dive_number="626C", score=60.0)
    dive = parse_dive_number("5237D")
    difficulty = find_difficulty(dive, 10.0, 3.6)
    with pytest.raises(NoExemplarsError, match=r"no exemplars of 5237D, only of .*: add some .*--allow-nearest"):
        analyzer.score(query(), dive, difficulty)
    scoring = analyzer.score(query(), dive, difficulty, n_exemplars=3, rule=CandidateRule(nearest=True))
    assert scoring.nearest_numbers == ("207C", "5235D")
    assert scoring.notes[0] == Note(NoteCode.NEAREST_NUMBERS, ("5237D", "5235D, 207C", 3.6))
    own = find_difficulty(parse_dive_number("5235D"), 10.0).value
    assert scoring.exemplars[0].score == pytest.approx(60.0 * 3.6 / own)
    mean = np.mean([v.score for v in scoring.exemplars])
    assert sum(c.points for c in scoring.contributions) + mean == pytest.approx(scoring.score, abs=1e-6)
    same = analyzer.score(query(), DIVE, find_difficulty(DIVE, 10.0), rule=CandidateRule(nearest=True))
    assert same.nearest_numbers == ()


def test_two_divers_are_compared_with_two_divers_alone(network, store):
    analyzer, difficulty = Analyzer(network, IDENTITY, store), find_difficulty(DIVE, 10.0)
    for rule in (CandidateRule(synchro=True), CandidateRule(synchro=True, nearest=True)):
        with pytest.raises(NoExemplarsError, match="Synchronised dives have no score yet"):
            analyzer.score(query(), DIVE, difficulty, rule=rule)
    add(store, "pair", synchro=True)
    scoring = analyzer.score(query(), DIVE, difficulty, rule=CandidateRule(synchro=True))
    assert [v.id for v in scoring.exemplars] == ["pair"]
    assert "pair" not in {v.id for v in analyzer.score(query(), DIVE, difficulty).exemplars}


def test_a_clip_becomes_an_exemplar_and_follows_the_weights(store, small_video, tmp_path):
    network, source = StandIn(), tmp_path / "my dive (1).mp4"
    source.write_bytes(small_video.read_bytes())
    analyzer, own = Analyzer(network, IDENTITY, store), store
    facts = ExemplarFacts(dive_number="5253b", board_m=3.0, score=71.4, diver="Ada", dived_on="2026-05-31")
    clip = make_clip(source, 5, 100)
    with pytest.raises(ConfigError, match="A score of 512"):
        analyzer.add_exemplar(clip, replace(facts, score=512.0))
    parse, encoded = analyzer.parse(clip)
    placed = replace(parse.transitions, first_flight_frame=40, first_entry_frame=80)
    made = analyzer.add_exemplar(clip, facts, parsed=correct_transitions(parse, encoded, placed), corrected=True)
    source.unlink()
    assert made.id.startswith("my-dive-1-")
    assert own.get(made.id) == made
    assert (made.in_frame, made.out_frame, made.first_flight_frame) == (5, 100, 40)
    assert not made.synthetic
    np.testing.assert_array_equal(own.mask(made.id).sampled_frames, parse.sampled_frames)
    dive = parse_dive_number("5253B")
    assert analyzer.score(query(), dive, find_difficulty(dive, 3.0)).exemplars[0].id == made.id

    newer = Analyzer(network, replace(IDENTITY, id="newer-1"), store)
    assert own.files.encoded("newer-1") == set()
    again = newer.exemplar_encoding(made)
    assert own.files.encoded("newer-1") == {made.id}
    assert again.transition_samples == own.encoding(made.id, MODEL_ID).transition_samples
    np.testing.assert_allclose(again.gated, encoded.gated, atol=1e-4)
    assert own.get(made.id) == made

    made.clip_path.unlink()
    analyzer.score(query(), dive, find_difficulty(dive, 3.0))  # its encoding is there
    newest = Analyzer(network, replace(IDENTITY, id="newest-1"), store)
    with pytest.raises(ExemplarError, match="the clip of exemplar"):
        newest.score(query(), dive, find_difficulty(dive, 3.0))
    other = exemplar(own.folder, "other", dive_number="5253B", board_m=3.0)
    own.add(other, mask(), {"newest-1": encoding()})
    scoring = newest.score(query(), dive, find_difficulty(dive, 3.0))
    assert [v.id for v in scoring.exemplars] == ["other"]
    assert (scoring.notes[-1].code, scoring.notes[-1].values[:2]) == (NoteCode.EXEMPLARS_UNUSABLE, (1, 2))
    shown = report(Analysis(parse=parse, scoring=replace(scoring, dive_number="5251B")))
    assert "exemplars of 5253B" in shown


def test_opening_both_makes_nothing_unasked_and_says_what_is_amiss(tmp_path):
    with ExemplarStore.open_all(tmp_path / "own") as store:
        assert (store.folder, store.notice) == (None, "")
        assert not (tmp_path / "own").exists()
    with ExemplarStore.open_all(tmp_path / "own", make=True) as store:
        assert store.writable
        assert store.folder == tmp_path / "own"
    (tmp_path / "file").write_bytes(b"")
    with ExemplarStore.open_all(tmp_path / "file" / "own", make=True) as store:
        assert not store.writable
        assert store.exemplars()
        assert "make it writable" in store.notice
        with pytest.raises(ExemplarError, match="make it writable"):
            store.empty_bin()
