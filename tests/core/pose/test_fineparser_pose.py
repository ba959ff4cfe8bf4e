import torch

from fineparser_core.models.fineparser import FineParser
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.pose_backbone import POSE_FEATURES


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
