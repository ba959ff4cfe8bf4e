"""Joints and what is read off them on rendered dives, as packaging/benchmarks/pose_errors.py measures them."""

import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "packaging" / "benchmarks"))

from pose_errors import _off, _read, measure_poses

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import ModelConfig
from fineparser_core.constants import KEYPOINT_FLIP, MASK_SIZE
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.frame_cache import FrameCache, load_dives
from fineparser_core.data.transforms import plain_view
from fineparser_core.errors import AnnotationError, Cancelled, CheckpointError
from fineparser_core.progress import CancelToken, ignore_progress
from fineparser_core.training.batches import ALL_SAMPLES
from fineparser_core.training.synthetic_labels import keypoint_labels, load_ground_truths


def analyzer(method: str) -> Any:
    torch.manual_seed(0)
    identity = SimpleNamespace(id="fineparser-0", preprocessing="follow")
    model = build_model(ModelConfig(method=method)).eval()
    return SimpleNamespace(model=identity, encoder=SimpleNamespace(model=model, device=torch.device("cpu")))


def test_rendered_dives_are_measured_pair_by_pair(
    rendered_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, asked = load_dataset(rendered_root), analyzer("fineparser-pose")
    backbone = asked.encoder.model.static_encoder.backbone
    find, found = backbone.refined_poses, []

    def refined_poses(video: torch.Tensor) -> torch.Tensor:
        if not any(torch.equal(video, seen) for seen, _ in found):
            found.append((video, find(video)))
        return next(poses for seen, poses in found if torch.equal(video, seen))

    monkeypatch.setattr(backbone, "refined_poses", refined_poses)
    records = data.split("train")
    options = {"cache": tmp_path, "progress": ignore_progress, "cancel": CancelToken()}
    report = measure_poses(asked, data, records, **options)
    assert report.startswith("2 dives, ")
    assert report.endswith("2 pairs of dives of one number, errors in squared points at the best scale")
    for row in ("until the entry", "around the take-off", "in the flight", "take-off", "flight", "entry", "sum"):
        assert f"\n{row} " in report
    assert measure_poses(asked, data, records, **options) == report
    assert len(found) == 2  # the cache gives the same frames again
    with pytest.raises(AnnotationError, match=r"Of 1 dives of .* no two are rendered ones of one number"):
        measure_poses(asked, data, records[:1], **options)
    stopped = CancelToken()
    stopped.cancel()
    with pytest.raises(Cancelled):
        measure_poses(asked, data, records, **{**options, "cancel": stopped})


def test_weights_without_poses_are_refused(rendered_root: Path, tmp_path: Path) -> None:
    data = load_dataset(rendered_root)
    with pytest.raises(CheckpointError, match="fineparser-0 sees no poses: give weights with poses, by --weights"):
        measure_poses(
            analyzer("fineparser"),
            data,
            data.split("train"),
            cache=tmp_path,
            progress=ignore_progress,
            cancel=CancelToken(),
        )


def test_sides_are_taken_as_they_fit_best(rendered_root: Path, tmp_path: Path) -> None:
    data = load_dataset(rendered_root)
    dives = load_dives(data, data.split("train"), FrameCache(tmp_path, data, "follow"), CancelToken())
    truths, views = load_ground_truths(data.root, dives), [plain_view(dive, "follow") for dive in dives]
    true = np.stack(
        [MASK_SIZE * keypoint_labels(dive, view, ALL_SAMPLES, truths) for dive, view in zip(dives, views, strict=True)]
    )
    swapped = true[:, :, list(KEYPOINT_FLIP)]
    for row in _off(swapped, dives, views, truths):
        assert row[1:] == ["0.00", "0.0", "0.0 %"]
    for row in _off(swapped + np.float32([9, 12]), dives, views, truths):
        assert row[1:] == ["15.00", "15.0", "100.0 %"]


def test_what_is_read_is_scaled_best() -> None:
    rng = np.random.default_rng(3)
    true = rng.normal(size=40)
    numbers = np.repeat(["107B", "207C"], 20)
    read = _read(0.25 * true, true, numbers)
    assert read.untold == pytest.approx((true**2).mean())
    assert read.error == pytest.approx(0)
    assert read.rho == 1
    nothing = _read(np.zeros(40), true, numbers)
    assert nothing.error == pytest.approx(nothing.untold)
    few = _read(true[:4], true[:4], numbers[:4])
    assert math.isnan(few.rho)
