import pytest
import torch

from fineparser_core.constants import KEYPOINT_FLIP, KEYPOINT_NAMES
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.i3d import TAP_CHANNELS
from fineparser_core.models.spatial_parser import MaskDecoder
from fineparser_core.pose.fineparser_pose import FineParserPose, PoseStaticEncoder
from fineparser_core.pose.keypoints import JOINTS, resolve_left_right, soft_argmax
from fineparser_core.pose.mask_refiner import RefinedMaskDecoder
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


CUT = (30, 60)


def test_tokens_of_poses_are_a_mean_over_cuts_around_the_transitions():
    torch.manual_seed(0)
    encoder = PoseStaticEncoder().eval()
    for read in encoder.moments.steps:
        torch.nn.init.normal_(read[-1].weight)
    seen = torch.randn(2, 96, POSE_FEATURES)
    cuts = [CUT, (0, 95)]
    with torch.inference_mode():
        features = encoder.to_feature(seen)
        tokens = encoder.step_tokens(features, cuts)

        def at(cut, row):
            one = features[row : row + 1]
            return encoder.project(encoder.step_features(one, [cut]), one, [cut])[0]

        first = [at((CUT[0] + by, CUT[1] + by), 0) for by in range(-2, 3)]
        torch.testing.assert_close(tokens[0], torch.stack(first).mean(dim=0))
        # At the ends of a clip no further than there are samples.
        second = [at(cut, 1) for cut in ((0, 93), (0, 94), (0, 95), (1, 95), (2, 95))]
        torch.testing.assert_close(tokens[1], torch.stack(second).mean(dim=0))


def test_both_windows_and_poses_say_where_a_step_begins():
    torch.manual_seed(0)
    network = FineParserPose().eval()
    gated, poses = torch.randn(2, 9, 1024), torch.randn(2, 96, POSE_FEATURES)
    with torch.inference_mode():
        windows = network.psnet.logits(gated)
        torch.testing.assert_close(network.step_probabilities(gated, poses), (windows / 2).sigmoid())  # untrained
        torch.nn.init.normal_(network.pose_steps.out.weight)
        both = (windows + network.pose_steps(poses)) / 2
        torch.testing.assert_close(network.step_probabilities(gated, poses), both.sigmoid())
        assert torch.equal(FineParser.step_probabilities(network, gated, None), network.psnet(gated))


WINDOWS = torch.randn(1, 3, 16, 32, 32, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def taps():
    """Of a window of 16 x 32 x 32."""
    generator = torch.Generator().manual_seed(0)
    sizes = ((8, 16, 16), (8, 8, 8), (8, 4, 4), (4, 2, 2))
    return tuple(torch.randn(1, c, *s, generator=generator) for c, s in zip(TAP_CHANNELS, sizes, strict=True))


def test_a_refined_decoder_starts_as_the_papers(taps):
    torch.manual_seed(1)
    plain = MaskDecoder()
    torch.manual_seed(1)
    refined = RefinedMaskDecoder()
    for name, value in plain.state_dict().items():
        assert torch.equal(refined.state_dict()[name], value)
    assert torch.equal(refined(taps, WINDOWS), plain(taps, WINDOWS))
    refined(taps, WINDOWS)[:, 4].square().mean().backward()
    gradient = refined.refiner.out.weight.grad
    assert gradient.abs().max() > 0  # and learns from there


def test_only_the_fused_map_is_refined(taps):
    decoder = RefinedMaskDecoder()
    before = decoder(taps, WINDOWS)
    torch.nn.init.ones_(decoder.refiner.out.bias)
    after = decoder(taps, WINDOWS)
    assert torch.equal(after[:, :4], before[:, :4])
    torch.testing.assert_close(after[:, 4], before[:, 4] + 1)
    torch.testing.assert_close(decoder.finish(*decoder.coarse(taps), WINDOWS), after[:, 4])
