"""The surroundings of a dive as geometry: walls, ceiling, ground and water, boards, railings, pillars, people.

Competitions from high boards are held before stands and advertisements (`textures.backdrop`); clubs dive from low
boards in halls with windows, lane ropes, ladders, pillars and low ceilings (`club_walls`).
"""

from dataclasses import dataclass, field

import numpy as np

from fineparser_core.diving.difficulty import SPRINGBOARDS_M
from fineparser_core.synth import body as bodies
from fineparser_core.synth import club_walls, textures
from fineparser_core.synth.body import Body, pose
from fineparser_core.synth.bystanders import Bystanders
from fineparser_core.synth.rasterizer import Light, Plane
from fineparser_core.synth.scene import Rail, sample_boards
from fineparser_core.synth.solids import SolidBuilder
from fineparser_core.synth.staging import Scenery

_GROUND_M = 44.0
_PLANK_PIECES = 12
_CLUB_SHARE = 0.75


@dataclass(frozen=True, kw_only=True)
class Person:
    """A bystander: joints (T or 1, J, 3) metres."""

    body: Body
    joints: np.ndarray = field(repr=False)
    gloss: float
    in_water: bool = False


@dataclass(frozen=True, kw_only=True)
class Venue:
    """What surrounds the athletes.

    Attributes:
        planes: textured planes, the first of which is the wall that the water mirrors.
        solids: boards, railings, pillars.
        time_s: (T,) time of the waves.
    """

    planes: list[Plane] = field(repr=False)
    solids: SolidBuilder = field(repr=False)
    people: list[Person] = field(repr=False)
    light: Light
    time_s: np.ndarray = field(repr=False)


class _Layout:
    """Where the camera looks, and what lies there."""

    def __init__(self, scenery: Scenery, club: bool, rng: np.random.Generator) -> None:
        camera = scenery.camera
        ahead = camera.rotation[scenery.middle, 2].mean(0)
        yaw = float(np.arctan2(ahead[1], ahead[0]))
        self.direction = np.array([np.cos(yaw), np.sin(yaw), 0.0])
        turn = yaw + rng.normal(0, 0.12)
        self.along = np.array([np.sin(turn), -np.cos(turn), 0.0])
        self.away = float(np.linalg.norm(camera.position[:2]))
        self.beyond = float(rng.uniform(4, 16) if club else rng.uniform(7, 26))
        self.distance = self.away + self.beyond
        self.focal = float(np.median(camera.focal_px))
        self.eye = camera.position
        self.foot = np.array([self.eye[0], self.eye[1], 0.0]) + self.direction * self.distance
        self.deck_m = float(min(self.beyond - 1.0, rng.uniform(1.5, 6) if club else rng.uniform(2, 14)))

    def on_deck(self, lateral_m: float, rng: np.random.Generator) -> np.ndarray:
        """A position (3,) on the deck in front of the wall."""
        back = rng.uniform(0.3, max(0.4, self.deck_m))
        return np.asarray(self.foot - self.direction * back + self.along * lateral_m)


def sample_venue(scenery: Scenery, rng: np.random.Generator) -> Venue:
    """Sample the surroundings of a shot."""
    motion = scenery.athletes[0].motion
    board_m = motion.board_m
    club = rng.random() < (_CLUB_SHARE if board_m <= 3 else 0.12)
    layout = _Layout(scenery, club, rng)
    planes = _planes(layout, board_m, club, rng)
    builder = SolidBuilder()
    boxes, rails, spots = sample_boards(board_m, [lateral for lateral, _ in scenery.boards], rng)
    for box in boxes:
        if box.near:
            continue
        bent_by = box.bent_by
        if bent_by is None and board_m in SPRINGBOARDS_M and abs(box.high[2] - board_m) < 1e-6 and box.high[0] <= 0:
            bent_by = _plank_of(box.low[1], scenery)
        tone = np.asarray(box.colour) / 255
        builder.box(np.array(box.low), np.array(box.high), tone, bent_by=bent_by, pieces=_PLANK_PIECES)
    _add_rails(builder, rails)
    if club:
        _furnish(builder, layout, board_m, rng)
    return Venue(
        planes=planes,
        solids=builder,
        people=_people(layout, spots, motion.body, scenery.time_s, club, rng),
        light=_sample_light(scenery.light, rng),
        time_s=scenery.time_s - scenery.time_s[0] + rng.uniform(0, 10),
    )


def _plank_of(low_y: float, scenery: Scenery) -> int | None:
    """The athlete whose springboard lies at a lateral position; None for the boards beside."""
    apart = [abs(low_y + 0.25 - lateral) for lateral, _ in scenery.boards]
    nearest = int(np.argmin(apart))
    return nearest if apart[nearest] < 0.1 else None


def _sample_light(toward: np.ndarray, rng: np.random.Generator) -> Light:
    outdoor = rng.random() < 0.2
    white = np.clip(rng.normal(1.0, 0.06, 3), 0.8, 1.2)
    lamp = rng.uniform(0.7, 1.1) if outdoor else rng.uniform(0.2, 0.6)
    sky = rng.uniform(0.5, 0.75) if outdoor else rng.uniform(0.65, 1.05)
    if not outdoor and rng.random() < 0.15:
        # Against the light of windows.
        lamp, sky = 0.5 * lamp, 0.65 * sky
    below = sky * rng.uniform(0.4, 0.8) * np.array([rng.uniform(0.55, 0.9), 0.95, 1.05])
    return Light(toward=toward, lamp=lamp * white, sky=sky * white, below=below)


def _planes(layout: _Layout, board_m: float, club: bool, rng: np.random.Generator) -> list[Plane]:
    scale = float(np.clip(layout.focal / layout.distance * rng.uniform(0.8, 1.2), 6, 60))
    eye = layout.eye
    top = eye[2] + (board_m + 5.5 - eye[2]) * layout.distance / max(layout.away, 1.0) + 2.0
    top = float(np.clip(top, 5.0, 30.0))
    if club:
        high = top if rng.random() < 0.55 else float(np.clip(board_m + rng.uniform(3.0, 6.0), 5.0, top))
        picture = club_walls.club_wall(30.0, high, scale, rng)
    else:
        high = top
        picture = textures.backdrop(34.0, high, scale, rng)
    wide = picture.shape[1] / picture.shape[0] * high
    repeats = 5
    up = np.array([0.0, 0.0, 1.0])
    wall = Plane(
        origin=layout.foot - layout.along * (repeats * wide / 2) + up * high,
        u=layout.along * (repeats * wide),
        v=-up * high,
        picture=picture,
        repeats=(repeats, 1.0),
    )
    planes = [wall, _ground(layout, club, rng)]
    over = 60.0
    if club and high < top:
        picture = club_walls.ceiling((40.0, 30.0), min(scale, 20), rng)
    else:
        # The sky or the dark of a large hall, above the wall's upper edge.
        tone = np.array(textures.colour(rng)) * rng.uniform(0.3, 1.0)
        picture = np.broadcast_to(tone, (2, 2, 3)).astype(np.uint8)
    corner = layout.foot - layout.along * over + up * high
    planes.append(
        Plane(origin=corner, u=2 * over * layout.along, v=-layout.direction * over, picture=picture, repeats=(3.0, 2.0))
    )
    return planes


def _ground(layout: _Layout, club: bool, rng: np.random.Generator) -> Plane:
    scale = float(np.clip(layout.focal / layout.distance * 1.3, 10, 24))
    deck = layout.beyond - layout.deck_m
    near = _GROUND_M / 2 - min(layout.away * rng.uniform(0.3, 1.1), 20.0) if club else 2.0
    pool = (12.5, _GROUND_M - rng.uniform(2, 14), near, min(_GROUND_M / 2 + deck, _GROUND_M - 1.0))
    picture = textures.ground((_GROUND_M, _GROUND_M), pool, scale, rng)
    x0, x1, y0, y1 = (int(v * scale) for v in pool)
    wet = np.zeros(picture.shape[:2], np.uint8)
    wet[y0:y1, x0:x1] = 255
    tiles = 5
    corner = np.array([-14.0, -_GROUND_M / 2, 0.0]) - (tiles // 2) * np.array([_GROUND_M, _GROUND_M, 0.0])
    return Plane(
        origin=corner,
        u=np.array([tiles * _GROUND_M, 0.0, 0.0]),
        v=np.array([0.0, tiles * _GROUND_M, 0.0]),
        picture=np.dstack([picture, wet]),
        repeats=(tiles, tiles),
        ripple=float(np.exp(rng.uniform(np.log(0.006), np.log(0.05)))),
    )


def _add_rails(builder: SolidBuilder, rails: list[Rail]) -> None:
    for a, b, tone, thick, _ in rails:
        builder.tube(np.array(a), np.array(b), thick / 2, np.array(tone) / 255)


def _furnish(builder: SolidBuilder, layout: _Layout, board_m: float, rng: np.random.Generator) -> None:
    """Pillars, lane ropes, ladders, railings of the stands and a lifeguard's chair of a club pool."""
    steel = np.full(3, rng.uniform(0.55, 0.95))
    for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.4 else 0):
        foot = layout.on_deck(rng.uniform(-8, 8), rng)
        builder.tube(foot, foot + np.array([0, 0, 25.0]), rng.uniform(0.15, 0.4), np.array(textures.colour(rng)) / 255)
    if rng.random() < 0.5:
        tones = [np.array(textures.colour(rng)) / 255, np.array(textures.colour(rng)) / 255]
        if rng.random() < 0.5:
            tones[1] = tones[0]
        across = rng.random() < 0.5
        first = rng.uniform(4.5, 9.0)
        for k in range(int(rng.integers(1, 5))):
            at = first + 2.3 * k
            if across:
                ends = np.array([at, -14.0, 0.04]), np.array([at, 9.0, 0.04])
            else:
                side = -1.0 if rng.random() < 0.5 else 1.0
                ends = np.array([-1.0, side * at, 0.04]), np.array([26.0, side * at, 0.04])
            builder.rope(*ends, 0.06, tones, rng.uniform(0.8, 2.5))
    for _ in range(int(rng.integers(0, 3))):
        _ladder(builder, layout.foot - layout.direction * (layout.deck_m + 0.05), layout, steel, rng)
    if rng.random() < 0.3:
        near = layout.eye * np.array([1, 1, 0]) + layout.direction * layout.away * rng.uniform(0.25, 0.5)
        _ladder(builder, near, layout, steel, rng)
    if rng.random() < 0.25:
        place = layout.on_deck(rng.uniform(-6, 6), rng)
        paint = np.array(textures.colour(rng)) / 255
        half = np.array([0.3, 0.3, 0.05])
        builder.box(place - half + np.array([0, 0, 1.45]), place + half + np.array([0, 0, 1.45]), paint)
        for x in (-0.3, 0.3):
            for y in (-0.3, 0.3):
                builder.tube(place + np.array([x, y, 0]), place + np.array([0.8 * x, 0.8 * y, 1.5]), 0.03, paint)
    # Handrails of the steps to the board.
    back = -rng.uniform(4.6, 5.6)
    if rng.random() < 0.7:
        for y in (-0.35, 0.35):
            points = [[back - 0.9 * board_m * 0.4, y, 0.6], [back, y, board_m + 0.9], [back + 2.4, y, board_m + 0.9]]
            builder.path(np.array([*points, [back + 2.5, y, board_m]]), 0.022, steel)


def _ladder(
    builder: SolidBuilder, place: np.ndarray, layout: _Layout, steel: np.ndarray, rng: np.random.Generator
) -> None:
    """The two bent tubes of a ladder at a pool's edge."""
    middle = place + layout.along * rng.uniform(-6, 6)
    out = layout.direction * rng.choice([-1.0, 1.0])
    for side in (-0.25, 0.25):
        foot = middle + layout.along * side
        turn = np.linspace(0, np.pi, 7)
        arch = foot + np.cos(turn)[:, None] * out * 0.35 + np.sin(turn)[:, None] * np.array([0, 0, 0.85])
        arch[0, 2], arch[-1, 2] = -0.5, 0.0
        builder.path(arch, 0.022, steel)


def _people(
    layout: _Layout,
    spots: list[np.ndarray],
    athlete: Body,
    time_s: np.ndarray,
    club: bool,
    rng: np.random.Generator,
) -> list[Person]:
    """Spectators and officials on the deck, divers who wait, and swimmers."""
    make = Bystanders(time_s, lambda body, joints, gloss: Person(body=body, joints=joints, gloss=gloss))
    people = []
    # A group that sits or stands together, and others on their own.
    group = rng.uniform(-5, 5)
    for _ in range(int(rng.integers(0, 10 if club else 7))):
        lateral = group + rng.normal(0, 1.5) if rng.random() < 0.5 else rng.uniform(-8, 8)
        place, facing = layout.on_deck(lateral, rng), float(rng.uniform(0, 2 * np.pi))
        body = bodies.sample_body(rng, athlete=rng.random() < 0.35)
        if rng.random() < 0.2:
            sense = 0.0 if rng.random() < 0.5 else np.pi
            facing = float(np.arctan2(layout.along[1], layout.along[0]) + sense)
            people.append(make.walker(body, place, facing, rng))
        else:
            people.append(make.standing(body, place, facing, rng, seated=rng.random() < 0.4))
    for spot in spots:
        people.append(make.diver(athlete, spot, rng))
    for _ in range(int(rng.integers(1, 3)) if rng.random() < 0.2 else 0):
        # A swimmer, whose head and shoulders are above the water.
        body = bodies.sample_body(rng)
        place = np.array([[rng.uniform(2, 12), rng.uniform(-5, 6), -rng.uniform(1.15, 1.4) * body.height_m / 1.65]])
        drift = (time_s - time_s.mean())[:, None] * rng.normal(0, 0.35, 3) * np.array([1, 1, 0])
        arms = pose(shoulder=rng.uniform(0, 1.5), abduct=rng.uniform(0.3, 1.0), hip=0.3)
        swimmer = make.person(body, arms[None], place + drift, float(rng.uniform(0, 2 * np.pi)), 0.3)
        people.append(Person(body=body, joints=swimmer.joints, gloss=0.4, in_water=True))
    return people
