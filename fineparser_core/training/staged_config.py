"""The settings of the staged recipe (`training.staged`)."""

from dataclasses import dataclass

from fineparser_core.config import (
    Method,
    PreprocessingName,
    StaticBackbone,
    TrainConfig,
    check_choices,
    check_numbers,
)
from fineparser_core.constants import Precision
from fineparser_core.errors import ConfigError

_POSITIVE = (
    "whole_frame_dives",
    "frame_batch",
    "parse_dives",
    "parse_views",
    "sharpen_batch",
    "track_batch",
    "synthetic_dives",
    "static_groups",
    "head_lr",
    "trunk_lr",
)


@dataclass(frozen=True, kw_only=True)
class StagedConfig:
    """Sizes of the stages of `training.staged`.

    Learning rates are Adam's peaks; weight decay is 0, in the static stage 1e-5.

    Attributes:
        seed: of everything that is drawn.
        preprocessing: how frames become the network's input.
        method: the network: fineparser-pose, or fineparser, which has none of the stages of poses.
        static_backbone: backbone of the static stream of fineparser.
        precision: of the encoders' passes; "auto" is what the device is good at.
        mask_iterations: iterations of the masks stage.
        mask_windows: windows in an iteration of it.
        whole_frame_windows: windows of these that show the whole frame, as the coarse pass of "follow" does.
        sharpen_iterations: iterations of the sharpen stage.
        sharpen_batch: stored windows of which two frames each are sharpened in an iteration.
        whole_frame_dives: training dives that the coarse pass learns from.
        frame_iterations: iterations of the single-frames stage, in which keypoints are learned.
        frame_batch: frames in an iteration of it.
        refiner_iterations: iterations of the keypoint refiner.
        track_iterations: iterations of the stage in which the temporal pose refiners learn to track the keypoints of
            single frames.
        track_batch: clips in an iteration of it, and of the next one.
        steps_iterations: iterations of the stage in which poses learn to tell the transitions.
        synthetic_dives: dives whose poses are simulated for the static stream.
        pose_noise_px: by how many pixels a joint is off in them.
        static_iterations: iterations of the static stage.
        static_groups: groups of --head-batch simulated dives, and of as many rendered ones, in an iteration of it.
        weighting_dives: training dives after the first --parse-dives by which PSNet and poses, and the two streams, are
            weighed.
        parse_dives: training dives whose encodings the stages of I3D, PSNet and dynamic stream store and learn from.
        parse_iterations: iterations of the parse stage; with none here and in the heads stage, I3D, PSNet and dynamic
            stream stay those that training starts from.
        parse_batch: dives in an iteration of it.
        parse_views: views of each dive that it stores.
        head_iterations: iterations of the heads stage.
        head_batch: dives in an iteration of it.
        head_lr: peak learning rate of new layers.
        trunk_lr: peak learning rate of the I3D trunks.
        transition_width: standard deviation in samples of the target around a transition.
        dice_weight: weight of a Dice term on the fused mask.
        structure_weight: weight of 1 - S-measure, in the sharpen stage.
        joint_weight: weight of the athlete's joints, in the first two stages; rendered dives have them.
        transition_weight: scale of L_TAP in the last two stages, so that neither loss drowns the other.
        step_label_weight: weight in the parse stage of naming the phase of every sample from its window's feature
            alone.
        feature_noise: standard deviation of the noise on the features in the heads stage, relative to theirs.
        regression_weight: scale of L_Reg in the last two stages.
        contribution_weight: weight of a contribution's squared error in points against the known one; the paper
            trains the sum alone.
        quality_weight: weight of the phases' qualities read from the features; rendered dives have them.
    """

    seed: int = 10086
    preprocessing: PreprocessingName = "follow"
    method: Method = "fineparser-pose"
    static_backbone: StaticBackbone = "resnet34"
    precision: Precision = "auto"
    mask_iterations: int = 1300
    mask_windows: int = 6
    whole_frame_windows: int = 2
    sharpen_iterations: int = 1100
    sharpen_batch: int = 32
    whole_frame_dives: int = 400
    frame_iterations: int = 4800
    frame_batch: int = 64
    refiner_iterations: int = 4800
    track_iterations: int = 4000
    track_batch: int = 24
    steps_iterations: int = 2500
    synthetic_dives: int = 12000
    pose_noise_px: float = 2.0
    static_iterations: int = 1800
    static_groups: int = 3
    weighting_dives: int = 80
    parse_dives: int = 1250
    parse_iterations: int = 600
    parse_batch: int = 8
    parse_views: int = 1
    head_iterations: int = 800
    head_batch: int = 12
    head_lr: float = 1e-3
    trunk_lr: float = 1e-4
    transition_width: float = 1.5
    dice_weight: float = 1.0
    structure_weight: float = 3.0
    joint_weight: float = 1.0
    transition_weight: float = 20.0
    step_label_weight: float = 0.5
    feature_noise: float = 0.2
    regression_weight: float = 0.002
    contribution_weight: float = 0.01
    quality_weight: float = 0.5

    def __post_init__(self) -> None:
        check_choices(self)
        check_numbers(self, _POSITIVE)
        if self.whole_frame_windows >= self.mask_windows:
            raise ConfigError(
                f"{self.whole_frame_windows} of {self.mask_windows} windows show whole frames: give "
                "--whole-frame-windows less than --mask-windows."
            )
        if self.parse_batch < 2 or self.head_batch < 2:
            raise ConfigError("A batch of one dive has no pairs: give --parse-batch and --head-batch at least 2.")

    @property
    def network(self) -> TrainConfig:
        """What the network starts from and how it is built."""
        return TrainConfig(
            seed=self.seed,
            method=self.method,
            static_backbone=self.static_backbone,
        )
