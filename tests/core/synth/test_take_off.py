import numpy as np
import pytest

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.synth.body import sample_body
from fineparser_core.synth.flight import plan_motion
from fineparser_core.synth.rubric import sample_faults

TAKE_OFFS = [("107B", 3.0), ("407C", 3.0), ("205B", 3.0), ("307C", 3.0), ("207C", 10.0), ("407C", 10.0), ("107B", 10.0)]


def motion_of(number, board_m, seed):
    rng = np.random.default_rng(seed)
    body = sample_body(rng)
    faults = sample_faults((8.5, 8.5, 8.5), rng)
    return plan_motion(body, parse_dive_number(number), board_m, board_m < 5, faults, rng)


def velocity(motion, time_s):
    _, center = motion.world_joints(np.array([time_s - 2e-3, time_s + 2e-3]))
    return (center[1] - center[0]) / 4e-3


@pytest.mark.parametrize(("number", "board_m"), TAKE_OFFS)
@pytest.mark.parametrize("seed", [0, 1])
def test_push_off_reaches_the_speed_of_the_flight(number, board_m, seed):
    motion = motion_of(number, board_m, seed)
    up = [velocity(motion, t)[2] for t in (-0.3, -0.16, -0.04, 0.01)]
    # The body accelerates steadily and does not stop at the end of the board.
    assert up[0] < up[1] < up[2] * 1.05
    assert up[2] == pytest.approx(up[3], rel=0.35)
    assert velocity(motion, 0.01)[0] > 0
