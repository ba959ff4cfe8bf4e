"""The bundled weights on the real clip with labels: transitions and masks."""

from pathlib import Path

import pytest

from fineparser_core.data.judged_dives import JudgedDive, read_dives, read_masks
from fineparser_core.evaluation.real_clips import measure_clip
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.records import DiveParse
from fineparser_core.resources import bundled_weights
from fineparser_core.video.clips import make_clip

#: What is asked of weights, and what the bundled ones reach.
MAX_FLIGHT_ERROR_FRAMES = 3
MAX_ENTRY_ERROR_FRAMES = 3
MIN_MEDIAN_MASK_IOU = 0.70


@pytest.fixture(scope="module")
def labels(shared_dir: Path) -> JudgedDive:
    return next(clip for clip in read_dives(shared_dir / "real/clips") if clip.video.name == "platform_10m_054.avi")


@pytest.fixture(scope="module")
def parse(labels: JudgedDive) -> DiveParse:
    if not (bundled_weights() / "card.json").is_file():
        pytest.skip("no weights are bundled yet")
    clip = make_clip(labels.video, labels.start_frame, labels.end_frame)
    return Analyzer.open().parse(clip)[0]


def test_transitions(parse: DiveParse, labels: JudgedDive) -> None:
    found = measure_clip(parse, labels)
    assert found.flight_error is not None
    assert found.entry_error is not None
    assert abs(found.flight_error) <= MAX_FLIGHT_ERROR_FRAMES
    assert abs(found.entry_error) <= MAX_ENTRY_ERROR_FRAMES


def test_masks(parse: DiveParse, labels: JudgedDive) -> None:
    assert labels.masks is not None
    found = measure_clip(parse, labels, truths=read_masks(labels.masks))
    assert len(found.mask_ious) == 10
    assert found.median_iou is not None
    assert found.median_iou >= MIN_MEDIAN_MASK_IOU, found.mask_ious
    assert found.empty_flight_samples == 0
    assert found.wet_area_px is not None
    assert found.wet_area_px <= 5
