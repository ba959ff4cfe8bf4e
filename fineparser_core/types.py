"""Frozen records that the packages exchange; arrays are numpy arrays, never tensors.

Frames are 0-based indices of the source file. A *sample* is a frame among the 96 that the network receives. A
*transition* is the first frame of a new step. Frame ranges of steps are half-open, those of clips include both ends.
"""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from itertools import pairwise
from math import hypot
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from fineparser_core.constants import STEP_NAMES

#: Number of a frame; more are damage, and exceed the integers of Qt.
Frame = Annotated[int, Meta(ge=0, lt=2**31)]
#: Coordinate in pixels of an upright frame; no video is wider.
Pixels = Annotated[float, Meta(ge=0, le=100_000)]


class NoteCode(StrEnum):
    """Kinds of notes; `fineparser_core.export.notes` has their sentences and says which values each has."""

    SENTENCE = "sentence"
    # Of the file and the clip.
    FILE_CUT_OFF = "file_cut_off"
    PARTS_DAMAGED = "parts_damaged"
    FRAMES_DAMAGED = "frames_damaged"
    PICTURES_REPEATED = "pictures_repeated"
    POINT_IGNORED = "point_ignored"
    DIVER_UNSURE = "diver_unsure"
    CUT_OUT = "cut_out"
    SLOW_MOTION = "slow_motion"
    NO_FALL = "no_fall"
    TAKE_OFF_UNSURE = "take_off_unsure"
    TAKE_OFF_NEAR_START = "take_off_near_start"
    ENTRY_UNSURE = "entry_unsure"
    ENTRY_NEAR_END = "entry_near_end"
    # Of the score and the measures.
    FEW_EXEMPLARS = "few_exemplars"
    OTHER_BOARD = "other_board"
    NEAREST_NUMBERS = "nearest_numbers"
    EXEMPLARS_UNUSABLE = "exemplars_unusable"
    EXEMPLARS_LEFT_OUT = "exemplars_left_out"
    CALIBRATED = "calibrated"
    MEASURES_UNCLEAR = "measures_unclear"


@dataclass(frozen=True)
class Note:
    """Something that the user is told about a result: a code with values; the words are made where they are shown."""

    code: NoteCode
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """Properties of a video file; width and height apply after rotation and correction of the pixel aspect ratio.

    Attributes:
        pts_s: (n_frames,) float64, presentation time of every frame in display order, seconds from the first frame.
        fps: average frame rate, frames per second.
        rotation_deg: clockwise rotation already applied to decoded frames: 0, 90, 180 or 270.
        variable_frame_rate: True if frame intervals differ by more than 1 %.
        n_frames_missing: number of frames that the header announces and a truncated file lacks.
        n_parts_damaged: number of packets that are corrupt, as is where reading stopped early.
        recorded_on: day on which it was recorded, as the file says, YYYY-MM-DD; None where it does not.
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
    n_parts_damaged: int = 0
    recorded_on: str | None = None
    pts_s: np.ndarray = field(repr=False, compare=False)

    @property
    def n_frames_whole(self) -> int:
        """Number of frames that the header announces."""
        return self.n_frames + self.n_frames_missing


#: Minimum probability of the likelier of the two likeliest divers from which the user need not choose.
SURE_DIVER = 0.8
#: Below this probability it is twice as likely that nobody whom the program found is the diver.
DOUBTFUL_DIVER = 1 / 3


@dataclass(frozen=True, kw_only=True)
class AthletePoint:
    """A point on the diver: a frame of the source file, x and y in pixels of its upright frames."""

    frame: Frame
    x: Pixels
    y: Pixels


@dataclass(frozen=True, kw_only=True)
class DiverEvidence:
    """A reason for or against a candidate being the diver.

    Attributes:
        name: "fall", "size", "water", "last" or "body"; see `fineparser_core.motion.divers`.
        log_odds: natural logarithm of the factor by which it changes the odds; below 0 against the candidate.
    """

    name: str
    log_odds: float


@dataclass(frozen=True, kw_only=True)
class DiverCandidate:
    """A body in free fall that may be the diver of a file.

    Attributes:
        frame: frame of the source file that shows the candidate in the air.
        box_xyxy: x0, y0, x1, y1 of the body in that frame, in pixels of the upright frame.
        probability: that this is the diver; those of a file and of there being none sum to 1.
        in_frame, out_frame: first and last frame of the clip around the fall, both included.
        chosen: the candidate is followed in the clip.
        reasons: evidence for and against it, the strongest first.
    """

    frame: Frame
    box_xyxy: tuple[float, float, float, float]
    probability: Annotated[float, Meta(ge=0, le=1)]
    in_frame: Frame
    out_frame: Frame
    chosen: bool = False
    reasons: tuple[DiverEvidence, ...] = ()

    @property
    def point(self) -> AthletePoint:
        """The point that names this candidate as the diver."""
        x0, y0, x1, y1 = self.box_xyxy
        return AthletePoint(frame=self.frame, x=(x0 + x1) / 2, y=(y0 + y1) / 2)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A range of a video that contains a single dive: frames in_frame to out_frame, both included.

    Attributes:
        athlete: a point on the diver that a person has named; None: the detected diver.
        n_cut: frames of the file before and after the clip that were cut off automatically.
        ends_s: times of the file at which the first frame begins and the last frame ends; None in analyses that do not
            contain them.
        divers: candidates for the diver, the likeliest first; empty without a free fall or before the search.
    """

    path: Path
    in_frame: Frame
    out_frame: Frame
    fps: float
    athlete: AthletePoint | None = None
    n_cut: tuple[Frame, Frame] = (0, 0)
    ends_s: tuple[float, float] | None = field(default=None, compare=False)
    divers: tuple[DiverCandidate, ...] = field(default=(), compare=False, repr=False)

    @property
    def diver_is_unsure(self) -> bool:
        """Return True if a person should say which of several candidates is the diver, or whether the only one is."""
        shares = sorted((one.probability for one in self.divers), reverse=True)
        if self.athlete is not None or not shares:
            return False
        rivalled = len(shares) > 1 and shares[1] >= (1 - SURE_DIVER) / SURE_DIVER * shares[0]
        return rivalled or shares[0] < DOUBTFUL_DIVER


@dataclass(frozen=True, kw_only=True)
class DiveSegment:
    """A dive detected in a longer recording, as a proposal for trimming.

    Attributes:
        in_frame, out_frame: first and last frame, both included.
        first_flight_frame, first_entry_frame: where the free fall begins and where it ends, in the water.
        confidence: evidence of the fall: 0.5 for the least that counts as a dive, towards 1 for more.
    """

    in_frame: Frame
    out_frame: Frame
    first_flight_frame: Frame
    first_entry_frame: Frame
    confidence: Annotated[float, Meta(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class Transitions:
    """First frame and time of the second and the third step, in the source file."""

    first_flight_frame: Frame
    first_entry_frame: Frame
    first_flight_s: float
    first_entry_s: float


@dataclass(frozen=True, kw_only=True)
class StepSpan:
    """One step of the dive: frames [start_frame, end_frame) of the source file."""

    name: str
    start_frame: int
    end_frame: int


def step_spans(*cuts: int) -> tuple[StepSpan, StepSpan, StepSpan]:
    """Return the steps of a dive, from the first frame of each and the first frame after the dive."""
    first, second, third = (
        StepSpan(name=name, start_frame=start, end_frame=end)
        for name, (start, end) in zip(STEP_NAMES, pairwise(cuts), strict=True)
    )
    return first, second, third


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """Points that a step adds to the score relative to an exemplar, or to the mean of several.

    points = dynamic + static + measured, the outputs of the streams: R_V (motion), R_S (appearance), and R_M, what was
    measured. Without measures R_M is 0 and the other two count in full, as in the paper; beside it they count by
    `MeasuredStream.network_share`.

    Source: Eq. 6. Deviation: R_M is not in the paper.
    """

    step: str
    points: float
    dynamic: float
    static: float
    measured: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ExemplarVote:
    """The score predicted from an exemplar: vote = the exemplar's score + the sum of the contributions' points."""

    id: str
    dive_number: str
    board_m: float | None
    score: float
    vote: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, kw_only=True)
class ModelIdentity:
    """The weights and the arithmetic that produced a result.

    Attributes:
        id: name and content hash of the weights, e.g. "rendered-v1-1a2b3c4d".
        trained_on: the training data, in words for the coach.
        synthetic: True if training used rendered dives only.
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
    """Measurements that decide whether a clip shows a complete dive.

    Attributes:
        take_off, entry: maximum over the samples of the probability that step 2 / step 3 begins.
        shown: share of the flight's samples in which an athlete is visible, 0 to 1.
        descent: drop of the athlete in free fall, in picture heights, corrected for camera motion; 0 where no free fall
            was found.
        after: duration of the clip from the beginning of step 3, in multiples of the flight's duration; 1 in analyses
            that do not contain it.
    """

    take_off: float
    entry: float
    shown: float
    descent: float
    after: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ClipEncoding:
    """Encoding of a clip for comparisons; the same for every partner.

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
class DiveMotion:
    """Fall of the diver of a clip and motion of the camera, found by physics without a network.

    The *scene* is the view of a chosen sample, in source pixels: the camera stands still there. Seconds are the file's.

    Attributes:
        to_scene: (96, 3, 3) float64, takes source pixels of each sample to the scene.
        path_s, path_xy: (m,) and (m, 2) float64, times and places in the scene of the center of what moves, from the
            first image of the free fall to the last; scattered by about a tenth of `body_px`.
        at_s: time of `position` and `velocity`.
        position, velocity: x, y of the fitted parabola in pixels of the scene, and a second.
        gravity: fitted downward acceleration, pixels of the scene a second squared.
        gravity_deviation: its standard deviation, by the scatter of the path about the parabola.
        body_px: median longer side of the body in the air, pixels of the scene.
        slowed: how many times slower than real time the recording is, by gravity against the body's size; 1 for real
            time. Good to a fifth.
        picture_xyxy: x0, y0, x1, y1 of the picture in the file's frames, without borders; None if unknown.
    """

    to_scene: np.ndarray = field(repr=False)
    path_s: np.ndarray = field(repr=False)
    path_xy: np.ndarray = field(repr=False)
    at_s: float
    position: tuple[float, float]
    velocity: tuple[float, float]
    gravity: float
    gravity_deviation: float
    body_px: float
    slowed: float = 1.0
    picture_xyxy: tuple[float, float, float, float] | None = None

    def in_scene(self, points: np.ndarray, samples: np.ndarray | None = None) -> np.ndarray:
        """Convert points (n, 2) in source pixels, a point for each sample, or several, (n, k, 2), to the scene.

        Args:
            samples: (n,) those of the points; None: all 96.
        """
        view = self.to_scene if samples is None else self.to_scene[samples]
        linear, shift = view[:, :2, :2], view[:, :2, 2]
        if points.ndim == 2:
            return np.einsum("nij,nj->ni", linear, points) + shift
        return np.asarray(np.einsum("nij,nkj->nki", linear, points) + shift[:, None])


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Time of an event in a dive: the first frame that shows it.

    Attributes:
        time_s: seconds of the file.
        deviation_s: its standard deviation.
        sources: its sources: "network", "feet", "height" (of the board, by gravity), "opening", "hips", "contact",
            "path", or "hand" for a moment that a person has placed.
        conflict: whether these contradict each other, or gravity contradicts a person.
    """

    time_s: float
    deviation_s: float
    sources: tuple[str, ...]
    conflict: bool = False


@dataclass(frozen=True, kw_only=True)
class Moments:
    """The moments of a dive, estimated once from all sources; all measures and scores read these.

    Attributes:
        take_off: no part of the body touches the board any more.
        top: the body's center is highest; None where its path does not show.
        come_out: a closed body opens for the entry.
        contact: the water is touched; None where that does not show.
        covariance_s2: of take-off and top.
    """

    take_off: Moment
    come_out: Moment
    top: Moment | None = None
    contact: Moment | None = None
    covariance_s2: float = 0.0

    @property
    def rise_deviation_s(self) -> float:
        """Standard deviation of the time from take-off to top; of the take-off alone where no top is known."""
        if self.top is None:
            return self.take_off.deviation_s
        variance = self.take_off.deviation_s**2 + self.top.deviation_s**2 - 2 * self.covariance_s2
        return float(np.sqrt(max(variance, 0.0)))


@dataclass(frozen=True, kw_only=True)
class MaskTrack:
    """Masks and joints of a dive over time.

    Attributes:
        sampled_frames: (96,) int64, source frame of every sample.
        mask_probability: (96, 112, 112) float16, athlete probability per cell.
        crop_xyxy: (96, 4) float32, source pixels that the mask of a sample covers.
        joints: (96, 16, 3) float32, x and y in pixels of the source and the confidence, 0 to 1, in the order of
            `KEYPOINT_NAMES`; None where the network estimates no poses.
    """

    sampled_frames: np.ndarray = field(repr=False)
    mask_probability: np.ndarray = field(repr=False)
    crop_xyxy: np.ndarray = field(repr=False)
    joints: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class SeenNumber:
    """A dive number and the probability, 0 to 1, that it is the dive's."""

    dive_number: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """Recognized dive, by the body's path, turning and posture.

    Attributes:
        numbers: dive numbers of the table of degrees of difficulty, the likeliest first, at most ten.
        directions: probability of "forward", "back", "reverse" and "inward".
        armstand: probability that the dive starts from an armstand.
        half_somersaults: turns of the trunk from take-off to entry in half somersaults, unsigned and not rounded.
        half_somersaults_deviation: standard deviation of that.
        head_first: probability that the hands or the head enter the water first.
        positions: probability of "A" (straight), "B" (pike), "C" (tuck) and "D" (free).
        twisting: probability that the body twists.
        half_twists: number of half twists; None if unknown.
        boards_m: probability of each board's height in meters, by the fall.
    """

    numbers: tuple[SeenNumber, ...]
    directions: dict[str, float]
    armstand: float
    half_somersaults: float
    half_somersaults_deviation: float
    head_first: float
    positions: dict[str, float]
    twisting: float
    half_twists: int | None
    boards_m: dict[float, float]


@dataclass(frozen=True, kw_only=True)
class DiveParse(MaskTrack):
    """Steps and masks of a clip, the part of an analysis that needs no dive number.

    Attributes:
        sampled_times_s: (96,) float64, presentation time of every sample, seconds.
        probabilities: (96, 2) float32, probability that step 2 / step 3 begins at the sample.
        evidence: whether the clip shows a complete dive; None if not measured.
        refusal: a sentence that says why the clip should not be scored; None if it can be scored.
        moments: which the transitions and the contact are the frames of.
        first_water_contact_frame: source frame in which the diver touches the water first; None without a free fall, or
            where the contact does not show.
        motion: the free fall and the camera's motion; None without a free fall.
        notes: what is missing or damaged in the file, and what to look at before the parse is trusted.
        recognition: which dive the video shows, by the moments as found, not as corrected; None where too little shows.
    """

    clip: Clip
    sampled_times_s: np.ndarray = field(repr=False)
    probabilities: np.ndarray = field(repr=False)
    transitions: Transitions
    moments: Moments
    model: ModelIdentity
    evidence: ClipEvidence | None = None
    refusal: str | None = None
    first_water_contact_frame: Frame | None = None
    motion: DiveMotion | None = None
    notes: tuple[Note, ...] = ()
    recognition: Recognition | None = None

    @property
    def masks(self) -> MaskTrack:
        """Its masks and joints alone."""
        return MaskTrack(**{one.name: getattr(self, one.name) for one in fields(MaskTrack)})

    @property
    def steps(self) -> tuple[StepSpan, StepSpan, StepSpan]:
        placed = self.transitions
        return step_spans(
            self.clip.in_frame, placed.first_flight_frame, placed.first_entry_frame, self.clip.out_frame + 1
        )

    @property
    def step_ends_s(self) -> tuple[float, float, float, float]:
        """Times of the file at which the three steps begin, and at which the last step ends."""
        clip, placed = self.clip, self.transitions
        if clip.ends_s is None:
            first, last = int(self.sampled_frames[0]), int(self.sampled_frames[-1])
            start_s = float(self.sampled_times_s[0]) - (first - clip.in_frame) / clip.fps
            end_s = float(self.sampled_times_s[-1]) + (clip.out_frame + 1 - last) / clip.fps
        else:
            start_s, end_s = clip.ends_s
        return start_s, placed.first_flight_s, placed.first_entry_s, end_s

    @property
    def step_durations_s(self) -> tuple[float, ...]:
        """Seconds of the file that each step takes."""
        return tuple(end_s - start_s for start_s, end_s in pairwise(self.step_ends_s))


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Measure of a dive; unseen measures do not exist.

    Attributes:
        name: a name in `fineparser_core.measures.NAMES`, e.g. "flight_time".
        value: in the unit; angles are signed where there are two ways: short −, over +.
        unit: "s" of real time, "m", "deg" or "turns/s", or "" for a ratio.
        uncertainty: standard deviation, in the unit.
        frame: source frame at which it was read.
        step: its phase of the dive, a name in `STEP_NAMES`.
    """

    name: str
    value: float
    unit: str
    uncertainty: float
    frame: int
    step: str


@dataclass(frozen=True, kw_only=True)
class IntervalRule:
    """A prediction interval calibrated on held-out dives with known scores.

    Attributes:
        level: share of those dives whose score lies within the interval, e.g. 0.8.
        base, per_spread, per_difficulty: half width = base + per_spread * spread + per_difficulty * DD, in points.
    """

    level: float
    base: float
    per_spread: float
    per_difficulty: float

    def around(self, score: float, spread: float, difficulty: float, deviation: float = 0.0) -> "ScoreInterval":
        """Return the interval around a score, clipped to the possible scores, 0 to 30 * difficulty.

        Args:
            deviation: standard deviation of the score by how uncertain the dive's moments are, points.
        """
        half = self.base + self.per_spread * spread + self.per_difficulty * difficulty
        half = hypot(half, NormalDist().inv_cdf((1 + min(self.level, 0.999)) / 2) * deviation)
        most = 30 * difficulty
        low, high = (min(max(end, 0.0), most) for end in (score - half, score + half))
        return ScoreInterval(low=low, high=high, rule=self)


@dataclass(frozen=True, kw_only=True)
class ScoreInterval:
    """The bounds of a prediction interval in points, and the rule that gave them."""

    low: float
    high: float
    rule: IntervalRule

    @property
    def level(self) -> float:
        return self.rule.level


@dataclass(frozen=True, kw_only=True)
class ProfileIdentity:
    """The judges' profile that a score was made by, see `fineparser_core.scoring.profile`.

    Attributes:
        id: of its content.
        name: that the coach gave it.
        dives: number of judged dives that it was learned from.
    """

    id: Annotated[str, Meta(max_length=64)]
    name: Annotated[str, Meta(max_length=200)]
    dives: Annotated[int, Meta(ge=1, lt=2**31)]


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """The score of a dive against its exemplars (paper Eq. 6 and 12).

    Attributes:
        spread: population standard deviation of the votes, in points: agreement, not accuracy.
        award: score / (3 * difficulty), the mean award that the score implies, 0 to 10.
        difficulty_source: as of `Difficulty.source`.
        contributions: mean over the exemplars; their points sum to score - mean exemplar score.
        notes: about the exemplars and the scale, e.g. fewer exemplars than requested, exemplars from other boards.
        interval: prediction interval; None for weights without a calibration.
        deviation: standard deviation of the score by how uncertain the dive's moments are, points.
        profile: whose judges' scale it is on, that of its exemplars' scores as well; None: as shipped.
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
    notes: tuple[Note, ...] = ()
    interval: ScoreInterval | None = None
    deviation: float = 0.0
    profile: ProfileIdentity | None = None

    @property
    def uses_measures(self) -> bool:
        """Whether the measured stream has a part in the score, and with it the interval is of that."""
        return any(part.measured for part in self.contributions)

    @property
    def nearest_numbers(self) -> tuple[str, ...]:
        """The exemplars' dive numbers, sorted; empty if all exemplars have the number of the dive itself."""
        numbers = sorted({vote.dive_number for vote in self.exemplars})
        return () if numbers == [self.dive_number] else tuple(numbers)


@dataclass(frozen=True, kw_only=True)
class AwardCheck:
    """Errors of awards by measures alone, against the marks of real dives.

    Attributes:
        dives: how many.
        rank_correlation: Spearman's.
        mean_error: mean distance, awards.
    """

    dives: int
    rank_correlation: float
    mean_error: float


@dataclass(frozen=True, kw_only=True)
class OwnAward:
    """The award of a dive by measures alone, without exemplars.

    Attributes:
        board_m: None where it was not given.
        award: mean award, 0 to 10.
        score: 3 * difficulty * award, points.
        steps: awards of each phase against a usual dive; without the ends of the scale they sum to the award less that
            of a usual dive.
        interval: of the score.
        checked: errors of these awards on real dives.
        profile: profile of the judges whose scale it is on; None: as shipped.
    """

    dive_number: str
    board_m: float | None
    difficulty: float
    award: float
    score: float
    steps: tuple[float, float, float]
    interval: ScoreInterval
    checked: AwardCheck
    profile: ProfileIdentity | None = None

    @property
    def award_range(self) -> tuple[float, float]:
        """The ends of the interval as awards."""
        return self.interval.low / (3 * self.difficulty), self.interval.high / (3 * self.difficulty)


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """A part of a typed dive that contradicts the video.

    Attributes:
        part: "direction", "armstand", "half_somersaults", "position", "twists" or "board".
        typed, seen: values of the part, as in `Recognition`.
        probability: that the typed value is wrong, 0 to 1.
        certain: beyond reasonable doubt: the score waits until a person confirms the typed value.
    """

    part: str
    typed: str
    seen: str
    probability: float
    certain: bool


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """The parse of a dive and, if the dive number is known, its score.

    Attributes:
        measures: measures of the dive; None if not measured yet.
        own_award: by the measures alone; None without a dive number, or where too little was measured.
        unscored: a sentence that says why there is no score though the clip could have a score; else "".
        withheld: a sentence about the evidence that a score lacks, or that the video shows another dive, so that there
            is no score until a person requests it all the same; else "".
        measured_notes: about the measures.
        contradictions: parts of the given dive number and board that the video speaks against, the surest first.
    """

    parse: DiveParse
    scoring: Scoring | None
    measures: tuple[Measure, ...] | None = None
    own_award: OwnAward | None = None
    unscored: str = ""
    withheld: str = ""
    measured_notes: tuple[Note, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes about the file, then about the score, then about what was measured."""
        return (*self.parse.notes, *(self.scoring.notes if self.scoring else ()), *self.measured_notes)


@dataclass(frozen=True, kw_only=True)
class ComparedDive:
    """A dive to be shown beside the analyzed dive, or over it.

    Attributes:
        title: caption in the picture: name, score, whether the dive is rendered.
        steps: the three steps, in frames of `path`.
        masks: None if unknown.
        motion: of the camera; None if unknown.
        contact_frame: in which the water is touched; None if unknown.
        mirrored: shown with left and right exchanged.
    """

    path: Path
    title: str
    steps: tuple[StepSpan, StepSpan, StepSpan]
    masks: MaskTrack | None = field(default=None, repr=False)
    motion: DiveMotion | None = field(default=None, repr=False, compare=False)
    contact_frame: Frame | None = None
    mirrored: bool = False


def compared_dive(parse: DiveParse, title: str) -> ComparedDive:
    """Convert an analyzed dive to be shown beside another."""
    return ComparedDive(
        path=parse.clip.path,
        title=title,
        steps=parse.steps,
        masks=parse.masks,
        motion=parse.motion,
        contact_frame=parse.first_water_contact_frame,
    )
