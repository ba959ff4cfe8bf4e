import numpy as np
import pytest

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.synth.body import JOINT, sample_body
from fineparser_core.synth.flight import plan_motion
from fineparser_core.synth.rubric import sample_faults

NUMBERS = ("107B", "205B", "307C", "407C", "109C", "5253B", "5152B", "101B", "626C", "6243D", "612B")


def motion_of(number, qualities=(9.0, 9.0, 9.0), seed=0, board_m=10.0):
    rng = np.random.default_rng(seed)
    body = sample_body(rng)
    faults = sample_faults(qualities, rng)
    return plan_motion(body, parse_dive_number(number), board_m, False, faults, rng), faults


def trunk_angle(motion, time):
    """Angle of the line from hands to feet about the lateral axis; the body's own turn, unwrapped."""
    joints, _ = motion.world_joints(time)
    trunk = joints[:, JOINT["neck"]] - joints[:, JOINT["pelvis"]]
    return np.unwrap(np.arctan2(trunk[:, 0], trunk[:, 2]))


@pytest.mark.parametrize("number", NUMBERS)
def test_somersaults_are_those_of_the_dive_number(number):
    motion, _ = motion_of(number)
    dive = motion.dive
    angle = trunk_angle(motion, np.linspace(1e-4, motion.contact_s, 800))
    turned = abs(angle[-1] - angle[0]) / np.pi
    # The dive leaves the board leaning, an armstand falling, and enters a few degrees off vertical.
    assert turned == pytest.approx(dive.half_somersaults, abs=0.42)


@pytest.mark.parametrize(("number", "half_twists"), [("5253B", 3), ("5152B", 2), ("6243D", 3), ("107B", 0)])
def test_twists_are_those_of_the_dive_number(number, half_twists):
    motion, _ = motion_of(number)
    assert abs(motion.twist_rad[-1] - motion.twist_rad[0]) == pytest.approx(half_twists * np.pi)


def test_centre_of_mass_flies_ballistically_and_without_a_jump():
    motion, _ = motion_of("405B")
    time = np.linspace(0.01, motion.contact_s - 0.01, 50)
    _, center = motion.world_joints(time)
    step = time[1] - time[0]
    assert np.diff(center[:, 2], 2) / step**2 == pytest.approx(-9.81, abs=0.05)
    _, around = motion.world_joints(np.array([-1e-3, 1e-3]))
    assert np.abs(around[1] - around[0]).max() < 0.02
