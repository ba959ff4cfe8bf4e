"""Renders the shots of a dive: camera, frames with motion blur, masks and keypoints."""

from dataclasses import dataclass

import cv2
import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.synth.body import JOINT
from fineparser_core.synth.camera import SceneCamera, Viewpoint, animate_camera
from fineparser_core.synth.drawn_athlete import Athlete, DrawnAthlete, Exposures
from fineparser_core.synth.optics import Optics, apply_optics, motion_blur, skew, skew_points, skip_unchanged_blocks
from fineparser_core.synth.scene import Scene, blend
from fineparser_core.synth.underwater import UnderwaterView

# Fractional bits of OpenCV's fixed-point coordinates.
_SHIFT = 4
# Minimum opacity at which the occluder hides the athlete from the mask.
_OPAQUE = 127


class Foreground:
    """An object near the camera, out of focus, that covers the athlete in some frames.

    Args:
        at: (T,) instant of the camera of each frame.
        joints_px: (T, J, 2) pixels, joints of the athlete.
        position: (T, 3) meters, position of the athlete.
    """

    def __init__(
        self, camera: SceneCamera, at: np.ndarray, joints_px: np.ndarray, position: np.ndarray, rng: np.random.Generator
    ) -> None:
        self._camera, self._at = camera, at
        size = np.array([camera.width_px, camera.height_px])
        kind = str(rng.choice(["pole", "railing", "head", "edge"], p=[0.3, 0.3, 0.25, 0.15]))
        self._kind = kind
        center = joints_px.mean(1)
        visible = np.flatnonzero(((center > 0) & (center < size)).all(1) & (position[:, 2] > 0))
        moment = int(rng.choice(visible)) if len(visible) else 0
        ray = position[moment] - camera.position
        away = float(np.linalg.norm(ray))
        near = min(float(rng.uniform(5, 10) if kind == "head" else rng.uniform(3, 8)), 0.6 * away)
        right = camera.rotation[at[moment], 0]
        # The length at the occluder's distance that covers a meter at the athlete's distance.
        meter = near / away
        self._middle = camera.position + ray * meter + right * rng.normal(0, 0.6 * meter)
        self._right = np.array([right[0], right[1], 0.0])
        self._wide = meter * float(rng.uniform(0.08, 0.24))
        self._gap = meter * float(rng.uniform(1.2, 3.0))
        self._low = meter * float(rng.uniform(-0.3, 0.6))
        tone = rng.uniform(10, 90, 3) if rng.random() < 0.6 else rng.uniform(90, 235) + rng.normal(0, 12, 3)
        self._tone = tuple(int(v) for v in np.clip(tone, 0, 255))
        self._blur = int(rng.integers(0, max(2, size[1] // 60))) * 2 + 1
        left = rng.random() < 0.5
        edge = float(rng.uniform(0.04, 0.16)) * size[0]
        self._edge = np.array([[0, 0], [edge, 0], [edge + rng.normal(0, 6), size[1]], [0, size[1]]])
        if not left:
            self._edge[:, 0] = size[0] - self._edge[:, 0]

    def draw(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        """Draw the occluder over image (H, W, 3) uint8 and clear the mask (H, W) under it, both in place."""
        layer = np.zeros((*image.shape[:2], 4), np.uint8)
        at = int(self._at[frame])
        if self._kind == "edge":
            cv2.fillConvexPoly(layer, np.round(self._edge).astype(np.int32), (*self._tone, 255))
        elif self._kind == "head":
            self._draw_head(layer, at)
        else:
            up = np.array([0.0, 0.0, 1.0])
            if self._kind == "pole":
                self._line(layer, at, self._middle - 12 * up, self._middle + 12 * up)
            else:
                for k in (0, 1):
                    bar = self._middle - (self._low + k * self._gap) * up
                    self._line(layer, at, bar - 9 * self._right, bar + 9 * self._right)
                for k in range(-3, 4):
                    post = self._middle - self._low * up + 3 * k * self._gap * self._right
                    self._line(layer, at, post, post - 2 * up)
        if not layer[..., 3].any():
            return
        if self._blur > 1:
            layer = cv2.GaussianBlur(layer, (self._blur, self._blur), 0)
        blend(image, layer)
        mask[layer[..., 3] > _OPAQUE] = 0

    def _line(self, layer: np.ndarray, at: int, a: np.ndarray, b: np.ndarray) -> None:
        (pa, pb), depth = self._camera.project(np.stack([a, b]), at)
        if depth.min() < 0.5:
            return
        thick = max(1, round(self._wide * float(self._camera.focal_px[at]) / float(depth.mean())))
        ends = np.round(np.clip(np.stack([pa, pb]), -8e3, 8e3) * 16).astype(int).tolist()
        cv2.line(layer, ends[0], ends[1], (*self._tone, 255), thick, cv2.LINE_AA, _SHIFT)

    def _draw_head(self, layer: np.ndarray, at: int) -> None:
        points = np.stack([self._middle, self._middle - np.array([0.0, 0.0, 0.5])])
        (head, chest), depth = self._camera.project(points, at)
        if depth.min() < 0.5 or np.abs(np.stack([head, chest])).max() > 4e3:
            return
        scale = float(self._camera.focal_px[at]) / float(depth[0])
        for (x, y), wide, high in ((head, 0.085, 0.12), (chest, 0.22, 0.3)):
            axes = max(1, round(wide * scale)), max(1, round(high * scale))
            cv2.ellipse(layer, (round(x), round(y)), axes, 0, 0, 360, (*self._tone, 255), -1, cv2.LINE_AA)


# Distance of the frames in which a video codec codes all blocks.
_KEYFRAME_INTERVAL = 15

_HEAD = (JOINT["head_low"], JOINT["head_top"])
_BODY_JOINTS = [JOINT[name] for name in KEYPOINT_NAMES[1:-1]]

Shot = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Frames (T, H, W, 3) uint8, masks (T, H, W) uint8 and joints (T, 16, 2) float32 as in `render.RenderedDive`."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The timing of a clip: frame i shows time `start_s + i * step_s` relative to the take-off."""

    n_frames: int
    first_flight_frame: int
    first_entry_frame: int
    step_s: float
    start_s: float

    def time_s(self) -> np.ndarray:
        """Return the times (n_frames,) of the frames."""
        return self.start_s + np.arange(self.n_frames) * self.step_s


def film_athlete(
    athlete: Athlete,
    timing: Timing,
    subframes: int,
    viewpoint: Viewpoint,
    close: bool,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[SceneCamera, np.ndarray]:
    """Evaluate the motion of the athlete and of a camera that follows.

    Args:
        subframes: number of instants a frame.
        close: follow the neck instead of the center of mass.

    Returns:
        The camera, and the joints (N, J, 3) in meters, N = n_frames * subframes.
    """
    count = timing.n_frames * subframes
    middle = (subframes - 1) / 2
    time = timing.start_s + (np.arange(count) - middle) * timing.step_s / subframes
    joints, target = athlete.motion.world_joints(time)
    contact_s = athlete.motion.contact_s
    target[:, 2] = np.maximum(target[:, 2], rng.uniform(-0.3, 0.5))
    under = time > contact_s
    target[under, :2] = target[np.searchsorted(time, contact_s).clip(0, count - 1), :2]
    if close:
        target = joints[:, JOINT["neck"]]
    phase = np.clip(time / contact_s, 0, None)
    camera = animate_camera(viewpoint, target, timing.step_s / subframes, phase, size, rng)
    return camera, joints


def render_shot(
    athlete: Athlete, timing: Timing, camera: SceneCamera, joints: np.ndarray, optics: Optics, rng: np.random.Generator
) -> Shot:
    """Render the frames of a shot.

    Args:
        joints: (N, J, 3) meters at the instants of the camera, from `film_athlete`.
    """
    count = timing.n_frames
    size = (camera.width_px, camera.height_px)
    subframes = len(joints) // count
    n_exposed = int(np.clip(round(optics.shutter * subframes), 1, subframes - 1))
    begin = (subframes - n_exposed) // 2
    exposed = np.arange(count)[:, None] * subframes + begin + np.arange(n_exposed)
    light = np.array([rng.normal(0, 0.5), rng.normal(-0.4, 0.4), rng.uniform(0.5, 1.2)])
    light /= np.linalg.norm(light)
    time = timing.time_s()
    exposures = Exposures(
        camera=camera, instants=exposed, time_s=time, open_s=optics.shutter * timing.step_s, light=light
    )
    middle = exposures.middle
    frames = np.empty((count, size[1], size[0], 3), np.uint8)
    masks = np.zeros((count, size[1], size[0]), np.uint8)
    raw = frames[0]
    motion = athlete.motion
    tip = motion.approach.deflection(time)
    scene = Scene(camera, middle, motion.board_m, time, tip, motion.body, light, rng)
    drawn = DrawnAthlete(exposures, athlete, joints, rng)
    joints_px, _ = camera.project(keypoints_of(athlete, joints[middle], time), middle)
    body_px = joints_px[:, :-1]
    foreground = Foreground(camera, middle, body_px, joints[middle, 0], rng) if optics.occluded else None
    for i in range(count):
        image = scene.draw(i)
        move = _camera_move(camera, exposed[i])
        image = motion_blur(image, move)
        drawn.draw(image, masks[i], i)
        scene.draw_front(image, masks[i], i)
        drawn.draw_splash(image, masks[i], i)
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
    # The center of the first pixel is (0, 0) in pixels and half a pixel from the corner in relative coordinates.
    return frames, masks, ((joints_px + 0.5) / size).astype(np.float32)


def keypoints_of(athlete: Athlete, joints: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Return the keypoints (T, 16, 3) of `KEYPOINT_NAMES` of an athlete's joints (T, J, 3) at times (T,), in meters."""
    edge = athlete.board_edge(time_s)
    return np.concatenate([joints[:, _HEAD].mean(1, keepdims=True), joints[:, _BODY_JOINTS], edge[:, None]], axis=1)


def render_underwater(
    athlete: Athlete, timing: Timing, size: tuple[int, int], optics: Optics, rng: np.random.Generator
) -> Shot:
    """Render a shot of an underwater camera. Its masks are empty and its joints NaN, as both end at the surface."""
    time = timing.time_s()
    joints, _ = athlete.motion.world_joints(time)
    view = UnderwaterView(athlete.motion.body, joints, time - athlete.motion.contact_s, athlete.splash, size, rng)
    frames = np.stack([apply_optics(view.draw(i), optics, rng) for i in range(timing.n_frames)])
    no_joints = np.full((len(frames), len(KEYPOINT_NAMES), 2), np.nan, np.float32)
    return frames, np.zeros(frames.shape[:3], np.uint8), no_joints


def to_fields(timing: Timing) -> Timing:
    """Return the timing of the fields of an interlaced video, two for every frame."""
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


def _camera_move(camera: SceneCamera, exposed: np.ndarray) -> tuple[float, float]:
    """Return image motion (x, y) in pixels of static objects while the shutter is open.

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
