from dataclasses import replace

import pytest
import torch

from fineparser_core.checkpoints.build import build_model
from fineparser_core.config import ModelConfig
from fineparser_core.errors import ConfigError
from fineparser_core.models.fineparser import FineParser
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.pose_backbone import POSE_FEATURES

POSE = ModelConfig(method="fineparser-pose")


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


def test_it_is_fineparser_with_other_parts_and_has_a_name_of_its_own():
    assert POSE.architecture == "fineparser-pose-i3d"
    with pytest.raises(ConfigError, match="does not depend on sap"):
        replace(POSE, sap=False)
    with torch.device("meta"):
        own = build_model(POSE).state_dict().keys()
        paper = build_model(ModelConfig(static_backbone="resnet18")).state_dict().keys()
    parts = ("static_encoder.", "pose_steps.", "spatial_parser.decoder.refiner.")
    assert all(name.startswith("static_encoder.backbone.") for name in paper - own)
    assert all(name.startswith(parts) for name in own - paper)
