"""Renders a dive: frames, masks, keypoints, transitions and awards."""

from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np

from fineparser_core.constants import KEYPOINT_FLIP, SPRINGBOARDS_M
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.synth import body as bodies
from fineparser_core.synth import rubric
from fineparser_core.synth.camera import sample_close_up, sample_viewpoint
from fineparser_core.synth.drawn_athlete import Athlete
from fineparser_core.synth.flight import plan_motion
from fineparser_core.synth.optics import Optics, sample_optics
from fineparser_core.synth.scene import blend
from fineparser_core.synth.shots import Shot, Timing, film_athlete, interlace, render_shot, render_underwater, to_fields

# Fewest and most frames of a clip whose timing is sampled.
_MIN_FRAMES, _MAX_FRAMES = 63, 273
# Instants a frame at which the motion is evaluated, for motion blur.
_SUBFRAMES, _SUBFRAMES_CLEAR = 6, 16
# A clear clip shows so much before the take-off and after the contact with the water.
_CLEAR_BEFORE_S, _CLEAR_AFTER_S = 1.2, 0.7
# Shares of the clips that begin with a close-up or end under water.
_CLOSE_UP_SHARE, _UNDERWATER_SHARE = 0.15, 0.06

View = Literal["close", "dive", "underwater"]


@dataclass(frozen=True, kw_only=True)
class DiveSpec:
    """Specification of a dive to render; None samples the value.

    Attributes:
        dive_number: e.g. "5253B".
        board_m: height of the board in meters; None is the board from which the dive is performed most often.
        qualities: of take-off, flight and entry, 0..10.
        n_frames, first_flight_frame, first_entry_frame: the timing; all three are set or none.
        height_px: height of the frames.
        aspect: width / height.
        clear: a well-lit, close, steady side view without noise, of little more than the dive, as for an exemplar shown
            to a coach.
    """

    dive_number: str
    board_m: float | None = None
    qualities: tuple[float, float, float] | None = None
    n_frames: int | None = None
    first_flight_frame: int | None = None
    first_entry_frame: int | None = None
    height_px: int | None = None
    aspect: float | None = None
    clear: bool = False


@dataclass(frozen=True, kw_only=True)
class RenderedDive:
    """A rendered dive.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB.
        masks: (T, H, W) uint8, 1 for the athlete above the water.
        joints: (T, 16, 2) float32, keypoints of the athlete in the order of `KEYPOINT_NAMES`: x / width and
            y / height, (0, 0) the top left and (1, 1) the bottom right corner of the image. They may lie outside the
            image, under water or behind other objects, and are NaN in frames of an underwater camera.
        first_flight_frame, first_entry_frame: first frames of the second and the third step.
        contact_frame: first frame in which the athlete touches the water.
        twist_end_frame: first frame after the twist; the first flight frame if there is no twist.
        qualities: of the three steps, 0..10.
        awards: of seven judges, multiples of 0.5.
        off_vertical_deg: deviation from the vertical at entry, positive over-rotated.
        splash: size of the splash, 0 (rip entry) to 1.
        jpeg_quality: quality at which the frames are to be stored.
    """

    frames: np.ndarray = field(repr=False)
    masks: np.ndarray = field(repr=False)
    joints: np.ndarray = field(repr=False)
    first_flight_frame: int
    first_entry_frame: int
    contact_frame: int
    twist_end_frame: int
    dive: DiveNumber
    board_m: float
    difficulty: float
    qualities: tuple[float, float, float]
    awards: tuple[float, ...]
    score: float
    fps: float
    off_vertical_deg: float
    splash: float
    jpeg_quality: int


def sample_timing(spec: DiveSpec, come_out_s: float, contact_s: float, rng: np.random.Generator) -> Timing:
    """Sample the timing of a clip around a motion, at 24 to 30 frames a second, unless the spec sets it.

    Args:
        come_out_s, contact_s: see `flight.BodyMotion`.

    Raises:
        ConfigError: the frames of the spec violate 0 < first flight < first entry < length.
    """
    given = (spec.n_frames, spec.first_flight_frame, spec.first_entry_frame)
    inside = rng.uniform(0.1, 0.9)
    if all(v is not None for v in given):
        n, flight, entry = (int(v) for v in given if v is not None)
        if not 0 < flight < entry < n:
            raise ConfigError(
                f"Flight from {flight} and entry from {entry} of {n} frames: give 0 < flight < entry < length."
            )
        # The take-off is half a frame before frame `flight`; the come-out, by that step, half a frame before `entry`.
        step = come_out_s / (entry - flight)
        return Timing(
            n_frames=n, first_flight_frame=flight, first_entry_frame=entry, step_s=step, start_s=step * (0.5 - flight)
        )
    step = 1.0 / float(rng.choice([25.0, 25.0, 25.0, 24.0, 30.0, 30.0]))
    length = int(np.clip(np.round(101 * np.exp(rng.normal(0, 0.14))), _MIN_FRAMES, _MAX_FRAMES))
    if rng.random() < 0.02:
        length = int(rng.integers(140, _MAX_FRAMES + 1))
    flight = round(float(np.clip(rng.normal(0.29, 0.115), 0.015, 0.55)) * length)
    flight = max(1, flight)
    air = contact_s / step
    # The clip continues after the splash.
    length = max(length, int(flight + air + 12))
    if spec.clear:
        flight = round(_CLEAR_BEFORE_S / step)
        length = int(flight + air + _CLEAR_AFTER_S / step)
    start = step * (inside - flight)
    entry = int(np.ceil((come_out_s - start) / step))
    return Timing(n_frames=length, first_flight_frame=flight, first_entry_frame=entry, step_s=step, start_s=start)


@dataclass(frozen=True, kw_only=True)
class DivePlan:
    """Motion of a rendered dive over time, before any camera sees it.

    Attributes:
        qualities, awards, faults: of the athlete.
        rng: the generator that the camera and the scene are drawn from next.
    """

    dive: DiveNumber
    difficulty: float
    board_m: float
    qualities: tuple[float, float, float]
    awards: tuple[float, ...]
    athlete: Athlete
    faults: rubric.Faults
    timing: Timing
    rng: np.random.Generator = field(repr=False)


def plan_dive(spec: DiveSpec, seed: int) -> DivePlan:
    """Return the motion of the dive that `render_dive` renders of the same spec and seed.

    Raises:
        ConfigError: the dive number, board or timing is invalid.
    """
    rng = np.random.default_rng([seed, 0x0D1F])
    dive = parse_dive_number(spec.dive_number)
    difficulty = find_difficulty(dive, spec.board_m)
    board_m = difficulty.board_m if difficulty.board_m is not None else 10.0
    qualities = spec.qualities if spec.qualities is not None else rubric.sample_qualities(rng)
    awards = rubric.judge(qualities, rng)
    motion_seed = int(rng.integers(2**31))
    faults = rubric.sample_faults(qualities, rng)
    body, drawn = bodies.sample_body(rng), np.random.default_rng(motion_seed)
    motion = plan_motion(body, dive, board_m, board_m in SPRINGBOARDS_M, faults, drawn)
    timing = sample_timing(spec, motion.come_out_s, motion.contact_s, rng)
    return DivePlan(
        dive=dive,
        difficulty=difficulty.value,
        board_m=board_m,
        qualities=qualities,
        awards=awards,
        athlete=Athlete(motion=motion, splash=faults.splash),
        faults=faults,
        timing=timing,
        rng=rng,
    )


def render_dive(spec: DiveSpec, seed: int) -> RenderedDive:
    """Render a dive; the same spec and seed give the same pixels.

    Raises:
        ConfigError: the dive number, board or timing is invalid.
    """
    planned = plan_dive(spec, seed)
    dive, difficulty, board_m = planned.dive, planned.difficulty, planned.board_m
    qualities, awards, faults = planned.qualities, planned.awards, planned.faults
    athlete, timing, rng = planned.athlete, planned.timing, planned.rng
    motion = athlete.motion

    height = spec.height_px or int(rng.integers(120, 145)) * 2
    aspect = spec.aspect or float(rng.choice([4 / 3, 16 / 9, 3 / 4, 9 / 16, 5 / 4], p=[0.45, 0.4, 0.05, 0.05, 0.05]))
    size = (round(height * aspect / 2) * 2, height)
    optics = sample_optics(size, rng, clear=spec.clear)
    parts = _plan_shots(spec, timing, motion.contact_s, rng)
    shots = [_render_shot(spec, athlete, part, view, size, optics, rng) for part, view in parts]
    frames, masks, joints = shots[0]
    if len(shots) > 1:
        frames, masks, joints = (np.concatenate(parts) for parts in zip(*shots, strict=True))
    mirrored = seed % 2 == 1 if spec.clear else rng.random() < 0.5
    if mirrored:
        for image in (*frames, *masks):
            image[...] = cv2.flip(image, 1)
        joints = mirror_joints(joints)
    if optics.graphics is not None:
        for frame, mask in zip(frames, masks, strict=True):
            blend(frame, optics.graphics)
            mask[optics.graphics[..., 3] > 127] = 0
    contact = int(np.ceil((motion.contact_s - timing.start_s) / timing.step_s))
    return RenderedDive(
        frames=frames,
        masks=masks,
        joints=joints,
        first_flight_frame=timing.first_flight_frame,
        first_entry_frame=timing.first_entry_frame,
        contact_frame=contact,
        twist_end_frame=max(
            int(np.ceil((motion.twist_end_s - timing.start_s) / timing.step_s)), timing.first_flight_frame
        ),
        dive=dive,
        board_m=board_m,
        difficulty=difficulty,
        qualities=qualities,
        awards=awards,
        score=rubric.score(awards, difficulty),
        fps=1.0 / timing.step_s,
        off_vertical_deg=float(np.degrees(faults.off_vertical_rad)),
        splash=faults.splash,
        jpeg_quality=optics.jpeg_quality,
    )


def mirror_joints(joints: np.ndarray) -> np.ndarray:
    """Mirror joints (T, 16, 2) with the image, left to right; left and right joints are exchanged."""
    mirrored: np.ndarray = joints[:, list(KEYPOINT_FLIP)] * np.array([-1, 1], joints.dtype) + np.array(
        [1, 0], joints.dtype
    )
    return mirrored


def _render_shot(
    spec: DiveSpec,
    athlete: Athlete,
    timing: Timing,
    view: View,
    size: tuple[int, int],
    optics: Optics,
    rng: np.random.Generator,
) -> Shot:
    if optics.interlaced:
        timing = to_fields(timing)
    if view == "underwater":
        shot = render_underwater(athlete, timing, size, optics, rng)
    else:
        board_m, close = athlete.motion.board_m, view == "close"
        portrait = size[0] < size[1]
        if close:
            viewpoint = sample_close_up(board_m, rng)
        else:
            viewpoint = sample_viewpoint(board_m, portrait, rng, clear=spec.clear)
        subframes = _SUBFRAMES_CLEAR if spec.clear else _SUBFRAMES // 2 if optics.interlaced else _SUBFRAMES
        camera, joints = film_athlete(athlete, timing, subframes, viewpoint, close, size, rng)
        shot = render_shot(athlete, timing, camera, joints, optics, rng)
    return interlace(shot) if optics.interlaced else shot


def _plan_shots(
    spec: DiveSpec, timing: Timing, contact_s: float, rng: np.random.Generator
) -> list[tuple[Timing, View]]:
    """Divide a clip into shots: sometimes a close-up before the dive or an underwater view after it."""
    count, contact = timing.n_frames, int(np.ceil((contact_s - timing.start_s) / timing.step_s))
    first, last = 0, count
    latest = min(22, timing.first_flight_frame - 6)
    if not spec.clear and latest >= 1 and rng.random() < _CLOSE_UP_SHARE:
        first = int(rng.integers(1, latest + 1))
    if not spec.clear and contact + 16 < count and rng.random() < _UNDERWATER_SHARE:
        last = int(rng.integers(contact + 10, count - 5))

    def part(begin: int, end: int) -> Timing:
        return replace(timing, n_frames=end - begin, start_s=timing.start_s + begin * timing.step_s)

    shots: list[tuple[Timing, View]] = [(part(first, last), "dive")]
    if first:
        shots.insert(0, (part(0, first), "close"))
    if last < count:
        shots.append((part(last, count), "underwater"))
    return shots
