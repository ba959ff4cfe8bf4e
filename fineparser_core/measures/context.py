"""Input of the measures: a parse, each frame once, as a still camera sees it, and the dive in the air.

The latter has the dive's moments, its path, its scale, and from where the camera sees it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES, MASK_SIZE
from fineparser_core.diving.dive_number import DiveNumber, known_number
from fineparser_core.measures.entry_course import EntryCourses, follow_entry
from fineparser_core.motion import body
from fineparser_core.motion.ballistics import Ballistics, fit_ballistics, in_the_air
from fineparser_core.motion.body import LEAST_CONFIDENCE
from fineparser_core.motion.lines import robust_line
from fineparser_core.motion.moments import height_m
from fineparser_core.records import DiveParse, Moment, Moments


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
        lowest: np.ndarray = self.to_scene(body.lowest_points(self.masks[frame], self.crops[frame]), frame)[0]
        return lowest

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


#: A joint is found no better than this many cells of the mask's raster, about half a cell of the joints' heatmaps.
_JOINT_CELLS = 1.5
#: Distance in torso lengths to which the confidence of a joint refers.
_SURE_TO = 0.2
#: An angle at a moment is read from the frames so long before it and after it, which are at least so many, seconds.
_BEFORE_S, _AFTER_S, _LEAST_FRAMES = 0.12, 0.05, 3
#: Usual meters from the board's edge to the place of entry.
_TRAVEL_M = 1.6
#: Minimum share of the usual travel that must show for lean and line in the dive's plane to be measured.
_LEAST_SIDE = 0.35
#: Standard deviation of the share of a length in the dive's plane that a camera at the side shows.
_SIDE_SCATTER = 0.1
#: A fall that differs more from the board's height, as a ratio, is not from that board.
_LEAST_FALL = 0.4


class Reading(NamedTuple):
    """A value and its standard deviation, in the unit of its measure, and the index of `SeenDive` where it was read.

    `direction` is as of `Measure`.
    """

    value: float
    uncertainty: float
    at: int
    direction: float | None = None


@dataclass(frozen=True, kw_only=True)
class InTheAir:
    """Quantities that the measures of all phases share.

    Attributes:
        leaves, opens, touches: indices of `seen` at which the flight begins, the body opens, and the water is touched;
            the last is None where the contact does not show.
        path: None where too little of the fall shows.
        air: the samples in which the body is surely in the air, whenever it left the board.
        number: the dive number, where it is known.
    """

    seen: SeenDive
    leaves: int
    opens: int
    touches: int | None
    path: Ballistics | None
    air: slice
    number: DiveNumber | None = None
    board_m: float | None = None

    @property
    def moments(self) -> Moments:
        """Moments of the parse; seconds of the file."""
        return self.seen.parse.moments

    def real(self, moment: Moment) -> tuple[float, float]:
        """Return a moment and its standard deviation in real seconds; the raster of frames and samples counts."""
        raster = (self.seen.frame_s**2 + self.seen.sample_s**2) / 12
        return moment.time_s / self.seen.slowed, float(np.sqrt((moment.deviation_s / self.seen.slowed) ** 2 + raster))

    @property
    def moved_s(self) -> tuple[float, float, float]:
        """Standard deviations of take-off, come-out and contact in real seconds."""
        contact = self.moments.contact or self.moments.come_out
        take_off, come_out, touch = (
            self.real(one)[1] for one in (self.moments.take_off, self.moments.come_out, contact)
        )
        return take_off, come_out, touch

    @property
    def end(self) -> int:
        """Index of the contact with the water, or of the last sample."""
        return len(self.seen.frames) - 1 if self.touches is None else self.touches

    @cached_property
    def joint_px(self) -> float:
        """Standard deviation of a joint's place, pixels of the scene."""
        sides = np.diff(self.seen.crops[self.leaves : self.end + 1, [0, 2]], axis=1)
        return _JOINT_CELLS * float(np.median(sides)) / MASK_SIZE

    @cached_property
    def board(self) -> np.ndarray | None:
        """(2,) the board's front edge in the scene while the diver stands on it; None where it was not seen."""
        edge = self.seen.joint("board")[max(0, self.air.start - 24) : self.air.start + 1]
        edge = edge[np.isfinite(edge).all(axis=1)]
        return np.median(edge, axis=0) if len(edge) >= 4 else None

    @cached_property
    def water_y(self) -> float | None:
        """The water's level where the diver enters, y in the scene; None where the contact was not seen."""
        if self.touches is None:
            return None
        at = slice(self.touches, self.touches + 1)
        points = [self.seen.joint(name)[at, 1] for name in ("wrist", "elbow", "head", "ankle", "toe")]
        points.append(self.seen.lowest(self.touches)[1:])
        low = np.concatenate(points)
        return float(np.nanmax(low)) if np.isfinite(low).any() else None

    @cached_property
    def px_per_m(self) -> tuple[float, float] | None:
        """Return the pixels of the scene in a meter, and the standard deviation as a share; None without a path.

        The scale is by gravity, and by the board's height if it is known and edge and water show.
        """
        if self.path is None:
            return None
        scale, share = self.path.px_per_m, self.path.scale_share
        if self.board_m is None or self.board is None or self.water_y is None:
            return scale, share
        height_px = self.water_y - float(self.board[1])
        by_board = height_px / self.board_m
        # The edge is found to some joints' scatters, and the water not below it but where the diver enters.
        by_board_share = float(np.hypot(3 * self.joint_px / max(height_px, 1.0), 0.08))
        if by_board <= 0 or abs(np.log(by_board / scale)) > 3 * np.hypot(share, by_board_share):
            return scale, share
        weights = np.array([share**-2, by_board_share**-2])
        return float(np.exp(weights @ np.log([scale, by_board]) / weights.sum())), float(weights.sum() ** -0.5)

    @cached_property
    def entry(self) -> EntryCourses:
        """Directions of legs and trunk as the body goes under; empty where the contact does not show."""
        if self.touches is None:
            return EntryCourses(None, None)
        contact_s = float(self.seen.times_s[self.touches]) * self.seen.slowed
        return follow_entry(self.seen.parse, contact_s, self.seen.slowed)

    @cached_property
    def outward(self) -> int:
        """1 where the dive goes to the right of the picture, -1 to the left, 0 where that does not show."""
        if self.path is None:
            return 0
        return int(np.sign(self.path.coefficients[1, 0])) if self.side_share >= _LEAST_SIDE else 0

    @cached_property
    def side_share(self) -> float:
        """Share of the usual distance from the board to the entry that the picture shows, 0 (from behind) to 1."""
        if self.path is None:
            return 0.0
        times = self.seen.times_s
        # The scale is gravity's alone: the view from the side does not depend on the named board.
        travel = abs(self.path.coefficients[1, 0]) * (times[self.end] - times[self.leaves]) / self.path.px_per_m
        return float(min((travel + 0.3) / _TRAVEL_M, 1.0))

    @property
    def from_the_side(self) -> bool:
        """Whether lean and line in the dive's plane are seen."""
        return self.side_share >= _LEAST_SIDE

    def scatter_px(self, names: Collection[str], window: slice) -> float:
        """Return the standard deviation of the place of some joints in a window, pixels of the scene.

        As of places that scatter alike to all sides and lie within a fifth of a torso length as often as the joints are
        sure to; never less than the raster.
        """
        of = [k for k, name in enumerate(KEYPOINT_NAMES) if name.split("_")[0] in names]
        sure = self.seen.sure[window][:, of]
        sure = sure[sure >= LEAST_CONFIDENCE]
        if not len(sure):
            return self.joint_px
        within = float(np.clip(np.median(sure), LEAST_CONFIDENCE, 0.999))
        return max(_SURE_TO * self.torso_px / float(np.sqrt(-2 * np.log(1 - within))), self.joint_px)

    @cached_property
    def torso_px(self) -> float:
        """Median length of the trunk in the air, pixels of the scene; 0 where it was not seen."""
        return self._length_px("shoulder", "hip", slice(self.leaves, self.end + 1))

    def reading_at(
        self, angles: np.ndarray, moment: Moment, limbs: Sequence[tuple[str, str]], sides: int
    ) -> Reading | None:
        """Read an angle of joints (n,), degrees, at a moment: on a line through the frames around it.

        Its standard deviation is that of the joints, of the moment, and of the frames about the line: these err alike
        for a tenth of a second, so many of them are no surer than a single frame.

        Args:
            limbs: names of the joints at the ends of the two limbs that make the angle.
            sides: how many sides of the body the angle is the mean of.
        """
        at_s, moved_s = self.real(moment)
        at_s += self.seen.frame_s / 2  # in the middle of the first frame that shows it
        first, last = np.searchsorted(self.seen.times_s, [at_s - _BEFORE_S, at_s + _AFTER_S]).tolist()
        window, at = slice(first, last), min(self.seen.at(moment), len(angles) - 1)
        seen = np.isfinite(angles[window])
        if seen.sum() < _LEAST_FRAMES:
            return None
        value, rate, off = robust_line(self.seen.times_s[window][seen] - at_s, angles[window][seen])
        joint_px = self.scatter_px({name for limb in limbs for name in limb}, window)
        joints = [np.sqrt(2 / sides) * joint_px / max(self._length_px(*limb, window), 1e-6) for limb in limbs]
        return Reading(value, float(np.hypot(np.degrees(np.hypot(*joints)), np.hypot(rate * moved_s, off))), at)

    def _length_px(self, first: str, second: str, window: slice) -> float:
        """Return the median length of a limb in a window, pixels of the scene."""
        lengths = np.hypot(*(self.seen.joint(first) - self.seen.joint(second))[window].T)
        return float(np.nanmedian(lengths)) if np.isfinite(lengths).any() else 0.0

    def angle_deviation(
        self, angle_deg: float, length_px: float, moved_deg: float = 0.0, joint_px: float | None = None
    ) -> float:
        """Return the standard deviation, degrees, of the direction of a line of that length off the vertical.

        Of the joints at its ends, of the moment at which it is read, and of the camera, which sees a line that leans in
        the dive's plane shortened sideways.

        Args:
            moved_deg: by how much it turns within the standard deviation of that moment.
            joint_px: of the joints; by default the least.
        """
        joints = np.degrees(np.sqrt(2) * (joint_px or self.joint_px) / max(length_px, 1e-6))
        off = np.radians(angle_deg)
        camera = np.degrees(abs(np.sin(2 * off)) / 2 * np.hypot(_SIDE_SCATTER, 0.5 * max(0.0, 0.7 - self.side_share)))
        return float(np.sqrt(joints**2 + moved_deg**2 + camera**2))


def measured_dive(parse: DiveParse, *, dive_number: str | None = None, board_m: float | None = None) -> InTheAir | None:
    """Prepare a parse for all measures; None where it is too short for any."""
    slowed = parse.motion.slowed if parse.motion is not None else 1.0
    moments = parse.moments
    if slowed != 1 and board_m is not None and moments.top is not None and moments.contact is not None:
        # A slowed recording is slowed by what makes the fall as high as the board.
        rise_s, fall_s = moments.top.time_s - moments.take_off.time_s, moments.contact.time_s - moments.top.time_s
        fall = height_m(rise_s / slowed, fall_s / slowed)
        if _LEAST_FALL < fall / board_m < 1 / _LEAST_FALL:
            slowed *= float(np.sqrt(fall / board_m))
    seen = SeenDive.of(parse, slowed)
    if len(seen.frames) < 2:
        return None
    leaves, opens = (seen.at(moment) for moment in (moments.take_off, moments.come_out))
    touches = None if moments.contact is None else seen.at(moments.contact)
    if touches is not None and touches <= leaves:
        touches = None
    air = _air(seen, leaves, opens if touches is None else touches)
    center = seen.center_of_mass()[air]
    path = fit_ballistics(seen.times_s[air], center)
    if path is None and not np.isfinite(center).any():
        path = fit_ballistics(seen.times_s[air], seen.mask_center()[air])
    return InTheAir(
        seen=seen,
        leaves=leaves,
        opens=max(opens, leaves),
        touches=touches,
        path=path,
        air=air,
        number=known_number(dive_number or ""),
        board_m=board_m,
    )


def _air(seen: SeenDive, leaves: int, end: int) -> slice:
    """Return the samples in which the body is surely in the air: by its free fall, whoever placed the take-off."""
    motion, contact = seen.parse.motion, seen.parse.moments.contact
    if motion is None:
        return slice(leaves, end + 1)
    within = np.flatnonzero(in_the_air(seen.times_s * seen.slowed, motion, None if contact is None else contact.time_s))
    return slice(int(within[0]), int(within[-1]) + 1) if len(within) else slice(leaves, end + 1)
