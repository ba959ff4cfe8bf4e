"""The parse of a clip: its steps, masks, joints and motion, and the dive that it shows."""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.records.clip import Clip, Frame


class NoteCode(StrEnum):
    """Kinds of notes; `fineparser_core.export.notes` has their sentences and says which values each has."""

    # Notes on the file and the clip.
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
    # Notes on the score and the measures.
    NUMBER_SEEN = "number_seen"
    FEW_EXEMPLARS = "few_exemplars"
    OTHER_BOARD = "other_board"
    NEAREST_NUMBERS = "nearest_numbers"
    EXEMPLARS_UNUSABLE = "exemplars_unusable"
    EXEMPLARS_LEFT_OUT = "exemplars_left_out"
    CALIBRATED = "calibrated"
    MEASURES_UNCLEAR = "measures_unclear"


@dataclass(frozen=True)
class Note:
    """A note for the user about a result: a code with values; the words are made where they are shown."""

    code: NoteCode
    values: tuple[Any, ...] = ()


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
        splash_px: width of the white water about the entry, 0 for none, and its standard deviation, pixels of the
            scene; None where too little of the water was seen.
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
    splash_px: tuple[float, float] | None = None

    def in_scene(self, points: np.ndarray, samples: np.ndarray | None = None) -> np.ndarray:
        """Convert points (n, 2) in source pixels, a point for each sample, or several, (n, k, 2), to the scene.

        Args:
            samples: (n,) those of the points; None: all 96.
        """
        view = self.to_scene if samples is None else self.to_scene[samples]
        linear, shift = view[:, :2, :2], view[:, :2, 2]
        if points.ndim == 2:
            mapped: np.ndarray = np.einsum("nij,nj->ni", linear, points) + shift
            return mapped
        return np.asarray(np.einsum("nij,nkj->nki", linear, points) + shift[:, None])


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
class Recognition:
    """Recognized dive, by the body's path, turning and posture.

    Attributes:
        numbers: probability of dive numbers of the table of degrees of difficulty, the likeliest first, at most ten.
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

    numbers: dict[str, float]
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
class ReadAwards:
    """What judged dives taught to read from a clip, in awards against their mean; see `scoring.readout`.

    Attributes:
        phases: by the gated features of I3D about take-off, flight and entry.
        splash: by the foam about the entry; None where no water was seen.
    """

    phases: tuple[float, float, float]
    splash: float | None = None


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
        read_awards: None for weights of which no judged dives taught any.
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
    read_awards: ReadAwards | None = None

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
