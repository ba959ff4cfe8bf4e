"""The shots of one dive: where the athletes are at every instant, what a camera sees of them, and their mask."""

from dataclasses import dataclass

import cv2
import numpy as np

from fineparser_core.constants import TRUTH_JOINTS
from fineparser_core.synth import body as bodies
from fineparser_core.synth.body import JOINT
from fineparser_core.synth.camera import Camera, Viewpoint, film
from fineparser_core.synth.drawing import Figure
from fineparser_core.synth.flight import Motion
from fineparser_core.synth.foreground import Foreground
from fineparser_core.synth.optics import Optics, expose, recode, skew, skew_points, streak
from fineparser_core.synth.scene import Scene, blend
from fineparser_core.synth.splash import Splash
from fineparser_core.synth.truth import pick_joints
from fineparser_core.synth.underwater import Underwater, show_sunken

_GAP_PX = 2.0
_GOP = 15
_SINKS_S = 1.2

Pictures = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Frames (T, H, W, 3) uint8, masks (T, H, W) uint8 and joints (T, 16, 2) float32 of `truth.Truth`."""


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


@dataclass(frozen=True, kw_only=True)
class Athlete:
    """One of those who dive.

    Attributes:
        aside_m: to the left of the middle of the board.
        late_s: by which the whole dive is later than it is told by the clip's clock.
        splash: size of the splash, 0 a rip .. 1 very large.
    """

    motion: Motion
    splash: float
    aside_m: float = 0.0
    late_s: float = 0.0

    @property
    def contact_s(self) -> float:
        """Instant at which the water is touched."""
        return self.motion.contact_s + self.late_s

    @property
    def contact_point(self) -> np.ndarray:
        """(3,) metres."""
        motion = self.motion
        return np.array([motion.contact_x, motion.start_velocity[1] * motion.contact_s + self.aside_m, 0.0])

    def world_joints(self, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Joints (N, J, 3) and centre of mass (N, 3) in metres."""
        joints, centre = self.motion.world_joints(time_s - self.late_s)
        aside = np.array([0.0, self.aside_m, 0.0])
        return joints + aside, centre + aside

    def board_edge(self, time_s: np.ndarray) -> np.ndarray:
        """Where the board that this athlete leaves ends (N, 3), metres."""
        height = self.motion.board_m + self.deflection(time_s)
        return np.stack([np.zeros_like(height), np.full_like(height, self.aside_m), height], axis=-1)

    def deflection(self, time_s: np.ndarray) -> np.ndarray:
        """Displacement of the tip of this athlete's board (N,), metres."""
        return self.motion.approach.deflection(time_s - self.late_s)


def shoot(
    athletes: list[Athlete],
    timing: Timing,
    subs: int,
    viewpoint: Viewpoint,
    close: bool,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[Camera, list[np.ndarray]]:
    """The camera and every athlete's joints (N, J, 3) at `subs` instants a frame; `close` films the first's head."""
    count = timing.n_frames * subs
    middle = (subs - 1) / 2
    time = timing.start_s + (np.arange(count) - middle) * timing.step_s / subs
    where = [athlete.world_joints(time) for athlete in athletes]
    contact_s = athletes[0].contact_s
    target = np.mean([centre for _, centre in where], axis=0)
    target[:, 2] = np.maximum(target[:, 2], rng.uniform(-0.3, 0.5))
    under = time > contact_s
    target[under, :2] = target[np.searchsorted(time, contact_s).clip(0, count - 1), :2]
    if close:
        target = where[0][0][:, JOINT["neck"]]
    phase = np.clip(time / contact_s, 0, None)
    return film(viewpoint, target, timing.step_s / subs, phase, size, rng), [joints for joints, _ in where]


class _Cast:
    """An athlete as one camera sees them: in the air, through the water, and the splash."""

    def __init__(
        self,
        athlete: Athlete,
        joints: np.ndarray,
        camera: Camera,
        sub: np.ndarray,
        time_s: np.ndarray,
        light: np.ndarray,
        exposure_s: float,
        rng: np.random.Generator,
    ) -> None:
        """`sub` (T, open) are the instants of the camera while the shutter is open."""
        capsules = bodies.capsules(athlete.motion.body)
        self._open = sub.shape[1]
        middle, flat = sub[:, self._open // 2], sub.reshape(-1)
        self._since = time_s - athlete.contact_s
        self._splash = Splash(camera, middle, athlete.contact_point, athlete.splash, self._since, exposure_s, rng)
        gloss, contrast = float(rng.uniform(0.05, 0.5)), float(rng.uniform(0.25, 0.6))
        self._figure = Figure(joints[flat], capsules, camera, flat, light, gloss=gloss, contrast=contrast)
        self._sinks = np.flatnonzero((self._since > 0) & (self._since < _SINKS_S))
        at = middle[self._sinks]
        self._sunken = Figure(joints[at], capsules, camera, at, light, gloss=0.0, contrast=0.2, water_line=False)
        self._clear_water = float(rng.uniform(0.1, 0.6))
        self._size = (camera.width_px, camera.height_px)

    def draw(self, image: np.ndarray, mask: np.ndarray, i: int) -> None:
        """Draw frame i over image (H, W, 3), and add the silhouette to the mask (H, W)."""
        since = float(self._since[i])
        if 0 < since < _SINKS_S:
            faint = self._clear_water * (1 - since / _SINKS_S)
            show_sunken(image, self._sunken, i - int(self._sinks[0]), faint)
        paint_athlete(image, mask, self._figure, i * self._open, self._open, self._size)

    def draw_splash(self, image: np.ndarray, mask: np.ndarray, i: int) -> None:
        """Draw it over image, and clear the mask where it hides the athlete."""
        cover = self._splash.paint(image, i)
        if cover is not None:
            mask[cover > 190] = 0


def expose_frames(
    athletes: list[Athlete],
    timing: Timing,
    camera: Camera,
    joints: list[np.ndarray],
    optics: Optics,
    rng: np.random.Generator,
) -> Pictures:
    """What the camera takes; the mask is of all athletes, the joints are the first one's, who is nearest to it."""
    count = timing.n_frames
    size = (camera.width_px, camera.height_px)
    subs = len(joints[0]) // count
    open_subs = int(np.clip(round(optics.shutter * subs), 1, subs - 1))
    begin = (subs - open_subs) // 2
    sub = np.arange(count)[:, None] * subs + begin + np.arange(open_subs)
    middle = sub[:, open_subs // 2]
    light = np.array([rng.normal(0, 0.5), rng.normal(-0.4, 0.4), rng.uniform(0.5, 1.2)])
    light /= np.linalg.norm(light)
    time = timing.time_s()
    boards = [(athlete.aside_m, athlete.deflection(time)) for athlete in athletes]
    scene = Scene(camera, middle, athletes[0].motion.board_m, time, boards, athletes[0].motion.body, light, rng)
    exposure_s = optics.shutter * timing.step_s
    cast = [
        _Cast(athlete, its, camera, sub, time, light, exposure_s, rng)
        for athlete, its in zip(athletes, joints, strict=True)
    ]
    picked = pick_joints(joints[0][middle], athletes[0].board_edge(time))
    seen, _ = camera.project(picked, middle)
    foreground = Foreground(camera, middle, seen[:, :-1], joints[0][middle, 0], rng) if optics.occluded else None
    frames = np.empty((count, size[1], size[0], 3), np.uint8)
    masks = np.zeros((count, size[1], size[0]), np.uint8)
    raw = frames[0]
    for i in range(count):
        image = scene.draw(i)
        move = _camera_move(camera, sub[i])
        image = streak(image, move)
        # The partner is beyond the first athlete.
        for one in reversed(cast):
            one.draw(image, masks[i], i)
        scene.draw_front(image, masks[i], i)
        for one in reversed(cast):
            one.draw_splash(image, masks[i], i)
        if foreground is not None:
            foreground.draw(image, masks[i], i)
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


def dive_under(
    athlete: Athlete, timing: Timing, size: tuple[int, int], optics: Optics, rng: np.random.Generator
) -> Pictures:
    """What a camera under water sees; no mask and no joints, for the athlete is no longer above the water."""
    time = timing.time_s()
    joints, _ = athlete.world_joints(time)
    pool = Underwater(athlete.motion.body, joints, time - athlete.contact_s, athlete.splash, size, rng)
    frames = np.stack([expose(pool.draw(i), optics, rng) for i in range(timing.n_frames)])
    unseen = np.full((len(frames), len(TRUTH_JOINTS), 2), np.nan, np.float32)
    return frames, np.zeros(frames.shape[:3], np.uint8), unseen


def fields_of(timing: Timing) -> Timing:
    """The timing of the two fields of every frame of an interlaced video."""
    step = timing.step_s / 2
    return Timing(
        n_frames=2 * timing.n_frames,
        first_flight_frame=2 * timing.first_flight_frame,
        first_entry_frame=2 * timing.first_entry_frame,
        step_s=step,
        start_s=timing.start_s - step / 2,
    )


def weave(pictures: Pictures) -> Pictures:
    """Frames of the rows of two fields each; the joints are between those of the fields."""
    frames, masks, joints = pictures
    frames[::2, 1::2], masks[::2, 1::2] = frames[1::2, 1::2], masks[1::2, 1::2]
    return frames[::2], masks[::2], (joints[::2] + joints[1::2]) / 2


def _camera_move(camera: Camera, sub: np.ndarray) -> tuple[float, float]:
    """Pixels by which what stands still moves through the picture while the shutter is open."""
    a, b = int(sub[0]), int(sub[-1])
    if a == b:
        return 0.0, 0.0
    # A point far behind the middle of the picture.
    point = (camera.position + 40.0 * camera.rotation[a, 2])[None]
    move = (camera.project(point, b)[0] - camera.project(point, a)[0])[0] * len(sub) / (len(sub) - 1)
    return float(move[0]), float(move[1])


def paint_athlete(
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
    mask[y0:y1, x0:x1] |= small | (average[..., 3] > 140)


def _smooth_colours(layer: np.ndarray) -> np.ndarray:
    """Soften the edges between segments of a premultiplied RGBA layer without moving its outline."""
    wide = 3 if layer.shape[0] < 130 else 5
    soft = cv2.GaussianBlur(layer, (wide, wide), 0)
    share = layer[..., 3:].astype(np.float32) / np.maximum(soft[..., 3:], 1)
    out = layer.copy()
    out[..., :3] = np.minimum(soft[..., :3] * share + 0.5, layer[..., 3:])
    return out
