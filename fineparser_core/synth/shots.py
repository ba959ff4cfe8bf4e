"""Renders the shots of a dive: camera, frames with motion blur, masks and keypoints."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.synth import body as bodies
from fineparser_core.synth.body import JOINT
from fineparser_core.synth.body_mesh import BodyMesh
from fineparser_core.synth.camera import Camera, Viewpoint, animate_camera
from fineparser_core.synth.drawing import Figure
from fineparser_core.synth.flight import Motion
from fineparser_core.synth.foreground import Foreground
from fineparser_core.synth.ground_truth import select_joints
from fineparser_core.synth.optics import Optics, apply_optics, motion_blur, skew, skew_points, skip_unchanged_blocks
from fineparser_core.synth.scene import Scene, blend
from fineparser_core.synth.splash import Splash
from fineparser_core.synth.underwater import UnderwaterView, blend_submerged

# Largest distance between two drawn poses of a limb in the blur of a frame.
_MAX_GAP_PX = 2.0
# Distance of the frames in which a video codec codes all blocks.
_KEYFRAME_INTERVAL = 15
# Time after the contact during which the submerged athlete is visible.
VISIBLE_UNDER_WATER_S = 1.2
# Least opacity, of 255, at which the splash hides the athlete from the mask.
_SPLASH_OPAQUE = 190

Shot = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Frames (T, H, W, 3) uint8, masks (T, H, W) uint8 and joints (T, 16, 2) float32 as in `ground_truth.GroundTruth`."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The timing of a clip: frame i shows time `start_s + i * step_s` relative to the take-off."""

    n_frames: int
    first_flight_frame: int
    first_entry_frame: int
    step_s: float
    start_s: float

    def time_s(self) -> np.ndarray:
        """(n_frames,) times of the frames."""
        return self.start_s + np.arange(self.n_frames) * self.step_s


@dataclass(frozen=True, kw_only=True)
class Athlete:
    """An athlete of the dive.

    Attributes:
        splash: size of the splash, 0 (rip entry) to 1.
        lateral_m: position to the left of the first athlete.
        delay_s: delay of the motion relative to the clip's time.
        mesh: the skin, for a stage that draws one.
    """

    motion: Motion
    splash: float
    lateral_m: float = 0.0
    delay_s: float = 0.0
    mesh: BodyMesh | None = None

    @property
    def contact_s(self) -> float:
        """Time of the first contact with the water."""
        return self.motion.contact_s + self.delay_s

    @property
    def contact_point(self) -> np.ndarray:
        """Point of the first contact with the water, (3,) metres."""
        motion = self.motion
        return np.array([motion.contact_x, motion.start_velocity[1] * motion.contact_s + self.lateral_m, 0.0])

    def world_joints(self, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Joints (N, J, 3) and centre of mass (N, 3) in metres at times (N,)."""
        joints, centre = self.motion.world_joints(time_s - self.delay_s)
        offset = np.array([0.0, self.lateral_m, 0.0])
        return joints + offset, centre + offset

    def board_edge(self, time_s: np.ndarray) -> np.ndarray:
        """Middle of the front edge of this athlete's board at times (N,): (N, 3) metres."""
        height = self.motion.board_m + self.deflection(time_s)
        return np.stack([np.zeros_like(height), np.full_like(height, self.lateral_m), height], axis=-1)

    def deflection(self, time_s: np.ndarray) -> np.ndarray:
        """Displacement of the tip of this athlete's board at times (N,): (N,) metres."""
        return self.motion.approach.deflection(time_s - self.delay_s)


def film_athletes(
    athletes: list[Athlete],
    timing: Timing,
    subframes: int,
    viewpoint: Viewpoint,
    close: bool,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[Camera, list[np.ndarray]]:
    """Evaluate the motion of the athletes and of a camera that follows them.

    Args:
        subframes: number of instants a frame.
        close: follow the neck of the first athlete instead of the centre of mass of all.

    Returns:
        The camera, and for each athlete the joints (N, J, 3) in metres, N = n_frames * subframes.
    """
    count = timing.n_frames * subframes
    middle = (subframes - 1) / 2
    time = timing.start_s + (np.arange(count) - middle) * timing.step_s / subframes
    motions = [athlete.world_joints(time) for athlete in athletes]
    contact_s = athletes[0].contact_s
    target = np.mean([centre for _, centre in motions], axis=0)
    target[:, 2] = np.maximum(target[:, 2], rng.uniform(-0.3, 0.5))
    under = time > contact_s
    target[under, :2] = target[np.searchsorted(time, contact_s).clip(0, count - 1), :2]
    if close:
        target = motions[0][0][:, JOINT["neck"]]
    phase = np.clip(time / contact_s, 0, None)
    camera = animate_camera(viewpoint, target, timing.step_s / subframes, phase, size, rng)
    return camera, [joints for joints, _ in motions]


class Stage(Protocol):
    """Draws the surroundings and the athletes of one shot, frame by frame."""

    def draw(self, frame: int) -> np.ndarray:
        """The surroundings: (H, W, 3) uint8 RGB, a new array."""

    def draw_athletes(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        """Draw the athletes over image (H, W, 3) with motion blur and add them to the mask (H, W), in place."""

    def draw_splashes(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        """Draw the splashes over image (H, W, 3) and clear the mask (H, W) under them, in place."""


@dataclass(frozen=True, kw_only=True)
class Scenery:
    """What a stage is made of.

    Attributes:
        athletes: the one nearest to the camera first.
        joints: for each athlete (N, J, 3) metres at all instants of the camera.
        exposed: (T, E) instants of the camera at which the shutter is open, by frame.
        time_s: (T,) times of the frames.
        exposure_s: time during which the shutter is open.
        light: (3,) unit vector towards the lamp.
    """

    athletes: list[Athlete]
    joints: list[np.ndarray]
    camera: Camera
    exposed: np.ndarray
    time_s: np.ndarray
    exposure_s: float
    light: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """(T,) instants of the camera in the middle of each exposure."""
        return np.asarray(self.exposed[:, self.exposed.shape[1] // 2])

    @property
    def boards(self) -> list[tuple[float, np.ndarray]]:
        """For each athlete the lateral position of the board and the displacement (T,) of its tip, metres."""
        return [(athlete.lateral_m, athlete.deflection(self.time_s)) for athlete in self.athletes]

    def splash(self, athlete: Athlete, rng: np.random.Generator) -> Splash:
        """The splash of an athlete."""
        since = self.time_s - athlete.contact_s
        return Splash(self.camera, self.middle, athlete.contact_point, athlete.splash, since, self.exposure_s, rng)


StageMaker = Callable[[Scenery, np.random.Generator], AbstractContextManager[Stage]]
"""Makes the stage of one shot; leaving the context frees what it has loaded."""


def cover_by_splash(splash: Splash, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
    """Draw a splash over image (H, W, 3) and clear the mask (H, W) under it, in place."""
    cover = splash.paint(image, frame)
    if cover is not None:
        mask[cover > _SPLASH_OPAQUE] = 0


@contextmanager
def capsule_stage(scenery: Scenery, rng: np.random.Generator) -> Iterator[Stage]:
    """The stage that draws bodies as capsules in front of painted planes."""
    yield _CapsuleStage(scenery, rng)


class _CapsuleStage:
    def __init__(self, scenery: Scenery, rng: np.random.Generator) -> None:
        first = scenery.athletes[0].motion
        self._scene = Scene(
            scenery.camera,
            scenery.middle,
            first.board_m,
            scenery.time_s,
            scenery.boards,
            first.body,
            scenery.light,
            rng,
        )
        self._athletes = [
            _CapsuleAthlete(scenery, athlete, joints, rng)
            for athlete, joints in zip(scenery.athletes, scenery.joints, strict=True)
        ]

    def draw(self, frame: int) -> np.ndarray:
        return self._scene.draw(frame)

    def draw_athletes(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        # Far to near: the partner is behind the first athlete.
        for athlete in reversed(self._athletes):
            athlete.draw(image, mask, frame)
        self._scene.draw_front(image, mask, frame)

    def draw_splashes(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        for athlete in reversed(self._athletes):
            cover_by_splash(athlete.splash, image, mask, frame)


class _CapsuleAthlete:
    """Draws an athlete for one camera: above and below the water surface, and the splash."""

    def __init__(self, scenery: Scenery, athlete: Athlete, joints: np.ndarray, rng: np.random.Generator) -> None:
        """Prepare the figures; joints are (N, J, 3) metres at all instants of the camera."""
        camera, light = scenery.camera, scenery.light
        capsules = bodies.capsules(athlete.motion.body)
        self._n_exposed = scenery.exposed.shape[1]
        flat = scenery.exposed.reshape(-1)
        self._since = scenery.time_s - athlete.contact_s
        self.splash = scenery.splash(athlete, rng)
        gloss, contrast = float(rng.uniform(0.05, 0.5)), float(rng.uniform(0.25, 0.6))
        self._figure = Figure(joints[flat], capsules, camera, flat, light, gloss=gloss, contrast=contrast)
        sinking = np.flatnonzero((self._since > 0) & (self._since < VISIBLE_UNDER_WATER_S))
        self._first_submerged = int(sinking[0]) if len(sinking) else 0
        at = scenery.middle[sinking]
        self._submerged = Figure(joints[at], capsules, camera, at, light, gloss=0.0, contrast=0.2, water_line=False)
        self._water_clarity = float(rng.uniform(0.1, 0.6))
        self._size = (camera.width_px, camera.height_px)

    def draw(self, image: np.ndarray, mask: np.ndarray, i: int) -> None:
        """Draw the athlete of frame i over image (H, W, 3) and add the silhouette to the mask (H, W), in place."""
        since = float(self._since[i])
        if 0 < since < VISIBLE_UNDER_WATER_S:
            opacity = self._water_clarity * (1 - since / VISIBLE_UNDER_WATER_S)
            blend_submerged(image, self._submerged, i - self._first_submerged, opacity)
        paint_athlete(image, mask, self._figure, i * self._n_exposed, self._n_exposed, self._size)


def render_shot(
    athletes: list[Athlete],
    timing: Timing,
    camera: Camera,
    joints: list[np.ndarray],
    optics: Optics,
    rng: np.random.Generator,
    make_stage: StageMaker = capsule_stage,
) -> Shot:
    """Render the frames of a shot; the masks cover all athletes, the joints are those of the first.

    Args:
        joints: for each athlete (N, J, 3) metres at the instants of the camera, from `film_athletes`.
        make_stage: what draws surroundings and athletes.
    """
    count = timing.n_frames
    size = (camera.width_px, camera.height_px)
    subframes = len(joints[0]) // count
    n_exposed = int(np.clip(round(optics.shutter * subframes), 1, subframes - 1))
    begin = (subframes - n_exposed) // 2
    exposed = np.arange(count)[:, None] * subframes + begin + np.arange(n_exposed)
    light = np.array([rng.normal(0, 0.5), rng.normal(-0.4, 0.4), rng.uniform(0.5, 1.2)])
    light /= np.linalg.norm(light)
    time = timing.time_s()
    scenery = Scenery(
        athletes=athletes,
        joints=joints,
        camera=camera,
        exposed=exposed,
        time_s=time,
        exposure_s=optics.shutter * timing.step_s,
        light=light,
    )
    middle = scenery.middle
    frames = np.empty((count, size[1], size[0], 3), np.uint8)
    masks = np.zeros((count, size[1], size[0]), np.uint8)
    raw = frames[0]
    with make_stage(scenery, rng) as stage:
        selected = select_joints(joints[0][middle], athletes[0].board_edge(time))
        joints_px, _ = camera.project(selected, middle)
        body_px = joints_px[:, :-1]
        foreground = Foreground(camera, middle, body_px, joints[0][middle, 0], rng) if optics.occluded else None
        for i in range(count):
            image = stage.draw(i)
            move = _camera_move(camera, exposed[i])
            image = motion_blur(image, move)
            stage.draw_athletes(image, masks[i], i)
            stage.draw_splashes(image, masks[i], i)
            if foreground is not None:
                foreground.draw(image, masks[i], i)
            if optics.readout:
                whole = move[0] / optics.shutter, move[1] / optics.shutter
                image = skew(image, whole, optics.readout)
                masks[i] = skew(masks[i], whole, optics.readout)
                joints_px[i] = skew_points(joints_px[i], size[1], whole, optics.readout)
            if optics.ghosting:
                image, raw = cv2.addWeighted(image, 1 - optics.ghosting, raw if i else image, optics.ghosting, 0), image
            frames[i] = apply_optics(image, optics, rng)
            if optics.skip_threshold and i % _KEYFRAME_INTERVAL:
                frames[i] = skip_unchanged_blocks(frames[i], frames[i - 1], optics)
    # The centre of the first pixel is (0, 0) in pixels and half a pixel from the corner in relative coordinates.
    return frames, masks, ((joints_px + 0.5) / size).astype(np.float32)


def render_underwater(
    athlete: Athlete, timing: Timing, size: tuple[int, int], optics: Optics, rng: np.random.Generator
) -> Shot:
    """Render a shot of an underwater camera. Its masks are empty and its joints NaN, as both end at the surface."""
    time = timing.time_s()
    joints, _ = athlete.world_joints(time)
    view = UnderwaterView(athlete.motion.body, joints, time - athlete.contact_s, athlete.splash, size, rng)
    frames = np.stack([apply_optics(view.draw(i), optics, rng) for i in range(timing.n_frames)])
    no_joints = np.full((len(frames), len(KEYPOINT_NAMES), 2), np.nan, np.float32)
    return frames, np.zeros(frames.shape[:3], np.uint8), no_joints


def to_fields(timing: Timing) -> Timing:
    """The timing of the fields of an interlaced video, two for every frame."""
    step = timing.step_s / 2
    return Timing(
        n_frames=2 * timing.n_frames,
        first_flight_frame=2 * timing.first_flight_frame,
        first_entry_frame=2 * timing.first_entry_frame,
        step_s=step,
        start_s=timing.start_s - step / 2,
    )


def interlace(fields: Shot) -> Shot:
    """Combine every two fields to a frame with alternating rows; joints are averaged. Changes the fields in place."""
    frames, masks, joints = fields
    frames[::2, 1::2], masks[::2, 1::2] = frames[1::2, 1::2], masks[1::2, 1::2]
    return frames[::2], masks[::2], (joints[::2] + joints[1::2]) / 2


def _camera_move(camera: Camera, exposed: np.ndarray) -> tuple[float, float]:
    """Image motion (x, y) in pixels of static objects while the shutter is open.

    Args:
        exposed: (E,) instants of the camera at which the shutter is open.
    """
    a, b = int(exposed[0]), int(exposed[-1])
    if a == b:
        return 0.0, 0.0
    # A distant point on the optical axis.
    point = (camera.position + 40.0 * camera.rotation[a, 2])[None]
    move = (camera.project(point, b)[0] - camera.project(point, a)[0])[0] * len(exposed) / (len(exposed) - 1)
    return float(move[0]), float(move[1])


def paint_athlete(
    image: np.ndarray, mask: np.ndarray, figure: Figure, first: int, count: int, size: tuple[int, int]
) -> None:
    """Draw an athlete with motion blur, and the mask of the middle of the exposure, both in place.

    Args:
        image: (H, W, 3) uint8.
        mask: (H, W) uint8.
        first: first moment of the figure at which the shutter is open.
        count: number of these moments.
        size: (width_px, height_px).
    """
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
    between = min(3, int(travel / max(1, count - 1) / _MAX_GAP_PX)) if len(moments) > 3 else 0
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
    # Pixels that a fast limb covers for most of the exposure belong to the mask, too.
    mask[y0:y1, x0:x1] |= small | (average[..., 3] > 140)


def _smooth_colours(layer: np.ndarray) -> np.ndarray:
    """Blur the edges between the segments of a premultiplied RGBA layer (h, w, 4) without changing its opacity."""
    wide = 3 if layer.shape[0] < 130 else 5
    soft = cv2.GaussianBlur(layer, (wide, wide), 0)
    share = layer[..., 3:].astype(np.float32) / np.maximum(soft[..., 3:], 1)
    out = layer.copy()
    out[..., :3] = np.minimum(soft[..., :3] * share + 0.5, layer[..., 3:])
    return out
