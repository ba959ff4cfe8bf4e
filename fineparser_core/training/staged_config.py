"""The settings of the staged recipe (`training.staged`)."""

from dataclasses import dataclass

from fineparser_core.config import TrainConfig, check_choices, check_numbers
from fineparser_core.errors import ConfigError

_POSITIVE = (
    "first_look_dives",
    "frame_batch",
    "parse_dives",
    "parse_views",
    "sharpen_batch",
    "track_batch",
    "traces",
    "static_groups",
    "head_lr",
    "trunk_lr",
)


@dataclass(frozen=True, kw_only=True)
class StagedConfig:
    """Sizes of the stages of `training.staged`.

    Learning rates are Adam's peaks; weight decay is 0, in the static stage 1e-5.
    """

    seed: int = 10086
    preprocessing: str = "follow"
    method: str = "fineparser-pose"
    #: Of "fineparser".
    static_backbone: str = "resnet34"
    #: Of the encoders' passes; "auto" is what the device is good at.
    precision: str = "auto"
    mask_iterations: int = 1300
    mask_windows: int = 6
    #: Windows of these that show the whole frame, as the first look of "follow" does.
    first_look_windows: int = 2
    sharpen_iterations: int = 1100
    #: Stored windows of which two frames each are sharpened in an iteration.
    sharpen_batch: int = 32
    #: Training dives that the first look learns from.
    first_look_dives: int = 400
    frame_iterations: int = 4800
    frame_batch: int = 64
    #: Of the keypoint refiner.
    refiner_iterations: int = 4800
    track_iterations: int = 4000
    #: Clips in which the temporal pose refiners learn to track the keypoints of single frames.
    track_batch: int = 24
    #: In which poses learn to tell the transitions, `track_batch` clips at a time.
    steps_iterations: int = 2500
    #: Of a pose backbone: dives traced without pixels for the static stream, and by how many pixels a joint is off in
    #: them; groups of `head_batch` such dives, and of as many rendered ones, in an iteration.
    traces: int = 12000
    pose_noise_px: float = 2.0
    static_iterations: int = 1800
    static_groups: int = 3
    #: Training dives after the first `parse_dives` by which PSNet and poses, and the two streams, are weighed.
    blend_dives: int = 80
    #: Training dives whose encodings the stages of I3D, PSNet and dynamic stream store and learn from.
    parse_dives: int = 1250
    #: With none here and in the heads stage, I3D, PSNet and dynamic stream stay those that training starts from.
    parse_iterations: int = 600
    parse_batch: int = 8
    parse_views: int = 1
    head_iterations: int = 800
    head_batch: int = 12
    head_lr: float = 1e-3
    trunk_lr: float = 1e-4
    transition_width: float = 1.5
    dice_weight: float = 1.0
    #: Of 1 - S-measure, in the sharpen stage.
    structure_weight: float = 3.0
    #: Of the athlete's joints, in the first two stages; rendered dives have them.
    joint_weight: float = 1.0
    #: Scale of L_TAP and L_Reg in the last two stages, so that neither drowns the other.
    transition_weight: float = 20.0
    #: Weight in the parse stage of naming the step of every sample from its window's feature alone.
    step_label_weight: float = 0.5
    #: Standard deviation of the noise on the features in the heads stage, relative to theirs.
    feature_noise: float = 0.2
    regression_weight: float = 0.002
    #: Of a contribution's squared error in points against the known one, and of the steps' qualities read from the
    #: features; rendered dives have qualities. The paper trains the sum alone.
    contribution_weight: float = 0.01
    quality_weight: float = 0.5

    def __post_init__(self) -> None:
        check_choices(self)
        check_numbers(self, _POSITIVE)
        if self.first_look_windows >= self.mask_windows:
            raise ConfigError(
                f"{self.first_look_windows} of {self.mask_windows} windows show whole frames: give "
                "--first-look-windows less than --mask-windows."
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
