import numpy as np
import pytest

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.synth.body import JOINT, sample_body
from fineparser_core.synth.flight import plan_motion
from fineparser_core.synth.rubric import sample_faults

NUMBERS = ("107B", "205B", "307C", "407C", "109C", "5253B", "5152B", "101B", "626C", "6243D", "612B")


def motion_of(number, quality=9.0, board_m=10.0, seed=0):
    rng = np.random.default_rng(seed)
    body = sample_body(rng)
    faults = sample_faults((quality,) * 3, rng)
    return plan_motion(body, parse_dive_number(number), board_m, board_m < 5, faults, rng)


def trunk_angle(motion, time):
    """Angle of the line from hands to feet about the lateral axis; the body's own turn, unwrapped."""
    joints, _ = motion.world_joints(time)
    trunk = joints[:, JOINT["neck"]] - joints[:, JOINT["pelvis"]]
    return np.unwrap(np.arctan2(trunk[:, 0], trunk[:, 2]))


@pytest.mark.parametrize("number", NUMBERS)
def test_somersaults_are_those_of_the_dive_number(number):
    motion = motion_of(number)
    angle = trunk_angle(motion, np.linspace(1e-4, motion.contact_s, 800))
    turned = abs(angle[-1] - angle[0]) / np.pi
    # The dive leaves the board leaning, an armstand falling, and enters a few degrees off vertical.
    assert turned == pytest.approx(motion.dive.half_somersaults, abs=0.42)


@pytest.mark.parametrize(("number", "half_twists"), [("5253B", 3), ("5152B", 2), ("6243D", 3), ("107B", 0)])
def test_twists_are_those_of_the_dive_number(number, half_twists):
    motion = motion_of(number)
    assert abs(motion.twist_rad[-1] - motion.twist_rad[0]) == pytest.approx(half_twists * np.pi)


def test_centre_of_mass_flies_ballistically_and_without_a_jump():
    motion = motion_of("405B")
    time = np.linspace(0.01, motion.contact_s - 0.01, 50)
    _, center = motion.world_joints(time)
    step = time[1] - time[0]
    assert np.diff(center[:, 2], 2) / step**2 == pytest.approx(-9.81, abs=0.05)
    _, around = motion.world_joints(np.array([-1e-3, 1e-3]))
    assert np.abs(around[1] - around[0]).max() < 0.02


TAKE_OFFS = [("107B", 3.0), ("407C", 3.0), ("205B", 3.0), ("307C", 3.0), ("207C", 10.0), ("407C", 10.0), ("107B", 10.0)]


def velocity(motion, time_s):
    _, center = motion.world_joints(np.array([time_s - 2e-3, time_s + 2e-3]))
    return (center[1] - center[0]) / 4e-3


@pytest.mark.parametrize(("number", "board_m"), TAKE_OFFS)
@pytest.mark.parametrize("seed", [0, 1])
def test_push_off_reaches_the_speed_of_the_flight(number, board_m, seed):
    motion = motion_of(number, 8.5, board_m, seed)
    up = [velocity(motion, t)[2] for t in (-0.3, -0.16, -0.04, 0.01)]
    # The body accelerates steadily and does not stop at the end of the board.
    assert up[0] < up[1] < up[2] * 1.05
    assert up[2] == pytest.approx(up[3], rel=0.35)
    assert velocity(motion, 0.01)[0] > 0


def test_every_step_has_its_own_faults():
    good, bad = (sample_faults((quality,) * 3, np.random.default_rng(0)) for quality in (9.5, 3.0))
    assert bad.height_factor < good.height_factor
    for name in ("loose", "legs_apart_rad", "toes_flexed", "knees_bent_rad", "splash", "entry_legs_rad"):
        assert getattr(bad, name) > getattr(good, name)
    assert abs(bad.off_vertical_rad) > abs(good.off_vertical_rad) + 0.1
