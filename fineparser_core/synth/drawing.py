"""Rasterises tapered capsules: outlines, shading and exact masks of the segments of a body."""

import cv2
import numpy as np

from fineparser_core.synth.body import JOINT, Capsules, unit
from fineparser_core.synth.camera import SceneCamera

# Fractional bits of OpenCV's fixed-point coordinates.
_SHIFT = 4
_CAP = np.linspace(-np.pi / 2, np.pi / 2, 7)
# (share of the width, shift towards the light, lateral component of the normal) of the nested layers of a segment.
_LAYERS = ((1.0, 0.0, -0.5), (0.74, 0.18, 0.1), (0.36, 0.4, 0.7))
_BELLY_AT = 0.32
_SHADOW = 0.24


class Figure:
    """The capsules of a body at M instants, projected, shaded and sorted by depth.

    Attributes:
        outlines: (M, S, L, P, 2) float64 pixels, polygons of the L nested layers of each segment; layer 0 is the
            silhouette.
        colors: (M, S, L, 3) uint8 RGB.
        order: (M, S) int, segments from far to near.
        shown: (M, S) bool, False for segments under water or behind the camera.
    """

    def __init__(
        self,
        joints: np.ndarray,
        capsules: Capsules,
        camera: SceneCamera,
        at: np.ndarray,
        light: np.ndarray,
        *,
        gloss: float = 0.3,
        contrast: float = 0.5,
        water_line: bool = True,
    ) -> None:
        """Project and shade the capsules.

        Args:
            joints: (M, J, 3) meters.
            at: (M,) instants of the camera.
            light: (3,) unit vector towards the lamp.
            gloss: strength of specular highlights.
            contrast: between the lit and the dark side.
            water_line: clip the segments at the water surface, z = 0.
        """
        a, b = joints[:, capsules.a].copy(), joints[:, capsules.b].copy()
        m, s = a.shape[:2]
        self.shown = np.ones((m, s), bool)
        if water_line:
            self.shown = (a[..., 2] > 0) | (b[..., 2] > 0)
            _clip_at_water(a, b)
        lateral = unit(joints[:, JOINT["shoulder_l"]] - joints[:, JOINT["shoulder_r"]])[:, None]
        axis = unit(b - a)
        view = unit((a + b) / 2 - camera.position)
        frontal = unit(np.cross(lateral, axis))
        across = unit(np.cross(axis, view))
        lateral_part = (across * lateral).sum(-1)
        frontal_part = (across * frontal).sum(-1)
        flat = np.sqrt(np.maximum(1e-9, lateral_part**2 + frontal_part**2))
        radii = np.sqrt(
            (capsules.radii[None, :, :, 0] * (lateral_part / flat)[..., None]) ** 2
            + (capsules.radii[None, :, :, 1] * (frontal_part / flat)[..., None]) ** 2
        )
        thin = capsules.radii.min(-1)[None]
        (pa, da), (pb, db) = camera.project(a, at), camera.project(b, at)
        scale = camera.focal_px[at][:, None]
        ra = radii[..., 0] * scale / np.maximum(da, 0.3)
        rb = radii[..., 1] * scale / np.maximum(db, 0.3)
        cap_a = np.minimum(ra, thin[..., 0] * scale / np.maximum(da, 0.3))
        cap_b = np.minimum(rb, thin[..., 1] * scale / np.maximum(db, 0.3))
        # A segment that points at the camera shows its whole cross-section.
        foreshortened = np.abs((axis * view).sum(-1))
        cap_a += (ra - cap_a) * foreshortened**2
        cap_b += (rb - cap_b) * foreshortened**2
        self.order = np.argsort(-((da + db) / 2 - capsules.lift), axis=1)
        in_picture = (across[..., None, :] * camera.rotation[at][:, None, :2]).sum(-1)
        belly = (ra + _BELLY_AT * (rb - ra)) * (1 + capsules.belly)
        self._outline((pa, pb), (ra, rb, belly), (cap_a, cap_b), in_picture, (across * light).sum(-1))
        dark = 1 - _SHADOW * _shadowed((a + b) / 2, np.linalg.norm(b - a, axis=-1), capsules.radii.mean((1, 2)), light)
        self._shade(axis, across, view, light, capsules.colors * dark[..., None], gloss, contrast)
        # Segments behind the camera cannot be drawn.
        self.shown &= (da > 0.5) & (db > 0.5)
        silhouettes = np.clip(self.outlines[:, :, 0], -1e6, 1e6)
        hidden = ~self.shown[..., None]
        self._low = np.floor(np.where(hidden, 1e6, silhouettes.min(2)).min(1)) - 2
        self._high = np.ceil(np.where(hidden, -1e6, silhouettes.max(2)).max(1)) + 3

    def _outline(
        self,
        ends: tuple[np.ndarray, np.ndarray],
        radii: tuple[np.ndarray, np.ndarray, np.ndarray],
        caps: tuple[np.ndarray, np.ndarray],
        across: np.ndarray,
        lit_across: np.ndarray,
    ) -> None:
        """Build the polygons.

        Args:
            ends: (M, S, 2) pixels of both ends.
            radii: (M, S) half widths at both ends and at the belly, pixels.
            caps: (M, S) heights of both caps, pixels.
            across: (M, S, 2) image direction of the width.
            lit_across: (M, S) cosine between that direction and the light.
        """
        pa, pb = ends
        along = pb - pa
        long = np.linalg.norm(along, axis=-1, keepdims=True)
        along = np.where(long > 1e-3, along / np.maximum(long, 1e-3), np.array([1.0, 0.0]))
        side = np.stack([-along[..., 1], along[..., 0]], -1)
        # Sign: which side of the segment faces the lamp.
        lit = lit_across * np.sign((across * side).sum(-1))
        layers = []
        for share, shift, _ in _LAYERS:
            move = (shift * lit)[..., None, None] * side[..., None, :]
            rings = []
            for center, radius, extent, direction in ((pb, radii[1], caps[1], 1.0), (pa, radii[0], caps[0], -1.0)):
                around = direction * np.sin(_CAP + np.pi / 2), direction * -np.cos(_CAP + np.pi / 2)
                ring = (
                    center[..., None, :]
                    + move * radius[..., None, None]
                    + share * (extent[..., None] * around[0])[..., None] * along[..., None, :]
                    + share * (radius[..., None] * around[1])[..., None] * side[..., None, :]
                )
                rings.append(ring)
                belly = (pa + _BELLY_AT * (pb - pa))[..., None, :] + radii[2][..., None, None] * (
                    move + share * direction * side[..., None, :]
                )
                rings.append(belly)
            layers.append(np.concatenate(rings, axis=-2))
        self.outlines = np.stack(layers, axis=2)

    def _shade(
        self,
        axis: np.ndarray,
        across: np.ndarray,
        view: np.ndarray,
        light: np.ndarray,
        base: np.ndarray,
        gloss: float,
        contrast: float,
    ) -> None:
        toward = unit(np.cross(across, axis))
        toward = toward * -np.sign((toward * view).sum(-1, keepdims=True))
        lit_across = np.abs((across * light).sum(-1))
        lit_toward = (toward * light).sum(-1)
        colors = []
        for _, _, place in _LAYERS:
            normal = place * lit_across + np.sqrt(1 - place**2) * lit_toward
            value = 0.82 + contrast * (np.clip(normal, -0.3, 1) - 0.5)
            shine = gloss * np.clip(normal, 0, 1) ** 8 * (place > 0.5)
            colors.append(base * value[..., None] + shine[..., None])
        self.colors = np.clip(np.stack(colors, axis=2) * 255, 0, 255).astype(np.uint8)

    def bounds(self, moments: slice, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
        """Return the half-open pixel box (x0, y0, x1, y1) of the figure in an image of (width, height).

        None if it is outside.
        """
        low, high = self._low[moments].min(0), self._high[moments].max(0)
        x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
        x1, y1 = min(int(high[0]), size[0]), min(int(high[1]), size[1])
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def paint(self, moment: int, canvas: np.ndarray, corner: tuple[int, int]) -> None:
        """Draw the figure.

        Args:
            canvas: (h, w, 4) uint8 premultiplied RGBA, changed in place.
            corner: (x, y) of the canvas's pixel (0, 0) in the image.
        """
        fixed = _fixed(self.outlines[moment], corner, 1)
        tones = self.colors[moment].tolist()
        for s in self.order[moment][self.shown[moment, self.order[moment]]].tolist():
            for outline, tone in zip(fixed[s], tones[s], strict=True):
                cv2.fillConvexPoly(canvas, outline, (*tone, 255), cv2.LINE_AA, _SHIFT)

    def paint_between(self, moment: int, share: float, canvas: np.ndarray, corner: tuple[int, int]) -> None:
        """Paint unshaded, interpolated towards the next moment by `share`; this fills gaps in motion blur."""
        after = min(moment + 1, len(self.outlines) - 1)
        fixed = _fixed((1 - share) * self.outlines[moment, :, 0] + share * self.outlines[after, :, 0], corner, 1)
        tones = self.colors[moment, :, 1].tolist()
        for s in self.order[moment][self.shown[moment, self.order[moment]]].tolist():
            cv2.fillConvexPoly(canvas, fixed[s], (*tones[s], 255), cv2.LINE_AA, _SHIFT)

    def paint_mask(self, moment: int, canvas: np.ndarray, corner: tuple[int, int], scale: int = 1) -> None:
        """Draw the silhouette with value 255 onto a (h, w) uint8 canvas, enlarged by `scale`."""
        fixed = _fixed(self.outlines[moment, :, 0], corner, scale)
        for s in np.flatnonzero(self.shown[moment]):
            cv2.fillConvexPoly(canvas, fixed[s], 255, cv2.LINE_8, _SHIFT)


def _fixed(outlines: np.ndarray, corner: tuple[int, int], scale: int) -> np.ndarray:
    # Coordinates are of pixel centers: p in the image is scale * (p - corner + 0.5) - 0.5 on the canvas.
    points = scale * (outlines - np.array(corner) + 0.5) - 0.5
    fixed_point: np.ndarray = np.clip(np.round(points * (1 << _SHIFT)), -(2**19), 2**19).astype(np.int32)
    return fixed_point


def _shadowed(middle: np.ndarray, length: np.ndarray, radius: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Return the share of each segment that lies in the shadow of another segment: (M, S), 0..1.

    Args:
        middle: (M, S, 3) meters, midpoints of the segments.
        length: (M, S) meters.
        radius: (S,) meters.
        light: (3,) unit vector towards the lamp.
    """
    height = middle @ light
    # A plane perpendicular to the light.
    u = unit(np.cross(light, np.array([0.3, 0.5, 0.8])))
    v = np.cross(light, u)
    p, q = middle @ u, middle @ v
    apart = np.hypot(p[:, :, None] - p[:, None], q[:, :, None] - q[:, None])
    reach = (radius + 0.25 * length)[:, None]
    covered = np.clip(1.3 - apart / reach, 0, 1) * (height[:, None] - height[:, :, None] > 0.07)
    occlusion: np.ndarray = covered.max(-1)
    return occlusion


def _clip_at_water(a: np.ndarray, b: np.ndarray) -> None:
    """Move ends (M, S, 3) that are under water along their segments to z = 0, in place."""
    for low, high in ((a, b), (b, a)):
        cut = (low[..., 2] < 0) & (high[..., 2] > 0)
        share = np.where(cut, -low[..., 2] / np.where(cut, high[..., 2] - low[..., 2], 1.0), 0.0)
        low += share[..., None] * (high - low)
