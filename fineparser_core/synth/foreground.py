"""Foreground occluders that cover the athlete for a part of the dive: a pole, a railing, a head, an object's edge."""

import cv2
import numpy as np

from fineparser_core.synth.camera import Camera
from fineparser_core.synth.scene import blend

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
        self, camera: Camera, at: np.ndarray, joints_px: np.ndarray, position: np.ndarray, rng: np.random.Generator
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
