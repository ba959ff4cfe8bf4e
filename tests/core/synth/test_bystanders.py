import numpy as np
import pytest

from fineparser_core.synth.render import DiveSpec, render_dive
from fineparser_core.synth.scene import sample_boards


@pytest.mark.parametrize(("board_m", "least"), [(10.0, 0.8), (3.0, 0.7)])
def test_most_scenes_have_bystanders_near_the_athlete(board_m, least):
    spots = [sample_boards(board_m, [0.0], np.random.default_rng(seed))[2] for seed in range(200)]
    assert np.mean([len(mine) > 0 for mine in spots]) > least
    # On the deck beside the board, and on the athlete's own platform.
    assert np.mean([any(s[2] == 0 and s[0] > -5.6 for s in mine) for mine in spots]) > 0.4
    if board_m == 10.0:
        assert np.mean([any(s[2] == board_m for s in mine) for mine in spots]) > 0.45
    # The athlete's place on the board is free.
    assert all(abs(s[1]) > 0.3 or s[0] < -5 for mine in spots for s in mine)


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
