import numpy as np
import pytest

from fineparser_core.synth import body as bodies
from fineparser_core.synth import drawn_athlete
from fineparser_core.synth.body import pose
from fineparser_core.synth.camera import animate_camera, sample_viewpoint
from fineparser_core.synth.drawing import Figure
from fineparser_core.synth.render import DiveSpec, render_dive
from fineparser_core.synth.scene import Scene
from fineparser_core.synth.shots import Foreground

SIZE = (200, 150)
LIGHT = np.array([0.0, -0.6, 0.8])


def camera_at(point, instants):
    rng = np.random.default_rng(0)
    target = np.tile(np.array(point, float), (instants, 1))
    return animate_camera(sample_viewpoint(10.0, False, rng, clear=True), target, 0.01, np.zeros(instants), SIZE, rng)


def standing(rng, instants, sweep=0.0):
    """Figure and camera of a body at (0, 0, 10 m) whose arms sweep by some radians."""
    body = bodies.sample_body(rng)
    poses = np.array([pose(shoulder=1.0 + s, abduct=0.3) for s in np.linspace(0, sweep, instants)])
    joints = bodies.joints_in_body_frame(body, poses)
    joints[..., 2] += 10.0 - joints[..., 2].min()
    camera = camera_at((0.0, 0.0, 10.9), instants)
    return Figure(joints, bodies.capsules(body), camera, np.arange(instants), LIGHT), camera


@pytest.mark.parametrize("sweep", [0.0, 0.9])
def test_mask_lies_only_where_the_athlete_is_drawn(sweep):
    figure, _ = standing(np.random.default_rng(1), 5, sweep)
    dark, light = (np.full((SIZE[1], SIZE[0], 3), tone, np.uint8) for tone in (0, 255))
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    drawn_athlete.paint_athlete(dark, mask, figure, 0, 5, SIZE)
    drawn_athlete.paint_athlete(light, mask.copy(), figure, 0, 5, SIZE)
    # The opacity, from the difference between a dark and a light background.
    cover = 1 - (light.astype(int) - dark).max(2) / 255
    assert mask.sum() > 400
    # The mask is that of the middle of the exposure, so a fast limb may be faint in the image.
    assert cover[mask == 1].min() > 0.05
    assert mask[cover > 0.6].all()
    assert not mask[cover == 0].any()


def test_objects_in_front_of_the_athlete_clear_the_mask():
    hidden = 0
    for seed in range(6):
        camera = camera_at((-1.0, 0.0, 10.2), 1)
        rng = np.random.default_rng(seed)
        scene = Scene(camera, np.zeros(1, int), 10.0, np.zeros(1), np.zeros(1), bodies.sample_body(rng), LIGHT, rng)
        image, mask = np.full((SIZE[1], SIZE[0], 3), 7, np.uint8), np.ones((SIZE[1], SIZE[0]), np.uint8)
        scene.draw_front(image, mask, 0)
        changed = (image != 7).any(2)
        assert not (mask == 0)[~changed].any()
        assert mask[changed].mean() < 0.6
        hidden += int((mask == 0).sum())
    assert hidden > 100


def test_the_foreground_clears_the_mask_where_it_is_drawn():
    lost = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        where = np.tile([1.0, 0.0, 5.0], (4, 1))
        camera = animate_camera(sample_viewpoint(10.0, False, rng), where, 0.04, np.zeros(4), (96, 72), rng)
        at = np.arange(4)
        seen, _ = camera.project(where[:, None], at)
        foreground = Foreground(camera, at, seen, where, rng)
        image, mask = np.full((72, 96, 3), 128, np.uint8), np.ones((72, 96), np.uint8)
        foreground.draw(image, mask, 2)
        assert (image[mask == 1] == 128).mean() > 0.8
        drawn_over = np.abs(image[mask == 0].astype(int) - 128).max(-1, initial=0) > 2
        assert not len(drawn_over) or drawn_over.mean() > 0.9
        lost += int((mask == 0).any() and (mask == 1).any())
    assert lost >= 8


def test_bystanders_are_not_in_the_mask():
    for seed in range(3):
        dive = render_dive(DiveSpec(dive_number="407C", board_m=10.0, height_px=96, aspect=4 / 3), seed)
        size = np.array(dive.masks.shape[:0:-1])
        for i in range(dive.first_flight_frame, dive.contact_frame, 3):
            y, x = np.nonzero(dive.masks[i])
            points = dive.joints[i, :-1] * size
            # Hands and head extend beyond the joints.
            reach = 3 + 0.35 * np.ptp(points, axis=0).max()
            where = np.stack([x, y], -1)
            assert ((where > points.min(0) - reach) & (where < points.max(0) + reach)).all(), (seed, i)
