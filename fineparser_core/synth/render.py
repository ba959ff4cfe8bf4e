"""Render one dive: frames, masks, transitions, awards."""

from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np

from fineparser_core.diving.difficulty import SPRINGBOARDS_M, find_difficulty
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.synth import body as bodies
from fineparser_core.synth import rubric
from fineparser_core.synth.camera import draw_close_up, draw_viewpoint
from fineparser_core.synth.flight import plan_motion
from fineparser_core.synth.optics import Optics, draw_optics
from fineparser_core.synth.scene import blend
from fineparser_core.synth.shots import Athlete, Pictures, Timing, dive_under, expose_frames, fields_of, shoot, weave
from fineparser_core.synth.truth import mirror_joints

SHORTEST, LONGEST = 63, 273
_SUB, _SUB_CLEAR = 6, 16
_CLOSE_UPS, _UNDER_WATER = 0.15, 0.06
# Two divers differ by a little: seconds between their take-offs, and how far the partner's qualities lie off.
_APART_S, _APART_QUALITY = 0.03, 0.7

View = Literal["close", "dive", "underwater"]


@dataclass(frozen=True, kw_only=True)
class DiveSpec:
    """What to render; None draws at random.

    Attributes:
        dive_number: as typed, e.g. "5253B".
        board_m: None is the board it is done from most often.
        qualities: of take-off, flight and entry, 0..10.
        n_frames, first_flight_frame, first_entry_frame: force the timing (all three or none).
        height_px: height of the frames; aspect: width / height.
        synchro: two dive side by side. Timing, qualities, awards and joints are of the one nearer to the camera.
        clear: a well-lit, close, steady side view, as for an exemplar shown to a coach.
    """

    dive_number: str
    board_m: float | None = None
    qualities: tuple[float, float, float] | None = None
    n_frames: int | None = None
    first_flight_frame: int | None = None
    first_entry_frame: int | None = None
    height_px: int | None = None
    aspect: float | None = None
    synchro: bool = False
    clear: bool = False


@dataclass(frozen=True, kw_only=True)
class RenderedDive:
    """One rendered dive.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB; masks: (T, H, W) uint8, 1 = an athlete above the water; both of a synchro dive.
        first_flight_frame, first_entry_frame: first frames of the second and third step.
        contact_frame: first frame in which the athlete touches the water.
        twist_end_frame: first frame after the twist; the first flight frame where there is none.
        joints: (T, 16, 2) float32, where the athlete's joints are (of two the first's), see `truth.Truth`.
        qualities: of the three steps, 0..10; awards: of seven judges, in halves.
        off_vertical_deg: at entry, positive over-rotated; splash: 0 a rip .. 1 very large.
        jpeg_quality: at which a broadcast of this look would be stored.
    """

    frames: np.ndarray = field(repr=False)
    masks: np.ndarray = field(repr=False)
    joints: np.ndarray = field(repr=False)
    first_flight_frame: int
    first_entry_frame: int
    contact_frame: int
    twist_end_frame: int
    dive_number: DiveNumber
    board_m: float
    difficulty: float
    qualities: tuple[float, float, float]
    awards: tuple[float, ...]
    score: float
    fps: float
    off_vertical_deg: float
    splash: float
    jpeg_quality: int


def draw_timing(spec: DiveSpec, come_out_s: float, contact_s: float, rng: np.random.Generator) -> Timing:
    """Frames of the clip around a motion, at about 25 a second unless the spec forces them.

    Raises:
        ConfigError: the forced frames are not 0 < first flight < first entry < length.
    """
    forced = (spec.n_frames, spec.first_flight_frame, spec.first_entry_frame)
    inside = rng.uniform(0.1, 0.9)
    if all(v is not None for v in forced):
        n, flight, entry = (int(v) for v in forced if v is not None)
        if not 0 < flight < entry < n:
            raise ConfigError(
                f"Flight from {flight} and entry from {entry} of {n} frames: give 0 < flight < entry < length."
            )
        # The come-out lies just before frame `entry`, the take-off just before frame `flight`.
        step = come_out_s / (entry - flight)
        return Timing(
            n_frames=n, first_flight_frame=flight, first_entry_frame=entry, step_s=step, start_s=step * (0.5 - flight)
        )
    step = 1.0 / float(rng.choice([25.0, 25.0, 25.0, 24.0, 30.0, 30.0]))
    length = int(np.clip(np.round(101 * np.exp(rng.normal(0, 0.14))), SHORTEST, LONGEST))
    if rng.random() < 0.02:
        length = int(rng.integers(140, LONGEST + 1))
    flight = round(float(np.clip(rng.normal(0.29, 0.115), 0.015, 0.55)) * length)
    flight = max(1, flight)
    air = contact_s / step
    # The clip runs on after the splash.
    length = max(length, int(flight + air + 12))
    start = step * (inside - flight)
    entry = int(np.ceil((come_out_s - start) / step))
    return Timing(n_frames=length, first_flight_frame=flight, first_entry_frame=entry, step_s=step, start_s=start)


def render_dive(spec: DiveSpec, seed: int) -> RenderedDive:
    """Render a dive; the same spec and seed give the same pixels.

    Raises:
        ConfigError: a dive number, board or timing that cannot be used.
    """
    rng = np.random.default_rng([seed, 0x0D1F])
    dive = parse_dive_number(spec.dive_number)
    difficulty = find_difficulty(dive, spec.board_m)
    board_m = difficulty.board_m if difficulty.board_m is not None else 10.0
    qualities = spec.qualities if spec.qualities is not None else rubric.draw_qualities(rng)
    awards = rubric.judge(qualities, rng)
    athletes, faults = draw_athletes(dive, board_m, qualities, spec.synchro, rng)
    motion = athletes[0].motion
    timing = draw_timing(spec, motion.come_out_s, motion.contact_s, rng)

    height = spec.height_px or int(rng.integers(120, 145)) * 2
    aspect = spec.aspect or float(rng.choice([4 / 3, 16 / 9, 3 / 4, 9 / 16, 5 / 4], p=[0.45, 0.4, 0.05, 0.05, 0.05]))
    size = (round(height * aspect / 2) * 2, height)
    optics = draw_optics(size, rng, clear=spec.clear)
    shots = [
        _take(spec, athletes, shot, view, size, optics, rng) for shot, view in _cut(spec, timing, motion.contact_s, rng)
    ]
    frames, masks, seen = shots[0]
    if len(shots) > 1:
        frames, masks, seen = (np.concatenate(parts) for parts in zip(*shots, strict=True))
    mirrored = seed % 2 == 1 if spec.clear else rng.random() < 0.5
    if mirrored:
        for picture in (*frames, *masks):
            picture[...] = cv2.flip(picture, 1)
        seen = mirror_joints(seen)
    if optics.graphics is not None:
        for frame, mask in zip(frames, masks, strict=True):
            blend(frame, optics.graphics)
            mask[optics.graphics[..., 3] > 127] = 0
    contact = int(np.ceil((motion.contact_s - timing.start_s) / timing.step_s))
    return RenderedDive(
        frames=frames,
        masks=masks,
        joints=seen,
        first_flight_frame=timing.first_flight_frame,
        first_entry_frame=timing.first_entry_frame,
        contact_frame=contact,
        twist_end_frame=max(
            int(np.ceil((motion.twist_end_s - timing.start_s) / timing.step_s)), timing.first_flight_frame
        ),
        dive_number=dive,
        board_m=board_m,
        difficulty=difficulty.value,
        qualities=qualities,
        awards=awards,
        score=rubric.score(awards, difficulty.value),
        fps=1.0 / timing.step_s,
        off_vertical_deg=float(np.degrees(faults.off_vertical_rad)),
        splash=faults.splash,
        jpeg_quality=optics.jpeg_quality,
    )


def draw_athletes(
    dive: DiveNumber, board_m: float, qualities: tuple[float, float, float], synchro: bool, rng: np.random.Generator
) -> tuple[list[Athlete], rubric.Faults]:
    """Who dives, the nearest to the camera first, and the faults of the first."""
    springboard = board_m in SPRINGBOARDS_M
    # Both of a pair move alike: what is not a fault is drawn alike.
    alike = int(rng.integers(2**31))

    def athlete(body: bodies.Body, faults: rubric.Faults, aside_m: float, late_s: float) -> Athlete:
        motion = plan_motion(body, dive, board_m, springboard, faults, np.random.default_rng(alike))
        return Athlete(motion=motion, splash=faults.splash, aside_m=aside_m, late_s=late_s)

    faults = rubric.draw_faults(qualities, rng)
    body = bodies.random_body(rng)
    athletes = [athlete(body, faults, 0.0, 0.0)]
    if synchro:
        apart = float(rng.uniform(2.2, 3.2) if springboard else rng.uniform(0.9, 1.4))
        lower, upper, last = np.clip(np.array(qualities) + rng.normal(0, _APART_QUALITY, 3), 0.3, 10.0).tolist()
        others = rubric.draw_faults((lower, upper, last), rng)
        athletes.append(athlete(bodies.draw_partner(body, rng), others, apart, float(rng.normal(0, _APART_S))))
    return athletes, faults


def _take(
    spec: DiveSpec,
    athletes: list[Athlete],
    timing: Timing,
    view: View,
    size: tuple[int, int],
    optics: Optics,
    rng: np.random.Generator,
) -> Pictures:
    if optics.interlaced:
        timing = fields_of(timing)
    if view == "underwater":
        taken = dive_under(athletes[0], timing, size, optics, rng)
    else:
        board_m, close = athletes[0].motion.board_m, view == "close"
        portrait = size[0] < size[1]
        viewpoint = draw_close_up(board_m, rng) if close else draw_viewpoint(board_m, portrait, rng, clear=spec.clear)
        if len(athletes) > 1 and not close:
            viewpoint = replace(viewpoint, view_height_m=viewpoint.view_height_m * 1.2)
        subs = _SUB_CLEAR if spec.clear else _SUB // 2 if optics.interlaced else _SUB
        camera, joints = shoot(athletes, timing, subs, viewpoint, close, size, rng)
        taken = expose_frames(athletes, timing, camera, joints, optics, rng)
    return weave(taken) if optics.interlaced else taken


def _cut(spec: DiveSpec, timing: Timing, contact_s: float, rng: np.random.Generator) -> list[tuple[Timing, View]]:
    """The shots of the clip: perhaps another camera's close-up before the dive, or a view under water after it."""
    count, contact = timing.n_frames, int(np.ceil((contact_s - timing.start_s) / timing.step_s))
    first, last = 0, count
    latest = min(22, timing.first_flight_frame - 6)
    if not spec.clear and latest >= 1 and rng.random() < _CLOSE_UPS:
        first = int(rng.integers(1, latest + 1))
    if not spec.clear and contact + 16 < count and rng.random() < _UNDER_WATER:
        last = int(rng.integers(contact + 10, count - 5))

    def part(begin: int, end: int) -> Timing:
        return replace(timing, n_frames=end - begin, start_s=timing.start_s + begin * timing.step_s)

    shots: list[tuple[Timing, View]] = [(part(first, last), "dive")]
    if first:
        shots.insert(0, (part(0, first), "close"))
    if last < count:
        shots.append((part(last, count), "underwater"))
    return shots
