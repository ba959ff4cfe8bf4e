import torch

from fineparser_core.constants import KEYPOINT_FLIP, KEYPOINT_NAMES
from fineparser_core.pose.keypoints import JOINTS, resolve_left_right, soft_argmax
from fineparser_core.pose.pose_backbone import FRAME_POSE_SIZE, POSE_FEATURES, PoseBackbone, pose_features
from fineparser_core.synth.render import mirror_joints

GENERATOR = torch.Generator().manual_seed(4)


def test_its_joints_are_those_of_rendered_dives():
    assert JOINTS == KEYPOINT_NAMES
    points = torch.rand(1, 16, 2, generator=GENERATOR)
    mirrored = torch.from_numpy(mirror_joints(points.numpy()))
    torch.testing.assert_close(
        points[:, list(KEYPOINT_FLIP)] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0]), mirrored
    )


def test_a_joint_is_at_the_peak_of_its_map():
    maps = torch.full((1, 16, 28, 28), -30.0)
    maps[0, :, 7, 20] = maps[0, :, 8, 20] = 30.0
    places, spread = soft_argmax(maps)
    torch.testing.assert_close(places, torch.tensor([82.0, 32.0]).expand(1, 16, 2))
    torch.testing.assert_close(spread, torch.full((1, 16), 2.0))


def test_a_mirrored_pose_has_the_same_features():
    joints, shown = 112 * torch.rand(4, 16, 2, generator=GENERATOR), torch.rand(4, 16, generator=GENERATOR)
    features = pose_features(joints, shown)
    assert features.shape == (4, POSE_FEATURES - 2)
    mirrored = joints * torch.tensor([-1.0, 1.0]) + torch.tensor([112.0, 0.0])
    torch.testing.assert_close(pose_features(mirrored, shown), features)
    other = list(KEYPOINT_FLIP)
    swapped = pose_features(joints[:, other], shown[:, other])
    torch.testing.assert_close(swapped[:, :-16], features[:, :-16])
    torch.testing.assert_close(swapped[:, -16:], features[:, -16:][:, other])


def test_a_straight_body_upside_down():
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


def test_clips_are_seen_one_by_one_and_frames_with_their_neighbours():
    backbone = PoseBackbone().eval()
    frames = torch.randn(192, 3, 64, 64, generator=GENERATOR)  # smaller than frames are, to be done sooner
    with torch.inference_mode():
        features, poses = backbone(frames), backbone.frame_poses(frames[:6])
        changed = frames[:6].clone()
        changed[3] += 1
        moved = (backbone.frame_poses(changed) != poses).any(dim=1)
        torch.testing.assert_close(backbone(frames[96:]), features[96:], rtol=1e-4, atol=1e-4)
    assert features.shape == (192, POSE_FEATURES)
    assert poses.shape == (6, FRAME_POSE_SIZE)
    assert features.isfinite().all()
    assert moved.tolist() == [False, False, True, True, True, False]


def test_sides_that_swap_from_frame_to_frame_are_put_back():
    joints = (112 * torch.rand(1, 1, 16, 4, generator=GENERATOR)).repeat(2, 6, 1, 1)
    other = list(KEYPOINT_FLIP)
    mixed = joints.clone()
    for i in (1, 2, 5):
        mixed[0, i] = mixed[0, i, other]
    assert torch.equal(resolve_left_right(mixed), joints)
