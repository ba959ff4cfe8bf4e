"""A video, the clip of a dive in it, and who may be its diver."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta

#: Number of a frame; more are damage, and exceed the integers of Qt.
Frame = Annotated[int, Meta(ge=0, lt=2**31)]
#: Coordinate in pixels of an upright frame; no video is wider.
Pixels = Annotated[float, Meta(ge=0, le=100_000)]


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
class DiverCandidate:
    """A body in free fall that may be the diver of a file.

    Attributes:
        frame: frame of the source file that shows the candidate in the air.
        box_xyxy: x0, y0, x1, y1 of the body in that frame, in pixels of the upright frame.
        probability: that this is the diver; those of a file and of there being none sum to 1.
        in_frame, out_frame: first and last frame of the clip around the fall, both included.
        chosen: the candidate is followed in the clip.
        reasons: evidence for and against it, the strongest first: natural logarithm of the factor by which it changes
            the odds, below 0 against the candidate, by "fall", "size", "water", "last" or "body"; see
            `fineparser_core.motion.divers`.
    """

    frame: Frame
    box_xyxy: tuple[float, float, float, float]
    probability: Annotated[float, Meta(ge=0, le=1)]
    in_frame: Frame
    out_frame: Frame
    chosen: bool = False
    reasons: dict[str, float] = field(default_factory=dict)

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
