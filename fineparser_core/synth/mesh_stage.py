"""The stage of the mesh renderer: bodies of `mesh_body` in a `venue`, drawn by the `rasterizer`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from fineparser_core.synth.body_mesh import BodyMesh, segment_moves
from fineparser_core.synth.mesh_body import dressed
from fineparser_core.synth.rasterizer import N_TIPS, Look, Rasterizer
from fineparser_core.synth.scene import blend
from fineparser_core.synth.staging import VISIBLE_UNDER_WATER_S, Athlete, Scenery, cover_by_splash
from fineparser_core.synth.underwater import blend_blurred
from fineparser_core.synth.venue import Person, Venue, sample_venue

# Largest distance between two drawn poses of a limb in the blur of a frame, and most of these poses.
_MAX_GAP_PX, _MOST_POSES = 2.5, 9
# Reach of the skin around the joints.
_SKIN_M = 0.3
# Least opacity, of 255, at which a pixel belongs to the mask: in the middle of the exposure, and on its average.
_OPAQUE, _BLURRED_OPAQUE = 128, 140


@contextmanager
def mesh_stage(scenery: Scenery, rng: np.random.Generator) -> Iterator["MeshStage"]:
    """The stage of one shot; its buffers are freed at the end."""
    venue = sample_venue(scenery, rng)
    with Rasterizer(scenery.camera, venue.light) as rasterizer:
        yield MeshStage(scenery, venue, rasterizer, rng)


class _Figure:
    """A loaded body and how it moves: at instants of the camera, at frames, or not at all."""

    def __init__(self, loaded: Any, mesh: BodyMesh, joints: np.ndarray, person: Person | None = None) -> None:
        self.loaded, self.person = loaded, person
        self._moves = segment_moves(mesh, joints)

    def moves(self, at: float) -> np.ndarray:
        """The moves of the segments at an instant or frame, between two of them their mean."""
        low = min(int(at), len(self._moves) - 1)
        high, share = min(low + 1, len(self._moves) - 1), at - int(at)
        return np.asarray(
            self._moves[low] if share == 0 else (1 - share) * self._moves[low] + share * self._moves[high]
        )


class MeshStage:
    """See `staging.Stage`."""

    def __init__(self, scenery: Scenery, venue: Venue, rasterizer: Rasterizer, rng: np.random.Generator) -> None:
        self._scenery, self._venue, self._gl = scenery, venue, rasterizer
        self._planes = [rasterizer.load_plane(plane) for plane in venue.planes]
        self._solids = rasterizer.load_solids(venue.solids.solids())
        self._tips = np.zeros((len(scenery.time_s), N_TIPS))
        for k, (_, tip) in enumerate(scenery.boards):
            self._tips[:, k] = tip
        self._people = [
            (self._load(person), shown) for person in venue.people if (shown := self._in_picture(person.joints)).any()
        ]
        gloss = float(rng.uniform(0.05, 0.45))
        self._athletes = [
            self._load_athlete(athlete, joints, gloss)
            for athlete, joints in zip(scenery.athletes, scenery.joints, strict=True)
        ]
        self._splashes = [scenery.splash(athlete, rng) for athlete in scenery.athletes]
        self._clarity = float(rng.uniform(0.1, 0.6))

    def _load(self, person: Person) -> _Figure:
        body = person.body
        # Of the bodies of the crowd one of the same sex if it is an athlete's; which one follows from the height.
        index = 2 * round(1e5 * body.height_m) + (body.suit_parts == frozenset({"pelvis"}))
        mesh = dressed(body, index)
        look = Look(skin=body.skin, suit=body.suit, hair=body.hair, gloss=person.gloss)
        return _Figure(self._gl.load_body(mesh, look), mesh, person.joints, person)

    def _in_picture(self, joints: np.ndarray) -> np.ndarray:
        """Whether a person with joints (T or 1, J, 3) may be seen, by frame (T,)."""
        camera, middle = self._scenery.camera, self._scenery.middle
        pixel, depth = camera.project(np.broadcast_to(joints, (len(middle), *joints.shape[1:])), middle)
        margin = (_SKIN_M * camera.focal_px[middle] / np.maximum(depth.min(1), 0.1))[:, None]
        low, high = pixel.min(1) - margin, pixel.max(1) + margin
        return np.asarray(((high > 0) & (low < np.array(self._gl.size))).all(1) & (depth.min(1) > 0.3))

    def _load_athlete(self, athlete: Athlete, joints: np.ndarray, gloss: float) -> _Figure:
        body, mesh = athlete.motion.body, athlete.mesh
        assert mesh is not None
        look = Look(skin=body.skin, suit=body.suit, hair=body.hair, gloss=gloss)
        return _Figure(self._gl.load_body(mesh, look), mesh, joints)

    def draw(self, frame: int) -> np.ndarray:
        """The surroundings: (H, W, 3) uint8 RGB, a new array."""
        gl, at = self._gl, int(self._scenery.middle[frame])
        gl.begin(at)
        for plane in self._planes:
            gl.plane(plane, self._planes[0], float(self._venue.time_s[frame]))
        gl.solids(self._solids, self._tips[frame])
        for figure, shown in self._people:
            assert figure.person is not None
            if shown[frame]:
                gl.body(figure.loaded, figure.moves(frame), wet_line=figure.person.in_water)
        return gl.read()[..., :3].copy()

    def draw_athletes(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        """Draw the athletes over image (H, W, 3) with motion blur and add them to the mask (H, W), in place."""
        middle = int(self._scenery.middle[frame])
        for athlete, figure in zip(self._scenery.athletes, self._athletes, strict=True):
            since = float(self._scenery.time_s[frame]) - athlete.contact_s
            if 0 < since < VISIBLE_UNDER_WATER_S:
                self._draw_submerged(image, figure, middle, self._clarity * (1 - since / VISIBLE_UNDER_WATER_S))
        exposed = self._scenery.exposed[frame]
        area, travel = self._area(exposed)
        if area is None:
            return
        x0, y0, x1, y1 = area
        count = int(np.clip(np.ceil(travel / _MAX_GAP_PX), 1, _MOST_POSES))
        total = np.zeros((y1 - y0, x1 - x0, 4), np.uint16)
        sharp = total
        for k in range(count):
            # Instants evenly over the exposure; the middle one is `middle` itself.
            instant = middle + ((k + 0.5) / count - 0.5) * (len(exposed) - 1)
            layer = self._layer(instant, frame, area)
            total += layer
            if k == count // 2:
                sharp = layer
        average = ((total + count // 2) // count).astype(np.uint8)
        blend(image[y0:y1, x0:x1], average)
        mask[y0:y1, x0:x1] |= (sharp[..., 3] >= _OPAQUE) | (average[..., 3] > _BLURRED_OPAQUE)

    def _layer(self, instant: float, frame: int, area: tuple[int, int, int, int]) -> np.ndarray:
        """The athletes alone at an instant, where nothing hides them: (h, w, 4) uint8 premultiplied RGBA."""
        gl = self._gl
        gl.begin(min(round(instant), len(self._scenery.joints[0]) - 1), area, holdout=True)
        gl.solids(self._solids, self._tips[frame])
        for figure in self._athletes:
            gl.body(figure.loaded, figure.moves(instant))
        return gl.read()

    def _draw_submerged(self, image: np.ndarray, figure: _Figure, at: int, opacity: float) -> None:
        area, _ = self._area(np.array([at]), above=False)
        if area is not None:
            self._gl.begin(at, area, submerged=True)
            self._gl.body(figure.loaded, figure.moves(at))
            blend_blurred(image, self._gl.read(), area, opacity)

    def _area(self, exposed: np.ndarray, *, above: bool = True) -> tuple[tuple[int, int, int, int] | None, float]:
        """The pixel box of the athletes (`above` the water), None if empty, and how far a joint moves in pixels."""
        camera, at = self._scenery.camera, exposed[[0, len(exposed) // 2, -1]]
        low, high, travel = np.full(2, np.inf), np.full(2, -np.inf), 0.0
        for joints in self._scenery.joints:
            if above and joints[at, :, 2].max() < -_SKIN_M:
                continue
            pixel, depth = camera.project(joints[at], at)
            if depth.min() < 1.0:
                continue
            margin = _SKIN_M * float(camera.focal_px[at].max()) / float(depth.min())
            low, high = np.minimum(low, pixel.min((0, 1)) - margin), np.maximum(high, pixel.max((0, 1)) + margin)
            travel = max(travel, float(np.linalg.norm(pixel[2] - pixel[0], axis=-1).max()))
        size = np.array(self._gl.size)
        x0, y0 = np.clip(np.nan_to_num(low, posinf=1e6), 0, size).astype(int).tolist()
        x1, y1 = np.clip(np.nan_to_num(high, neginf=-1e6), 0, size).astype(int).tolist()
        return ((x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None), travel

    def draw_splashes(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        """Draw the splashes over image (H, W, 3) and clear the mask (H, W) under them, in place."""
        for splash in reversed(self._splashes):
            cover_by_splash(splash, image, mask, frame)
