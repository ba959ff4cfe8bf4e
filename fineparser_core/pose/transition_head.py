"""The transition head that reads poses."""

from fineparser_core.models.temporal_parser import N_TRANSITIONS
from fineparser_core.pose.layers import DilatedConvs
from fineparser_core.pose.pose_features import POSE_FEATURES


class PoseTransitionHead(DilatedConvs):
    """Pose features (B, T, POSE_FEATURES) to logits (B, T, 2) that the second and third step begin at a sample.

    PSNet sees the mean of the sixteen samples of a window; poses are known of every sample.
    """

    def __init__(self) -> None:
        super().__init__(POSE_FEATURES, N_TRANSITIONS, dilations=(1, 2, 4, 8, 16))
