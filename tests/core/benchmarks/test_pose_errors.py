"""Joints on rendered dives, as packaging/benchmarks/pose_errors.py measures them."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "packaging" / "benchmarks"))

from pose_errors import measure_joints, true_joints, visible

from fineparser_core.constants import KEYPOINT_FLIP
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.frame_cache import DatasetCache, load_dives
from fineparser_core.data.transforms import plain_view, view_frames, view_masks
from fineparser_core.errors import AnnotationError, CheckpointError
from fineparser_core.progress import CancelToken, ignore_progress

ALL = np.arange(96)
OPTIONS = {"progress": ignore_progress, "cancel": CancelToken()}


def analyzer(find: Any) -> Any:
    """One whose network finds what a function finds in the frames of a dive."""

    def encode(frames: np.ndarray, cancel: CancelToken) -> Any:
        return SimpleNamespace(joints=find(frames))

    return SimpleNamespace(
        model=SimpleNamespace(id="fineparser-0", preprocessing="follow"), encoder=SimpleNamespace(encode=encode)
    )


def test_joints_are_as_far_off_as_they_are_and_sides_as_they_fit_best(rendered_root: Path, tmp_path: Path) -> None:
    data = load_dataset(rendered_root)
    records = data.split("train")
    dives = load_dives(data, records, DatasetCache(tmp_path, data, "follow"), CancelToken())
    known = {}
    for dive in dives:
        view, joints = plain_view(dive, "follow"), true_joints(data.root, dive, "follow")
        first, second = view.transitions(dive)
        assert visible(joints, view_masks(dive, view, ALL))[first:second].mean() > 0.8
        known[view_frames(dive, view, ALL).tobytes()] = np.pad(joints, ((0, 0), (0, 1), (0, 0)))[:, list(KEYPOINT_FLIP)]
    for shift, row in ((0.0, "0.00         0.0      0.0 %"), (np.array([9, 12]), "15.00        15.0    100.0 %")):
        report = measure_joints(
            analyzer(lambda frames, by=shift: known[frames.tobytes()] + by), data, records, cache=tmp_path, **OPTIONS
        )
        assert report.startswith("2 dives, ")
        numbers = [line.split("  ", 1)[1].split() for line in report.splitlines()[3:]]
        assert numbers == [row.split()] * 3


def test_what_cannot_be_measured_is_named(rendered_root: Path, tmp_path: Path) -> None:
    data = load_dataset(rendered_root)
    records = data.split("test")
    with pytest.raises(CheckpointError, match="fineparser-0 sees no poses: give weights with poses, by --weights"):
        measure_joints(analyzer(lambda frames: None), data, records, cache=tmp_path, **OPTIONS)
    (dive,) = load_dives(data, records, DatasetCache(tmp_path, data, "follow"), CancelToken())
    with pytest.raises(AnnotationError, match="is not rendered"):
        true_joints(tmp_path, dive, "follow")
