"""Traced dives are seen with the errors made on rendered ones that move alike."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fineparser_core.constants import KEYPOINT_FLIP, MASK_SIZE
from fineparser_core.data.dives import Dive
from fineparser_core.data.records import DiveRecord
from fineparser_core.data.transforms import plain_view
from fineparser_core.pose.pose_backbone import FRAME_POSE_SIZE
from fineparser_core.pose.pose_features import POSE_FEATURES
from fineparser_core.progress import CancelToken
from fineparser_core.synth.ground_truth import GroundTruth
from fineparser_core.training.pose_error_bank import PoseErrorBank
from fineparser_core.training.stored_views import PosedDive
from fineparser_core.training.synthetic_poses import SyntheticPoses, synthesize_poses

TRACES = 4


def make_dive(index: int, number: str = "207C") -> Dive:
    record = DiveRecord(key=("A", index), dive_number=number, difficulty=3.3, score=70.0, n_frames=96, split="train")
    return Dive(
        record=record,
        frames=np.zeros((96, 112, 112, 3), np.uint8),
        masks=None,
        first_flight_frame=30,
        first_entry_frame=60,
    )


@pytest.fixture(scope="module")
def poses(tmp_path_factory: pytest.TempPathFactory) -> SyntheticPoses:
    return synthesize_poses([make_dive(0)], range(TRACES), 1, tmp_path_factory.mktemp("t") / "poses.npz", CancelToken())


def rendered(poses: SyntheticPoses, error: float, *, number: str = "207C") -> PosedDive:
    """A dive with the timing of the first traced one; its splash is said to be larger by the error."""
    st, ed = (int(sample) for sample in poses.transitions[0])
    dive = replace(make_dive(0, number), first_flight_frame=st, first_entry_frame=ed)
    estimated = np.full((96, FRAME_POSE_SIZE), 5.0, np.float32)
    estimated[:, -1] = poses.splashes[0] + error
    return PosedDive(dive=dive, view=plain_view(dive, "whole"), poses=estimated)


def errors_of(poses: SyntheticPoses, one: PosedDive, joints: np.ndarray, off: np.ndarray) -> PoseErrorBank:
    """Joints (96, 16, 2) of the rendered dive, all found off by the same."""
    truth = GroundTruth(
        joints=(joints / MASK_SIZE).astype(np.float32),
        qualities=np.full(3, 7.0),
        contact_frame=int(np.isnan(poses.joints[0, :, 5, 0]).argmax()) or 95,
        splash=float(poses.splashes[0]),
    )
    found = np.nan_to_num(np.concatenate([joints + off, np.full((96, 16, 1), 3.0)], axis=2), nan=50.0)
    tracked = torch.from_numpy(found.astype(np.float32))[None]
    return PoseErrorBank(poses, [make_dive(0)], [one], tracked, {one.dive.record.key: truth})


def test_a_trace_is_seen_with_the_errors_of_a_dive_that_moves_alike(poses: SyntheticPoses) -> None:
    off = np.array([3.0, -1.0])
    true = poses.joints[0]
    errors = errors_of(poses, rendered(poses, 0.25), true, off)
    found, more = errors.with_errors(0, np.random.default_rng(0))
    known = ~np.isnan(true[..., 0]) & ~np.isnan(found[..., 0])
    np.testing.assert_allclose(found[known][:, :2], true[known] + off, atol=1e-3)
    assert (found[..., 2] == 3.0).all()
    np.testing.assert_allclose(more[:, 1], poses.splashes[0] + 0.25, atol=1e-5)
    assert (more[:, 0] == 5.0).all()


def test_of_a_mirrored_dive_the_errors_are_mirrored(poses: SyntheticPoses) -> None:
    off = np.array([3.0, -1.0])
    mirrored = poses.joints[0] * np.array([-1, 1]) + np.array([MASK_SIZE, 0])
    errors = errors_of(poses, rendered(poses, 0.0), mirrored[:, list(KEYPOINT_FLIP)], off)
    found, _ = errors.with_errors(0, np.random.default_rng(0))
    true = poses.joints[0]
    # Which side is left may be told either way.
    near = [
        np.nanmedian(np.abs(found[..., :2] - (true[:, order] + off * [-1, 1])))
        for order in (slice(None), list(KEYPOINT_FLIP))
    ]
    assert min(near) < 1


def test_what_is_seen_depends_on_the_draw_alone(poses: SyntheticPoses) -> None:
    errors = errors_of(poses, rendered(poses, 0.0), poses.joints[0], np.zeros(2))
    rows = np.arange(TRACES)
    seen = errors.sample_features(rows, 2.0, np.random.default_rng(3))
    assert seen.shape == (TRACES, 96, POSE_FEATURES)
    assert seen.isfinite().all()
    assert torch.equal(seen, errors.sample_features(rows, 2.0, np.random.default_rng(3)))
    assert not torch.equal(seen, errors.sample_features(rows, 2.0, np.random.default_rng(4)))


def test_without_a_rendered_dive_of_its_number_it_is_seen_with_noise(poses: SyntheticPoses) -> None:
    rows = np.arange(TRACES)
    plain = poses.sample_features(rows, 2.0, np.random.default_rng(3))
    others = errors_of(poses, rendered(poses, 0.0, number="305C"), poses.joints[0], np.zeros(2))
    nothing = PoseErrorBank(poses, [make_dive(0)], [], torch.zeros(0, 96, 16, 3), {})
    for errors in (others, nothing):
        assert torch.equal(errors.sample_features(rows, 2.0, np.random.default_rng(3)), plain)
