"""What is read off joints."""

import torch

from fineparser_core.models.pose_features import (
    ALONG_FEATURES,
    FRAME_FEATURES,
    JOINTS,
    POSE_FEATURES,
    SIDE_FEATURES,
    clip_features,
    pose_features,
    signed_features,
)
from fineparser_core.types import SWAPPED_JOINTS

GENERATOR = torch.Generator().manual_seed(4)
MIRROR = torch.tensor([-1.0, 1.0]), torch.tensor([112.0, 0.0])


def test_a_mirrored_pose_has_the_same_features() -> None:
    joints, shown = 112 * torch.rand(4, 16, 2, generator=GENERATOR), torch.rand(4, 16, generator=GENERATOR)
    features = pose_features(joints, shown)
    assert features.shape == (4, FRAME_FEATURES - 2)
    torch.testing.assert_close(pose_features(joints * MIRROR[0] + MIRROR[1], shown), features)
    other = list(SWAPPED_JOINTS)
    swapped = pose_features(joints[:, other], shown[:, other])
    torch.testing.assert_close(swapped[:, :-16], features[:, :-16])
    torch.testing.assert_close(swapped[:, -16:], features[:, -16:][:, other])


def test_what_is_not_shown_says_nothing() -> None:
    joints = 112 * torch.rand(2, 16, 2, generator=GENERATOR)
    assert (pose_features(joints, torch.zeros(2, 16)) == 0).all()


def test_a_straight_body_upside_down() -> None:
    joints = torch.zeros(16, 2)
    heights = {
        "head": 80,
        "shoulder": 70,
        "elbow": 85,
        "wrist": 100,
        "hip": 45,
        "knee": 30,
        "ankle": 15,
        "toe": 10,
        "board": 5,
    }
    for i, name in enumerate(JOINTS):
        joints[i] = torch.tensor([50.0 + (name.endswith("_l") - name.endswith("_r")), heights[name.split("_")[0]]])
    features = pose_features(joints, torch.ones(16))
    knees, trunk = features[3:6], features[15:19]
    torch.testing.assert_close(knees, torch.tensor([torch.pi / 1.5, 0.0, 1.0]), atol=1e-3, rtol=0)
    torch.testing.assert_close(trunk, torch.tensor([0.0, 1.0, 25 / 45, 1.0]))  # the neck straight below the pelvis


def turning(turns: float, frames: int = 24) -> torch.Tensor:
    """(1, frames, 16, 2): a body that turns so many times, its left knee bent and its left side a little apart."""
    angle = torch.linspace(0, 2 * torch.pi * turns, frames)[:, None]
    up = {
        "head": 35.0,
        "shoulder": 25,
        "elbow": 35,
        "wrist": 45,
        "hip": 0,
        "knee": -15,
        "ankle": -30,
        "toe": -35,
        "board": -40,
    }
    x = torch.tensor([1.5 * (n.endswith("_l") - n.endswith("_r")) + 6.0 * (n == "knee_l") for n in JOINTS])
    y = torch.tensor([-up[n.split("_")[0]] for n in JOINTS])
    return torch.stack([56 + x * angle.cos() - y * angle.sin(), 56 + x * angle.sin() + y * angle.cos()], dim=-1)[None]


def test_clips_give_features_of_frames_first() -> None:
    joints, shown = 112 * torch.rand(2, 8, 16, 2, generator=GENERATOR), torch.rand(2, 8, 16, generator=GENERATOR)
    wet, splash = torch.rand(2, 8, generator=GENERATOR), torch.rand(2, 8, generator=GENERATOR)
    features = clip_features(joints, shown, wet, splash)
    assert features.shape == (2, 8, POSE_FEATURES)
    assert torch.equal(features[..., : FRAME_FEATURES - 2], pose_features(joints, shown))
    assert torch.equal(features[..., FRAME_FEATURES - 2 : FRAME_FEATURES], torch.stack([wet, wet * splash], dim=-1))
    assert torch.equal(features[..., FRAME_FEATURES:], signed_features(joints, shown))


def test_signs_are_the_same_in_a_mirrored_clip_and_those_of_sides_change_with_the_sides() -> None:
    joints, shown = 112 * torch.rand(3, 12, 16, 2, generator=GENERATOR), torch.rand(3, 12, 16, generator=GENERATOR)
    features = signed_features(joints, shown)
    assert features.shape == (3, 12, ALONG_FEATURES + SIDE_FEATURES)
    torch.testing.assert_close(signed_features(joints * MIRROR[0] + MIRROR[1], shown), features, atol=1e-4, rtol=1e-4)
    other = list(SWAPPED_JOINTS)
    along, sides = signed_features(joints[:, :, other], shown[:, :, other]).split(
        (ALONG_FEATURES, SIDE_FEATURES), dim=2
    )
    torch.testing.assert_close(along, features[..., :ALONG_FEATURES])
    torch.testing.assert_close(sides, -features[..., ALONG_FEATURES:])


def test_what_is_bent_one_way_then_the_other_is_straight_in_the_mean() -> None:
    joints, shown = turning(1.5), torch.ones(1, 24, 16)
    knee = 1  # of the bends along the way
    straight = signed_features(joints, shown)[0, :, knee]
    assert (straight.abs() > 0.1).all()  # the left one is bent
    moved = joints.clone()
    moved[:, ::2, JOINTS.index("knee_r")] = joints[:, ::2, JOINTS.index("knee_r")] + 2.0
    moved[:, 1::2, JOINTS.index("knee_r")] = joints[:, 1::2, JOINTS.index("knee_r")] - 2.0
    noisy = signed_features(moved, shown)[0, :, knee]
    torch.testing.assert_close(noisy.mean(), straight.mean(), atol=0.03, rtol=0)


def test_the_way_of_a_dive_is_where_its_body_turns() -> None:
    shown = torch.ones(1, 24, 16)
    ahead, back, still = (signed_features(turning(n), shown)[..., :ALONG_FEATURES] for n in (1.5, -1.5, 0.0))
    torch.testing.assert_close(ahead[0, 0], -back[0, 0])
    assert (still == 0).all()


def test_unseen_joints_have_no_sign() -> None:
    assert (signed_features(turning(1.0), torch.zeros(1, 24, 16)) == 0).all()
