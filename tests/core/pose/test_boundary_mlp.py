import torch

from fineparser_core.pose.fineparser_pose import PoseStaticEncoder
from fineparser_core.pose.pose_backbone import POSE_FEATURES

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
