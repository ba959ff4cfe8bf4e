"""Renders the shots of a dive: camera, frames with motion blur, masks and keypoints."""

from dataclasses import dataclass

import cv2
import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.synth.body import JOINT
from fineparser_core.synth.camera import Camera, Viewpoint, animate_camera
from fineparser_core.synth.drawn_athlete import DrawnAthlete
from fineparser_core.synth.foreground import Foreground
from fineparser_core.synth.optics import Optics, apply_optics, motion_blur, skew, skew_points, skip_unchanged_blocks
from fineparser_core.synth.scene import Scene
from fineparser_core.synth.staging import Athlete, Exposures
from fineparser_core.synth.underwater import UnderwaterView

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
        close: follow the neck of the first athlete instead of the center of mass of all.

    Returns:
        The camera, and for each athlete the joints (N, J, 3) in meters, N = n_frames * subframes.
    """
    count = timing.n_frames * subframes
    middle = (subframes - 1) / 2
    time = timing.start_s + (np.arange(count) - middle) * timing.step_s / subframes
    motions = [athlete.world_joints(time) for athlete in athletes]
    contact_s = athletes[0].contact_s
    target = np.mean([center for _, center in motions], axis=0)
    target[:, 2] = np.maximum(target[:, 2], rng.uniform(-0.3, 0.5))
    under = time > contact_s
    target[under, :2] = target[np.searchsorted(time, contact_s).clip(0, count - 1), :2]
    if close:
        target = motions[0][0][:, JOINT["neck"]]
    phase = np.clip(time / contact_s, 0, None)
    camera = animate_camera(viewpoint, target, timing.step_s / subframes, phase, size, rng)
    return camera, [joints for joints, _ in motions]


def render_shot(
    athletes: list[Athlete],
    timing: Timing,
    camera: Camera,
    joints: list[np.ndarray],
    optics: Optics,
    rng: np.random.Generator,
) -> Shot:
    """Render the frames of a shot; the masks cover all athletes, the joints are those of the first.

    Args:
        joints: for each athlete (N, J, 3) meters at the instants of the camera, from `film_athletes`.
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
    exposures = Exposures(
        camera=camera, instants=exposed, time_s=time, open_s=optics.shutter * timing.step_s, light=light
    )
    middle = exposures.middle
    frames = np.empty((count, size[1], size[0], 3), np.uint8)
    masks = np.zeros((count, size[1], size[0]), np.uint8)
    raw = frames[0]
    boards = [(athlete.lateral_m, athlete.deflection(time)) for athlete in athletes]
    motion = athletes[0].motion
    scene = Scene(camera, middle, motion.board_m, time, boards, motion.body, light, rng)
    drawn = [DrawnAthlete(exposures, athlete, moved, rng) for athlete, moved in zip(athletes, joints, strict=True)]
    drawn.reverse()  # far to near: the partner is behind the first athlete
    joints_px, _ = camera.project(keypoints_of(athletes[0], joints[0][middle], time), middle)
    body_px = joints_px[:, :-1]
    foreground = Foreground(camera, middle, body_px, joints[0][middle, 0], rng) if optics.occluded else None
    for i in range(count):
        image = scene.draw(i)
        move = _camera_move(camera, exposed[i])
        image = motion_blur(image, move)
        for athlete in drawn:
            athlete.draw(image, masks[i], i)
        scene.draw_front(image, masks[i], i)
        for athlete in drawn:
            athlete.draw_splash(image, masks[i], i)
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
    joints, _ = athlete.world_joints(time)
    view = UnderwaterView(athlete.motion.body, joints, time - athlete.contact_s, athlete.splash, size, rng)
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


def _camera_move(camera: Camera, exposed: np.ndarray) -> tuple[float, float]:
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
