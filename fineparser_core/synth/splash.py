"""The splash: a particle system of crown droplets and jet, with mist and foam."""

import cv2
import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.synth.camera import SceneCamera

_SHIFT = 4


class Splash:
    """The splash over the frames of a dive.

    Args:
        at: (T,) instant of the camera of each frame.
        where: (3,) meters, point of entry.
        size: 0 (rip entry) to 1; determines number, speed and spread of the droplets.
        since_s: (T,) time since the contact with the water.
        exposure_s: exposure time, which determines the length of the droplets' streaks.
    """

    def __init__(
        self,
        camera: SceneCamera,
        at: np.ndarray,
        where: np.ndarray,
        size: float,
        since_s: np.ndarray,
        exposure_s: float,
        rng: np.random.Generator,
    ) -> None:
        self._camera, self._at, self._since = camera, at, since_s
        self._where, self._size = where, size
        n_crown, n_jet = int(160 + 760 * size), int(60 + 200 * size)
        born = np.concatenate([rng.uniform(0.0, 0.24, n_crown), rng.uniform(0.22, 0.5, n_jet)])
        turn = rng.uniform(0, 2 * np.pi, n_crown + n_jet)
        out = np.concatenate([rng.gamma(2.0, 0.16 + 0.55 * size, n_crown), rng.gamma(2.0, 0.1 + 0.12 * size, n_jet)])
        up = np.concatenate([rng.gamma(3.0, 0.45 + 1.15 * size, n_crown), rng.gamma(4.0, 0.5 + 0.5 * size, n_jet)])
        start = np.concatenate([rng.normal(0.12 + 0.14 * size, 0.06, n_crown), rng.normal(0.0, 0.12, n_jet)])
        self._born, self._up = born, np.minimum(up, 8.5)
        self._flat = np.stack([np.cos(turn), np.sin(turn)], -1)
        self._start, self._out = start, out
        self._radius = rng.gamma(2.0, 0.005 + 0.005 * size, n_crown + n_jet) + 0.004
        self._bright = rng.uniform(50, 215, n_crown + n_jet)
        # At these resolutions most splashes are a soft white cloud, some consist of visible droplets.
        self._mist = float(rng.uniform(1.3, 2.4))
        self._soft = float(rng.uniform(0.6, 1.3))
        self._exposure = exposure_s
        count = 90
        self._foam_turn = rng.uniform(0, 2 * np.pi, count)
        self._foam_reach = np.sqrt(rng.uniform(0, 1, count))
        self._foam_size = rng.uniform(0.03, 0.16, count)
        self._foam_bright = rng.uniform(50, 180, count)
        self._tint = np.array([rng.uniform(215, 250), rng.uniform(228, 252), 255.0])

    def _droplets(self, since: float) -> tuple[np.ndarray, np.ndarray]:
        """Return indices (n,) and positions (n, 3) of the droplets in the air."""
        age = since - self._born
        z = self._up * age - GRAVITY_M_S2 * age**2 / 2
        live = (age > 0) & (z > -0.02)
        reach = (self._start + self._out * age)[live, None] * self._flat[live]
        position = np.concatenate([self._where[:2] + reach, z[live, None]], axis=1)
        return np.flatnonzero(live), position

    def paint(self, image: np.ndarray, frame: int) -> np.ndarray | None:
        """Draw the splash of a frame.

        Args:
            image: (H, W, 3) uint8, changed in place.

        Returns:
            Opacity (H, W) uint8; None if there is no splash in the frame.
        """
        since = float(self._since[frame])
        if since <= 0:
            return None
        at = int(self._at[frame])
        cover = np.zeros(image.shape[:2], np.uint8)
        self._foam(cover, image, at, since)
        index, now = self._droplets(since)
        if len(index):
            half = self._exposure / 2
            up = self._up[index] - GRAVITY_M_S2 * (since - self._born[index])
            speed = np.concatenate([self._out[index, None] * self._flat[index], up[:, None]], axis=1)
            ends = np.concatenate([now - half * speed, now + half * speed])
            pixel, depth = self._camera.project(ends, at)
            points = np.round(np.clip(pixel, -4e3, 8e3) * 16).astype(int)
            first, second = points[: len(index)].tolist(), points[len(index) :].tolist()
            scale = self._camera.focal_px[at] / depth[: len(index)]
            thick = np.clip(np.round(2 * self._radius[index] * scale), 1, 3).astype(int).tolist()
            # A droplet smaller than a pixel covers it partly.
            opacity = np.clip(2 * self._radius[index] * scale, 0.35, 1.0) * self._bright[index]
            for a, b, wide, bright in zip(first, second, thick, opacity.tolist(), strict=True):
                cv2.line(cover, a, b, bright, wide, cv2.LINE_AA, _SHIFT)
        x, y, w, h = cv2.boundingRect(cover)
        if w == 0:
            return None
        # Mist: spray that is too fine to be drawn as droplets.
        mist = max(1, round(0.09 * float(self._camera.focal_px[at]) / self._depth(at))) * 2 + 1
        x0, y0, x1, y1 = max(0, x - mist), max(0, y - mist), x + w + mist, y + h + mist
        drops = cover[y0:y1, x0:x1]
        spray = cv2.blur(cv2.blur(drops, (mist, mist)), (mist, mist))
        soft = cv2.GaussianBlur(drops, (0, 0), self._soft)
        part = cv2.max(soft, cv2.convertScaleAbs(spray, alpha=self._mist))
        cover[y0:y1, x0:x1] = part
        share = (part.astype(np.float32) / 255.0)[..., None]
        target = image[y0:y1, x0:x1]
        target[...] = (target + share * (self._tint.astype(np.float32) - target)).astype(np.uint8)
        return cover

    def _depth(self, at: int) -> float:
        """Return the distance of the point of entry along the optical axis, meters."""
        return max(1.0, float((self._where - self._camera.position) @ self._camera.rotation[at, 2]))

    def _foam(self, cover: np.ndarray, image: np.ndarray, at: int, since: float) -> None:
        """Draw foam on the surface into `cover` and aerated water below it into `image`."""
        grown = min(1.0, since / 0.5)
        radius = (0.18 + 0.75 * self._size * grown + 0.35 * grown) * (1 + 0.25 * min(since, 3.0))
        fade = np.exp(-since / 2.2)
        scale = float(self._camera.focal_px[at])
        ring = np.stack([np.cos(self._foam_turn + 0.2 * since), np.sin(self._foam_turn + 0.2 * since)], -1)
        flat = self._where[:2] + ring * (self._foam_reach * radius)[:, None]
        pixel, depth = self._camera.project(np.concatenate([flat, np.zeros((len(flat), 1))], 1), at)
        tilt = abs(float(self._camera.rotation[at, 2, 2]))
        # Aerated water below the surface brightens a larger area.
        below, far = self._camera.project(np.array([[self._where[0], self._where[1], 0.0]]), at)
        wide = 1.3 * radius * scale / float(far[0])
        patch = np.zeros_like(cover)
        center = (int(np.clip(below[0, 0], -4e3, 4e3)), int(np.clip(below[0, 1], -4e3, 4e3)))
        cv2.ellipse(patch, center, (max(1, int(wide)), max(1, int(wide * max(tilt, 0.12)))), 0, 0, 360, 90, -1)
        x, y, w, h = cv2.boundingRect(patch)
        if w:
            share = (cv2.blur(patch[y : y + h, x : x + w], (7, 5)).astype(np.float32) / 255 * fade)[..., None]
            target = image[y : y + h, x : x + w]
            target[...] = (target + share * (np.array([150, 215, 235], np.float32) - target)).astype(np.uint8)
        for i in range(int(len(flat) * grown)):
            r = self._foam_size[i] * (0.5 + self._size) * scale / float(depth[i])
            where = (int(np.clip(pixel[i, 0], -4e3, 4e3)), int(np.clip(pixel[i, 1], -4e3, 4e3)))
            axes = (max(1, int(r)), max(1, int(r * max(tilt, 0.12))))
            cv2.ellipse(cover, where, axes, 0, 0, 360, float(self._foam_bright[i] * fade), -1, cv2.LINE_AA)
