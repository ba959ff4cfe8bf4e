"""The scene around the athlete: backdrop, pool, boards, railings and bystanders."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from fineparser_core.constants import SPRINGBOARDS_M
from fineparser_core.synth import body as bodies
from fineparser_core.synth import flight, textures
from fineparser_core.synth.body import pose
from fineparser_core.synth.camera import SceneCamera
from fineparser_core.synth.drawing import Figure


class Bystanders:
    """Creates bystanders.

    Args:
        time_s: (T,) times of the frames.
        draw: makes the figure of a body, its joints (T or 1, J, 3) in meters and the gloss of its skin.
    """

    def __init__(self, time_s: np.ndarray, draw: Callable[[bodies.Body, np.ndarray, float], Figure]) -> None:
        self._time_s, self._draw = time_s, draw

    def person(
        self, body: bodies.Body, poses: np.ndarray, place: np.ndarray, facing: float, gloss: float = 0.05
    ) -> Figure:
        """Return a person with given poses.

        Args:
            poses: (T or 1, len(POSE)).
            place: (T or 1, 3) meters, position of the lowest point of the body.
            facing: heading in radians, 0 along x.
        """
        turned = flight.rotate_body(bodies.joints_in_body_frame(body, poses), facing, np.zeros(len(poses)), 0.0, 0.0)
        turned[..., 2] -= turned[..., 2].min(1, keepdims=True)
        return self._draw(body, turned + place[:, None], gloss)

    def standing(
        self, body: bodies.Body, place: np.ndarray, facing: float, rng: np.random.Generator, *, seated: bool = False
    ) -> Figure:
        """Return a person who stands or sits still."""
        return self.person(body, _stance(seated, rng)[None], place[None], facing)

    def walker(self, body: bodies.Body, place: np.ndarray, facing: float, rng: np.random.Generator) -> Figure:
        """Return a walking person who passes `place` in the middle of the clip."""
        swing = np.sin(2 * np.pi * rng.uniform(0.8, 1.1) * self._time_s)
        still = _stance(False, rng)
        poses = np.array([pose(still, hip_l=0.4 * s, hip_r=-0.4 * s, knee_l=0.2 - 0.2 * s) for s in swing])
        ahead = np.array([np.cos(facing), np.sin(facing), 0.0])
        moved = (self._time_s - self._time_s.mean())[:, None] * rng.uniform(0.8, 1.5) * ahead
        return self.person(body, poses, place + moved, facing)

    def diver(self, athlete: bodies.Body, place: np.ndarray, rng: np.random.Generator) -> Figure:
        """Sample another diver, in 65 % of cases dressed like the athlete, who waits, swings the arms or walks."""
        body = bodies.sample_partner(athlete, rng) if rng.random() < 0.65 else bodies.sample_body(rng)
        if rng.random() < 0.3:
            body = replace(body, skin=athlete.skin, hair=athlete.hair)
        facing = float(rng.uniform(0, 2 * np.pi))
        activity = rng.random()
        if activity < 0.15:
            return self.walker(body, place, facing, rng)
        still = _stance(rng.random() < 0.1, rng)
        if activity < 0.5:
            return self.person(body, still[None], place[None], facing, gloss=0.2)
        turn = 2 * np.pi * (rng.uniform(0.25, 0.8) * self._time_s + rng.random())
        arms, bent = rng.uniform(0.3, 2.6), rng.uniform(0.0, 0.6)
        poses = np.array(
            [pose(still, shoulder=arms * (0.5 + 0.5 * s), hip=0.1 + bent * (1 + s) / 2) for s in np.sin(turn)]
        )
        return self.person(body, poses, place[None], facing, gloss=0.2)


def _stance(seated: bool, rng: np.random.Generator) -> np.ndarray:
    arms = {f"shoulder_{s}": rng.choice([0.0, 0.3, 1.4, 3.0], p=[0.6, 0.2, 0.12, 0.08]) for s in "lr"}
    stance = pose(elbow=rng.choice([0.1, 1.6]), neck=rng.normal(0, 0.2), hip=0.05, **arms)
    return pose(stance, hip=1.5, knee=1.45, shoulder=0.6, elbow=0.8) if seated else stance


_GROUND_M = 44.0
# Half the width that is kept free for the athlete on the board.
_CLEARANCE_M = 0.3
_RIPPLE_M = 5.0
_BOX_FACES = ((0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5))
_BOX_NORMALS = np.array([[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1.0]])
# Fractional bits of OpenCV's fixed-point coordinates.
_SHIFT = 4
# Minimum coverage of a pixel, of 255, at which an object hides the athlete from the mask.
_OPAQUE = 127
# Height of a person, as a share of the image's, below which the shading is omitted.
_UNSHADED_SHARE = 0.16


@dataclass(frozen=True, kw_only=True)
class Cuboid:
    """An axis-aligned box.

    Attributes:
        low, high: opposite corners, meters.
        bends: whether it bends with the springboard.
        near: whether it lies between the camera and the athletes.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    color: np.ndarray
    bends: bool = False
    near: bool = False

    def corners(self) -> np.ndarray:
        """Return the corners (8, 3) in meters."""
        ends = np.array([self.low, self.high])
        return np.array([[ends[i, 0], ends[j, 1], ends[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])


class Scene:
    """The scene of a dive, drawn frame by frame.

    Args:
        at: (T,) instant of the camera in the middle of each frame.
        time_s: (T,) times of the frames.
        tip: displacement (T,) of the tip of the board in meters.
        athlete: body of the athlete, whose suit other divers may wear.
        light: (3,) unit vector towards the lamp.
    """

    def __init__(
        self,
        camera: SceneCamera,
        at: np.ndarray,
        board_m: float,
        time_s: np.ndarray,
        tip: np.ndarray,
        athlete: bodies.Body,
        light: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        self._camera, self._at, self._light = camera, at, light
        self._time_s = time_s - time_s[0] + rng.uniform(0, 10)
        self._figures = Bystanders(self._time_s, self._figure)
        self._planes(board_m, rng)
        boxes, rails, spots = sample_boards(board_m, rng)
        chairs, people = self._judges(rng) if rng.random() < 0.45 else ([], [])
        boxes += chairs
        boxes = sorted(boxes, key=lambda b: -np.linalg.norm(np.mean([b.low, b.high], 0) - camera.position))
        self._boxes = boxes
        self._box_corners = [self._project_box(box, tip) for box in boxes]
        self._rails = []
        for a, b, tone, wide, near in rails:
            pixel, depth = camera.project(np.broadcast_to(np.array([a, b]), (len(at), 2, 3)), at)
            self._rails.append((pixel, depth, tone, wide, near))
        self._people = people + self._bystanders(spots, athlete, rng)
        self._ripple = _ripples(rng)
        self._ripple_gain = rng.uniform(0.05, 0.35)

    def _figure(self, body: bodies.Body, joints: np.ndarray, gloss: float) -> Figure:
        joints = np.broadcast_to(joints, (len(self._at), *joints.shape[1:]))
        return Figure(joints, bodies.capsules(body), self._camera, self._at, self._light, gloss=gloss, water_line=False)

    def _planes(self, board_m: float, rng: np.random.Generator) -> None:
        camera = self._camera
        ahead = camera.rotation[self._at, 2].mean(0)
        yaw = np.arctan2(ahead[1], ahead[0])
        direction = np.array([np.cos(yaw), np.sin(yaw), 0.0])
        beyond = rng.uniform(7, 26)
        turn = yaw + rng.normal(0, 0.12)
        along = np.array([np.sin(turn), -np.cos(turn), 0.0])
        distance = float(np.linalg.norm(camera.position[:2])) + beyond
        focal = float(np.median(camera.focal_px))
        scale = float(np.clip(focal / distance * rng.uniform(0.8, 1.2), 6, 60))
        width = 1.5 * distance * camera.width_px / focal + 14.0
        top = camera.position[2] + (board_m + 5.5 - camera.position[2]) * distance / (distance - beyond) + 2.0
        self._backdrop = textures.backdrop(width, max(top, 5.0), scale, rng)
        h, w = self._backdrop.shape[:2]
        foot = np.array([camera.position[0], camera.position[1], 0.0]) + direction * distance
        self._wall = (
            foot - along * w / scale / 2 + np.array([0, 0, h / scale]),
            along / scale,
            np.array([0, 0, -1.0 / scale]),
        )
        self._foot_line = np.stack([foot - along * 400, foot + along * 400])
        self._foot, self._along, self._back = foot, along, direction
        # The water extends from under the board to the deck in front of the wall.
        scale = float(np.clip(focal / distance * 1.3, 10, 22))
        corner = np.array([-14.0, -_GROUND_M / 2, 0.0])
        deck = min(beyond - 1.0, rng.uniform(2, 14))
        self._deck_m = 0.7 * (beyond - deck)
        pool = (12.5, _GROUND_M - rng.uniform(2, 14), 2.0, _GROUND_M / 2 + deck)
        ground = textures.ground((_GROUND_M, _GROUND_M), pool, scale, rng)
        x0, x1, y0, y1 = (int(v * scale) for v in pool)
        water = np.zeros(ground.shape[:2], np.uint8)
        water[y0:y1, x0:x1] = 255
        self._ground = np.dstack([ground, water])
        self._floor = (corner, np.array([1 / scale, 0, 0]), np.array([0, 1 / scale, 0]))
        self._ripple_area = (corner, np.array([_RIPPLE_M / 256, 0, 0]), np.array([0, _RIPPLE_M / 256, 0]))

    def _sample_deck_position(self, lateral_m: float, rng: np.random.Generator) -> np.ndarray:
        """Return a position (3,) on the deck in front of the wall."""
        return self._foot - self._back * rng.uniform(0.3, 0.3 + self._deck_m) + self._along * lateral_m

    def _judges(self, rng: np.random.Generator) -> tuple[list[Cuboid], list[Figure]]:
        """Return a row of judges in equal clothes on high chairs beside the pool: the chairs and the people."""
        chairs, people = [], []
        high, apart = rng.uniform(0.4, 1.8), rng.uniform(0.9, 1.5)
        shirt, paint = np.array(textures.color(rng)) / 255, np.array(textures.color(rng), float)
        if rng.random() < 0.5:
            shirt = np.full(3, rng.uniform(0.75, 0.98))
        start = self._sample_deck_position(rng.uniform(-6, 3), rng)
        facing = float(np.arctan2(-self._back[1], -self._back[0]))
        for k in range(int(rng.integers(3, 8))):
            x, y = (start + self._along * (k * apart))[:2]
            chairs.append(Cuboid(low=(x - 0.3, y - 0.25, 0.0), high=(x + 0.3, y + 0.25, high + 0.3), color=paint))
            body = replace(bodies.sample_body(rng, athlete=False), suit=shirt)
            stance = pose(hip=1.5, knee=1.45, shoulder=rng.uniform(0.3, 1.0), elbow=rng.uniform(0.5, 1.8))
            people.append(self._figures.person(body, stance[None], np.array([[x, y, high]]), facing))
        return chairs, people

    def _bystanders(self, spots: list[np.ndarray], athlete: bodies.Body, rng: np.random.Generator) -> list[Figure]:
        """Draw officials and coaches on the deck, and people at `spots`, most of them divers similar to the athlete."""
        people = []
        for _ in range(int(rng.integers(2, 7))):
            place, facing = self._sample_deck_position(rng.uniform(-7, 7), rng), float(rng.uniform(0, 2 * np.pi))
            body = bodies.sample_body(rng, athlete=rng.random() < 0.25)
            if rng.random() < 0.25:
                facing = float(np.arctan2(self._along[1], self._along[0]) + (np.pi if rng.random() < 0.5 else 0.0))
                people.append(self._figures.walker(body, place, facing, rng))
            else:
                people.append(self._figures.standing(body, place, facing, rng, seated=rng.random() < 0.4))
        for spot in spots:
            if rng.random() < 0.75:
                people.append(self._figures.diver(athlete, spot, rng))
            else:
                body = bodies.sample_body(rng, athlete=False)
                people.append(self._figures.standing(body, spot, float(rng.uniform(0, 2 * np.pi)), rng))
        return people

    def _project_box(self, box: Cuboid, tip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        corners = np.repeat(box.corners()[None], len(self._at), axis=0)
        if box.bends:
            bend = np.clip((corners[..., 0] + 4.2) / 4.2, 0, 1) ** 2
            corners[..., 2] += bend * tip[:, None]
        return self._camera.project(corners, self._at)

    def draw(self, frame: int) -> np.ndarray:
        """Draw the part of the scene behind the athlete: (H, W, 3) uint8 RGB, a new array."""
        camera, at = self._camera, int(self._at[frame])
        size = (camera.width_px, camera.height_px)
        line, _ = camera.project(self._foot_line, at)
        (xa, ya), (xb, yb) = line
        slope = (yb - ya) / (xb - xa) if abs(xb - xa) > 1e-6 else 0.0
        left, right = ya - slope * xa, ya + slope * (size[0] - xa)
        # Rows above `top` show only the wall, rows from `low` on only the ground.
        top = int(np.clip(np.floor(min(left, right)), 0, size[1]))
        low = int(np.clip(np.ceil(max(left, right)) + 2, 0, size[1]))
        image = np.empty((size[1], size[0], 3), np.uint8)
        if low > 0:
            image[:low] = self._warp(self._backdrop, self._wall, at, (0, low))
        if top < size[1]:
            ground = self._warp(self._ground, self._floor, at, (top, size[1]))
            ground = self._rippled(ground, at, top, float(self._time_s[frame]))
            mask = np.full(ground.shape[:2], 255, np.uint8)
            above = np.array([[-9, top - 9], [size[0] + 9, top - 9], [size[0], right], [0, left]]) - [0, top]
            if low > top:
                cv2.fillPoly(mask, [np.round(np.clip(above, -9e3, 2e4)).astype(np.int32)], 0)
            cv2.copyTo(ground, mask, image[top:])
        self._draw_objects(image, frame)
        return image

    def _draw_objects(self, image: np.ndarray, frame: int) -> None:
        """Draw boxes, railings and people behind the athlete."""
        size = (self._camera.width_px, self._camera.height_px)
        for box, (pixel, depth) in zip(self._boxes, self._box_corners, strict=True):
            if not box.near:
                self._draw_box(image, box, pixel[frame], depth[frame])
        self._draw_rails(image, frame, near=False)
        for person in self._people:
            area = person.bounds(slice(frame, frame + 1), size)
            if area is None:
                continue
            x0, y0, x1, y1 = area
            layer = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
            if y1 - y0 < _UNSHADED_SHARE * size[1]:
                person.paint_between(frame, 0.0, layer, (x0, y0))
            else:
                person.paint(frame, layer, (x0, y0))
            blend(image[y0:y1, x0:x1], layer)

    def draw_front(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        """Draw objects between camera and athlete over the image and clear the mask (H, W) under them, in place."""
        hidden = np.zeros_like(mask)
        for box, (pixel, depth) in zip(self._boxes, self._box_corners, strict=True):
            if box.near:
                self._draw_box(image, box, pixel[frame], depth[frame])
                self._draw_box(hidden, box, pixel[frame], depth[frame])
        self._draw_rails(image, frame, near=True)
        self._draw_rails(hidden, frame, near=True)
        mask[hidden > _OPAQUE] = 0

    def _draw_rails(self, image: np.ndarray, frame: int, *, near: bool) -> None:
        """Draw the railings in front of (`near`) or behind the athlete; with value 255 on a single-channel image."""
        for pixel, depth, tone, wide, is_near in self._rails:
            if is_near != near or depth[frame].min() < 1.0:
                continue
            a, b = np.round(np.clip(pixel[frame], -8e3, 8e3) * 16).astype(int).tolist()
            thick = max(1, round(wide * self._camera.focal_px[self._at[frame]] / float(depth[frame].mean())))
            cv2.line(image, a, b, tone if image.ndim == 3 else 255, thick, cv2.LINE_AA, _SHIFT)

    def _draw_box(self, image: np.ndarray, box: Cuboid, pixel: np.ndarray, depth: np.ndarray) -> None:
        if depth.min() < 0.5:
            return
        (left, top), (right, low) = pixel.min(0), pixel.max(0)
        if right < 0 or low < 0 or left > image.shape[1] or top > image.shape[0]:
            return
        middle = (np.array(box.low) + np.array(box.high)) / 2
        half = (np.array(box.high) - np.array(box.low)) / 2
        outside = _BOX_NORMALS @ (self._camera.position - middle) > np.abs(_BOX_NORMALS) @ half
        for face, normal in zip(np.array(_BOX_FACES)[outside], _BOX_NORMALS[outside], strict=True):
            tone = np.clip(box.color * (0.6 + 0.4 * max(0.0, float(normal @ self._light))), 0, 255)
            points = np.round(np.clip(pixel[face], -8e3, 8e3) * 16).astype(np.int32)
            cv2.fillConvexPoly(image, points, tone.tolist() if image.ndim == 3 else 255, cv2.LINE_AA, _SHIFT)

    def _warp(
        self,
        texture: np.ndarray,
        plane: tuple[np.ndarray, ...],
        at: int,
        rows: tuple[int, int],
        border: int = cv2.BORDER_REFLECT,
    ) -> np.ndarray:
        """Project the texture of a plane into the rows [first, last) of the image."""
        matrix = self._camera.plane_homography(at, *plane)
        matrix[1] -= rows[0] * matrix[2]
        size = (self._camera.width_px, rows[1] - rows[0])
        return cv2.warpPerspective(texture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)

    def _rippled(self, ground: np.ndarray, at: int, top: int, time_s: float) -> np.ndarray:
        """Return the ground (h, w, 4) as RGB (h, w, 3), with two drifting wave patterns on water, the last channel."""
        land, water = cv2.cvtColor(ground, cv2.COLOR_RGBA2RGB), cv2.extractChannel(ground, 3)
        wet = np.flatnonzero(water.max(1))
        if not len(wet):
            return land
        first, last = int(wet[0]), int(wet[-1]) + 1
        origin, u, v = self._ripple_area
        rows = (top + first, top + last)
        waves = [
            self._warp(self._ripple, (origin + np.array(drift) * time_s, u, v), at, rows, cv2.BORDER_WRAP)
            for drift in ((0.5, 0.3, 0.0), (-0.4, 0.35, 0.0))
        ]
        both = cv2.cvtColor(cv2.addWeighted(waves[0], 0.5, waves[1], 0.5, 0), cv2.COLOR_GRAY2RGB)
        gain = 2 * self._ripple_gain
        part = land[first:last]
        cv2.copyTo(cv2.addWeighted(part, 1.0, both, gain, -128 * gain), water[first:last], part)
        return land


def blend(image: np.ndarray, layer: np.ndarray) -> None:
    """Composite a premultiplied RGBA layer (h, w, 4) uint8 over image (h, w, 3) uint8, in place."""
    keep = cv2.cvtColor(255 - layer[..., 3], cv2.COLOR_GRAY2RGB)
    kept = cv2.multiply(image, keep, scale=1 / 255)
    image[...] = cv2.add(kept, cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB))


def _ripples(rng: np.random.Generator) -> np.ndarray:
    """Return a tileable wave pattern (256, 256) uint8 with mean 128."""
    y, x = np.mgrid[0:256, 0:256] * (2 * np.pi / 256)
    waves = np.zeros((256, 256))
    for _ in range(14):
        kx, ky = rng.integers(-12, 13, 2)
        waves += np.sin(kx * x + ky * y + rng.uniform(0, 2 * np.pi)) / (1 + 0.08 * np.hypot(kx, ky))
    waves = np.sign(waves) * np.abs(waves) ** 1.3
    texture: np.ndarray = np.clip(128 + 22 * waves / waves.std(), 0, 255).astype(np.uint8)
    return texture


#: Both ends in meters, color, thickness in meters, and whether it is nearer to the camera than the athlete.
Rail = tuple[tuple[float, float, float], tuple[float, float, float], tuple[int, int, int], float, bool]


def sample_boards(board_m: float, rng: np.random.Generator) -> tuple[list[Cuboid], list[Rail], list[np.ndarray]]:
    """Sample the athlete's board and the boards beside it.

    Returns:
        Boxes, railings, and positions (3,) where bystanders wait.
    """
    springboard = board_m in SPRINGBOARDS_M
    boxes: list[Cuboid] = []
    # Bystanders on the deck beside the board.
    beside = int(rng.integers(1, 4)) if rng.random() < 0.5 else 0
    spots = [np.array([rng.uniform(-5.5, -1.7), rng.uniform(0.6, 7.0), 0.0]) for _ in range(beside)]
    rails: list[Rail] = []
    concrete = np.clip(np.full(3, rng.uniform(90, 225)) + rng.normal(0, 12, 3), 0, 255)
    paint = np.array(textures.color(rng), float)
    metal = textures.color(rng)
    if springboard:
        tone = np.clip(np.array([180, 215, 225]) * rng.uniform(0.6, 1.1) + rng.normal(0, 12, 3), 0, 255)
        boxes.append(Cuboid(low=(-2.2, -0.25, board_m - 0.05), high=(0, 0.25, board_m), color=tone, bends=True))
        boxes.append(Cuboid(low=(-4.8, -0.25, board_m - 0.06), high=(-2.2, 0.25, board_m), color=tone))
        boxes.append(Cuboid(low=(-5.6, -0.5, board_m - 0.5), high=(-2.8, 0.5, board_m - 0.1), color=concrete))
        boxes.append(Cuboid(low=(-5.0, -0.3, 0.0), high=(-3.2, 0.3, board_m - 0.5), color=paint))
        length, wide = (-5.4, -2.2), 0.45
        for side in (rng.uniform(1.8, 3.5), rng.uniform(4.5, 7)):
            if rng.random() < 0.5 or side + 0.25 < 1.0:
                continue
            boxes.append(Cuboid(low=(-4.8, side, board_m - 0.05), high=(0, side + 0.5, board_m), color=tone))
            boxes.append(Cuboid(low=(-5.0, side, 0.0), high=(-3.2, side + 0.5, board_m - 0.2), color=paint))
            if rng.random() < 0.5:
                spots.append(np.array([rng.uniform(-4, -0.2), side + 0.25, board_m]))
        if rng.random() < 0.3:
            spots.append(np.array([rng.uniform(-6.5, -5.2), rng.uniform(-0.3, 1.3), rng.choice([0.0, board_m - 0.1])]))
    else:
        half = rng.uniform(0.9, 1.5)
        slab = rng.uniform(0.2, 0.5)
        boxes.append(Cuboid(low=(-6.5, -half, board_m - slab), high=(-0.7, half, board_m), color=concrete))
        edge = paint if rng.random() < 0.5 else concrete
        boxes.append(Cuboid(low=(-0.7, -half, board_m - slab), high=(0, half, board_m), color=edge))
        # The near side of the slab covers the feet for a camera below it.
        for low, high, tone in ((-6.5, -0.7, concrete), (-0.7, 0.0, edge)):
            near, far = (low, -half, board_m - slab), (high, -_CLEARANCE_M, board_m)
            boxes.append(Cuboid(low=near, high=far, color=tone, near=True))
        boxes.append(
            Cuboid(low=(-6.0, -0.5, 0), high=(-4.2, 0.5, board_m - slab), color=concrete * rng.uniform(0.5, 1.0))
        )
        length, wide = (-6.3, -rng.uniform(0.8, 2.0)), half - 0.05
        for _ in range(int(rng.integers(1, 5)) if rng.random() < 0.55 else 0):
            spots.append(np.array([rng.uniform(-5.5, -1.4), rng.uniform(0.4, half - 0.1), board_m]))
    for z in (3.0, 5.0, 7.5, 10.0):
        if abs(z - board_m) > 0.5 and rng.random() < 0.45:
            y = rng.uniform(2.6, 6.5)
            tip = rng.uniform(-1.5, 0.2)
            boxes.append(Cuboid(low=(-6.5, y, z - 0.3), high=(tip, y + 2, z), color=concrete * rng.uniform(0.8, 1.1)))
            boxes.append(
                Cuboid(low=(-6.0, y + 0.5, 0), high=(-4.5, y + 1.5, z - 0.3), color=concrete * rng.uniform(0.5, 1.0))
            )
            for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.6 else 0):
                spots.append(np.array([rng.uniform(-4, tip - 0.2), y + rng.uniform(0.2, 1.8), z]))
    if rng.random() < 0.85:
        bar = rng.uniform(0.025, 0.06)
        for y in (-wide, wide):
            for z in (0.5, 1.0):
                rails.append(((length[0], y, board_m + z), (length[1], y, board_m + z), metal, bar, y < 0))
            for x in np.linspace(length[0], length[1], 5):
                rails.append(((float(x), y, board_m), (float(x), y, board_m + 1.0), metal, bar, y < 0))
    return boxes, rails, spots
