"""A broadcast camera: position, tracking of the athlete, pinhole projection."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class SceneCamera:
    """Pinhole camera over N instants.

    Attributes:
        position: (3,) meters, world frame.
        rotation: (N, 3, 3) world to camera; camera x right, y down, z forward.
        focal_px: (N,) pixels.
        width_px, height_px: image size.
    """

    position: np.ndarray
    rotation: np.ndarray
    focal_px: np.ndarray
    width_px: int
    height_px: int

    def project(self, points: np.ndarray, at: np.ndarray | int | slice) -> tuple[np.ndarray, np.ndarray]:
        """Project world points.

        Args:
            points: (P, 3) meters for a single instant, (M, P, 3) for M instants.
            at: index of the instant, or an array or slice of M indices.

        Returns:
            Pixels (..., 2) and depths (...) in meters.
        """
        seen = (points - self.position) @ np.swapaxes(self.rotation[at], -1, -2)
        depth = np.maximum(seen[..., 2], 0.1)
        focal = np.asarray(self.focal_px[at])[..., None, None]
        pixel = focal * seen[..., :2] / depth[..., None] + np.array([self.width_px / 2, self.height_px / 2])
        return pixel, seen[..., 2]

    def plane_homography(self, at: int, origin: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the homography (3, 3) from coordinates (a, b, 1) of the plane origin + a u + b v to pixels."""
        k = np.array(
            [[self.focal_px[at], 0, self.width_px / 2], [0, self.focal_px[at], self.height_px / 2], [0, 0, 1.0]]
        )
        projection: np.ndarray = k @ self.rotation[at] @ np.stack([u, v, origin - self.position], axis=1)
        return projection


@dataclass(frozen=True, kw_only=True)
class Viewpoint:
    """Position and movement of a camera.

    Attributes:
        azimuth_rad: 0 is a side view, perpendicular to the plane of the dive, in which the athlete jumps to the right.
        distance_m: horizontal distance from the athlete.
        height_m: height above the water.
        view_height_m: height of the field of view at the athlete's distance.
        shake_px: standard deviation of the camera's shake.
        fixed: True for a static camera that shows board and water at once.
        lag_s, overshoot: time constant and damping ratio of the tracking.
        offset: mean position of the athlete relative to the center, as a share of width and height.
        roll_rad: rotation about the optical axis.
        zoom: factors on the focal length at the start of the clip and at the water.
    """

    azimuth_rad: float
    distance_m: float
    height_m: float
    view_height_m: float
    shake_px: float
    fixed: bool = False
    lag_s: float = 0.3
    overshoot: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)
    roll_rad: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)


def sample_viewpoint(board_m: float, portrait: bool, rng: np.random.Generator, *, clear: bool = False) -> Viewpoint:
    """Sample a viewpoint; `clear` restricts it to close, steady side views."""
    azimuth = rng.uniform(-0.9, 0.9) if rng.random() < 0.75 else rng.normal(0, 0.2)
    view = float(np.exp(rng.uniform(np.log(2.9), np.log(6.3))))
    fixed = board_m <= 5 and rng.random() < 0.2
    if clear:
        azimuth, view, fixed = rng.uniform(-0.5, 0.5), rng.uniform(3.6, 4.8), False
    if portrait:
        view *= 1.25
    if fixed:
        view = (board_m + 4.2) * rng.uniform(0.95, 1.15)
    distance = rng.uniform(12, 34)
    low = 1.2 if fixed else rng.uniform(1.0, max(2.0, board_m * 0.9))
    return Viewpoint(
        azimuth_rad=float(azimuth),
        distance_m=float(distance),
        height_m=float(low + (rng.uniform(1, 5) if rng.random() < 0.5 else 0.0)),
        view_height_m=view,
        fixed=fixed,
        lag_s=float(rng.uniform(0.03, 0.16)) * (0.6 if clear else 1.0),
        overshoot=float(rng.uniform(0.55, 1.1)),
        shake_px=float(rng.choice([0.0, rng.uniform(0.1, 1.3)])) * (0.2 if clear else 1.0),
        offset=(float(rng.normal(0, 0.07)), float(rng.normal(0.02, 0.06))),
        roll_rad=float(rng.normal(0, 0.012)),
        zoom=(float(rng.uniform(0.9, 1.12)), float(rng.uniform(0.85, 1.25))),
    )


def sample_close_up(board_m: float, rng: np.random.Generator) -> Viewpoint:
    """Sample the viewpoint of a close-up of head and chest, as shown before a dive."""
    return Viewpoint(
        azimuth_rad=float(rng.uniform(-1.3, 1.3)),
        distance_m=float(rng.uniform(6, 25)),
        height_m=board_m + float(rng.uniform(-2.0, 2.0)),
        view_height_m=float(np.exp(rng.uniform(np.log(0.8), np.log(2.6)))),
        shake_px=float(rng.uniform(0.0, 0.8)),
        offset=(float(rng.normal(0, 0.1)), float(rng.normal(0.1, 0.08))),
        roll_rad=float(rng.normal(0, 0.012)),
    )


def animate_camera(
    viewpoint: Viewpoint,
    target: np.ndarray,
    step_s: float,
    phase: np.ndarray,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> SceneCamera:
    """Move a camera so that it tracks a target with lag, overshoot, zoom and shake.

    Args:
        target: (N, 3) meters.
        step_s: time between instants.
        phase: (N,) progress of the zoom, 0 at the start and 1 at the water.
        size: (width_px, height_px).
    """
    width, height = size
    middle = target.mean(0)
    # Azimuth 0 looks along +y, so that x points to the right in the image.
    away = np.array([np.sin(viewpoint.azimuth_rad), -np.cos(viewpoint.azimuth_rad), 0.0])
    position = np.array([1.0, 0.0, 0.0]) + away * viewpoint.distance_m
    position[2] = viewpoint.height_m
    if viewpoint.fixed:
        low, high = target[:, 2].min(), target[:, 2].max()
        aim = np.tile(np.array([middle[0] * 0.5 + 0.6, 0.0, (low + high) / 2 + 0.4]), (len(target), 1))
    else:
        aim = _follow(target, viewpoint, step_s)
    forward = aim - position
    distance = np.linalg.norm(forward, axis=1)
    zoom = viewpoint.zoom[0] + (viewpoint.zoom[1] - viewpoint.zoom[0]) * np.clip(phase, 0, 1.3)
    if viewpoint.fixed:
        zoom = np.ones(len(target))
    focal = height * viewpoint.distance_m / viewpoint.view_height_m * zoom
    shake = _smooth_noise(len(target), max(2, int(0.12 / step_s)), rng) * viewpoint.shake_px
    pan = shake[:, 0] / focal + viewpoint.offset[0] * width / focal * (0.3 if viewpoint.fixed else 1.0)
    lift = shake[:, 1] / focal + viewpoint.offset[1] * height / focal * (0.3 if viewpoint.fixed else 1.0)
    azimuth = np.arctan2(forward[:, 1], forward[:, 0]) + pan
    elevation = np.arcsin(np.clip(forward[:, 2] / distance, -0.999, 0.999)) + lift
    ahead = np.stack(
        [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)], axis=1
    )
    right = np.stack([np.sin(azimuth), -np.cos(azimuth), np.zeros_like(azimuth)], axis=1)
    down = np.cross(ahead, right)
    cos, sin = np.cos(viewpoint.roll_rad), np.sin(viewpoint.roll_rad)
    rotation = np.stack([cos * right + sin * down, -sin * right + cos * down, ahead], axis=1)
    return SceneCamera(position=position, rotation=rotation, focal_px=focal, width_px=width, height_px=height)


def _follow(target: np.ndarray, viewpoint: Viewpoint, step_s: float) -> np.ndarray:
    """Track a target (N, 3) with a second-order system of time constant `lag_s` and damping ratio `overshoot`."""
    omega = 1.0 / max(viewpoint.lag_s, step_s)
    aim = target[0].copy()
    speed = np.zeros(3)
    out = np.empty_like(target)
    sub = 3
    h = step_s / sub
    for i, goal in enumerate(target):
        goal_speed = (target[min(i + 1, len(target) - 1)] - goal) / step_s
        for _ in range(sub):
            # The operator anticipates 80 % of the target's speed.
            speed += h * (omega**2 * (goal - aim) + 2 * viewpoint.overshoot * omega * (0.8 * goal_speed - speed))
            aim = aim + h * speed
        out[i] = aim
    return out


def _smooth_noise(count: int, width: int, rng: np.random.Generator) -> np.ndarray:
    knots = rng.normal(0, 1, (count // width + 4, 2))
    at = np.arange(count) / width
    return np.stack([np.interp(at, np.arange(len(knots)), knots[:, k]) for k in range(2)], axis=1)
