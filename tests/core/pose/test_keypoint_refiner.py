"""The keypoint refiner: rotated crops around a body, and keypoints detected again in them."""

import numpy as np
import torch

from fineparser_core.pose.keypoint_refiner import KeypointRefiner, rotated_crops
from fineparser_core.pose.keypoints import BODY, JOINTS, KEYPOINT_SIZE
from fineparser_core.pose.pose_backbone import FRAME_POSE_SIZE, PoseBackbone

GENERATOR = torch.Generator().manual_seed(4)
# Along the trunk, from the hips downwards.
_HEIGHTS = {
    "head": -1.0,
    "wrist": -1.0,
    "elbow": -0.8,
    "shoulder": -0.7,
    "hip": 0.0,
    "knee": 0.5,
    "ankle": 0.9,
    "toe": 1.0,
    "board": 1.5,
}


def body_at(centre: tuple[float, float], turned: float, size: float = 20.0) -> torch.Tensor:
    """(16, 3) joints of a stretched body, head first along its trunk, turned by so many radians; all are seen."""
    along = torch.tensor([_HEIGHTS[name.split("_")[0]] for name in JOINTS])
    across = torch.tensor([0.1 * (name.endswith("_l") - name.endswith("_r")) for name in JOINTS])
    turn = torch.tensor([[np.cos(turned), np.sin(turned)], [-np.sin(turned), np.cos(turned)]], dtype=torch.float32)
    places = size * torch.stack([across, along], dim=1) @ turn + torch.tensor(centre)
    return torch.cat([places, torch.full((16, 1), 5.0)], dim=1)


def test_the_crop_is_around_the_body_and_upright() -> None:
    for turned in (0.0, 0.7, 2.0, np.pi, -1.2):
        clip = body_at((40.0, 60.0), turned).expand(1, 30, 16, 3)
        crops = rotated_crops(clip)
        inside = crops.to_crop(clip[..., :BODY, :2])
        assert (inside > 5).all()
        assert (inside < 107).all()
        hip, shoulder = (inside[0, 5, JOINTS.index(f"{name}_l")] for name in ("hip", "shoulder"))
        assert hip[1] > shoulder[1] + 10
        assert abs(float(hip[0] - shoulder[0])) < 1e-3
        torch.testing.assert_close(crops.from_crop(inside), clip[..., :BODY, :2], atol=1e-3, rtol=1e-4)


def test_what_a_crop_shows_is_where_it_says() -> None:
    body = body_at((40.0, 60.0), 0.9)
    frames = torch.zeros(30, 3, 112, 112)
    toe = JOINTS.index("toe_l")
    x, y = (int(v) for v in body[toe, :2].round())
    frames[:, :, y - 1 : y + 1, x - 1 : x + 1] = 1.0
    crops = rotated_crops(body.expand(1, 30, 16, 3))
    one = crops.at(0)
    seen = one.crop(frames)[7, 0]
    peak = (seen == seen.max()).nonzero().float().mean(dim=0).flip(0) + 0.5
    expected = one.to_crop(torch.tensor([[[float(x), float(y)]]]).expand(30, 1, 2))[7, 0]
    torch.testing.assert_close(peak, expected, atol=1.5, rtol=0)


def test_a_joint_that_is_not_visible_moves_no_crop() -> None:
    clip = body_at((40.0, 60.0), 0.0).expand(1, 30, 16, 3).clone()
    before = rotated_crops(clip)
    clip[..., JOINTS.index("wrist_l"), :] = torch.tensor([110.0, 3.0, -4.0])
    clip[:, 12, :, :2] += 30  # a single frame that is wrong
    after = rotated_crops(clip)
    torch.testing.assert_close(after.side, before.side, atol=1.0, rtol=0)
    assert (after.centre - before.centre).norm(dim=-1).max() < 1.5


def test_a_mirrored_clip_gives_mirrored_joints() -> None:
    torch.manual_seed(0)
    refiner = KeypointRefiner().eval()
    torch.nn.init.normal_(refiner.told.weight, std=0.1)
    frames, joints = torch.randn(6, 3, 112, 112, generator=GENERATOR), body_at((40.0, 60.0), 0.4).expand(6, 16, 3)
    mirrored = torch.cat([112 - joints[..., :1], joints[..., 1:]], dim=-1)
    with torch.inference_mode():
        found, other = refiner.refine(frames, joints), refiner.refine(frames.flip(-1), mirrored)
    assert found.shape == (6, BODY, KEYPOINT_SIZE)
    # Left and right are a matter of convention: distances to the nearest of the other's joints say nothing of them.
    other = torch.cat([112 - other[..., :1], other[..., 1:]], dim=-1)
    assert torch.cdist(found[..., :2], other[..., :2]).amin(dim=-1).max() < 1e-2


def test_the_backbone_detects_all_but_the_board_again() -> None:
    torch.manual_seed(0)
    backbone = PoseBackbone().eval()
    frames = torch.randn(8, 3, 112, 112, generator=GENERATOR)
    with torch.inference_mode():
        poses = backbone.coarse_poses(frames)
        refiner = backbone.refine_poses(frames, poses)
    assert refiner.shape == (8, FRAME_POSE_SIZE)
    assert (refiner[:, : KEYPOINT_SIZE * BODY] != poses[:, : KEYPOINT_SIZE * BODY]).all()
    assert torch.equal(refiner[:, KEYPOINT_SIZE * BODY :], poses[:, KEYPOINT_SIZE * BODY :])


def test_prior_keypoints_matter_once_their_weights_are_learned() -> None:
    torch.manual_seed(0)
    refiner = KeypointRefiner().eval()
    crops, confidence = torch.randn(2, 9, 112, 112, generator=GENERATOR), torch.ones(2, BODY)
    prior, other = (112 * torch.rand(2, BODY, 2, generator=GENERATOR) for _ in range(2))

    def heatmaps(keypoints: torch.Tensor, confidence: torch.Tensor) -> torch.Tensor:
        return refiner.refined_heatmaps(crops, keypoints, confidence)

    with torch.inference_mode():
        assert torch.equal(heatmaps(prior, confidence), heatmaps(other, confidence))
        torch.nn.init.normal_(refiner.told.weight)
        assert not torch.equal(heatmaps(prior, confidence), heatmaps(other, confidence))
        assert torch.equal(heatmaps(prior, 0 * confidence), heatmaps(other, 0 * confidence))


def test_a_refiner_that_has_not_learned_starts_as_the_coarse_network() -> None:
    torch.manual_seed(1)
    backbone = PoseBackbone()
    refiner = backbone.upright
    torch.nn.init.normal_(backbone.track.out.weight)
    backbone.start_refiner()
    for name, value in refiner.state_dict().items():
        if not name.startswith(("told.", "track.")):
            assert torch.equal(value, backbone.state_dict()[name]), name
    assert not refiner.told.weight.any()
    assert not refiner.track.out.weight.any()

    torch.nn.init.normal_(refiner.told.weight)
    torch.nn.init.normal_(refiner.out.weight)
    learned = refiner.out.weight.clone()
    backbone.start_refiner()
    assert torch.equal(refiner.out.weight, learned)
