"""Draws an athlete of a shot: a body of capsules above and below the water surface, and the splash."""

from dataclasses import dataclass

import cv2
import numpy as np

from fineparser_core.synth import body as bodies
from fineparser_core.synth.camera import SceneCamera
from fineparser_core.synth.drawing import Figure
from fineparser_core.synth.flight import BodyMotion
from fineparser_core.synth.scene import blend
from fineparser_core.synth.splash import Splash
from fineparser_core.synth.underwater import blend_submerged


@dataclass(frozen=True, kw_only=True)
class Athlete:
    """An athlete of the dive.

    Attributes:
        splash: size of the splash, 0 (rip entry) to 1.
    """

    motion: BodyMotion
    splash: float

    @property
    def contact_point(self) -> np.ndarray:
        """Point of the first contact with the water, (3,) meters."""
        motion = self.motion
        return np.array([motion.contact_x, motion.start_velocity[1] * motion.contact_s, 0.0])

    def board_edge(self, time_s: np.ndarray) -> np.ndarray:
        """Return the middle of the front edge of the board at times (N,): (N, 3) meters."""
        height = self.motion.board_m + self.motion.approach.deflection(time_s)
        return np.stack([np.zeros_like(height), np.zeros_like(height), height], axis=-1)


@dataclass(frozen=True, kw_only=True)
class Exposures:
    """Exposure of the frames of a shot.

    Attributes:
        instants: (T, E) instants of the camera at which the shutter is open, by frame.
        time_s: (T,) times of the frames.
        open_s: time during which the shutter is open.
        light: (3,) unit vector towards the lamp.
    """

    camera: SceneCamera
    instants: np.ndarray
    time_s: np.ndarray
    open_s: float
    light: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """(T,) instants of the camera in the middle of each exposure."""
        return np.asarray(self.instants[:, self.instants.shape[1] // 2])


# Time after the contact during which the submerged athlete is visible.
_VISIBLE_UNDER_WATER_S = 1.2
# Minimum opacity, of 255, at which the splash hides the athlete from the mask.
_SPLASH_OPAQUE = 190
# Largest distance between two drawn poses of a limb in the blur of a frame.
_MAX_GAP_PX = 2.0


class DrawnAthlete:
    """An athlete as seen by a camera."""

    def __init__(self, exposures: Exposures, athlete: Athlete, joints: np.ndarray, rng: np.random.Generator) -> None:
        """Prepare the figures; joints are (N, J, 3) meters at all instants of the camera."""
        camera, light = exposures.camera, exposures.light
        capsules = bodies.capsules(athlete.motion.body)
        self._n_exposed = exposures.instants.shape[1]
        flat = exposures.instants.reshape(-1)
        self._since = exposures.time_s - athlete.motion.contact_s
        self._splash = Splash(
            camera, exposures.middle, athlete.contact_point, athlete.splash, self._since, exposures.open_s, rng
        )
        gloss, contrast = float(rng.uniform(0.05, 0.5)), float(rng.uniform(0.25, 0.6))
        self._figure = Figure(joints[flat], capsules, camera, flat, light, gloss=gloss, contrast=contrast)
        sinking = np.flatnonzero((self._since > 0) & (self._since < _VISIBLE_UNDER_WATER_S))
        self._first_submerged = int(sinking[0]) if len(sinking) else 0
        at = exposures.middle[sinking]
        self._submerged = Figure(joints[at], capsules, camera, at, light, gloss=0.0, contrast=0.2, water_line=False)
        self._water_clarity = float(rng.uniform(0.1, 0.6))
        self._size = (camera.width_px, camera.height_px)

    def draw(self, image: np.ndarray, mask: np.ndarray, i: int) -> None:
        """Draw the athlete of frame i over image (H, W, 3) with motion blur and add it to the mask (H, W), in place."""
        since = float(self._since[i])
        if 0 < since < _VISIBLE_UNDER_WATER_S:
            opacity = self._water_clarity * (1 - since / _VISIBLE_UNDER_WATER_S)
            blend_submerged(image, self._submerged, i - self._first_submerged, opacity)
        paint_athlete(image, mask, self._figure, i * self._n_exposed, self._n_exposed, self._size)

    def draw_splash(self, image: np.ndarray, mask: np.ndarray, i: int) -> None:
        """Draw the splash of frame i over image (H, W, 3) and clear the mask (H, W) under it, in place."""
        cover = self._splash.paint(image, i)
        if cover is not None:
            mask[cover > _SPLASH_OPAQUE] = 0


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
    blend(image[y0:y1, x0:x1], _smooth_colors(average))
    silhouette = np.zeros((2 * (y1 - y0), 2 * (x1 - x0)), np.uint8)
    figure.paint_mask(middle, silhouette, (x0, y0), 2)
    small = silhouette.reshape(y1 - y0, 2, x1 - x0, 2).astype(np.uint16).sum((1, 3)) >= 2 * 255
    # Pixels that a fast limb covers for most of the exposure belong to the mask, too.
    mask[y0:y1, x0:x1] |= small | (average[..., 3] > 140)


def _smooth_colors(layer: np.ndarray) -> np.ndarray:
    """Blur the edges between the segments of a premultiplied RGBA layer (h, w, 4) without changing its opacity."""
    wide = 3 if layer.shape[0] < 130 else 5
    soft = cv2.GaussianBlur(layer, (wide, wide), 0)
    share = layer[..., 3:].astype(np.float32) / np.maximum(soft[..., 3:], 1)
    out = layer.copy()
    out[..., :3] = np.minimum(soft[..., :3] * share + 0.5, layer[..., 3:])
    return out
