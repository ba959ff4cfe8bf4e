from dataclasses import replace
from pathlib import Path

import golden_kit
import numpy as np
import pytest
import torch
from exemplar_kit import MODEL_ID, exemplar
from made_analysis import made_identity
from stand_in import StandIn

from fineparser_core.commands.score_report import _score
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import Cancelled, ConfigError, ExemplarError
from fineparser_core.exemplars.selection import select_by_board
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.inference.samples import Samples
from fineparser_core.models.aqa_model import normalize
from fineparser_core.progress import CancelToken
from fineparser_core.records import MaskTrack, Note, NoteCode
from fineparser_core.video.clips import make_clip

DIVE = parse_dive_number("207c")
DIFFICULTY = find_difficulty(DIVE, 10.0)
IDENTITY = made_identity(id=MODEL_ID, decoding="release")


def clip_frames(name):
    """A deterministic (96, 32, 32, 3) clip with slow and fast changes: smaller than frames are, to be done sooner."""
    video = golden_kit.rule.make_video(0, name)[0].transpose(1, 2, 3, 0)[:, :32, :32]
    return np.clip((video * 0.25 + 0.5) * 255, 0, 255).astype(np.uint8)


def small_network():
    network = golden_kit.model(0)
    network.frame_px = 32
    return network


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """An analyzer on seeded weights whose library holds two encoded exemplars, their frames and their encodings."""
    folder = tmp_path_factory.mktemp("library")
    path = folder / "library.sqlite"
    mask = MaskTrack(
        sampled_frames=np.arange(96),
        mask_probability=np.linspace(0, 1, 96, dtype=np.float16)[:, None, None].repeat(112, 1).repeat(112, 2),
        crop_xyxy=np.tile(np.float32([0, 0, 320, 240]), (96, 1)),
    )
    names = {"ex0": 45.0, "ex1": 72.5}
    frames, whole = {name: clip_frames(name) for name in names}, {}
    with ExemplarStore.create(path) as library:
        analyzer = Analyzer(small_network(), IDENTITY, library)
        for name, score in names.items():
            whole[name] = analyzer.encoder.compact(analyzer.encoder.encode(frames[name]).encoding)
            library.add(exemplar(folder, name, score=score), mask, {IDENTITY.id: whole[name]})
    with ExemplarStore.open(path) as library:
        yield Analyzer(small_network(), IDENTITY, library), frames, whole


@pytest.fixture(scope="module")
def encoded(prepared):
    """The query's encoding and masks."""
    analyzer, *_ = prepared
    return analyzer.encoder.encode(clip_frames("query"))[:2]


def samples_of(frames):
    return Samples(frames, np.arange(96), np.arange(96) / 25, np.tile(np.float32([0, 0, 112, 112]), (96, 1)))


def pair_by_pair(encoder, query, exemplar):
    """Predicted score difference by the release's way, which encodes both clips of every pair."""

    def encode(samples):
        encoding = encoder.encode(samples.frames, seconds=samples.seconds).encoding
        features = torch.from_numpy(encoding.frame_features)[None]
        tokens = encoder.model.static_encoder.step_tokens(features, [encoding.transition_samples])
        return torch.from_numpy(encoding.gated)[None], tokens, encoding.transition_samples

    (gated_q, tokens_q, cut_q), (gated_e, tokens_e, cut_e) = encode(query), encode(exemplar)
    with torch.inference_mode():
        relative = encoder.model.compare((gated_q, gated_e), (tokens_q, tokens_e), ([cut_q], [cut_e]))
    return float(relative.delta)


def test_a_cancelled_parse_reads_the_clip_once(prepared, small_video):
    analyzer = Analyzer(StandIn(), IDENTITY, prepared[0].library)
    stages, token = [], CancelToken()

    def stop_in_the_network(progress):
        stages.append(progress.stage)
        if progress.stage == "parse":
            token.cancel()

    clip = make_clip(small_video)
    with pytest.raises(Cancelled):
        analyzer.parse(clip, progress=stop_in_the_network, cancel=token)
    assert set(stages) == {"read", "parse"}
    stages.clear()
    parse, _ = analyzer.parse(clip, progress=lambda progress: stages.append(progress.stage))
    assert set(stages) == {"parse"}
    np.testing.assert_array_equal(parse.sampled_frames, analyzer.parse(clip)[0].sampled_frames)
    assert not len(analyzer.unfinished)


def test_votes_equal_the_pair_by_pair_path(prepared, encoded):
    analyzer, frames, whole = prepared
    query = clip_frames("query")
    encoding, masks = encoded
    assert masks.shape == (96, 32, 32)
    scoring = analyzer.score(encoding, DIVE, DIFFICULTY)
    exemplars = [whole[vote.id] for vote in scoring.exemplars]
    exact = analyzer.encoder.compare(analyzer.encoder.compact(encoding), exemplars).delta.tolist()
    for vote, points in zip(scoring.exemplars, exact, strict=True):
        straight = pair_by_pair(analyzer.encoder, samples_of(query), samples_of(frames[vote.id]))
        assert points == pytest.approx(straight, abs=1e-3)
        # A library keeps features in eight bits, of which weights that learned nothing make most.
        assert vote.vote == pytest.approx(vote.score + points, abs=1)
    mean = np.mean([v.score for v in scoring.exemplars])
    assert sum(c.points for c in scoring.contributions) + mean == pytest.approx(scoring.score, abs=1e-6)
    assert scoring.spread == pytest.approx(np.std([v.vote for v in scoring.exemplars]))
    assert scoring.award == pytest.approx(scoring.score / (3 * scoring.difficulty))
    assert scoring.notes[0] == Note(NoteCode.FEW_EXEMPLARS, (2, 10))
    assert analyzer.score(encoding, DIVE, DIFFICULTY) == scoring


def test_mask_of_a_sample_is_the_mean_over_its_windows(prepared, encoded):
    analyzer, *_ = prepared
    _, masks = encoded
    video = normalize(torch.from_numpy(clip_frames("query")))
    with torch.inference_mode():
        windows = torch.stack([video[80:96].transpose(0, 1), video[70:86].transpose(0, 1)])
        single = analyzer.encoder.model.spatial_parser.infer(windows)[0][0].sigmoid().numpy()
    np.testing.assert_allclose(masks[95], single[0, 15], atol=2e-3)  # one window
    np.testing.assert_allclose(masks[82], (single[0, 2] + single[1, 12]) / 2, atol=2e-3)  # two windows


def test_refusals(prepared, encoded):
    analyzer, frames, _ = prepared
    encoding, _ = encoded
    with pytest.raises(ExemplarError, match=r"no exemplars of 5253B, only of 207C"):
        analyzer.score(encoding, parse_dive_number("5253B"), DIFFICULTY)
    with pytest.raises(ConfigError, match="at least 1"):
        analyzer.score(encoding, DIVE, DIFFICULTY, n_exemplars=0)
    token = CancelToken()
    with pytest.raises(Cancelled):
        analyzer.encoder.encode(frames["ex0"], progress=lambda p: token.cancel(), cancel=token)


def test_choice_is_seeded_and_prefers_the_board():
    candidates = [exemplar(Path(), f"e{i:02d}", board_m=10.0 if i % 2 else 3.0) for i in range(30)]
    chosen, notes = select_by_board(candidates, 10.0, 10, seed=3)
    assert all(e.board_m == 10.0 for e in chosen)
    assert notes == ()
    again, _ = select_by_board(candidates[::-1], 10.0, 10, seed=3)
    assert again == chosen
    other, _ = select_by_board(candidates, 10.0, 10, seed=4)
    assert other != chosen
    mixed, notes = select_by_board(candidates, 10.0, 20, seed=3)
    assert len(mixed) == 20
    assert notes == (Note(NoteCode.OTHER_BOARD, (5, 20)),)
    _, notes = select_by_board(candidates[:1], 10.0, 10, seed=3)
    assert [note.code for note in notes] == [NoteCode.FEW_EXEMPLARS, NoteCode.OTHER_BOARD]


def test_a_board_that_nobody_gave_is_not_reported_as_given(prepared, encoded):
    analyzer, *_ = prepared
    encoding, _ = encoded
    assumed = find_difficulty(DIVE, None)
    assert assumed.board_m == 10.0
    scoring = analyzer.score(encoding, DIVE, assumed)
    assert scoring.board_m is None
    assert scoring.difficulty == assumed.value
    other = analyzer.score(encoding, DIVE, replace(assumed, board_m=3.0))
    assert NoteCode.OTHER_BOARD in {note.code for note in other.notes}  # where the points are others, given or not
    assert f"DD {assumed.value:g} (of its commonest board)" in _score(scoring)
    assert "from 10 m: DD" in _score(analyzer.score(encoding, DIVE, DIFFICULTY))
