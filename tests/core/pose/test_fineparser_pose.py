"""`fineparser-pose` as a whole: what it adds to FineParser, and that no preset of the paper has it."""

from dataclasses import replace

import pytest
import torch

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import ModelConfig
from fineparser_core.errors import ConfigError
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.static_encoder import StaticEncoder, make_backbone
from fineparser_core.pose.fineparser_pose import FineParserPose, PoseStaticEncoder
from fineparser_core.pose.keypoints import JOINTS, KEYPOINTS
from fineparser_core.pose.pose_backbone import POSE_FEATURES
from fineparser_core.training.presets import PRESETS

POSE = ModelConfig(method="fineparser-pose")


@pytest.mark.parametrize(("backbone", "size"), [("resnet18", 512), ("resnet50", 2048), ("vit_s_16", 384)])
def test_a_backbone_says_how_many_features_it_has(backbone, size):
    with torch.device("meta"):
        encoder = StaticEncoder(*make_backbone(backbone))
        assert encoder.backbone_size == size
        assert encoder.backbone(torch.zeros(2, 3, 112, 112)).shape == (2, size)


def test_the_pose_encoder_gives_tokens_of_poses():
    with torch.device("meta"):
        encoder = PoseStaticEncoder()
        features = encoder.backbone(torch.zeros(96, 3, 112, 112))
        assert features.shape == (96, encoder.backbone_size) == (96, POSE_FEATURES)
        frames = encoder.to_feature(features)[None]
        assert frames.shape == (1, 96, 512 + POSE_FEATURES)
        assert encoder.step_tokens(frames, [(28, 62)]).shape == (1, 3, 4, 64)


def test_keypoints_are_what_its_encoder_tells_besides_features():
    with torch.device("meta"):
        frames = torch.zeros(4, 3, 112, 112)
        encoder, plain = PoseStaticEncoder(), StaticEncoder(torch.nn.Flatten(), 3 * 112 * 112)
        seen = encoder.encode_frames(frames)
        assert seen.features.shape == (4, POSE_FEATURES)
        assert seen.estimates[KEYPOINTS].shape == (4, len(JOINTS), 3)
        assert encoder.some_estimates(frames, every=2)[KEYPOINTS].shape == (2, len(JOINTS), 3)
        assert plain.encode_frames(frames).estimates == plain.some_estimates(frames, every=2) == {}


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


def test_no_preset_of_the_paper_is_it():
    assert [name for name, config in PRESETS.items() if config.method == "fineparser-pose"] == ["fine-tune"]


def test_it_is_fineparser_with_other_parts_and_has_a_name_of_its_own():
    assert POSE.architecture == "fineparser-pose-i3d"
    with pytest.raises(ConfigError, match="fineparser-pose has all of its parts"):
        replace(POSE, sap=False)
    with torch.device("meta"):
        own = build_model(POSE).state_dict().keys()
        paper = build_model(ModelConfig(static_backbone="resnet18")).state_dict().keys()
    parts = ("static_encoder.", "pose_steps.", "spatial_parser.decoder.refiner.")
    assert all(name.startswith("static_encoder.backbone.") for name in paper - own)
    assert all(name.startswith(parts) for name in own - paper)
