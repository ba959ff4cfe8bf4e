"""The renderer of the extra `synth`: bodies of a mesh, drawn by OpenGL."""

import importlib.util

import numpy as np
import pytest

from fineparser_core.commands import exemplars
from fineparser_core.errors import ConfigError
from fineparser_core.synth import body as bodies
from fineparser_core.synth import mesh_body
from fineparser_core.synth.body import JOINT, pose
from fineparser_core.synth.body_mesh import SEGMENT, SEGMENTS, BodyMesh, segment_moves
from fineparser_core.synth.camera import Camera
from fineparser_core.synth.dataset import CLUB_NUMBERS, SynthConfig, sample_spec
from fineparser_core.synth.rasterizer import Light, Look, Rasterizer
from fineparser_core.synth.solids import SolidBuilder

needs_gl = pytest.mark.skipif(importlib.util.find_spec("moderngl") is None, reason="the extra synth is not installed")
needs_mesh = pytest.mark.skipif(importlib.util.find_spec("anny") is None, reason="the extra synth is not installed")

POSES = {
    "stretched": pose(shoulder=3.05, abduct=-0.16, point=0.95),
    "pike": pose(hip=2.4, knee=0.03, spine=0.6, shoulder=1.3, elbow=0.5, grab=1.0, grab_at=0.2, point=0.97),
    "tuck": pose(hip=2.3, knee=2.4, spine=0.6, shoulder=1.0, elbow=0.6, grab=1.0, grab_at=0.5, point=0.97),
    "twist": pose(hip=0.12, shoulder_l=2.2, elbow_l=2.1, shoulder_r=0.95, elbow_r=2.0, abduct_r=-0.25),
}


@pytest.fixture(scope="module")
def body():
    return bodies.sample_body(np.random.default_rng(1))


def make_stick(body):
    """A mesh whose only vertices are its joints, each on the segment that begins there."""
    joints = bodies.joints_in_body_frame(body, pose()[None])[0]
    owners = {"pelvis": "pelvis", "waist": "chest", "neck": "neck", "head_low": "head"}
    for side in ("_l", "_r"):
        owners |= {"hip" + side: "thigh" + side, "knee" + side: "shank" + side, "ankle" + side: "foot" + side}
        owners |= {
            "shoulder" + side: "upper_arm" + side,
            "elbow" + side: "forearm" + side,
            "wrist" + side: "hand" + side,
        }
    at = [JOINT[name] for name in owners]
    count = len(at)
    none = np.full(count, -1.0, np.float32)
    return at, BodyMesh(
        vertices=joints[at].astype(np.float32),
        normals=np.tile(np.array([0, 0, 1], np.float32), (count, 1)),
        faces=np.arange(count - count % 3, dtype=np.int32).reshape(-1, 3),
        segments=np.array([[SEGMENT[owner]] * 4 for owner in owners.values()], np.int32),
        weights=np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        clothes=none,
        hair=none,
        joints=joints,
    )


@pytest.mark.parametrize("name", POSES)
def test_segments_begin_at_the_joints_in_every_pose(body, name):
    at, mesh = make_stick(body)
    joints = bodies.joints_in_body_frame(body, POSES[name][None])
    moves = segment_moves(mesh, joints)[0, mesh.segments[:, 0]]
    moved = np.einsum("vij,vj->vi", moves[..., :3], mesh.vertices) + moves[..., 3]
    assert np.allclose(moved, joints[0, at], atol=1e-6)


@pytest.mark.parametrize("name", POSES)
def test_segments_are_turned_and_not_mirrored(body, name):
    _, mesh = make_stick(body)
    moves = segment_moves(mesh, bodies.joints_in_body_frame(body, POSES[name][None]))[0]
    assert moves.shape == (len(SEGMENTS), 3, 4)
    assert np.linalg.det(moves[..., :3]).min() > 0.7


def test_a_segment_keeps_its_thickness_and_follows_its_length(body):
    _, mesh = make_stick(body)
    joints = mesh.joints.copy()
    joints[JOINT["ankle_l"]] += 0.3 * (joints[JOINT["ankle_l"]] - joints[JOINT["knee_l"]])
    turn = segment_moves(mesh, joints[None])[0, SEGMENT["shank_l"], :, :3]
    assert sorted(np.linalg.svd(turn)[1].round(3)) == [1.0, 1.0, 1.3]


def side_view(width=96, height=128):
    """A camera 10 m away at the height of 1 m that looks along y; a metre is 40 pixels."""
    rotation = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])[None]
    return Camera(
        position=np.array([0.0, -10.0, 1.0]),
        rotation=rotation,
        focal_px=np.array([400.0]),
        width_px=width,
        height_px=height,
    )


GREY = np.full(3, 0.5)
LIGHT = Light(toward=np.array([0.0, -1.0, 0.0]), lamp=GREY, sky=GREY, below=GREY)
LOOK = Look(skin=GREY, suit=GREY, hair=GREY)


def square(side_m, height_m):
    """A square skin in the plane y = 0, which the pelvis carries, and its joints."""
    joints = bodies.joints_in_body_frame(bodies.sample_body(np.random.default_rng(1)), pose()[None])[0]
    joints += np.array([0, 0, height_m])
    half = side_m / 2
    corners = [[-half, 0, height_m - half], [half, 0, height_m - half], [-half, 0, height_m + half]]
    corners.append([half, 0, height_m + half])
    none = np.full(4, -1.0, np.float32)
    mesh = BodyMesh(
        vertices=np.array(corners, np.float32),
        normals=np.tile(np.array([0, -1, 0], np.float32), (4, 1)),
        faces=np.array([[0, 1, 2], [2, 1, 3]], np.int32),
        segments=np.zeros((4, 4), np.int32),
        weights=np.tile(np.array([1, 0, 0, 0], np.float32), (4, 1)),
        clothes=none,
        hair=none,
        joints=joints,
    )
    return mesh, joints


def draw_square(side_m, height_m, before=None, **begin):
    camera = side_view()
    mesh, joints = square(side_m, height_m)
    with Rasterizer(camera, LIGHT) as rasterizer:
        loaded = rasterizer.load_body(mesh, LOOK)
        solids = rasterizer.load_solids(before.solids()) if before else None
        rasterizer.begin(0, **begin)
        if solids is not None:
            rasterizer.solids(solids, np.zeros(2))
        rasterizer.body(loaded, segment_moves(mesh, joints[None])[0])
        return rasterizer.read()


@needs_gl
def test_what_is_drawn_lies_where_the_camera_projects_it():
    picture = draw_square(1.0, 1.0)
    rows, columns = np.nonzero(picture[..., 3] > 127)
    # Half a metre on all sides of the middle (48, 64), where (0, 0) is the centre of the first pixel.
    assert (columns.min(), columns.max()) == (pytest.approx(28, abs=1), pytest.approx(68, abs=1))
    assert (rows.min(), rows.max()) == (pytest.approx(44, abs=1), pytest.approx(84, abs=1))
    assert columns.mean() == pytest.approx(48, abs=0.6)
    assert rows.mean() == pytest.approx(64, abs=0.6)


@needs_gl
def test_an_area_is_a_part_of_the_whole_picture():
    whole = draw_square(1.0, 1.0)
    assert np.array_equal(draw_square(1.0, 1.0, area=(10, 5, 71, 60)), whole[5:60, 10:71])


@needs_gl
def test_bodies_end_at_the_water():
    above, below = draw_square(1.0, 0.25), draw_square(1.0, 0.25, submerged=True)
    assert (above[..., 3] > 127).sum() == pytest.approx(40 * 30, abs=45)
    assert (below[..., 3] > 127).sum() == pytest.approx(40 * 10, abs=45)


@needs_gl
def test_what_is_held_out_hides_a_body_and_is_transparent_itself():
    wall = SolidBuilder()
    wall.box(np.array([0.0, -2.0, 0.0]), np.array([2.0, -1.9, 3.0]), GREY)
    alone = draw_square(1.0, 1.0)[..., 3] > 127
    hidden = draw_square(1.0, 1.0, before=wall, holdout=True)[..., 3] > 127
    assert hidden[:, :47].sum() == alone[:, :47].sum() > 0
    assert hidden[:, 49:].sum() == 0


def test_half_of_the_dives_of_the_mesh_renderer_are_club_dives():
    config = SynthConfig(train=60, test=0, renderer="mesh")
    specs = [sample_spec(config, i)[0] for i in range(60)]
    assert {spec.renderer for spec in specs} == {"mesh"}
    low = [spec for spec in specs if spec.dive_number in CLUB_NUMBERS and spec.board_m in (1.0, 3.0)]
    assert 20 < len(low) < 45


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "anny", None)
    mesh_body._model.cache_clear()
    with pytest.raises(ConfigError, match=r"fineparser\[synth\]"):
        mesh_body.load_model()


@needs_mesh
@needs_gl
@pytest.mark.slow
def test_a_rendered_dive_has_the_athlete_in_its_mask_and_is_repeatable():
    from fineparser_core.synth.render import DiveSpec, render_dive

    spec = DiveSpec(dive_number="103B", board_m=3.0, height_px=160, aspect=1.0, renderer="mesh")
    dive, again = render_dive(spec, 5), render_dive(spec, 5)
    assert np.array_equal(dive.frames, again.frames)
    assert np.array_equal(dive.masks, again.masks)
    area = dive.masks.sum((1, 2))
    assert area[dive.first_flight_frame : dive.contact_frame].min() > 20
    assert area[dive.contact_frame + 14 :].max() == 0
    flight = dive.joints[dive.first_flight_frame : dive.first_entry_frame, 9] * dive.masks.shape[1]
    hits = [
        dive.masks[dive.first_flight_frame + i, int(y), int(x)]
        for i, (x, y) in enumerate(flight)
        if 0 <= x < 160 and 0 <= y < 160
    ]
    assert np.mean(hits) > 0.7


@needs_mesh
@pytest.mark.slow
def test_athletes_are_dressed_and_as_tall_as_juniors_and_adults():
    athletes = [mesh_body.sample_athlete(np.random.default_rng(seed)) for seed in range(30)]
    heights = np.array([athlete.body.height_m for athlete in athletes])
    assert 1.15 < heights.min() < 1.5
    assert 1.6 < heights.max() < 1.95
    for athlete in athletes:
        covered = (athlete.mesh.clothes > 0).mean()
        assert 0.01 < covered < 0.5
        assert np.allclose(athlete.mesh.weights.sum(1), 1, atol=1e-5)


def test_the_mesh_renders_exemplars_of_clubs_beside_those_of_competitions():
    drawn = list(exemplars._draws(6, 407, "mesh"))
    assert len({name for name, _, _ in drawn}) == len({seed for _, _, seed in drawn}) == len(drawn) == 288
    club = [spec for _, spec, _ in drawn if spec.dive_number in CLUB_NUMBERS]
    assert len(club) == 240
    assert sum(spec.board_m == 1.0 for spec in club) == sum(spec.board_m == 3.0 for spec in club) == 120
