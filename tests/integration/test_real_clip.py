"""The bundled weights on the real clip with labels: transitions, masks, and a score that adds up."""

from pathlib import Path

import numpy as np
import pytest

from fineparser_core.data.judged_dives import JudgedDive, read_dives, read_masks
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.evaluation.real_clips import measure_clip
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.resources import bundled_weights
from fineparser_core.types import Analysis
from fineparser_core.video.clips import make_clip

#: What is asked of weights, and what the bundled ones reach.
MAX_FLIGHT_ERROR_FRAMES = 3
MAX_ENTRY_ERROR_FRAMES = 3
MIN_MEDIAN_MASK_IOU = 0.70


@pytest.fixture(scope="module")
def labels(shared_dir: Path) -> JudgedDive:
    return next(clip for clip in read_dives(shared_dir / "real/clips") if clip.video.name == "platform_10m_054.avi")


@pytest.fixture(scope="module")
def analysis(labels: JudgedDive) -> Analysis:
    if not (bundled_weights() / "card.json").is_file():
        pytest.skip("no weights are bundled yet")
    clip = make_clip(labels.video, labels.start_frame, labels.end_frame)
    dive = parse_dive_number("207C")
    return Analyzer.open().analyze(clip, dive, find_difficulty(dive, 10.0))


def test_transitions(analysis: Analysis, labels: JudgedDive) -> None:
    found = measure_clip(analysis.parse, labels)
    assert found.flight_error is not None
    assert found.entry_error is not None
    assert abs(found.flight_error) <= MAX_FLIGHT_ERROR_FRAMES
    assert abs(found.entry_error) <= MAX_ENTRY_ERROR_FRAMES


def test_masks(analysis: Analysis, labels: JudgedDive) -> None:
    assert labels.masks is not None
    found = measure_clip(analysis.parse, labels, truths=read_masks(labels.masks))
    assert len(found.mask_ious) == 10
    assert found.median_iou is not None
    assert found.median_iou >= MIN_MEDIAN_MASK_IOU, found.mask_ious
    assert found.empty_flight_samples == 0
    assert found.wet_area_px is not None
    assert found.wet_area_px <= 5


def test_score_adds_up(analysis: Analysis) -> None:
    scoring = analysis.scoring
    assert scoring is not None
    mean = np.mean([vote.score for vote in scoring.exemplars])
    assert sum(c.points for c in scoring.contributions) + mean == pytest.approx(scoring.score, abs=1e-6)
    with ExemplarStore.open() as library:
        of_number = [one for one in library.exemplars() if one.dive_number == scoring.dive_number]
        assert len(scoring.exemplars) == min(10, len(of_number))
    assert analysis.parse.model.synthetic
