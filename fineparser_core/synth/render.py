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
from fineparser_core.synth.body import JOINT
from fineparser_core.synth.camera import Camera, draw_close_up, draw_viewpoint, film
from fineparser_core.synth.drawing import Figure
from fineparser_core.synth.flight import Motion, plan_motion
from fineparser_core.synth.optics import Optics, draw_optics, expose, recode, skew, skew_points, streak
from fineparser_core.synth.scene import Scene, blend
from fineparser_core.synth.splash import Splash
from fineparser_core.synth.truth import TRUTH_JOINTS, mirror_joints, pick_joints
from fineparser_core.synth.underwater import Underwater, show_sunken

SHORTEST, LONGEST = 63, 273
_SUB, _SUB_CLEAR = 6, 16
_GAP_PX = 2.0
_CLOSE_UPS, _UNDER_WATER = 0.15, 0.06
_GOP = 15
_SINKS_S = 1.2


@dataclass(frozen=True, kw_only=True)
class DiveSpec:
    """What to render; None draws at random.

    Attributes:
        dive_number: as typed, e.g. "5253B".
        board_m: None is the board it is done from most often.
        qualities: of take-off, flight and entry, 0..10.
        n_frames, first_flight_frame, first_entry_frame: force the timing (all three or none).
        height_px: height of the frames; aspect: width / height.
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
    clear: bool = False


@dataclass(frozen=True, kw_only=True)
class RenderedDive:
    """One rendered dive.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB; masks: (T, H, W) uint8, 1 = athlete above the water.
        first_flight_frame, first_entry_frame: first frames of the second and third step.
        contact_frame: first frame in which the athlete touches the water.
        twist_end_frame: first frame after the twist; the first flight frame where there is none.
        joints: (T, 15, 2) float32, where the athlete's joints are, see `truth.Truth`.
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


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Frame i shows time `start_s + i * step_s` relative to the take-off."""

    n_frames: int
    first_flight_frame: int
    first_entry_frame: int
    step_s: float
    start_s: float

    def time_s(self) -> np.ndarray:
        return self.start_s + np.arange(self.n_frames) * self.step_s


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
    faults = rubric.draw_faults(qualities, rng)
    awards = rubric.judge(qualities, rng)
    body = bodies.random_body(rng)
    springboard = board_m in SPRINGBOARDS_M
    motion = plan_motion(body, dive, board_m, springboard, faults, rng)
    timing = draw_timing(spec, motion.come_out_s, motion.contact_s, rng)

    height = spec.height_px or int(rng.integers(120, 145)) * 2
    aspect = spec.aspect or float(rng.choice([4 / 3, 16 / 9, 3 / 4, 9 / 16, 5 / 4], p=[0.45, 0.4, 0.05, 0.05, 0.05]))
    size = (round(height * aspect / 2) * 2, height)
    optics = draw_optics(size, rng, clear=spec.clear)
    subs = _SUB_CLEAR if spec.clear else _SUB
    shots = []
    for shot, view in _cut(spec, timing, motion.contact_s, rng):
        if view == "underwater":
            shots.append(_dive_under(motion, shot, size, optics, faults.splash, rng))
            continue
        camera, joints = _shoot(spec, motion, shot, subs, size, view == "close", rng)
        shots.append(_expose_frames(motion, shot, camera, joints, optics, faults.splash, rng))
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


def _cut(
    spec: DiveSpec, timing: Timing, contact_s: float, rng: np.random.Generator
) -> list[tuple[Timing, Literal["close", "dive", "underwater"]]]:
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

    shots: list[tuple[Timing, Literal["close", "dive", "underwater"]]] = [(part(first, last), "dive")]
    if first:
        shots.insert(0, (part(0, first), "close"))
    if last < count:
        shots.append((part(last, count), "underwater"))
    return shots


def _shoot(
    spec: DiveSpec,
    motion: Motion,
    timing: Timing,
    subs: int,
    size: tuple[int, int],
    close: bool,
    rng: np.random.Generator,
) -> tuple[Camera, np.ndarray]:
    """The camera and the athlete's joints at `subs` instants a frame."""
    count = timing.n_frames * subs
    middle = (subs - 1) / 2
    time = timing.start_s + (np.arange(count) - middle) * timing.step_s / subs
    joints, centre = motion.world_joints(time)
    target = centre.copy()
    target[:, 2] = np.maximum(target[:, 2], rng.uniform(-0.3, 0.5))
    under = time > motion.contact_s
    target[under, :2] = target[np.searchsorted(time, motion.contact_s).clip(0, count - 1), :2]
    if close:
        target = joints[:, JOINT["neck"]]
        viewpoint = draw_close_up(motion.board_m, rng)
    else:
        viewpoint = draw_viewpoint(motion.board_m, size[0] < size[1], rng, clear=spec.clear)
    phase = np.clip(time / motion.contact_s, 0, None)
    return film(viewpoint, target, timing.step_s / subs, phase, size, rng), joints


def _expose_frames(
    motion: Motion,
    timing: Timing,
    camera: Camera,
    joints: np.ndarray,
    optics: Optics,
    splash_size: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames, masks and the joints of `Truth`."""
    count = timing.n_frames
    size = (camera.width_px, camera.height_px)
    subs = len(joints) // count
    open_subs = int(np.clip(round(optics.shutter * subs), 1, subs - 1))
    begin = (subs - open_subs) // 2
    sub = np.arange(count)[:, None] * subs + begin + np.arange(open_subs)
    middle = sub[:, open_subs // 2]
    light = np.array([rng.normal(0, 0.5), rng.normal(-0.4, 0.4), rng.uniform(0.5, 1.2)])
    light /= np.linalg.norm(light)
    capsules = bodies.capsules(motion.body)
    wet = float(rng.uniform(0.05, 0.5))
    time = timing.time_s()
    scene = Scene(camera, middle, motion.board_m, time, motion.approach.deflection(time), light, rng)
    where = np.array([motion.contact_x, float(motion.start_velocity[1] * motion.contact_s), 0.0])
    since = time - motion.contact_s
    splash = Splash(camera, middle, where, splash_size, since, optics.shutter * timing.step_s, rng)
    flat = sub.reshape(-1)
    figure = Figure(joints[flat], capsules, camera, flat, light, gloss=wet, contrast=float(rng.uniform(0.25, 0.6)))
    sinks = np.flatnonzero((since > 0) & (since < _SINKS_S))
    at = middle[sinks]
    sunken = Figure(joints[at], capsules, camera, at, light, gloss=0.0, contrast=0.2, water_line=False)
    clear_water = float(rng.uniform(0.1, 0.6))
    frames = np.empty((count, size[1], size[0], 3), np.uint8)
    masks = np.zeros((count, size[1], size[0]), np.uint8)
    seen, _ = camera.project(pick_joints(joints[middle]), middle)
    raw = frames[0]
    for i in range(count):
        image = scene.draw(i)
        move = _camera_move(camera, sub[i])
        image = streak(image, move)
        if 0 < since[i] < _SINKS_S:
            show_sunken(image, sunken, i - int(sinks[0]), clear_water * (1 - since[i] / _SINKS_S))
        _athlete(image, masks[i], figure, i * open_subs, open_subs, size)
        scene.draw_front(image, masks[i], i)
        cover = splash.paint(image, i)
        if cover is not None:
            masks[i][cover > 190] = 0
        if optics.readout:
            whole = move[0] / optics.shutter, move[1] / optics.shutter
            image = skew(image, whole, optics.readout)
            masks[i] = skew(masks[i], whole, optics.readout)
            seen[i] = skew_points(seen[i], size[1], whole, optics.readout)
        if optics.ghost:
            image, raw = cv2.addWeighted(image, 1 - optics.ghost, raw if i else image, optics.ghost, 0), image
        frames[i] = expose(image, optics, rng)
        if optics.hold and i % _GOP:
            frames[i] = recode(frames[i], frames[i - 1], optics)
    # Pixel (0, 0) is the middle of the first pixel.
    return frames, masks, ((seen + 0.5) / size).astype(np.float32)


def _dive_under(
    motion: Motion, timing: Timing, size: tuple[int, int], optics: Optics, splash: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a camera under water sees; no mask and no joints, for the athlete is no longer above the water."""
    time = timing.time_s()
    joints, _ = motion.world_joints(time)
    pool = Underwater(motion.body, joints, time - motion.contact_s, splash, size, rng)
    frames = np.stack([expose(pool.draw(i), optics, rng) for i in range(timing.n_frames)])
    return (
        frames,
        np.zeros(frames.shape[:3], np.uint8),
        np.full((len(frames), len(TRUTH_JOINTS), 2), np.nan, np.float32),
    )


def _camera_move(camera: Camera, sub: np.ndarray) -> tuple[float, float]:
    """Pixels by which what stands still moves through the picture while the shutter is open."""
    a, b = int(sub[0]), int(sub[-1])
    if a == b:
        return 0.0, 0.0
    # A point far behind the middle of the picture.
    point = (camera.position + 40.0 * camera.rotation[a, 2])[None]
    move = (camera.project(point, b)[0] - camera.project(point, a)[0])[0] * len(sub) / (len(sub) - 1)
    return float(move[0]), float(move[1])


def _athlete(
    image: np.ndarray, mask: np.ndarray, figure: Figure, first: int, count: int, size: tuple[int, int]
) -> None:
    """Average the poses while the shutter is open over the image; the mask is that of the middle pose."""
    area = figure.bounds(slice(first, first + count), size)
    if area is None:
        return
    x0, y0, x1, y1 = area
    middle = first + count // 2
    last = first + count - 1
    both = figure.shown[first] & figure.shown[last]
    travel = float(np.abs(figure.outlines[last] - figure.outlines[first])[both].max(initial=0.0))
    if travel < 0.7:
        moments = [middle]
    elif travel < 2.5 and count > 2:
        moments = [first, middle, last]
    else:
        moments = list(range(first, first + count))
    between = min(3, int(travel / max(1, count - 1) / _GAP_PX)) if len(moments) > 3 else 0
    total = np.zeros((y1 - y0, x1 - x0, 4), np.uint16)
    for moment in moments:
        layer = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
        figure.paint(moment, layer, (x0, y0))
        total += layer
        for k in range(between if moment < last else 0):
            layer = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
            figure.paint_between(moment, (k + 1) / (between + 1), layer, (x0, y0))
            total += layer
    painted = len(moments) + between * (len(moments) - 1)
    average = ((total + painted // 2) // painted).astype(np.uint8)
    blend(image[y0:y1, x0:x1], _smooth_colours(average))
    silhouette = np.zeros((2 * (y1 - y0), 2 * (x1 - x0)), np.uint8)
    figure.paint_mask(middle, silhouette, (x0, y0), 2)
    small = silhouette.reshape(y1 - y0, 2, x1 - x0, 2).astype(np.uint16).sum((1, 3)) >= 2 * 255
    # Where a fast limb covers a pixel for most of the exposure it is there, too.
    mask[y0:y1, x0:x1] = small | (average[..., 3] > 140)


def _smooth_colours(layer: np.ndarray) -> np.ndarray:
    """Soften the edges between segments of a premultiplied RGBA layer without moving its outline."""
    wide = 3 if layer.shape[0] < 130 else 5
    soft = cv2.GaussianBlur(layer, (wide, wide), 0)
    share = layer[..., 3:].astype(np.float32) / np.maximum(soft[..., 3:], 1)
    out = layer.copy()
    out[..., :3] = np.minimum(soft[..., :3] * share + 0.5, layer[..., 3:])
    return out
