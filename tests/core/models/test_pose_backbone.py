"""The backbone that sees poses."""

import torch

from fineparser_core.models.pose_backbone import (
    JOINTS,
    POSE_FEATURES,
    PoseBackbone,
    joint_places,
    pose_features,
)
from fineparser_core.synth.truth import mirror_joints
from fineparser_core.types import SWAPPED_JOINTS, TRUTH_JOINTS

GENERATOR = torch.Generator().manual_seed(4)


def test_its_joints_are_those_of_rendered_dives() -> None:
    assert JOINTS == TRUTH_JOINTS
    points = torch.rand(1, 15, 2, generator=GENERATOR)
    mirrored = torch.from_numpy(mirror_joints(points.numpy()))
    torch.testing.assert_close(
        points[:, list(SWAPPED_JOINTS)] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0]), mirrored
    )


def test_a_joint_is_at_the_peak_of_its_map() -> None:
    maps = torch.full((1, 15, 28, 28), -30.0)
    maps[0, :, 7, 20] = maps[0, :, 8, 20] = 30.0
    torch.testing.assert_close(joint_places(maps), torch.tensor([82.0, 32.0]).expand(1, 15, 2))


def test_a_mirrored_pose_has_the_same_features() -> None:
    joints, shown = 112 * torch.rand(4, 15, 2, generator=GENERATOR), torch.rand(4, 15, generator=GENERATOR)
    features = pose_features(joints, shown)
    assert features.shape == (4, POSE_FEATURES - 2)
    mirrored = joints * torch.tensor([-1.0, 1.0]) + torch.tensor([112.0, 0.0])
    torch.testing.assert_close(pose_features(mirrored, shown), features)
    other = list(SWAPPED_JOINTS)
    swapped = pose_features(joints[:, other], shown[:, other])
    torch.testing.assert_close(swapped[:, :-15], features[:, :-15])
    torch.testing.assert_close(swapped[:, -15:], features[:, -15:][:, other])


def test_what_is_not_shown_says_nothing() -> None:
    joints = 112 * torch.rand(2, 15, 2, generator=GENERATOR)
    assert (pose_features(joints, torch.zeros(2, 15)) == 0).all()


def test_a_straight_body_upside_down() -> None:
    joints = torch.zeros(15, 2)
    heights = {"head": 80, "shoulder": 70, "elbow": 85, "wrist": 100, "hip": 45, "knee": 30, "ankle": 15, "toe": 10}
    for i, name in enumerate(JOINTS):
        joints[i] = torch.tensor([50.0 + (name.endswith("_l") - name.endswith("_r")), heights[name.split("_")[0]]])
    features = pose_features(joints, torch.ones(15))
    knees, trunk = features[3:6], features[15:19]
    torch.testing.assert_close(knees, torch.tensor([torch.pi / 1.5, 0.0, 1.0]), atol=1e-3, rtol=0)
    torch.testing.assert_close(trunk, torch.tensor([0.0, 1.0, 25 / 45, 1.0]))  # the neck straight below the pelvis


def test_features_of_frames_are_finite() -> None:
    backbone = PoseBackbone().eval()
    with torch.inference_mode():
        features = backbone(torch.randn(3, 3, 112, 112, generator=GENERATOR))
    assert features.shape == (3, POSE_FEATURES)
    assert features.isfinite().all()
