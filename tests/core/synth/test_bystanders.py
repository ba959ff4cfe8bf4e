import numpy as np

from fineparser_core.synth.render import DiveSpec, render_dive


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
