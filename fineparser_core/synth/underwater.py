"""The athlete under water, seen through the surface or by an underwater camera."""

import cv2
import numpy as np

from fineparser_core.synth import body as bodies
from fineparser_core.synth.body import JOINT, Body
from fineparser_core.synth.camera import Viewpoint, animate_camera
from fineparser_core.synth.drawing import Figure
from fineparser_core.synth.scene import blend
from fineparser_core.synth.textures import smooth_noise

_LIGHT = np.array([0.0, -0.3, 0.954])
_RISE_M_S = 0.35


def blend_submerged(image: np.ndarray, figure: Figure, moment: int, opacity: float) -> None:
    """Blend a blurred figure into image (H, W, 3) uint8, in place.

    Args:
        moment: index of the figure's instant.
        opacity: 0 to 1.
    """
    area = figure.bounds(slice(moment, moment + 1), (image.shape[1], image.shape[0]))
    if area is None:
        return
    x0, y0, x1, y1 = area
    layer = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
    figure.paint(moment, layer, (x0, y0))
    wide = max(3, image.shape[0] // 60 * 2 + 1)
    blurred = cv2.GaussianBlur(cv2.convertScaleAbs(layer, alpha=opacity), (wide, wide), 0)
    # Water absorbs red light.
    blurred[..., 0] = blurred[..., 0] // 2
    blend(image[y0:y1, x0:x1], blurred.astype(np.uint8))


class UnderwaterView:
    """The view of an underwater camera, drawn frame by frame.

    Args:
        joints: (T, J, 3) meters.
        since_s: (T,) time since the contact with the water.
        splash: size of the splash, 0 (rip entry) to 1; determines the number of bubbles.
        size: (width_px, height_px).
    """

    def __init__(
        self,
        body: Body,
        joints: np.ndarray,
        since_s: np.ndarray,
        splash: float,
        size: tuple[int, int],
        rng: np.random.Generator,
    ) -> None:
        self._since = since_s
        viewpoint = Viewpoint(
            azimuth_rad=float(rng.uniform(-1.0, 1.0)),
            distance_m=float(rng.uniform(4, 9)),
            height_m=float(rng.uniform(-2.5, -0.8)),
            view_height_m=float(rng.uniform(2.6, 4.5)),
            shake_px=0.5,
        )
        target = joints[:, JOINT["pelvis"]].copy()
        target[:, 2] = np.minimum(target[:, 2], -0.8)
        step_s = float(since_s[1] - since_s[0]) if len(since_s) > 1 else 0.04
        at = np.arange(len(since_s))
        self._camera = animate_camera(viewpoint, target, step_s, np.zeros(len(since_s)), size, rng)
        self._figure = Figure(
            joints, bodies.capsules(body), self._camera, at, _LIGHT, gloss=0.0, contrast=0.3, water_line=False
        )
        hue = np.array([rng.uniform(5, 45), rng.uniform(80, 150), rng.uniform(130, 220)])
        down = np.linspace(1.25, rng.uniform(0.45, 0.8), size[1])[:, None]
        murk = down + 0.05 * smooth_noise((size[1], size[0]), 6, rng)
        self._water = np.clip(hue * murk[..., None], 0, 255).astype(np.uint8)
        count = int(150 + 500 * splash)
        path = joints[0, [JOINT["finger_l"], JOINT["toe_l"]]]
        along = rng.uniform(0, 1.3, count)[:, None]
        spread = rng.normal(0, 0.12 + 0.25 * splash, (count, 3))
        self._bubbles = path[0] + along * (path[1] - path[0]) + spread
        self._radius_m = rng.gamma(2.0, 0.012, count)
        self._drift = rng.normal(0, 0.1, (count, 3)) + np.array([0, 0, _RISE_M_S])
        self._hue = hue

    def draw(self, frame: int) -> np.ndarray:
        """Draw a frame: (H, W, 3) uint8 RGB."""
        image = self._water.copy()
        blend_submerged(image, self._figure, frame, 0.75)
        cover = np.zeros(image.shape[:2], np.uint8)
        age = float(self._since[frame] - self._since[0])
        where = self._bubbles + age * self._drift
        pixel, depth = self._camera.project(where, frame)
        radius = np.maximum(1, self._radius_m * self._camera.focal_px[frame] / np.maximum(depth, 1.0)).astype(int)
        wet = where[:, 2] < 0
        middles = np.clip(pixel[wet], -4e3, 4e3).astype(int).tolist()
        for middle, r in zip(middles, radius[wet].tolist(), strict=True):
            cv2.circle(cover, middle, r, 150, -1)
        wide = max(3, image.shape[0] // 50 * 2 + 1)
        share = (cv2.GaussianBlur(cover, (wide, wide), 0).astype(np.float32) / 255.0)[..., None]
        bright = 0.4 * self._hue + 150
        return (image + share * (bright - image)).astype(np.uint8)
