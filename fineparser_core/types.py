"""The frozen records that travel between the rooms: numpy only, never tensors.

Frames are 0-based indices of the source file; a *sample* is one of the 96 frames that the
network sees. A transition is the first frame of the new step. Ranges of steps are half-open.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

#: Fewest frames of a clip.
MIN_FRAMES = 16
N_SAMPLES = 96
MASK_SIZE = 112
STEP_NAMES = ("take-off", "flight", "entry")
#: Order of an athlete's known joints; the head is its middle, and left is the athlete's left as the picture shows it.
#: The last is no joint of the body: the middle of the edge of the board or platform that the athlete leaves.
TRUTH_JOINTS = (
    "head", "shoulder_l", "shoulder_r", "elbow_l", "elbow_r", "wrist_l", "wrist_r", "hip_l", "hip_r",
    "knee_l", "knee_r", "ankle_l", "ankle_r", "toe_l", "toe_r", "board",
)  # fmt: skip
#: Place of each joint's partner on the other side; its own where there is none.
SWAPPED_JOINTS = tuple(
    TRUTH_JOINTS.index(n[:-1] + {"l": "r", "r": "l"}[n[-1]] if "_" in n else n) for n in TRUTH_JOINTS
)


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What a file says about itself; sizes are after rotation and pixel aspect are applied.

    Attributes:
        pts_s: (n_frames,) float64, presentation time of every frame in display order, from 0.
        fps: average frame rate, frames per second.
        rotation_deg: clockwise turn already applied to decoded frames: 0, 90, 180 or 270.
        variable_frame_rate: True where frame intervals differ by more than 1 %.
        n_frames_missing: frames that the header promises and a cut-off file does not hold.
    """

    path: Path
    width_px: int
    height_px: int
    n_frames: int
    fps: float
    duration_s: float
    rotation_deg: int
    codec: str
    variable_frame_rate: bool
    n_frames_missing: int = 0
    pts_s: np.ndarray = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A stretch of a video that holds one dive: frames in_frame..out_frame, both included."""

    path: Path
    in_frame: int
    out_frame: int
    fps: float


@dataclass(frozen=True, kw_only=True)
class DiveSegment:
    """A stretch of a file that holds one dive, proposed to whoever cuts it.

    Attributes:
        in_frame, out_frame: both included.
        first_flight_frame, first_entry_frame: where the parse of the stretch puts the transitions.
        confidence: the lesser of the peak probabilities of the two transitions.
    """

    in_frame: int
    out_frame: int
    first_flight_frame: int
    first_entry_frame: int
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Transitions:
    """First frame and time of the second and third step, in the source file."""

    first_flight_frame: int
    first_entry_frame: int
    first_flight_s: float
    first_entry_s: float


@dataclass(frozen=True, kw_only=True)
class StepSpan:
    """One step of the dive: frames [start_frame, end_frame) of the source file."""

    name: str
    start_frame: int
    end_frame: int


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """Points a step adds to the score relative to an exemplar (or to their mean).

    points = dynamic (R_V, motion) + static (R_S, appearance), paper Eq. 6.
    """

    step: str
    points: float
    dynamic: float
    static: float


@dataclass(frozen=True, kw_only=True)
class ExemplarVote:
    """One exemplar's vote: exemplar score + the sum of its contributions."""

    id: str
    dive_number: str
    board_m: float | None
    score: float
    vote: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, kw_only=True)
class ModelIdentity:
    """Which weights and arithmetic made a result.

    Attributes:
        id: name and content hash of the weights, e.g. "rendered-v1-1a2b3c4d".
        trained_on: what the weights saw, in words for the coach.
        synthetic: True where training used rendered dives only.
        preprocessing: name in `fineparser_core.video.preprocess`.
        decoding: "release", "joint" or "flight".
        precision: "fp32", "bf16" or "fp16".
        device: "cpu", "cuda" or "mps".
    """

    id: str
    trained_on: str
    synthetic: bool
    preprocessing: str
    decoding: str
    precision: str
    device: str


@dataclass(frozen=True, kw_only=True)
class ClipEvidence:
    """What tells a whole dive from another clip.

    Attributes:
        take_off, entry: the greatest probability that step 2 / step 3 begins somewhere.
        shown: share of the flight's samples that show an athlete.
        descent: the longest way down of the athlete, in heights of the picture, camera movement taken off.
        after: how long the clip goes on from where step 3 begins, in flights; in analyses of before it was measured 1.
    """

    take_off: float
    entry: float
    shown: float
    descent: float
    after: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """Everything of a clip that a comparison needs; the same for every partner.

    Attributes:
        gated: (9, 1024) float32, I3D feature times sigmoid of the mask embedding, a row a window.
        frame_features: (96, n) float32, the static encoder's features of every sample: 512, and those of its pose.
        transition_samples: decoded (st, ed), indices of samples.
        probabilities: (96, 2) float32.
    """

    gated: np.ndarray = field(repr=False)
    frame_features: np.ndarray = field(repr=False)
    transition_samples: tuple[int, int]
    probabilities: np.ndarray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class DiveParse:
    """Steps and masks of a clip: what is known without a dive number.

    Attributes:
        sampled_frames: (96,) int64 source frame of every sample.
        sampled_times_s: (96,) float64.
        probabilities: (96, 2) float32, probability that step 2 / step 3 begins at the sample.
        mask_probability: (96, 112, 112) float16.
        crop_xyxy: (96, 4) float32, source pixels that the mask of a sample covers.
        evidence: that the clip is a whole dive; None where it was not measured.
        refusal: why it should not be scored, a sentence; None where nothing speaks against it.
    """

    clip: Clip
    sampled_frames: np.ndarray = field(repr=False)
    sampled_times_s: np.ndarray = field(repr=False)
    probabilities: np.ndarray = field(repr=False)
    transitions: Transitions
    mask_probability: np.ndarray = field(repr=False)
    crop_xyxy: np.ndarray = field(repr=False)
    model: ModelIdentity
    evidence: ClipEvidence | None = None
    refusal: str | None = None

    @property
    def steps(self) -> tuple[StepSpan, StepSpan, StepSpan]:
        cuts = (
            self.clip.in_frame,
            self.transitions.first_flight_frame,
            self.transitions.first_entry_frame,
            self.clip.out_frame + 1,
        )
        first, second, third = (
            StepSpan(name=name, start_frame=start, end_frame=end)
            for name, start, end in zip(STEP_NAMES, cuts[:-1], cuts[1:], strict=True)
        )
        return first, second, third


@dataclass(frozen=True, kw_only=True)
class IntervalRule:
    """How far a score may be off, as measured on held-out dives of known score.

    Attributes:
        level: share of those dives whose score lies within.
        base, per_spread, per_difficulty: half width = base + per_spread * spread + per_difficulty * DD, in points.
    """

    level: float
    base: float
    per_spread: float
    per_difficulty: float

    def around(self, score: float, spread: float, difficulty: float) -> "ScoreInterval":
        """The interval of a score, within what judges can give: 0 to 30 DD."""
        half = self.base + self.per_spread * spread + self.per_difficulty * difficulty
        most = 30 * difficulty
        low, high = (min(max(end, 0.0), most) for end in (score - half, score + half))
        return ScoreInterval(low=low, high=high, rule=self)


@dataclass(frozen=True, kw_only=True)
class ScoreInterval:
    """Between which points the score is stated to lie, and by which rule."""

    low: float
    high: float
    rule: IntervalRule

    @property
    def level(self) -> float:
        return self.rule.level


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """The score of a dive against its exemplars (paper Eq. 6 and 12).

    Attributes:
        spread: population standard deviation of the votes: agreement, not accuracy.
        award: score / (3 * difficulty), the mean award it implies.
        difficulty_source: "board", "commonest board" or "typed".
        contributions: mean over the exemplars; their points sum to score - mean exemplar score.
        notes: what the reader must be told (fewer exemplars than asked for, other boards used).
        interval: calibrated on held-out dives; None for weights without a calibration.
    """

    dive_number: str
    board_m: float | None
    difficulty: float
    difficulty_source: str
    score: float
    spread: float
    award: float
    contributions: tuple[Contribution, ...]
    exemplars: tuple[ExemplarVote, ...]
    seed: int
    notes: tuple[str, ...] = ()
    interval: ScoreInterval | None = None

    @property
    def nearest_numbers(self) -> tuple[str, ...]:
        """Dive numbers of the exemplars where there are none of this one; empty for a comparison like with like."""
        numbers = sorted({vote.dive_number for vote in self.exemplars})
        return () if numbers == [self.dive_number] else tuple(numbers)


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A parsed dive and, where the dive number is known, its score."""

    parse: DiveParse
    scoring: Scoring | None


@dataclass(frozen=True, kw_only=True)
class MaskTrack:
    """Masks of a dive over time; the fields are as in `DiveParse`."""

    sampled_frames: np.ndarray = field(repr=False)
    mask_probability: np.ndarray = field(repr=False)
    crop_xyxy: np.ndarray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ComparedDive:
    """What it takes to show a dive beside another one.

    Attributes:
        title: what it is called on the picture: name, score, whether it is rendered.
        steps: its three steps, frames of `path`.
        masks: None where they are not known.
    """

    path: Path
    title: str
    steps: tuple[StepSpan, StepSpan, StepSpan]
    masks: MaskTrack | None = field(default=None, repr=False)
