"""Input of the measures: joints, masks and times of a parse, each frame once, as a still camera sees them."""

from dataclasses import dataclass, field

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.motion import body
from fineparser_core.types import DiveParse, Moment


@dataclass(frozen=True, kw_only=True)
class SeenDive:
    """A parse, prepared to be measured; n distinct source frames in order.

    Attributes:
        frames: (n,) source frames.
        times_s: (n,) real seconds: the file's, divided by how many times it is slowed.
        joints: (n, 16, 2) pixels of the scene, see `DiveMotion`; NaN for unseen joints. None without poses.
        sure: (n, 16) probability that a joint is visible and lies there, to a fifth of a torso length.
        masks: (n, 112, 112) athlete probability, and the source pixels that each covers, crops (n, 4).
        slowed: how many times slower than real time the recording is.
        frame_s: real time between frames of the recording.
        sample_s: real time between samples.
    """

    parse: DiveParse
    frames: np.ndarray = field(repr=False)
    times_s: np.ndarray = field(repr=False)
    joints: np.ndarray | None = field(repr=False)
    sure: np.ndarray = field(repr=False)
    masks: np.ndarray = field(repr=False)
    crops: np.ndarray = field(repr=False)
    slowed: float
    frame_s: float
    sample_s: float

    @classmethod
    def of(cls, parse: DiveParse, slowed: float | None = None) -> "SeenDive":
        """Prepare a parse.

        Args:
            slowed: how many times slower than real time it is; by default what its motion says.
        """
        frames, first = np.unique(parse.sampled_frames, return_index=True)
        if slowed is None:
            slowed = parse.motion.slowed if parse.motion is not None else 1.0
        times_s = parse.sampled_times_s[first] / slowed
        joints, sure = None, np.zeros((len(frames), len(KEYPOINT_NAMES)))
        if parse.joints is not None:
            sure = parse.joints[first, :, 2].astype(np.float64)
            places = parse.joints[..., :2].astype(np.float64)
            if parse.motion is not None:
                places = parse.motion.in_scene(places)
            joints = np.where(parse.joints[..., 2:] >= body.LEAST_CONFIDENCE, places, np.nan)[first]
        return cls(
            parse=parse,
            frames=frames,
            times_s=times_s,
            joints=joints,
            sure=sure,
            masks=parse.mask_probability[first],
            crops=parse.crop_xyxy[first].astype(np.float64),
            slowed=slowed,
            frame_s=1 / (parse.clip.fps * slowed),
            sample_s=float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0,
        )

    def at(self, moment: Moment) -> int:
        """Return the sample that shows a moment first, to half a frame."""
        time_s = moment.time_s / self.slowed - self.frame_s / 2
        return min(int(np.searchsorted(self.times_s, time_s)), len(self.frames) - 1)

    def joint(self, name: str) -> np.ndarray:
        """Return the places (n, 2) of a joint, or of the middle of its sides ("hip"); NaN where unseen."""
        if self.joints is None:
            return np.full((len(self.frames), 2), np.nan)
        return body.joint(self.joints, name)

    def center_of_mass(self) -> np.ndarray:
        """Return the body's center of mass (n, 2); NaN where too little of the body shows."""
        if self.joints is None:
            return np.full((len(self.frames), 2), np.nan)
        return body.center_of_mass(self.joints)

    def mask_center(self) -> np.ndarray:
        """Return the middle (n, 2) of the mask in pixels of the scene; NaN where nothing of the athlete shows."""
        return self.to_scene(body.mask_centers(self.masks, self.crops))

    def lowest(self, at: int) -> np.ndarray:
        """Return the lowest point of a frame's mask in pixels of the scene; NaN where nothing of the athlete shows."""
        frame = slice(at, at + 1)
        return self.to_scene(body.lowest_points(self.masks[frame], self.crops[frame]), frame)[0]

    def angle(self, first: str, middle: str, last: str) -> np.ndarray:
        """Return the angles (n,) between two limbs, degrees, the mean of both sides: 180 is straight.

        NaN where unseen.
        """
        if self.joints is None:
            return np.full(len(self.frames), np.nan)
        return body.angles(self.joints, first, middle, last)

    def to_scene(self, points: np.ndarray, frames: slice = slice(None)) -> np.ndarray:
        """Convert points (n, 2) in source pixels, a point for each frame or for each of some frames, to the scene."""
        if self.parse.motion is None:
            return points
        first = np.unique(self.parse.sampled_frames, return_index=True)[1]
        return self.parse.motion.in_scene(points, first[frames])
